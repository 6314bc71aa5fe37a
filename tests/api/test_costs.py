"""Reports of what models cost: who sees what, grouping, filters, the table, and that sums are those of the rows."""

import csv
import io
import uuid
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import main
from app.services.finance import reports
from app.store import ledger
from app.store.db import Database
from app.store.tables import LedgerEntry
from app.store.upkeep.verify import cost_problems
from providers.base import Usage
from providers.scripted import Reply, ScriptedProvider
from tests.conftest import Person, World

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def opened(world: World) -> Database:
    return Database.open(world.settings.database, migrate_schema=False)


def book(world: World, person: Person | None, at: str = "2026-03-02T12:00:00Z", **values: Any) -> LedgerEntry:
    """A row of the ledger, as a turn's end writes it."""
    given: dict[str, Any] = {
        "at": datetime.fromisoformat(at), "provider": "anthropic", "model": "claude", "outcome": "done",
        "status": "reported", "input_tokens": 100, "output_tokens": 10, "amount_nano": 1_000_000,
        "user_id": uuid.UUID(person.id) if person is not None else None,
    } | values  # fmt: skip
    db = opened(world)
    try:
        with db.transaction() as session:
            return ledger.add_entry(session, LedgerEntry(**given))
    finally:
        db.engine.dispose()


def wrong(world: World) -> list[str]:
    db = opened(world)
    try:
        with db.transaction() as session:
            return [problem.message for problem in cost_problems(session)]
    finally:
        db.engine.dispose()


def rows(person: Person, **query: Any) -> list[tuple[str | None, str, str | None]]:
    answer = person.get("/api/costs", params=MARCH | query)
    assert answer.status_code == 200, answer.text
    return [(row["key"], row["label"], row["cost_usd"]) for row in answer.json()["rows"]]


