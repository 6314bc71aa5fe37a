"""The list of drafts through HTTP: filters, who edited last, duplicates, statistics."""

from typing import Any

import pytest

from providers.scripted import ScriptedProvider
from tests.api.goals import begin_lesson
from tests.api.test_drafts import edit, text
from tests.api.test_proposals import SING, TEXT, listed, propose
from tests.conftest import Person, World


def titles(person: Person, query: str = "") -> list[str]:
    answer = person.get(f"/api/drafts?sort=title{query}")
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()["items"]]


def test_drafts_are_found_by_what_they_need(ada: Person) -> None:
    ada.draft("Words", title="Complete")
    ada.draft("", title="Begun")
    disputed = ada.draft("The cat sat.", title="Disputed")
    edit(ada, disputed, 1, 1, text([4, [3, "dog"], 5]), replica="desk")
    edit(ada, disputed, 1, 1, text([4, [3, "cow"], 5]), replica="phone")
    assert titles(ada) == ["Begun", "Complete", "Disputed"]
    assert titles(ada, "&status=conflict") == ["Disputed"]
    assert titles(ada, "&status=complete") == ["Complete", "Disputed"]
    assert titles(ada, "&status=open&kind=document") == ["Begun", "Complete", "Disputed"]
    assert titles(ada, "&kind=form") == titles(ada, "&status=submitted") == titles(ada, "&shared=true") == []


@pytest.mark.parametrize("query, field", [("kind=novel", "kind"), ("status=lost", "status"), ("sort=size", "sort")])
def test_a_filter_that_does_not_exist_is_refused(ada: Person, query: str, field: str) -> None:
    answer = ada.get(f"/api/drafts?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_row_says_who_edited_last_and_where(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)

    def row() -> Any:
        return ada.get("/api/drafts").json()["items"][0]

    command = {"replica": "p", "n": 1, "base_seq": 1, "ops": [{"field": "title", "set": "Whales"}]}
    ada.post(f"/api/drafts/{draft['id']}/commands", command, headers={"X-Device": "Firefox on Windows"})
    assert (row()["edited_by"], row()["device"]) == ("user", "Firefox on Windows")
    propose(ada, scripted, draft, SING)
    [proposal] = listed(ada, draft)
    ada.post(f"/api/proposals/{proposal['id']}/accept")
    assert (row()["edited_by"], row()["device"]) == ("model", "")


def test_a_duplicate_has_the_fields_and_a_life_of_its_own(ada: Person) -> None:
    draft = ada.draft("Some words", title="Plan")
    answer = ada.post(f"/api/drafts/{draft['id']}/duplicate")
    assert answer.status_code == 201
    copy = answer.json()
    assert (copy["title"], copy["text"], copy["seq"], copy["current_version"]) == ("Plan (copy)", "Some words", 1, None)
    edit(ada, copy, 1, 1, text([10, [0, "!"]]))
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Some words"


@pytest.mark.parametrize("title, expected", [("", ""), ("x" * 255, "x" * 248 + " (copy)")])
def test_a_duplicate_is_named_after_what_there_is_room_for(ada: Person, title: str, expected: str) -> None:
    draft = ada.draft("x", title=title)
    assert ada.post(f"/api/drafts/{draft['id']}/duplicate").json()["title"] == expected


def test_a_draft_in_the_trash_can_be_duplicated_but_not_one_of_somebody_else(ada: Person, mallory: Person) -> None:
    draft = ada.draft("x")
    ada.delete(f"/api/drafts/{draft['id']}")
    assert ada.post(f"/api/drafts/{draft['id']}/duplicate").json()["status"] == "open"
    assert mallory.post(f"/api/drafts/{draft['id']}/duplicate").status_code == 404


def test_what_others_share_is_listed_with_its_owner_until_it_is_taken_back(
    ada: Person, world: World, mallory: Person
) -> None:
    ed = world.person("ed", "writer")
    draft = ada.draft("The tide comes in.", title="Harbour")
    ada.draft("Not shared", title="Private")
    share = {"email": ed.email, "role": "viewer"}
    assert ada.client.put(f"/api/drafts/{draft['id']}/shares", json=share, headers=ada.headers).status_code == 200
    [row] = ed.get("/api/drafts?shared=true").json()["items"]
    assert (row["id"], row["title"], row["owner_name"]) == (draft["id"], "Harbour", "Ada")
    assert titles(ed, "&shared=true&q=tide") == titles(ed, "&shared=true&kind=document") == ["Harbour"]
    assert titles(ed, "&shared=true&q=nothing") == titles(ed, "") == titles(mallory, "&shared=true") == []
    assert [item["owner_name"] for item in ada.get("/api/drafts").json()["items"]] == [None, None]
    assert ada.client.patch("/api/me", json={"name": ""}, headers=ada.headers).status_code == 200
    assert ed.get("/api/drafts?shared=true").json()["items"][0]["owner_name"] == ada.email
    ada.delete(f"/api/drafts/{draft['id']}")
    assert titles(ed, "&shared=true") == []
    ada.post(f"/api/drafts/{draft['id']}/recover")
    ada.delete(f"/api/drafts/{draft['id']}/shares/{ed.id}")
    assert titles(ed, "&shared=true") == []


def test_what_there_can_be_only_one_of_is_not_duplicated(ada: Person, world: World) -> None:
    form = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}}).json()
    lesson = begin_lesson(world)
    said = lesson.say(lesson.student, "Once")
    for person, draft in ((ada, form), (lesson.student, said)):
        refused = person.post(f"/api/drafts/{draft['id']}/duplicate")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_duplicable")
    assert [row["content"] for row in lesson.seen_by(lesson.student)["messages"]] == ["Once"]
    report = ada.post("/api/drafts", {"kind": "bug_report", "fields": {"title": "It stops", "description": "x"}}).json()
    copy = ada.post(f"/api/drafts/{report['id']}/duplicate").json()
    assert (copy["title"], copy["fields"]["description"]) == ("It stops (copy)", "x")
