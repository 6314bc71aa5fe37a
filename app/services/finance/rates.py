"""A second currency: an administrator keeps what a US dollar was worth on a day, and reports show amounts in it too.

Everything is booked in US dollars; another currency is only shown, with the rate and its day. Arithmetic is exact decimals.
"""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.views import NANO, usd
from app.store import audit
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.finance import rates as rate_store
from app.store.tables import ExchangeRate

_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_RATE = Decimal(10**9)


class NewRate(msgspec.Struct, frozen=True, kw_only=True):
    """One US dollar is `rate` (a decimal string) of `currency` (ISO 4217, such as EUR) on `day`; `source` says who says so."""

    currency: str
    rate: str
    day: str
    source: str


class RateView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    currency: str
    rate: str
    day: date
    source: str
    created_at: datetime


class RateList(msgspec.Struct, frozen=True):
    items: list[RateView]


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """The rate amounts were shown with: the newest one not after the report's last day. `cost` is the total in that currency."""

    currency: str
    rate: str
    day: date
    source: str
    cost: str | None


class Rates:
    """Use cases of exchange rates."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def all(self) -> RateList:
        return RateList([_view(row) for row in await self._db.read(rate_store.list_rates)])

    async def add(self, by: Principal, new: NewRate) -> RateView:
        """Raises `InvalidInput`, and `Conflict` where this currency has a rate of that day."""
        now = self._clock()
        values = {
            "currency": checked_currency(new.currency),
            "rate": _rate(new.rate),
            "day": _day(new.day, now.date()),
            "source": checked_line("source", new.source, least=1, most=200),
        }

        def unit(session: Session) -> RateView:
            row = rate_store.add_rate(session, created_by=by.id, created_at=now, **values)
            details = {"rate": row.rate, "source": row.source}
            audit.record(session, at=now, actor_id=by.id, action="rate.added", target=_told(row), details=details)
            return _view(row)

        try:
            return await self._db.write(unit)
        except AlreadyExists as error:
            raise Conflict("rate_exists", error.message) from error

    async def remove(self, by: Principal, rate_id: UUID) -> None:
        """What a closed month kept stays there. Raises `Missing`."""
        now = self._clock()

        def unit(session: Session) -> None:
            row = rate_store.delete_rate(session, rate_id)
            audit.record(
                session, at=now, actor_id=by.id, action="rate.removed", target=_told(row), details={"rate": row.rate}
            )

        try:
            await self._db.write(unit)
        except NotFound as error:
            raise Missing from error


def conversion(session: Session, currency: str, day: date, amount_nano: int | None) -> Conversion:
    """Raises `InvalidInput` where no rate of this currency is known yet on that day."""
    row = rate_store.rate_on(session, currency, day)
    if row is None:
        raise InvalidInput("currency", f"No rate of {currency} is known for {day} or before.")
    return _conversion(row, amount_nano)


def conversions(session: Session, day: date, amount_nano: int | None) -> list[dict[str, Any]]:
    """An amount in every currency that has a rate on that day: what closing a month keeps."""
    rows = rate_store.rates_on(session, day)
    return [msgspec.to_builtins(_conversion(row, amount_nano)) for row in rows]


def converted(cost_usd: str | None, rate: str) -> str | None:
    """An amount in another currency, rounded half up to nine digits after the point; None stays unknown."""
    if cost_usd is None:
        return None
    return usd(int((Decimal(cost_usd) * Decimal(rate) * NANO).to_integral_value(ROUND_HALF_UP)))


def _conversion(row: ExchangeRate, amount_nano: int | None) -> Conversion:
    cost = converted(usd(amount_nano), row.rate)
    return Conversion(currency=row.currency, rate=row.rate, day=row.day, source=row.source, cost=cost)


def checked_currency(text: str) -> str:
    """Raises `InvalidInput` for what is no code of another currency."""
    code = text.strip().upper()
    if not _CURRENCY.fullmatch(code) or code == "USD":
        raise InvalidInput("currency", "This is the code of a currency other than USD, such as EUR.")
    return code


def _rate(text: str) -> str:
    try:
        rate = Decimal(text.strip())
    except InvalidOperation as error:
        raise InvalidInput("rate", "A rate is a number, such as 0.92.") from error
    if not rate.is_finite() or not 0 < rate <= _MOST_RATE or rate != round(rate, 9):
        raise InvalidInput("rate", "A rate is above 0 and has at most nine digits after the point.")
    return format(rate, "f")


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInput("day", "This is not a day, such as 2026-03-31.") from error
    if not date(2000, 1, 1) <= day <= today:
        raise InvalidInput("day", "A rate is of today or of a day before (UTC).")
    return day


def _view(row: ExchangeRate) -> RateView:
    return RateView(
        id=row.id, currency=row.currency, rate=row.rate, day=row.day, source=row.source, created_at=row.created_at
    )


def _told(row: ExchangeRate) -> str:
    return f"{row.currency} {row.day}"