def test_costs_of_a_turn_are_in_the_report(ada: Person, scripted: ScriptedProvider, world: World) -> None:
    draft = ada.draft("Whales.", title="On whales")
    scripted.enqueue(Reply("Yes.", usage=Usage(input_tokens=7, cache_read_tokens=5, output_tokens=3)))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": "x"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    report = ada.get("/api/costs").json()
    assert (report["from"], report["to"], report["group_by"]) == ("2026-03-01", "2026-03-02", "day")
    [row] = report["rows"]
    assert (row["key"], row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == ("2026-03-02", 7, 5, 3)
    assert (row["cost_usd"], row["unpriced"], row["attempts"]) == ("0", 0, 1)
    assert rows(ada, group_by="draft") == [(draft["id"], "On whales", "0")]
    assert rows(ada, group_by="conversation") == [(turn["conversation_id"], "x", "0")]
    assert wrong(world) == []


def test_every_way_of_grouping_has_the_same_total(world: World, ada: Person) -> None:
    eve = world.person("eve", "finance")
    draft = ada.draft("x")
    for day in ("2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"):
        for person, more in ((ada, {"draft_id": uuid.UUID(draft["id"])}), (eve, {"cost_centre": "R&D"})):
            book(world, person, day, **more)
    book(world, None, "2026-03-15T00:00:00Z", model="gpt", provider="openai", amount_nano=None, status="unknown")
    groups = ("day", "month", "user", "model", "provider", "draft", "version", "conversation", "cost_centre")
    for period, cost, attempts in (
        (MARCH, "0.004", 5),
        ({"from": "2026-02-01", "to": "2026-04-01"}, "0.008", 9),
        ({"from": "2026-02-28", "to": "2026-03-01"}, "0.004", 4),
        ({"from": "2026-03-02", "to": "2026-03-30"}, None, 1),
    ):
        for group_by in groups:
            report = eve.get("/api/costs", params=period | {"group_by": group_by}).json()
            total = report["total"]
            assert (total["cost_usd"], total["attempts"]) == (cost, attempts), (period, group_by)
            assert sum(row["attempts"] for row in report["rows"]) == attempts
            assert total["unpriced"] == (1 if attempts in (5, 9, 1) else 0)
    assert rows(eve, group_by="month", **{"from": "2026-02-01", "to": "2026-04-01"}) == [
        ("2026-02", "2026-02", "0.002"), ("2026-03", "2026-03", "0.004"), ("2026-04", "2026-04", "0.002"),
    ]  # fmt: skip
    assert rows(eve, group_by="model") == [("claude", "claude", "0.004"), ("gpt", "gpt", None)]
    assert rows(eve, group_by="cost_centre") == [(None, "No cost centre", "0.002"), ("R&D", "R&D", "0.002")]
    assert rows(eve, group_by="day", draft_id=draft["id"]) == [
        ("2026-03-01", "2026-03-01", "0.001"), ("2026-03-31", "2026-03-31", "0.001"),
    ]  # fmt: skip


def test_people_see_their_own_costs_and_finance_everybodys(world: World, ada: Person, mallory: Person) -> None:
    eve = world.person("eve", "finance")
    book(world, ada)
    book(world, mallory, amount_nano=2_000_000)
    assert rows(ada, group_by="user") == [(ada.id, "Ada", "0.001")]
    assert rows(ada, group_by="user", user_id=mallory.id) == []
    assert rows(eve, group_by="user") == [(mallory.id, "Mallory", "0.002"), (ada.id, "Ada", "0.001")]
    assert rows(eve, group_by="user", user_id=ada.id) == [(ada.id, "Ada", "0.001")]


def test_finance_sees_no_titles_of_others(world: World, ada: Person, scripted: ScriptedProvider) -> None:
    eve = world.person("eve", "finance")
    draft = ada.draft("Secret words", title="Secret title")
    scripted.enqueue(Reply("Secret answer"))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "write", "prompt": "Secret prompt"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    for group_by in ("draft", "conversation", "version"):
        for path in ("/api/costs", "/api/costs.csv"):
            answer = eve.get(path, params=MARCH | {"group_by": group_by})
            assert "Secret" not in answer.text
            assert answer.text.count("a" if path.endswith("csv") else "key") > 0
    assert rows(eve, group_by="draft") == [(draft["id"], "A draft of Ada", "0")]
    ada.delete(f"/api/drafts/{draft['id']}")
    assert rows(eve, group_by="draft")[0][2] == "0"


def test_the_table_is_the_report_and_runs_no_formula(world: World, ada: Person) -> None:
    book(world, ada, model="=cmd|' /C calc'!A0")
    book(world, ada, model="claude", amount_nano=-5_000_000, outcome="adjustment", adjusts_id=uuid.uuid4())
    answer = ada.get("/api/costs.csv", params=MARCH | {"group_by": "model"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["label"] for line in lines] == ["'=cmd|' /C calc'!A0", "claude", "Total"]
    assert [line["cost_usd"] for line in lines] == ["0.001", "-0.005", "-0.004"]
    assert lines[-1]["key"] == ""


@pytest.mark.parametrize(
    "query, field",
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2026-03-02T10:00:00"}, "from"),
        ({"from": "1026-03-02"}, "from"),
        ({"from": "2000-01-01", "to": "2026-01-01"}, "from"),
        ({"group_by": "colour"}, "group_by"),
        ({"user_id": "me"}, "user_id"),
        ({"model": "a\x00b"}, "model"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_field(ada: Person, query: dict[str, str], field: str) -> None:
    for path in ("/api/costs", "/api/costs.csv"):
        answer = ada.get(path, params=query)
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_days_are_utc_days(world: World, ada: Person) -> None:
    book(world, ada, "2026-03-31T23:30:00-02:00")
    assert rows(ada) == []
    assert rows(ada, **{"from": "2026-04-01", "to": "2026-04-01"})[0][0] == "2026-04-01"
    assert rows(ada, **{"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"})[0][0] == "2026-04-01"
    assert rows(ada, **{"from": "2026-03-31T00:00:00Z", "to": "2026-04-01T00:00:00Z"}) == []


def test_a_wrong_sum_is_found(world: World, ada: Person) -> None:
    book(world, ada)
    command = [["costs", "check"], ["verify"]]
    environment = {
        "DRAFTLOOM_DATA": str(world.settings.data),
        "DRAFTLOOM_DATABASE_URL": world.settings.database_url or "",
    }
    for arguments in command:
        assert CliRunner().invoke(main, arguments, env=environment).exit_code == 0
    db = opened(world)
    with db.transaction() as session:
        session.execute(text("UPDATE cost_sums SET amount_nano = 2 WHERE grain = 'month'"))
    db.engine.dispose()
    assert len(wrong(world)) == 1
    for arguments in command:
        result = CliRunner().invoke(main, arguments, env=environment)
        assert result.exit_code == 1
        assert "cost_sum" in result.output


def test_the_page_shows_what_its_address_asks_for(world: World, ada: Person, mallory: Person) -> None:
    eve = world.person("eve", "finance")
    book(world, ada, model="<b>claude</b>")
    book(world, mallory, amount_nano=None, status="unknown", provider="mill", model="mallorys-model")
    own = ada.get("/costs?group_by=model", headers={"Accept": "text/html"})
    assert own.status_code == 200
    assert "&lt;b&gt;claude&lt;/b&gt;" in own.text
    assert "<b>claude" not in own.text
    assert "mallorys-model" not in own.text
    assert "Mallory" not in own.text
    everybody = eve.get("/costs?group_by=user", headers={"Accept": "text/html"})
    assert "Mallory" in everybody.text
    assert "1 unpriced" in everybody.text or "unpriced</span>" in everybody.text
    assert "/api/costs.csv?from=2026-03-01&amp;to=2026-03-02&amp;group_by=user" in everybody.text
    assert 'id="prices"' not in everybody.text
    assert 'id="prices"' in world.person("boss", "admin").get("/costs", headers={"Accept": "text/html"}).text
    broken = ada.get("/costs?from=nonsense", headers={"Accept": "text/html"})
    assert "This is not a day" in broken.text


def test_a_cost_centre_is_what_attempts_are_booked_to_from_then_on(world: World, ada: Person) -> None:
    eve = world.person("eve", "finance")
    book(world, ada)
    assert eve.put(f"/api/costs/centres/{ada.id}", {"cost_centre": " Press "}).status_code == 200
    book(world, ada)
    assert rows(eve, group_by="cost_centre") == [(None, "No cost centre", "0.001"), ("Press", "Press", "0.001")]
    assert rows(eve, group_by="day", cost_centre="Press")[0][2] == "0.001"
    listed = {item["label"]: item["cost_centre"] for item in eve.get("/api/costs/centres").json()["items"]}
    assert listed == {"Ada": "Press", "Eve": None}
    eve.put(f"/api/costs/centres/{ada.id}", {"cost_centre": None})
    book(world, ada)
    assert rows(eve, group_by="cost_centre")[0] == (None, "No cost centre", "0.002")
    assert eve.put(f"/api/costs/centres/{uuid.uuid4()}", {"cost_centre": "x"}).status_code == 404
    assert eve.put(f"/api/costs/centres/{ada.id}", {"cost_centre": "x" * 101}).status_code == 422
    assert wrong(world) == []


def test_the_most_expensive_keys_come_first_page_by_page_and_the_total_is_of_all(world: World, ada: Person) -> None:
    drafts = [uuid.uuid4() for _ in range(7)]
    versions = [uuid.uuid4() for _ in range(7)]
    for number, (draft, version) in enumerate(zip(drafts, versions, strict=True)):
        for at in ("2026-02-05T12:00:00Z", "2026-03-01T12:00:00Z"):
            book(world, ada, at, draft_id=draft, version_id=version, amount_nano=(number + 1) * 1_000_000)
    book(world, ada, amount_nano=5_500_000)
    months = {"from": "2026-02-01", "to": "2026-03-31"}
    for group_by, ids in (("draft", drafts), ("version", versions)):
        ordered = [*map(str, ids[:1:-1]), None, *map(str, ids[1::-1])]
        for query in (months, {"from": "2026-02-03", "to": "2026-03-30"}, months | {"user_id": ada.id}):
            seen: list[str | None] = []
            for offset in range(0, 8, 3):
                page = {"group_by": group_by, "limit": 3, "offset": offset}
                report = ada.get("/api/costs", params=query | page).json()
                assert (report["total"]["cost_usd"], report["total"]["attempts"]) == ("0.0615", 15)
                seen += [row["key"] for row in report["rows"]]
                assert report["more"] == 8 - len(seen)
            assert seen == ordered, (group_by, query)
            table = ada.get("/api/costs.csv", params=query | {"group_by": group_by}).text
            assert table.count("\r\n") == 10
    assert ada.get("/api/costs", params={"group_by": "draft", "offset": 100}).json()["rows"] == []
    assert wrong(world) == []


def test_this_month_so_far_holds_what_was_booked_today(world: World, ada: Person) -> None:
    book(world, ada, "2026-03-02T08:59:59Z", version_id=uuid.uuid4())
    for group_by in ("day", "month", "model", "draft", "version"):
        report = ada.get("/api/costs", params={"group_by": group_by}).json()
        assert (report["to"], report["total"]["attempts"], len(report["rows"])) == ("2026-03-02", 1, 1)


@pytest.mark.parametrize("group_by", ["draft", "conversation", "version"])
def test_a_table_in_pieces_has_every_row_of_the_report_once(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch, group_by: str
) -> None:
    monkeypatch.setattr(reports, "_ROWS_AT_ONCE", 3)
    eve = world.person("eve", "finance")
    draft = uuid.UUID(ada.draft("x", title="Whales")["id"])
    others = sorted(uuid.uuid4() for _ in range(10))
    for number in range(40):
        day = f"2026-{1 + number % 4:02}-{1 + number * 5 % 28:02}T12:00:00Z"
        ids = {f"{name}_id": others[(number * step) % 10] for name, step in (("version", 3), ("conversation", 7))}
        more: dict[str, Any] = ids if number % 5 else {}
        if number % 3:
            more |= {"draft_id": draft if number % 2 else others[number % 7]}
        priced: dict[str, Any] = {} if number % 4 else {"amount_nano": None, "status": "unknown"}
        book(world, ada if number % 6 else eve, day, **more, **priced)
    for query in (
        {"from": "2026-01-01", "to": "2026-04-30"}, {"from": "2026-01-09", "to": "2026-04-11"},
        {"from": "2026-02-03", "to": "2026-02-20"}, {"from": "2026-01-09", "to": "2026-04-11", "user_id": ada.id},
        {"from": "2026-01-01", "to": "2026-04-20", "draft_id": str(draft)}, {"from": "2025-01-01", "to": "2025-02-01"},
    ):  # fmt: skip
        asked = query | {"group_by": group_by}
        report = eve.get("/api/costs", params=asked | {"limit": 1000}).json()
        table = list(csv.DictReader(io.StringIO(eve.get("/api/costs.csv", params=asked).text)))
        expected = [
            {name: "" if row[name] is None else str(row[name]) for name in reports.COLUMNS}
            for row in [*report["rows"], report["total"]]
        ]
        assert sorted(table, key=str) == sorted(expected, key=str)
        keys = [row["key"] for row in table if row["key"]]
        assert keys == sorted(keys)
        assert table[-1]["label"] == "Total"
