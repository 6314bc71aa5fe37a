"""HTTP of messages in goal conversations: send, write on, edit, take back, threads, receipts, several at once, templates."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.goals.messages import MessageChange, Messages, NewMessage
from app.services.goals.reading import Reading
from app.services.goals.selection import BulkOrder, Selection
from app.services.goals.templates import ReplyTemplates, TemplateChange
from app.services.goals.views import BulkAnswer, GoalMessage, MessageDraft, MessageThread, ReplyTemplateView
from app.services.views import Page


class DraftPlace(msgspec.Struct, frozen=True):
    reply_to_id: UUID | None = None


class ReadTo(msgspec.Struct, frozen=True):
    position: int


class Chosen(msgspec.Struct, frozen=True):
    message_ids: list[UUID]


class NewTemplate(msgspec.Struct, frozen=True):
    name: str
    content: str


@post("/api/goals/conversations/{conversation_id:uuid}/messages")
async def create_message(
    conversation_id: FromPath[UUID],
    data: JSONBody[NewMessage],
    request: PersonRequest,
    messages: NamedDependency[Messages],
) -> Response[GoalMessage | MessageDraft]:
    """Send a message, or with `is_draft` begin one that only the caller sees. 200 for an `id` that was sent before."""
    answer, new = await messages.create(request.user, conversation_id, data, device=_device(request))
    return Response(answer, status_code=201 if new else 200)


@put("/api/goals/conversations/{conversation_id:uuid}/draft", status_code=200)
async def message_draft(
    conversation_id: FromPath[UUID],
    data: JSONBody[DraftPlace],
    request: PersonRequest,
    messages: NamedDependency[Messages],
) -> Response[MessageDraft]:
    """The message the caller writes here (or in this thread), the same on every device: 201 when it is begun now."""
    draft, new = await messages.draft(
        request.user, conversation_id, reply_to_id=data.reply_to_id, device=_device(request)
    )
    return Response(draft, status_code=201 if new else 200)


@get("/api/messages/{message_id:uuid}")
async def get_message(
    message_id: FromPath[UUID], request: PersonRequest, reading: NamedDependency[Reading]
) -> GoalMessage:
    """A published message."""
    return await reading.get(request.user, message_id)


@get("/api/messages/{message_id:uuid}/thread")
async def message_thread(
    message_id: FromPath[UUID],
    request: PersonRequest,
    reading: NamedDependency[Reading],
    after: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> MessageThread:
    """A message and its replies, oldest first; of a reply, the thread it is in."""
    return await reading.thread(request.user, message_id, after=after, limit=limit)


@patch("/api/messages/{message_id:uuid}")
async def change_message(
    message_id: FromPath[UUID],
    data: JSONBody[MessageChange],
    request: PersonRequest,
    messages: NamedDependency[Messages],
) -> GoalMessage | MessageDraft:
    """Its sender changes a message; a published one is marked as edited."""
    return await messages.change(request.user, message_id, data, device=_device(request))


@delete("/api/messages/{message_id:uuid}")
async def delete_message(
    message_id: FromPath[UUID], request: PersonRequest, messages: NamedDependency[Messages]
) -> None:
    """Take a published message back, its place stays; or put a draft into the trash."""
    await messages.delete(request.user, message_id)


@post("/api/messages/{message_id:uuid}/restore", status_code=200)
async def restore_message(
    message_id: FromPath[UUID], request: PersonRequest, messages: NamedDependency[Messages]
) -> GoalMessage:
    """Show a message again that the caller took back."""
    return await messages.restore(request.user, message_id)


@post("/api/goals/conversations/{conversation_id:uuid}/read", status_code=204)
async def mark_read(
    conversation_id: FromPath[UUID], data: JSONBody[ReadTo], request: PersonRequest, reading: NamedDependency[Reading]
) -> None:
    """The caller has read up to a position."""
    await reading.mark_read(request.user, conversation_id, data.position)


@post("/api/goals/conversations/{conversation_id:uuid}/bulk", status_code=200)
async def act_on_messages(
    conversation_id: FromPath[UUID],
    data: JSONBody[BulkOrder],
    request: PersonRequest,
    selection: NamedDependency[Selection],
) -> BulkAnswer:
    """Do one thing to several messages: delete one's own, mark as read, mark as unread."""
    return await selection.act(request.user, conversation_id, data)


@post("/api/goals/conversations/{conversation_id:uuid}/export", status_code=200)
async def export_messages(
    conversation_id: FromPath[UUID],
    data: JSONBody[Chosen],
    request: PersonRequest,
    selection: NamedDependency[Selection],
) -> Response[str]:
    """Several messages as a Markdown file."""
    text = await selection.export(request.user, conversation_id, data.message_ids)
    return Response(
        text,
        media_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="conversation.md"'},
    )


@get("/api/reply-templates")
async def list_templates(
    request: PersonRequest, reply_templates: NamedDependency[ReplyTemplates]
) -> Page[ReplyTemplateView]:
    """The caller's reply templates, by name."""
    return await reply_templates.list(request.user)


@post("/api/reply-templates")
async def add_template(
    data: JSONBody[NewTemplate], request: PersonRequest, reply_templates: NamedDependency[ReplyTemplates]
) -> ReplyTemplateView:
    return await reply_templates.add(request.user, data.name, data.content)


@patch("/api/reply-templates/{template_id:uuid}")
async def change_template(
    template_id: FromPath[UUID],
    data: JSONBody[TemplateChange],
    request: PersonRequest,
    reply_templates: NamedDependency[ReplyTemplates],
) -> ReplyTemplateView:
    return await reply_templates.change(request.user, template_id, data)


@delete("/api/reply-templates/{template_id:uuid}")
async def delete_template(
    template_id: FromPath[UUID], request: PersonRequest, reply_templates: NamedDependency[ReplyTemplates]
) -> None:
    await reply_templates.delete(request.user, template_id)


def _device(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("x-device", "")[:200]


router = Router(
    "/",
    route_handlers=[
        create_message, message_draft, get_message, message_thread, change_message, delete_message, restore_message,
        mark_read, act_on_messages, export_messages, list_templates, add_template, change_template, delete_template,
    ],
    guards=[signed_in],
    tags=["goals"],
)  # fmt: skip
