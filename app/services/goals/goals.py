"""Goals and the conversations about them: who makes, sees and changes them."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.text.utf16 import has_unstorable
from app.services.accounts import Principal
from app.services.checks import checked_cursor, checked_line
from app.services.clock import Clock
from app.services.errors import InvalidInput, NotAllowed
from app.services.goals.access import part_in, seen_goal, seen_place
from app.services.goals.rooms import Rooms
from app.services.goals.showing import goal_of, instructor_of
from app.services.goals.views import ConversationEntry, GoalName, GoalPerson, GoalView
from app.services.views import Page
from app.store import accounts as account_store
from app.store import audit
from app.store.db import Database
from app.store.errors import NotFound
from app.store.goals import conversations as store
from app.store.goals import pages
from app.store.goals.conversations import ConversationRow
from app.store.goals.pages import Place
from app.store.tables import Goal

GOAL_STATES = ("active", "paused", "reached", "archived")
_MOST_TITLE = 200
_MOST_DESCRIPTION = 20_000
_MOST_PER_PAGE = 100


class GoalChange(msgspec.Struct, frozen=True):
    """What to change of a goal; what is left out stays. `due_date` may be null."""

    title: str | None = None
    description: str | None = None
    due_date: date | msgspec.UnsetType | None = msgspec.UNSET
    progress: int | None = None
    status: str | None = None


class ConversationChange(msgspec.Struct, frozen=True):
    """What to change of a conversation. `instructor_id` may be null: nobody is assigned then."""

    status: str | None = None
    instructor_id: UUID | msgspec.UnsetType | None = msgspec.UNSET


class Goals:
    """Use cases of goals and of conversations as a whole. What is said in them is in `messages.py`."""

    def __init__(self, db: Database, clock: Clock, rooms: Rooms) -> None:
        self._db = db
        self._clock = clock
        self._rooms = rooms

    # Goals

    async def create_goal(self, person: Principal, change: GoalChange, *, student_id: UUID | None) -> GoalView:
        """A new goal: one's own, or, as an instructor or administrator, a student's."""
        values = _goal_values(change)
        if change.title is None:
            raise InvalidInput("title", "Give the goal a title.")

        def unit(session: Session) -> GoalView:
            student = _student(session, person, student_id)
            goal = store.add_goal(session, student_id=student, created_by=person.id, at=self._clock(), **values)
            return _goal_view(goal)

        return await self._db.write(unit)

    async def goals(self, person: Principal, *, cursor: str | None, limit: int) -> Page[GoalView]:
        """The goals this person may see, latest change first."""
        page = await self._db.read(
            store.list_goals,
            person.id,
            everything=person.is_admin,
            cursor=checked_cursor(cursor),
            limit=_bounded(limit),
        )
        return Page([_goal_view(goal) for goal in page.items], page.next)

    async def goal(self, person: Principal, goal_id: UUID) -> GoalView:
        return await self._db.read(lambda session: _goal_view(seen_goal(session, person, goal_id)))

    async def change_goal(self, person: Principal, goal_id: UUID, change: GoalChange) -> GoalView:
        """Student, instructor and administrators change it. Raises `Missing` or `InvalidInput`."""
        values = _goal_values(change)

        def unit(session: Session) -> GoalView:
            goal = seen_goal(session, person, goal_id, lock=True)
            for name, value in values.items():
                setattr(goal, name, value)
            if values:
                goal.updated_at = self._clock()
            session.flush()
            return _goal_view(goal)

        return await self._db.write(unit)

    # Conversations

    async def open_conversation(
        self, person: Principal, *, goal_id: UUID | None, student_id: UUID | None, instructor_id: UUID | None
    ) -> tuple[ConversationEntry, bool]:
        """The conversation of a student and an instructor about a goal, and whether it is new.

        A student opens one with an instructor, an instructor with a student, an administrator for both.
        """

        def unit(session: Session) -> tuple[ConversationEntry, bool]:
            goal = seen_goal(session, person, goal_id) if goal_id is not None else None
            student = goal.student_id if goal is not None and student_id is None else student_id
            student = _student(session, person, student)
            if goal is not None and goal.student_id != student:
                raise InvalidInput("goal_id", "This goal is another student's.")
            instructor = _instructor(session, person, student, instructor_id)
            row, new = store.add_conversation(
                session, student_id=student, instructor_id=instructor, goal_id=goal_id, at=self._clock()
            )
            place = pages.read_place(session, row.id, person.id, everything=True)
            assert place is not None
            return _entry_of(place, person), new

        return await self._db.write(unit)

    async def conversations(
        self, person: Principal, *, status: str | None = "active", cursor: str | None = None, limit: int = 50
    ) -> Page[ConversationEntry]:
        """The conversations this person takes part in, an administrator all of them, latest first, with unread counts."""
        if status not in (None, "active", "archived"):
            raise InvalidInput("status", "Conversations are active or archived.")
        page = await self._db.read(
            store.list_conversations,
            person.id,
            everything=person.is_admin,
            status=status,
            cursor=checked_cursor(cursor),
            limit=_bounded(limit),
        )
        return Page([_entry(row, person) for row in page.items], page.next)

    async def change_conversation(
        self, person: Principal, conversation_id: UUID, change: ConversationChange
    ) -> ConversationEntry:
        """Archive it or open it again; assign another instructor (administrators only).

        Who was the instructor before is out at once: the conversation is gone for them, also on pages they have open.
        """
        now = self._clock()

        def unit(session: Session) -> tuple[ConversationEntry, UUID | None]:
            seen_place(session, person, conversation_id)
            row = store.get_conversation(session, conversation_id, lock=True)
            before = row.instructor_id
            if change.instructor_id is not msgspec.UNSET and change.instructor_id != before:
                if not person.is_admin:
                    raise NotAllowed("administrator_only", "Only an administrator assigns another instructor.")
                if change.instructor_id is not None:
                    _require_role(session, change.instructor_id, "instructor", "instructor_id")
                    if change.instructor_id == row.student_id:
                        raise InvalidInput("instructor_id", "Nobody is their own instructor.")
                row.instructor_id = change.instructor_id
                audit.record(
                    session, at=now, actor_id=person.id, action="conversation.reassigned", target=str(conversation_id)
                )
            if change.status is not None:
                if change.status not in ("active", "archived"):
                    raise InvalidInput("status", "Conversations are active or archived.")
                row.status = change.status
            session.flush()
            place = pages.read_place(session, conversation_id, person.id, everything=True)
            assert place is not None
            return _entry_of(place, person), before if before != row.instructor_id else None

        entry, left = await self._db.write(unit)
        if left is not None:
            self._rooms.put_out(conversation_id, left)
        self._rooms.conversation_changed(conversation_id)
        return entry

    async def people(self, person: Principal, role: Literal["student", "instructor"]) -> list[GoalPerson]:
        """Whom one may open a conversation with: instructors for everybody, students for instructors and administrators,
        nobody of them for others."""
        if role == "student" and not {"instructor", "admin"} & set(person.roles):
            return []
        users = await self._db.read(account_store.list_users)
        return [
            GoalPerson(user.id, user.name or user.email)
            for user in users
            if role in user.roles and user.disabled_at is None and user.id != person.id
        ]

    async def joined(self, person: Principal, conversation_id: UUID) -> Place | None:
        """The conversation for the live socket: None if this person may not see it."""
        return await self._db.read(pages.read_place, conversation_id, person.id, everything=person.is_admin)


def _bounded(limit: int) -> int:
    return max(1, min(limit, _MOST_PER_PAGE))


def _goal_values(change: GoalChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.title is not None:
        values["title"] = checked_line("title", change.title, least=1, most=_MOST_TITLE)
    if change.description is not None:
        if len(change.description) > _MOST_DESCRIPTION or has_unstorable(change.description):
            raise InvalidInput("description", f"This takes at most {_MOST_DESCRIPTION} characters.")
        values["description"] = change.description
    if change.due_date is not msgspec.UNSET:
        values["due_date"] = change.due_date
    if change.progress is not None:
        if not 0 <= change.progress <= 100:
            raise InvalidInput("progress", "Progress is 0 to 100 percent.")
        values["progress"] = change.progress
    if change.status is not None:
        if change.status not in GOAL_STATES:
            raise InvalidInput("status", f"A goal is one of: {', '.join(GOAL_STATES)}.")
        values["status"] = change.status
    return values


def _student(session: Session, person: Principal, student_id: UUID | None) -> UUID:
    """Whose goal or conversation it is. Raises `InvalidInput`, and `NotAllowed` for students who name another."""
    if student_id is None or student_id == person.id:
        return person.id
    if not {"instructor", "admin"} & set(person.roles):
        raise NotAllowed("instructors_only", "Only instructors and administrators do this for somebody else.")
    _require_role(session, student_id, "student", "student_id")
    return student_id


def _instructor(session: Session, person: Principal, student: UUID, instructor_id: UUID | None) -> UUID | None:
    if instructor_id is None:
        return person.id if person.id != student and "instructor" in person.roles else None
    if instructor_id == student:
        raise InvalidInput("instructor_id", "Nobody is their own instructor.")
    if person.id not in (student, instructor_id) and not person.is_admin:
        raise NotAllowed("administrator_only", "Only an administrator assigns another instructor.")
    _require_role(session, instructor_id, "instructor", "instructor_id")
    return instructor_id


def _require_role(session: Session, user_id: UUID, role: str, field: str) -> None:
    try:
        user = account_store.get_user(session, user_id)
    except NotFound:
        user = None
    if user is None or user.disabled_at is not None or role not in user.roles:
        raise InvalidInput(field, f"There is no {role} with this id.")


def _goal_view(goal: Goal) -> GoalView:
    return msgspec.convert(goal, GoalView, from_attributes=True)


def _entry_of(place: Place, person: Principal) -> ConversationEntry:
    return ConversationEntry(
        id=place.id,
        status=place.status,
        goal=goal_of(place),
        student=GoalPerson(place.student_id, place.student_name),
        instructor=instructor_of(place),
        part=part_in(place, person),
        unread=0,
        excerpt="",
        last_by_me=False,
        created_at=place.created_at,
        updated_at=place.updated_at,
    )


def _entry(row: ConversationRow, person: Principal) -> ConversationEntry:
    goal = None
    if row.goal_id is not None:
        goal = GoalName(row.goal_id, row.goal_title or "", row.goal_progress or 0, row.goal_due)
    instructor = None if row.instructor_id is None else GoalPerson(row.instructor_id, row.instructor_name or "")
    other = "instructor" if row.instructor_id == person.id else "administrator"
    return ConversationEntry(
        id=row.id,
        status=row.status,
        goal=goal,
        student=GoalPerson(row.student_id, row.student_name),
        instructor=instructor,
        part="student" if row.student_id == person.id else other,
        unread=row.unread,
        excerpt=" ".join((row.excerpt or "").split()),
        last_by_me=row.last_sender_id == person.id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
