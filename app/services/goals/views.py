"""What the API answers about goals: shapes of goals, conversations, messages, receipts and templates."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec


class GoalPerson(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class GoalView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    student_id: UUID
    title: str
    description: str
    due_date: date | None
    progress: int
    """Percent."""
    status: str
    created_at: datetime
    updated_at: datetime


class GoalName(msgspec.Struct, frozen=True):
    id: UUID
    title: str
    progress: int
    due_date: date | None
    description: str = ""
    status: str = "active"


class ConversationEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in a list. `unread` counts up to 100; `excerpt` begins the last message, `last_by_me` says whose it is."""

    id: UUID
    status: str
    goal: GoalName | None
    student: GoalPerson
    instructor: GoalPerson | None
    part: str
    unread: int
    excerpt: str
    last_by_me: bool
    created_at: datetime
    updated_at: datetime


class MessageAttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message. It can be fetched once its `state` is `clean`; `reason` says why it is not."""

    id: UUID
    name: str
    mime_type: str
    size: int
    state: str
    reason: str | None
    width: int | None
    height: int | None
    created_at: datetime


class ReplyPreview(msgspec.Struct, frozen=True, kw_only=True):
    """The replies to a message: how many, the latest of them, and when the last came."""

    count: int = 0
    latest: list["GoalMessage"] = []


class GoalMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A published message. Of one that was taken back (`deleted_at`) neither words nor files are told.

    `position` orders the conversation, `changed_seq` is the conversation's `seq` when the message last changed.
    """

    id: UUID
    conversation_id: UUID
    position: int
    changed_seq: int
    sender: GoalPerson
    sender_part: str
    mine: bool
    message_type: str
    content: str
    html: str
    metadata: dict[str, Any]
    reply_to_id: UUID | None
    target_date: date | None
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    attachments: list[MessageAttachmentView]
    replies: ReplyPreview


class ReceiptView(msgspec.Struct, frozen=True):
    """How far somebody has read."""

    person: GoalPerson
    position: int
    read_at: datetime


class MessageDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A message the caller still writes: a draft, edited by `/api/drafts/{id}/commands` from `seq` on."""

    id: UUID
    seq: int
    message_type: str
    content: str
    reply_to_id: UUID | None
    target_date: date | None
    saved_at: datetime


class GoalConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a conversation. `next` is what to give as `before` for older messages, or as `after` for later ones where
    later ones were asked for; `read_position` how far the caller
    has read; `may_send` which types of messages the caller may send, none for who only looks."""

    id: UUID
    status: str
    seq: int
    goal: GoalName | None
    student: GoalPerson
    instructor: GoalPerson | None
    part: str
    may_send: list[str]
    read_position: int
    messages: list[GoalMessage]
    next: str | None
    receipts: list[ReceiptView]
    drafts: list[MessageDraft]
    created_at: datetime
    updated_at: datetime


class MessageChanges(msgspec.Struct, frozen=True):
    """What changed after a `seq`: messages in the order of their last change, and where that reaches. `more`: ask again.
    `drafts` are all messages the caller still writes here, on whatever device."""

    items: list[GoalMessage]
    seq: int
    more: bool
    receipts: list[ReceiptView]
    drafts: list[MessageDraft]


class MessageThread(msgspec.Struct, frozen=True):
    """A message and its replies, oldest first; `next` is what to give as `after` for later ones."""

    root: GoalMessage
    items: list[GoalMessage]
    next: str | None


class BulkRefusal(msgspec.Struct, frozen=True):
    id: UUID
    code: str
    message: str


class BulkAnswer(msgspec.Struct, frozen=True):
    """Which messages it was done to, and why not to the others."""

    done: list[UUID]
    refused: list[BulkRefusal]


class ReplyTemplateView(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    content: str
    updated_at: datetime
