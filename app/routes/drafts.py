"""HTTP of drafts: create, list, read, commands, events, conflicts, trash."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.conversations import Conversations
from app.services.draft_lists import DraftLists, DraftStatistics
from app.services.drafts import Drafts
from app.services.forms.starting import FormStarts
from app.services.views import (
    CommandAnswer,
    ConversationSummary,
    ConversationView,
    DraftSummary,
    DraftView,
    Events,
    Page,
    StateView,
)


class NewDraft(msgspec.Struct, frozen=True):
    """`id`, where given, is the draft's name from the start: sent again, the same draft is answered with 200."""

    kind: str = "document"
    title: str = ""
    text: str = ""
    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    id: UUID | None = None
    """Chosen by a device without a network; asking again for the same id makes nothing twice."""
    template_id: UUID | None = None


class Resolution(msgspec.Struct, frozen=True):
    value: Any


class NewConversation(msgspec.Struct, frozen=True):
    title: str = ""
    system_prompt: str = ""


@post("/api/drafts")
async def create_draft(
    data: JSONBody[NewDraft],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    form_starts: NamedDependency[FormStarts],
) -> Response[DraftView]:
    """A new draft of the caller's. Of each form and subject there is one: starting it again gives it again, with 200."""
    if data.kind == "form":
        started = await form_starts.start(
            request.user,
            data.fields,
            title=data.title,
            template_id=data.template_id,
            draft_id=data.id,
            device=_device(request),
        )
        return Response(started.draft, status_code=201 if started.new else 200)
    if data.id is not None:
        given = data.fields | {name: value for name, value in (("title", data.title), ("text", data.text)) if value}
        once, new = await drafts.create_once(
            request.user, data.id, kind=data.kind, fields=given, device=_device(request)
        )
        return Response(once, status_code=201 if new else 200)
    draft = await drafts.create(
        request.user, kind=data.kind, title=data.title, text=data.text, fields=data.fields, device=_device(request)
    )
    return Response(draft, status_code=201)


@get("/api/drafts")
async def list_drafts(
    request: PersonRequest,
    draft_lists: NamedDependency[DraftLists],
    kind: FromQuery[str | None] = None,
    status: FromQuery[str | None] = None,
    q: FromQuery[str] = "",
    sort: FromQuery[str] = "-saved_at",
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    trash: FromQuery[bool] = False,
    shared: FromQuery[bool] = False,
) -> Page[DraftSummary]:
    """The caller's drafts of all kinds, the trash, or what others share with the caller."""
    return await draft_lists.list(
        request.user,
        kind=kind,
        status=status,
        query=q,
        sort=sort,
        cursor=cursor,
        limit=limit,
        trash=trash,
        shared=shared,
    )


@get("/api/drafts/stats")
async def draft_statistics(request: PersonRequest, draft_lists: NamedDependency[DraftLists]) -> DraftStatistics:
    """How many drafts there are, in which state, and how long."""
    return await draft_lists.statistics(request.user)


@get("/api/drafts/{draft_id:uuid}")
async def get_draft(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    seq: FromQuery[int | None] = None,
) -> DraftView | StateView:
    """A draft as it is, or with `seq` as it was after that event."""
    if seq is not None:
        return await drafts.state_at(request.user, draft_id, seq)
    return await drafts.get(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/commands", status_code=200)
async def apply_command(
    draft_id: FromPath[UUID], request: Request[Any, Any, Any], drafts: NamedDependency[Drafts]
) -> CommandAnswer:
    """Change a draft: `{replica, n, base_seq, ops}`. Answered when it is committed; safe to send again."""
    return await drafts.command(request.user, draft_id, await request.body(), device=_device(request))


@get("/api/drafts/{draft_id:uuid}/events")
async def draft_events(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = 500,
) -> Events:
    """What happened to a draft after event `after`, in order and without gaps."""
    return await drafts.events(request.user, draft_id, after=after, limit=limit)


@post("/api/drafts/{draft_id:uuid}/conflicts/{conflict_id:uuid}", status_code=200)
async def resolve_conflict(
    draft_id: FromPath[UUID],
    conflict_id: FromPath[UUID],
    data: JSONBody[Resolution],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
) -> CommandAnswer:
    """Settle a conflict with a value; all three earlier ones stay in the log."""
    return await drafts.resolve(request.user, draft_id, conflict_id, data.value, device=_device(request))


@delete("/api/drafts/{draft_id:uuid}")
async def discard_draft(draft_id: FromPath[UUID], request: PersonRequest, drafts: NamedDependency[Drafts]) -> None:
    """Put a draft into the trash."""
    await drafts.discard(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/recover", status_code=200)
async def recover_draft(draft_id: FromPath[UUID], request: PersonRequest, drafts: NamedDependency[Drafts]) -> DraftView:
    """Take a draft back out of the trash."""
    return await drafts.recover(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/submit", status_code=200)
async def submit_draft(draft_id: FromPath[UUID], request: PersonRequest, drafts: NamedDependency[Drafts]) -> DraftView:
    """Submit a draft of a kind that can be submitted; a document cannot. Safe to send again."""
    return await drafts.submit(request.user, draft_id, device=_device(request))


@get("/api/drafts/{draft_id:uuid}/conversations")
async def draft_conversations(
    draft_id: FromPath[UUID], request: PersonRequest, drafts: NamedDependency[Drafts]
) -> Page[ConversationSummary]:
    """The chats beside a draft, newest first."""
    return await drafts.conversations(request.user, draft_id)


def _device(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("x-device", "")[:200]


@post("/api/drafts/{draft_id:uuid}/conversations")
async def begin_conversation(
    draft_id: FromPath[UUID],
    data: JSONBody[NewConversation],
    request: PersonRequest,
    conversations: NamedDependency[Conversations],
) -> ConversationView:
    """A chat with its instructions, before its first message."""
    return await conversations.begin(request.user, draft_id, title=data.title, system_prompt=data.system_prompt)


router = Router(
    "/",
    route_handlers=[
        begin_conversation,
        create_draft, list_drafts, draft_statistics, get_draft, apply_command, draft_events, resolve_conflict,
        discard_draft, recover_draft, submit_draft, draft_conversations,
    ],
    guards=[signed_in],
    tags=["drafts"],
)  # fmt: skip
