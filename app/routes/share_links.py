"""HTTP of links to read: made and removed by a document's owner; what somebody with a link sees, as a page and as JSON."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Template

from app.routes.accounts import AnyRequest, PersonRequest
from app.routes.pages import PageContext
from app.routes.security import UNTOLD, signed_in
from app.services.errors import Missing
from app.services.share_links import SharedText, ShareLinks, ShareLinkView
from app.services.views import Page
from app.settings import Settings


class NewShareLink(msgspec.Struct, frozen=True):
    """`days` or `expires_at` say when it ends; without both it holds until it is removed."""

    name: str = ""
    days: int | None = None
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@get("/api/drafts/{draft_id:uuid}/links", guards=[signed_in])
async def list_links(
    draft_id: FromPath[UUID], request: PersonRequest, share_links: NamedDependency[ShareLinks]
) -> Page[ShareLinkView]:
    """The links to read a document, without their addresses."""
    return await share_links.list(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/links", guards=[signed_in])
async def make_link(
    draft_id: FromPath[UUID],
    data: JSONBody[NewShareLink],
    request: PersonRequest,
    share_links: NamedDependency[ShareLinks],
    settings: NamedDependency[Settings],
) -> ShareLinkView:
    """A new link to read a document; the answer is the only place where its address is shown."""
    return await share_links.make(
        request.user,
        draft_id,
        address=f"{settings.url}/shared/",
        name=data.name,
        days=data.days,
        expires_at=data.expires_at,
    )


@delete("/api/drafts/{draft_id:uuid}/links/{link_id:uuid}", guards=[signed_in])
async def remove_link(
    draft_id: FromPath[UUID],
    link_id: FromPath[UUID],
    request: PersonRequest,
    share_links: NamedDependency[ShareLinks],
) -> None:
    """End a link at once."""
    await share_links.remove(request.user, draft_id, link_id)


@get("/api/shared/{token:str}")
async def shared_text(
    token: FromPath[str],
    request: AnyRequest,
    share_links: NamedDependency[ShareLinks],
    after: FromQuery[int] = 0,
) -> Response[SharedText]:
    """What a link shows, for anybody who has it; without the text when it is still that after event `after`."""
    _keep_secret(request)
    return Response(await share_links.read(token, address=_address(request), after=after))


@get("/shared/{token:str}", include_in_schema=False)
async def shared_page(
    token: FromPath[str],
    request: AnyRequest,
    share_links: NamedDependency[ShareLinks],
    page: NamedDependency[PageContext],
) -> Template:
    _keep_secret(request)
    try:
        shown = await share_links.read(token, address=_address(request))
    except Missing:
        return Template("link_gone.html", context=page(request), status_code=404)
    return Template("shared_link.html", context=page(request, shown=shown))


def _keep_secret(request: Request[Any, Any, Any]) -> None:
    request.scope["state"][UNTOLD] = True


def _address(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else "unknown"


router = Router(
    "/",
    route_handlers=[list_links, make_link, remove_link, shared_text, shared_page],
    tags=["sharing"],
)
