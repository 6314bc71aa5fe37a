"""Counts by day: adding to them and reading them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.tables import DraftStream, UsageDay

Key = tuple[str, str]
"""Kind and measure."""


def _upsert(insert: Any) -> Prepared:
    statement = insert(UsageDay).values({name: bindparam(name) for name in ("day", "kind", "measure", "amount")})
    amount = UsageDay.__table__.c.amount  # type: ignore[attr-defined]
    added = {"amount": amount + statement.excluded.amount}
    return Prepared(statement.on_conflict_do_update(index_elements=["day", "kind", "measure"], set_=added))


_UPSERT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


def add_counts(session: Session, day: date, counts: Mapping[Key, int]) -> None:
    """Adds to a day's counts; in the order of their keys, so that two workers never wait for each other in a circle."""
    assert session.bind is not None
    upsert = _UPSERT[session.bind.dialect.name]
    for (kind, measure), amount in sorted(counts.items()):
        upsert.run(session, day=day, kind=kind, measure=measure, amount=amount)


def counts_between(session: Session, first: date, last: date) -> list[tuple[date, str, str, int]]:
    """Day, kind, measure and amount of all days from `first` to `last`."""
    rows = session.execute(
        select(col(UsageDay.day), col(UsageDay.kind), col(UsageDay.measure), col(UsageDay.amount))
        .where(col(UsageDay.day) >= first, col(UsageDay.day) <= last)
        .order_by(col(UsageDay.day))
    )
    return [(day, kind, measure, amount) for day, kind, measure, amount in rows]


def drafts_by_kind(session: Session) -> dict[str, tuple[int, int, int]]:
    """Of each kind: drafts outside the trash, those submitted, and those with something to decide."""
    here = col(DraftStream.deleted_at).is_(None)
    rows = session.execute(
        select(
            col(DraftStream.kind),
            func.count().filter(here),
            func.count().filter(here, col(DraftStream.status) == "submitted"),
            func.count().filter(here, col(DraftStream.conflicts).is_not(None)),
        ).group_by(col(DraftStream.kind))
    )
    return {kind: (there, submitted, contested) for kind, there, submitted, contested in rows}
