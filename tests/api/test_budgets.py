"""Budgets: reserved before, settled after, warned at 80 %, refused at the limit; nothing overspends them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from providers.base import ModelInfo, Usage
from providers.errors import AuthenticationFailed
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_costs import opened, wrong
from tests.conftest import Person, World

USAGE = Usage(input_tokens=1000, output_tokens=100)
"""Costs 0.011 USD at the prices below; a turn may produce 1,000 tokens, so that the most it can cost is above 0.1."""


@pytest.fixture
def scripted() -> ScriptedProvider:
    return ScriptedProvider(id="mill", offered=(ModelInfo("m-1", "M 1", 100_000, 1_000),))


@pytest.fixture
def boss(world: World) -> Person:
    found = world.person("boss", "admin")
    price = {"provider": "mill", "model": "m-1", "since": "2026-01-01", "input_usd": "1", "output_usd": "100"}
    assert found.post("/api/prices", price).status_code == 201
    return found


def limit(boss: Person, **budget: Any) -> dict[str, Any]:
    answer = boss.post("/api/budgets", {"scope": "installation", "period": "day"} | budget)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def begin(person: Person, draft: dict[str, Any], **order: Any) -> Any:
    body = {"mode": "ask", "prompt": "x", "provider": "mill"} | order
    return person.post(f"/api/drafts/{draft['id']}/turns", body)


def ended(person: Person, turn: Any) -> dict[str, Any]:
    assert turn.status_code == 202, turn.text
    person.get(f"/api/turns/{turn.json()['id']}/events")
    view: dict[str, Any] = person.get(f"/api/turns/{turn.json()['id']}").json()
    return view


def estimated(person: Person, draft: dict[str, Any], **order: Any) -> Any:
    body = {"mode": "ask", "prompt": "x", "provider": "mill"} | order
    return person.post(f"/api/drafts/{draft['id']}/turns/estimate", body).json()["budget"]


def test_a_turn_reserves_the_most_it_can_cost_and_is_settled_at_what_it_did(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    limit(boss, scope="user", user_id=ada.id, hard_usd="1")
    draft = ada.draft("x")
    gate = asyncio.Event()
    scripted.enqueue(Reply("Well, yes.", usage=USAGE, gate=gate))
    turn = begin(ada, draft)
    [running] = ada.get("/api/budgets").json()["items"]
    assert running["spent_usd"] == "0"
    assert 0.1 < float(running["reserved_usd"]) < 0.11
    world.client.blocking_portal.call(gate.set)
    assert ended(ada, turn)["cost_usd"] == "0.011"
    [settled] = ada.get("/api/budgets").json()["items"]
    assert (settled["spent_usd"], settled["reserved_usd"], settled["left_usd"]) == ("0.011", "0", "0.989")
    assert (settled["label"], settled["resets_at"]) == ("Ada", "2026-03-03T00:00:00Z")


def test_the_hard_limit_refuses_with_reason_whom_to_ask_and_when_it_starts_anew(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    limit(boss, period="month", hard_usd="0.11")
    draft = ada.draft("x")
    scripted.enqueue(Reply("a", usage=USAGE), Reply("b", usage=USAGE))
    assert ended(ada, begin(ada, draft))["state"] == "done"
    refused = begin(ada, draft)
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["reason"]) == (402, "budget_reached", "limit")
    assert (problem["limit_usd"], problem["spent_usd"], problem["resets_at"]) == (
        "0.11",
        "0.011",
        "2026-04-01T00:00:00Z",
    )
    assert problem["ask"] == ["Boss"]
    assert "Boss" in problem["detail"]
    assert estimated(ada, draft)["state"] == "reached"
    assert ada.get(f"/api/drafts/{draft['id']}").json()["running_turn_id"] is None
    world.clock.turn(days=30)
    assert ended(ada, begin(ada, draft))["state"] == "done"
    assert wrong(world) == []


@pytest.mark.parametrize("scope", ["user", "conversation"])
def test_a_budget_binds_its_own_subject_only(
    world: World, ada: Person, mallory: Person, boss: Person, scripted: ScriptedProvider, scope: str
) -> None:
    draft, other = ada.draft("x"), mallory.draft("y")
    scripted.enqueue(*[Reply("a", usage=USAGE)] * 3)
    first = begin(ada, draft)
    conversation = first.json()["conversation_id"]
    ended(ada, first)
    subject = {"user_id": ada.id} if scope == "user" else {"conversation_id": conversation}
    limit(boss, scope=scope, hard_usd="0.011", **subject)
    assert begin(ada, draft, conversation_id=conversation).status_code == 402
    assert ended(mallory, begin(mallory, other))["state"] == "done"
    if scope == "conversation":
        assert ended(ada, begin(ada, draft))["state"] == "done"


def test_eighty_percent_and_the_soft_limit_warn(ada: Person, boss: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("x")
    assert estimated(ada, draft) is None
    hard = limit(boss, hard_usd="0.2")
    assert estimated(ada, draft)["state"] == "ok"
    boss.delete(f"/api/budgets/{hard['id']}")
    limit(boss, soft_usd="0.0001")
    scripted.enqueue(Reply("a", usage=USAGE))
    note = estimated(ada, draft)
    assert (note["state"], note["limit_usd"]) == ("warning", "0.0001")
    assert ended(ada, begin(ada, draft))["state"] == "done"
    limit(boss, period="month", hard_usd="0.12")
    assert estimated(ada, draft)["state"] == "warning"


def test_fifty_at_once_do_not_overspend(world: World, boss: Person, scripted: ScriptedProvider) -> None:
    budget = limit(boss, hard_usd="1")
    gate = asyncio.Event()
    scripted.enqueue(*[Reply("Well, yes.", usage=USAGE, gate=gate)] * 50)
    people = [world.person(f"writer{number}") for number in range(50)]
    drafts = [person.draft("x") for person in people]
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(begin, people, drafts))
    assert {answer.status_code for answer in answers} == {202, 402}
    begun = [(person, answer) for person, answer in zip(people, answers, strict=True) if answer.status_code == 202]
    # The most one can cost is a little above 0.1: nine fit.
    assert len(begun) == 9
    [state] = boss.get("/api/budgets").json()["items"]
    assert float(state["reserved_usd"]) <= 1
    world.client.blocking_portal.call(gate.set)
    for person, answer in begun:
        ended(person, answer)
    [state] = boss.get("/api/budgets").json()["items"]
    assert (state["id"], state["reserved_usd"], state["spent_usd"]) == (budget["id"], "0", "0.099")
    assert wrong(world) == []


def test_a_failed_or_deleted_turn_gives_its_reservation_back(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    limit(boss, hard_usd="0.11")
    scripted.enqueue(Reply(error=AuthenticationFailed("no", provider="mill")))
    draft = ada.draft("x")
    assert ended(ada, begin(ada, draft))["state"] == "failed"
    [state] = boss.get("/api/budgets").json()["items"]
    assert (state["reserved_usd"], state["spent_usd"]) == ("0", "0")
    gate = asyncio.Event()
    scripted.enqueue(Reply("Well, yes.", usage=USAGE, gate=gate))
    turn = begin(ada, draft)
    ada.post(f"/api/turns/{turn.json()['id']}/stop")
    [state] = boss.get("/api/budgets").json()["items"]
    assert state["reserved_usd"] == "0"
    assert float(state["spent_usd"]) > 0


def test_what_a_killed_process_reserved_is_released_when_its_turn_is_recovered(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    from app.services.assistant.recovery import recover_turn
    from providers.tokens import TokenCounter

    limit(boss, hard_usd="0.11")
    gate = asyncio.Event()
    scripted.enqueue(Reply("Well, yes.", usage=USAGE, gate=gate))
    turn = begin(ada, ada.draft("x")).json()
    import uuid

    db = opened(world)
    with db.transaction() as session:
        assert recover_turn(session, uuid.UUID(turn["id"]), counter=TokenCounter(), most_dropped=0.3, at=world.clock())
    with db.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM budget_reservations")).scalar() == 0
    db.engine.dispose()


def test_an_unknown_price_is_refused_where_a_hard_limit_holds(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    limit(boss, hard_usd="5")
    draft = ada.draft("x")
    refused = begin(ada, draft, model="m-unheard-of")
    assert (refused.status_code, refused.json()["reason"]) == (402, "price_unknown")
    assert estimated(ada, draft, model="m-unheard-of")["reason"] == "price_unknown"
    assert begin(ada, draft, provider="offline").status_code == 202


@pytest.mark.parametrize(
    "change, field",
    [
        ({}, "hard_usd"),
        ({"hard_usd": "-1"}, "hard_usd"),
        ({"hard_usd": "lots"}, "hard_usd"),
        ({"hard_usd": "1", "soft_usd": "2"}, "soft_usd"),
        ({"hard_usd": "1", "scope": "user"}, "user_id"),
        ({"hard_usd": "1", "scope": "user", "user_id": "01a1f84a-c6fb-7b87-833f-9ee2981ada57"}, "user_id"),
        ({"hard_usd": "1", "conversation_id": "01a1f84a-c6fb-7b87-833f-9ee2981ada57"}, "conversation_id"),
        ({"hard_usd": "1", "scope": "conversation"}, "conversation_id"),
    ],
)
def test_a_budget_that_cannot_be_is_refused_with_its_field(boss: Person, change: dict[str, Any], field: str) -> None:
    answer = boss.post("/api/budgets", {"scope": "installation", "period": "day"} | change)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_one_budget_of_a_kind_and_only_administrators_set_it(world: World, ada: Person, boss: Person) -> None:
    limit(boss, hard_usd="1")
    again = boss.post("/api/budgets", {"scope": "installation", "period": "day", "hard_usd": "2"})
    assert (again.status_code, again.json()["code"]) == (409, "budget_exists")
    assert ada.get("/api/budgets").json()["items"] == []
    assert [item["label"] for item in world.person("eve", "finance").get("/api/budgets").json()["items"]] == [
        "Everybody"
    ]
    assert ada.delete(f"/api/budgets/{boss.get('/api/budgets').json()['items'][0]['id']}").status_code == 403


def test_only_administrators_are_shown_where_a_chats_budget_is_set(world: World, ada: Person) -> None:
    boss = world.person("boss", "admin")
    for person, shown in ((ada, False), (boss, True)):
        page = person.get(f"/drafts/{person.draft('x')['id']}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert ("chat-budget-set" in page.text) is shown
