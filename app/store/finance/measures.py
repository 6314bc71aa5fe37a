"""What came of what was spent: proposals by state."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.store.finance.reports import Filters
from app.store.finance.sums import midnight
from app.store.tables import LedgerEntry, Proposal


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
