"""Prices with dates and tiers, the queue of what has none, and adjustments that follow a late price."""

from datetime import date, timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from providers.base import ModelInfo, Usage
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_costs import MARCH, book, opened, rows, wrong
from tests.conftest import Person, World

PRICE = {"provider": "mill", "model": "m-*", "since": "2026-03-01", "input_usd": "2", "output_usd": "10"}
ABOVE = {"above_input_tokens": 1000, "input_usd": "4", "output_usd": "20"}
FLEX = {"above_input_tokens": 0, "service_tier": "flex", "input_usd": "1", "output_usd": "5", "cache_read_usd": "0.1"}
SEARCH = {"tool": "web_search_requests", "usd_per_1000": "10"}


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("boss", "admin")


@pytest.fixture
def scripted() -> ScriptedProvider:
    """A provider that bills: what it costs is not known beforehand."""
    return ScriptedProvider(id="mill", offered=(ModelInfo("m-1", "M 1", 100_000, 8_000),))


def asked(
    person: Person, scripted: ScriptedProvider, usage: Usage, model: str = "", mode: str = "ask"
) -> dict[str, Any]:
    draft = person.draft()
    scripted.enqueue(Reply("Whales sing.", usage=usage, model=model))
    turn = person.post(f"/api/drafts/{draft['id']}/turns", {"mode": mode, "prompt": "x", "provider": "mill"}).json()
    person.get(f"/api/turns/{turn['id']}/events")
    return turn


