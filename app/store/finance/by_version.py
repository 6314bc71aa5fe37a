"""The report by version. A version is made by one or two attempts, so there are nearly as many sums of versions as rows; the most
expensive ones are found through an index of each month, and only those are read."""

import uuid
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.engine.prepared import Prepared
from app.store.finance.proof import prices, row_sums
from app.store.finance.reports import Filters, Key, Stretch, added_up, next_month, report, same, stretches
from app.store.finance.sums import COUNTED, MONTHLY, Sums, midnight
from app.store.tables import LedgerEntry, Version, VersionSum
from app.store.types import BinaryUuid

_MOST_COUNTED = 2_000
_ALL = 2**31 - 1
_version_id, _start, _month = col(VersionSum.version_id), col(VersionSum.start), col(VersionSum.month)
_ORDER = (col(VersionSum.amount_nano), col(VersionSum.unpriced), _version_id)
_SUMS: list[Any] = [cast(func.sum(col(getattr(VersionSum, name))), BigInteger).label(name) for name in COUNTED]

Ranked = tuple[int, int, Key]
"""Known cost, attempts without a price, and the version: what decides its place in the report."""


def dearest_versions(
    session: Session, filters: Filters, *, limit: int, offset: int = 0
) -> tuple[list[tuple[Key, Sums]], int]:
    """So many versions from the most expensive on, those that cost the same from the newest on; None is what made no version. And
    how many there are, where at most 2,000 behind these are counted."""
    if by_rows(filters):
        sums = _from_rows(session, filters)
        ranked = [(each.amount_nano, each.unpriced, key) for key, each in sums.items()]
        return [(key, sums[key]) for _, _, key in _in_order(ranked)[offset : offset + limit]], len(sums)
    known, parts = _several(session, filters)
    loose = added_up(session, loose_stretches(filters), filters)
    if loose is not None:
        known[None] = loose
    wanted = offset + limit
    sums_found = _dearest_sums(session, filters, wanted + parts)
    found = [row for row in sums_found if row[2] not in known]
    found += [(each.amount_nano, each.unpriced, key) for key, each in known.items()]
    keys = [key for _, _, key in _in_order(found)[offset:wanted]]
    all_found = len(sums_found) < wanted + parts
    count = len(found) if all_found else _counted(session, filters, wanted) + (loose is not None)
    known |= _sums_of(session, filters, [key for key in keys if isinstance(key, uuid.UUID) and key not in known])
    return [(key, known[key]) for key in keys], count


def _in_order(found: Iterable[Ranked]) -> list[Ranked]:
    """As the database puts them in order, with None before what costs the same."""
    return sorted(
        found,
        key=lambda row: (row[0], row[1], row[2] is None, row[2].bytes if isinstance(row[2], uuid.UUID) else b""),
        reverse=True,
    )


def loose_stretches(filters: Filters) -> list[Stretch]:
    """Where the sums of what made no version are."""
    return [
        Stretch("loose" if part.grain in MONTHLY else "loose_day", part.start, part.end)
        for part in stretches(None, filters)
    ]


def _several(session: Session, filters: Filters) -> tuple[dict[Key, Sums], int]:
    """Versions of which there is a further sum in the period, added up, and how many sums those are. All others have one sum
    at most in the period, so their places are those of their sums."""
    rows = _several_statement(filters.named).all(session, **within_values(filters))
    return {row[0]: Sums(*row[2:]) for row in rows}, sum(row[1] for row in rows)


@lru_cache(maxsize=64)
def _several_statement(named: frozenset[str]) -> Prepared:
    further = select(_version_id).where(col(VersionSum.further), *within(frozenset()))
    return Prepared(
        select(_version_id, func.count(), *_SUMS)
        .where(_version_id.in_(further), *within(named, known=True))
        .group_by(_version_id),
        planned_anew=True,
    )


def _dearest_sums(session: Session, filters: Filters, most: int) -> list[Ranked]:
    """The first so many sums of the period in their order."""
    months = _months(session, filters)
    if not months:
        return []
    values = within_values(filters) | {f"month_{at}": month for at, month in enumerate(months)}
    rows = _dearest(filters.named, len(months)).all(session, **values, most=most)
    return [(row[0], row[1], row[2]) for row in rows]


@lru_cache(maxsize=256)
def _dearest(named: frozenset[str], months: int) -> Prepared:
    """So many (`most`) of each of the months `month_0`, …, and of those as many."""
    most = bindparam("most", type_=Integer())
    parts = [
        select(*_ORDER)
        .where(_month == bindparam(f"month_{at}", type_=Date()), *within(named))
        .order_by(*(column.desc() for column in _ORDER))
        .limit(most)
        .subquery()
        for at in range(months)
    ]
    every = union_all(*(select(part) for part in parts)).subquery() if months > 1 else parts[0]
    return Prepared(select(every).order_by(*(column.desc() for column in every.c)).limit(most), planned_anew=True)


def _sums_of(session: Session, filters: Filters, versions: list[uuid.UUID]) -> dict[Key, Sums]:
    """All that is counted of some versions in the period."""
    if not versions:
        return {}
    # As many parameters for any number of versions up to the next power of two, so that there are few such statements.
    number = 1 << (len(versions) - 1).bit_length()
    among = {f"version_{at}": versions[min(at, len(versions) - 1)] for at in range(number)}
    rows = _sums_statement(filters.named, number).all(session, **within_values(filters), **among)
    return {row[0]: Sums(*row[1:]) for row in rows}


