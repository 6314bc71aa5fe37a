"""Reports over a million ledger rows, and what keeping their sums costs the one who books a row.

A year of 60 people in six groups, each with a few drafts, three models, two of three attempts making a version: read through
the same functions the pages use (100 keys a page), beside the same sum taken from the rows. Booking is measured with its
COMMIT, with and without the sums, in turn. PostgreSQL too where DRAFTLOOM_BENCH_DATABASE_URL names an empty database.
Run: python -m tests.benchmarks costs
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import func, insert, select
from sqlmodel import Session, col

from app.services.accounts import Principal
from app.services.finance.ledger_table import LedgerTable
from app.services.finance.reports import CostQuery, Reports
from app.store import ledger
from app.store.db import Database
from app.store.finance.by_version import dearest_versions
from app.store.finance.proof import rebuild_sums
from app.store.finance.reports import GROUPS, Filters, dearest, report, total
from app.store.finance.sums import GRAINS
from app.store.tables import CostSum, LedgerEntry

ROWS = 1_000_000
PEOPLE = 60
PEOPLE_A_GROUP = 10
MODELS = (("anthropic", "claude-sonnet"), ("anthropic", "claude-haiku"), ("openai", "gpt"))
BOOKINGS = 300
PAGE = 100
MONTH = Filters(first=date(2026, 6, 1), last=date(2026, 6, 30))
SO_FAR = Filters(first=date(2026, 6, 1), last=date(2026, 6, 20), open_end=True)
QUARTER = Filters(first=date(2026, 2, 10), last=date(2026, 5, 10))
YEAR = Filters(first=date(2026, 1, 1), last=date(2026, 12, 31))


def values(chance: random.Random, number: int) -> dict[str, Any]:
    person = chance.randrange(PEOPLE)
    provider, model = MODELS[chance.randrange(3)]
    day = number * 365 // ROWS
    draft = (person << 64) + day // 10 + 1
    return {
        "id": uuid.UUID(int=(1 << 120) + number), "turn_id": uuid.UUID(int=(2 << 120) + number), "attempt": 1,
        "at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=chance.randrange(86_400)),
        "provider": provider, "model": model, "outcome": "done", "status": "reported",
        "user_id": uuid.UUID(int=person + 1), "group_id": uuid.UUID(int=person // PEOPLE_A_GROUP + 1),
        "draft_id": uuid.UUID(int=draft), "conversation_id": uuid.UUID(int=draft + (1 << 100)),
        "version_id": uuid.UUID(int=(3 << 120) + number) if number % 3 else None,
        "input_tokens": chance.randrange(5_000), "output_tokens": chance.randrange(1_000),
        "cache_read_tokens": 0, "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "reasoning_tokens": 0,
        "requests": {}, "amount_nano": chance.randrange(10**8),
    }  # fmt: skip


def fill(session: Session) -> None:
    """The rows in bulk, then the sums they add up to; through `add_entry` one by one this would take an hour."""
    chance = random.Random(7)
    table = LedgerEntry.__table__  # type: ignore[attr-defined]
    for start in range(0, ROWS, 10_000):
        session.connection().execute(insert(table), [values(chance, number) for number in range(start, start + 10_000)])
    rebuild_sums(session)


def milliseconds(run: Callable[[], Any], times: int = 7) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def page(session: Session, group_by: Any, filters: Filters) -> None:
    """What a page of the report reads, without the names of its keys."""
    total(session, filters)
    if group_by == "version":
        dearest_versions(session, filters, limit=PAGE)
    elif group_by in ("day", "month"):
        report(session, group_by, filters)
    else:
        dearest(session, group_by, filters, limit=PAGE)


def reports(database: Database) -> None:
    with database.transaction() as session:
        for grain in GRAINS:
            kept = session.scalar(select(func.count()).where(col(CostSum.grain) == grain))
            print(f"   {kept:>9,} sums by {grain}")
        from_rows = milliseconds(
            lambda: session.execute(
                select(col(LedgerEntry.model), func.sum(col(LedgerEntry.amount_nano))).group_by(col(LedgerEntry.model))
            ).all(),
            times=1,
        )
        print(f"   {from_rows:9.1f} ms  a year by model, from the rows")
        person = Filters(first=YEAR.first, last=YEAR.last, user_id=uuid.UUID(int=7))
        named = {
            "a month": MONTH,
            "a month so far": SO_FAR,
            "90 days": QUARTER,
            "a year": YEAR,
            "a person's year": person,
        }
        for name, filters in named.items():
            for group_by in GROUPS:
                if group_by == "version" and filters is QUARTER:
                    continue  # days that are no whole months are read row by row
                taken = milliseconds(lambda g=group_by, f=filters: page(session, g, f))  # type: ignore[misc]
                print(f"   {taken:9.1f} ms  {name} by {group_by}{'' if taken <= 20 else '   over 20 ms'}")


def whole_table(database: Database) -> None:
    """The rows of the year as a reviewer downloads them, beside reading them all at once."""
    person = Principal(id=uuid.UUID(int=1), roles=("finance",), name="", email="")
    query = CostQuery(first="2026-01-01", last="2026-12-31")

    def clock() -> datetime:
        return datetime(2027, 1, 1, tzinfo=UTC)

    table = LedgerTable(database, clock, Reports(database, clock))

    async def download() -> tuple[int, int, float]:
        started, size, lowest, highest = time.perf_counter(), 0, resident(), 0
        async for piece in table.table(person, query):
            size += len(piece)
            highest = max(highest, resident())
        return size, highest - lowest, time.perf_counter() - started

    size, grown, seconds = asyncio.run(download())
    print(
        f"   {seconds:9.1f} s   {size / 1e6:.0f} MB of ledger rows as CSV; memory grew by {grown / 1e6:.1f} MB meanwhile"
    )


def resident() -> int:
    """Bytes of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def booking(database: Database) -> None:
    chance = random.Random(8)
    numbers = iter(range(ROWS, 2 * ROWS))

    def book() -> None:
        given = values(chance, next(numbers)) | {"at": datetime(2026, 12, 31, 12, tzinfo=UTC)}
        with database.transaction() as session:
            ledger.add_entry(session, LedgerEntry(**given))

    taken: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(BOOKINGS):
        taken["with"].append(milliseconds(book, times=1))
        with mock.patch.object(ledger, "add_to_sums"):
            taken["without"].append(milliseconds(book, times=1))
    with_sums, without = statistics.median(taken["with"]), statistics.median(taken["without"])
    print(f"   {without:9.2f} ms  a row booked, with its COMMIT, without sums")
    print(f"   {with_sums:9.2f} ms  the same with its sums: {100 * (with_sums / without - 1):+.0f} %")


def measure(address: str | Path) -> None:
    database = Database.open(address)
    started = time.perf_counter()
    with database.transaction() as session:
        fill(session)
    with database.transaction() as session:
        session.connection().exec_driver_sql("ANALYZE")
    print(f"   {time.perf_counter() - started:9.1f} s   to load {ROWS:,} rows into {database.dialect}")
    reports(database)
    whole_table(database)
    booking(database)
    database.engine.dispose()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "bench.db")
    server = os.environ.get("DRAFTLOOM_BENCH_DATABASE_URL")
    if server:
        measure(server)


if __name__ == "__main__":
    main()
