"""What is read of a conversation, as values."""

import uuid
from datetime import date, datetime
from typing import Any

import msgspec

REPLIES_SHOWN = 3
"""So many replies come with the message they answer; the rest with its thread."""


class Place(msgspec.Struct, frozen=True):
    """A conversation as one person finds it: who takes part, what about, how far this person has read."""

    id: uuid.UUID
    status: str
    seq: int
    created_at: datetime
    updated_at: datetime
    student_id: uuid.UUID
    student_name: str
    instructor_id: uuid.UUID | None
    instructor_name: str | None
    goal_id: uuid.UUID | None
    goal_title: str | None
    goal_description: str | None
    goal_due: date | None
    goal_progress: int | None
    goal_status: str | None
    read_position: int


class MessageRow(msgspec.Struct, frozen=True):
    """A published message. `changed_seq` is the conversation's `seq` when it last changed; see `ConversationMessage`."""

    id: uuid.UUID
    conversation_id: uuid.UUID
    position: int
    changed_seq: int
    sender_id: uuid.UUID
    sender_name: str
    message_type: str
    reply_to_id: uuid.UUID | None
    target_date: date | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    metadata: dict[str, Any]
    content: str


class Replies(msgspec.Struct, frozen=True):
    """How many replies a message has, and the latest of them, oldest first."""

    count: int
    latest: list[MessageRow]


class AttachmentRow(msgspec.Struct, frozen=True):
    id: uuid.UUID
    message_id: uuid.UUID
    uploader_id: uuid.UUID | None
    state: str
    filename: str
    mime_type: str
    file_size: int
    width: int | None
    height: int | None
    reason: str | None
    created_at: datetime


class Receipt(msgspec.Struct, frozen=True):
    """How far somebody has read, and when they last did."""

    user_id: uuid.UUID
    name: str
    position: int
    read_at: datetime


class OwnDraft(msgspec.Struct, frozen=True):
    """A message its reader still writes; `seq` is the last event of its log."""

    id: uuid.UUID
    seq: int
    saved_at: datetime
    message_type: str
    reply_to_id: uuid.UUID | None
    target_date: date | None
    content: str


class ConversationPage(msgspec.Struct, frozen=True):
    """A page of a conversation, oldest message first. `more`: there are others in the direction it was asked for."""

    place: Place
    messages: list[MessageRow]
    more: bool
    replies: dict[uuid.UUID, Replies]
    attachments: dict[uuid.UUID, list[AttachmentRow]]
    receipts: list[Receipt]
    drafts: list[OwnDraft]


class Days(msgspec.Struct, frozen=True):
    """From the first to the last day, both included."""

    first: date
    last: date


class Later(msgspec.Struct, frozen=True):
    """Messages after a position, of those sent at or after a moment."""

    after: int = 0
    since: datetime | None = None
