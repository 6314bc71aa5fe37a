"""HTTP of goals and their conversations as a whole."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.goals.goals import ConversationChange, GoalChange, Goals
from app.services.goals.reading import Reading
from app.services.goals.views import (
    ConversationEntry,
    GoalConversationView,
    GoalPerson,
    GoalView,
    MessageChanges,
)
from app.services.views import Page


class NewGoal(GoalChange, frozen=True):
    student_id: UUID | None = None


class NewGoalConversation(msgspec.Struct, frozen=True):
    goal_id: UUID | None = None
    student_id: UUID | None = None
    instructor_id: UUID | None = None


@post("/api/goals")
async def create_goal(data: JSONBody[NewGoal], request: PersonRequest, goals: NamedDependency[Goals]) -> GoalView:
    """A new goal of the caller's, or of a student whose instructor the caller is."""
    return await goals.create_goal(request.user, data, student_id=data.student_id)


@get("/api/goals")
async def list_goals(
    request: PersonRequest,
    goals: NamedDependency[Goals],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[GoalView]:
    """The caller's goals and those they are the instructor for; an administrator sees all."""
    return await goals.goals(request.user, cursor=cursor, limit=limit)


@get("/api/goals/{goal_id:uuid}")
async def get_goal(goal_id: FromPath[UUID], request: PersonRequest, goals: NamedDependency[Goals]) -> GoalView:
    return await goals.goal(request.user, goal_id)


@patch("/api/goals/{goal_id:uuid}")
async def change_goal(
    goal_id: FromPath[UUID], data: JSONBody[GoalChange], request: PersonRequest, goals: NamedDependency[Goals]
) -> GoalView:
    """Title, description, due date, progress, status."""
    return await goals.change_goal(request.user, goal_id, data)


@get("/api/goals/people")
async def list_people(
    request: PersonRequest,
    goals: NamedDependency[Goals],
    role: FromQuery[Literal["student", "instructor"]] = "instructor",
) -> Page[GoalPerson]:
    """Whom the caller may open a conversation with."""
    return Page(await goals.people(request.user, role))


@post("/api/goals/conversations")
async def open_conversation(
    data: JSONBody[NewGoalConversation], request: PersonRequest, goals: NamedDependency[Goals]
) -> Response[ConversationEntry]:
    """The conversation of a student and an instructor about a goal: 201 when it is new, 200 when there was one."""
    entry, new = await goals.open_conversation(
        request.user, goal_id=data.goal_id, student_id=data.student_id, instructor_id=data.instructor_id
    )
    return Response(entry, status_code=201 if new else 200)


@get("/api/goals/conversations")
async def list_conversations(
    request: PersonRequest,
    goals: NamedDependency[Goals],
    status: FromQuery[str] = "active",
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> Page[ConversationEntry]:
    """The caller's conversations, latest first, with how much in each is unread; `status=all` for archived ones too."""
    return await goals.conversations(
        request.user, status=None if status == "all" else status, cursor=cursor, limit=limit
    )


@get("/api/goals/conversations/{conversation_id:uuid}")
async def get_conversation(
    conversation_id: FromPath[UUID],
    request: PersonRequest,
    reading: NamedDependency[Reading],
    before: FromQuery[int | None] = None,
    limit: FromQuery[int] = 50,
    from_: Annotated[date | None, QueryParameter(name="from")] = None,
    to: FromQuery[date | None] = None,
    after: FromQuery[int | None] = None,
    since: FromQuery[datetime | None] = None,
) -> GoalConversationView:
    """A conversation with its latest messages, or those before a position: senders, attachments, replies, receipts and the
    caller's own drafts in one answer. `from` and `to` are days (both included): of a message's target date, or else
    the one it was sent on (UTC). `after` asks for the first messages after a position, `since` for the first ones sent at
    or after a moment; `next` then leads on to later ones."""
    return await reading.page(
        request.user, conversation_id, before=before, limit=limit, days=(from_, to), after=after, since=since
    )


@patch("/api/goals/conversations/{conversation_id:uuid}")
async def change_conversation(
    conversation_id: FromPath[UUID],
    data: JSONBody[ConversationChange],
    request: PersonRequest,
    goals: NamedDependency[Goals],
) -> ConversationEntry:
    """Archive it or open it again; an administrator assigns another instructor."""
    return await goals.change_conversation(request.user, conversation_id, data)


@get("/api/goals/conversations/{conversation_id:uuid}/changes")
async def conversation_changes(
    conversation_id: FromPath[UUID],
    request: PersonRequest,
    reading: NamedDependency[Reading],
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> MessageChanges:
    """What was published, edited or taken back after `seq`, for pages that missed a hint."""
    return await reading.changes(request.user, conversation_id, after=after, limit=limit)


router = Router(
    "/",
    route_handlers=[
        create_goal, list_goals, get_goal, change_goal, list_people, open_conversation, list_conversations,
        get_conversation, change_conversation, conversation_changes,
    ],
    guards=[signed_in],
    tags=["goals"],
)  # fmt: skip
