"""Closed months: what they held, proven by a hash over their rows. The database refuses further rows for them."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.store.errors import AlreadyExists, NotFound
from app.store.finance.reports import Filters, next_month, report
from app.store.finance.sums import Sums, midnight
from app.store.tables import LedgerEntry, MonthClosing


def is_closed(session: Session, at: datetime) -> bool:
    """Whether the month of this moment takes no further rows."""
    return closing_of(session, at.astimezone(UTC).date().replace(day=1)) is not None


def closing_of(session: Session, month: date) -> MonthClosing | None:
    """The closing in force; `month` is the first of the month."""
    in_force = (col(MonthClosing.month) == month, col(MonthClosing.reopened_at).is_(None))
    return session.scalars(select(MonthClosing).where(*in_force)).first()


def list_closings(session: Session) -> list[MonthClosing]:
    """All closings, also those that were reopened, newest month first."""
    return list(
        session.scalars(
            select(MonthClosing).order_by(col(MonthClosing.month).desc(), col(MonthClosing.closed_at).desc())
        )
    )


def month_sums(session: Session, month: date) -> Sums:
    """Everything booked in a month."""
    last = next_month(month).toordinal() - 1
    found = report(session, "month", Filters(first=month, last=date.fromordinal(last)))
    return found.get(month, Sums())


def rows_hash(session: Session, month: date) -> str:
    """SHA-256 (hex) over the month's rows in the order of their ids: every column finance relies on."""
    names = (
        "id", "at", "turn_id", "attempt", "draft_id", "conversation_id", "version_id", "user_id", "cost_centre",
        "provider", "model", "model_answered", "outcome", "status", "input_tokens", "cache_read_tokens",
        "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "amount_nano",
        "price_source", "price_date", "adjusts_id",
    )  # fmt: skip
    later = ("group_id", "service_tier")
    digest = hashlib.sha256()
    rows = session.execute(
        select(*(col(getattr(LedgerEntry, name)) for name in (*names, *later)))
        .where(col(LedgerEntry.at) >= midnight(month), col(LedgerEntry.at) < midnight(next_month(month)))
        .order_by(col(LedgerEntry.id))
        .execution_options(yield_per=1000)
    )
    for row in rows:
        # Months were closed before there were these columns: a row without them is told as it was then.
        told = tuple(row)
        while len(told) > len(names) and told[-1] is None:
            told = told[:-1]
        digest.update("\t".join(_plain(value) for value in told).encode() + b"\n")
    return digest.hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return "" if value is None else str(value).replace("\t", " ").replace("\n", " ")


def close_month(session: Session, month: date, *, totals: dict[str, Any], by: uuid.UUID, at: datetime) -> MonthClosing:
    """Raises AlreadyExists for a month that is closed."""
    if closing_of(session, month) is not None:
        raise AlreadyExists("This month is closed already.", field="month")
    row = MonthClosing(month=month, totals=totals, rows_hash=rows_hash(session, month), closed_by=by, closed_at=at)
    session.add(row)
    session.flush()
    return row


def hold_rows(session: Session) -> None:
    """Until the transaction ends nobody adds a row, so that what is counted is all there is. SQLite has one writer anyway."""
    assert session.bind is not None
    if session.bind.dialect.name == "postgresql":
        session.execute(text("LOCK TABLE ledger_entries IN SHARE ROW EXCLUSIVE MODE"))


def reopen_month(session: Session, month: date, *, reason: str, by: uuid.UUID, at: datetime) -> MonthClosing:
    """Raises NotFound for a month that is not closed."""
    row = closing_of(session, month)
    if row is None:
        raise NotFound("closing")
    row.reopened_at, row.reopened_by, row.reason = at, by, reason
    session.add(row)
    session.flush()
    return row


@dataclass(frozen=True, slots=True)
class ChangedMonth:
    """A closed month whose rows are no longer those that were closed."""

    closing_id: uuid.UUID
    month: date


def changed_months(session: Session) -> list[ChangedMonth]:
    """Closed months whose hash is another now. An empty list is what should come out."""
    closed = session.scalars(select(MonthClosing).where(col(MonthClosing.reopened_at).is_(None))).all()
    return [ChangedMonth(row.id, row.month) for row in closed if rows_hash(session, row.month) != row.rows_hash]
