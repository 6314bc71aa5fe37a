"""Closing a month: its totals and a hash over its rows are kept, and the database takes no further row for it.

Only a month that is over can be closed (UTC). What becomes known later, such as a price, is booked on the day it becomes
known, in a month that is open. Reopening needs a reason, which is kept.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.finance.rates import conversions
from app.services.finance.views import CostRow, cost_row
from app.store import audit
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.finance import months as month_store
from app.store.finance.reports import next_month
from app.store.tables import MonthClosing

_MONTH = re.compile(r"2\d{3}-(0[1-9]|1[0-2])")


class ClosingView(msgspec.Struct, frozen=True, kw_only=True):
    """A closed month. `totals.rates` holds its cost in other currencies, with the rates of then. `rows_hash` is the SHA-256 over its rows, so that it can be proven that none changed."""

    id: UUID
    month: str
    totals: dict[str, Any]
    rows_hash: str
    closed_at: datetime
    closed_by: UUID | None
    reopened_at: datetime | None
    reopened_by: UUID | None
    reason: str | None


class ClosingList(msgspec.Struct, frozen=True):
    items: list[ClosingView]


class Months:
    """Use cases of closing."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def all(self) -> ClosingList:
        """Every closing, also those that were reopened, newest month first."""

        def query(session: Session) -> ClosingList:
            return ClosingList([_view(row) for row in month_store.list_closings(session)])

        return await self._db.read(query)

    async def close(self, by: Principal, month: str, *, accept_unpriced: bool) -> ClosingView:
        """Raises `InvalidInput`, and `Conflict` for a month that is not over, is closed, or holds what has no price yet."""
        first, now = _first(month), self._clock()
        if next_month(first) > now.date():
            raise Conflict("month_open", f"{month} is not over; it can be closed from {next_month(first)} on (UTC).")

        def unit(session: Session) -> ClosingView:
            month_store.hold_rows(session)
            sums = month_store.month_sums(session, first)
            totals = cost_row(month, month, sums)
            if totals.unpriced and not accept_unpriced:
                raise Conflict(
                    "month_unpriced",
                    f"{totals.unpriced} attempts of {month} have no price yet. Price them first, or accept that their "
                    "cost will be booked in a later month.",
                    unpriced=totals.unpriced,
                )
            kept = _kept(totals)
            kept["rates"] = conversions(session, next_month(first) - timedelta(days=1), sums.cost_nano)
            row = month_store.close_month(session, first, totals=kept, by=by.id, at=now)
            details = {"rows_hash": row.rows_hash, "cost_usd": totals.cost_usd}
            audit.record(session, at=now, actor_id=by.id, action="month.closed", target=month, details=details)
            return _view(row)

        try:
            return await self._db.write(unit)
        except AlreadyExists as error:
            raise Conflict("month_closed", error.message) from error

    async def reopen(self, by: Principal, month: str, *, reason: str) -> ClosingView:
        """Raises `InvalidInput` without a reason, and `Missing` for a month that is not closed."""
        first, now = _first(month), self._clock()
        reason = checked_line("reason", reason, least=3, most=500)

        def unit(session: Session) -> ClosingView:
            row = month_store.reopen_month(session, first, reason=reason, by=by.id, at=now)
            audit.record(
                session, at=now, actor_id=by.id, action="month.reopened", target=month, details={"reason": reason}
            )
            return _view(row)

        try:
            return await self._db.write(unit)
        except NotFound as error:
            raise Missing("This month is not closed.") from error


def _first(month: str) -> date:
    if not _MONTH.fullmatch(month):
        raise InvalidInput("month", "This is not a month, such as 2026-03.")
    return date.fromisoformat(f"{month}-01")


def _kept(totals: CostRow) -> dict[str, Any]:
    kept: dict[str, Any] = msgspec.to_builtins(totals)
    return {name: value for name, value in kept.items() if name not in ("key", "label", "cost_converted")}


def _view(row: MonthClosing) -> ClosingView:
    return ClosingView(
        id=row.id,
        month=row.month.isoformat()[:7],
        totals=row.totals,
        rows_hash=row.rows_hash,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        reopened_at=row.reopened_at,
        reopened_by=row.reopened_by,
        reason=row.reason,
    )
