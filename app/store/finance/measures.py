"""What came of what was spent: proposals by state, words that stand."""

from datetime import timedelta

from sqlalchemy import BigInteger, cast, func, select
from sqlmodel import Session, col

from app.store.finance.reports import Filters, grouped_sums
from app.store.finance.sums import midnight
from app.store.tables import DraftStream, LedgerEntry, Proposal


def proposals_by_state(session: Session, filters: Filters) -> dict[str, int]:
    """Of the turns that were booked in the period."""
    turns = select(col(LedgerEntry.turn_id)).where(
        col(LedgerEntry.turn_id).is_not(None),
        col(LedgerEntry.at) >= midnight(filters.first),
        col(LedgerEntry.at) < midnight(filters.last + timedelta(days=1)),
        *filters.conditions(LedgerEntry),
    )
    rows = session.execute(
        select(col(Proposal.state), func.count()).where(col(Proposal.turn_id).in_(turns)).group_by(col(Proposal.state))
    )
    return {state: count for state, count in rows}


def words_standing(session: Session, filters: Filters) -> tuple[int, int]:
    """What was booked to drafts in the period, in nano-USD, and the words that stand in those drafts now: those of one in the
    trash, or gone, count 0."""
    spent, values = grouped_sums("draft", filters, ("amount_nano",))
    booked = spent.subquery()
    alive = (col(DraftStream.id) == booked.c.key) & col(DraftStream.deleted_at).is_(None)
    sums = (booked.c.amount_nano, func.coalesce(col(DraftStream.words), 0))
    row = session.execute(
        select(*(cast(func.coalesce(func.sum(each), 0), BigInteger) for each in sums))
        .select_from(booked)
        .outerjoin(DraftStream, alive)
        .where(booked.c.key.is_not(None)),
        values,
    ).one()
    return row[0], row[1]
