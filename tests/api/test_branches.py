"""Branches through HTTP: lines of work are named, switched and merged, and nothing is ever rewound."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from providers.scripted import Reply, ScriptedProvider
from tests.api.test_turns import follow, start
from tests.api.test_versions import checkpoint, write
from tests.conftest import Person


def branch(person: Person, draft: dict[str, Any], version: dict[str, Any], name: str) -> dict[str, Any]:
    answer = person.post(f"/api/drafts/{draft['id']}/branches", {"version_id": version["id"], "name": name})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def switch(person: Person, draft: dict[str, Any], to: dict[str, Any]) -> dict[str, Any]:
    answer = person.post(f"/api/drafts/{draft['id']}/branches/{to['id']}/switch")
    assert answer.status_code == 200, answer.text
    arrived: dict[str, Any] = answer.json()
    return arrived


def merge(person: Person, draft: dict[str, Any], version_id: str, **more: Any) -> Any:
    return person.post(f"/api/drafts/{draft['id']}/merge", {"version_id": version_id, **more})


def text(person: Person, draft: dict[str, Any]) -> str:
    found: str = person.get(f"/api/drafts/{draft['id']}").json()["text"]
    return found


def branches(person: Person, draft: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in person.get(f"/api/drafts/{draft['id']}/branches").json()["items"]}


START = "The old brown fox sleeps.\n\nThe dog barks at the moon tonight."


@pytest.fixture
def forked(ada: Person) -> dict[str, Any]:
    return fork(ada)


def fork(ada: Person, title: str = "") -> dict[str, Any]:
    """A draft with two lines from one start: Main changed the fox, Night changed the dog; it is on Main."""
    draft = ada.draft(START, title=title)
    first = checkpoint(ada, draft)
    night = branch(ada, draft, first, "Night")
    switch(ada, draft, night)
    write(ada, draft, START.replace("barks", "howls"), 1)
    tip = checkpoint(ada, draft)
    switch(ada, draft, branches(ada, draft)["Main"])
    write(ada, draft, START.replace("brown", "red"), 2)
    return draft | {"first": first, "night": night, "tip": tip}


def test_naming_a_second_line_names_the_first_one_too(ada: Person) -> None:
    draft = ada.draft("one")
    first = checkpoint(ada, draft)
    made = branch(ada, draft, first, "Shorter ending")
    assert (made["name"], made["tip"]["number"], made["current"]) == ("Shorter ending", 1, False)
    assert [(name, item["current"]) for name, item in branches(ada, draft).items()] == [
        ("Main", True),
        ("Shorter ending", False),
    ]


def test_new_versions_move_the_tip_of_the_branch_the_draft_is_on(ada: Person, forked: dict[str, Any]) -> None:
    newest = checkpoint(ada, forked)
    found = branches(ada, forked)
    assert found["Main"]["tip"]["id"] == newest["id"]
    assert found["Night"]["tip"]["id"] == forked["tip"]["id"]
    items = ada.get(f"/api/drafts/{forked['id']}/versions").json()["items"]
    assert {item["number"]: item["branches"] for item in items if item["branches"]} == {
        newest["number"]: ["Main"],
        forked["tip"]["number"]: ["Night"],
    }


def test_switching_keeps_what_was_typed_as_a_version_of_the_branch_left(ada: Person, forked: dict[str, Any]) -> None:
    before = ada.get(f"/api/drafts/{forked['id']}").json()
    arrived = switch(ada, forked, forked["night"])
    after = ada.get(f"/api/drafts/{forked['id']}").json()
    assert after["text"] == START.replace("barks", "howls")
    assert after["seq"] == arrived["seq"] > before["seq"]
    assert after["current_version"]["id"] == arrived["version"]["id"] == forked["tip"]["id"]
    left = branches(ada, forked)["Main"]["tip"]
    assert ada.get(f"/api/versions/{left['id']}").json()["text"] == before["text"]
    switch(ada, forked, branches(ada, forked)["Main"])
    assert text(ada, forked) == before["text"]


def test_switching_to_the_branch_one_is_on_changes_no_word(ada: Person, forked: dict[str, Any]) -> None:
    main = branches(ada, forked)["Main"]
    before = text(ada, forked)
    switch(ada, forked, main)
    switch(ada, forked, main)
    assert text(ada, forked) == before


def test_a_name_is_given_once_and_can_be_changed(ada: Person, forked: dict[str, Any]) -> None:
    path = f"/api/drafts/{forked['id']}/branches"
    taken = ada.post(path, {"version_id": forked["first"]["id"], "name": " night "})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert ada.post(path, {"version_id": forked["first"]["id"], "name": " "}).status_code == 422
    assert ada.post(path, {"version_id": forked["first"]["id"], "name": "x" * 121}).status_code == 422
    night = f"{path}/{forked['night']['id']}"
    assert ada.patch(night, {"name": "main"}).json()["code"] == "name_taken"
    assert ada.patch(night, {"name": "Late", "favourite": True}).json()["favourite"] is True
    assert list(branches(ada, forked)) == ["Main", "Late"]


def test_deleting_a_branch_takes_the_name_only(ada: Person, forked: dict[str, Any]) -> None:
    path = f"/api/drafts/{forked['id']}/branches"
    refused = ada.delete(f"{path}/{branches(ada, forked)['Main']['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "branch_in_use")
    assert ada.delete(f"{path}/{forked['night']['id']}").status_code == 204
    listed = ada.get(path).json()
    assert [item["name"] for item in listed["items"]] == ["Main"]
    assert [(item["tip"]["id"], item["versions"]) for item in listed["unnamed"]] == [(forked["tip"]["id"], 1)]
    assert ada.get(f"/api/versions/{forked['tip']['id']}").status_code == 200


def test_what_does_not_belong_together_is_refused(ada: Person, forked: dict[str, Any]) -> None:
    other = checkpoint(ada, ada.draft("other"))
    path = f"/api/drafts/{forked['id']}"
    assert ada.post(f"{path}/branches", {"version_id": other["id"], "name": "x"}).status_code == 422
    assert ada.post(f"{path}/branches", {"version_id": str(uuid4()), "name": "x"}).status_code == 404
    assert ada.post(f"{path}/branches/{uuid4()}/switch").status_code == 404
    assert merge(ada, forked, other["id"]).json()["code"] == "other_draft"
    assert merge(ada, forked, str(uuid4())).status_code == 404
    current = checkpoint(ada, forked)
    refused = merge(ada, forked, current["id"])
    assert (refused.status_code, refused.json()["code"]) == (422, "merge_itself")


def test_a_draft_in_the_trash_is_neither_branched_nor_merged(ada: Person, forked: dict[str, Any]) -> None:
    ada.delete(f"/api/drafts/{forked['id']}")
    path = f"/api/drafts/{forked['id']}"
    for answer in (
        ada.post(f"{path}/branches", {"version_id": forked["first"]["id"], "name": "x"}),
        ada.post(f"{path}/branches/{forked['night']['id']}/switch"),
        merge(ada, forked, forked["tip"]["id"]),
        ada.get(f"{path}/merge/preview?version_id={forked['tip']['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "draft_closed")


def test_a_merge_keeps_what_both_lines_changed(ada: Person, forked: dict[str, Any]) -> None:
    preview = ada.get(f"/api/drafts/{forked['id']}/merge/preview?version_id={forked['tip']['id']}").json()
    assert (preview["base"]["number"], preview["changes"], preview["conflicts"]) == (1, 1, [])
    merged = merge(ada, forked, forked["tip"]["id"]).json()
    assert text(ada, forked) == START.replace("brown", "red").replace("barks", "howls")
    version = merged["version"]
    assert version["merged_from_id"] == forked["tip"]["id"]
    mine = ada.get(f"/api/versions/{version['parent_id']}").json()
    assert mine["text"] == START.replace("brown", "red")
    assert version["current"] is True
    again = merge(ada, forked, forked["tip"]["id"])
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_merge")


def test_conflicts_are_shown_and_decided_by_a_person(ada: Person, forked: dict[str, Any]) -> None:
    write(ada, forked, START.replace("barks", "growls"), 3)
    asked = merge(ada, forked, forked["tip"]["id"])
    assert (asked.status_code, asked.json()["code"]) == (409, "merge_conflicts")
    assert asked.headers["content-type"].startswith("application/problem+json")
    place = START.index("barks")
    (conflict,) = asked.json()["conflicts"]
    assert conflict == {
        "index": 0, "base": "barks", "mine": "growls", "theirs": "howls", "from": place, "to": place + len("growls"),
    }  # fmt: skip
    assert text(ada, forked) == START.replace("barks", "growls")
    for wrong in ([{"index": 1, "value": "x"}], [{"index": 0, "value": "x"}, {"index": 0, "value": "y"}]):
        assert merge(ada, forked, forked["tip"]["id"], resolutions=wrong).status_code == 422
    answer = [{"index": 0, "value": "growls and howls"}]
    moved = merge(ada, forked, forked["tip"]["id"], resolutions=answer, seq=1)
    assert (moved.status_code, moved.json()["code"]) == (409, "draft_moved")
    assert merge(ada, forked, forked["tip"]["id"], resolutions=answer).status_code == 200
    assert text(ada, forked) == START.replace("barks", "growls and howls")


def test_single_changes_are_picked(ada: Person, forked: dict[str, Any]) -> None:
    write(ada, forked, START, 3)
    switch(ada, forked, forked["night"])
    write(ada, forked, START.replace("old", "young").replace("tonight", "forever"), 4)
    tip = checkpoint(ada, forked)
    switch(ada, forked, branches(ada, forked)["Main"])
    preview = ada.get(f"/api/drafts/{forked['id']}/merge/preview?version_id={tip['id']}").json()
    index = next(place for place, hunk in enumerate(preview["hunks"]) if hunk["b_text"] == "young")
    picked = merge(ada, forked, tip["id"], hunks=[index]).json()["version"]
    assert text(ada, forked) == START.replace("old", "young")
    assert picked["label"] == f"1 change picked from version {tip['number']}"
    assert merge(ada, forked, tip["id"], hunks=[]).status_code == 422
    assert merge(ada, forked, tip["id"], hunks=[99]).status_code == 422
    # What was not picked can still be merged.
    assert merge(ada, forked, tip["id"]).status_code == 200
    assert text(ada, forked) == START.replace("old", "young").replace("tonight", "forever")


def test_versions_of_two_branches_are_compared(ada: Person, forked: dict[str, Any]) -> None:
    mine = checkpoint(ada, forked)
    hunks = ada.get(f"/api/versions/{mine['id']}/compare/{forked['tip']['id']}").json()["hunks"]
    changed = [(hunk["a_text"], hunk["b_text"]) for hunk in hunks if hunk["kind"] != "same"]
    assert changed == [("red", "brown"), ("barks", "howls")]


def test_the_shape_of_the_tree_is_told_by_numbers(ada: Person, forked: dict[str, Any]) -> None:
    merge(ada, forked, forked["tip"]["id"])
    tree = ada.get(f"/api/drafts/{forked['id']}/tree").json()
    assert tree == {
        "parents": [0, 1, 1, 3], "merged": {"4": 2}, "tips": {"Main": 4, "Night": 2}, "current": 4,
    }  # fmt: skip


def test_lists_show_named_versions_or_those_of_one_writer(ada: Person) -> None:
    draft = ada.draft("one")
    checkpoint(ada, draft, "start")
    write(ada, draft, "two", 1)
    checkpoint(ada, draft)
    path = f"/api/drafts/{draft['id']}/versions"

    def numbers(query: str) -> list[int]:
        return [item["number"] for item in ada.get(f"{path}?{query}").json()["items"]]

    assert numbers("named=true") == [1]
    assert numbers(f"author={ada.id}") == [2, 1]
    assert numbers(f"author={uuid4()}") == []
    assert numbers("model=script-1") == []
    assert numbers("before=2") == [1]
    assert ada.get(f"{path}?before=99999999999999999999").status_code in (400, 422)


def test_while_the_assistant_writes_the_draft_stays_on_its_branch(
    ada: Person, forked: dict[str, Any], scripted: ScriptedProvider
) -> None:
    scripted.enqueue(Reply("Something else.", gate=asyncio.Event()))
    turn = start(ada, forked, "write", apply="at_once")
    before = ada.get(f"/api/drafts/{forked['id']}").json()
    for refused in (
        ada.post(f"/api/drafts/{forked['id']}/branches/{forked['night']['id']}/switch"),
        merge(ada, forked, forked["tip"]["id"]),
        merge(ada, forked, forked["tip"]["id"], hunks=[1]),
        ada.post(f"/api/drafts/{forked['id']}/restore", {"version_id": forked["tip"]["id"]}),
        ada.post(f"/api/drafts/{forked['id']}/moments/1/restore"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "turn_running")
        assert refused.headers["content-type"].startswith("application/problem+json")
    preview = ada.get(f"/api/drafts/{forked['id']}/merge/preview?version_id={forked['tip']['id']}")
    assert preview.status_code == 200, "looking changes nothing"
    after = ada.get(f"/api/drafts/{forked['id']}").json()
    assert (after["text"], after["seq"]) == (before["text"], before["seq"])
    ada.post(f"/api/turns/{turn['id']}/stop")
    assert switch(ada, forked, forked["night"])["version"]["id"] == forked["tip"]["id"]


def test_a_question_under_way_holds_no_branch_up(
    ada: Person, forked: dict[str, Any], scripted: ScriptedProvider
) -> None:
    gate = asyncio.Event()
    scripted.enqueue(Reply("An answer.", gate=gate))
    turn = start(ada, forked, "ask")
    switch(ada, forked, forked["night"])
    assert merge(ada, forked, branches(ada, forked)["Main"]["tip"]["id"]).status_code == 200
    ada.post(f"/api/turns/{turn['id']}/stop")
    follow(ada, turn)
