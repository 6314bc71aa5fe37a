"""What follows from the ledger, or rules over it: sums, prices, budgets, closed months. The rows themselves are in `ledger.py`."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import JsonText

_USER, _CONVERSATION, _GROUP = "scope = 'user'", "scope = 'conversation'", "scope = 'group'"


def _count() -> Any:
    return Field(default=0, sa_type=BigInteger)


class Counted(SQLModel):
    """What is added up of ledger rows. `amount_nano` sums the known prices (nano-USD), `priced` counts them. `unpriced` counts
    attempts without a price, less those an adjustment priced later."""

    input_tokens: int = _count()
    cache_read_tokens: int = _count()
    cache_write_5m_tokens: int = _count()
    cache_write_1h_tokens: int = _count()
    output_tokens: int = _count()
    reasoning_tokens: int = _count()
    amount_nano: int = _count()
    priced: int = _count()
    unpriced: int = _count()
    estimated: int = _count()
    attempts: int = _count()
    adjustments: int = _count()


def _known(name: str) -> Index:
    only = text(f"{name} IS NOT NULL")
    return Index(f"ix_cost_sums_{name}", name, "grain", "start", sqlite_where=only, postgresql_where=only)


class CostSum(Counted, table=True):
    """The sum of all ledger rows that agree in what its grain names, written in the same transaction as the row.

    Grains by day: `day` (user, draft, conversation, provider, model, cost centre, group), `person` (the same without draft
    and conversation), `total` (without the user too). By month: `month` like `day`, `people` like `person`. What made no version is
    once more in `loose_day` and, by month, in `loose`, both like `person`. `start` is the UTC day, or the first of the month;
    `id` a digest of the rest of the key, so that adding is one look-up.
    """

    __tablename__ = "cost_sums"
    __table_args__ = (
        one_of("grain", "day", "person", "total", "month", "people", "loose", "loose_day"),
        # These name what never changes in a sum, so adding to one leaves them alone, on PostgreSQL too where there is room
        # beside it in its page: an index of amounts belongs to another table.
        _known("user_id"), _known("draft_id"), _known("conversation_id"),
        # Rows lie in the order of their key: a report reads one stretch of the file.
        {"sqlite_with_rowid": False, "postgresql_with": {"fillfactor": 60}},
    )  # fmt: skip

    grain: str = characters(10, primary_key=True)
    start: date = Field(primary_key=True)
    id: uuid.UUID = identifier()
    user_id: uuid.UUID | None = optional_reference()
    draft_id: uuid.UUID | None = optional_reference()
    conversation_id: uuid.UUID | None = optional_reference()
    group_id: uuid.UUID | None = optional_reference()
    provider: str = characters(50)
    model: str = characters(200)
    cost_centre: str | None = characters(100, default=None)


_DEAREST = (
    "month", "amount_nano", "unpriced", "version_id", "start", "group_id", "provider", "model", "cost_centre",
)  # fmt: skip


class VersionSum(Counted, table=True):
    """What a version cost on one UTC day (`start`, in `month`), of the rows that agree in all they name; `id` is a digest of
    those names. Nearly every version has one such sum: the others (a late price of a closed month, attempts on two days) are
    `further` ones, by which reports find the versions whose cost is to be added up."""

    __tablename__ = "version_sums"
    __table_args__ = (
        # The dearest versions of a month, or of a person's month, and of a part of it, without looking at the sums themselves:
        # what is filtered by stands behind what decides their order.
        Index("ix_version_sums_dearest", *_DEAREST),
        Index("ix_version_sums_dearest_of_user", "user_id", *_DEAREST,
              sqlite_where=text("user_id IS NOT NULL"), postgresql_where=text("user_id IS NOT NULL")),
        Index("ix_version_sums_further", "start", "version_id",
              sqlite_where=text("further = 1"), postgresql_where=text("further")),
        {"sqlite_with_rowid": False},
    )  # fmt: skip

    version_id: uuid.UUID = reference(primary_key=True)
    start: date = Field(primary_key=True)
    id: uuid.UUID = identifier()
    month: date
    further: bool = False
    user_id: uuid.UUID | None = optional_reference()
    draft_id: uuid.UUID | None = optional_reference()
    conversation_id: uuid.UUID | None = optional_reference()
    group_id: uuid.UUID | None = optional_reference()
    provider: str = characters(50)
    model: str = characters(200)
    cost_centre: str | None = characters(100, default=None)


class PriceOverride(SQLModel, table=True):
    """An administrator's price from `since` (a day) on, until before `until`. `model` is a pattern with ``*`` and ``?``.
    `rates` holds USD per million tokens as decimal strings, by bucket, and the tiers above a number of input tokens."""

    __tablename__ = "price_overrides"
    __table_args__ = (
        CheckConstraint("until IS NULL OR since < until", name="dates"),
        Index("uq_price_overrides_provider_model_since", "provider", "model", "since", unique=True),
    )

    id: uuid.UUID = identifier()
    provider: str = characters(50)
    model: str = characters(200)
    since: date
    until: date | None = None
    rates: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    created_by: uuid.UUID | None = optional_reference()
    created_at: datetime


class Budget(SQLModel, table=True):
    """What may be spent in a UTC day or month by everybody, one group, one person, or in one conversation (nano-USD).
    Reaching the soft limit warns, the hard one refuses."""

    __tablename__ = "budgets"
    __table_args__ = (
        one_of("scope", "installation", "group", "user", "conversation"),
        one_of("period", "day", "month"),
        CheckConstraint("(scope = 'user') = (user_id IS NOT NULL)", name="user"),
        CheckConstraint("(scope = 'group') = (group_id IS NOT NULL)", name="group"),
        CheckConstraint("(scope = 'conversation') = (conversation_id IS NOT NULL)", name="conversation"),
        CheckConstraint(
            "coalesce(soft_nano, hard_nano) IS NOT NULL AND coalesce(soft_nano, 0) >= 0 AND coalesce(hard_nano, 0) >= 0 "
            "AND (soft_nano IS NULL OR hard_nano IS NULL OR soft_nano <= hard_nano)",
            name="limits",
        ),
        Index("uq_budgets_installation", "period", unique=True, sqlite_where=text("scope = 'installation'"),
              postgresql_where=text("scope = 'installation'")),
        Index("uq_budgets_user", "user_id", "period", unique=True, sqlite_where=text(_USER), postgresql_where=text(_USER)),
        Index("uq_budgets_group", "group_id", "period", unique=True,
              sqlite_where=text(_GROUP), postgresql_where=text(_GROUP)),
        Index("uq_budgets_conversation", "conversation_id", "period", unique=True,
              sqlite_where=text(_CONVERSATION), postgresql_where=text(_CONVERSATION)),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    scope: str = characters(20)
    user_id: uuid.UUID | None = optional_reference("users.id", on_delete="CASCADE")
    conversation_id: uuid.UUID | None = optional_reference("ai_conversations.id", on_delete="CASCADE")
    group_id: uuid.UUID | None = optional_reference("cost_groups.id", on_delete="CASCADE")
    period: str = characters(10)
    soft_nano: int | None = Field(default=None, sa_type=BigInteger)
    hard_nano: int | None = Field(default=None, sa_type=BigInteger)
    created_by: uuid.UUID | None = optional_reference()
    created_at: datetime


class BudgetReservation(SQLModel, table=True):
    """The most a running turn can cost (nano-USD). It goes in the transaction that books the turn's last row."""

    __tablename__ = "budget_reservations"
    __table_args__ = (CheckConstraint("amount_nano >= 0", name="amount"),)

    turn_id: uuid.UUID = reference("turns.id", on_delete="CASCADE", primary_key=True)
    user_id: uuid.UUID = reference()
    conversation_id: uuid.UUID = reference()
    group_id: uuid.UUID | None = optional_reference()
    amount_nano: int = Field(sa_type=BigInteger)
    at: datetime


