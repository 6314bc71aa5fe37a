"""Budgets: what is spent and reserved, in one look, and the reservation a turn begins with.

A reservation is written in the transaction that begins the turn and deleted in the one that books its last row, whoever ends
it; so there is no moment in which money is neither reserved nor booked. On PostgreSQL beginners wait for each other at
the budget's row; SQLite has one writer.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, cast, delete, func, insert, or_, select
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.errors import AlreadyExists, NotFound
from app.store.finance.groups import group_of
from app.store.finance.reports import next_month
from app.store.finance.sums import midnight
from app.store.tables import Budget, BudgetReservation, CostSum, LedgerEntry

_ANY = Prepared(select(col(Budget.id)).limit(1))
_RESERVE = Prepared(
    insert(BudgetReservation).values(
        {name: bindparam(name) for name in ("turn_id", "user_id", "conversation_id", "group_id", "amount_nano", "at")}
    )
)
_RELEASE = Prepared(delete(BudgetReservation).where(col(BudgetReservation.turn_id) == bindparam("turn_id")))


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget in its current period (nano-USD). `spent` is what is booked, `reserved` the most that running turns can
    cost. `ends` is the moment the next period begins."""

    budget: Budget
    spent: int
    reserved: int
    ends: datetime

    @property
    def taken(self) -> int:
        return self.spent + self.reserved


def list_budgets(session: Session) -> list[Budget]:
    return list(session.scalars(select(Budget).order_by(col(Budget.scope), col(Budget.created_at), col(Budget.id))))


def add_budget(session: Session, **values: Any) -> Budget:
    """Raises AlreadyExists when the same subject has a budget for such a period."""
    same = [col(getattr(Budget, name)) == values.get(name) for name in ("scope", "period")]
    same += [
        col(getattr(Budget, name)).is_not_distinct_from(values.get(name))
        for name in ("user_id", "conversation_id", "group_id")
    ]
    if session.scalars(select(Budget).where(*same)).first() is not None:
        raise AlreadyExists("There is such a budget already; remove it first.", field="period")
    row = Budget(**values)
    session.add(row)
    session.flush()
    return row


def delete_budget(session: Session, budget_id: uuid.UUID) -> Budget:
    """Raises NotFound."""
    row = session.get(Budget, budget_id)
    if row is None:
        raise NotFound("budget")
    session.delete(row)
    session.flush()
    return row


def has_budgets(session: Session) -> bool:
    """Whether there is any: most installations have none, and a turn should then begin without a further question."""
    return _ANY.one(session) is not None


def states_for(
    session: Session, *, user_id: uuid.UUID, conversation_id: uuid.UUID | None, at: datetime, lock: bool = False
) -> list[BudgetState]:
    """The budgets that a turn of this person in this conversation counts against. With `lock`, no other turn reserves
    from them until the transaction ends."""
    applies = or_(
        col(Budget.scope) == "installation",
        and_(col(Budget.scope) == "group", col(Budget.group_id) == group_of(session, user_id, _today(at))),
        and_(col(Budget.scope) == "user", col(Budget.user_id) == user_id),
        and_(col(Budget.scope) == "conversation", col(Budget.conversation_id) == conversation_id),
    )
    statement = select(Budget).where(applies).order_by(col(Budget.id))
    budgets = session.scalars(statement.with_for_update() if lock else statement).all()
    return [state_of(session, budget, at) for budget in budgets]


def state_of(session: Session, budget: Budget, at: datetime) -> BudgetState:
    """Both sums in one statement, so that a turn that ends meanwhile is counted in one of them."""
    today = _today(at)
    start = today if budget.period == "day" else today.replace(day=1)
    end = today + timedelta(days=1) if budget.period == "day" else next_month(today)
    reserved: list[ColumnElement[bool]] = []
    match budget.scope:
        case "user":
            spent = _summed(start, budget, [col(CostSum.user_id) == budget.user_id])
            reserved = [col(BudgetReservation.user_id) == budget.user_id]
        case "group":
            spent = _summed(start, budget, [col(CostSum.group_id) == budget.group_id])
            reserved = [col(BudgetReservation.group_id) == budget.group_id]
        case "conversation":
            spent = select(func.sum(col(LedgerEntry.amount_nano))).where(
                col(LedgerEntry.conversation_id) == budget.conversation_id, col(LedgerEntry.at) >= midnight(start)
            )
            reserved = [col(BudgetReservation.conversation_id) == budget.conversation_id]
        case _:
            spent = _summed(start, budget, [])
    held = select(func.sum(col(BudgetReservation.amount_nano))).where(*reserved)
    row = session.execute(
        select(
            cast(func.coalesce(spent.scalar_subquery(), 0), BigInteger),
            cast(func.coalesce(held.scalar_subquery(), 0), BigInteger),
        )
    ).one()
    return BudgetState(budget, int(row[0]), int(row[1]), midnight(end))


def _today(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _summed(start: date, budget: Budget, more: list[ColumnElement[bool]]) -> Any:
    grain = "people" if budget.period == "month" else "person" if budget.scope == "user" else "total"
    return select(func.sum(col(CostSum.amount_nano))).where(
        col(CostSum.grain) == grain, col(CostSum.start) == start, *more
    )


def reserve(
    session: Session,
    *,
    turn_id: uuid.UUID,
    user_id: uuid.UUID,
    conversation_id: uuid.UUID,
    amount_nano: int,
    at: datetime,
) -> None:
    """Holds the most a turn can cost, until it ends or its draft goes."""
    _RESERVE.run(
        session,
        turn_id=turn_id,
        user_id=user_id,
        conversation_id=conversation_id,
        group_id=group_of(session, user_id, _today(at)),
        amount_nano=amount_nano,
        at=at,
    )


def release(session: Session, turn_id: uuid.UUID) -> None:
    """In the transaction that books the turn's last row."""
    _RELEASE.run(session, turn_id=turn_id)
