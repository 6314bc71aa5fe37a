"""Reports over the sums: one range of days, one way of grouping, any filters. Totals come from the smallest grain that can tell."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal

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
    literal,
    select,
    union_all,
)
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.finance.sums import COUNTED, MONTHLY, Sums
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
_DECIDING = ("amount_nano", "unpriced")
_ALL = literal("all")


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

    def values(self, parts: Iterable["Stretch"]) -> dict[str, Any]:
        """What the statements over these stretches are asked with, by the names of their parameters."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self.named}
        for at, part in enumerate(parts):
            found |= {f"start_{at}": part.start, f"end_{at}": part.end, f"month_{at}": part.start.replace(day=1)}
        return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sums of one grain whose start is in [start, end)."""

    grain: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Shape:
    """All that the text of a statement depends on: the grains of its stretches, and the columns filtered by. Making a
    statement takes longer than running it, so it is made once for each shape, and asked with `Filters.values`."""

    grains: tuple[str, ...]
    named: frozenset[str]

    @classmethod
    def of(cls, parts: Iterable[Stretch], filters: Filters) -> "Shape":
        return cls(tuple(part.grain for part in parts), filters.named)


def report(session: Session, group_by: GroupBy, filters: Filters) -> dict[Key, Sums]:
    """Sums by key: a day, the first of a month, an id, or a name (None for rows that have none). Not by version."""
    parts = stretches(group_by, filters)
    rows = _report(group_by, Shape.of(parts, filters)).all(session, **filters.values(parts))
    return {row[0]: Sums(*row[1:]) for row in rows}


@lru_cache(maxsize=256)
def _report(group_by: GroupBy, shape: Shape) -> Prepared:
    return Prepared(grouped(group_by, shape), planned_anew=True)


def dearest(
    session: Session, group_by: GroupBy, filters: Filters, *, limit: int, offset: int = 0
) -> tuple[list[tuple[Key, Sums]], int]:
    """So many keys from the most expensive on, and how many there are. Not by version. Where there can be thousands, by draft
    and by conversation, those that cost the same are not told apart by their tokens."""
    parts = stretches(group_by, filters)
    shape, values = Shape.of(parts, filters), filters.values(parts)
    rows = _dearest(group_by, shape).all(session, **values, limit=limit, offset=offset)
    if not rows:
        return [], _count(group_by, shape).all(session, **values)[0][0] if offset else 0
    keys, count = [row[0] for row in rows], rows[0][-1]
    if group_by in _MANY:
        # As many parameters for any number of keys up to the next power of two, so that there are few such statements.
        number = 1 << (len(keys) - 1).bit_length()
        among = {f"key_{at}": keys[min(at, len(keys) - 1)] for at in range(number)}
        rows = _of_keys(group_by, shape, number).all(session, **values, **among)
    found = {row[0]: Sums(*row[1 : 1 + len(COUNTED)]) for row in rows}
    return [(key, found[key]) for key in keys], count


@lru_cache(maxsize=256)
def _dearest(group_by: GroupBy, shape: Shape) -> Prepared:
    """One page of keys with all that is counted, the number of all keys last. Drafts and conversations are thousands: putting
    them in order with all that is counted takes three times as long as with what decides the order, so they have only that."""
    many = group_by in _MANY
    every = grouped(group_by, shape, counted=_DECIDING if many else COUNTED).subquery()
    order = [every.c.amount_nano.desc(), every.c.unpriced.desc()]
    if not many:
        order.append((every.c.input_tokens + every.c.output_tokens + every.c.cache_read_tokens).desc())
    return Prepared(
        select(*every.c, func.count().over())
        .order_by(*order, every.c.key.asc().nulls_first())
        .limit(bindparam("limit", type_=Integer()))
        .offset(bindparam("offset", type_=Integer())),
        planned_anew=True,
    )


@lru_cache(maxsize=256)
def _count(group_by: GroupBy, shape: Shape) -> Prepared:
    return Prepared(
        select(func.count()).select_from(grouped(group_by, shape, counted=()).subquery()), planned_anew=True
    )


@lru_cache(maxsize=256)
def _of_keys(group_by: GroupBy, shape: Shape, number: int) -> Prepared:
    """All that is counted of some keys, and of what has none."""
    key: Any = col(getattr(CostSum, COLUMNS[group_by]))
    named = key.in_([bindparam(f"key_{at}", type_=key.type) for at in range(number)])
    return Prepared(grouped(group_by, shape, among=named | key.is_(None)), planned_anew=True)


def total(session: Session, filters: Filters) -> Sums:
    """Everything the filters let through."""
    return added_up(session, stretches(None, filters), filters) or Sums()


def added_up(session: Session, parts: Iterable[Stretch], filters: Filters) -> Sums | None:
    """The sum of all in these stretches, None where there is nothing."""
    found: Sums | None = None
    for part in parts:
        for row in _total(Shape.of([part], filters)).all(session, **filters.values([part])):
            found = found or Sums()
            found.add(Sums(*row[1:]))
    return found


@lru_cache(maxsize=256)
def _total(shape: Shape) -> Prepared:
    return Prepared(summed(shape, _ALL), planned_anew=True)


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


def grouped_sums(group_by: GroupBy, filters: Filters, counted: Sequence[str]) -> tuple[Select[Any], dict[str, Any]]:
    """The statement of `report` for a part of another, and what it is asked with."""
    parts = stretches(group_by, filters)
    return grouped(group_by, Shape.of(parts, filters), counted=counted), filters.values(parts)


def grouped(
    group_by: GroupBy, shape: Shape, *, counted: Sequence[str] = COUNTED, among: ColumnElement[bool] | None = None
) -> Select[Any]:
    """`key`, then the sums by their names; only of rows that are `among` some, if that is given."""
    parts = []
    for at, grain in enumerate(shape.grains):
        key: Any = col(CostSum.start)
        if group_by == "month" and grain not in MONTHLY:
            # A stretch of days lies within one month, which is its key.
            key = bindparam(f"month_{at}", type_=Date())
        elif group_by in COLUMNS:
            key = col(getattr(CostSum, COLUMNS[group_by]))
        parts.append(summed(shape, key, at=at, counted=counted, among=among))
    return _added(parts, counted)


def summed(
    shape: Shape,
    key: Any,
    *,
    at: int = 0,
    counted: Sequence[str] = COUNTED,
    among: ColumnElement[bool] | None = None,
    scattered: bool = False,
) -> Select[Any]:
    """The sums of one stretch by a key, of rows `among` some where that is given; nothing where there is nothing.
    `scattered`: they are to be found by an index on what `among` or further conditions name."""
    sums = [_whole(func.sum(col(getattr(CostSum, name)))).label(name) for name in counted]
    conditions = of_stretch(shape, at, scattered=scattered)
    statement = select(key.label("key"), *sums).where(*conditions, *([] if among is None else [among]))
    constant = isinstance(key, BindParameter)
    return statement.having(func.count() > 0) if constant else statement.group_by(key)


def of_stretch(shape: Shape, at: int = 0, *, scattered: bool = False) -> list[ColumnElement[bool]]:
    """What is true of the sums of a stretch; `scattered` as in `summed`."""
    grain = col(CostSum.grain)
    return [
        # SQLite, which keeps no statistics here, would read the whole stretch wherever it can.
        grain.concat("") == shape.grains[at] if scattered else grain == shape.grains[at],
        col(CostSum.start) >= bindparam(f"start_{at}", type_=Date()),
        col(CostSum.start) < bindparam(f"end_{at}", type_=Date()),
        *same(CostSum, shape.named),
    ]


def same(table: Any, named: Iterable[str]) -> list[ColumnElement[bool]]:
    """The conditions of filters by these columns, which are the names of their parameters too."""
    columns: list[tuple[str, Any]] = [(name, col(getattr(table, name))) for name in sorted(named)]
    return [column == bindparam(name, type_=column.type) for name, column in columns]


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
        for start, model, amount in _amounts(Shape.of([part], filters)).all(session, **filters.values([part])):
            key = (start.replace(day=1) if months else start, model)
            found[key] = found.get(key, 0) + amount
    return found


@lru_cache(maxsize=256)
def _amounts(shape: Shape) -> Prepared:
    start, model = col(CostSum.start), col(CostSum.model)
    return Prepared(
        select(start, model, _whole(func.sum(col(CostSum.amount_nano))))
        .where(*of_stretch(shape))
        .group_by(start, model),
        planned_anew=True,
    )
