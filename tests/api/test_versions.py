"""Versions through HTTP: nothing is ever rewound, everything can be compared and brought back."""

from typing import Any
from uuid import uuid4

from app.services.checkpoints import Checkpoints
from tests.conftest import Person, TurnableClock, World


def write(person: Person, draft: dict[str, Any], text: str, n: int) -> None:
    now = person.get(f"/api/drafts/{draft['id']}").json()
    answer = person.post(
        f"/api/drafts/{draft['id']}/commands",
        {"replica": "page", "n": n, "base_seq": now["seq"], "ops": [{"field": "text", "replace": text}]},
    )
    assert answer.status_code == 200, answer.text


def checkpoint(person: Person, draft: dict[str, Any], label: str | None = None) -> dict[str, Any]:
    answer = person.post(f"/api/drafts/{draft['id']}/versions", {"label": label})
    assert answer.status_code in (200, 201), answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_checkpoints_form_a_chain_of_parents(ada: Person) -> None:
    draft = ada.draft("one")
    first = checkpoint(ada, draft, "start")
    write(ada, draft, "one two", 1)
    second = checkpoint(ada, draft)
    assert (first["number"], first["parent_id"], first["label"]) == (1, None, "start")
    assert (second["number"], second["parent_id"], second["words_delta"]) == (2, first["id"], 1)
    items = ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    assert [item["number"] for item in items] == [2, 1]
    assert [item["current"] for item in items] == [True, False]
    assert ada.get(f"/api/versions/{first['id']}").json()["text"] == "one"


def test_an_unchanged_text_needs_no_further_version(ada: Person) -> None:
    draft = ada.draft("one")
    first = ada.post(f"/api/drafts/{draft['id']}/versions", {})
    again = ada.post(f"/api/drafts/{draft['id']}/versions", {"label": "named later"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["label"] == "named later"


def test_an_empty_draft_has_nothing_to_keep(ada: Person) -> None:
    draft = ada.draft("")
    refused = ada.post(f"/api/drafts/{draft['id']}/versions", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_keep")


def test_restoring_keeps_the_text_it_replaces(ada: Person) -> None:
    draft = ada.draft("the first text")
    first = checkpoint(ada, draft)
    write(ada, draft, "something quite different", 1)
    restored = ada.post(f"/api/drafts/{draft['id']}/restore", {"version_id": first["id"]}).json()
    assert restored["version"]["number"] == 3
    assert restored["version"]["parent_id"] == first["id"]
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    assert (now["text"], now["current_version"]["number"]) == ("the first text", 3)
    versions = ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    texts = {item["number"]: ada.get(f"/api/versions/{item['id']}").json()["text"] for item in versions}
    assert texts == {1: "the first text", 2: "something quite different", 3: "the first text"}


def test_versions_are_compared_by_words(ada: Person) -> None:
    draft = ada.draft("The quick brown fox jumps.")
    a = checkpoint(ada, draft)
    write(ada, draft, "The quick red fox jumps high.", 1)
    b = checkpoint(ada, draft)
    hunks = ada.get(f"/api/versions/{a['id']}/compare/{b['id']}").json()["hunks"]
    changed = [(hunk["kind"], hunk["a_text"], hunk["b_text"]) for hunk in hunks if hunk["kind"] != "same"]
    assert changed == [("replace", "brown", "red"), ("insert", "", " high")]
    unified = ada.get(f"/api/versions/{a['id']}/compare/{b['id']}?format=unified")
    assert unified.headers["content-type"].startswith("text/plain")
    assert "-The quick brown fox jumps." in unified.text
    assert "+The quick red fox jumps high." in unified.text


def test_versions_of_different_drafts_are_not_mixed(ada: Person) -> None:
    one, other = ada.draft("one"), ada.draft("other")
    a, b = checkpoint(ada, one), checkpoint(ada, other)
    assert ada.get(f"/api/versions/{a['id']}/compare/{b['id']}").status_code == 422
    refused = ada.post(f"/api/drafts/{one['id']}/restore", {"version_id": b["id"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "other_draft")
    assert ada.post(f"/api/drafts/{one['id']}/restore", {"version_id": str(uuid4())}).status_code == 404
    assert ada.get(f"/api/drafts/{one['id']}").json()["text"] == "one"


def test_a_name_can_be_given_and_taken_away(ada: Person) -> None:
    version = checkpoint(ada, ada.draft("one"))
    assert ada.patch(f"/api/versions/{version['id']}", {"label": "sent to Bo"}).json()["label"] == "sent to Bo"
    assert ada.patch(f"/api/versions/{version['id']}", {"label": None}).json()["label"] is None
    assert ada.patch(f"/api/versions/{version['id']}", {"label": "x" * 201}).status_code == 422


def test_many_versions_are_paged_newest_first(ada: Person) -> None:
    draft = ada.draft("0")
    for number in range(1, 8):
        checkpoint(ada, draft)
        write(ada, draft, str(number), number)
    page = ada.get(f"/api/drafts/{draft['id']}/versions?limit=3").json()
    assert [item["number"] for item in page["items"]] == [7, 6, 5]
    rest = ada.get(f"/api/drafts/{draft['id']}/versions?cursor={page['next']}").json()
    assert [item["number"] for item in rest["items"]] == [4, 3, 2, 1]


async def sweep(world: World) -> int:
    checkpoints: Checkpoints = world.client.app.state.checkpoints
    return await checkpoints.sweep()


def test_a_pause_of_writing_makes_one_checkpoint(world: World, ada: Person, clock: TurnableClock) -> None:
    draft = ada.draft("typed")
    write(ada, draft, "typed and more", 1)
    assert world.client.blocking_portal.call(sweep, world) == 0
    clock.turn(seconds=world.settings.checkpoint_pause_seconds + 1)
    assert world.client.blocking_portal.call(sweep, world) == 1
    assert world.client.blocking_portal.call(sweep, world) == 0
    items = ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    assert [(item["number"], item["source"]) for item in items] == [(1, "user")]
