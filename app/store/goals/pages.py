"""Conversations as they are read: a page of messages with all that belongs to it, in a fixed number of statements."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.store.engine.quick import quick
from app.store.goals import page_statements as statements
from app.store.goals.page_rows import (
    AttachmentRow,
    ConversationPage,
    Days,
    Later,
    MessageRow,
    OwnDraft,
    Place,
    Receipt,
    Replies,
)
from app.store.tables import ConversationMessage, MessageAttachment

END = 2**31 - 1
"""A position behind every message."""

__all__ = [
    "END",
    "AttachmentRow",
    "ConversationPage",
    "Days",
    "Later",
    "MessageRow",
    "OwnDraft",
    "Place",
    "Receipt",
    "Replies",
    "attached_to",
    "own_drafts",
    "read_changes",
    "read_message",
    "read_messages",
    "read_page",
    "read_place",
    "read_thread",
    "receipts",
    "reply_counts",
]


@quick
def read_place(
    session: Session, conversation_id: uuid.UUID, person_id: uuid.UUID, *, everything: bool = False
) -> Place | None:
    """The conversation, if this person takes part in it (or sees everything)."""
    row = statements.PLACE.one(session, conversation_id=conversation_id, person_id=person_id, everything=everything)
    return None if row is None else Place(*row)


@quick
def read_page(
    session: Session,
    conversation_id: uuid.UUID,
    person_id: uuid.UUID,
    *,
    everything: bool = False,
    before: int = END,
    days: Days | None = None,
    later: Later | None = None,
    limit: int = 50,
    known: ConversationPage | None = None,
) -> ConversationPage | None:
    """The latest messages before a position with their replies, attachments, receipts and the reader's own drafts; or with
    `later` the earliest ones behind a position.

    `known` is the same page as it was read before: while the conversation's `seq` is what it was, so are its messages.
    None if the conversation does not exist or is not this person's.
    """
    place = read_place(session, conversation_id, person_id, everything=everything)
    if place is None:
        return None
    if known is not None and known.place.seq == place.seq:
        messages, more, replies = known.messages, known.more, known.replies
    else:
        if later is not None:
            rows = _later_rows(session, conversation_id, later, rows=limit + 1)
        else:
            rows = _top_rows(session, conversation_id, before=before, days=days, rows=limit + 1)[::-1]
        more, replies = len(rows) > limit, {}
        messages = [MessageRow(*row) for row in (rows[:limit] if later is not None else rows[-limit:])]
        if messages:
            replies = _replies(statements.LATEST_REPLIES.all(session, **_range(conversation_id, messages)))
    attachments: dict[uuid.UUID, list[AttachmentRow]] = {}
    if messages:
        shown = _range(conversation_id, messages)
        attachments = _by_message(AttachmentRow(*row) for row in statements.ATTACHED_TO_PAGE.all(session, **shown))
    return ConversationPage(
        place,
        messages,
        more,
        replies,
        attachments,
        receipts(session, conversation_id),
        own_drafts(session, conversation_id, person_id),
    )


def _range(conversation_id: uuid.UUID, messages: Sequence[MessageRow]) -> dict[str, Any]:
    return {"conversation_id": conversation_id, "first": messages[0].position, "last": messages[-1].position}


def _top_rows(
    session: Session, conversation_id: uuid.UUID, *, before: int, days: Days | None, rows: int
) -> Sequence[tuple[Any, ...]]:
    if days is None:
        return statements.PAGE.all(session, conversation_id=conversation_id, before=before, rows=rows)
    since = datetime.combine(days.first, time(), UTC)
    until = datetime.combine(days.last, time(), UTC) + timedelta(days=1)
    return statements.PAGE_OF_DAYS.all(
        session, conversation_id=conversation_id, before=before, rows=rows, first=days.first, last=days.last,
        since=since, until=until,
    )  # fmt: skip


def _later_rows(session: Session, conversation_id: uuid.UUID, later: Later, *, rows: int) -> Sequence[tuple[Any, ...]]:
    if later.since is None:
        return statements.PAGE_AFTER.all(session, conversation_id=conversation_id, after=later.after, rows=rows)
    return statements.PAGE_SINCE.all(
        session, conversation_id=conversation_id, after=later.after, since=later.since, rows=rows
    )


def _replies(rows: Sequence[tuple[Any, ...]]) -> dict[uuid.UUID, Replies]:
    found: dict[uuid.UUID, Replies] = {}
    for *values, count, _place in rows:
        message = MessageRow(*values)
        assert message.reply_to_id is not None
        found.setdefault(message.reply_to_id, Replies(count, [])).latest.append(message)
    return found


def _by_message(rows: Iterable[AttachmentRow]) -> dict[uuid.UUID, list[AttachmentRow]]:
    found: dict[uuid.UUID, list[AttachmentRow]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found


@quick
def receipts(session: Session, conversation_id: uuid.UUID) -> list[Receipt]:
    """How far everybody has read who ever opened the conversation."""
    return [Receipt(*row) for row in statements.RECEIPTS.all(session, conversation_id=conversation_id)]


@quick
def own_drafts(session: Session, conversation_id: uuid.UUID, person_id: uuid.UUID) -> list[OwnDraft]:
    """The messages this person still writes here, last saved first."""
    return [
        OwnDraft(*row) for row in statements.DRAFTS.all(session, conversation_id=conversation_id, person_id=person_id)
    ]


@quick
def read_changes(session: Session, conversation_id: uuid.UUID, *, after: int, limit: int) -> list[MessageRow]:
    """Messages and replies that were published, edited or taken back since `after`, in the order of their last change."""
    return [
        MessageRow(*row)
        for row in statements.CHANGED.all(session, conversation_id=conversation_id, after=after, rows=limit)
    ]


@quick
def read_thread(
    session: Session, conversation_id: uuid.UUID, root_id: uuid.UUID, *, after: int, limit: int
) -> list[MessageRow]:
    """The replies to a message, oldest first."""
    rows = statements.THREAD.all(session, conversation_id=conversation_id, root_id=root_id, after=after, rows=limit)
    return [MessageRow(*row) for row in rows]


@quick
def read_message(session: Session, message_id: uuid.UUID) -> MessageRow | None:
    """A published message, without asking who wants it; None for one that is still written."""
    row = statements.ONE.one(session, message_id=message_id)
    return None if row is None or row[2] is None else MessageRow(*row)


def read_messages(session: Session, conversation_id: uuid.UUID, message_ids: Sequence[uuid.UUID]) -> list[MessageRow]:
    """Those of these messages that are published in this conversation, in its order."""
    statement = statements.MESSAGES.where(
        col(ConversationMessage.conversation_id) == conversation_id,
        col(ConversationMessage.id).in_(message_ids),
        col(ConversationMessage.position).is_not(None),
    )
    return [MessageRow(*row) for row in session.execute(statement.order_by(col(ConversationMessage.position)))]


def attached_to(session: Session, message_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[AttachmentRow]]:
    """The files of these messages, in the order they came."""
    if not message_ids:
        return {}
    rows = session.execute(
        select(*statements.ATTACHMENT_COLUMNS)
        .where(col(MessageAttachment.message_id).in_(message_ids))
        .order_by(col(MessageAttachment.id))
    )
    return _by_message(AttachmentRow(*row) for row in rows)


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
