"""Exchange rates: what a US dollar was worth on a day."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from app.store.errors import AlreadyExists, NotFound
from app.store.tables import ExchangeRate


def list_rates(session: Session) -> list[ExchangeRate]:
    """By currency, newest day first."""
    order = (col(ExchangeRate.currency), col(ExchangeRate.day).desc())
    return list(session.scalars(select(ExchangeRate).order_by(*order)))


def rate_on(session: Session, currency: str, day: date) -> ExchangeRate | None:
    """The newest rate of a currency that is not after that day."""
    statement = select(ExchangeRate).where(col(ExchangeRate.currency) == currency, col(ExchangeRate.day) <= day)
    return session.scalars(statement.order_by(col(ExchangeRate.day).desc()).limit(1)).first()


def rates_on(session: Session, day: date) -> list[ExchangeRate]:
    """The newest rate of each currency that is not after that day."""
    newest: dict[str, ExchangeRate] = {}
    for row in list_rates(session):
        if row.day <= day:
            newest.setdefault(row.currency, row)
    return list(newest.values())


def add_rate(session: Session, **values: Any) -> ExchangeRate:
    """Raises AlreadyExists when this currency has a rate of that day."""
    same = select(ExchangeRate).where(
        col(ExchangeRate.currency) == values["currency"], col(ExchangeRate.day) == values["day"]
    )
    if session.scalars(same).first() is not None:
        raise AlreadyExists("This currency has a rate of that day; remove it first.", field="day")
    row = ExchangeRate(**values)
    session.add(row)
    session.flush()
    return row


def delete_rate(session: Session, rate_id: uuid.UUID) -> ExchangeRate:
    """Raises NotFound."""
    row = session.get(ExchangeRate, rate_id)
    if row is None:
        raise NotFound("rate")
    session.delete(row)
    session.flush()
    return row
