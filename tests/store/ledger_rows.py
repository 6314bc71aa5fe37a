"""Ledger rows of every kind, booked at random, and the sums that were kept of them."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.store.ledger import add_entry
from app.store.tables import CostSum, LedgerEntry, VersionSum

PEOPLE, DRAFTS, VERSIONS = 3, 5, 60


def book(session: Session, chance: random.Random) -> None:
    """Attempts of which most make a version at once, few make one that others made too: on other days, by other models, booked
    to another group. Many cost the same or nothing, many have no price, some of which get it on the same or a later day."""
    ids = iter(range(1_000, 10_000))
    for number in range(260):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(365 * 24))
        version = (
            None if chance.random() < 0.3 else 5_000 + (number if chance.random() < 0.7 else chance.randrange(VERSIONS))
        )
        draft = None if chance.random() < 0.1 else 100 + chance.randrange(DRAFTS)
        person, kind = chance.randrange(PEOPLE), chance.random()
        common: dict[str, Any] = {
            "draft_id": draft and uuid.UUID(int=draft), "conversation_id": draft and uuid.UUID(int=draft + 100),
            "version_id": version and uuid.UUID(int=version), "user_id": uuid.UUID(int=person) if person else None,
            "group_id": uuid.UUID(int=9) if chance.random() < 0.5 else None, "provider": "p",
            "model": chance.choice(("large", "small")), "cost_centre": chance.choice(("Press", None)),
        }  # fmt: skip
        row = LedgerEntry(
            id=uuid.UUID(int=next(ids)), at=at, turn_id=uuid.UUID(int=number), attempt=1, outcome="done",
            status="unknown" if kind < 0.3 else "free" if kind < 0.5 else chance.choice(("reported", "estimated")),
            amount_nano=None if kind < 0.3 else 0 if kind < 0.5 else chance.randrange(1, 6),
            input_tokens=chance.randrange(9), output_tokens=chance.randrange(9), **common,
        )  # fmt: skip
        add_entry(session, row)
        if row.amount_nano is None and chance.random() < 0.6:
            late = at if chance.random() < 0.5 else min(at + timedelta(days=40), datetime(2026, 12, 31, tzinfo=UTC))
            priced = LedgerEntry(
                id=uuid.UUID(int=next(ids)), at=late, outcome="adjustment", status="reported", adjusts_id=row.id,
                amount_nano=chance.randrange(4), **common,
            )  # fmt: skip
            add_entry(session, priced, prices_unknown=True)


def kept_sums(session: Session) -> list[set[tuple[Any, ...]]]:
    """All sums, those of a whole day together: they are kept in parts."""
    columns = [name for name in VersionSum.model_fields if name != "further"]
    versions = set(session.execute(select(*(col(getattr(VersionSum, name)) for name in columns))).all())
    others = select(CostSum.__table__).where(col(CostSum.grain) != "total")  # type: ignore[attr-defined]
    return [set(map(tuple, versions)), set(map(tuple, session.execute(others).all()))]
