"""The assistant helps with a message of a goal conversation: it suggests, from what the person sees, and sends nothing."""

import asyncio
from typing import Any

import pytest

from providers.base import ModelInfo, Usage
from providers.errors import BrokenStream
from providers.scripted import Reply, ScriptedProvider
from tests.api.goals import Lesson, begin_lesson
from tests.api.test_expiry import sweep, words_of_everything
from tests.api.test_expiry_kinds import require_sound
from tests.api.test_turns import follow, start, text_of, wait_for_text
from tests.conftest import Person, TurnableClock, World

USAGE = Usage(input_tokens=1000, output_tokens=100)


@pytest.fixture
def scripted() -> ScriptedProvider:
    return ScriptedProvider(id="mill", offered=(ModelInfo("m-1", "M 1", 100_000, 1_000),))


@pytest.fixture
def lesson(world: World) -> Lesson:
    return begin_lesson(world)


def begun(lesson: Lesson, person: Person, content: str = "", **values: Any) -> dict[str, Any]:
    return lesson.say(person, content, is_draft=True, **values)


def asked(person: Person, draft: dict[str, Any], mode: str = "ask", **more: Any) -> Any:
    return person.post(
        f"/api/drafts/{draft['id']}/turns", {"mode": mode, "prompt": "Draft a reply", "provider": "mill", **more}
    )


def content_of(person: Person, draft: dict[str, Any]) -> str:
    content: str = person.get(f"/api/drafts/{draft['id']}").json()["fields"]["content"]
    return content


def test_a_reply_is_suggested_from_what_the_person_sees(lesson: Lesson, scripted: ScriptedProvider) -> None:
    question = lesson.say(lesson.student, "How slow should bar twelve be?")
    gone = lesson.say(lesson.student, "A word I regret")
    assert lesson.student.delete(f"/api/messages/{gone['id']}").status_code in (200, 204)
    begun(lesson, lesson.student, "A secret thought of the student")
    draft = begun(lesson, lesson.instructor, "Half tempo", reply_to_id=question["id"])
    scripted.enqueue(Reply("Half the tempo, please.", usage=USAGE))
    turn = start(lesson.instructor, draft, "ask", "Friendlier", provider="mill")
    events = follow(lesson.instructor, turn)
    assert (text_of(events), events[-1][1]) == ("Half the tempo, please.", "done")
    sent = scripted.requests[0].messages[-1].text
    for shown in ("Play the nocturne", "How slow should bar twelve be?", "Half tempo", "Friendlier"):
        assert shown in sent
    assert "secret thought" not in sent
    assert "regret" not in sent
    assert content_of(lesson.instructor, draft) == "Half tempo"
    assert "Half the tempo" not in str(lesson.seen_by(lesson.student))
    [row] = lesson.instructor.get("/api/ledger", params={"draft_id": draft["id"]}).json()["items"]
    assert (row["turn_id"], row["output_tokens"]) == (turn["id"], 100)


def test_the_offline_demo_frames_an_answer_and_tightens_what_there_is(lesson: Lesson) -> None:
    lesson.say(lesson.student, "I practised. How slow should bar twelve be?")

    def suggested(draft: dict[str, Any], prompt: str) -> str:
        turn = start(lesson.instructor, draft, "ask", prompt, provider="offline")
        return text_of(follow(lesson.instructor, turn))

    empty = begun(lesson, lesson.instructor)
    assert suggested(empty, "Draft a reply to what was said last.").startswith("> How slow should bar twelve be?\n\n")
    assert lesson.instructor.delete(f"/api/messages/{empty['id']}").status_code in (200, 204)
    wordy = begun(lesson, lesson.instructor, "It is very important to really count.")
    tightened = suggested(wordy, "Tighten the draft: fewer words, the same meaning, my voice.")
    assert "very" not in tightened
    assert "count" in tightened


