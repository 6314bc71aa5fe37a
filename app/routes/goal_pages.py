"""The pages of goals: the list of conversations, and one of them. The server renders the first state."""

from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from app.routes.accounts import PersonRequest
from app.routes.pages import PageContext
from app.routes.security import signed_in
from app.services.goals.goals import Goals
from app.services.goals.reading import Reading


@get("/goals", guards=[signed_in], include_in_schema=False)
async def goals_page(
    request: PersonRequest, goals: NamedDependency[Goals], page: NamedDependency[PageContext]
) -> Template:
    first = await goals.conversations(request.user)
    return Template("goals.html", context=page(request, first=msgspec.to_builtins(first)))


@get("/goals/{conversation_id:uuid}", guards=[signed_in], include_in_schema=False)
async def conversation_page(
    conversation_id: FromPath[UUID],
    request: PersonRequest,
    reading: NamedDependency[Reading],
    page: NamedDependency[PageContext],
) -> Template:
    first = await reading.page(request.user, conversation_id)
    return Template("goal_conversation.html", context=page(request, conversation=msgspec.to_builtins(first)))


router = Router("/", route_handlers=[goals_page, conversation_page])
