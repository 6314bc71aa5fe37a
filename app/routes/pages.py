"""The pages people open. The server renders the first state; modules in web/ enhance it."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from app.routes.accounts import AnyRequest, PersonRequest
from app.routes.security import KEEPS_OPENER, signed_in
from app.routes.static import StaticFiles
from app.services.accounts import Accounts
from app.services.draft_lists import DraftLists
from app.services.drafts import Drafts
from app.services.errors import Missing
from app.services.sessions import Sessions
from app.services.sharing import Sharing
from app.services.single_sign_on import own_path
from app.settings import VERSION

REPORT_FORMS = {"bug_report": "bug", "feature_request": "feature"}
"""Reports are written in a dialog; by the kind of their draft, the last part of its address."""


class PageContext:
    """What every template gets: who is looking, the CSRF token, the nonce, where files are, and what the identity provider is
    called that people can sign in by; empty where there is none."""

    def __init__(self, sessions: Sessions, static: StaticFiles, *, provider: str = "") -> None:
        self._sessions = sessions
        self._static = static
        self._provider = provider

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
            "provider": self._provider,
            **values,
        }


@get("/", guards=[signed_in], include_in_schema=False)
async def drafts_page(
    request: PersonRequest, draft_lists: NamedDependency[DraftLists], page: NamedDependency[PageContext]
) -> Template:
    first = await draft_lists.list(request.user)
    return Template("drafts.html", context=page(request, drafts=msgspec.to_builtins(first.items), next=first.next))


@get("/drafts/{draft_id:uuid}", guards=[signed_in], include_in_schema=False)
async def editor_page(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    sharing: NamedDependency[Sharing],
    page: NamedDependency[PageContext],
) -> Template | Redirect:
    draft = await drafts.get(request.user, draft_id)
    if draft.kind in REPORT_FORMS:
        submitted = draft.status == "submitted"
        return Redirect(
            f"/submissions/{draft_id}" if submitted else f"/report/{REPORT_FORMS[draft.kind]}?draft={draft_id}"
        )
    if draft.kind == "form":
        return Redirect(f"/forms/{draft.fields['form']}/{draft_id}")
    if draft.kind == "message":
        # It is gone on with where it will be said.
        thread = f"?thread={draft.fields['reply_to']}" if draft.fields["reply_to"] else ""
        return Redirect(f"/goals/{draft.fields['conversation']}{thread}")
    if draft.kind != "document":
        raise Missing
    role = await sharing.role(request.user, draft_id)
    if role is not None:
        data = {"draft": msgspec.to_builtins(draft), "role": role}
        return Template("shared_document.html", context=page(request, draft=draft, role=role, data=data))
    return Template("editor.html", context=page(request, draft=msgspec.to_builtins(draft)))


@get("/offline/editor", guards=[signed_in], include_in_schema=False)
async def offline_editor(request: PersonRequest, page: NamedDependency[PageContext]) -> Template:
    """The editor without a draft: what a browser without a network opens where it has not kept the draft's own page."""
    blank = {
        "id": "", "kind": "document", "title": "", "text": "", "fields": {}, "seq": 1, "status": "open", "conflicts": [],
        "saved_at": "", "deleted_at": None, "current_version": None, "conversation_id": None, "running_turn_id": None,
    }  # fmt: skip
    return Template("editor.html", context=page(request, draft=blank))


@get("/manifest.webmanifest", include_in_schema=False)
async def web_manifest(static: NamedDependency[StaticFiles]) -> Response[dict[str, Any]]:
    """What makes the product installable."""
    icons = [
        {"src": static.url(name), "sizes": sizes, "type": kind, "purpose": purpose}
        for name, sizes, kind, purpose in (
            ("icon.svg", "any", "image/svg+xml", "any"),
            ("icon-192.png", "192x192", "image/png", "any"),
            ("icon-512.png", "512x512", "image/png", "any"),
            ("icon-maskable.png", "512x512", "image/png", "maskable"),
        )
    ]
    manifest = {
        "id": "/", "name": "Draftloom", "short_name": "Draftloom", "start_url": "/", "scope": "/", "display": "standalone",
        "description": "Drafting with an assistant: chat on one side, the document on the other.",
        "background_color": "#FAF8F4", "theme_color": "#FAF8F4", "icons": icons,
        "shortcuts": [{"name": "New draft", "url": "/?new=1"}],
    }  # fmt: skip
    return Response(manifest, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


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
    target = own_path(next)
    if target.startswith("/embed/"):
        request.scope["state"][KEEPS_OPENER] = True
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
        drafts_page, editor_page, offline_editor, web_manifest, versions_page, sign_in_page, welcome_page, settings_page, service_worker, favicon,
    ],
)  # fmt: skip
