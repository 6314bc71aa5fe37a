"""Conversations while they are open: hints, typing, presence, receipts; who is out hears nothing from that moment on."""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from litestar.exceptions import WebSocketDisconnect

from app.services.goals.goals import Goals
from tests.api.goals import Lesson, begin_lesson
from tests.conftest import Person, World


@pytest.fixture
def lesson(world: World) -> Lesson:
    return begin_lesson(world)


class Page:
    """An open page's socket. `hear` gives the next thing it is told, but for presence."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    def say(self, **signal: Any) -> None:
        self.socket.send_json(signal)

    def hear(self, *, presence: bool = False) -> dict[str, Any]:
        while True:
            hint: dict[str, Any] = self.socket.receive_json()
            if presence or "presence" not in hint:
                return hint

    def is_quiet(self) -> bool:
        """Whether nothing waits to be heard: a malformed signal is answered at once, and after all that waits."""
        self.socket.send_text("{")
        return self.hear() == {"error": {"code": "malformed"}}


@pytest.fixture
def opened(world: World) -> Iterator[Any]:
    with ExitStack() as sockets:

        def open_page(person: Person, *conversations: str) -> Page:
            page = Page(sockets.enter_context(world.client.websocket_connect("/api/live", headers=person.headers)))
            if conversations:
                page.say(subscribe=list(conversations))
            return page

        yield open_page


def entered(opened: Any, person: Person, lesson: Lesson) -> Page:
    page: Page = opened(person, lesson.id)
    assert page.hear()["conversation"] == lesson.id
    return page


def test_a_message_reaches_the_other_page_as_a_hint_without_words(lesson: Lesson, opened: Any) -> None:
    page = entered(opened, lesson.instructor, lesson)
    said = lesson.say(lesson.student, "Secret words")
    hint = page.hear()
    assert hint == {"conversation": lesson.id, "message": said["id"], "change": "created"}
    lesson.student.patch(f"/api/messages/{said['id']}", {"content": "Other words"})
    assert page.hear()["change"] == "updated"
    lesson.student.delete(f"/api/messages/{said['id']}")
    assert page.hear()["change"] == "deleted"
    assert page.is_quiet()


def test_a_draft_is_silent_until_it_is_published(lesson: Lesson, opened: Any, world: World) -> None:
    page = entered(opened, lesson.instructor, lesson)
    draft = lesson.student.put(f"{lesson.path}/draft", {}).json()
    command = {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "content", "changes": [[0, "Hm"]]}]}
    lesson.student.post(f"/api/drafts/{draft['id']}/commands", command)
    assert page.is_quiet()
    world.clock.turn(minutes=1)
    lesson.student.post(f"/api/drafts/{draft['id']}/submit")
    assert page.hear() == {"conversation": lesson.id, "message": draft["id"], "change": "created"}
    world.clock.turn(minutes=1)
    command |= {"n": 2, "base_seq": 4, "ops": [{"field": "content", "replace": "Hm!"}]}
    assert lesson.student.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200
    assert page.hear()["change"] == "updated"
    page.say(subscribe=[draft["id"]])
    assert page.hear()["error"]["code"] == "not_found"


def test_a_page_says_who_types_at_most_once_a_second_and_only_to_others(lesson: Lesson, opened: Any) -> None:
    student, teacher = entered(opened, lesson.student, lesson), entered(opened, lesson.instructor, lesson)
    for _ in range(5):
        student.say(typing=lesson.id)
    hint = teacher.hear()["typing"]
    assert (hint["conversation"], hint["person"]["name"], hint["seconds"]) == (lesson.id, "Sam", 5)
    assert student.is_quiet()
    assert teacher.is_quiet()


def test_reading_tells_the_others_by_name(lesson: Lesson, opened: Any) -> None:
    lesson.say(lesson.student, "Note")
    student, teacher = entered(opened, lesson.student, lesson), entered(opened, lesson.instructor, lesson)
    teacher.say(seen={"conversation": lesson.id, "position": 1})
    seen = student.hear()["seen"]
    assert (seen["person"]["name"], seen["position"], seen["read_at"]) == ("Ines", 1, "2026-03-02T09:00:00.000Z")
    teacher.hear()
    teacher.say(seen={"conversation": lesson.id, "position": 1})
    assert teacher.is_quiet()
    assert student.is_quiet()
    assert lesson.seen_by(lesson.instructor)["read_position"] == 1


def test_a_page_knows_who_else_is_here(lesson: Lesson, opened: Any) -> None:
    def here(page: Page) -> list[str]:
        while "presence" not in (hint := page.hear(presence=True)):
            pass
        return sorted(person["name"] for person in hint["presence"]["people"])

    student = opened(lesson.student, lesson.id)
    # Who is here and how far the conversation is are told in either order.
    told = {key: value for _ in range(2) for key, value in student.hear(presence=True).items()}
    assert ([person["name"] for person in told["presence"]["people"]], told["conversation"]) == (["Sam"], lesson.id)
    teacher = opened(lesson.instructor, lesson.id)
    assert here(student) == ["Ines", "Sam"]
    teacher.say(unsubscribe=[lesson.id])
    assert here(student) == ["Sam"]
    said = lesson.say(lesson.student, "x")
    assert student.hear() == {"conversation": lesson.id, "message": said["id"], "change": "created"}
    assert teacher.hear()["conversation"] == lesson.id
    assert teacher.is_quiet()


def test_a_stranger_hears_nothing(lesson: Lesson, opened: Any, mallory: Person) -> None:
    page = opened(mallory, lesson.id)
    assert page.hear()["error"]["code"] == "not_found"
    page.say(typing=lesson.id)
    page.say(seen={"conversation": lesson.id, "position": 1})
    assert page.hear()["error"] == {"code": "not_found", "conversation": lesson.id}
    lesson.say(lesson.student, "x")
    assert page.is_quiet()


def test_the_instructor_who_is_replaced_is_out_at_once(lesson: Lesson, opened: Any, world: World) -> None:
    ida = world.person("ida", "instructor")
    student, teacher = entered(opened, lesson.student, lesson), entered(opened, lesson.instructor, lesson)
    assert world.person("root", "admin").patch(lesson.path, {"instructor_id": ida.id}).status_code == 200
    assert teacher.hear() == {"conversation": lesson.id, "gone": True}
    lesson.say(lesson.student, "Between us")
    teacher.say(typing=lesson.id)
    assert teacher.is_quiet()
    assert student.hear() == {"conversation": lesson.id, "change": "conversation"}
    assert student.hear()["change"] == "created"
    teacher.say(subscribe=[lesson.id])
    assert teacher.hear()["error"]["code"] == "not_found"


def test_ones_own_pages_hear_where_a_message_was_begun(lesson: Lesson, opened: Any) -> None:
    phone, laptop = entered(opened, lesson.student, lesson), entered(opened, lesson.student, lesson)
    other = entered(opened, lesson.instructor, lesson)
    root = lesson.say(lesson.instructor, "Which hand?")
    assert phone.hear()["change"] == laptop.hear()["change"] == other.hear()["change"] == "created"
    for reply_to in (None, root["id"]):
        for _ in range(2):
            lesson.student.put(f"{lesson.path}/draft", {"reply_to_id": reply_to})
        told = {"drafted": {"conversation": lesson.id, "reply_to_id": reply_to}}
        assert phone.hear() == laptop.hear() == told
    assert phone.is_quiet()
    assert laptop.is_quiet()
    assert other.is_quiet()


def test_a_message_begun_as_a_draft_of_its_kind_is_told_to_ones_own_pages(lesson: Lesson, opened: Any) -> None:
    phone, other = entered(opened, lesson.student, lesson), entered(opened, lesson.instructor, lesson)
    root = lesson.say(lesson.instructor, "Which hand?")
    assert phone.hear()["change"] == other.hear()["change"] == "created"
    for reply_to, id_ in ((None, None), (root["id"], str(uuid.uuid4()))):
        fields = {"conversation": lesson.id, "reply_to": reply_to, "content": "The left one"}
        made = [lesson.student.post("/api/drafts", {"kind": "message", "fields": fields, "id": id_}) for _ in "ab"]
        assert [answer.status_code for answer in made] == ([201, 201] if id_ is None else [201, 200])
        told = {"drafted": {"conversation": lesson.id, "reply_to_id": reply_to}}
        assert phone.hear() == told
        assert id_ is not None or phone.hear() == told
        assert phone.is_quiet()
    draft = made[0].json()["id"]
    lesson.student.delete(f"/api/drafts/{draft}")
    assert phone.is_quiet()
    assert lesson.student.post(f"/api/drafts/{draft}/recover").status_code == 200
    assert phone.hear() == told
    lesson.student.post(f"/api/drafts/{draft}/submit")
    assert phone.hear()["change"] == other.hear()["change"] == "created"
    lesson.student.post(f"/api/drafts/{draft}/recover")
    assert phone.is_quiet()
    assert other.is_quiet()


def test_what_was_begun_meanwhile_is_in_the_catch_up_of_its_writer_alone(lesson: Lesson) -> None:
    root = lesson.say(lesson.instructor, "Which hand?")
    seq = lesson.seen_by(lesson.student)["seq"]

    def caught_up(person: Person) -> list[tuple[str | None, str]]:
        found = person.get(f"{lesson.path}/changes?after={seq}").json()
        assert (found["items"], found["seq"]) == ([], seq)
        return [(draft["reply_to_id"], draft["content"]) for draft in found["drafts"]]

    assert caught_up(lesson.student) == []
    lesson.student.put(f"{lesson.path}/draft", {"reply_to_id": root["id"]})
    begun = {"content": "Both", "is_draft": True}
    draft = lesson.student.post(f"{lesson.path}/messages", begun).json()
    assert sorted(caught_up(lesson.student), key=str) == [(root["id"], ""), (None, "Both")]
    assert caught_up(lesson.instructor) == []
    lesson.student.delete(f"/api/messages/{draft['id']}")
    assert caught_up(lesson.student) == [(root["id"], "")]


def test_who_is_put_out_while_subscribing_does_not_come_in(
    lesson: Lesson, opened: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ida, root = world.person("ida", "instructor"), world.person("root", "admin")
    read, go_on = threading.Event(), threading.Event()
    joined = Goals.joined

    async def slow_joined(self: Goals, *wanted: Any) -> Any:
        place = await joined(self, *wanted)
        read.set()
        await asyncio.to_thread(go_on.wait, 10)
        return place

    monkeypatch.setattr(Goals, "joined", slow_joined)
    teacher = opened(lesson.instructor, lesson.id)
    assert read.wait(10)
    assert root.patch(lesson.path, {"instructor_id": ida.id}).status_code == 200
    go_on.set()
    assert teacher.hear()["error"]["code"] == "not_found"
    lesson.say(lesson.student, "Between us")
    assert teacher.is_quiet()


def test_whoever_sends_more_than_a_person_could_is_shown_out(lesson: Lesson, opened: Any) -> None:
    page = entered(opened, lesson.student, lesson)

    def flood() -> None:
        for _ in range(200):
            page.say(typing=lesson.id)
        while True:
            page.hear()

    with pytest.raises(WebSocketDisconnect):
        flood()


def test_what_was_missed_is_caught_up(lesson: Lesson, opened: Any) -> None:
    first = lesson.say(lesson.student, "One")
    seq = lesson.seen_by(lesson.instructor)["seq"]
    lesson.say(lesson.student, "Two")
    lesson.student.delete(f"/api/messages/{first['id']}")
    missed = lesson.instructor.get(f"{lesson.path}/changes?after={seq}").json()
    assert [(item["content"], item["deleted_at"] is not None) for item in missed["items"]] == [
        ("Two", False),
        ("", True),
    ]
    assert (missed["seq"], missed["more"]) == (3, False)
