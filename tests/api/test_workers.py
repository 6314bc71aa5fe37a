"""Two workers of one installation, on one PostgreSQL database: what is done at one is known at the other."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from app.services.goals import rooms
from app.settings import Settings
from app.store.engine import notices
from providers.base import ModelInfo
from providers.scripted import Reply, ScriptedProvider
from tests.api.goals import Lesson, begin_lesson
from tests.api.test_turns import follow, start, text_of
from tests.conftest import COUNTER, Person, TurnableClock, World

pytestmark = pytest.mark.parametrize(
    "settings", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def provider() -> ScriptedProvider:
    """One that is not free."""
    return ScriptedProvider(id="mill", offered=(ModelInfo("m-1", "M 1", 100_000, 8_000),))


@pytest.fixture
def scripted() -> ScriptedProvider:
    return provider()


@contextmanager
def worker(settings: Settings, clock: TurnableClock) -> Iterator[World]:
    """A further worker of the same installation."""
    scripted = provider()
    house = furnish(settings, clock=clock, extra_providers=(scripted,), counter=COUNTER)
    with TestClient(application(house), raise_server_exceptions=False) as client:
        yield World(client, clock, scripted, settings)


@pytest.fixture
def other(world: World) -> Iterator[World]:
    """A second worker. Its people are those of the first."""
    with worker(world.settings, world.clock) as second:
        yield second


def at(worker: World, person: Person) -> Person:
    """The same person, whose requests reach this worker."""
    return replace(person, client=worker.client)


class Page:
    """An open page's socket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self._people: set[str] = set()

    def say(self, **signal: Any) -> None:
        self.socket.send_json(signal)

    def hear(self, *what: str) -> dict[str, Any]:
        """The next thing it is told that has one of these names, or the very next but for presence."""
        while True:
            hint: dict[str, Any] = self.socket.receive_json()
            if "presence" in hint:
                self._people = {person["name"] for person in hint["presence"]["people"]}
            if (what and any(name in hint for name in what)) or (not what and "presence" not in hint):
                return hint

    def wait_to_see(self, *names: str) -> None:
        """Until these people are here, and no others."""
        while self._people != set(names):
            self.hear("presence")


@pytest.fixture
def opened() -> Iterator[Any]:
    with ExitStack() as sockets:

        def open_page(worker: World, person: Person, *what: str) -> Page:
            page = Page(sockets.enter_context(worker.client.websocket_connect("/api/live", headers=person.headers)))
            page.say(subscribe=list(what))
            assert page.hear("draft", "conversation", "error").get("error") is None
            return page

        yield open_page


@pytest.fixture
def lesson(world: World) -> Lesson:
    return begin_lesson(world)


def test_a_page_at_another_worker_hears_that_a_draft_moved(
    world: World, other: World, ada: Person, opened: Any
) -> None:
    draft = ada.draft("Whales")
    page = opened(other, ada, draft["id"])
    command = {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "text", "changes": [6, [0, "!"]]}]}
    assert ada.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200
    assert page.hear() == {"draft": draft["id"], "seq": 2}
    seen = at(other, ada).get(f"/api/drafts/{draft['id']}").json()
    assert (seen["seq"], seen["text"]) == (2, "Whales!")


