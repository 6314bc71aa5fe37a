"""Reports with as many rows as there are drafts, chats or versions, piece by piece in the order of their ids: for tables
longer than memory. Ids are given in the order of time, so the oldest come first."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, literal, select
from sqlmodel import Session, col

from app.store.finance.by_version import moments, summed_rows
from app.store.finance.reports import COLUMNS, Filters, GroupBy, Shape, Stretch, of_stretch, stretches, summed
from app.store.finance.sums import MONTHLY, Sums
from app.store.tables import CostSum, LedgerEntry
from app.store.types import BinaryUuid

WALKED: frozenset[GroupBy] = frozenset({"draft", "conversation", "version"})
"""The ways of grouping that are walked; all others have few rows."""
_ALL = literal("all")


def sums_after(
    session: Session, group_by: GroupBy, filters: Filters, *, after: uuid.UUID | None, limit: int
) -> tuple[list[tuple[uuid.UUID, Sums]], uuid.UUID | None]:
    """The sums of the next keys behind one, at most so many, and the last key that was looked at; None at the end."""
    keys = _keys(session, group_by, filters, after, limit)
    if not keys:
        return [], None
    found: dict[uuid.UUID, Sums] = {}
    for part, key in _parts(group_by, filters):
        # The index of sums is found by equal keys; rows of the ledger have none on their version.
        within = key.between(keys[0], keys[-1]) if part.grain == "rows" else key.in_(keys)
        for row in session.execute(_sums(part, filters, key, key, within), filters.values([part])):
            found.setdefault(row[0], Sums()).add(Sums(*row[1:]))
    return sorted(found.items()), keys[-1] if len(keys) == limit else None


def sums_without(session: Session, group_by: GroupBy, filters: Filters) -> Sums | None:
    """The sum of what has no such key, None where there is nothing."""
    found: Sums | None = None
    for part, key in _parts(group_by, filters, without=True):
        for row in session.execute(_sums(part, filters, key, _ALL, key.is_(None)), filters.values([part])):
            found = found or Sums()
            found.add(Sums(*row[1:]))
    return found


def _keys(
    session: Session, group_by: GroupBy, filters: Filters, after: uuid.UUID | None, limit: int
) -> list[uuid.UUID]:
    """Found in the sums alone, by the index on the key. A version's are those of whole months, so some may be without a
    row in the period."""
    parts = stretches(group_by, filters)
    if group_by == "version":
        parts = [Stretch("version", filters.first.replace(day=1), filters.end)]
    key = col(getattr(CostSum, COLUMNS[group_by]))
    found: set[uuid.UUID] = set()
    for part in parts:
        statement = (
            select(key)
            .distinct()
            .where(
                key > literal(after, BinaryUuid()) if after is not None else key.is_not(None),
                *of_stretch(Shape.of([part], filters), scattered=True),
            )
        )
        found.update(session.scalars(statement.order_by(key).limit(limit), filters.values([part])))
    return sorted(found)[:limit]


def _parts(group_by: GroupBy, filters: Filters, *, without: bool = False) -> Iterator[tuple[Stretch, Any]]:
    """Where to read what, and the column of the key there. By version, only whole months are in the sums; days before and
    after them are read from the rows, and so is one draft, whose rows are few."""
    if group_by != "version":
        for part in stretches(group_by, filters):
            yield part, col(getattr(CostSum, COLUMNS[group_by]))
        return
    if filters.draft_id is not None:
        yield Stretch("rows", filters.first, filters.end), col(LedgerEntry.version_id)
        return
    for part in stretches("version", filters):
        if part.grain in MONTHLY:
            yield Stretch("loose" if without else "version", part.start, part.end), col(CostSum.version_id)
        else:
            yield Stretch("rows", part.start, part.end), col(LedgerEntry.version_id)


def _sums(part: Stretch, filters: Filters, key: Any, by: Any, within: ColumnElement[bool]) -> Any:
    if part.grain == "rows":
        some = replace(filters, first=part.start, last=part.end - timedelta(days=1), open_end=False)
        return summed_rows(filters.named, by).params(moments(some)).where(within)
    return summed(Shape.of([part], filters), by, scattered=by is key).where(within)
