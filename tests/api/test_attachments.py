"""Attachments of messages through HTTP: sent, checked, fetched by whom the message is for, refused and gone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from app.settings import Settings
from providers.scripted import ScriptedProvider
from tests.attachments.places import FakeClamd, Talk, attach, fake_clamd, settled, talk_in
from tests.attachments.samples import (
    EICAR,
    PLAIN_SVG,
    SCRIPTED_SVG,
    gzip_bomb,
    lying_zip_bomb,
    nested_zip,
    png,
    zip_bomb,
    zipped,
)
from tests.conftest import Person, TurnableClock, World


@pytest.fixture
def talk(world: World) -> Talk:
    return talk_in(world)


@pytest.fixture
def clamd() -> Iterator[FakeClamd]:
    with fake_clamd() as clamd:
        yield clamd


@pytest.fixture
def scanned(settings: Settings, clock: TurnableClock, scripted: ScriptedProvider, clamd: FakeClamd) -> Iterator[Talk]:
    """A talk in an installation that scans, and takes little."""
    strict = replace(
        settings, clamd=clamd.address, attachment_bytes=200_000, attachment_unpacked_bytes=20 << 20,
        attachment_pixels=1_000_000,
    )  # fmt: skip
    app = application(furnish(strict, clock=clock, extra_providers=(scripted,)))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield talk_in(World(client, clock, scripted, strict))


def stored(settings: Settings) -> list[Path]:
    """Every file the store holds, finished or not."""
    return sorted(path for path in (settings.data / "attachments").rglob("*") if path.is_file())


def address(person: Person, attachment_id: str) -> str:
    url: str = person.get(f"/api/attachments/{attachment_id}").json()["url"]
    return url


def test_a_picture_is_checked_and_then_shown_to_whoever_sees_the_message(talk: Talk) -> None:
    answer = attach(talk.student, talk.published, "../../my photo.PNG", png(30, 20))
    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert (sent["name"], sent["state"], sent["size"]) == ("my photo.PNG", "pending", len(png(30, 20)))
    found = settled(talk.instructor, sent["id"])
    assert (found["state"], found["width"], found["height"], found["in_place"]) == ("clean", 30, 20, True)
    served = talk.world.client.get(found["url"])
    assert (served.status_code, served.content) == (200, png(30, 20))
    assert served.headers["content-type"] == "image/png"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert served.headers["content-disposition"].startswith("inline;")
    assert served.headers["etag"] == f'"{found["sha256"]}"'
    saved = talk.world.client.get(found["download_url"])
    assert saved.headers["content-disposition"].startswith("attachment;")
    listed = talk.instructor.get(f"/api/messages/{talk.published}/attachments").json()["items"]
    assert [item["id"] for item in listed] == [sent["id"]]


@pytest.mark.parametrize(
    "name,content,media_type",
    [
        ("drawing.svg", PLAIN_SVG, "application/octet-stream"),
        ("page.html", b"<!doctype html><script>alert(1)</script>", "application/octet-stream"),
        ("notes.txt", "Žluťoučký".encode(), "text/plain"),
        ("Žofie's.zip", zipped({"a.txt": b"words"}), "application/zip"),
    ],
)
def test_what_a_browser_could_run_is_only_ever_a_download(
    talk: Talk, name: str, content: bytes, media_type: str
) -> None:
    sent = attach(talk.student, talk.draft, name, content).json()
    assert settled(talk.student, sent["id"])["state"] == "clean"
    served = talk.world.client.get(address(talk.student, sent["id"]))
    assert served.content == content
    assert served.headers["content-type"].split(";")[0] == media_type
    assert served.headers["content-disposition"].startswith("attachment;")
    assert unquote(served.headers["content-disposition"].rpartition("''")[2]) == name


@pytest.mark.parametrize(
    "name,content,status,code",
    [
        ("empty.png", b"", 422, "empty_file"),
        ("virus.exe", b"MZ\x90\0" + bytes(100), 422, "executable"),
        ("photo.png", SCRIPTED_SVG, 422, "wrong_extension"),
        ("photo.png", b"\xff\xd8\xff\xe0" + bytes(9000), 422, "wrong_extension"),
        ("data.bin", bytes(range(256)) * 40, 422, "unsupported_type"),
        ("long.txt", b"a" * 200_001, 413, "too_large"),
        ("longer.txt", b"a" * 400_000, 413, "too_large"),
    ],
)
def test_what_is_refused_at_once_leaves_nothing(
    scanned: Talk, name: str, content: bytes, status: int, code: str
) -> None:
    answer = attach(scanned.student, scanned.draft, name, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert scanned.student.get(f"/api/messages/{scanned.draft}/attachments").json()["items"] == []
    assert stored(scanned.world.settings) == []


@pytest.mark.parametrize(
    "name,content,state,words",
    [
        ("eicar.txt", EICAR, "infected", "Eicar-Test"),
        ("eicar.zip", zipped({"inner.txt": EICAR}), "infected", "Eicar-Test"),
        ("script.svg", SCRIPTED_SVG, "rejected", "script"),
        ("bomb.zip", zip_bomb(64), "rejected", "unpack"),
        ("liar.zip", lying_zip_bomb(64), "rejected", ""),
        ("bomb.gz", gzip_bomb(64), "rejected", "unpack"),
        ("nested.zip", nested_zip(6), "rejected", "deep"),
        ("huge.png", png(20_000, 20_000), "rejected", "pixels"),
        ("torn.zip", b"PK\x03\x04" + bytes(50), "rejected", "broken"),
        ("fake.docx", zipped({"a.txt": b"no document"}), "rejected", "zip archive"),
    ],
)
def test_what_is_found_later_is_told_and_deleted_and_was_never_to_be_had(
    scanned: Talk, name: str, content: bytes, state: str, words: str
) -> None:
    sent = attach(scanned.student, scanned.published, name, content).json()
    found = settled(scanned.student, sent["id"])
    assert scanned.instructor.get(f"/api/attachments/{sent['id']}").status_code == 404
    assert scanned.instructor.get(f"/api/messages/{scanned.published}/attachments").json()["items"] == []
    assert (found["state"], found["url"], found["download_url"]) == (state, None, None)
    assert words in found["reason"]
    scanned.world.client.blocking_portal.call(scanned.world.client.app.state["attachment_sweeper"].sweep_leftovers)
    assert stored(scanned.world.settings) == []


def test_while_the_scanner_is_down_nothing_is_given_out_and_later_it_is_tried_again(
    scanned: Talk, clamd: FakeClamd
) -> None:
    clamd.down = True
    sent = attach(scanned.student, scanned.draft, "photo.png", png()).json()
    waiting = settled(scanned.student, sent["id"])
    assert (waiting["state"], waiting["url"]) == ("error", None)
    assert "tried again" in waiting["reason"]
    clamd.down = False
    scanned.world.clock.turn(minutes=1)
    scanned.world.client.blocking_portal.call(scanned.world.client.app.state["attachment_checker"].wake)
    assert settled(scanned.student, sent["id"], but="error")["state"] == "clean"


def test_what_the_scanner_finds_too_long_is_not_given_out(scanned: Talk, clamd: FakeClamd) -> None:
    clamd.most = 1000
    sent = attach(scanned.student, scanned.draft, "long.txt", b"a" * 100_000).json()
    assert settled(scanned.student, sent["id"])["state"] == "error"


def test_the_files_of_a_draft_are_its_authors_alone_until_it_is_published(talk: Talk) -> None:
    sent = attach(talk.student, talk.draft, "photo.png", png()).json()
    settled(talk.student, sent["id"])
    for path in (f"/api/attachments/{sent['id']}", f"/api/messages/{talk.draft}/attachments"):
        assert talk.instructor.get(path).status_code == 404
    talk.publish(talk.draft)
    assert talk.instructor.get(f"/api/attachments/{sent['id']}").json()["state"] == "clean"


def test_only_the_sender_attaches_and_takes_away(talk: Talk, mallory: Person) -> None:
    assert attach(talk.instructor, talk.published, "photo.png", png()).status_code == 404
    assert attach(mallory, talk.published, "photo.png", png()).status_code == 404
    sent = attach(talk.student, talk.published, "photo.png", png()).json()
    assert talk.instructor.delete(f"/api/attachments/{sent['id']}").status_code == 404
    assert mallory.get(f"/api/attachments/{sent['id']}").status_code == 404
    assert talk.student.delete(f"/api/attachments/{sent['id']}").status_code == 204
    assert talk.student.get(f"/api/attachments/{sent['id']}").status_code == 404


def test_an_address_ends_after_a_minute_and_cannot_be_forged(talk: Talk) -> None:
    sent = attach(talk.student, talk.published, "photo.png", png()).json()
    other = attach(talk.student, talk.published, "other.png", png(5, 5)).json()
    settled(talk.student, sent["id"])
    settled(talk.student, other["id"])
    url = address(talk.student, sent["id"])
    get = talk.world.client.get
    assert get(url).status_code == 200
    forged = [
        url.replace(sent["id"], other["id"]),
        url.replace("download=0", "download=1"),
        url.replace("expires=1", "expires=2"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.partition("signature=")[0] + "signature=%C3%A9",
    ]
    for wrong in forged:
        answer = get(wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "bad_signature"), wrong
    assert get(url.partition("?")[0]).status_code in (400, 422)
    talk.world.clock.turn(seconds=59)
    assert get(url).status_code == 200
    talk.world.clock.turn(seconds=2)
    assert get(url).status_code == 403


def test_a_signed_address_gives_nothing_of_a_message_that_was_taken_back(talk: Talk) -> None:
    sent = attach(talk.student, talk.published, "photo.png", png()).json()
    settled(talk.student, sent["id"])
    url = address(talk.instructor, sent["id"])
    talk.take_back(talk.published)
    assert talk.world.client.get(url).status_code == 404
    assert talk.instructor.get(f"/api/attachments/{sent['id']}").status_code == 404


@pytest.mark.parametrize(
    "header,status,first,last",
    [
        ("bytes=0-9", 206, 0, 10), ("bytes=10-", 206, 10, 26), ("bytes=-4", 206, 22, 26), ("bytes=20-99", 206, 20, 26),
        ("bytes=0-25", 200, 0, 26), ("bytes=a-b", 200, 0, 26), ("bytes=0-1,4-5", 200, 0, 26),
    ],
)  # fmt: skip
def test_parts_of_a_file_can_be_fetched(talk: Talk, header: str, status: int, first: int, last: int) -> None:
    content = b"abcdefghijklmnopqrstuvwxyz"
    sent = attach(talk.student, talk.draft, "letters.txt", content).json()
    settled(talk.student, sent["id"])
    url = address(talk.student, sent["id"])
    answer = talk.world.client.get(url, headers={"Range": header})
    assert (answer.status_code, answer.content) == (status, content[first:last])
    assert answer.headers["content-length"] == str(last - first)
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/26"
    assert talk.world.client.get(url, headers={"Range": "bytes=30-"}).status_code == 416
    changed = talk.world.client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, 26)


def test_a_deleted_draft_takes_its_files_along(talk: Talk) -> None:
    kept = attach(talk.student, talk.published, "kept.png", png()).json()
    gone = attach(talk.student, talk.draft, "gone.png", png()).json()
    for sent in (kept, gone):
        settled(talk.student, sent["id"])
    with talk.session() as session:
        from sqlalchemy import delete

        from app.store.tables import DraftStream

        session.execute(delete(DraftStream).where(DraftStream.id == talk.draft))
    assert talk.student.get(f"/api/attachments/{gone['id']}").status_code == 404
    talk.world.client.blocking_portal.call(talk.world.client.app.state["attachment_sweeper"].sweep_leftovers)
    assert len(stored(talk.world.settings)) == 1


def test_a_message_has_a_bounded_number_of_files(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.attachments.units.MOST_PER_MESSAGE", 2)
    for _ in range(2):
        assert attach(talk.student, talk.draft, "a.txt", b"words").status_code == 201
    refused = attach(talk.student, talk.draft, "a.txt", b"words")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_attachments")
    assert len(stored(talk.world.settings)) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"file": "words"}},
        {"data": {"file": "words"}},
        {"files": {"other": ("a.txt", b"words")}},
        {"files": [("file", ("a.txt", b"one")), ("file", ("b.txt", b"two"))]},
        {"content": b"--x\r\nrubbish", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"", "headers": {"Content-Type": "multipart/form-data"}},
    ],
)
def test_a_request_that_is_no_form_with_one_file_is_refused(talk: Talk, options: dict[str, Any]) -> None:
    headers = talk.student.headers | options.pop("headers", {})
    answer = talk.world.client.post(f"/api/messages/{talk.draft}/attachments", headers=headers, **options)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["code"] in ("malformed", "invalid_field", "one_file")
    assert stored(talk.world.settings) == []


def test_what_is_accepted_can_be_asked_for(scanned: Talk) -> None:
    accepted = scanned.student.get("/api/attachments/accepted").json()
    assert (accepted["most_bytes"], accepted["scanned"]) == (200_000, True)
    assert ".pdf" in accepted["suffixes"]


def test_a_store_that_fails_is_told_and_nothing_is_acknowledged(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.services.attachments.storage._flush", full)
    answer = attach(talk.student, talk.draft, "photo.png", png())
    assert (answer.status_code, answer.json()["code"]) == (503, "attachment_store_unavailable")
    assert answer.headers["retry-after"]
    assert stored(talk.world.settings) == []
    assert talk.student.get(f"/api/messages/{talk.draft}/attachments").json()["items"] == []
