"""Prices an administrator keeps, and the rows that still have none. A late price is a further row; old rows never change."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, cast, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.errors import AlreadyExists, NotFound
from app.store.finance.months import hold_rows, is_closed
from app.store.ids import new_id
from app.store.ledger import add_entry
from app.store.tables import LedgerEntry, PriceOverride


def list_prices(session: Session) -> list[PriceOverride]:
    """All prices, by provider, model and the day they begin."""
    order = (col(PriceOverride.provider), col(PriceOverride.model), col(PriceOverride.since))
    return list(session.scalars(select(PriceOverride).order_by(*order)))


def price_ids(session: Session) -> list[uuid.UUID]:
    """The ids of all prices, in order."""
    return list(session.scalars(select(col(PriceOverride.id)).order_by(col(PriceOverride.id))))


def add_price(
    session: Session,
    *,
    provider: str,
    model: str,
    since: date,
    until: date | None,
    rates: dict[str, Any],
    by: uuid.UUID,
    at: datetime,
) -> PriceOverride:
    """Raises AlreadyExists when this model has a price from that very day."""
    same = select(PriceOverride).where(
        col(PriceOverride.provider) == provider, col(PriceOverride.model) == model, col(PriceOverride.since) == since
    )
    if session.scalars(same).first() is not None:
        raise AlreadyExists("This model has a price from that day already.", field="since")
    row = PriceOverride(
        provider=provider, model=model, since=since, until=until, rates=rates, created_by=by, created_at=at
    )
    session.add(row)
    session.flush()
    return row


def delete_price(session: Session, price_id: uuid.UUID) -> PriceOverride:
    """Rows priced by it stay as they are. Raises NotFound."""
    row = session.get(PriceOverride, price_id)
    if row is None:
        raise NotFound("price")
    session.delete(row)
    session.flush()
    return row


# Rows without a price


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Attempts of one model whose price is unknown."""

    provider: str
    model: str
    attempts: int
    tokens: int
    first: datetime
    last: datetime


def _unpriced() -> Any:
    later = aliased(LedgerEntry)
    return col(LedgerEntry.amount_nano).is_(None) & ~exists().where(later.adjusts_id == col(LedgerEntry.id))  # type: ignore[arg-type]


def unpriced_models(session: Session) -> list[Unpriced]:
    """What waits for a price, the most attempts first."""
    entry = LedgerEntry
    tokens = (
        col(entry.input_tokens)
        + col(entry.cache_read_tokens)
        + col(entry.cache_write_5m_tokens)
        + col(entry.cache_write_1h_tokens)
        + col(entry.output_tokens)
    )
    rows = session.execute(
        select(
            col(entry.provider),
            col(entry.model),
            func.count(),
            cast(func.sum(tokens), BigInteger),
            func.min(col(entry.at)),
            func.max(col(entry.at)),
        )
        .where(_unpriced())
        .group_by(col(entry.provider), col(entry.model))
        .order_by(func.count().desc(), col(entry.provider), col(entry.model))
    )
    return [Unpriced(*row) for row in rows]


def unpriced_rows(session: Session, provider: str, model: str, *, limit: int) -> list[LedgerEntry]:
    """So many of the attempts of one model that wait for a price, the newest first."""
    rows = select(LedgerEntry).where(
        col(LedgerEntry.provider) == provider, col(LedgerEntry.model) == model, _unpriced()
    )
    return list(session.scalars(rows.order_by(col(LedgerEntry.id).desc()).limit(limit)))


@dataclass(frozen=True, slots=True)
class Repriced:
    """What one batch did; `last` is where the next goes on, None at the end."""

    adjusted: int
    amount_nano: int
    last: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Valued:
    """What a row costs: nano-USD, whether that means free, and the price's source and date."""

    amount_nano: int
    free: bool
    source: str
    dated: date | None


def price_batch(
    session: Session,
    provider: str,
    value: Callable[[LedgerEntry], Valued | None],
    *,
    after: uuid.UUID | None,
    at: datetime,
    size: int = 200,
) -> Repriced:
    """Adjusts the next unpriced rows of a provider. An adjustment belongs to the row's own day; if that month is closed, to
    the day it is made."""
    hold_rows(session)
    statement = select(LedgerEntry).where(col(LedgerEntry.provider) == provider, _unpriced())
    if after is not None:
        statement = statement.where(col(LedgerEntry.id) > after)
    rows = session.scalars(statement.order_by(col(LedgerEntry.id)).limit(size)).all()
    adjusted = amount_nano = 0
    for row in rows:
        valued = value(row)
        if valued is not None:
            add_entry(session, _adjustment(session, row, valued, at), prices_unknown=True)
            adjusted += 1
            amount_nano += valued.amount_nano
    return Repriced(adjusted, amount_nano, rows[-1].id if len(rows) == size else None)


def _adjustment(session: Session, row: LedgerEntry, valued: Valued, at: datetime) -> LedgerEntry:
    same = ("turn_id", "attempt", "draft_id", "conversation_id", "message_id", "version_id", "user_id", "cost_centre",
            "group_id", "provider", "model", "model_answered", "service_tier")  # fmt: skip
    return LedgerEntry(
        id=new_id(),
        at=at if is_closed(session, row.at) else row.at,
        outcome="adjustment",
        status="free" if valued.free else "reported",
        amount_nano=valued.amount_nano,
        price_source=valued.source,
        price_date=valued.dated,
        adjusts_id=row.id,
        **{name: getattr(row, name) for name in same},
    )
