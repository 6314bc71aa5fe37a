"""The ledger's rows as a table: all of them, in order, in pieces, and only those a person may see."""

import csv
import io
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from sqlalchemy import insert
from structlog.testing import capture_logs

from app.application import application
from app.main import furnish
from app.services.finance import ledger_table, reports
from app.services.finance.ledger_table import LEDGER_COLUMNS
from app.store.errors import StoreUnavailable
from app.store.tables import LedgerEntry
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_costs import MARCH, book, opened
from tests.conftest import Person, World


@pytest.fixture(autouse=True)
def after_march(world: World) -> None:
    world.clock.turn(days=40)


def table(person: Person, **query: Any) -> list[dict[str, str]]:
    answer = person.get("/api/ledger.csv", params=MARCH | query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_row_is_there_once_and_they_add_up(
    world: World, ada: Person, mallory: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = world.person("eve", "finance")
    monkeypatch.setattr(ledger_table, "_ROWS_AT_ONCE", 50)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    given = [
        {
            "id": uuid.uuid4(), "at": start + timedelta(seconds=number // 70), "provider": "openai", "model": "gpt",
            "outcome": "done", "status": "reported", "user_id": uuid.UUID((ada if number % 2 else mallory).id),
            "requests": {}, "amount_nano": 1_000_003 * number if number % 5 else None,
        }
        for number in range(275)
    ]  # fmt: skip
    db = opened(world)
    try:
        with db.transaction() as session:
            session.execute(insert(LedgerEntry), given)
    finally:
        db.engine.dispose()

    found = table(eve)
    in_order = sorted(given, key=lambda row: (row["at"], row["id"].bytes))
    assert [row["id"] for row in found] == [str(row["id"]) for row in in_order]
    amounts = [Decimal(row["cost_usd"]) * 10**9 for row in found if row["cost_usd"]]
    assert sum(amounts) == sum(row["amount_nano"] or 0 for row in given)
    assert [row["cost_usd"] for row in found].count("") == 55
    assert {row["user"] for row in found} == {"Ada", "Mallory"}
    assert len(table(eve, user_id=ada.id)) == 137


def test_rows_and_report_agree_after_corrections(world: World, ada: Person) -> None:
    first = book(world, ada, cost_centre="Dept 7", reasoning_tokens=3)
    book(world, ada, amount_nano=-250_000, input_tokens=0, output_tokens=0, outcome="adjustment", adjusts_id=first.id)
    book(world, ada, amount_nano=None, status="unknown")
    rows = table(ada)
    total = ada.get("/api/costs", params=MARCH).json()["total"]
    for name in ("input_tokens", "output_tokens", "reasoning_tokens"):
        assert sum(int(row[name]) for row in rows) == total[name]
    assert sum(Decimal(row["cost_usd"] or 0) for row in rows) == Decimal(total["cost_usd"]) == Decimal("0.00075")
    assert [(row["outcome"], row["adjusts_id"]) for row in rows if row["adjusts_id"]] == [("adjustment", str(first.id))]
    assert rows[0]["cost_centre"] == "Dept 7"
    assert rows[0]["at"] == "2026-03-02T12:00:00+00:00"


def test_people_get_their_own_rows_and_nobody_words(
    world: World, ada: Person, mallory: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft("Secret words", title="Secret title")
    scripted.enqueue(Reply("Secret answer"))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "write", "prompt": "Secret prompt"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    april = {"from": "2026-04-01", "to": "2026-04-30"}
    book(world, mallory, "2026-04-02T12:00:00Z")
    assert [row["turn_id"] for row in table(ada, **april)] == [turn["id"]]
    assert table(ada, **april, user_id=mallory.id) == []
    eve = world.person("eve", "finance")
    answer = eve.get("/api/ledger.csv", params=april)
    assert answer.text.count("\r\n") == 3
    assert "Secret" not in answer.text


def test_no_cell_runs_as_a_formula_and_an_empty_table_has_its_columns(world: World, ada: Person) -> None:
    assert ada.get("/api/ledger.csv", params=MARCH).text == ",".join(LEDGER_COLUMNS) + "\r\n"
    book(world, ada, model="=cmd|' /C calc'!A0", model_answered="@SUM(A1)", amount_nano=-5)
    [row] = table(ada)
    assert (row["model"], row["model_answered"]) == ("'=cmd|' /C calc'!A0", "'@SUM(A1)")
    assert row["cost_usd"] == "-0.000000005"


def test_what_cannot_be_asked_is_refused_before_the_table_begins(ada: Person) -> None:
    answer = ada.get("/api/ledger.csv", params={"from": "2026-03-02", "to": "2026-03-01"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["to"]


# A database that fails midway


@contextmanager
def listening(world: World) -> Iterator[int]:
    """The application behind a real HTTP server, at a port of its own."""
    app = application(furnish(world.settings, clock=world.clock))
    config = uvicorn.Config(app, port=0, http="httptools", log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                thread.join(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def received(port: int, person: Person, path: str, *headers: str) -> bytes:
    """All bytes of an answer until the server closes the connection or has sent its end."""
    lines = (f"GET {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {person.token}", "Accept: text/csv", *headers)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        answer = b""
        while not answer.endswith(b"\r\n0\r\n\r\n") and (more := connection.recv(65536)):
            answer += more
    return answer


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize(
    "path, reader", [("/api/ledger.csv", (ledger_table, "_lines")), ("/api/costs.csv", (reports, "_walk"))]
)
def test_a_table_that_fails_midway_has_no_end(
    world: World,
    ada: Person,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    reader: tuple[ModuleType, str],
    encoding: str,
) -> None:
    monkeypatch.setattr(ledger_table, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(reports, "_ROWS_AT_ONCE", 2)
    for title in ("a", "b", "c", "d", "e"):
        book(world, ada, draft_id=uuid.UUID(ada.draft(title)["id"]))
    module, name = reader
    read = getattr(module, name)
    working = 0

    def failing(*args: Any) -> Any:
        nonlocal working
        working -= 1
        if not working:
            raise StoreUnavailable("the disk is gone")
        return read(*args)

    monkeypatch.setattr(module, name, failing)
    address = f"{path}?from=2026-03-01&to=2026-03-31&group_by=draft"
    with listening(world) as port, capture_logs() as logs:
        whole = received(port, ada, address, f"Accept-Encoding: {encoding}")
        assert whole.startswith(b"HTTP/1.1 200 OK")
        assert whole.endswith(b"\r\n0\r\n\r\n")
        assert [entry for entry in logs if entry["log_level"] == "error"] == []
        working = 2
        part = received(port, ada, address, f"Accept-Encoding: {encoding}")
        assert part.startswith(b"HTTP/1.1 200 OK")
        assert b"\r\n0\r\n\r\n" not in part
        told = [entry["event"] for entry in logs if entry["log_level"] == "error"]
        assert told == ["table broken off"]
        logs.clear()
        working = 1
        refused = received(port, ada, address, "Connection: close")
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"Retry-After" in refused or b"retry-after" in refused
