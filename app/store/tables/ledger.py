"""The ledger of what models cost. Append-only, and without foreign keys: finance outlives drafts and people."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference
from app.store.types import JsonText

_BOOKING = "adjusts_id IS NULL AND turn_id IS NOT NULL"


class LedgerEntry(SQLModel, table=True):
    """One provider attempt, also a cancelled or failed one, or an adjustment of an earlier row (`adjusts_id`).

    The buckets are disjoint: `input_tokens` is fresh input only, cache reads and writes are counted apart;
    `reasoning_tokens` is the part of `output_tokens` nobody saw. `requests` counts billed tool calls by name. `service_tier`
    is the one that served the request, as the provider names it, missing where it does not.
    `amount_nano` is nano-USD, missing when the price is unknown (never 0 for that). `price_source` and `price_date`
    say which price list was used. `raw_usage` is what the provider sent. `first_text_ms` and `duration_ms` count from
    the request.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        one_of("status", "reported", "estimated", "unknown", "free"),
        one_of("outcome", "done", "stopped", "failed", "interrupted", "adjustment"),
        CheckConstraint("(outcome = 'adjustment') = (adjusts_id IS NOT NULL)", name="adjusts"),
        Index("ix_ledger_entries_user_id_at", "user_id", "at"),
        Index("ix_ledger_entries_at", "at"),
        Index("ix_ledger_entries_conversation_id", "conversation_id"),
        Index("ix_ledger_entries_turn_id", "turn_id"),
        Index("ix_ledger_entries_draft_id", "draft_id"),
        # An attempt is booked once; what was wrong about it is adjusted by further rows.
        Index("uq_ledger_entries_turn_id_attempt", "turn_id", "attempt", unique=True,
              sqlite_where=text(_BOOKING), postgresql_where=text(_BOOKING)),
        Index("ix_ledger_entries_unpriced", "provider", "id", sqlite_where=text("amount_nano IS NULL"),
              postgresql_where=text("amount_nano IS NULL")),
        Index("ix_ledger_entries_message_id", "message_id"),
        # A row is adjusted once; what was wrong about the adjustment adjusts that.
        Index("uq_ledger_entries_adjusts_id", "adjusts_id", unique=True),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    at: datetime
    turn_id: uuid.UUID | None = optional_reference()
    attempt: int | None = None
    draft_id: uuid.UUID | None = optional_reference()
    conversation_id: uuid.UUID | None = optional_reference()
    message_id: uuid.UUID | None = optional_reference()
    version_id: uuid.UUID | None = optional_reference()
    user_id: uuid.UUID | None = optional_reference()
    cost_centre: str | None = characters(100, default=None)
    group_id: uuid.UUID | None = optional_reference()
    provider: str = characters(50)
    model: str = characters(200)
    model_answered: str | None = characters(200, default=None)
    outcome: str = characters(20)
    status: str = characters(20)
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    requests: dict[str, int] = Field(default_factory=dict, sa_type=JsonText)
    service_tier: str | None = characters(50, default=None)
    amount_nano: int | None = Field(default=None, sa_type=BigInteger)
    price_source: str | None = characters(100, default=None)
    price_date: date | None = None
    adjusts_id: uuid.UUID | None = optional_reference()
    raw_usage: Any = Field(default=None, sa_type=JsonText, nullable=True)
    first_text_ms: int | None = None
    duration_ms: int | None = None
