"""The pages people open. The server renders the first state; modules in web/ enhance it."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from app.routes.accounts import AnyRequest, PersonRequest
from app.routes.security import signed_in
from app.routes.static import StaticFiles
from app.services.accounts import Accounts
from app.services.drafts import Drafts
from app.services.errors import Missing
from app.services.sessions import Sessions
from app.settings import VERSION


class PageContext:
    """What every template gets: who is looking, the CSRF token, the nonce and where files are."""

    def __init__(self, sessions: Sessions, static: StaticFiles) -> None:
        self._sessions = sessions
        self._static = static

    def __call__(self, request: Request[Any, Any, Any], **values: Any) -> dict[str, Any]:
        principal = request.scope.get("user")
        user = None
        if principal is not None:
            user = {
                "id": str(principal.id),
                "email": principal.email,
                "name": principal.name,
                "roles": list(principal.roles),
            }
        return {
            "user": user,
            "csrf_token": self._sessions.csrf_token(principal) if principal is not None else "",
            "csp_nonce": request.scope["state"].get("csp_nonce", ""),
            "static": self._static.url,
            "version": VERSION,
            **values,
        }


@get("/", guards=[signed_in], include_in_schema=False)
async def drafts_page(
    request: PersonRequest, drafts: NamedDependency[Drafts], page: NamedDependency[PageContext]
) -> Template:
    first = await drafts.list(request.user)
    return Template("drafts.html", context=page(request, drafts=msgspec.to_builtins(first.items), next=first.next))


@get("/drafts/{draft_id:uuid}", guards=[signed_in], include_in_schema=False)
async def editor_page(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    page: NamedDependency[PageContext],
) -> Template | Redirect:
    draft = await drafts.get(request.user, draft_id)
    if draft.kind == "message":
        # It is gone on with where it will be said.
        thread = f"?thread={draft.fields['reply_to']}" if draft.fields["reply_to"] else ""
        return Redirect(f"/goals/{draft.fields['conversation']}{thread}")
    if draft.kind != "document":
        raise Missing
    return Template("editor.html", context=page(request, draft=msgspec.to_builtins(draft)))


@get("/drafts/{draft_id:uuid}/versions", guards=[signed_in], include_in_schema=False)
async def versions_page(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    page: NamedDependency[PageContext],
) -> Template:
    draft = await drafts.get(request.user, draft_id)
    if draft.kind != "document":
        raise Missing
    shown = {"id": str(draft.id), "title": draft.title, "closed": draft.deleted_at is not None}
    return Template("versions.html", context=page(request, draft=shown))


@get("/sign-in", include_in_schema=False)
async def sign_in_page(
    request: AnyRequest,
    page: NamedDependency[PageContext],
    next: FromQuery[str] = "",
) -> Template | Redirect:
    target = next if next.startswith("/") and not next.startswith(("//", "/\\")) else ""
    if request.user is not None:
        return Redirect(target or "/")
    return Template("sign_in.html", context=page(request, next=target))


@get("/welcome/{token:str}", include_in_schema=False)
async def welcome_page(
    token: FromPath[str],
    request: AnyRequest,
    accounts: NamedDependency[Accounts],
    page: NamedDependency[PageContext],
) -> Template:
    owner = await accounts.link_owner(token)
    return Template(
        "welcome.html",
        context=page(
            request,
            token=token if owner else "",
            valid=owner is not None,
            user_email=owner.email if owner else "",
            user_name=owner.name if owner else "",
        ),
        status_code=200 if owner else 404,
    )


@get("/settings", guards=[signed_in], include_in_schema=False)
async def settings_page(request: PersonRequest, page: NamedDependency[PageContext]) -> Template:
    return Template("settings.html", context=page(request))


@get("/sw.js", include_in_schema=False)
async def service_worker(static: NamedDependency[StaticFiles]) -> Response[bytes]:
    return Response(static.read("sw.js"), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@get("/favicon.ico", include_in_schema=False)
async def favicon(static: NamedDependency[StaticFiles]) -> Redirect:
    return Redirect(static.url("icon.svg"))


router = Router(
    "/",
    route_handlers=[
        drafts_page, editor_page, versions_page, sign_in_page, welcome_page, settings_page, service_worker, favicon,
    ],
)  # fmt: skip
