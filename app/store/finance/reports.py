"""Reports over the sums: one range of days, one way of grouping, any filters. Totals come from the smallest grain that can tell."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.finance.sums import Sums, midnight
from app.store.tables import CostSum, LedgerEntry

GroupBy = Literal["day", "month", "user", "model", "provider", "draft", "version", "conversation", "cost_centre"]
GROUPS: tuple[GroupBy, ...] = (
    "day", "month", "user", "model", "provider", "draft", "version", "conversation", "cost_centre",
)  # fmt: skip
Key = date | uuid.UUID | str | None

_COLUMNS = {
    "user": "user_id", "model": "model", "provider": "provider", "draft": "draft_id",
    "conversation": "conversation_id", "cost_centre": "cost_centre", "version": "version_id",
}  # fmt: skip
_TOKENS = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows a report is about: days from `first` to `last`, both included; None means all."""

    first: date
    last: date
    user_id: uuid.UUID | None = None
    draft_id: uuid.UUID | None = None
    conversation_id: uuid.UUID | None = None
    provider: str | None = None
    model: str | None = None
    cost_centre: str | None = None

    def conditions(self, table: Any) -> list[ColumnElement[bool]]:
        named = ("user_id", "draft_id", "conversation_id", "provider", "model", "cost_centre")
        values = [(name, getattr(self, name)) for name in named]
        return [col(getattr(table, name)) == value for name, value in values if value is not None]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows of one grain whose start is in [start, end)."""

    grain: str
    start: date
    end: date


def report(session: Session, group_by: GroupBy, filters: Filters) -> dict[Key, Sums]:
    """Sums by key: a day, the first of a month, an id, or a name (None for rows that have none)."""
    if group_by == "version":
        return _by_version(session, filters)
    found: dict[Key, Sums] = {}
    for stretch in _stretches(group_by, filters):
        for key, sums in _summed(session, group_by, stretch, filters):
            found.setdefault(key, Sums()).add(sums)
    return found


def _summed(session: Session, group_by: GroupBy, stretch: _Stretch, filters: Filters) -> list[tuple[Key, Sums]]:
    counted = [cast(func.sum(col(getattr(CostSum, name))), BigInteger) for name in Sums.__slots__]
    within = [
        col(CostSum.grain) == stretch.grain,
        col(CostSum.start) >= stretch.start,
        col(CostSum.start) < stretch.end,
        *filters.conditions(CostSum),
    ]
    if group_by == "month" and stretch.grain != "month":
        # A stretch of days never leaves its month.
        month = stretch.start.replace(day=1)
        row = session.execute(select(*counted).where(*within)).one()
        return [] if row[0] is None else [(month, Sums(*row))]
    key = col(CostSum.start) if group_by in ("day", "month") else col(getattr(CostSum, _COLUMNS[group_by]))
    rows = session.execute(select(key, *counted).where(*within).group_by(key))
    return [(row[0], Sums(*row[1:])) for row in rows]


def _stretches(group_by: GroupBy, filters: Filters) -> list[_Stretch]:
    """Whole months from the months' sums, what is left from the days'."""
    end = filters.last + timedelta(days=1)
    if group_by == "conversation" or filters.conversation_id is not None:
        days, months = "day", False
    else:
        days = "day" if group_by == "draft" or filters.draft_id is not None else "person"
        months = group_by != "day"
    if group_by == "month":
        return _by_months(days, filters.first, end, whole=months)
    first_whole = filters.first if filters.first.day == 1 else next_month(filters.first)
    last_whole = end.replace(day=1)
    if not months or first_whole >= last_whole:
        return [_Stretch(days, filters.first, end)]
    parts = [
        _Stretch(days, filters.first, first_whole),
        _Stretch("month", first_whole, last_whole),
        _Stretch(days, last_whole, end),
    ]
    return [part for part in parts if part.start < part.end]


def _by_months(days: str, start: date, end: date, *, whole: bool) -> list[_Stretch]:
    parts = []
    while start < end:
        after = min(next_month(start), end)
        complete = whole and start.day == 1 and after == next_month(start)
        parts.append(_Stretch("month" if complete else days, start, after))
        start = after
    return parts


def next_month(day: date) -> date:
    """The first day of the following month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _by_version(session: Session, filters: Filters) -> dict[Key, Sums]:
    """From the rows themselves: a version is made by few of them, so sums would be no fewer."""
    original = aliased(LedgerEntry)
    amount, adjusts = col(LedgerEntry.amount_nano), col(LedgerEntry.adjusts_id)

    def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    sums = [
        *(cast(func.sum(col(getattr(LedgerEntry, name))), BigInteger) for name in _TOKENS),
        cast(func.coalesce(func.sum(amount), 0), BigInteger),
        func.count(amount),
        counted(amount.is_(None)) - func.count(original.id),  # type: ignore[arg-type]
        counted((col(LedgerEntry.status) == "estimated") & adjusts.is_(None)),
        counted(adjusts.is_(None)),
        counted(adjusts.is_not(None)),
    ]
    key = col(LedgerEntry.version_id)
    rows = session.execute(
        select(key, *sums)
        .outerjoin(original, (original.id == adjusts) & original.amount_nano.is_(None))  # type: ignore[union-attr]
        .where(
            col(LedgerEntry.at) >= midnight(filters.first),
            col(LedgerEntry.at) < midnight(filters.last + timedelta(days=1)),
            *filters.conditions(LedgerEntry),
        )
        .group_by(key)
    )
    return {row[0]: Sums(*row[1:]) for row in rows}


def amounts_over_time(session: Session, filters: Filters, *, months: bool) -> dict[tuple[date, str], int]:
    """Known costs (nano-USD) by day, or by month, and model: what a chart stacks."""
    found: dict[tuple[date, str], int] = {}
    for stretch in _stretches("month" if months else "day", filters):
        rows = session.execute(
            select(col(CostSum.start), col(CostSum.model), cast(func.sum(col(CostSum.amount_nano)), BigInteger))
            .where(
                col(CostSum.grain) == stretch.grain,
                col(CostSum.start) >= stretch.start,
                col(CostSum.start) < stretch.end,
                *filters.conditions(CostSum),
            )
            .group_by(col(CostSum.start), col(CostSum.model))
        )
        for start, model, amount in rows:
            key = (start.replace(day=1) if months else start, model)
            found[key] = found.get(key, 0) + amount
    return found
