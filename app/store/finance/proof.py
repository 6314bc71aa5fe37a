"""The sums of the ledger added up anew from its rows: to prove those that are kept, and to write them where rows came in bulk."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.finance.sums import COUNTED, GRAINS, MONTHLY, NAMED, Sums, sum_key
from app.store.tables import CostSum, LedgerEntry, VersionSum

_AT_ONCE = 2_000
_TOKENS = COUNTED[:6]

_OF_A_SUM = tuple(name for name in NAMED if name != "version_id")
_ADD = Prepared(
    insert(CostSum).values({name: bindparam(name) for name in ("grain", "start", "id", *_OF_A_SUM, *COUNTED)})
)
_ADD_VERSION = Prepared(
    insert(VersionSum).values({name: bindparam(name) for name in ("start", "month", "id", "further", *NAMED, *COUNTED)})
)

Place = tuple[date, tuple[Any, ...]]
"""The start of a sum, and its names in the order of `NAMED`."""


@dataclass(frozen=True, slots=True)
class WrongSum:
    """A sum that is not what its rows say."""

    grain: str
    start: date
    id: uuid.UUID
    kept: Sums
    summed: Sums


def wrong_sums(session: Session) -> list[WrongSum]:
    """Adds up all rows anew and compares. An empty list is what should come out."""
    found = []
    nothing = Sums()
    for grain in GRAINS:
        summed, kept = dict(summed_rows(session, grain)), _kept(session, grain)
        for place in sorted(set(summed) | set(kept), key=str):
            ours, theirs = kept.get(place, nothing), summed.get(place, nothing)
            if ours != theirs:
                key = sum_key(grain, place[0], dict(zip(NAMED, place[1], strict=True)))
                found.append(WrongSum(grain, key.start, key.id, ours, theirs))
    return found


def unmarked_versions(session: Session) -> list[uuid.UUID]:
    """Versions of whose sums more than one is not marked as a further one: reports would not add them up."""
    version_id, further = col(VersionSum.version_id), col(VersionSum.further)
    first = func.sum(case((further, 0), else_=1))
    return list(session.scalars(select(version_id).group_by(version_id).having(first > 1).order_by(version_id)))


def rebuild_sums(session: Session) -> None:
    """Writes all sums anew from the rows."""
    session.execute(delete(CostSum))
    session.execute(delete(VersionSum))
    seen: set[uuid.UUID] = set()
    for grain in GRAINS:
        add, rows = (_ADD_VERSION if grain == "version" else _ADD), []
        for (start, values), sums in summed_rows(session, grain):
            key = sum_key(grain, start, dict(zip(NAMED, values, strict=True)))
            row = {"grain": grain, "start": start, "id": key.id, **key.names}
            row |= {name: getattr(sums, name) for name in COUNTED}
            if grain == "version":
                row |= {"month": start.replace(day=1), "further": row["version_id"] in seen}
                seen.add(row["version_id"])
            rows.append(row)
            if len(rows) == _AT_ONCE:
                add.many(session, rows)
                rows.clear()
        add.many(session, rows)


def summed_rows(session: Session, grain: str) -> Iterator[tuple[Place, Sums]]:
    """What the sums of a grain should be."""
    apart = GRAINS[grain]
    for row in session.execute(sums_statement(session, grain)).all():
        told = dict(zip(apart, row[1 : 1 + len(apart)], strict=True))
        yield (_day(row[0]), tuple(told.get(name) for name in NAMED)), Sums(*row[1 + len(apart) :])


def sums_statement(session: Session, grain: str) -> Select[Any]:
    """The start, what the grain tells apart, and the columns of `Sums`, added up from the rows."""
    start = start_of(session, monthly=grain in MONTHLY)
    keys = [col(getattr(LedgerEntry, name)) for name in GRAINS[grain]]
    original, sums = row_sums()
    statement: Select[Any] = (
        select(start, *keys, *sums)
        .select_from(LedgerEntry)
        .outerjoin(original, prices(original))
        .group_by(start, *keys)
    )
    version_id = col(LedgerEntry.version_id)
    if grain == "version":
        return statement.where(version_id.is_not(None))
    return statement.where(version_id.is_(None)) if grain.startswith("loose") else statement


def _kept(session: Session, grain: str) -> dict[Place, Sums]:
    table: Any = VersionSum if grain == "version" else CostSum
    named = NAMED if grain == "version" else _OF_A_SUM
    names = [col(getattr(table, name)) for name in named]
    counted = [cast(func.sum(col(getattr(table, name))), BigInteger) for name in COUNTED]
    statement = select(col(table.start), *names, *counted).group_by(col(table.start), *names)
    rows = session.execute(statement if grain == "version" else statement.where(col(CostSum.grain) == grain))
    found = {}
    for row in rows:
        told = dict(zip(named, row[1 : 1 + len(named)], strict=True))
        found[(row[0], tuple(told.get(name) for name in NAMED))] = Sums(*row[1 + len(named) :])
    return found


def start_of(session: Session, *, monthly: bool) -> ColumnElement[Any]:
    """The UTC day of a row, or the first of its month."""
    assert session.bind is not None
    at = col(LedgerEntry.at)
    if session.bind.dialect.name == "sqlite":
        return func.date(at, literal_column("'start of month'")) if monthly else func.date(at)
    day = func.timezone(literal_column("'UTC'"), at)
    return cast(func.date_trunc(literal_column("'month'"), day) if monthly else day, Date)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def row_sums() -> tuple[Any, list[ColumnElement[Any]]]:
    """The columns of `Sums` over ledger rows, and the rows they adjust, which have to be joined by `prices`."""
    original = aliased(LedgerEntry)
    amount, adjusts = col(LedgerEntry.amount_nano), col(LedgerEntry.adjusts_id)

    def counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    return original, [
        *(cast(func.sum(col(getattr(LedgerEntry, name))), BigInteger) for name in _TOKENS),
        cast(func.coalesce(func.sum(amount), 0), BigInteger),
        func.count(amount),
        counted(amount.is_(None)) - func.count(original.id),  # type: ignore[arg-type]
        counted((col(LedgerEntry.status) == "estimated") & adjusts.is_(None)),
        counted(adjusts.is_(None)),
        counted(adjusts.is_not(None)),
    ]


def prices(original: Any) -> ColumnElement[bool]:
    """Whether a row is the adjustment that gives `original` its price."""
    return and_(original.id == col(LedgerEntry.adjusts_id), original.amount_nano.is_(None))
