"""Expiry of the kinds beside documents: their own rows, what others see of them, and what stands beside them."""

from typing import Any

import pytest

from app.services.expiry import Swept
from app.store.db import Database
from app.store.upkeep.verify import rebuild, verify
from tests.api.goals import Lesson, begin_lesson
from tests.api.test_expiry import of, sweep, words_of_everything
from tests.conftest import Person, TurnableClock, World

FIELDS: dict[str, dict[str, Any]] = {
    "bug_report": {"title": "Zanzibar", "description": "Zanzibar"},
    "feature_request": {"title": "Zanzibar", "description": "Zanzibar"},
    "form": {"form": "gig", "data.title": "Zanzibar"},
}


@pytest.fixture
def lesson(world: World) -> Lesson:
    return begin_lesson(world)


def begin(person: Person, kind: str) -> dict[str, Any]:
    draft: dict[str, Any] = person.post("/api/drafts", {"kind": kind, "fields": FIELDS[kind]}).json()
    return draft


def require_sound(world: World) -> None:
    db = Database.open(world.settings.database, migrate_schema=False)
    try:
        with db.transaction() as session:
            assert verify(session).problems == []
            rebuild(session)
            assert verify(session).ok
    finally:
        db.engine.dispose()


@pytest.mark.parametrize("kind", FIELDS)
def test_a_draft_of_any_kind_expires_comes_back_and_is_erased_in_the_end(
    world: World, ada: Person, clock: TurnableClock, kind: str
) -> None:
    draft = begin(ada, kind)
    clock.turn(days=31)
    assert sweep(world) == Swept(expired=1, erased=0)
    assert of(ada, draft).json()["status"] == "discarded"
    require_sound(world)
    back = ada.post(f"/api/drafts/{draft['id']}/recover")
    assert (back.status_code, back.json()["status"], back.json()["fields"]) == (200, "open", draft["fields"])
    clock.turn(days=31)
    sweep(world)
    clock.turn(days=31)
    assert sweep(world) == Swept(expired=0, erased=1)
    assert of(ada, draft).status_code == 404
    assert [name for name, rows in words_of_everything(world).items() if "Zanzibar" in rows] == []
    require_sound(world)


def test_an_expired_form_leaves_its_place_and_does_not_take_it_back(
    world: World, ada: Person, clock: TurnableClock
) -> None:
    first = begin(ada, "form")
    clock.turn(days=31)
    sweep(world)
    second = ada.post("/api/drafts", {"kind": "form", "fields": FIELDS["form"]})
    assert (second.status_code, second.json()["id"] != first["id"]) == (201, True)
    refused = ada.post(f"/api/drafts/{first['id']}/recover")
    assert refused.status_code == 409
    assert of(ada, first).json()["status"] == "discarded"
    clock.turn(days=20)
    ada.post(f"/api/drafts/{second.json()['id']}/keep")
    clock.turn(days=11)
    assert sweep(world) == Swept(expired=0, erased=1)
    assert of(ada, second.json()).json()["fields"]["data.title"] == "Zanzibar"
    require_sound(world)


@pytest.mark.parametrize("kind", ["bug_report", "feature_request"])
def test_what_was_submitted_stays(world: World, ada: Person, clock: TurnableClock, kind: str) -> None:
    draft = begin(ada, kind)
    assert ada.post(f"/api/drafts/{draft['id']}/submit").status_code == 200
    clock.turn(days=100)
    assert sweep(world) == Swept(0, 0)
    assert ada.get(f"/api/submissions/{draft['id']}").json()["title"] == "Zanzibar"
    require_sound(world)


def test_sent_messages_never_expire_and_unsent_ones_leave_no_trace(
    world: World, lesson: Lesson, clock: TurnableClock
) -> None:
    root = lesson.say(lesson.student, "Root")
    lesson.say(lesson.instructor, "Answer", reply_to_id=root["id"])
    taken = lesson.say(lesson.student, "Taken back")
    lesson.say(lesson.instructor, "Answer to what was taken back", reply_to_id=taken["id"])
    lesson.student.delete(f"/api/messages/{taken['id']}")
    unsent = lesson.say(lesson.student, "Zanzibar", is_draft=True, reply_to_id=root["id"])
    before = lesson.seen_by(lesson.instructor)
    clock.turn(days=31)
    assert sweep(world) == Swept(expired=1, erased=0)
    assert lesson.student.post(f"/api/drafts/{unsent['id']}/recover").status_code == 200
    clock.turn(days=31)
    sweep(world)
    clock.turn(days=31)
    assert sweep(world) == Swept(expired=0, erased=1)
    after = lesson.seen_by(lesson.instructor)
    assert [(row["id"], row["content"]) for row in after["messages"]] == [
        (row["id"], row["content"]) for row in before["messages"]
    ]
    assert [name for name, rows in words_of_everything(world).items() if "Zanzibar" in rows] == []
    require_sound(world)