def test_commands_to_one_draft_through_two_workers_keep_everything(world: World, other: World, ada: Person) -> None:
    draft = ada.draft()
    path = f"/api/drafts/{draft['id']}/commands"

    def write(person: Person, replica: str) -> None:
        for n in range(1, 21):
            ops = [{"field": "text", "changes": [[0, f"{replica}{n} "]]}]
            answer = person.post(path, {"replica": replica, "n": n, "base_seq": 1, "ops": ops})
            assert answer.status_code == 200, answer.text

    writers = [
        threading.Thread(target=write, args=(person, name)) for person, name in ((ada, "a"), (at(other, ada), "b"))
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for person in (ada, at(other, ada)):
        seen = person.get(f"/api/drafts/{draft['id']}").json()
        assert seen["seq"] == 41
        assert set(seen["text"].split()) == {f"{name}{n}" for name in "ab" for n in range(1, 21)}


def test_messages_typing_and_receipts_reach_the_other_worker(
    other: World, lesson: Lesson, opened: Any, world: World
) -> None:
    student, teacher = opened(world, lesson.student, lesson.id), opened(other, lesson.instructor, lesson.id)
    said = lesson.say(lesson.student, "Secret words")
    assert teacher.hear("conversation") == {"conversation": lesson.id, "message": said["id"], "change": "created"}
    teacher.say(typing=lesson.id)
    assert student.hear("typing")["typing"]["person"]["id"] == lesson.instructor.id
    teacher.say(seen={"conversation": lesson.id, "position": said["position"]})
    assert student.hear("seen")["seen"]["position"] == said["position"]


def test_a_person_hears_nothing_of_their_own_typing_at_another_worker(
    other: World, lesson: Lesson, opened: Any, world: World
) -> None:
    first, second = opened(world, lesson.student, lesson.id), opened(other, lesson.student, lesson.id)
    teacher = opened(other, lesson.instructor, lesson.id)
    first.say(typing=lesson.id)
    teacher.hear("typing")
    said = lesson.say(lesson.student, "Now")
    assert second.hear("typing", "conversation")["message"] == said["id"]


def test_who_is_here_is_known_at_both_workers(other: World, lesson: Lesson, opened: Any, world: World) -> None:
    student = opened(world, lesson.student, lesson.id)
    student.wait_to_see("Sam")
    teacher = opened(other, lesson.instructor, lesson.id)
    student.wait_to_see("Sam", "Ines")
    teacher.wait_to_see("Sam", "Ines")
    teacher.say(unsubscribe=[lesson.id])
    student.wait_to_see("Sam")


def test_who_came_before_a_worker_began_is_known_there(lesson: Lesson, opened: Any, world: World) -> None:
    opened(world, lesson.student, lesson.id)
    with (
        worker(world.settings, world.clock) as late,
        late.client.websocket_connect("/api/live", headers=lesson.instructor.headers) as socket,
    ):
        page = Page(socket)
        page.say(subscribe=[lesson.id])
        page.wait_to_see("Sam", "Ines")


def test_the_people_of_a_killed_worker_are_gone_after_a_while(
    lesson: Lesson, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_BELIEVED_SECONDS", 0.3)
    monkeypatch.setattr(rooms, "_TELL_EVERY", 0.05)
    said_before_it_was_killed = ["here", [lesson.id, [{"id": lesson.instructor.id, "name": "Ines"}]]]
    with (
        worker(world.settings, world.clock) as second,
        second.client.websocket_connect("/api/live", headers=lesson.student.headers) as socket,
    ):
        page = Page(socket)
        page.say(subscribe=[lesson.id])
        page.wait_to_see("Sam")
        with psycopg.connect(world.settings.database_url or "", autocommit=True) as connection:
            connection.execute(
                "SELECT pg_notify('draftloom', %s)", (json.dumps(["killed", [said_before_it_was_killed]]),)
            )
        page.wait_to_see("Sam", "Ines")
        page.wait_to_see("Sam")


def test_who_must_leave_is_put_out_at_every_worker(other: World, lesson: Lesson, opened: Any, world: World) -> None:
    page = opened(other, lesson.instructor, lesson.id)
    admin = world.person("root", "admin")
    successor = world.person("ida", "instructor")
    answer = admin.patch(lesson.path, {"instructor_id": successor.id})
    assert answer.status_code == 200, answer.text
    assert page.hear("gone") == {"conversation": lesson.id, "gone": True}


def test_a_turn_is_followed_and_stopped_through_another_worker(world: World, other: World, ada: Person) -> None:
    gate = world.client.blocking_portal.call(_event)
    world.scripted.enqueue(Reply(("Whales ", "sing ", "never"), gate=gate, gate_at=2))
    turn = start(ada, ada.draft(), "ask")
    elsewhere = at(other, ada)
    eventually(lambda: elsewhere.get(f"/api/turns/{turn['id']}").json()["text"] == "Whales sing ")
    with ThreadPoolExecutor() as threads:
        followed = threads.submit(follow, elsewhere, turn)
        answer = elsewhere.post(f"/api/turns/{turn['id']}/stop")
        assert (answer.status_code, answer.json()["state"]) == (202, "stopped")
        events = followed.result()
    assert (text_of(events), events[-1][1]) == ("Whales sing ", "stopped")
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert (view["state"], view["text"]) == ("stopped", "Whales sing ")


async def _event() -> asyncio.Event:
    return asyncio.Event()


def test_a_provider_that_was_set_up_is_known_at_every_worker(world: World, other: World) -> None:
    admin = world.person("root", "admin")
    told = at(other, admin)
    assert admin.put("/api/settings/providers/openai", {"api_key": "sk-1"}).status_code == 200

    def known() -> bool:
        listed = told.get("/api/providers").json()["items"]
        return any(item["id"] == "openai" and item["configured"] for item in listed)

    eventually(known)
    assert admin.delete("/api/settings/providers/openai").status_code == 204
    eventually(lambda: not known())


def test_a_price_that_was_set_is_asked_at_every_worker(world: World, other: World) -> None:
    admin = world.person("root", "admin")
    price = {"provider": "mill", "model": "m-1", "since": "2026-01-01", "input_usd": "3", "output_usd": "9"}
    answer = admin.post("/api/prices", price)
    assert answer.status_code in (200, 201), answer.text

    def asked(worker: World) -> list[Any]:
        listed = worker.client.get("/api/providers", headers=admin.headers).json()["items"]
        return [model["input_usd_per_million"] for item in listed if item["id"] == "mill" for model in item["models"]]

    eventually(lambda: asked(other) == asked(world) == ["3"])


def test_a_token_that_was_revoked_is_refused_at_every_worker(world: World, other: World, ada: Person) -> None:
    made = ada.post("/api/tokens", {"name": "laptop"}).json()
    program = replace(at(other, ada), token=made["token"])
    assert program.get("/api/me").status_code == 200  # and now remembered for five seconds of a clock that stands still
    assert ada.delete(f"/api/tokens/{made['id']}").status_code == 204
    eventually(lambda: program.get("/api/me").status_code == 401)


def test_pages_look_again_when_the_connection_was_lost(world: World, other: World, ada: Person, opened: Any) -> None:
    draft = ada.draft("Whales")
    page = opened(other, ada, draft["id"])
    with psycopg.connect(world.settings.database_url or "", autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE '%pg_notify(%')"
        ).fetchall()
    assert len(ended) >= 2
    assert page.hear() == {"resync": True}
    command = {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "text", "changes": [6, [0, "!"]]}]}
    assert ada.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200
    while page.hear() != {"draft": draft["id"], "seq": 2}:
        pass


def test_what_is_too_long_to_be_told_is_looked_up(
    world: World, other: World, ada: Person, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ada.draft("Whales")
    page = opened(other, ada, draft["id"])
    monkeypatch.setattr("app.services.relay.MOST_BYTES", 150)
    assert notices.MOST_BYTES > 150
    ada.delete(f"/api/drafts/{draft['id']}")
    assert page.hear() == {"resync": True}


def eventually(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not become true in 10 s")