def test_an_action_tightens_the_draft_and_is_estimated_before(lesson: Lesson, scripted: ScriptedProvider) -> None:
    draft = begun(lesson, lesson.student, "I practised and practised a lot.")
    order = {"mode": "ask", "action": {"id": "tighten"}, "prompt": "", "provider": "mill"}
    estimate = lesson.student.post(f"/api/drafts/{draft['id']}/turns/estimate", order)
    assert estimate.status_code == 200
    assert estimate.json()["input_tokens"] > 0
    scripted.enqueue(Reply("I practised a lot."))
    turn = start(lesson.student, draft, "ask", "", provider="mill", action={"id": "tighten"})
    assert text_of(follow(lesson.student, turn)) == "I practised a lot."
    assert "Tighten the text" in scripted.requests[0].messages[-1].text


def test_the_oldest_messages_give_way_to_the_token_budget(lesson: Lesson, scripted: ScriptedProvider) -> None:
    lesson.say(lesson.student, "The very first words")
    for number in range(3):
        lesson.say(lesson.student, f"Day {number}: " + "bar by bar " * 8_000)
    lesson.say(lesson.student, "The very last words")
    scripted.enqueue(Reply("Good."))
    follow(lesson.instructor, start(lesson.instructor, begun(lesson, lesson.instructor), "ask", provider="mill"))
    sent = scripted.requests[0].messages[-1].text
    assert "The very last words" in sent
    assert "The very first words" not in sent


def test_stopping_keeps_what_came_and_counts_it(world: World, lesson: Lesson, scripted: ScriptedProvider) -> None:
    draft = begun(lesson, lesson.student)
    scripted.enqueue(Reply(("Dear ", "teacher ", "never"), gate=asyncio.Event(), gate_at=2, usage=None))
    turn = start(lesson.student, draft, "ask", provider="mill")
    wait_for_text(lesson.student, turn, "Dear teacher ")
    assert asked(lesson.student, draft).json()["code"] == "turn_running"
    assert lesson.student.post(f"/api/turns/{turn['id']}/stop").status_code == 202
    view = lesson.student.get(f"/api/turns/{turn['id']}").json()
    assert (view["state"], view["text"]) == ("stopped", "Dear teacher ")
    assert view["usage"]["output_tokens"] > 0
    assert content_of(lesson.student, draft) == ""


def test_a_broken_stream_tells_its_error_and_is_in_the_ledger(lesson: Lesson, scripted: ScriptedProvider) -> None:
    draft = begun(lesson, lesson.student)
    scripted.enqueue(Reply(("Dear ", "teacher"), error=BrokenStream("cut"), error_after=1))
    turn = start(lesson.student, draft, "ask", provider="mill")
    events = follow(lesson.student, turn)
    assert (text_of(events), events[-1][1]) == ("Dear ", "failed")
    rows = lesson.student.get("/api/ledger", params={"turn_id": turn["id"]}).json()["items"]
    assert [row["outcome"] for row in rows] == ["failed"]


def test_a_budget_refuses_before_anything_is_asked(world: World, lesson: Lesson, scripted: ScriptedProvider) -> None:
    boss = world.person("boss", "admin")
    price = {"provider": "mill", "model": "m-1", "since": "2026-01-01", "input_usd": "1", "output_usd": "100"}
    assert boss.post("/api/prices", price).status_code == 201
    limit = {"scope": "user", "period": "day", "user_id": lesson.student.id, "hard_usd": "0.01"}
    assert boss.post("/api/budgets", limit).status_code == 201
    assert asked(lesson.student, begun(lesson, lesson.student)).status_code == 402
    assert scripted.requests == []


def test_only_who_writes_the_message_may_ask_and_only_for_words(world: World, lesson: Lesson) -> None:
    draft = begun(lesson, lesson.student, "Mine")
    for other in (lesson.instructor, world.person("eve", "student"), world.person("boss", "admin")):
        assert asked(other, draft).status_code == 404
    for mode in ("write", "edit"):
        assert asked(lesson.student, draft, mode).status_code == 422
    assert asked(lesson.student, draft, selection=[0, 1]).status_code == 422
    sent = lesson.say(lesson.student, "Sent")
    assert asked(lesson.student, sent).json()["code"] == "draft_closed"


