"""The report by version. A version is made by one or two attempts, so there are as many versions as rows: the most
expensive ones are found through an index over whole months, and only a part of a month is read row by row."""

from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
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
from app.store.finance.reports import Filters, Key, next_month, same
from app.store.finance.sums import COUNTED, NO_VERSION, Sums, midnight
from app.store.tables import CostSum, LedgerEntry, Version
from app.store.types import BinaryUuid

_VERSION, _LOOSE = col(CostSum.grain) == "version", col(CostSum.grain) == "loose"
_MOST_COUNTED = 2_000
_SPARE = 20


def by_version(session: Session, filters: Filters) -> dict[Key, Sums]:
    """All versions, and None for what made none."""
    if _has_edges(filters):
        return {row[0]: Sums(*row[1:]) for row in session.execute(_from_rows(filters, col(LedgerEntry.version_id)))}
    return _read(session, _from_sums(filters).where(_VERSION)) | _read(session, _from_sums(filters).where(_LOOSE))


def dearest_versions(
    session: Session, filters: Filters, *, limit: int, offset: int = 0
) -> tuple[list[tuple[Key, Sums]], int]:
    """So many versions from the most expensive on, and how many there are, where at most 2,000 are counted."""
    if _has_edges(filters):
        return _dearest_rows(session, filters, limit, offset)
    found = _candidates(session, filters, offset + limit)
    count = _counted(session, filters) + (None in found)
    ordered = sorted(found.items(), key=lambda item: (-item[1].amount_nano, -item[1].unpriced, str(item[0] or "")))
    return ordered[offset : offset + limit], count


def _dearest_rows(session: Session, filters: Filters, limit: int, offset: int) -> tuple[list[tuple[Key, Sums]], int]:
    """From the ledger's rows, put in order by the database: most of what it adds up is not shown."""
    grouped = _from_rows(filters, col(LedgerEntry.version_id)).subquery()
    rows = session.execute(
        select(grouped, func.count().over())
        .order_by(grouped.c.amount_nano.desc(), grouped.c.unpriced.desc(), grouped.c.key.asc().nulls_first())
        .limit(limit)
        .offset(offset)
    ).all()
    if not rows:
        return [], (session.scalar(select(func.count()).select_from(grouped)) or 0) if offset else 0
    return [(row[0], Sums(*row[1:-1])) for row in rows], rows[0][-1]


def by_number(session: Session, filters: Filters) -> dict[int | None, Sums]:
    """One draft's versions by their numbers; None for what made none and for versions that are gone."""
    return {row[0]: Sums(*row[1:]) for row in _by_number(filters.named).all(session, **moments(filters))}


@lru_cache(maxsize=64)
def _by_number(named: frozenset[str]) -> Prepared:
    of_draft = col(Version.draft_id) == bindparam("draft_id", type_=BinaryUuid())
    made = (col(Version.id) == col(LedgerEntry.version_id)) & of_draft
    statement = summed_rows(named, col(Version.number)).outerjoin(Version, made)
    return Prepared(statement, planned_anew=True)


def _has_edges(filters: Filters) -> bool:
    """Whether a part of a month is asked for; or one draft or conversation, whose rows are few and found by an index."""
    one = filters.draft_id is not None or filters.conversation_id is not None
    return one or filters.first.day != 1 or filters.end.day != 1


def _from_rows(filters: Filters, key: Any) -> Select[Any]:
    return summed_rows(filters.named, key).params(moments(filters))


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


def _from_sums(filters: Filters) -> Select[Any]:
    key: Any = col(CostSum.version_id)
    sums: list[Any] = [cast(func.sum(col(getattr(CostSum, name))), BigInteger) for name in COUNTED]
    return select(key, *sums).where(*_within(filters)).group_by(key)


def _within(filters: Filters) -> list[ColumnElement[bool]]:
    return [col(CostSum.start) >= filters.first, col(CostSum.start) < filters.end, *filters.conditions(CostSum)]


def _candidates(session: Session, filters: Filters, wanted: int) -> dict[Key, Sums]:
    """The most expensive ones with all they cost in the period. A late price can be in another month than its attempt,
    which then counts 0: no version is dear by several months together."""
    months = _months(filters)
    names = tuple(sorted(filters.named))
    values = {name: getattr(filters, name) for name in names} | {f"month_{at}": day for at, day in enumerate(months)}
    rows = _dearest(names, len(months)).all(session, **values, end=filters.end, most=wanted + _SPARE)
    found: dict[Key, Sums] = {row[0]: Sums(*row[1:]) for row in rows}
    return found | _read(session, _from_sums(filters).where(_LOOSE, NO_VERSION))


@lru_cache(maxsize=64)
def _dearest(names: tuple[str, ...], months: int) -> Prepared:
    """The first so many (`most`) of each of the months `month_0`, …, which end before `end`, filtered by these columns; of
    those as many, summed over all months. Making the statement takes longer than running it."""
    version, start, amount = col(CostSum.version_id), col(CostSum.start), col(CostSum.amount_nano)
    most = bindparam("most", type_=Integer())
    filtered = {name: col(getattr(CostSum, name)) == bindparam(name) for name in names}
    parts = [
        select(version.label("version_id"), amount.label("amount_nano"))
        .where(version.is_not(None), start == bindparam(f"month_{at}"), *filtered.values())
        .order_by(amount.desc())
        .limit(most)
        .subquery()
        for at in range(months)
    ]
    every = union_all(*(select(part) for part in parts)).subquery() if months > 1 else parts[0]
    best = select(every.c.version_id).order_by(every.c.amount_nano.desc()).limit(most).subquery()
    # SQLite would read all sums of the grain, or all of the person, rather than look up a hundred versions: so the grain, which
    # the version says already, is not named, and the person is compared where no index can help.
    if "user_id" in filtered:
        filtered["user_id"] = func.coalesce(col(CostSum.user_id), null()) == bindparam("user_id", type_=BinaryUuid())
    return Prepared(
        select(version, *(cast(func.sum(col(getattr(CostSum, name))), BigInteger) for name in COUNTED))
        .where(
            version.is_not(None),
            version.in_(select(best.c.version_id)),
            start >= bindparam("month_0"),
            start < bindparam("end"),
            *filtered.values(),
        )
        .group_by(version)
    )


def _read(session: Session, statement: Select[Any]) -> dict[Key, Sums]:
    return {row[0]: Sums(*row[1:]) for row in session.execute(statement)}


def _counted(session: Session, filters: Filters) -> int:
    some = select(col(CostSum.version_id)).where(col(CostSum.version_id).is_not(None), *_within(filters))
    return session.scalar(select(func.count()).select_from(some.distinct().limit(_MOST_COUNTED).subquery())) or 0


def _months(filters: Filters) -> list[date]:
    found, month = [], filters.first
    while month < filters.end:
        found.append(month)
        month = next_month(month)
    return found
