"""Reports over the sums: one range of days, one way of grouping, any filters. Totals come from the smallest grain that can tell."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Select,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlmodel import Session, col

from app.store.finance.sums import COUNTED, MONTHLY, NO_VERSION, Sums
from app.store.tables import CostSum

GroupBy = Literal[
    "day", "month", "user", "model", "provider", "draft", "branch", "version", "conversation", "cost_centre", "group"
]
GROUPS: tuple[GroupBy, ...] = (
    "day", "month", "user", "model", "provider", "draft", "branch", "version", "conversation", "cost_centre",
    "group",
)  # fmt: skip
Key = date | uuid.UUID | str | None

COLUMNS = {
    "user": "user_id", "model": "model", "provider": "provider", "draft": "draft_id",
    "conversation": "conversation_id", "cost_centre": "cost_centre", "version": "version_id", "group": "group_id",
}  # fmt: skip
_FILTERS = ("user_id", "draft_id", "conversation_id", "provider", "model", "cost_centre", "group_id")
_CHAT = frozenset({"draft_id", "conversation_id"})
_MANY = frozenset({"draft", "conversation"})
_DECIDING = ("amount_nano", "unpriced", "input_tokens", "output_tokens", "cache_read_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows a report is about: days from `first` to `last`, both included; None means all. `open_end`: nothing can
    have been booked after `last` yet, so that the month it is in counts as a whole one."""

    first: date
    last: date
    user_id: uuid.UUID | None = None
    draft_id: uuid.UUID | None = None
    conversation_id: uuid.UUID | None = None
    provider: str | None = None
    model: str | None = None
    cost_centre: str | None = None
    group_id: uuid.UUID | None = None
    open_end: bool = False

    @property
    def named(self) -> frozenset[str]:
        """The columns that are filtered by."""
        return frozenset(name for name in _FILTERS if getattr(self, name) is not None)

    @property
    def end(self) -> date:
        """The first day that is outside, or from which on there is nothing."""
        return next_month(self.last) if self.open_end else self.last + timedelta(days=1)

    def conditions(self, table: Any) -> list[ColumnElement[bool]]:
        return [col(getattr(table, name)) == getattr(self, name) for name in _FILTERS if name in self.named]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sums of one grain whose start is in [start, end)."""

    grain: str
    start: date
    end: date


def report(session: Session, group_by: GroupBy, filters: Filters) -> dict[Key, Sums]:
    """Sums by key: a day, the first of a month, an id, or a name (None for rows that have none). Not by version."""
    rows = session.execute(grouped_sums(group_by, filters))
    return {row[0]: Sums(*row[1:]) for row in rows}


def dearest(
    session: Session, group_by: GroupBy, filters: Filters, *, limit: int, offset: int = 0
) -> tuple[list[tuple[Key, Sums]], int]:
    """So many keys from the most expensive on, and how many there are. Not by version."""
    # Drafts and conversations are thousands: putting them in order with all that is counted takes three times as long as with
    # what decides the order.
    many = group_by in _MANY
    grouped = grouped_sums(group_by, filters, counted=_DECIDING if many else COUNTED).subquery()
    amount, unpriced = grouped.c.amount_nano, grouped.c.unpriced
    tokens = grouped.c.input_tokens + grouped.c.output_tokens + grouped.c.cache_read_tokens
    rows = session.execute(
        select(grouped, func.count().over())
        .order_by(amount.desc(), unpriced.desc(), tokens.desc(), grouped.c.key.asc().nulls_first())
        .limit(limit)
        .offset(offset)
    ).all()
    if not rows:
        return [], (session.scalar(select(func.count()).select_from(grouped)) or 0) if offset else 0
    keys, count = [row[0] for row in rows], rows[0][-1]
    found = _sums_of(session, group_by, filters, keys) if many else {row[0]: Sums(*row[1:-1]) for row in rows}
    return [(key, found[key]) for key in keys], count


def _sums_of(session: Session, group_by: GroupBy, filters: Filters, keys: list[Key]) -> dict[Key, Sums]:
    """All that is counted of some keys."""
    key = col(getattr(CostSum, COLUMNS[group_by]))
    named = [each for each in keys if each is not None]
    among = [key.in_(named)] if named else []
    if len(named) < len(keys):
        among.append(key.is_(None))
    rows = session.execute(grouped_sums(group_by, filters, among=or_(*among)))
    return {row[0]: Sums(*row[1:]) for row in rows}


def total(session: Session, filters: Filters) -> Sums:
    """Everything the filters let through."""
    found = Sums()
    for part in stretches(None, filters):
        rows = session.execute(summed(part, filters, literal("all")))
        for row in rows:
            found.add(Sums(*row[1:]))
    return found


def stretches(group_by: GroupBy | None, filters: Filters) -> list[Stretch]:
    """Whole months from the months' sums, the days before and after them from the days'; each in the coarsest grain
    that tells apart what is asked for."""
    needed = filters.named | ({COLUMNS[group_by]} if group_by in COLUMNS else set())
    monthly = "month" if needed & _CHAT else "people"
    daily = "day" if needed & _CHAT else "person" if "user_id" in needed else "total"
    first, end = filters.first, filters.end
    if group_by == "day":
        return [Stretch(daily, first, end)]
    whole, whole_end = whole_months(filters)
    if whole > whole_end:
        return [Stretch(daily, first, end)]
    parts = [Stretch(daily, first, whole), Stretch(monthly, whole, whole_end), Stretch(daily, whole_end, end)]
    return [part for part in parts if part.start < part.end]


def whole_months(filters: Filters) -> tuple[date, date]:
    """The first day of the first whole month, and the day after the last; there is none unless the first is smaller."""
    first = filters.first
    return (first if first.day == 1 else next_month(first)), filters.end.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the following month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def grouped_sums(
    group_by: GroupBy,
    filters: Filters,
    *,
    counted: Sequence[str] = COUNTED,
    among: ColumnElement[bool] | None = None,
) -> Select[Any]:
    """The statement of `report`: `key`, then the sums by their names; only of rows that are `among` some, if that is given."""
    parts = stretches(group_by, filters)
    if group_by == "month":
        # A stretch of days lies within one month, which is its key.
        return _added([summed(part, filters, _month_key(part), counted=counted) for part in parts], counted)
    key: Any = col(CostSum.start) if group_by == "day" else col(getattr(CostSum, COLUMNS[group_by]))
    return _added([summed(part, filters, key, counted=counted, among=among) for part in parts], counted)


def _month_key(part: Stretch) -> Any:
    return col(CostSum.start) if part.grain in MONTHLY else literal(part.start.replace(day=1), Date())


def summed(
    part: Stretch,
    filters: Filters,
    key: Any,
    *,
    counted: Sequence[str] = COUNTED,
    among: ColumnElement[bool] | None = None,
    scattered: bool = False,
) -> Select[Any]:
    """The sums of one stretch by a key, of rows `among` some where that is given; nothing where there is nothing.
    `scattered`: they are to be found by an index on what `among` or further conditions name."""
    sums = [_whole(func.sum(col(getattr(CostSum, name)))).label(name) for name in counted]
    conditions = of_stretch(part, filters, scattered=scattered)
    statement = select(key.label("key"), *sums).where(*conditions, *([] if among is None else [among]))
    constant = isinstance(key, BindParameter)
    return statement.having(func.count() > 0) if constant else statement.group_by(key)


def of_stretch(part: Stretch, filters: Filters, *, scattered: bool = False) -> list[ColumnElement[bool]]:
    """What is true of the sums of a stretch; `scattered` as in `summed`."""
    grain = col(CostSum.grain)
    return [
        # SQLite, which keeps no statistics here, would read the whole stretch wherever it can.
        grain.concat("") == part.grain if scattered else grain == part.grain,
        col(CostSum.start) >= part.start,
        col(CostSum.start) < part.end,
        *([] if part.grain == "version" else [NO_VERSION]),
        *filters.conditions(CostSum),
    ]


def _added(parts: list[Select[Any]], counted: Sequence[str]) -> Select[Any]:
    """One statement over all stretches: each is read by itself, their sums are added."""
    if len(parts) == 1:
        return parts[0]
    every = union_all(*parts).subquery()
    sums = [_whole(func.sum(every.c[name])).label(name) for name in counted]
    return select(every.c.key, *sums).group_by(every.c.key)


def _whole(value: Any) -> ColumnElement[int]:
    """PostgreSQL's sums of whole numbers are decimals."""
    return cast(value, BigInteger)


def amounts_over_time(session: Session, filters: Filters, *, months: bool) -> dict[tuple[date, str], int]:
    """Known costs (nano-USD) by day, or by month, and model: what a chart stacks."""
    found: dict[tuple[date, str], int] = {}
    for part in stretches("month" if months else "day", filters):
        rows = session.execute(
            select(col(CostSum.start), col(CostSum.model), _whole(func.sum(col(CostSum.amount_nano))))
            .where(*of_stretch(part, filters))
            .group_by(col(CostSum.start), col(CostSum.model))
        )
        for start, model, amount in rows:
            key = (start.replace(day=1) if months else start, model)
            found[key] = found.get(key, 0) + amount
    return found