@lru_cache(maxsize=256)
def _sums_statement(named: frozenset[str], number: int) -> Prepared:
    among = _version_id.in_([bindparam(f"version_{at}", type_=BinaryUuid()) for at in range(number)])
    return Prepared(summed_versions(named, among), planned_anew=True)


def summed_versions(named: frozenset[str], among: ColumnElement[bool]) -> Select[Any]:
    """The sums of versions `among` some in a period, filtered by these columns; asked with `within_values`."""
    return select(_version_id, *_SUMS).where(among, *within(named, known=True)).group_by(_version_id)


def within(named: frozenset[str], *, known: bool = False) -> list[ColumnElement[bool]]:
    """What is true of the sums of versions in a period, filtered by these columns; asked with `within_values`. `known`: the
    versions are given otherwise. SQLite, which keeps no statistics here, would read all of a person instead."""
    conditions = same(VersionSum, named)
    if known and "user_id" in named:
        user_id = func.coalesce(col(VersionSum.user_id), null()) == bindparam("user_id", type_=BinaryUuid())
        conditions = [*same(VersionSum, named - {"user_id"}), user_id]
    return [_start >= bindparam("first", type_=Date()), _start < bindparam("end", type_=Date()), *conditions]


def within_values(filters: Filters) -> dict[str, Any]:
    """What statements with `within` are asked with."""
    return filters.values([]) | {"first": filters.first, "end": filters.end}


def _counted(session: Session, filters: Filters, wanted: int) -> int:
    """How many versions there are, where at most so many and 2,000 more are counted."""
    most = wanted + _MOST_COUNTED
    values = within_values(filters) | {"first_month": filters.first.replace(day=1), "most": 2 * most}
    rows, versions = _count_statement(filters.named).all(session, **values)[0]
    if rows == 2 * most and versions < most:
        # Nearly all have several sums: those looked at are too few to tell.
        [(_, versions)] = _count_statement(filters.named).all(session, **values | {"most": _ALL})
    return min(int(versions), most)


@lru_cache(maxsize=64)
def _count_statement(named: frozenset[str]) -> Prepared:
    some = (
        select(_version_id)
        .where(
            _month >= bindparam("first_month", type_=Date()), _month < bindparam("end", type_=Date()), *within(named)
        )
        .limit(bindparam("most", type_=Integer()))
        .subquery()
    )
    return Prepared(select(func.count(), func.count(some.c.version_id.distinct())), planned_anew=True)


def _months(session: Session, filters: Filters) -> list[date]:
    """The months of the period; but where nothing is known to lead to the rows, only those that have some, since the others would
    be read in whole."""
    if filters.named - {"user_id"}:
        return [key for key in report(session, "month", filters) if isinstance(key, date)]
    found, month = [], filters.first.replace(day=1)
    while month < filters.end:
        found.append(month)
        month = next_month(month)
    return found


# From the rows


def by_rows(filters: Filters) -> bool:
    """Whether one draft or conversation is asked for, whose rows are few and found by an index."""
    return filters.draft_id is not None or filters.conversation_id is not None


def by_number(session: Session, filters: Filters) -> dict[int | None, Sums]:
    """One draft's versions by their numbers; None for what made none and for versions that are gone."""
    return {row[0]: Sums(*row[1:]) for row in _by_number(filters.named).all(session, **moments(filters))}


@lru_cache(maxsize=64)
def _by_number(named: frozenset[str]) -> Prepared:
    of_draft = col(Version.draft_id) == bindparam("draft_id", type_=BinaryUuid())
    made = (col(Version.id) == col(LedgerEntry.version_id)) & of_draft
    statement = summed_rows(named, col(Version.number)).outerjoin(Version, made)
    return Prepared(statement, planned_anew=True)


def _from_rows(session: Session, filters: Filters) -> dict[Key, Sums]:
    return {row[0]: Sums(*row[1:]) for row in _by_version(filters.named).all(session, **moments(filters))}


@lru_cache(maxsize=64)
def _by_version(named: frozenset[str]) -> Prepared:
    return Prepared(summed_rows(named, col(LedgerEntry.version_id)), planned_anew=True)


def moments(filters: Filters) -> dict[str, Any]:
    """What `summed_rows` is asked with."""
    return filters.values([]) | {"since": midnight(filters.first), "until": midnight(filters.end)}


def summed_rows(named: frozenset[str], key: Any) -> Select[Any]:
    """The sums of the ledger's rows from a moment on (`since`) until before another (`until`), filtered by these columns, by a key
    that is theirs or their version's."""
    original, sums = row_sums()
    statement = (
        select(key.label("key"), *(each.label(name) for name, each in zip(COUNTED, sums, strict=True)))
        .select_from(LedgerEntry)
        .outerjoin(original, prices(original))
        .where(
            col(LedgerEntry.at) >= bindparam("since", type_=UTCDateTime()),
            col(LedgerEntry.at) < bindparam("until", type_=UTCDateTime()),
            *same(LedgerEntry, named),
        )
    )
    constant = isinstance(key, BindParameter)
    return statement.having(func.count() > 0) if constant else statement.group_by(key)
