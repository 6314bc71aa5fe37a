"""Groups of people: what they cost together, what they may cost together, and that rows keep the group of their day."""

import asyncio
from typing import Any

import pytest

from app.store.finance.proof import rebuild_sums
from providers.base import ModelInfo
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_budgets import USAGE, begin, ended, estimated, limit
from tests.api.test_costs import book, opened, rows, wrong
from tests.conftest import Person, World


@pytest.fixture
def scripted() -> ScriptedProvider:
    return ScriptedProvider(id="mill", offered=(ModelInfo("m-1", "M 1", 100_000, 1_000),))


@pytest.fixture
def boss(world: World) -> Person:
    found = world.person("boss", "admin")
    price = {"provider": "mill", "model": "m-1", "since": "2026-01-01", "input_usd": "1", "output_usd": "100"}
    assert found.post("/api/prices", price).status_code == 201
    return found


def group(boss: Person, name: str, *people: Person) -> str:
    answer = boss.post("/api/costs/groups", {"name": name})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    for person in people:
        put(boss, person, made)
    return made


def put(boss: Person, person: Person, group_id: str | None, **more: Any) -> dict[str, Any]:
    answer = boss.put(f"/api/costs/groups/people/{person.id}", {"group_id": group_id} | more)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def test_rows_are_booked_to_the_group_of_their_day_and_stay_there(
    world: World, ada: Person, mallory: Person, boss: Person
) -> None:
    book(world, ada)
    press = group(boss, "Press", ada, mallory)
    book(world, ada, amount_nano=2_000_000)
    book(world, mallory, amount_nano=3_000_000)
    assert rows(boss, group_by="group") == [(press, "Press", "0.005"), (None, "No group", "0.001")]
    assert rows(boss, group_by="user", group_id=press) == [(mallory.id, "Mallory", "0.003"), (ada.id, "Ada", "0.002")]
    world.clock.turn(days=1)
    lab = group(boss, "Lab", ada)
    book(world, ada, "2026-03-03T12:00:00Z", amount_nano=4_000_000)
    assert rows(boss, group_by="group") == [
        (press, "Press", "0.005"), (lab, "Lab", "0.004"), (None, "No group", "0.001"),
    ]  # fmt: skip
    assert boss.patch(f"/api/costs/groups/{lab}", {"name": "Laboratory"}).json()["people"] == 1
    assert boss.delete(f"/api/costs/groups/{press}").status_code == 204
    assert rows(boss, group_by="group")[:2] == [(press, "A deleted group", "0.005"), (lab, "Laboratory", "0.004")]
    assert {row["group_id"] for row in boss.get("/api/ledger").json()["items"]} == {None, press, lab}
    assert wrong(world) == []


def test_a_group_can_begin_on_a_later_day(world: World, ada: Person, boss: Person) -> None:
    press = group(boss, "Press")
    planned = put(boss, ada, press, since="2026-03-04")
    assert (planned["group_id"], planned["next"]) == (None, [{"since": "2026-03-04", "group_id": press}])
    book(world, ada, "2026-03-03T23:59:59Z")
    book(world, ada, "2026-03-04T00:00:00Z")
    assert {row[0] for row in rows(boss, group_by="group")} == {None, press}
    assert rows(boss, group_id=press) == [("2026-03-04", "2026-03-04", "0.001")]
    assert put(boss, ada, None)["next"] == []
    past = boss.put(f"/api/costs/groups/people/{ada.id}", {"group_id": press, "since": "2026-03-01"})
    assert (past.status_code, past.json()["errors"][0]["field"]) == (422, "since")


def test_a_late_price_is_booked_to_the_group_of_the_attempt(world: World, ada: Person, boss: Person) -> None:
    press = group(boss, "Press", ada)
    book(world, ada, provider="mill", model="m-2", amount_nano=None, status="unknown")
    put(boss, ada, None)
    price = {"provider": "mill", "model": "m-2", "since": "2026-01-01", "input_usd": "10", "output_usd": "0"}
    assert boss.post("/api/prices", price).json()["adjusted"] == 1
    assert rows(boss, group_by="group") == [(press, "Press", "0.001")]
    assert wrong(world) == []


