"""Conversations as they are read: a page of messages with all that belongs to it, in a fixed number of statements.

Whose message is being written nobody else sees: every statement here asks for a `position`, which only a published
message has, except the one for a person's own drafts.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy import Boolean, Select, and_, bindparam, func, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.engine.quick import quick
from app.store.tables import (
    ConversationMessage,
    DraftStream,
    Goal,
    GoalConversation,
    MessageAttachment,
    MessageRead,
    User,
)

END = 2**31 - 1
"""A position behind every message."""
LATEST_REPLIES = 3
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
    """A page of a conversation, oldest message first. `more`: there are older ones."""

    place: Place
    messages: list[MessageRow]
    more: bool
    replies: dict[uuid.UUID, Replies]
    attachments: dict[uuid.UUID, list[AttachmentRow]]
    receipts: list[Receipt]
    drafts: list[OwnDraft]


# Statements

_message = aliased(ConversationMessage)
_student, _instructor = aliased(User), aliased(User)
_PLACE_COLUMNS: tuple[Any, ...] = (
    col(GoalConversation.id), col(GoalConversation.status), col(GoalConversation.seq), col(GoalConversation.created_at),
    col(GoalConversation.updated_at), col(GoalConversation.student_id), col(_student.name),
    col(GoalConversation.instructor_id), col(_instructor.name), col(GoalConversation.goal_id), col(Goal.title),
    col(Goal.description), col(Goal.due_date), col(Goal.progress), col(Goal.status),
    func.coalesce(col(MessageRead.position), 0),
)  # fmt: skip
_PLACE = Prepared(
    select(*_PLACE_COLUMNS)
    .join(_student, col(_student.id) == col(GoalConversation.student_id))
    .outerjoin(_instructor, col(_instructor.id) == col(GoalConversation.instructor_id))
    .outerjoin(Goal, col(Goal.id) == col(GoalConversation.goal_id))
    .outerjoin(
        MessageRead,
        and_(
            col(MessageRead.conversation_id) == col(GoalConversation.id),
            col(MessageRead.user_id) == bindparam("person_id", type_=col(User.id).type),
        ),
    )
    .where(
        col(GoalConversation.id) == bindparam("conversation_id"),
        or_(
            col(GoalConversation.student_id) == bindparam("person_id", type_=col(User.id).type),
            col(GoalConversation.instructor_id) == bindparam("person_id", type_=col(User.id).type),
            bindparam("everything", type_=Boolean).is_(True),
        ),
    )
)


def _message_columns(message: Any) -> tuple[Any, ...]:
    return (
        col(message.id), col(message.conversation_id), col(message.position), col(message.changed_seq),
        col(message.sender_id), col(User.name), col(message.message_type), col(message.reply_to_id),
        col(message.target_date), col(message.created_at), col(message.edited_at), col(message.deleted_at),
        col(message.message_metadata), col(message.content),
    )  # fmt: skip


_MESSAGES: Select[*tuple[Any, ...]] = select(*_message_columns(ConversationMessage)).join(
    User, col(User.id) == col(ConversationMessage.sender_id)
)
_IN_CONVERSATION = _MESSAGES.where(col(ConversationMessage.conversation_id) == bindparam("conversation_id"))
_TOP = _IN_CONVERSATION.where(
    col(ConversationMessage.reply_to_id).is_(None), col(ConversationMessage.position) < bindparam("before")
)
_NEWEST_FIRST = col(ConversationMessage.position).desc()
_PAGE = Prepared(_TOP.order_by(_NEWEST_FIRST).limit(bindparam("rows")))
_PAGE_OF_DAYS = Prepared(
    # A message is of the day it is meant for, or else of the day it was sent.
    _TOP.where(
        or_(
            col(ConversationMessage.target_date).between(bindparam("first"), bindparam("last")),
            and_(
                col(ConversationMessage.target_date).is_(None),
                col(ConversationMessage.created_at) >= bindparam("since"),
                col(ConversationMessage.created_at) < bindparam("until"),
            ),
        )
    )
    .order_by(_NEWEST_FIRST)
    .limit(bindparam("rows"))
)
_CHANGED = Prepared(
    _IN_CONVERSATION.where(col(ConversationMessage.changed_seq) > bindparam("after"))
    .order_by(col(ConversationMessage.changed_seq))
    .limit(bindparam("rows"))
)
_THREAD = Prepared(
    _IN_CONVERSATION.where(
        col(ConversationMessage.reply_to_id) == bindparam("root_id"),
        col(ConversationMessage.position) > bindparam("after"),
    )
    .order_by(col(ConversationMessage.position))
    .limit(bindparam("rows"))
)
_ONE = Prepared(_MESSAGES.where(col(ConversationMessage.id) == bindparam("message_id")))

_root = aliased(ConversationMessage)
_ROOTS_OF_PAGE = (
    col(_root.conversation_id) == bindparam("conversation_id"),
    col(_root.position).between(bindparam("first"), bindparam("last")),
    col(_root.reply_to_id).is_(None),
)
_ranked = (
    select(
        *_message_columns(ConversationMessage),
        func.count().over(partition_by=col(ConversationMessage.reply_to_id)).label("replies"),
        func.row_number()
        .over(partition_by=col(ConversationMessage.reply_to_id), order_by=col(ConversationMessage.position).desc())
        .label("place"),
    )
    .join(User, col(User.id) == col(ConversationMessage.sender_id))
    .join(_root, col(_root.id) == col(ConversationMessage.reply_to_id))
    .where(
        *_ROOTS_OF_PAGE, col(ConversationMessage.position).is_not(None), col(ConversationMessage.deleted_at).is_(None)
    )
    .subquery()
)
_LATEST_REPLIES = Prepared(
    select(*_ranked.c).where(_ranked.c.place <= LATEST_REPLIES).order_by(_ranked.c.reply_to_id, _ranked.c.place.desc())
)

_ATTACHMENT_COLUMNS: tuple[Any, ...] = (
    col(MessageAttachment.id), col(MessageAttachment.message_id), col(MessageAttachment.uploader_id),
    col(MessageAttachment.state), col(MessageAttachment.filename), col(MessageAttachment.mime_type),
    col(MessageAttachment.file_size), col(MessageAttachment.width), col(MessageAttachment.height),
    col(MessageAttachment.reason), col(MessageAttachment.created_at),
)  # fmt: skip
_of_roots = (
    select(*_ATTACHMENT_COLUMNS).join(_root, col(_root.id) == col(MessageAttachment.message_id)).where(*_ROOTS_OF_PAGE)
)
_of_replies = (
    select(*_ATTACHMENT_COLUMNS)
    .join(ConversationMessage, col(ConversationMessage.id) == col(MessageAttachment.message_id))
    .join(_root, col(_root.id) == col(ConversationMessage.reply_to_id))
    .where(*_ROOTS_OF_PAGE, col(ConversationMessage.position).is_not(None))
)
_attached = union_all(_of_roots, _of_replies).subquery()
_ATTACHED_TO_PAGE = Prepared(select(*_attached.c).order_by(_attached.c.id))

_RECEIPTS = Prepared(
    select(col(MessageRead.user_id), col(User.name), col(MessageRead.position), col(MessageRead.read_at))
    .join(User, col(User.id) == col(MessageRead.user_id))
    .where(col(MessageRead.conversation_id) == bindparam("conversation_id"))
)
_DRAFTS = Prepared(
    select(
        col(ConversationMessage.id), col(DraftStream.seq), col(DraftStream.saved_at),
        col(ConversationMessage.message_type), col(ConversationMessage.reply_to_id),
        col(ConversationMessage.target_date), col(ConversationMessage.content),
    )
    .join(DraftStream, col(DraftStream.id) == col(ConversationMessage.id))
    .where(
        col(ConversationMessage.conversation_id) == bindparam("conversation_id"),
        col(ConversationMessage.sender_id) == bindparam("person_id"),
        col(ConversationMessage.is_draft).is_(True),
        col(DraftStream.status) == "open",
        col(DraftStream.deleted_at).is_(None),
    )
    .order_by(col(DraftStream.saved_at).desc(), col(ConversationMessage.id).desc())
    .limit(20)
)  # fmt: skip


# Reading


@quick
def read_place(
    session: Session, conversation_id: uuid.UUID, person_id: uuid.UUID, *, everything: bool = False
) -> Place | None:
    """The conversation, if this person takes part in it (or sees everything)."""
    row = _PLACE.one(session, conversation_id=conversation_id, person_id=person_id, everything=everything)
    return None if row is None else Place(*row)


class Days(msgspec.Struct, frozen=True):
    """From the first to the last day, both included."""

    first: date
    last: date


@quick
def read_page(
    session: Session,
    conversation_id: uuid.UUID,
    person_id: uuid.UUID,
    *,
    everything: bool = False,
    before: int = END,
    days: Days | None = None,
    limit: int = 50,
) -> ConversationPage | None:
    """The latest messages before a position with their replies, attachments, receipts and the reader's own drafts.

    None if the conversation does not exist or is not this person's.
    """
    place = read_place(session, conversation_id, person_id, everything=everything)
    if place is None:
        return None
    rows = _top_rows(session, conversation_id, before=before, days=days, rows=limit + 1)
    messages = [MessageRow(*row) for row in reversed(rows[:limit])]
    replies: dict[uuid.UUID, Replies] = {}
    attachments: dict[uuid.UUID, list[AttachmentRow]] = {}
    if messages:
        shown = {"conversation_id": conversation_id, "first": messages[0].position, "last": messages[-1].position}
        replies = _replies(_LATEST_REPLIES.all(session, **shown))
        attachments = by_message(AttachmentRow(*row) for row in _ATTACHED_TO_PAGE.all(session, **shown))
    return ConversationPage(
        place,
        messages,
        len(rows) > limit,
        replies,
        attachments,
        receipts(session, conversation_id),
        own_drafts(session, conversation_id, person_id),
    )


def _top_rows(
    session: Session, conversation_id: uuid.UUID, *, before: int, days: Days | None, rows: int
) -> Sequence[tuple[Any, ...]]:
    if days is None:
        return _PAGE.all(session, conversation_id=conversation_id, before=before, rows=rows)
    since = datetime.combine(days.first, time(), UTC)
    until = datetime.combine(days.last, time(), UTC) + timedelta(days=1)
    return _PAGE_OF_DAYS.all(
        session, conversation_id=conversation_id, before=before, rows=rows, first=days.first, last=days.last,
        since=since, until=until,
    )  # fmt: skip


def _replies(rows: Sequence[tuple[Any, ...]]) -> dict[uuid.UUID, Replies]:
    found: dict[uuid.UUID, Replies] = {}
    for *values, count, _place in rows:
        message = MessageRow(*values)
        assert message.reply_to_id is not None
        found.setdefault(message.reply_to_id, Replies(count, [])).latest.append(message)
    return found


def by_message(rows: Any) -> dict[uuid.UUID, list[AttachmentRow]]:
    found: dict[uuid.UUID, list[AttachmentRow]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found


@quick
def receipts(session: Session, conversation_id: uuid.UUID) -> list[Receipt]:
    """How far everybody has read who ever opened the conversation."""
    return [Receipt(*row) for row in _RECEIPTS.all(session, conversation_id=conversation_id)]


@quick
def own_drafts(session: Session, conversation_id: uuid.UUID, person_id: uuid.UUID) -> list[OwnDraft]:
    """The messages this person still writes here, last saved first."""
    return [OwnDraft(*row) for row in _DRAFTS.all(session, conversation_id=conversation_id, person_id=person_id)]


@quick
def read_changes(session: Session, conversation_id: uuid.UUID, *, after: int, limit: int) -> list[MessageRow]:
    """Messages and replies that were published, edited or taken back since `after`, in the order of their last change."""
    return [MessageRow(*row) for row in _CHANGED.all(session, conversation_id=conversation_id, after=after, rows=limit)]


@quick
def read_thread(
    session: Session, conversation_id: uuid.UUID, root_id: uuid.UUID, *, after: int, limit: int
) -> list[MessageRow]:
    """The replies to a message, oldest first."""
    rows = _THREAD.all(session, conversation_id=conversation_id, root_id=root_id, after=after, rows=limit)
    return [MessageRow(*row) for row in rows]


@quick
def read_message(session: Session, message_id: uuid.UUID) -> MessageRow | None:
    """A published message, without asking who wants it; None for one that is still written."""
    row = _ONE.one(session, message_id=message_id)
    return None if row is None or row[2] is None else MessageRow(*row)


def attached_to(session: Session, message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[AttachmentRow]]:
    """The files of these messages, in the order they came."""
    if not message_ids:
        return {}
    rows = session.execute(
        select(*_ATTACHMENT_COLUMNS)
        .where(col(MessageAttachment.message_id).in_(message_ids))
        .order_by(col(MessageAttachment.id))
    )
    return by_message(AttachmentRow(*row) for row in rows)


def reply_counts(session: Session, message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many replies these messages have."""
    if not message_ids:
        return {}
    rows = session.execute(
        select(col(ConversationMessage.reply_to_id), func.count())
        .where(
            col(ConversationMessage.reply_to_id).in_(message_ids),
            col(ConversationMessage.position).is_not(None),
            col(ConversationMessage.deleted_at).is_(None),
        )
        .group_by(col(ConversationMessage.reply_to_id))
    )
    return {root_id: count for root_id, count in rows if root_id is not None}
