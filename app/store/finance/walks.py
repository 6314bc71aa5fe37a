"""Reports with as many rows as there are drafts, chats or versions, piece by piece in the order of their ids: for tables
longer than memory. Ids are given in the order of time, so the oldest come first."""

import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select
from sqlmodel import Session, col

from app.store.finance.by_version import (
    by_rows,
    loose_stretches,
    moments,
    summed_rows,
    summed_versions,
    within,
    within_values,
)
from app.store.finance.reports import COLUMNS, Filters, GroupBy, Shape, added_up, of_stretch, stretches, summed
from app.store.finance.sums import Sums
from app.store.tables import CostSum, LedgerEntry, VersionSum
from app.store.types import BinaryUuid

WALKED: frozenset[GroupBy] = frozenset({"draft", "conversation", "version"})
"""The ways of grouping that are walked; all others have few rows."""
_ALL = literal("all")
_version_id = col(VersionSum.version_id)


def sums_after(
    session: Session, group_by: GroupBy, filters: Filters, *, after: uuid.UUID | None, limit: int
) -> tuple[list[tuple[uuid.UUID, Sums]], uuid.UUID | None]:
    """The sums of the next keys behind one, at most so many, and the last key that was looked at; None at the end."""
    keys = _keys(session, group_by, filters, after, limit)
    if not keys:
        return [], None
    found: dict[uuid.UUID, Sums] = {}
    for statement, values in _statements(group_by, filters, keys):
        for row in session.execute(statement, values):
            found.setdefault(row[0], Sums()).add(Sums(*row[1:]))
    return sorted(found.items()), keys[-1] if len(keys) == limit else None


def sums_without(session: Session, group_by: GroupBy, filters: Filters) -> Sums | None:
    """The sum of what has no such key, None where there is nothing."""
    if group_by == "version" and not by_rows(filters):
        return added_up(session, loose_stretches(filters), filters)
    found: Sums | None = None
    for statement, values in _without(group_by, filters):
        for row in session.execute(statement, values):
            found = found or Sums()
            found.add(Sums(*row[1:]))
    return found


def _keys(
    session: Session, group_by: GroupBy, filters: Filters, after: uuid.UUID | None, limit: int
) -> list[uuid.UUID]:
    """Found in the sums alone, by the index on the key; but one draft's or conversation's versions in their rows."""
    if group_by == "version" and by_rows(filters):
        made = col(LedgerEntry.version_id)
        every = summed_rows(filters.named, made).where(_behind(made, after)).subquery()
        return list(session.scalars(select(every.c.key).order_by(every.c.key).limit(limit), moments(filters)))
    if group_by == "version":
        wanted = select(_version_id).distinct().where(_behind(_version_id, after), *within(filters.named))
        statement = wanted.order_by(_version_id).limit(limit)
        return list(session.scalars(statement, within_values(filters)))
    key = col(getattr(CostSum, COLUMNS[group_by]))
    found: set[uuid.UUID] = set()
    for part in stretches(group_by, filters):
        stretch = of_stretch(Shape.of([part], filters), scattered=True)
        some = select(key).distinct().where(_behind(key, after), *stretch).order_by(key).limit(limit)
        found.update(session.scalars(some, filters.values([part])))
    return sorted(found)[:limit]


def _behind(key: Any, after: uuid.UUID | None) -> ColumnElement[bool]:
    behind: ColumnElement[bool] = key > literal(after, BinaryUuid()) if after is not None else key.is_not(None)
    return behind


def _statements(
    group_by: GroupBy, filters: Filters, keys: list[uuid.UUID]
) -> Iterator[tuple[Select[Any], dict[str, Any]]]:
    """What gives the sums of these keys, which follow each other, and what it is asked with."""
    if group_by == "version":
        if by_rows(filters):
            key: Any = col(LedgerEntry.version_id)
            yield summed_rows(filters.named, key).where(key.between(keys[0], keys[-1])), moments(filters)
        else:
            yield summed_versions(filters.named, _version_id.in_(keys)), within_values(filters)
        return
    key = col(getattr(CostSum, COLUMNS[group_by]))
    for part in stretches(group_by, filters):
        shape = Shape.of([part], filters)
        yield summed(shape, key, scattered=True).where(key.in_(keys)), filters.values([part])


def _without(group_by: GroupBy, filters: Filters) -> Iterator[tuple[Select[Any], dict[str, Any]]]:
    if group_by == "version":
        yield summed_rows(filters.named, _ALL).where(col(LedgerEntry.version_id).is_(None)), moments(filters)
        return
    key = col(getattr(CostSum, COLUMNS[group_by]))
    for part in stretches(group_by, filters):
        yield summed(Shape.of([part], filters), _ALL).where(key.is_(None)), filters.values([part])