class MonthClosing(SQLModel, table=True):
    """A month finance has closed: its totals, and the SHA-256 over its rows. Reopening needs a reason and is kept too."""

    __tablename__ = "month_closings"
    __table_args__ = (
        CheckConstraint("(reopened_at IS NULL) = (reason IS NULL)", name="reason"),
        Index("uq_month_closings_closed", "month", unique=True, sqlite_where=text("reopened_at IS NULL"),
              postgresql_where=text("reopened_at IS NULL")),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    month: date
    totals: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    rows_hash: str = characters(64)
    closed_by: uuid.UUID | None = optional_reference()
    closed_at: datetime
    reopened_by: uuid.UUID | None = optional_reference()
    reopened_at: datetime | None = None
    reason: str | None = characters(500, default=None)


class CostCentre(SQLModel, table=True):
    """Which cost centre a person's attempts are booked to from now on; rows keep the one they were booked with."""

    __tablename__ = "cost_centres"

    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", primary_key=True)
    name: str = characters(100)


class CostGroup(SQLModel, table=True):
    """People whose costs are summed and limited together."""

    __tablename__ = "cost_groups"
    __table_args__ = (CheckConstraint("name <> ''", name="name"), UniqueConstraint("name"))

    id: uuid.UUID = identifier()
    name: str = characters(100)
    created_by: uuid.UUID | None = optional_reference()
    created_at: datetime


class CostGroupMember(SQLModel, table=True):
    """The group a person is in from a UTC day on, until their next row; none where `group_id` is missing."""

    __tablename__ = "cost_group_members"
    __table_args__ = (Index("ix_cost_group_members_group_id", "group_id"),)

    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", primary_key=True)
    since: date = Field(primary_key=True)
    group_id: uuid.UUID | None = optional_reference("cost_groups.id", on_delete="SET NULL")


class Reconciliation(SQLModel, table=True):
    """A provider's export that was compared with the ledger: its days from `first` to `last`, how many lines agree, and the
    lines. `tolerance_percent` is a decimal string."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint("first <= last", name="days"),
        CheckConstraint("matched >= 0 AND differing >= 0 AND missing_here >= 0 AND missing_there >= 0", name="counts"),
        Index("ix_reconciliations_created_at", "created_at"),
    )

    id: uuid.UUID = identifier()
    provider: str = characters(50)
    file_name: str = characters(200)
    first: date
    last: date
    tolerance_percent: str = characters(10)
    matched: int
    differing: int
    missing_here: int
    missing_there: int
    lines: list[Any] = Field(default_factory=list, sa_type=JsonText)
    created_by: uuid.UUID | None = optional_reference()
    created_at: datetime


class ExchangeRate(SQLModel, table=True):
    """What one US dollar was worth in another currency on a day, as a decimal string, and who said so."""

    __tablename__ = "exchange_rates"
    __table_args__ = (
        CheckConstraint("length(currency) = 3 AND currency <> 'USD'", name="currency"),
        UniqueConstraint("currency", "day"),
    )

    id: uuid.UUID = identifier()
    currency: str = characters(3)
    day: date
    rate: str = characters(30)
    source: str = characters(200)
    created_by: uuid.UUID | None = optional_reference()
    created_at: datetime
