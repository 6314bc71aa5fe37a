"""Chat about a draft: conversations, messages, and turns (one request to a model, with its durable run log)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import JsonText


class Conversation(SQLModel, table=True):
    """A chat beside one draft. The totals equal the sum of its ledger rows, written in the same transaction.

    `total_tokens` counts every bucket of every attempt; `total_cost_nano` (nano-USD) sums the known prices and is
    missing while none is known; `unpriced` counts attempts whose price is unknown.
    """

    __tablename__ = "ai_conversations"
    __table_args__ = (
        UniqueConstraint("draft_id", "id"),
        Index("ix_ai_conversations_draft_id_created_at", "draft_id", "created_at"),
    )

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("draft_streams.id", on_delete="CASCADE")
    title: str = characters(255, default="")
    provider: str = characters(50)
    model: str = characters(200)
    system_prompt: str | None = characters(default=None)
    total_tokens: int = Field(default=0, sa_type=BigInteger)
    total_cost_nano: int | None = Field(default=None, sa_type=BigInteger)
    unpriced: int = 0
    created_at: datetime
    updated_at: datetime


class ChatMessage(SQLModel, table=True):
    """One message of a conversation. `parent_id` is the message it answers (siblings are retries)."""

    __tablename__ = "chat_messages"
    __table_args__ = (
        UniqueConstraint("draft_id", "id"),
        UniqueConstraint("conversation_id", "id"),
        ForeignKeyConstraint(
            ["draft_id", "conversation_id"], ["ai_conversations.draft_id", "ai_conversations.id"],
            name="fk_chat_messages_conversation", ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["conversation_id", "parent_id"], ["chat_messages.conversation_id", "chat_messages.id"],
            name="fk_chat_messages_parent",
        ),
        ForeignKeyConstraint(
            ["draft_id", "turn_id"], ["turns.draft_id", "turns.id"],
            name="fk_chat_messages_turn", deferrable=True, initially="DEFERRED", use_alter=True,
        ),
        one_of("role", "user", "assistant"),
        Index("ix_chat_messages_conversation_id_parent_id", "conversation_id", "parent_id"),
        Index("ix_chat_messages_draft_id_turn_id", "draft_id", "turn_id"),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("draft_streams.id", on_delete="CASCADE")
    conversation_id: uuid.UUID = reference()
    parent_id: uuid.UUID | None = optional_reference()
    role: str = characters(20)
    content: str = characters()
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "metadata"})
    turn_id: uuid.UUID | None = optional_reference()
    created_at: datetime


class ChatPlace(SQLModel, table=True):
    """The message a conversation was left at: the end of the branch that is shown and goes on."""

    __tablename__ = "chat_places"
    __table_args__ = (
        ForeignKeyConstraint(
            ["conversation_id", "message_id"], ["chat_messages.conversation_id", "chat_messages.id"],
            name="fk_chat_places_message", ondelete="CASCADE",
        ),
        Index("ix_chat_places_conversation_id_message_id", "conversation_id", "message_id"),
    )  # fmt: skip

    conversation_id: uuid.UUID = reference(primary_key=True)
    message_id: uuid.UUID = reference()


class Alternatives(SQLModel, table=True):
    """Several turns at once on one text: answers to one prompt, none of which enters the text by itself.

    `variants`: what each was asked beside the prompt, `{label, instruction}` by number. `taken_version_id`: the version
    made of what the writer took, the last one if several times.
    """

    __tablename__ = "alternatives"
    __table_args__ = (
        ForeignKeyConstraint(
            ["draft_id", "conversation_id"], ["ai_conversations.draft_id", "ai_conversations.id"],
            name="fk_alternatives_conversation", ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["conversation_id", "prompt_message_id"], ["chat_messages.conversation_id", "chat_messages.id"],
            name="fk_alternatives_prompt_message", ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["draft_id", "base_version_id"], ["versions.draft_id", "versions.id"], name="fk_alternatives_base_version"
        ),
        ForeignKeyConstraint(
            ["draft_id", "taken_version_id"], ["versions.draft_id", "versions.id"], name="fk_alternatives_taken_version"
        ),
        Index("ix_alternatives_draft_id_conversation_id", "draft_id", "conversation_id"),
        Index("ix_alternatives_draft_id_base_version_id", "draft_id", "base_version_id"),
        Index("ix_alternatives_draft_id_taken_version_id", "draft_id", "taken_version_id"),
        Index("ix_alternatives_conversation_id_prompt_message_id", "conversation_id", "prompt_message_id"),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE")
    conversation_id: uuid.UUID = reference()
    prompt_message_id: uuid.UUID = reference()
    base_version_id: uuid.UUID | None = optional_reference()
    taken_version_id: uuid.UUID | None = optional_reference()
    variants: list[dict[str, Any]] = Field(default_factory=list, sa_type=JsonText)
    created_at: datetime


class Turn(SQLModel, table=True):
    """One request of a writer to a model, from the prompt to its end.

    `base_version_id` and `base_seq` pin the text the model saw; `selection_from`/`selection_to` are UTF-16 positions in
    it. `worker_id` and `heartbeat_at` tell whether the process that runs it still lives. `applied`: its change is in
    the text. `estimate` is what was said before sending. `alternative` numbers the turns of one group
    (`alternatives_id`) from 1; only those run at the same time on one draft, which a trigger sees to.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("draft_id", "id"),
        ForeignKeyConstraint(
            ["draft_id", "conversation_id"], ["ai_conversations.draft_id", "ai_conversations.id"],
            name="fk_turns_conversation", ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["draft_id", "prompt_message_id"], ["chat_messages.draft_id", "chat_messages.id"],
            name="fk_turns_prompt_message", deferrable=True, initially="DEFERRED",
        ),
        ForeignKeyConstraint(
            ["draft_id", "answer_message_id"], ["chat_messages.draft_id", "chat_messages.id"],
            name="fk_turns_answer_message", deferrable=True, initially="DEFERRED",
        ),
        ForeignKeyConstraint(
            ["draft_id", "base_version_id"], ["versions.draft_id", "versions.id"],
            name="fk_turns_base_version", deferrable=True, initially="DEFERRED",
        ),
        ForeignKeyConstraint(
            ["draft_id", "version_id"], ["versions.draft_id", "versions.id"],
            name="fk_turns_version", deferrable=True, initially="DEFERRED",
        ),
        one_of("mode", "ask", "write", "edit"),
        one_of("state", "running", "done", "stopped", "failed", "interrupted"),
        CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("(selection_from IS NULL) = (selection_to IS NULL)", name="selection"),
        ForeignKeyConstraint(["alternatives_id"], ["alternatives.id"], name="fk_turns_alternatives"),
        Index("uq_turns_running", "draft_id", unique=True,
              sqlite_where=text("state = 'running' AND alternatives_id IS NULL"),
              postgresql_where=text("state = 'running' AND alternatives_id IS NULL")),
        Index("uq_turns_alternatives_id_alternative", "alternatives_id", "alternative", unique=True),
        Index("ix_turns_conversation_id", "conversation_id", "created_at"),
        Index("ix_turns_heartbeat_at", "heartbeat_at",
              sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
        Index("ix_turns_draft_id_base_version_id", "draft_id", "base_version_id"),
        Index("ix_turns_draft_id_version_id", "draft_id", "version_id"),
        Index("ix_turns_draft_id_prompt_message_id", "draft_id", "prompt_message_id"),
        Index("ix_turns_draft_id_answer_message_id", "draft_id", "answer_message_id"),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("draft_streams.id", on_delete="CASCADE")
    conversation_id: uuid.UUID = reference()
    user_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    mode: str = characters(10)
    state: str = characters(20, default="running")
    prompt_message_id: uuid.UUID | None = optional_reference()
    answer_message_id: uuid.UUID | None = optional_reference()
    base_version_id: uuid.UUID | None = optional_reference()
    base_seq: int
    selection_from: int | None = None
    selection_to: int | None = None
    apply: str = characters(20, default="review")
    provider: str = characters(50)
    model: str = characters(200)
    version_id: uuid.UUID | None = optional_reference()
    applied: bool = False
    stop_reason: str | None = characters(100, default=None)
    error_code: str | None = characters(100, default=None)
    error_message: str | None = characters(default=None)
    error_retryable: bool | None = None
    worker_id: str = characters(100, default="")
    heartbeat_at: datetime
    estimate: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    alternatives_id: uuid.UUID | None = optional_reference()
    alternative: int | None = None
    created_at: datetime
    finished_at: datetime | None = None


class TurnEvent(SQLModel, table=True):
    """One entry of a turn's run log, in the order it was published; `n` starts at 1. `data` is JSON text."""

    __tablename__ = "turn_events"

    turn_id: uuid.UUID = reference("turns.id", on_delete="CASCADE", primary_key=True)
    n: int = Field(primary_key=True)
    type: str = characters(30)
    at: datetime
    data: str = characters()


class TurnAttempt(SQLModel, table=True):
    """One call to a provider within a turn, written before the call, so that a crash leaves a trace to account for."""

    __tablename__ = "turn_attempts"

    turn_id: uuid.UUID = reference("turns.id", on_delete="CASCADE", primary_key=True)
    attempt: int = Field(primary_key=True)
    provider: str = characters(50)
    model: str = characters(200)
    answered_model: str | None = characters(200, default=None)
    estimated_input_tokens: int | None = None
    started_at: datetime
