"""Reports over a million ledger rows, and what keeping their sums costs the one who books a row.

The data are those of `costs_data`. Every report is read through the functions the pages use (100 keys a page), beside the
processor time of this process (with SQLite that is all there is, and it says more on a busy machine) and the time its statements
take the database's own driver. Booking is measured with its COMMIT, with and without the sums and beside the row's INSERT alone, in
turn, all by the same prepared statements. SQLite first, then a PostgreSQL of its own, or the empty database that
DRAFTLOOM_BENCH_DATABASE_URL names. BENCH_ROWS=100000 gives a quick look, BENCH_PROOF=1 also proves the sums.
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
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import event, func, select
from sqlmodel import Session, col

from app.services.accounts import Principal
from app.services.finance.ledger_table import LedgerTable
from app.services.finance.reports import CostQuery, Reports
from app.store import ledger
from app.store.db import Database
from app.store.finance.by_version import by_number, dearest_versions
from app.store.finance.given_up import given_up
from app.store.finance.proof import wrong_sums
from app.store.finance.reports import GROUPS, Filters, dearest, report, total
from app.store.finance.sums import GRAINS
from app.store.tables import CostSum, LedgerEntry, VersionSum
from tests.benchmarks.costs_data import ENTRY, OBJECTS, entry, load
from tests.postgres import new_postgres, running_server

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
BOOKINGS = 500
ROUNDS = 5
TIMES = 15
PAGE = 100
MONTH = Filters(first=date(2026, 6, 1), last=date(2026, 6, 30))
SO_FAR = Filters(first=date(2026, 6, 1), last=date(2026, 6, 20), open_end=True)
QUARTER = Filters(first=date(2026, 2, 10), last=date(2026, 5, 10))
YEAR = Filters(first=date(2026, 1, 1), last=date(2026, 12, 31))
PERSON = replace(YEAR, user_id=uuid.UUID(int=7))
DRAFT = replace(YEAR, draft_id=uuid.UUID(int=(6 << 64) + 12))
PERIODS = {"a month": MONTH, "a month so far": SO_FAR, "90 days": QUARTER, "a year": YEAR, "a person's year": PERSON}
SERVER = "-c shared_buffers=256MB -c max_wal_size=4GB"


def milliseconds(run: Callable[[], Any], times: int = TIMES) -> list[float]:
    """How long each run took, in order of length."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def page(session: Session, group_by: Any, filters: Filters) -> None:
    """What a page of the report reads, without the names of its keys."""
    total(session, filters)
    if group_by == "version":
        dearest_versions(session, filters, limit=PAGE)
    elif group_by == "branch":
        by_number(session, filters)
    elif group_by in ("day", "month"):
        report(session, group_by, filters)
    else:
        dearest(session, group_by, filters, limit=PAGE)


def floor_of(session: Session, run: Callable[[], Any], times: int) -> float:
    """The median time of the same statements, run through the driver alone."""
    asked: list[tuple[str, Any, dict[str, Any]]] = []

    def seen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters, {}))

    driver: Any = session.connection().connection.driver_connection
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", seen)
    with mock.patch("app.store.engine.prepared.driver_of", return_value=_Seeing(driver, asked)):
        run()
    event.remove(engine, "before_cursor_execute", seen)
    return statistics.median(
        milliseconds(lambda: [driver.execute(text, given, **how).fetchall() for text, given, how in asked], times)
    )


class _Seeing:
    """A driver's connection that notes what it is asked."""

    def __init__(self, driver: Any, asked: list[tuple[str, Any, dict[str, Any]]]) -> None:
        self._driver, self._asked = driver, asked

    def execute(self, statement: str, parameters: Any, **how: Any) -> Any:
        self._asked.append((statement, parameters, how))
        return self._driver.execute(statement, parameters, **how)


def shown(session: Session, name: str, run: Callable[[], Any], aim: float = 20, times: int = TIMES) -> None:
    run()
    floor, worked = floor_of(session, run, times), time.thread_time()
    taken = milliseconds(run, times)
    worked = (time.thread_time() - worked) * 1000 / times
    middle, high = statistics.median(taken), taken[int(0.95 * (len(taken) - 1))]
    over = "" if middle <= aim else f"   over {aim:.0f} ms"
    print(
        f"   {middle:8.1f} ms p50  {high:8.1f} p95  {worked:8.1f} of this process {floor:8.1f} in the database   {name}{over}",
        flush=True,
    )


