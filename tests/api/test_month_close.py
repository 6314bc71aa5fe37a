"""A closed month stays as it was: the database takes no further row, a late price is booked when it becomes known."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.store import audit
from app.store.upkeep.verify import cost_problems
from tests.api.test_costs import book, opened, rows, wrong
from tests.conftest import Person, World

FEBRUARY = "2026-02-15T12:00:00Z"


@pytest.fixture
def eve(world: World) -> Person:
    return world.person("eve", "finance")


def close(person: Person, month: str = "2026-02", **body: Any) -> Any:
    return person.post(f"/api/costs/months/{month}/close", body)


def test_a_closed_month_takes_no_further_row(world: World, ada: Person, eve: Person) -> None:
    for at in (
        "2026-01-31T23:59:59.999999Z",
        "2026-02-01T00:00:00Z",
        "2026-02-28T23:59:59.999999Z",
        "2026-03-01T00:00:00Z",
    ):
        book(world, ada, at)
    closed = close(eve)
    assert closed.status_code == 201, closed.text
    assert (closed.json()["totals"]["cost_usd"], closed.json()["totals"]["attempts"]) == ("0.002", 2)
    assert len(closed.json()["rows_hash"]) == 64
    for at in ("2026-02-01T00:00:00Z", "2026-02-28T23:59:59.999999Z", "2026-03-01T00:30:00+01:00"):
        with pytest.raises(DBAPIError, match="closed"):
            book(world, ada, at)
    for at in ("2026-01-31T23:59:59.999999Z", "2026-03-01T00:00:00Z"):
        book(world, ada, at)
    assert rows(ada, group_by="month", **{"from": "2026-02-01", "to": "2026-02-28"}) == [
        ("2026-02", "2026-02", "0.002")
    ]
    assert wrong(world) == []


@pytest.mark.parametrize(
    "month, code", [("2026-03", "month_open"), ("2026-04", "month_open"), ("2999-12", "month_open")]
)
def test_a_month_that_is_not_over_cannot_be_closed(eve: Person, month: str, code: str) -> None:
    refused = close(eve, month)
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert close(eve, "March").status_code == 422


def test_closing_twice_and_reopening_without_a_reason_are_refused(world: World, eve: Person) -> None:
    assert close(eve).status_code == 201
    assert close(eve).json()["code"] == "month_closed"
    assert eve.post("/api/costs/months/2026-01/reopen", {"reason": "nothing there"}).status_code == 404
    for reason in ("", "  "):
        assert eve.post("/api/costs/months/2026-02/reopen", {"reason": reason}).status_code == 422
    reopened = eve.post("/api/costs/months/2026-02/reopen", {"reason": "a bill came late"})
    assert (reopened.status_code, reopened.json()["reason"]) == (200, "a bill came late")
    book(world, None, FEBRUARY)
    assert close(eve).status_code == 201
    listed = eve.get("/api/costs/months").json()["items"]
    assert sorted((item["month"], item["reopened_at"] is None) for item in listed) == [
        ("2026-02", False), ("2026-02", True),
    ]  # fmt: skip
    db = opened(world)
    with db.transaction() as session:
        told = [(entry.action, entry.details.get("reason")) for entry in audit.list_entries(session).items]
    db.engine.dispose()
    assert told == [("month.closed", None), ("month.reopened", "a bill came late"), ("month.closed", None)]


def test_a_late_price_of_a_closed_month_is_booked_when_it_becomes_known(world: World, ada: Person, eve: Person) -> None:
    boss = world.person("boss", "admin")
    book(world, ada, FEBRUARY, provider="mill", model="m", amount_nano=None, status="unknown", input_tokens=10**6)
    refused = close(eve)
    assert (refused.json()["code"], refused.json()["unpriced"]) == ("month_unpriced", 1)
    before = close(eve, accept_unpriced=True).json()
    price = {"provider": "mill", "model": "m", "since": "2026-01-01", "input_usd": "2", "output_usd": "0"}
    assert boss.post("/api/prices", price).json()["adjusted"] == 1
    assert rows(eve, group_by="month", **{"from": "2026-02-01"}) == [
        ("2026-02", "2026-02", None),
        ("2026-03", "2026-03", "2"),
    ]
    total = eve.get("/api/costs", params={"from": "2026-02-01"}).json()["total"]
    assert (total["cost_usd"], total["unpriced"]) == ("2", 0)
    assert wrong(world) == []
    assert eve.get("/api/costs/months").json()["items"] == [before]


def test_the_database_keeps_closings_and_verify_finds_a_changed_month(world: World, ada: Person, eve: Person) -> None:
    book(world, ada, FEBRUARY)
    close(eve)
    db = opened(world)
    for change in ("UPDATE month_closings SET totals = '{}'", "DELETE FROM month_closings"):
        with pytest.raises(DBAPIError), db.transaction() as session:
            session.execute(text(change))
    with db.transaction() as session:
        switch_off = ["DROP TRIGGER ledger_entries_update"]
        if db.dialect == "postgresql":
            switch_off = ["ALTER TABLE ledger_entries DISABLE TRIGGER USER"]
        for statement in switch_off:
            session.execute(text(statement))
        session.execute(text("UPDATE ledger_entries SET cost_centre = 'elsewhere'"))
        found = {problem.code for problem in cost_problems(session)}
    db.engine.dispose()
    assert "closed_month" in found


def test_only_finance_closes(ada: Person) -> None:
    assert close(ada).status_code == 403
    assert ada.get("/api/costs/months").status_code == 403
