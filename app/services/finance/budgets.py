"""Budgets: what may be spent in a day or a month (UTC) by everybody, one group, one person, or in one conversation.

A turn reserves the most it can cost before its model is called. The soft limit and 80 % of the hard one warn, the hard one
refuses. A group's budget counts what was booked and reserved while its people were in it.
"""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import BudgetReached, Conflict, InvalidInput, Missing
from app.services.finance.reports import sees_all
from app.services.views import NANO, BudgetNote, Estimate, usd
from app.store import audit
from app.store.accounts import get_user, list_users
from app.store.conversations import get_conversation
from app.store.db import Database, expect_slow
from app.store.errors import AlreadyExists, NotFound
from app.store.finance import budgets as budget_store
from app.store.finance.budgets import BudgetState
from app.store.finance.groups import get_group
from app.store.tables import Budget

_WARN_AT = Decimal("0.8")
_MOST_USD = Decimal(1_000_000_000)
_MOST_CALLS = {"ask": 1, "write": 1, "edit": 2}
"""An edit may ask a second time, for the operations that found no place."""

_WHOSE = {
    "installation": "The budget of this installation",
    "group": "The budget of your group",
    "user": "Your budget",
    "conversation": "The budget of this conversation",
}


class NewBudget(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in USD as decimal strings; at least one of them."""

    scope: Literal["installation", "group", "user", "conversation"]
    period: Literal["day", "month"]
    user_id: UUID | None = None
    group_id: UUID | None = None
    conversation_id: UUID | None = None
    soft_usd: str | None = None
    hard_usd: str | None = None


class BudgetView(msgspec.Struct, frozen=True, kw_only=True):
    """`left_usd` is what the hard limit leaves beside what is spent and reserved, null without one."""

    id: UUID
    scope: str
    label: str
    user_id: UUID | None
    group_id: UUID | None
    conversation_id: UUID | None
    period: str
    soft_usd: str | None
    hard_usd: str | None
    spent_usd: str
    reserved_usd: str
    left_usd: str | None
    used_percent: int
    resets_at: datetime


class BudgetList(msgspec.Struct, frozen=True):
    items: list[BudgetView]


class Budgets:
    """Use cases of budgets."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def all(self, person: Principal) -> BudgetList:
        """All budgets for finance and administrators; for others those that bind them."""

        def query(session: Session) -> BudgetList:
            now = self._clock()
            if sees_all(person):
                found = [budget_store.state_of(session, row, now) for row in budget_store.list_budgets(session)]
            else:
                found = budget_store.states_for(session, user_id=person.id, conversation_id=None, at=now)
                found = [state for state in found if state.budget.scope in ("user", "group")]
            return BudgetList([_view(session, state) for state in found])

        return await self._db.read(query)

    async def add(self, by: Principal, new: NewBudget) -> BudgetView:
        """Raises `InvalidInput` and `Conflict`."""
        now = self._clock()
        soft, hard = _nano("soft_usd", new.soft_usd), _nano("hard_usd", new.hard_usd)
        if soft is None and hard is None:
            raise InvalidInput("hard_usd", "A budget has a soft or a hard limit.")
        if soft is not None and hard is not None and soft > hard:
            raise InvalidInput("soft_usd", "The soft limit is not above the hard one.")
        if (new.scope == "user") != (new.user_id is not None):
            raise InvalidInput("user_id", "Name the person of a person's budget, and of no other.")
        if (new.scope == "group") != (new.group_id is not None):
            raise InvalidInput("group_id", "Name the group of a group's budget, and of no other.")
        if (new.scope == "conversation") != (new.conversation_id is not None):
            raise InvalidInput("conversation_id", "Name the conversation of a conversation's budget, and of no other.")

        def unit(session: Session) -> BudgetView:
            _subject(session, new)
            row = budget_store.add_budget(
                session,
                scope=new.scope,
                period=new.period,
                user_id=new.user_id,
                group_id=new.group_id,
                conversation_id=new.conversation_id,
                soft_nano=soft,
                hard_nano=hard,
                created_by=by.id,
                created_at=now,
            )
            view = _view(session, budget_store.state_of(session, row, now))
            limits = {"soft_usd": usd(soft), "hard_usd": usd(hard)}
            # A person is named by the id, a conversation not at all: its name may be words of somebody's.
            named = {"group": view.label} if new.scope == "group" else {}
            audit.record(
                session, at=now, actor_id=by.id, action="budget.added", target=_told(row), details=limits | named
            )
            return view

        try:
            return await self._db.write(unit)
        except AlreadyExists as error:
            raise Conflict("budget_exists", error.message) from error

    async def remove(self, by: Principal, budget_id: UUID) -> None:
        """Raises `Missing`."""
        now = self._clock()

        def unit(session: Session) -> None:
            row = budget_store.delete_budget(session, budget_id)
            audit.record(session, at=now, actor_id=by.id, action="budget.removed", target=_told(row))

        try:
            await self._db.write(unit)
        except NotFound as error:
            raise Missing from error

    async def noted(
        self, person: Principal, conversation_id: UUID | None, estimate: Estimate, *, mode: str
    ) -> Estimate:
        """The estimate with what the tightest budget says about sending it, where there is something to say."""

        def query(session: Session) -> BudgetNote | None:
            if not budget_store.has_budgets(session):
                return None
            states = budget_store.states_for(
                session, user_id=person.id, conversation_id=conversation_id, at=self._clock()
            )
            notes = [_note(state, estimate, _worst(estimate, mode)) for state in states]
            order = ("ok", "warning", "reached")
            return max((note for note in notes if note), key=lambda note: order.index(note.state), default=None)

        note = await self._db.read(query)
        return estimate if note is None else msgspec.structs.replace(estimate, budget=note)


def reserve_for_turn(
    session: Session,
    *,
    turn_id: UUID,
    user_id: UUID,
    conversation_id: UUID,
    estimate: Estimate,
    mode: str,
    at: datetime,
) -> None:
    """In the transaction that begins a turn. Raises `BudgetReached`; then nothing of the turn is kept."""
    if not budget_store.has_budgets(session):
        return
    expect_slow(session)
    states = budget_store.states_for(session, user_id=user_id, conversation_id=conversation_id, at=at, lock=True)
    amount = _worst(estimate, mode)
    for state in states:
        if _over(state, amount):
            raise _refusal(session, state, amount)
    if states and amount:
        budget_store.reserve(
            session, turn_id=turn_id, user_id=user_id, conversation_id=conversation_id, amount_nano=amount, at=at
        )


def _worst(estimate: Estimate, mode: str) -> int | None:
    """The most a turn can cost in nano-USD. None: its price is unknown."""
    if estimate.free:
        return 0
    if estimate.max_cost_usd is None:
        return None
    return int(Decimal(estimate.max_cost_usd) * NANO) * _MOST_CALLS[mode]


def _over(state: BudgetState, amount: int | None) -> bool:
    """What costs nothing may always run. What has no known price may not, where a hard limit holds."""
    hard = state.budget.hard_nano
    if hard is None or amount == 0:
        return False
    return amount is None or state.taken + amount > hard


def _refusal(session: Session, state: BudgetState, amount: int | None) -> BudgetReached:
    budget = state.budget
    people = [user for user in list_users(session) if "admin" in user.roles and user.disabled_at is None]
    whom = [user.name or user.email for user in people[:3]]
    ask = f"Ask {' or '.join(whom)}" if whom else "Ask an administrator"
    if amount is None:
        reason, why = (
            "price_unknown",
            ("This model's price is unknown, and a budget with a hard limit holds. Choose another model"),
        )
    else:
        reason, why = "limit", (
            f"{_WHOSE[budget.scope]} for this {budget.period} is ${usd(budget.hard_nano)}: "
            f"${usd(state.spent)} is spent, ${usd(state.reserved)} reserved by running turns, and this could cost up to "
            f"${usd(amount)}. It starts anew at {state.ends:%Y-%m-%d %H:%M} UTC"
        )  # fmt: skip
    return BudgetReached(
        f"{why}. {ask} for more.",
        reason=reason,
        scope=budget.scope,
        period=budget.period,
        limit_usd=usd(budget.hard_nano),
        spent_usd=usd(state.spent),
        reserved_usd=usd(state.reserved),
        needed_usd=usd(amount),
        resets_at=state.ends,
        ask=whom,
    )


def _note(state: BudgetState, estimate: Estimate, amount: int | None) -> BudgetNote | None:
    budget = state.budget
    limit = budget.hard_nano if budget.hard_nano is not None else budget.soft_nano
    if limit is None or amount == 0:
        return None
    after = state.taken + (0 if estimate.cost_usd is None else int(Decimal(estimate.cost_usd) * NANO))
    warned = after >= limit * _WARN_AT or (budget.soft_nano is not None and after >= budget.soft_nano)
    return BudgetNote(
        state="reached" if _over(state, amount) else "warning" if warned else "ok",
        scope=budget.scope,
        period=budget.period,
        limit_usd=usd(limit) or "0",
        left_usd=usd(max(0, limit - state.taken)) or "0",
        used_percent=_percent(state.taken, limit),
        resets_at=state.ends,
        reason="price_unknown" if amount is None and budget.hard_nano is not None else None,
    )


def _subject(session: Session, new: NewBudget) -> None:
    """Raises `InvalidInput` for a person, group or conversation that does not exist."""
    field = "user_id"
    try:
        if new.user_id is not None:
            get_user(session, new.user_id)
        if new.group_id is not None:
            field = "group_id"
            get_group(session, new.group_id)
        if new.conversation_id is not None:
            field = "conversation_id"
            get_conversation(session, new.conversation_id)
    except NotFound as error:
        raise InvalidInput(field, "There is no such person, group or conversation.") from error


def _view(session: Session, state: BudgetState) -> BudgetView:
    budget = state.budget
    limit = budget.hard_nano if budget.hard_nano is not None else budget.soft_nano or 0
    label = {"installation": "Everybody", "conversation": "One conversation"}.get(budget.scope, "")
    if budget.user_id is not None:
        user = get_user(session, budget.user_id)
        label = user.name or user.email
    if budget.group_id is not None:
        label = f"Group {get_group(session, budget.group_id).name}"
    return BudgetView(
        id=budget.id,
        scope=budget.scope,
        label=label,
        user_id=budget.user_id,
        group_id=budget.group_id,
        conversation_id=budget.conversation_id,
        period=budget.period,
        soft_usd=usd(budget.soft_nano),
        hard_usd=usd(budget.hard_nano),
        spent_usd=usd(state.spent) or "0",
        reserved_usd=usd(state.reserved) or "0",
        left_usd=None if budget.hard_nano is None else usd(max(0, budget.hard_nano - state.taken)),
        used_percent=_percent(state.taken, limit),
        resets_at=state.ends,
    )


def _percent(part: int, whole: int) -> int:
    return 100 if whole <= 0 else min(999, part * 100 // whole)


def _nano(field: str, value: str | None) -> int | None:
    if value is None or not value.strip():
        return None
    try:
        amount = Decimal(value.strip())
    except InvalidOperation as error:
        raise InvalidInput(field, "This is an amount in USD, such as 25.") from error
    if not amount.is_finite() or not 0 <= amount <= _MOST_USD or amount != round(amount, 9):
        raise InvalidInput(field, "An amount is 0 or more, with at most nine digits after the point.")
    return int(amount * NANO)


def _told(row: Budget) -> str:
    subject: Any = row.user_id or row.group_id or row.conversation_id or ""
    return f"{row.scope} {subject} {row.period}".replace("  ", " ")