def test_who_left_the_conversation_is_a_stranger_to_it(world: World, lesson: Lesson) -> None:
    draft = begun(lesson, lesson.instructor)
    admin, ida = world.person("boss", "admin"), world.person("ida", "instructor")
    assert admin.patch(lesson.path, {"instructor_id": ida.id}).status_code == 200
    assert asked(lesson.instructor, draft).status_code == 404


def test_an_archived_conversation_takes_no_more_replies(lesson: Lesson) -> None:
    draft = begun(lesson, lesson.student)
    assert lesson.instructor.patch(lesson.path, {"status": "archived"}).status_code == 200
    assert asked(lesson.student, draft).json()["code"] == "conversation_archived"


def test_what_was_asked_stays_hidden_from_the_other_and_costs_the_one_who_asked(
    world: World, lesson: Lesson, scripted: ScriptedProvider
) -> None:
    boss = world.person("boss", "admin")
    price = {"provider": "mill", "model": "m-1", "since": "2026-01-01", "input_usd": "1", "output_usd": "10"}
    assert boss.post("/api/prices", price).status_code == 201
    draft = begun(lesson, lesson.student, "Zanzibar")
    scripted.enqueue(Reply("Zanzibar it is.", usage=USAGE))
    turn = start(lesson.student, draft, "ask", "Zanzibar?", provider="mill")
    follow(lesson.student, turn)
    before = lesson.student.get(f"/api/drafts/{draft['id']}").json()
    assert (before["fields"]["content"], before["seq"]) == ("Zanzibar", 1)
    period = {"group_by": "conversation"}
    [row] = lesson.student.get("/api/costs", params=period).json()["rows"]
    assert (row["key"], row["cost_usd"]) == (turn["conversation_id"], "0.002")
    for sent in (False, True):
        if sent:
            assert lesson.student.patch(f"/api/messages/{draft['id']}", {"is_draft": False}).status_code == 200
        for other in (lesson.instructor, world.person(f"eve{sent:d}", "student"), boss):
            for path in (
                f"/api/turns/{turn['id']}",
                f"/api/turns/{turn['id']}/events",
                f"/api/conversations/{turn['conversation_id']}",
                f"/api/drafts/{draft['id']}/conversations",
            ):
                assert other.get(path).status_code == 404, path
            assert other.post(f"/api/turns/{turn['id']}/stop").status_code == 404
        assert lesson.instructor.get("/api/ledger").json()["items"] == []
        assert lesson.instructor.get("/api/costs", params=period).json()["rows"] == []
    assert "it is" not in str(lesson.seen_by(lesson.instructor))
    assert lesson.student.get(f"/api/turns/{turn['id']}").json()["text"] == "Zanzibar it is."


def test_a_message_of_which_nothing_is_left_takes_what_was_asked_along(
    world: World, lesson: Lesson, scripted: ScriptedProvider, clock: TurnableClock
) -> None:
    draft = begun(lesson, lesson.student, "Zanzibar")
    scripted.enqueue(Reply("Zanzibar it is.", usage=USAGE))
    follow(lesson.student, start(lesson.student, draft, "ask", "Zanzibar?", provider="mill"))
    for _ in range(2):
        clock.turn(days=31)
        sweep(world)
    assert [name for name, rows in words_of_everything(world).items() if "Zanzibar" in rows] == []
    require_sound(world)
    [entry] = lesson.student.get("/api/ledger").json()["items"]
    assert entry["draft_id"] == draft["id"]


def test_the_chat_of_a_message_is_not_searched(world: World, lesson: Lesson, scripted: ScriptedProvider) -> None:
    scripted.enqueue(Reply("Zanzibar it is."))
    follow(lesson.student, start(lesson.student, begun(lesson, lesson.student), "ask", "Zanzibar?", provider="mill"))
    document = lesson.student.draft("Zanzibar")
    found = lesson.student.get("/api/search", params={"q": "zanzibar"}).json()["items"]
    assert [item["draft_id"] for item in found] == [document["id"]]
