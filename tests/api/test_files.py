"""Import and export through HTTP."""

import io
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest

from app.services.files import reading
from tests.conftest import Person
from tests.files.samples import docx, paragraph, pdf


def sent(person: Person, name: str, content: bytes) -> Any:
    return person.client.post("/api/drafts/import", files={"file": (name, content)}, headers=person.headers)


@pytest.mark.parametrize(
    "name,content,title,text",
    [
        ("notes.md", b"# Tea\r\n\r\nWords", "Tea", "# Tea\n\nWords"),
        ("my notes.txt", "café".encode("cp1252"), "my notes", "café"),
        ("page.html", b"<title>Page</title><p>a <b>b</b>", "Page", "a **b**"),
        ("Žofie.docx", docx(paragraph("Hello")), "Žofie", "Hello"),
        ("print.pdf", pdf(["Hello there"], title="Printed"), "Printed", "Hello there"),
    ],
)
def test_a_file_becomes_a_draft(ada: Person, name: str, content: bytes, title: str, text: str) -> None:
    answer = sent(ada, name, content)
    assert answer.status_code == 201, answer.text
    draft = ada.get(f"/api/drafts/{answer.json()['id']}").json()
    assert (draft["kind"], draft["title"], draft["text"]) == ("document", title, text)


@pytest.mark.parametrize(
    "name,content,status,code",
    [
        ("song.mp3", b"x", 422, "unsupported_file"),
        ("broken.docx", b"PK", 422, "unreadable_file"),
        ("empty.pdf", b"", 422, "unreadable_file"),
        ("long.md", b"a" * 101, 413, "too_large"),
    ],
)
def test_what_cannot_be_read_makes_no_draft(
    ada: Person, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, status: int, code: str
) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE", 100)
    answer = sent(ada, name, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ada.get("/api/drafts").json()["items"] == []


def test_a_request_without_a_file_is_refused(ada: Person) -> None:
    assert ada.post("/api/drafts/import", {"file": "words"}).json()["code"] == "invalid_field"
    answer = ada.client.post("/api/drafts/import", data={"file": "words"}, headers=ada.headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    torn = ada.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    answer = ada.client.post("/api/drafts/import", content=b"--x\r\nrubbish", headers=torn)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize("format_", ["md", "html", "docx", "pdf"])
def test_a_draft_is_exported(ada: Person, format_: str) -> None:
    draft = ada.draft("Hello **there**", title='Žofie: "tea" / 茶')
    answer = ada.get(f"/api/drafts/{draft['id']}/export?format={format_}")
    assert answer.status_code == 200, answer.text
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith(f"attachment; filename=\"_ofie tea _.{format_}\"; filename*=UTF-8''")
    assert unquote(disposition.rpartition("''")[2]) == f"Žofie tea 茶.{format_}"
    if format_ == "md":
        assert answer.text == "Hello **there**"
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    elif format_ == "html":
        assert "<strong>there</strong>" in answer.text
    elif format_ == "docx":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert "there" in archive.read("word/document.xml").decode()
    else:
        assert answer.content.startswith(b"%PDF-")
        assert answer.headers["content-type"] == "application/pdf"


def test_a_version_is_exported_as_it_was(ada: Person) -> None:
    draft = ada.draft("First", title="")
    version = ada.post(f"/api/drafts/{draft['id']}/versions", {}).json()
    command = {"replica": "r", "n": 1, "base_seq": draft["seq"], "ops": [{"field": "text", "replace": "Second"}]}
    assert ada.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200
    answer = ada.get(f"/api/versions/{version['id']}/export")
    assert answer.text == "First"
    assert 'filename="Untitled - version 1.md"' in answer.headers["content-disposition"]
    assert ada.get(f"/api/drafts/{draft['id']}/export?format=md").text == "Second"


def test_other_formats_are_refused(ada: Person) -> None:
    draft = ada.draft("x")
    answer = ada.get(f"/api/drafts/{draft['id']}/export?format=exe")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
