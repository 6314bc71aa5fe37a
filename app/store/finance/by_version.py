"""The report by version. A version is made by one or two attempts, so there are as many versions as rows: the most
expensive ones are found through an index over whole months, and only a part of a month is read row by row."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Select, cast, func, select
from sqlmodel import Session, col

from app.store.finance.proof import prices, row_sums
from app.store.finance.reports import Filters, Key, next_month
from app.store.finance.sums import COUNTED, Sums, midnight
from app.store.tables import CostSum, LedgerEntry, Version

_VERSION, _LOOSE = col(CostSum.grain) == "version", col(CostSum.grain) == "loose"
_MOST_COUNTED = 2_000
_SPARE = 20
_AT_ONCE = 500
_PERSONAL = frozenset({"user_id", "draft_id", "conversation_id"})


def by_version(session: Session, filters: Filters) -> dict[Key, Sums]:
    """All versions, and None for what made none."""
    if _has_edges(filters):
        return {row[0]: Sums(*row[1:]) for row in session.execute(_from_rows(filters, col(LedgerEntry.version_id)))}
    return _read(session, _from_sums(filters).where(_VERSION)) | _read(session, _from_sums(filters).where(_LOOSE))


def dearest_versions(
    session: Session, filters: Filters, *, limit: int, offset: int = 0
) -> tuple[list[tuple[Key, Sums]], int]:
    """So many versions from the most expensive on, and how many there are, where at most 2,000 are counted."""
    if _has_edges(filters) or filters.named & _PERSONAL:
        found = by_version(session, filters)
        count = len(found)
    else:
        found, count = _candidates(session, filters, offset + limit), _counted(session, filters)
    ordered = sorted(found.items(), key=lambda item: (-item[1].amount_nano, -item[1].unpriced, str(item[0] or "")))
    return ordered[offset : offset + limit], count


def by_number(session: Session, filters: Filters) -> dict[int | None, Sums]:
    """One draft's versions by their numbers; None for what made none and for versions that are gone."""
    made = (col(Version.id) == col(LedgerEntry.version_id)) & (col(Version.draft_id) == filters.draft_id)
    rows = session.execute(_from_rows(filters, col(Version.number)).outerjoin(Version, made))
    return {row[0]: Sums(*row[1:]) for row in rows}


def _has_edges(filters: Filters) -> bool:
    """Whether a part of a month is asked for; or one draft, whose rows are few and found by an index."""
    return filters.first.day != 1 or filters.end.day != 1 or filters.draft_id is not None


def _from_rows(filters: Filters, key: Any) -> Select[Any]:
    return summed_rows_by_version(filters, filters.first, filters.end, key)


def summed_rows_by_version(filters: Filters, first: date, end: date, key: Any) -> Select[Any]:
    """The sums of the rows from a day on until before another, by a key that is theirs or their version's."""
    original, sums = row_sums()
    statement = (
        select(key, *sums)
        .select_from(LedgerEntry)
        .outerjoin(original, prices(original))
        .where(
            col(LedgerEntry.at) >= midnight(first),
            col(LedgerEntry.at) < midnight(end),
            *filters.conditions(LedgerEntry),
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
    best: dict[uuid.UUID, int] = {}
    for month in _months(filters):
        rows = session.execute(
            select(col(CostSum.version_id), col(CostSum.amount_nano))
            .where(col(CostSum.version_id).is_not(None), col(CostSum.start) == month, *filters.conditions(CostSum))
            .order_by(col(CostSum.amount_nano).desc())
            .limit(wanted + _SPARE)
        )
        for version_id, amount in rows:
            best[version_id] = max(amount, best.get(version_id, amount))
    ids = sorted(best, key=lambda version_id: (-best[version_id], version_id))[: wanted + _SPARE]
    found: dict[Key, Sums] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = _from_sums(filters).where(_VERSION, col(CostSum.version_id).in_(ids[start : start + _AT_ONCE]))
        found |= _read(session, some)
    return found | _read(session, _from_sums(filters).where(_LOOSE))


def _read(session: Session, statement: Select[Any]) -> dict[Key, Sums]:
    return {row[0]: Sums(*row[1:]) for row in session.execute(statement)}


def _counted(session: Session, filters: Filters) -> int:
    some = select(col(CostSum.id)).where(col(CostSum.version_id).is_not(None), *_within(filters)).limit(_MOST_COUNTED)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _months(filters: Filters) -> list[date]:
    found, month = [], filters.first
    while month < filters.end:
        found.append(month)
        month = next_month(month)
    return found
