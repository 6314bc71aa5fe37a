"""HTTP of comments on passages of a document."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.comments import Comments, CommentView, ThreadList, ThreadView

Position = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class NewThread(msgspec.Struct, frozen=True, kw_only=True):
    """`from..to` in UTF-16 units of the text after event `seq`, or as it is now. With an `id` of its own, what is sent again is
    said once."""

    from_: Position = msgspec.field(name="from")
    to: Position
    seq: Position | None = None
    body: str
    id: UUID | None = None


class Said(msgspec.Struct, frozen=True):
    body: str


class NewEntry(msgspec.Struct, frozen=True):
    """With an `id` of its own, what is sent again is said once."""

    body: str
    id: UUID | None = None


class Resolution(msgspec.Struct, frozen=True):
    resolved: bool


@get("/api/drafts/{draft_id:uuid}/comments")
async def list_comments(
    draft_id: FromPath[UUID], request: PersonRequest, comments: NamedDependency[Comments]
) -> ThreadList:
    """What is said about passages of a document, and where each stands in the text now."""
    return await comments.list(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/comments")
async def begin_thread(
    draft_id: FromPath[UUID], data: JSONBody[NewThread], request: PersonRequest, comments: NamedDependency[Comments]
) -> ThreadView:
    """Comment on a passage."""
    return await comments.begin(
        request.user, draft_id, (data.from_, data.to), seq=data.seq, body=data.body, thread_id=data.id
    )


@put("/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/resolved", status_code=HTTP_204_NO_CONTENT)
async def resolve_thread(
    draft_id: FromPath[UUID],
    thread_id: FromPath[UUID],
    data: JSONBody[Resolution],
    request: PersonRequest,
    comments: NamedDependency[Comments],
) -> None:
    """Settle a thread, or open it again."""
    await comments.resolve(request.user, draft_id, thread_id, resolved=data.resolved)


@post("/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/entries")
async def reply(
    draft_id: FromPath[UUID],
    thread_id: FromPath[UUID],
    data: JSONBody[NewEntry],
    request: PersonRequest,
    comments: NamedDependency[Comments],
) -> CommentView:
    """Say something in a thread."""
    return await comments.reply(request.user, draft_id, thread_id, body=data.body, comment_id=data.id)


@patch("/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/entries/{entry_id:uuid}")
async def edit_entry(
    draft_id: FromPath[UUID],
    thread_id: FromPath[UUID],
    entry_id: FromPath[UUID],
    data: JSONBody[Said],
    request: PersonRequest,
    comments: NamedDependency[Comments],
) -> CommentView:
    """Change what the caller said."""
    return await comments.edit(request.user, draft_id, thread_id, entry_id, body=data.body)


@delete("/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/entries/{entry_id:uuid}")
async def delete_entry(
    draft_id: FromPath[UUID],
    thread_id: FromPath[UUID],
    entry_id: FromPath[UUID],
    request: PersonRequest,
    comments: NamedDependency[Comments],
) -> None:
    """Take back what the caller said; a thread in which nothing is left goes with it."""
    await comments.delete(request.user, draft_id, thread_id, entry_id)


router = Router(
    "/",
    route_handlers=[list_comments, begin_thread, resolve_thread, reply, edit_entry, delete_entry],
    guards=[signed_in],
    tags=["comments"],
)
