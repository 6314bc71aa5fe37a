"""Reading by link: made and taken back by the owner, read by anybody until it ends, telling nothing otherwise."""

import logging
import re
from typing import Any
from uuid import UUID

import pytest

from app.services.secrets import token_hash
from app.store.db import Database
from app.store.tables import ShareLink
from tests.conftest import Person, World


@pytest.fixture
def draft(ada: Person) -> dict[str, Any]:
    return ada.draft("The *harbour* wakes.", title="Harbour")


def make(person: Person, draft: dict[str, Any], **body: Any) -> Any:
    return person.post(f"/api/drafts/{draft['id']}/links", body)


def made(person: Person, draft: dict[str, Any], **body: Any) -> tuple[dict[str, Any], str]:
    """The link and its token."""
    answer = make(person, draft, **body)
    assert answer.status_code == 201, answer.text
    link: dict[str, Any] = answer.json()
    return link, link["link"].rpartition("/")[2]


def links(person: Person, draft: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get(f"/api/drafts/{draft['id']}/links").json()["items"]
    return items


def test_somebody_without_an_account_reads_and_sees_what_is_written_later(
    ada: Person, world: World, draft: dict[str, Any]
) -> None:
    link, token = made(ada, draft, name=" The press ")
    assert link["link"].startswith("http")
    assert len(token) >= 22  # 128 bits at 6 a sign
    assert (link["name"], link["expires_at"], link["last_used_at"], link["ended"]) == ("The press", None, None, False)
    shown = world.client.get(f"/api/shared/{token}")
    assert shown.json()["html"] == "<p>The <em>harbour</em> wakes.</p>\n"
    assert (shown.json()["title"], shown.json()["author"], shown.json()["seq"]) == ("Harbour", "Ada", draft["seq"])
    same = world.client.get(f"/api/shared/{token}?after={draft['seq']}").json()
    assert (same["seq"], same["html"]) == (draft["seq"], None)
    write = {
        "replica": "x",
        "n": 1,
        "base_seq": draft["seq"],
        "ops": [{"field": "text", "replace": "# Harbour\n\nNoon."}],
    }
    assert ada.post(f"/api/drafts/{draft['id']}/commands", write).status_code == 200
    later = world.client.get(f"/api/shared/{token}?after={draft['seq']}").json()
    assert "<p>Noon.</p>" in later["html"]
    assert later["show_title"] is False
    page = world.client.get(f"/shared/{token}")
    assert page.status_code == 200
    assert "<p>Noon.</p>" in page.text
    assert "By <b>Ada</b>" in page.text


def test_the_answers_are_kept_from_caches_search_engines_and_other_sites(
    ada: Person, world: World, draft: dict[str, Any]
) -> None:
    _, token = made(ada, draft)
    for path in (f"/shared/{token}", f"/api/shared/{token}", "/shared/unknown", "/api/shared/unknown"):
        headers = world.client.get(path).headers
        assert headers["referrer-policy"] == "no-referrer", path
        assert "noindex" in headers["x-robots-tag"], path
        assert headers["cache-control"] == "no-store", path


def test_a_link_shows_the_document_and_opens_nothing_else(ada: Person, world: World, draft: dict[str, Any]) -> None:
    link, token = made(ada, draft)
    page = world.client.get(f"/shared/{token}").text
    for kept in (draft["id"], link["id"], ada.email, ada.id):
        assert kept not in page
    bearer = {"Authorization": f"Bearer {token}"}
    assert world.client.get(f"/api/drafts/{draft['id']}", headers=bearer).status_code == 401
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert world.client.request(method, f"/api/shared/{token}", json={}).status_code == 405


def test_only_the_hash_is_kept_and_the_address_is_shown_once(
    ada: Person, world: World, draft: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        _, token = made(ada, draft)
        world.client.get(f"/shared/{token}")
        assert [row["link"] for row in links(ada, draft)] == [None]
    # The test's own client names the addresses it asks for.
    assert [record for record in caplog.records if record.name != "httpx" and token in record.getMessage()] == []
    db = Database.open(world.settings.database, migrate_schema=False)
    with db.transaction() as session:
        row = session.get(ShareLink, UUID(links(ada, draft)[0]["id"]))
        assert row is not None
        assert row.token_hash == token_hash(token)
    db.engine.dispose()


def test_a_link_ends_when_it_was_said_to(ada: Person, world: World, draft: dict[str, Any]) -> None:
    _, day = made(ada, draft, days=1)
    _, own = made(ada, draft, expires_at="2026-03-02T12:00:00+02:00")  # an hour from now
    _, never = made(ada, draft)
    assert [link["expires_at"] for link in links(ada, draft)] == [None, "2026-03-02T10:00:00Z", "2026-03-03T09:00:00Z"]
    until = world.client.get(f"/shared/{own}").text
    assert 'datetime="2026-03-02T10:00:00+00:00"' in until
    world.clock.turn(minutes=59, seconds=59)
    assert world.client.get(f"/api/shared/{own}").status_code == 200
    world.clock.turn(seconds=1)
    assert world.client.get(f"/api/shared/{own}").status_code == 404
    assert world.client.get(f"/api/shared/{day}").status_code == 200
    world.clock.turn(days=400)
    assert world.client.get(f"/shared/{day}").status_code == 404
    assert world.client.get(f"/shared/{never}").status_code == 200
    assert [link["ended"] for link in links(ada, draft)] == [False, True, True]


def test_what_holds_no_more_looks_like_what_never_was(ada: Person, world: World, draft: dict[str, Any]) -> None:
    _, ended = made(ada, draft, days=1)
    link, removed = made(ada, draft)
    other = ada.draft("Secret", title="Secret")
    _, binned = made(ada, other)
    world.clock.turn(days=2)
    assert ada.delete(f"/api/drafts/{draft['id']}/links/{link['id']}").status_code == 204
    ada.delete(f"/api/drafts/{other['id']}")
    never = "x" * 43
    page, answer = (world.client.get(f"{path}/{never}") for path in ("/shared", "/api/shared"))
    assert (page.status_code, answer.status_code) == (404, 404)
    nonce = re.compile(r'(nonce" content=)"[^"]+"')
    for token in (ended, removed, binned):
        assert nonce.sub("", world.client.get(f"/shared/{token}").text) == nonce.sub("", page.text)
        assert world.client.get(f"/api/shared/{token}").json() == answer.json()
    ada.post(f"/api/drafts/{other['id']}/recover")
    assert world.client.get(f"/shared/{binned}").status_code == 200


def test_the_links_of_somebody_locked_out_are_shut(ada: Person, world: World, draft: dict[str, Any]) -> None:
    _, token = made(ada, draft)
    admin = world.person("root", "admin")
    assert admin.patch(f"/api/users/{ada.id}", {"disabled": True}).status_code == 200
    assert world.client.get(f"/shared/{token}").status_code == 404


def test_the_owner_sees_when_a_link_was_used(ada: Person, world: World, draft: dict[str, Any]) -> None:
    _, token = made(ada, draft)
    world.clock.turn(hours=1)
    world.client.get(f"/shared/{token}")
    assert links(ada, draft)[0]["last_used_at"] == "2026-03-02T10:00:00Z"
    world.clock.turn(
        minutes=1
    )  # A page that is left open asks every few seconds, which is not a row written each time.
    world.client.get(f"/api/shared/{token}")
    assert links(ada, draft)[0]["last_used_at"] == "2026-03-02T10:00:00Z"
    world.clock.turn(minutes=1)
    world.client.get(f"/api/shared/{token}")
    assert links(ada, draft)[0]["last_used_at"] == "2026-03-02T10:02:00Z"


def test_only_the_owner_makes_sees_and_removes_links(ada: Person, world: World, draft: dict[str, Any]) -> None:
    link, _ = made(ada, draft)
    editor = world.person("ed")
    ada.put(f"/api/drafts/{draft['id']}/shares", {"email": editor.email, "role": "editor"})
    other = ada.draft("Other")
    for person in (editor, world.person("mallory")):
        assert make(person, draft).status_code == 404
        assert person.get(f"/api/drafts/{draft['id']}/links").status_code == 404
        assert person.delete(f"/api/drafts/{draft['id']}/links/{link['id']}").status_code == 404
    assert ada.delete(f"/api/drafts/{other['id']}/links/{link['id']}").status_code == 404
    assert len(links(ada, draft)) == 1


@pytest.mark.parametrize(
    "body, field",
    [
        ({"days": 0}, "days"),
        ({"days": 100_000}, "days"),
        ({"days": 2**80}, "days"),
        ({"days": 1, "expires_at": "2026-03-09T09:00:00Z"}, "expires_at"),
        ({"expires_at": "2026-03-02T09:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"expires_at": "2026-03-09T09:00:00"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\nb"}, "name"),
    ],
)
def test_an_end_that_cannot_be_is_refused(ada: Person, draft: dict[str, Any], body: dict[str, Any], field: str) -> None:
    answer = make(ada, draft, **body)
    assert answer.status_code == 422, answer.text
    assert field in answer.text
    assert links(ada, draft) == []


def test_only_documents_that_are_open_get_links(ada: Person, draft: dict[str, Any]) -> None:
    form = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}}).json()
    report = ada.post("/api/drafts", {"kind": "bug_report"}).json()
    for other in (form, report):
        assert make(ada, other).json()["code"] == "wrong_kind"
    ada.delete(f"/api/drafts/{draft['id']}")
    assert make(ada, draft).json()["code"] == "draft_closed"


def test_a_document_has_so_many_links_and_no_more(ada: Person, draft: dict[str, Any]) -> None:
    for _ in range(100):
        made(ada, draft)
    assert make(ada, draft).json()["code"] == "too_many_links"


def test_whoever_tries_many_addresses_waits(ada: Person, world: World, draft: dict[str, Any]) -> None:
    _, token = made(ada, draft)
    for number in range(120):
        assert world.client.get(f"/api/shared/guess{number}").status_code == 404
    refused = world.client.get("/api/shared/guess")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "301")
    assert world.client.get("/shared/guess").status_code == 429
    world.clock.turn(seconds=301)
    assert world.client.get(f"/api/shared/{token}").status_code == 200


def test_markup_of_the_text_is_shown_and_never_run(ada: Person, world: World) -> None:
    draft = ada.draft(
        "<script>alert(1)</script> ![x](https://spy.example/x.png) [a](javascript:alert(1))", "<b>Bold</b>"
    )
    _, token = made(ada, draft)
    page = world.client.get(f"/shared/{token}").text
    for bad in ("<script>alert", 'spy.example/x.png"', 'href="javascript', "<b>Bold"):
        assert bad not in page, bad
