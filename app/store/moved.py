"""What rows of other systems became here."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlmodel import Session, col

from app.store.drafting.event_log import events_after
from app.store.tables import ConversationMessage, DraftStream, Goal, GoalConversation, MovedRow, User

UNTOUCHED_SEQ = {True: 3, False: 1}
"""The last event of a message that was moved and not changed since: a published one (begun, published, submitted), a draft."""


def find(session: Session, source: str, origin: str, origin_id: str) -> MovedRow | None:
    return session.get(MovedRow, (source, origin, origin_id))


def note(
    session: Session,
    source: str,
    origin: str,
    origin_id: str,
    *,
    kind: str,
    target_id: uuid.UUID,
    digest: bytes,
    at: datetime,
) -> None:
    session.add(
        MovedRow(
            source=source,
            origin=origin,
            origin_id=origin_id,
            kind=kind,
            target_id=target_id,
            digest=digest,
            moved_at=at,
        )
    )
    session.flush()


def all_of(session: Session, source: str) -> list[MovedRow]:
    """In the order they were moved: their messages' ids do not say."""
    rows = session.scalars(select(MovedRow).where(col(MovedRow.source) == source))
    placed = session.execute(select(col(ConversationMessage.id), col(ConversationMessage.position)))
    positions = {row[0]: row[1] for row in placed}
    return sorted(rows, key=lambda row: (positions.get(row.target_id) or 0, row.origin, row.origin_id))


def forget(session: Session, row: MovedRow) -> None:
    session.delete(row)
    session.flush()


def first_words(session: Session, message_id: uuid.UUID) -> str:
    """The words a message began with, from its log: what people changed since does not count. Empty if it is gone."""
    events = events_after(session, message_id, 0, limit=1)
    if not events:
        return ""
    fields: dict[str, Any] = (events[0].payload or {}).get("fields", {})
    return str(fields.get("content", ""))


def is_answered(session: Session, message_id: uuid.UUID) -> bool:
    return bool(session.scalar(select(exists().where(col(ConversationMessage.reply_to_id) == message_id))))


def remove_message(session: Session, message_id: uuid.UUID) -> None:
    """With its log and its files."""
    session.execute(delete(DraftStream).where(col(DraftStream.id) == message_id))


def remove_if_unused(session: Session, kind: str, target_id: uuid.UUID) -> bool:
    """Removes a conversation, goal or account that nothing hangs on; whether it is gone."""
    used = {
        "conversation": [exists().where(col(ConversationMessage.conversation_id) == target_id)],
        "goal": [exists().where(col(GoalConversation.goal_id) == target_id)],
        "person": [
            exists().where(col(DraftStream.owner_id) == target_id),
            exists().where(col(Goal.student_id) == target_id),
            exists().where(col(GoalConversation.student_id) == target_id),
            exists().where(col(GoalConversation.instructor_id) == target_id),
            exists().where(col(User.id) == target_id, col(User.password_hash).is_not(None)),
        ],
    }
    if any(session.scalar(select(question)) for question in used[kind]):
        return False
    table: Any = {"conversation": GoalConversation, "goal": Goal, "person": User}[kind]
    session.execute(delete(table).where(table.id == target_id))
    return True


def user_of_id(session: Session, user_id: str) -> uuid.UUID | None:
    """The account of this id, if it is one."""
    try:
        user = session.get(User, uuid.UUID(user_id))
    except ValueError:
        return None
    return None if user is None else user.id
