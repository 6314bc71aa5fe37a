"""Goals, the conversations about them, their messages with attachments and receipts, and people's reply templates.

A message is a draft of kind `message`: its log is in `draft_events`, its row here is what the events made of it. One that
is being written is the same row with `is_draft`, which nobody but its sender sees.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import JsonText


class Goal(SQLModel, table=True):
    """What a student wants to reach. `progress` is 0 to 100 %."""

    __tablename__ = "goals"
    __table_args__ = (
        UniqueConstraint("id", "student_id"),
        one_of("status", "active", "paused", "reached", "archived"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("length(title) BETWEEN 1 AND 200", name="title_length"),
    )

    id: uuid.UUID = identifier()
    student_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    title: str = characters(200)
    due_date: date | None = None
    progress: int = 0
    status: str = characters(20, default="active")
    created_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    created_at: datetime
    updated_at: datetime
    description: str = characters(default="")


class GoalConversation(SQLModel, table=True):
    """A student and, once assigned, an instructor. `seq` counts what became visible in it: every message published,
    edited or taken back has the next number, so that "what changed after 17" is a range."""

    __tablename__ = "goal_conversations"
    __table_args__ = (
        # A goal that a conversation is about is its student's.
        ForeignKeyConstraint(["goal_id", "student_id"], ["goals.id", "goals.student_id"], ondelete="CASCADE"),
        one_of("status", "active", "archived"),
        CheckConstraint("seq >= 0", name="seq"),
        CheckConstraint("student_id <> instructor_id", name="two_people"),
        Index("ix_goal_conversations_goal_id", "goal_id"),
    )

    id: uuid.UUID = identifier()
    student_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    instructor_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    goal_id: uuid.UUID | None = optional_reference()
    status: str = characters(20, default="active")
    seq: int = 0
    created_at: datetime
    updated_at: datetime


class ConversationMessage(SQLModel, table=True):
    """A message, or with `is_draft` one that its sender still writes.

    `position` is the conversation's `seq` when it was published and orders the stream; `changed_seq` the one when it last
    changed visibly. `created_at` is when it was begun, and once published, since when it is there; `edited_at` when its words
    changed after that. A message taken back keeps its row and its place (`deleted_at`), and its words in the log.
    """

    __tablename__ = "conversation_messages"
    __table_args__ = (
        ForeignKeyConstraint(["id", "sender_id"], ["draft_streams.id", "draft_streams.owner_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["conversation_id", "reply_to_id"], ["conversation_messages.conversation_id", "conversation_messages.id"],
            name="fk_conversation_messages_reply_to",
        ),
        UniqueConstraint("conversation_id", "id"),
        UniqueConstraint("conversation_id", "position"),
        one_of("message_type", "daily_note", "instructor_response", "activity", "milestone"),
        CheckConstraint("is_draft = (position IS NULL)", name="position"),
        CheckConstraint("is_draft = (changed_seq IS NULL)", name="changed"),
        CheckConstraint("reply_to_id <> id", name="reply_to"),
        Index("ix_conversation_messages_conversation_id_changed_seq", "conversation_id", "changed_seq"),
        # Another index, by day (newest first), is made by the migration: each database writes its order in its own way.
        Index("ix_conversation_messages_type_sender", "message_type", "sender_id"),
        Index("ix_conversation_messages_reply_thread", "reply_to_id", "position",
              sqlite_where=text("reply_to_id IS NOT NULL"), postgresql_where=text("reply_to_id IS NOT NULL")),
        Index("ix_conversation_messages_drafts", "conversation_id", "sender_id",
              sqlite_where=text("is_draft = 1"), postgresql_where=text("is_draft")),
        Index("ix_conversation_messages_sender_id", "sender_id"),
    )  # fmt: skip

    id: uuid.UUID = reference(primary_key=True)
    conversation_id: uuid.UUID = reference("goal_conversations.id", on_delete="CASCADE")
    sender_id: uuid.UUID = reference("users.id", on_delete="CASCADE")
    message_type: str = characters(30)
    reply_to_id: uuid.UUID | None = optional_reference()
    target_date: date | None = None
    is_draft: bool = True
    position: int | None = None
    changed_seq: int | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    message_metadata: dict[str, Any] = Field(
        default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "metadata"}
    )
    # Not checked again, as `draft_events.payload`: the core lets nothing unstorable in.
    content: str = Field(default="", sa_type=Text)


class MessageAttachment(SQLModel, table=True):
    """A file of a message. Only one that is `clean` may be fetched; `reason` says why it is not.

    `filename` is the name it is downloaded under, `original_filename` the one it came with. `mime_type` is what the
    content shows, `file_size` in bytes; `sha256` is missing until the file was looked into. `storage_key` is where it
    lies. Nobody looks into it (again) before `check_after`.
    """

    __tablename__ = "message_attachments"
    __table_args__ = (
        one_of("state", "pending", "clean", "infected", "rejected", "error"),
        CheckConstraint("file_size >= 0", name="file_size"),
        CheckConstraint("state <> 'clean' OR sha256 IS NOT NULL", name="sha256"),
        Index("ix_message_attachments_unfinished", "state", "created_at",
              sqlite_where=text("state IN ('pending', 'error')"), postgresql_where=text("state IN ('pending', 'error')")),
        Index("ix_message_attachments_uploader_id", "uploader_id",
              sqlite_where=text("uploader_id IS NOT NULL"), postgresql_where=text("uploader_id IS NOT NULL")),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    message_id: uuid.UUID = reference("conversation_messages.id", on_delete="CASCADE", index=True)
    uploader_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    state: str = characters(20, default="pending")
    filename: str = characters(255)
    original_filename: str = characters(500)
    file_size: int = Field(sa_type=BigInteger)
    mime_type: str = characters(200)
    sha256: bytes | None = Field(default=None, sa_type=LargeBinary)
    storage_key: str = characters(200, unique=True)
    width: int | None = None
    height: int | None = None
    reason: str | None = characters(500, default=None)
    attempts: int = 0
    created_at: datetime
    checked_at: datetime | None = None
    check_after: datetime | None = None


class MessageRead(SQLModel, table=True):
    """How far a person has read a conversation: every message up to `position`, at `read_at` the last of them."""

    __tablename__ = "message_reads"
    __table_args__ = (CheckConstraint("position >= 0", name="position"),)

    conversation_id: uuid.UUID = reference("goal_conversations.id", on_delete="CASCADE", primary_key=True)
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", primary_key=True, index=True)
    position: int
    read_at: datetime


class ReplyTemplate(SQLModel, table=True):
    """A reply a person keeps for use again."""

    __tablename__ = "reply_templates"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        CheckConstraint("length(name) BETWEEN 1 AND 100", name="name_length"),
    )

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE")
    name: str = characters(100)
    created_at: datetime
    updated_at: datetime
    content: str = characters()
