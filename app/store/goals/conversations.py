"""Goals, and the conversations about them as rows: made, changed, listed. What is said in them is in `pages.py`."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.errors import NotFound
from app.store.rows import Page, decode_cursor, encode_cursor
from app.store.tables import ConversationMessage, Goal, GoalConversation, MessageRead, User
from app.store.types import BinaryUuid

UNREAD_COUNTED = 100
"""Unread messages are counted up to here: "99+" says enough, and a year's silence costs no scan."""

# Goals


def add_goal(session: Session, *, student_id: uuid.UUID, created_by: uuid.UUID, at: datetime, **values: Any) -> Goal:
    """`values` are the goal's own, its title among them."""
    goal = Goal(student_id=student_id, created_by=created_by, created_at=at, updated_at=at, **values)
    session.add(goal)
    session.flush()
    return goal


def get_goal(session: Session, goal_id: uuid.UUID, *, lock: bool = False) -> Goal:
    """Raises NotFound."""
    goal = session.get(Goal, goal_id, with_for_update=lock)
    if goal is None:
        raise NotFound("goal")
    return goal


def is_instructor_of(session: Session, goal_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether this person is assigned in a conversation about the goal."""
    return (
        session.scalar(
            select(literal(1))
            .where(col(GoalConversation.goal_id) == goal_id, col(GoalConversation.instructor_id) == person_id)
            .limit(1)
        )
        is not None
    )


def list_goals(
    session: Session, person_id: uuid.UUID, *, everything: bool, cursor: str | None, limit: int
) -> Page[Goal]:
    """Goals of a student and those an instructor is assigned to, latest change first; of everybody with `everything`.
    Raises BadCursor."""
    statement = select(Goal)
    if not everything:
        assigned = select(col(GoalConversation.goal_id)).where(
            col(GoalConversation.instructor_id) == person_id, col(GoalConversation.goal_id).is_not(None)
        )
        statement = statement.where(or_(col(Goal.student_id) == person_id, col(Goal.id).in_(assigned)))
    statement = _after(statement, cursor, col(Goal.updated_at), col(Goal.id))
    rows = list(session.scalars(statement.order_by(col(Goal.updated_at).desc(), col(Goal.id).desc()).limit(limit + 1)))
    return Page(
        rows[:limit], encode_cursor(rows[limit - 1].updated_at, rows[limit - 1].id) if len(rows) > limit else None
    )


def _after(statement: Any, cursor: str | None, time: Any, id_: Any) -> Any:
    if cursor is None:
        return statement
    at, last_id = decode_cursor(cursor, datetime, uuid.UUID)
    return statement.where(tuple_(time, id_) < tuple_(literal(at, UTCDateTime()), literal(last_id, BinaryUuid())))


# Conversations


def add_conversation(
    session: Session,
    *,
    student_id: uuid.UUID,
    instructor_id: uuid.UUID | None,
    goal_id: uuid.UUID | None,
    at: datetime,
) -> tuple[GoalConversation, bool]:
    """The open conversation of these two about this goal: True if it was made now."""
    statement = select(GoalConversation).where(
        col(GoalConversation.student_id) == student_id, col(GoalConversation.status) == "active"
    )
    for column, value in ((GoalConversation.instructor_id, instructor_id), (GoalConversation.goal_id, goal_id)):
        statement = statement.where(col(column).is_(None) if value is None else col(column) == value)
    found = session.scalars(statement.limit(1)).first()
    if found is not None:
        return found, False
    conversation = GoalConversation(
        student_id=student_id, instructor_id=instructor_id, goal_id=goal_id, created_at=at, updated_at=at
    )
    session.add(conversation)
    session.flush()
    return conversation, True


def get_conversation(session: Session, conversation_id: uuid.UUID, *, lock: bool = False) -> GoalConversation:
    """Raises NotFound."""
    conversation = session.get(GoalConversation, conversation_id, with_for_update=lock)
    if conversation is None:
        raise NotFound("conversation")
    return conversation


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation in a list. `excerpt` begins its last message, which `last_sender_id` sent; `unread` counts up to
    `UNREAD_COUNTED`."""

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
    goal_progress: int | None
    goal_due: date | None
    excerpt: str | None
    last_sender_id: uuid.UUID | None
    unread: int


def list_conversations(
    session: Session,
    person_id: uuid.UUID,
    *,
    everything: bool,
    status: str | None,
    cursor: str | None,
    limit: int,
) -> Page[ConversationRow]:
    """The conversations somebody takes part in, latest first; of everybody with `everything`. Raises BadCursor."""
    conversation, student, instructor = GoalConversation, aliased(User), aliased(User)
    read = aliased(MessageRead)
    # First which, then what is in them: the other way round every conversation of a person would be counted for one page.
    which = select(col(conversation.id))
    if not everything:
        which = which.where(
            or_(col(conversation.student_id) == person_id, col(conversation.instructor_id) == person_id)
        )
    if status is not None:
        which = which.where(col(conversation.status) == status)
    order = (col(conversation.updated_at).desc(), col(conversation.id).desc())
    chosen = (
        _after(which, cursor, col(conversation.updated_at), col(conversation.id)).order_by(*order).limit(limit + 1)
    ).subquery()
    statement = (
        select(
            col(conversation.id), col(conversation.status), col(conversation.seq), col(conversation.created_at),
            col(conversation.updated_at), col(conversation.student_id), col(student.name),
            col(conversation.instructor_id), col(instructor.name), col(conversation.goal_id), col(Goal.title),
            col(Goal.progress), col(Goal.due_date),
            _of_last_message(func.substr(col(ConversationMessage.content), 1, 200)),
            _of_last_message(col(ConversationMessage.sender_id)),
            _unread(person_id, func.coalesce(col(read.position), 0)),
        )
        .join(chosen, chosen.c.id == col(conversation.id))
        .join(student, col(student.id) == col(conversation.student_id))
        .outerjoin(instructor, col(instructor.id) == col(conversation.instructor_id))
        .outerjoin(Goal, col(Goal.id) == col(conversation.goal_id))
        .outerjoin(read, and_(col(read.conversation_id) == col(conversation.id), col(read.user_id) == person_id))
    )  # fmt: skip
    rows = session.execute(statement.order_by(*order)).all()
    items = [ConversationRow(*row) for row in rows[:limit]]
    return Page(items, encode_cursor(items[-1].updated_at, items[-1].id) if len(rows) > limit else None)


def _of_last_message(value: Any) -> Any:
    message = ConversationMessage
    return (
        select(value)
        .where(
            col(message.conversation_id) == col(GoalConversation.id),
            col(message.position).is_not(None),
            col(message.deleted_at).is_(None),
        )
        .order_by(col(message.position).desc())
        .limit(1)
        .correlate(GoalConversation)
        .scalar_subquery()
    )


def _unread(person_id: uuid.UUID, read_to: Any) -> Any:
    message = ConversationMessage
    unread = (
        select(literal(1).label("one"))
        .where(
            col(message.conversation_id) == col(GoalConversation.id),
            col(message.position) > read_to,
            col(message.deleted_at).is_(None),
            col(message.sender_id) != person_id,
        )
        .limit(UNREAD_COUNTED)
        .correlate_except(message)
        .subquery()
    )
    return select(func.count()).select_from(unread).scalar_subquery()


def unread_in_all(session: Session, person_id: uuid.UUID) -> int:
    """How many of a person's open conversations have something they have not read."""
    page = list_conversations(session, person_id, everything=False, status="active", cursor=None, limit=200)
    return sum(1 for row in page.items if row.unread)
