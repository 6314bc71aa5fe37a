"""Comparisons with providers' exports that were made, and what the ledger says by day and model."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlmodel import Session, col

from app.store.errors import NotFound
from app.store.finance.proof import start_of
from app.store.finance.sums import midnight
from app.store.tables import LedgerEntry, Reconciliation


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked for a model on a UTC day. `amount_nano` is the known part; `unpriced` attempts are not in it."""

    day: date
    model: str
    input_tokens: int
    output_tokens: int
    amount_nano: int
    unpriced: int
    estimated: int


def booked(session: Session, provider: str, first: date, last: date) -> list[Booked]:
    """By day and the model that answered."""
    entry = LedgerEntry
    day = start_of(session, monthly=False)
    model = func.coalesce(col(entry.model_answered), col(entry.model))
    inputs = (
        col(entry.input_tokens)
        + col(entry.cache_read_tokens)
        + col(entry.cache_write_5m_tokens)
        + col(entry.cache_write_1h_tokens)
    )
    rows = session.execute(
        select(
            day,
            model,
            cast(func.sum(inputs), BigInteger),
            cast(func.sum(col(entry.output_tokens)), BigInteger),
            cast(func.coalesce(func.sum(col(entry.amount_nano)), 0), BigInteger),
            func.count().filter(col(entry.amount_nano).is_(None)),
            func.count().filter(col(entry.status) == "estimated", col(entry.adjusts_id).is_(None)),
        )
        .where(
            col(entry.provider) == provider,
            col(entry.at) >= midnight(first),
            col(entry.at) < midnight(last + timedelta(days=1)),
        )
        .group_by(day, model)
    )
    return [Booked(row[0] if isinstance(row[0], date) else date.fromisoformat(row[0]), *row[1:]) for row in rows]


def known_providers(session: Session) -> list[str]:
    """Those something was ever booked for."""
    return list(session.scalars(select(col(LedgerEntry.provider)).distinct().order_by(col(LedgerEntry.provider))))


def add_reconciliation(session: Session, **values: Any) -> Reconciliation:
    row = Reconciliation(**values)
    session.add(row)
    session.flush()
    return row


def list_reconciliations(session: Session, limit: int) -> list[Reconciliation]:
    """Newest first."""
    order = (col(Reconciliation.created_at).desc(), col(Reconciliation.id).desc())
    return list(session.scalars(select(Reconciliation).order_by(*order).limit(limit)))


def get_reconciliation(session: Session, reconciliation_id: uuid.UUID) -> Reconciliation:
    """Raises NotFound."""
    row = session.get(Reconciliation, reconciliation_id)
    if row is None:
        raise NotFound("reconciliation")
    return row