def reports(database: Database) -> None:
    with database.transaction() as session:
        for grain in GRAINS:
            kept = session.scalar(
                select(func.count()).select_from(VersionSum)
                if grain == "version"
                else select(func.count()).where(col(CostSum.grain) == grain)
            )
            print(f"   {kept:>9,} sums by {grain}")
        from_rows = select(col(LedgerEntry.model), func.sum(col(LedgerEntry.amount_nano))).group_by(
            col(LedgerEntry.model)
        )
        [taken] = milliseconds(lambda: session.execute(from_rows).all(), times=1)
        print(f"   {taken:8.1f} ms  a year by model, from the rows")
        for name, filters in PERIODS.items():
            for group_by in GROUPS:
                if group_by == "branch":
                    continue  # of one draft
                shown(session, f"{name} by {group_by}", lambda g=group_by, f=filters: page(session, g, f))  # type: ignore[misc]
        shown(session, "a draft's year by branch", lambda: page(session, "branch", DRAFT))
        for name, filters in PERIODS.items():
            shown(session, f"{name}: given up", lambda f=filters: given_up(session, f), 1_000, 3)  # type: ignore[misc]


def whole_table(database: Database) -> None:
    """The rows of the year as a reviewer downloads them, beside reading them all at once."""
    person = Principal(id=uuid.UUID(int=1), roles=("finance",), name="", email="")
    query = CostQuery(first="2026-01-01", last="2026-12-31")

    def clock() -> datetime:
        return datetime(2027, 1, 1, tzinfo=UTC)

    table = LedgerTable(database, clock, Reports(database, clock))

    async def download() -> tuple[int, int, float]:
        started, size, lowest, highest = time.perf_counter(), 0, resident(), 0
        async for piece in await table.table(person, query):
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


def _no_sums(*_given: Any) -> None:
    """In place of adding to the sums."""


def booking(database: Database) -> None:
    """Ways of booking in turn, round by round, so that what else the machine does meets all of them."""
    taken = asyncio.run(_booked(database))
    for name, medians in taken.items():
        share = 100 * (statistics.median(medians) / statistics.median(taken["a row booked, without sums"]) - 1)
        rounds = ", ".join(f"{median:.2f}" for median in medians)
        print(f"   {statistics.median(medians):8.2f} ms  {name}: {share:+.0f} % (rounds: {rounds})", flush=True)


async def _booked(database: Database) -> dict[str, list[float]]:
    """The median times of each round. Each row is written as the product writes it: by the one connection of SQLite's writer, or one
    of the pool, and after its COMMIT it is on the disk."""
    chance = random.Random()
    numbers = count(chance.randrange(ROWS, 1_000 * ROWS))

    def row() -> LedgerEntry:
        given = dict(zip(ENTRY, entry(chance, next(numbers), ROWS, OBJECTS), strict=True))
        return LedgerEntry(**given | {"at": datetime(2026, 12, 31, 12, tzinfo=UTC), "requests": {}})

    async def once(write: Callable[..., Any]) -> float:
        given = row()
        started = time.perf_counter()
        await database.write(write, given)
        return (time.perf_counter() - started) * 1000

    async def without_sums() -> float:
        # A plain function: a mock's own call would count for the row alone.
        with mock.patch.object(ledger, "add_to_sums", _no_sums):
            return await once(ledger.add_entry)

    ways: dict[str, Callable[[], Any]] = {
        "one prepared INSERT": lambda: once(ledger.insert_entry),
        "a row booked, without sums": without_sums,
        "a row booked, with its sums": lambda: once(ledger.add_entry),
    }
    medians: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(BOOKINGS // ROUNDS):
            for name, way in ways.items():
                taken[name].append(await way())
        for name in ways:
            medians[name].append(statistics.median(taken[name]))
    return medians


def measure(address: str | Path) -> None:
    database = Database.open(address)
    started = time.perf_counter()
    load(database, ROWS)
    busy = os.getloadavg()[0]
    print(
        f"   {time.perf_counter() - started:8.1f} s   to load {ROWS:,} rows into {database.dialect};"
        f" the machine's load was {busy:.1f} on {os.cpu_count()} processors",
        flush=True,
    )
    if os.environ.get("BENCH_PROOF"):
        with database.transaction() as session:
            print(f"   {len(wrong_sums(session))} sums are not those of their rows", flush=True)
    reports(database)
    booking(database)
    whole_table(database)
    print(f"   the machine's load was {os.getloadavg()[0]:.1f} at the end", flush=True)
    database.engine.dispose()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "bench.db")
    server = os.environ.get("DRAFTLOOM_BENCH_DATABASE_URL")
    if server:
        measure(server)
        return
    with running_server(options=SERVER) as folder:
        for address in new_postgres(folder):
            measure(address)


if __name__ == "__main__":
    main()