def test_a_groups_budget_is_reserved_settled_warned_of_and_refused(
    world: World, ada: Person, mallory: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    press = group(boss, "Press", ada, mallory)
    limit(boss, scope="group", group_id=press, hard_usd="0.12")
    draft, other = ada.draft("x"), mallory.draft("y")
    gate = asyncio.Event()
    scripted.enqueue(Reply("Well, yes.", usage=USAGE, gate=gate))
    turn = begin(ada, draft)
    [running] = ada.get("/api/budgets").json()["items"]
    assert (running["label"], running["spent_usd"]) == ("Group Press", "0")
    assert float(running["reserved_usd"]) > 0.1
    refused = begin(mallory, other)
    assert (refused.status_code, refused.json()["scope"]) == (402, "group")
    assert "your group" in refused.json()["detail"]
    world.client.blocking_portal.call(gate.set)
    assert ended(ada, turn)["state"] == "done"
    [settled] = mallory.get("/api/budgets").json()["items"]
    assert (settled["spent_usd"], settled["reserved_usd"]) == ("0.011", "0")
    assert estimated(mallory, other)["state"] == "ok"
    monthly = limit(boss, scope="group", period="month", group_id=press, soft_usd="0.01")
    assert monthly["spent_usd"] == "0.011"
    assert estimated(mallory, other)["state"] == "warning"
    put(boss, mallory, None)
    assert mallory.get("/api/budgets").json()["items"] == []
    scripted.enqueue(Reply("Yes.", usage=USAGE), Reply("Yes.", usage=USAGE))
    assert ended(mallory, begin(mallory, other))["state"] == "done"
    assert boss.delete(f"/api/costs/groups/{press}").status_code == 204
    assert boss.get("/api/budgets").json()["items"] == []
    assert wrong(world) == []


@pytest.mark.parametrize(
    "path, body, status",
    [
        ("/api/costs/groups", {"name": " "}, 422),
        ("/api/costs/groups", {"name": "x" * 101}, 422),
        ("/api/costs/groups", {"name": "pRESS"}, 409),
        ("/api/budgets", {"scope": "group", "period": "day", "hard_usd": "1"}, 422),
        ("/api/budgets", {"scope": "group", "period": "day", "hard_usd": "1", "group_id": "{nobody}"}, 422),
        ("/api/budgets", {"scope": "user", "period": "day", "hard_usd": "1", "group_id": "{nobody}"}, 422),
    ],
)
def test_a_group_that_cannot_be_is_refused(boss: Person, path: str, body: dict[str, Any], status: int) -> None:
    group(boss, "Press")
    filled = {name: value.replace("{nobody}", boss.id) for name, value in body.items()}
    assert boss.post(path, filled).status_code == status


def test_groups_are_set_by_administrators_and_read_by_finance(world: World, ada: Person, boss: Person) -> None:
    press = group(boss, "Press", ada)
    eve = world.person("eve", "finance")
    listed = eve.get("/api/costs/groups").json()
    assert [(item["name"], item["people"]) for item in listed["items"]] == [("Press", 1)]
    assert {person["label"]: person["group_id"] for person in listed["people"]}["Ada"] == press
    for person in (ada, eve):
        assert person.post("/api/costs/groups", {"name": "Mine"}).status_code == 403
        assert person.put(f"/api/costs/groups/people/{ada.id}", {"group_id": None}).status_code == 403
    assert boss.put(f"/api/costs/groups/people/{press}", {"group_id": None}).status_code == 404
    assert boss.put(f"/api/costs/groups/people/{ada.id}", {"group_id": ada.id}).status_code == 422
    assert boss.delete(f"/api/costs/groups/{ada.id}").status_code == 404
    assert "Press" in eve.get("/costs", headers={"Accept": "text/html"}).text


def test_sums_written_anew_are_those_that_were_kept(world: World, ada: Person, boss: Person) -> None:
    group(boss, "Press", ada)
    for person in (ada, boss, None):
        book(world, person)
        book(world, person, "2026-02-27T12:00:00Z", amount_nano=None, status="unknown", model="other")
    before = [rows(boss, group_by=name) for name in ("day", "user", "group", "model")]
    db = opened(world)
    with db.transaction() as session:
        rebuild_sums(session)
    db.engine.dispose()
    assert [rows(boss, group_by=name) for name in ("day", "user", "group", "model")] == before
    book(world, ada)
    assert wrong(world) == []
