"""What reports read from the sums is what adding up the ledger's rows gives, page by page, whatever was booked."""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from app.store.db import Database
from app.store.finance.by_version import dearest_versions
from app.store.finance.proof import rebuild_sums, unmarked_versions, wrong_sums
from app.store.finance.reports import COLUMNS, Filters, GroupBy, Key, dearest, total
from app.store.finance.sums import Sums, sums_of
from app.store.finance.walks import sums_after, sums_without
from app.store.tables import LedgerEntry, VersionSum
from tests.store.ledger_rows import book, kept_sums

YEAR = Filters(first=date(2026, 1, 1), last=date(2026, 12, 31))
PERIODS = (
    YEAR,
    Filters(first=date(2026, 2, 10), last=date(2026, 5, 10)),
    Filters(first=date(2026, 3, 5), last=date(2026, 3, 20)),
    Filters(first=date(2026, 4, 1), last=date(2026, 4, 30)),
    Filters(first=date(2026, 11, 30), last=date(2026, 12, 9), open_end=True),
    Filters(first=date(2026, 7, 31), last=date(2026, 7, 31)),
)
NARROWED: tuple[Callable[[Filters], Filters], ...] = (
    lambda filters: filters,
    lambda filters: replace(filters, user_id=uuid.UUID(int=2)),
    lambda filters: replace(filters, model="small"),
    lambda filters: replace(filters, user_id=uuid.UUID(int=1), model="large", group_id=uuid.UUID(int=9)),
    lambda filters: replace(filters, draft_id=uuid.UUID(int=103)),
    lambda filters: replace(filters, conversation_id=uuid.UUID(int=204), cost_centre="Press"),
)


def plainly(session: Session, group_by: GroupBy, filters: Filters) -> dict[Key, Sums]:
    """The sums of the rows, added up one by one."""
    unpriced = {row.id for row in session.scalars(select(LedgerEntry).where(col(LedgerEntry.amount_nano).is_(None)))}
    found: dict[Key, Sums] = {}
    for row in session.scalars(select(LedgerEntry)):
        day = row.at.astimezone(UTC).date()
        if filters.first <= day < filters.end and all(getattr(row, n) == getattr(filters, n) for n in filters.named):
            sums = sums_of(row, prices_unknown=row.adjusts_id in unpriced)
            found.setdefault(getattr(row, COLUMNS[group_by]), Sums()).add(sums)
    return found


def in_order(group_by: GroupBy, found: dict[Key, Sums]) -> list[tuple[Key, Sums]]:
    """As the page has them: by cost and open prices; then versions from the newest on, others by their ids, none first."""
    newest = group_by == "version"
    keys = sorted(found, key=lambda key: (key is not None, str(key)), reverse=newest)
    if newest and None in found:
        keys = [None, *(key for key in keys if key is not None)]
    return [(key, found[key]) for key in sorted(keys, key=lambda key: (-found[key].amount_nano, -found[key].unpriced))]


def asked() -> Iterator[Filters]:
    for period in PERIODS:
        for narrowed in NARROWED:
            yield narrowed(period)


@pytest.mark.parametrize("seed", range(4))
def test_pages_are_those_of_the_rows_added_up_one_by_one(database: Database, seed: int) -> None:
    with database.transaction() as session:
        book(session, random.Random(seed))
    with database.transaction() as session:
        assert wrong_sums(session) == []
        assert unmarked_versions(session) == []
        for filters in asked():
            for group_by, read in (("version", dearest_versions), ("draft", None), ("conversation", None)):
                expected = in_order(group_by, plainly(session, group_by, filters))  # type: ignore[arg-type]
                for limit, offset in ((1, 0), (7, 0), (7, 7), (50, 20), (1_000, 0), (5, 400)):
                    if read is None:
                        page, count = dearest(session, group_by, filters, limit=limit, offset=offset)  # type: ignore[arg-type]
                    else:
                        page, count = read(session, filters, limit=limit, offset=offset)
                    assert page == expected[offset : offset + limit], (group_by, filters, limit, offset)
                    assert count == len(expected), (group_by, filters)


@pytest.mark.parametrize("seed", range(2))
def test_a_walk_over_versions_is_that_of_the_rows(database: Database, seed: int) -> None:
    with database.transaction() as session:
        book(session, random.Random(seed))
    with database.transaction() as session:
        for filters in asked():
            expected, walked, after = plainly(session, "version", filters), dict[Key, Sums](), None
            while True:
                some, after = sums_after(session, "version", filters, after=after, limit=13)
                walked |= some
                if after is None:
                    break
            without = sums_without(session, "version", filters)
            assert walked | ({} if without is None else {None: without}) == expected, filters
            summed = Sums()
            for sums in expected.values():
                summed.add(sums)
            assert total(session, filters) == summed


def test_sums_written_anew_are_those_that_were_kept(database: Database) -> None:
    with database.transaction() as session:
        book(session, random.Random(5))
    with database.transaction() as session:
        kept = kept_sums(session)
        rebuild_sums(session)
        assert wrong_sums(session) == []
        assert unmarked_versions(session) == []
        assert kept_sums(session) == kept


def test_a_further_sum_that_is_not_marked_is_found(database: Database) -> None:
    with database.transaction() as session:
        book(session, random.Random(5))
    with database.transaction() as session:
        further = set(session.scalars(select(col(VersionSum.version_id)).where(col(VersionSum.further))))
        assert further
        session.execute(update(VersionSum).values(further=False))
        assert set(unmarked_versions(session)) == further
