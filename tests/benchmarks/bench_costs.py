"""Reports over a million ledger rows, and what keeping their sums costs the one who books a row.

A year of 60 people, each with a few drafts, three models: read on SQLite through the same functions the pages use, beside
the same sum taken from the rows. Booking is measured with its COMMIT, with and without the sums, in turn.
Run: python -m tests.benchmarks costs
"""

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

from app.store import ledger
from app.store.db import Database
from app.store.finance.reports import GROUPS, Filters, report
from app.store.finance.sums import GRAINS, Sums, keys_of, sums_of
from app.store.tables import CostSum, LedgerEntry

ROWS = 1_000_000
PEOPLE = 60
MODELS = (("anthropic", "claude-sonnet"), ("anthropic", "claude-haiku"), ("openai", "gpt"))
FIRST = date(2026, 1, 1)
BOOKINGS = 300
MONTH = Filters(first=date(2026, 6, 1), last=date(2026, 6, 30))
YEAR = Filters(first=date(2026, 1, 1), last=date(2026, 12, 31))


def entry(chance: random.Random, number: int) -> LedgerEntry:
    person = chance.randrange(PEOPLE)
    provider, model = MODELS[chance.randrange(3)]
    day = number * 365 // ROWS
    draft = uuid.UUID(int=(person << 64) + day // 10 + 1)
    return LedgerEntry(
        at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=chance.randrange(86_400)),
        provider=provider, model=model, outcome="done", status="reported", attempt=1, turn_id=uuid.uuid4(),
        user_id=uuid.UUID(int=person + 1), draft_id=draft, conversation_id=uuid.UUID(int=draft.int + (1 << 100)),
        input_tokens=chance.randrange(5_000), output_tokens=chance.randrange(1_000),
        amount_nano=chance.randrange(10**8),
    )  # fmt: skip


def fill(session: Session) -> None:
    """The rows, and the sums they add up to; through `add_entry` one by one this would take an hour."""
    chance = random.Random(7)
    summed: dict[Any, tuple[Any, Sums]] = {}
    columns = [column.name for column in LedgerEntry.__table__.columns]  # type: ignore[attr-defined]
    for start in range(0, ROWS, 10_000):
        entries = [entry(chance, number) for number in range(start, start + 10_000)]
        for row in entries:
            for key in keys_of(row):
                summed.setdefault((key.grain, key.start, key.id), (key, Sums()))[1].add(sums_of(row))
        session.execute(insert(LedgerEntry), [{name: getattr(row, name) for name in columns} for row in entries])
    rows = [
        {"grain": key.grain, "start": key.start, "id": key.id, **key.names}
        | {name: getattr(sums, name) for name in Sums.__slots__}
        for key, sums in summed.values()
    ]
    session.execute(insert(CostSum), rows)


def milliseconds(run: Callable[[], Any], times: int = 7) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


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
        for name, filters in (("a month", MONTH), ("a year", YEAR)):
            for group_by in GROUPS:
                if group_by == "version" and filters is YEAR:
                    continue  # from the rows, by nature: of a draft or a short period only
                taken = milliseconds(lambda g=group_by, f=filters: report(session, g, f))  # type: ignore[misc]
                print(f"   {taken:9.1f} ms  {name} by {group_by}{'' if taken <= 20 else '   over 20 ms'}")


def booking(database: Database) -> None:
    chance = random.Random(8)

    def book() -> None:
        with database.transaction() as session:
            ledger.add_entry(session, entry(chance, chance.randrange(ROWS)))

    taken: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(BOOKINGS):
        taken["with"].append(milliseconds(book, times=1))
        with mock.patch.object(ledger, "add_to_sums"):
            taken["without"].append(milliseconds(book, times=1))
    with_sums, without = statistics.median(taken["with"]), statistics.median(taken["without"])
    print(f"   {without:9.2f} ms  a row booked, with its COMMIT, without sums")
    print(f"   {with_sums:9.2f} ms  the same with its sums: {100 * (with_sums / without - 1):+.0f} %")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "bench.db")
        with database.transaction() as session:
            fill(session)
        with database.transaction() as session:
            session.connection().exec_driver_sql("ANALYZE")
        reports(database)
        booking(database)
        database.engine.dispose()


if __name__ == "__main__":
    main()
