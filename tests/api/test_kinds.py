"""Bug reports, feature requests and forms through the same calls as documents: one core serves every kind."""

import threading
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.store import submissions
from app.store.db import Database
from app.store.upkeep.verify import rebuild, verify
from tests.conftest import Person, TurnableClock, World

SUBJECT = "0199a3b0-0000-7000-8000-000000000001"


def begin(person: Person, kind: str, fields: dict[str, Any]) -> Any:
    return person.post("/api/drafts", {"kind": kind, "fields": fields})


def edit(person: Person, draft_id: str, n: int, base: int, *ops: dict[str, Any], replica: str = "page") -> Any:
    command = {"replica": replica, "n": n, "base_seq": base, "ops": list(ops)}
    return person.post(f"/api/drafts/{draft_id}/commands", command)


def report(person: Person, kind: str = "bug_report") -> dict[str, Any]:
    fields = {"title": "It stopped", "description": "Twice today.", "metadata": {"browser": "x"}}
    draft: dict[str, Any] = begin(person, kind, fields).json()
    return draft


def stored(world: World) -> Database:
    return Database.open(world.settings.database, migrate_schema=False)


@pytest.mark.parametrize("kind", ["bug_report", "feature_request"])
def test_a_modal_draft_is_edited_listed_discarded_and_recovered(ada: Person, kind: str) -> None:
    draft = report(ada, kind)
    assert (draft["kind"], draft["title"], draft["words"], draft["completion"]) == (kind, "It stopped", 2, 100)
    ops = {"field": "description", "changes": [6, [0, "Three times "], 6]}, {"field": "metadata", "set": {"os": "y"}}
    assert edit(ada, draft["id"], 1, 1, *ops).status_code == 200
    changed = ada.get(f"/api/drafts/{draft['id']}").json()
    assert changed["fields"] == {
        "title": "It stopped", "description": "Twice Three times today.", "metadata": {"os": "y"},
    }  # fmt: skip
    assert ada.get(f"/api/drafts/{draft['id']}?seq=1").json()["fields"]["metadata"] == {"browser": "x"}
    assert [item["id"] for item in ada.get(f"/api/drafts?kind={kind}").json()["items"]] == [draft["id"]]
    assert ada.delete(f"/api/drafts/{draft['id']}").status_code == 204
    assert ada.get(f"/api/drafts/{draft['id']}").json()["fields"] == changed["fields"]
    assert ada.get(f"/api/drafts?kind={kind}").json()["items"] == []
    recovered = ada.post(f"/api/drafts/{draft['id']}/recover").json()
    assert (recovered["status"], recovered["fields"]) == ("open", changed["fields"])


def test_the_database_refuses_other_types_among_modal_drafts(world: World, ada: Person) -> None:
    draft = report(ada)
    db = stored(world)
    try:
        with pytest.raises(IntegrityError), db.transaction() as session:
            session.connection().execute(text("UPDATE modal_drafts SET type = 'daily_note'"))
    finally:
        db.engine.dispose()
    assert ada.get(f"/api/drafts/{draft['id']}").json()["kind"] == "bug_report"


def test_submitting_keeps_a_submission_and_ends_the_draft(world: World, ada: Person, clock: TurnableClock) -> None:
    draft = report(ada)
    clock.turn(minutes=5)
    submitted = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert (submitted.status_code, submitted.json()["status"]) == (200, "submitted")
    assert submitted.json()["expires_at"] is None
    assert ada.get("/api/drafts").json()["items"] == []
    late = edit(ada, draft["id"], 1, 1, {"field": "title", "set": "x"})
    assert (late.status_code, late.json()["code"]) == (409, "draft_closed")
    gone = ada.delete(f"/api/drafts/{draft['id']}")
    assert (gone.status_code, gone.json()["code"]) == (409, "draft_closed")
    events = ada.get(f"/api/drafts/{draft['id']}/events").json()["items"]
    assert [event["type"] for event in events] == ["draft.created", "draft.submitted"]
    db = stored(world)
    try:
        with db.transaction() as session:
            kept = submissions.find(session, UUID(draft["id"]))
            assert kept is not None
            assert (kept.kind, kept.form, kept.title, kept.state, kept.seq) == (
                "bug_report",
                None,
                "It stopped",
                "new",
                2,
            )
            assert kept.fields == draft["fields"]
            assert (str(kept.user_id), kept.submitted_at) == (ada.id, clock())
    finally:
        db.engine.dispose()


def test_submitting_twice_gives_the_same_submission(ada: Person, clock: TurnableClock) -> None:
    draft = report(ada)
    first = ada.post(f"/api/drafts/{draft['id']}/submit")
    clock.turn(hours=1)
    again = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert (again.status_code, again.json()) == (200, first.json())


def test_what_is_missing_is_named_and_nothing_ends(ada: Person) -> None:
    draft = begin(ada, "bug_report", {"description": " "}).json()
    refused = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["title", "description"]
    assert ada.get(f"/api/drafts/{draft['id']}").json()["status"] == "open"


def test_a_draft_in_the_trash_or_in_conflict_is_not_submitted(ada: Person) -> None:
    draft = report(ada)
    edit(ada, draft["id"], 1, 1, {"field": "title", "set": "One"})
    edit(ada, draft["id"], 1, 1, {"field": "title", "set": "Two"}, replica="phone")
    contested = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert (contested.status_code, contested.json()["code"]) == (409, "conflicts_open")
    [conflict] = ada.get(f"/api/drafts/{draft['id']}").json()["conflicts"]
    assert (conflict["base"], conflict["theirs"], conflict["mine"]) == ("It stopped", "One", "Two")
    resolved = ada.post(f"/api/drafts/{draft['id']}/conflicts/{conflict['id']}", {"value": "One and two"})
    assert resolved.json()["conflicts"] == []
    assert ada.get(f"/api/drafts/{draft['id']}").json()["title"] == "One and two"
    ada.delete(f"/api/drafts/{draft['id']}")
    trashed = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert (trashed.status_code, trashed.json()["code"]) == (409, "draft_closed")


