"""A second currency: rates with a day and a source, reports that show it exactly, closed months that keep their rate."""

from typing import Any

import pytest

from tests.api.test_costs import MARCH, book
from tests.conftest import Person, World

EUR = {"currency": "eur", "rate": "0.923456789", "day": "2026-03-01", "source": "European Central Bank"}


@pytest.fixture
def boss(world: World) -> Person:
    return world.person("boss", "admin")


def test_a_report_shows_amounts_by_the_newest_rate_that_is_not_after_it(
    world: World, ada: Person, boss: Person
) -> None:
    for rate, day in (("0.923456789", "2026-03-01"), ("0.5", "2026-02-28")):
        assert boss.post("/api/costs/rates", EUR | {"rate": rate, "day": day}).status_code == 201
    book(world, ada, amount_nano=1_000_000_001)
    book(world, ada, "2026-02-10T12:00:00Z", amount_nano=None, status="unknown")
    report = ada.get("/api/costs", params=MARCH | {"currency": "EUR"}).json()
    assert report["conversion"] == {
        "currency": "EUR", "rate": "0.923456789", "day": "2026-03-01", "source": "European Central Bank",
        "cost": "0.92345679",
    }  # fmt: skip
    assert report["rows"][0]["cost_converted"] == "0.92345679"
    february = {"from": "2026-02-01", "to": "2026-02-28", "currency": "EUR"}
    report = ada.get("/api/costs", params=february).json()
    assert (report["conversion"]["rate"], report["total"]["cost_converted"]) == ("0.5", None)
    table = ada.get("/api/costs.csv", params=MARCH | {"currency": "eur"}).text.splitlines()
    assert table[0].endswith(",cost_eur")
    assert table[-1].endswith(",0.92345679")
    plain = ada.get("/api/costs", params=MARCH).json()
    assert (plain["conversion"], plain["rows"][0]["cost_converted"]) == (None, None)
    page = ada.get("/costs", params=MARCH | {"currency": "EUR"}, headers={"Accept": "text/html"}).text
    assert "at 0.923456789 of 2026-03-01 (European Central Bank)" in page


def test_a_closed_month_keeps_its_rate(world: World, ada: Person, boss: Person) -> None:
    book(world, ada, "2026-02-10T12:00:00Z", amount_nano=2_000_000_000)
    rate = boss.post("/api/costs/rates", EUR | {"day": "2026-02-27", "rate": "0.9"}).json()
    boss.post("/api/costs/rates", EUR | {"day": "2026-03-01", "rate": "0.1"})
    kept = {"currency": "EUR", "rate": "0.9", "day": "2026-02-27", "source": EUR["source"], "cost": "1.8"}
    assert boss.post("/api/costs/months/2026-02/close", {}).json()["totals"]["rates"] == [kept]
    assert boss.delete(f"/api/costs/rates/{rate['id']}").status_code == 204
    assert boss.get("/api/costs/months").json()["items"][0]["totals"]["rates"] == [kept]


@pytest.mark.parametrize(
    "change, field",
    [
        ({"currency": "USD"}, "currency"), ({"currency": "EURO"}, "currency"), ({"rate": "0"}, "rate"),
        ({"rate": "-1"}, "rate"), ({"rate": "NaN"}, "rate"), ({"rate": "0.0000000001"}, "rate"),
        ({"day": "2026-03-03"}, "day"), ({"day": "soon"}, "day"), ({"source": " "}, "source"),
    ],
)  # fmt: skip
def test_a_rate_that_cannot_be_is_refused_with_its_field(boss: Person, change: dict[str, Any], field: str) -> None:
    answer = boss.post("/api/costs/rates", EUR | change)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, [field])


def test_rates_are_set_by_administrators_once_a_day(world: World, ada: Person, boss: Person) -> None:
    assert boss.post("/api/costs/rates", EUR).status_code == 201
    again = boss.post("/api/costs/rates", EUR | {"rate": "1"})
    assert (again.status_code, again.json()["code"]) == (409, "rate_exists")
    eve = world.person("eve", "finance")
    assert [item["currency"] for item in eve.get("/api/costs/rates").json()["items"]] == ["EUR"]
    assert eve.post("/api/costs/rates", EUR | {"day": "2026-02-01"}).status_code == 403
    for currency in ("CHF", "USD", "xx"):
        refused = ada.get("/api/costs", params={"currency": currency})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "currency")
    assert boss.delete(f"/api/costs/rates/{ada.id}").status_code == 404