def test_a_late_price_reaches_message_version_conversation_and_report(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    turn = asked(ada, scripted, Usage(input_tokens=1000, output_tokens=500), mode="write")
    assert ada.get(f"/api/turns/{turn['id']}").json()["cost_usd"] is None
    assert ada.get("/api/costs").json()["total"]["cost_usd"] is None
    [waiting] = boss.get("/api/costs/unpriced").json()["items"]
    assert (waiting["provider"], waiting["model"], waiting["attempts"], waiting["tokens"]) == ("mill", "m-1", 1, 1500)
    [before] = ada.get("/api/ledger").json()["items"]
    world.clock.turn(days=1)
    added = boss.post("/api/prices", PRICE)
    assert added.status_code == 201, added.text
    assert (added.json()["adjusted"], added.json()["adjusted_usd"]) == (1, "0.007")
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert (view["cost_usd"], view["usage"]["status"], view["attempts"]) == ("0.007", "reported", 1)
    conversation = ada.get(f"/api/conversations/{turn['conversation_id']}").json()
    assert (conversation["total_cost_usd"], conversation["unpriced"]) == ("0.007", 0)
    version = ada.get(f"/api/versions/{view['version']['id']}").json()
    assert version["cost_usd"] == "0.007"
    total = ada.get("/api/costs").json()["total"]
    assert (total["cost_usd"], total["unpriced"], total["attempts"], total["adjustments"]) == ("0.007", 0, 1, 1)
    assert ada.get("/api/costs", params=MARCH).json()["rows"][0]["key"] == "2026-03-02"
    ledger = ada.get("/api/ledger").json()["items"]
    assert before in ledger
    assert sorted(row["outcome"] for row in ledger) == ["adjustment", "done"]
    assert boss.get("/api/costs/unpriced").json()["items"] == []
    assert wrong(world) == []


def test_a_price_holds_from_its_day_and_is_not_given_twice(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    for at in ("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"):
        book(world, ada, at, provider="mill", model="m-1", amount_nano=None, status="unknown", input_tokens=10**6)
    assert boss.post("/api/prices", PRICE).json()["adjusted"] == 1
    assert boss.post("/api/prices", PRICE | {"model": "m-1"}).json()["adjusted"] == 0
    assert rows(ada, **{"from": "2026-02-01"}) == [
        ("2026-02-28", "2026-02-28", None), ("2026-03-01", "2026-03-01", "2.0001"),
    ]  # fmt: skip
    assert boss.post("/api/prices", PRICE | {"since": "2026-01-01"}).json()["adjusted"] == 1
    assert wrong(world) == []


def test_from_its_price_on_a_model_is_priced_at_once_also_renamed_in_the_answer(
    ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    boss.post("/api/prices", PRICE | {"tiers": [{"above_input_tokens": 1000, "input_usd": "4", "output_usd": "20"}]})
    for usage, model, cost in (
        (Usage(input_tokens=1000, output_tokens=100), "", "0.003"),
        (Usage(input_tokens=900, cache_read_tokens=101, output_tokens=100), "m-1-2026-11-01", "0.006004"),
        (Usage(input_tokens=1000, output_tokens=100), "another", "0.003"),
    ):
        turn = asked(ada, scripted, usage, model)
        assert ada.get(f"/api/turns/{turn['id']}").json()["cost_usd"] == cost
    listed = {item["id"]: item for item in ada.get("/api/providers").json()["items"]}
    assert listed["mill"]["models"][0]["input_usd_per_million"] == "2"


def test_service_tiers_and_tools_are_priced_at_once(ada: Person, boss: Person, scripted: ScriptedProvider) -> None:
    added = boss.post("/api/prices", PRICE | {"tiers": [ABOVE, FLEX], "tool_fees": [SEARCH]})
    assert added.status_code == 201, added.text
    [kept] = boss.get("/api/prices").json()["items"]
    assert kept["tiers"] == [ABOVE, FLEX]
    assert kept["tool_fees"] == [SEARCH]
    for tier, requests, cost in (
        ("", {}, "0.003"), ("flex", {}, "0.0015"), ("default", {"web_search_requests": 3}, "0.033"),
        ("flex", {"web_search_requests": 1, "teleports": 1}, None),
    ):  # fmt: skip
        turn = asked(ada, scripted, Usage(input_tokens=1000, output_tokens=100, service_tier=tier, requests=requests))
        assert ada.get(f"/api/turns/{turn['id']}").json()["cost_usd"] == cost
    served = [row["service_tier"] for row in ada.get("/api/ledger").json()["items"]]
    assert sorted(served, key=str) == [None, "default", "flex", "flex"]


def test_a_late_price_knows_the_tier_and_the_tools_of_a_row(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    usages = (
        Usage(input_tokens=1000, output_tokens=100, service_tier="flex", requests={"web_search_requests": 2}),
        Usage(input_tokens=1000, output_tokens=100),
        Usage(input_tokens=1000, service_tier="priority", raw={"service_tier": "priority"}),
    )
    turns = [asked(ada, scripted, usage)["id"] for usage in usages]
    # As rows were booked before they kept the tier.
    book(world, ada, provider="mill", model="m-1", amount_nano=None, status="unknown", input_tokens=10**6,
         output_tokens=0, raw_usage={"service_tier": "flex"})  # fmt: skip
    without = boss.post("/api/prices", PRICE | {"tiers": [FLEX]}).json()
    assert (without["adjusted"], without["adjusted_usd"]) == (3, "1.005")
    assert ada.get(f"/api/turns/{turns[0]}").json()["cost_usd"] is None
    boss.delete(f"/api/prices/{without['items'][0]['id']}")
    with_fees = boss.post("/api/prices", PRICE | {"tiers": [FLEX], "tool_fees": [SEARCH]}).json()
    assert (with_fees["adjusted"], with_fees["adjusted_usd"]) == (1, "0.0215")
    costs = [ada.get(f"/api/turns/{turn}").json()["cost_usd"] for turn in turns]
    assert costs == ["0.0215", "0.003", "0.002"]
    adjustments = [row for row in ada.get("/api/ledger").json()["items"] if row["outcome"] == "adjustment"]
    assert sorted(str(row["service_tier"]) for row in adjustments) == ["None", "None", "flex", "priority"]
    assert wrong(world) == []


def test_a_late_price_is_each_models_own_inside_an_answer(
    world: World, ada: Person, boss: Person, scripted: ScriptedProvider
) -> None:
    raw = {
        "iterations": [
            {"type": "message", "input_tokens": 1000, "output_tokens": 100},
            {"type": "advisor_message", "model": "big", "input_tokens": 3000, "output_tokens": 500},
            {"type": "compaction", "input_tokens": 400, "output_tokens": 20},
        ]
    }
    parts = (("big", Usage(input_tokens=3000, output_tokens=500)), ("m-1", Usage(input_tokens=400, output_tokens=20)))
    usage = Usage(input_tokens=1000, output_tokens=100, parts=parts, raw=raw)
    turn = asked(ada, scripted, usage)["id"]
    crazy = {"iterations": [{"type": "advisor_message", "model": "big", "input_tokens": 10**15}]}
    for strange in (crazy, {"iterations": [{"type": "advisor_message", "input_tokens": 10**6}]}, {"iterations": "x"}):
        book(world, ada, provider="mill", model="m-1", amount_nano=None, status="unknown", input_tokens=1000,
             output_tokens=0, raw_usage=strange)  # fmt: skip
    assert boss.get("/api/costs/unpriced").json()["items"][0]["waits_for"] == []
    without = boss.post("/api/prices", PRICE).json()
    assert (without["adjusted"], without["adjusted_usd"]) == (3, "0.006")
    assert ada.get(f"/api/turns/{turn}").json()["cost_usd"] is None
    [waiting] = boss.get("/api/costs/unpriced").json()["items"]
    assert (waiting["model"], waiting["attempts"], waiting["waits_for"]) == ("m-1", 1, ["big"])
    page = boss.get("/costs", headers={"Accept": "text/html"}).text
    assert "its answers used big, whose price is missing" in page
    assert 'data-price-model="big"' in page
    big = {"provider": "mill", "model": "big", "since": "2026-03-01", "input_usd": "20", "output_usd": "100"}
    late = boss.post("/api/prices", big).json()
    # 1,400 and 120 tokens of the one at 2 and 10 dollars a million, 3,000 and 500 of the other at 20 and 100.
    assert (late["adjusted"], late["adjusted_usd"]) == (1, "0.114")
    at_once = asked(ada, scripted, usage)["id"]
    costs = [ada.get(f"/api/turns/{each}").json()["cost_usd"] for each in (turn, at_once)]
    assert costs == ["0.114", "0.114"]
    assert wrong(world) == []


def test_impossible_usage_is_no_report(ada: Person, boss: Person, scripted: ScriptedProvider, world: World) -> None:
    boss.post("/api/prices", PRICE)
    for usage in (
        Usage(input_tokens=-5, output_tokens=1, raw={"in": -5}),
        Usage(input_tokens=10**15, output_tokens=1, raw={"in": 10**15}),
        None,
    ):
        asked(ada, scripted, usage)  # type: ignore[arg-type]
    for row in ada.get("/api/ledger").json()["items"]:
        assert row["status"] == "estimated"
        assert 0 < row["input_tokens"] < 5_000
    total = ada.get("/api/costs").json()["total"]
    assert (total["estimated"], total["unpriced"]) == (3, 0)
    assert wrong(world) == []


def test_gaps_and_models_nobody_offers_are_told(boss: Person) -> None:
    assert boss.post("/api/prices", PRICE | {"model": "m-1", "until": "2026-04-01"}).json()["warnings"] == []
    later = boss.post("/api/prices", PRICE | {"model": "m-1", "since": "2026-05-01"}).json()
    assert ["2026-04-01" in text and "2026-05-01" in text for text in later["warnings"]] == [True]
    stray = boss.post("/api/prices", PRICE | {"provider": "nobody"}).json()
    assert any("nobody" in text for text in stray["warnings"])


@pytest.mark.parametrize(
    "change, field",
    [
        ({"input_usd": "-1"}, "input_usd"),
        ({"input_usd": "NaN"}, "input_usd"),
        ({"output_usd": "cheap"}, "output_usd"),
        ({"output_usd": "0.0000000001"}, "output_usd"),
        ({"since": "March"}, "since"),
        ({"until": "2026-03-01"}, "until"),
        ({"model": " "}, "model"),
        ({"tiers": [{"above_input_tokens": 0, "input_usd": "1", "output_usd": "1"}]}, "tiers.0.above_input_tokens"),
        ({"tiers": [ABOVE, ABOVE]}, "tiers.1.above_input_tokens"),
        ({"tiers": [ABOVE, FLEX | {"above_input_tokens": 5}]}, "tiers.1.above_input_tokens"),
        ({"tiers": [FLEX, FLEX | {"service_tier": "Flex"}]}, "tiers.1.above_input_tokens"),
        ({"tiers": [FLEX | {"service_tier": "two words"}]}, "tiers.0.service_tier"),
        ({"tiers": [FLEX | {"service_tier": "standard"}]}, "tiers.0.service_tier"),
        ({"tiers": [ABOVE, FLEX | {"input_usd": "a lot"}]}, "tiers.1.input_usd"),
        ({"tiers": [ABOVE | {"above_input_tokens": number} for number in range(1, 12)]}, "tiers"),
        ({"tool_fees": [SEARCH, SEARCH]}, "tool_fees.1.tool"),
        ({"tool_fees": [SEARCH | {"tool": "web search"}]}, "tool_fees.0.tool"),
        ({"tool_fees": [SEARCH | {"usd_per_1000": "-1"}]}, "tool_fees.0.usd_per_1000"),
        ({"tool_fees": [SEARCH | {"usd_per_1000": "0.0000001"}]}, "tool_fees.0.usd_per_1000"),
        ({"tool_fees": [SEARCH | {"tool": f"tool_{number}"} for number in range(21)]}, "tool_fees"),
    ],
)
def test_a_price_that_cannot_be_is_refused_with_its_field(boss: Person, change: dict[str, Any], field: str) -> None:
    answer = boss.post("/api/prices", PRICE | change)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert boss.get("/api/prices").json()["items"] == []


def test_one_price_a_day(boss: Person) -> None:
    price = boss.post("/api/prices", PRICE).json()["items"][0]
    again = boss.post("/api/prices", PRICE)
    assert (again.status_code, again.json()["code"]) == (409, "price_exists")
    assert boss.delete(f"/api/prices/{price['id']}").status_code == 204
    assert boss.delete(f"/api/prices/{price['id']}").status_code == 404
    assert boss.post("/api/prices", PRICE).status_code == 201


def test_prices_travel_as_csv_all_or_none(boss: Person) -> None:
    boss.post("/api/prices", PRICE | {"cache_read_usd": "0.2"})
    [price] = boss.get("/api/prices").json()["items"]
    table = boss.get("/api/prices.csv").text
    boss.delete(f"/api/prices/{price['id']}")
    broken = boss.post("/api/prices/import", {"csv": table + "mill,m-2,2026-01-01,,1,free,,,\r\n"})
    assert (broken.status_code, boss.get("/api/prices").json()["items"]) == (422, [])
    assert "Line 3, output_usd" in broken.json()["detail"]
    for unreadable in ("", "provider,model\r\n", 'provider,"', table.splitlines()[0]):
        assert boss.post("/api/prices/import", {"csv": unreadable}).status_code == 422
    assert boss.post("/api/prices/import", {"csv": table}).status_code == 201
    [again] = boss.get("/api/prices").json()["items"]
    assert price | {"id": ""} == again | {"id": ""}


def test_tiers_and_tool_fees_travel_as_csv(boss: Person) -> None:
    longer = ABOVE | {"service_tier": "flex", "cache_write_1h_usd": "0.000000001"}
    full = PRICE | {"tiers": [ABOVE, FLEX, longer], "tool_fees": [SEARCH, {"tool": "x.y", "usd_per_1000": "0"}]}
    price = boss.post("/api/prices", full).json()["items"][0]
    table = boss.get("/api/prices.csv").text
    head, line = table.splitlines()
    assert head == (
        "provider,model,since,until,input_usd,output_usd,cache_read_usd,cache_write_5m_usd,cache_write_1h_usd,tiers,tool_fees"
    )
    assert line.endswith(
        '"above 1000: input 4, output 20; flex: input 1, output 5, cache_read 0.1; '
        'flex above 1000: input 4, output 20, cache_write_1h 0.000000001",web_search_requests 10; x.y 0'
    )
    boss.delete(f"/api/prices/{price['id']}")
    assert boss.post("/api/prices/import", {"csv": table}).status_code == 201
    [again] = boss.get("/api/prices").json()["items"]
    assert price | {"id": ""} == again | {"id": ""}
    boss.delete(f"/api/prices/{again['id']}")
    older = "provider,model,since,input_usd,output_usd\r\nmill,m-1,2026-01-01,1,2\r\n"
    [plain] = boss.post("/api/prices/import", {"csv": older}).json()["items"]
    assert (plain["tiers"], plain["tool_fees"]) == ([], [])


@pytest.mark.parametrize(
    "cell, told",
    [
        ("above 1000 input 4 output 20", "tiers"), ("flex: input 1", "tiers"), ("flex: input 1, output", "tiers"),
        ("flex: input 1, output 2, output 3", "tiers"), ("a b: input 1, output 2", "tiers"),
        (f"above {'9' * 5000}: input 1, output 2", "tiers"), ("above x: input 1, output 2", "tiers"),
        ("above 0: input 1, output 2", "tiers.0.above_input_tokens"), ("flex: input 1, output -2", "tiers.0.output_usd"),
        ("flex: input 1, output 2, teleport 3", "tiers"),
    ],
)  # fmt: skip
def test_a_cell_that_is_no_tier_is_refused_with_its_line(boss: Person, cell: str, told: str) -> None:
    table = f'provider,model,since,input_usd,output_usd,tiers\r\nmill,m-1,2026-01-01,1,2,"{cell}"\r\n'
    answer = boss.post("/api/prices/import", {"csv": table})
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith(f"Line 2, {told}: ")
    assert boss.get("/api/prices").json()["items"] == []


def test_prices_are_an_administrators_and_the_queue_is_finances(world: World, ada: Person) -> None:
    eve = world.person("eve", "finance")
    assert eve.get("/api/costs/unpriced").status_code == 200
    assert eve.get("/api/prices").json()["code"] == "administrator_only"
    assert ada.get("/api/costs/unpriced").json()["code"] == "finance_only"


def test_prices_outlive_a_restart(world: World, boss: Person) -> None:
    from app.services.finance.price_lists import override_of
    from app.store.finance.prices import list_prices

    boss.post("/api/prices", PRICE)
    db = opened(world)
    with db.transaction() as session:
        [override] = [override_of(row) for row in list_prices(session)]
    db.engine.dispose()
    first = date(2026, 3, 1)
    assert override.applies("mill", "m-1", first)
    assert not override.applies("mill", "m-1", first - timedelta(days=1))


def test_a_price_set_in_one_worker_reaches_the_others(world: World, scripted: ScriptedProvider) -> None:
    boss = world.person("boss", "admin")
    own = {"provider": "mill", "model": "m-1", "since": "2026-01-01", "input_usd": "7", "output_usd": "9"}
    mill = ScriptedProvider(id="mill")
    other = application(furnish(world.settings, clock=world.clock, extra_providers=(mill,), price_check_seconds=0.01))
    with TestClient(other) as second:

        def overrides() -> list[str]:
            prices = second.get("/api/prices", headers=boss.headers).json()["items"]
            known = other.state.catalogue.overrides
            return [price["id"] for price in prices] if len(known) == len(prices) else ["not yet"]

        assert overrides() == []
        made = boss.post("/api/prices", own).json()["items"][0]["id"]
        for _ in range(1000):  # each asks the other worker once; it looks about every hundredth of a second
            if overrides() == [made]:
                break
        assert overrides() == [made]
        assert str(other.state.catalogue.overrides[0].input_usd) == "7"
        boss.delete(f"/api/prices/{made}")
        for _ in range(1000):
            if other.state.catalogue.overrides == ():
                break
            second.get("/health")
        assert other.state.catalogue.overrides == ()