def test_a_form_has_one_open_draft_for_each_subject(ada: Person, mallory: Person) -> None:
    first = begin(ada, "form", {"form": "gig", "data.title": "Harbour"})
    again = begin(ada, "form", {"form": "gig", "data.title": "Other"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    about = begin(ada, "form", {"form": "gig", "subject": SUBJECT.upper()})
    other_form = begin(ada, "form", {"form": "campaign"})
    others = begin(mallory, "form", {"form": "gig"})
    assert [answer.status_code for answer in (about, other_form, others)] == [201, 201, 201]
    assert begin(ada, "form", {"form": "gig", "subject": SUBJECT}).json()["id"] == about.json()["id"]
    assert about.json()["fields"]["subject"] == SUBJECT
    ids = {answer.json()["id"] for answer in (first, about, other_form, others)}
    assert len(ids) == 4


def test_discarding_a_form_makes_room_for_a_fresh_one(ada: Person) -> None:
    first = begin(ada, "form", {"form": "gig", "data.title": "Old"}).json()
    ada.delete(f"/api/drafts/{first['id']}")
    fresh = begin(ada, "form", {"form": "gig"})
    assert (fresh.status_code, fresh.json()["id"] != first["id"]) == (201, True)
    blocked = ada.post(f"/api/drafts/{first['id']}/recover")
    assert (blocked.status_code, blocked.json()["code"]) == (409, "already_exists")
    assert ada.get(f"/api/drafts/{first['id']}").json()["fields"]["data.title"] == "Old"
    ada.delete(f"/api/drafts/{fresh.json()['id']}")
    back = ada.post(f"/api/drafts/{first['id']}/recover").json()
    assert (back["status"], back["title"]) == ("open", "Old")


def test_two_devices_that_start_a_form_at_once_get_the_same_draft(ada: Person) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(begin(ada, "form", {"form": "gig"}))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_prose_in_a_form_merges_by_words_and_values_open_conflicts(ada: Person) -> None:
    draft = begin(ada, "form", {"form": "gig", "text.description": "A quiet evening", "data.amount": 10}).json()
    edit(
        ada,
        draft["id"],
        1,
        draft["seq"],
        {"field": "text.description", "changes": [2, [5, "loud"], 8]},
        {"field": "data.amount", "set": 20},
    )
    second = edit(
        ada, draft["id"], 1, draft["seq"],
        {"field": "text.description", "changes": [15, [0, " by the sea"]]}, {"field": "data.amount", "set": 30},
        replica="phone",
    )  # fmt: skip
    [conflict] = second.json()["conflicts"]
    assert (conflict["field"], conflict["base"], conflict["theirs"], conflict["mine"]) == ("data.amount", 10, 20, 30)
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    assert now["fields"]["text.description"] == "A loud evening by the sea"
    assert now["words"] == 6


def test_a_text_nobody_wrote_in_yet_takes_its_first_words(ada: Person) -> None:
    draft = begin(ada, "form", {"form": "gig"}).json()
    assert edit(ada, draft["id"], 1, 1, {"field": "text.description", "changes": [[0, "First"]]}).status_code == 200
    assert (
        edit(ada, draft["id"], 1, 1, {"field": "text.requirements", "replace": "Hall"}, replica="b").status_code == 200
    )
    fields = ada.get(f"/api/drafts/{draft['id']}").json()["fields"]
    assert (fields["text.description"], fields["text.requirements"]) == ("First", "Hall")


@pytest.mark.parametrize("field", ["form", "form_version", "subject", "required"])
def test_what_a_form_is_about_is_fixed(ada: Person, field: str) -> None:
    draft = begin(ada, "form", {"form": "gig"}).json()
    refused = edit(ada, draft["id"], 1, 1, {"field": field, "set": "campaign"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_a_form_without_a_name_is_refused(ada: Person) -> None:
    refused = begin(ada, "form", {"data.title": "x"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "form")


def test_the_logs_of_all_kinds_verify_and_rebuild(world: World, ada: Person) -> None:
    kept = [report(ada), report(ada, "feature_request")]
    form = begin(ada, "form", {"form": "gig", "text.description": "Words here", "data.looking_for": ["model"]}).json()
    edit(
        ada,
        form["id"],
        1,
        1,
        {"field": "text.description", "changes": [5, [0, "go "], 5]},
        {"field": "current_step", "set": "details"},
    )
    handed_in, trashed = report(ada), begin(ada, "form", {"form": "campaign", "data.title": "T"}).json()
    ada.post(f"/api/drafts/{handed_in['id']}/submit")
    ada.delete(f"/api/drafts/{trashed['id']}")
    before = {draft["id"]: ada.get(f"/api/drafts/{draft['id']}").json() for draft in (*kept, form, handed_in, trashed)}
    db = stored(world)
    try:
        with db.transaction() as session:
            assert verify(session).problems == []
            for table in ("modal_drafts", "form_drafts", "submissions"):
                session.connection().execute(text(f"DELETE FROM {table}"))
        with db.transaction() as session:
            codes = sorted(problem.code for problem in verify(session).problems)
            assert codes == ["projection", "projection", "projection", "submission"]
            assert rebuild(session) == 5
        with db.transaction() as session:
            assert verify(session).problems == []
    finally:
        db.engine.dispose()
    assert {id_: ada.get(f"/api/drafts/{id_}").json() for id_ in before} == before
