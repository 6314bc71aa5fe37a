"""HTTP of forms: what they ask, how far drafts are, steps, templates; and of sharing drafts."""

from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.forms.definitions import FormDefinition
from app.services.forms.filling import Filling, FormSummary, TemplateView
from app.services.forms.moving import Moving
from app.services.forms.states import FormState
from app.services.sharing import SharedDraftView, ShareView, Sharing
from app.services.views import DraftView, Page


class NewTemplate(msgspec.Struct, frozen=True):
    name: str


class OldLocalDraft(msgspec.Struct, frozen=True):
    source: str
    data: dict[str, Any]


class NewShare(msgspec.Struct, frozen=True):
    email: str
    role: Literal["viewer", "commenter", "editor"] = "viewer"


@get("/api/forms")
async def list_forms(filling: NamedDependency[Filling]) -> Page[FormSummary]:
    """Every form there is."""
    return filling.forms()


@get("/api/forms/{name:str}")
async def get_form(name: FromPath[str], filling: NamedDependency[Filling]) -> FormDefinition:
    """What a form asks, step by step."""
    return filling.form(name)


@get("/api/drafts/{draft_id:uuid}/form")
async def get_form_state(
    draft_id: FromPath[UUID], request: PersonRequest, filling: NamedDependency[Filling]
) -> FormState:
    """How far a draft of a form is, and what is still wrong."""
    return await filling.state(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/form/steps/{step:str}", status_code=200)
async def complete_step(
    draft_id: FromPath[UUID], step: FromPath[str], request: PersonRequest, filling: NamedDependency[Filling]
) -> FormState:
    """Go on from a step: it is checked as a whole, 422 names what is not right yet."""
    return await filling.complete_step(request.user, draft_id, step, device=_device(request))


@post("/api/drafts/{draft_id:uuid}/form/follow", status_code=200)
async def follow_definition(
    draft_id: FromPath[UUID], request: PersonRequest, filling: NamedDependency[Filling]
) -> FormState:
    """Bring a draft to the form as it is asked now; what is no longer asked stays in the draft."""
    return await filling.follow_definition(request.user, draft_id, device=_device(request))


@post("/api/forms/{name:str}/moved")
async def take_over_local_draft(
    name: FromPath[str], data: JSONBody[OldLocalDraft], request: PersonRequest, moving: NamedDependency[Moving]
) -> Response[DraftView]:
    """Take over a draft that the system before this one left in a browser; a second time gives the same draft, with 200."""
    started = await moving.take_over(request.user, name, source=data.source, data=data.data)
    return Response(started.draft, status_code=201 if started.new else 200)


@get("/api/forms/{name:str}/templates")
async def list_templates(
    name: FromPath[str], request: PersonRequest, filling: NamedDependency[Filling]
) -> Page[TemplateView]:
    """The caller's templates of a form."""
    return await filling.templates(request.user, name)


@post("/api/drafts/{draft_id:uuid}/template")
async def save_template(
    draft_id: FromPath[UUID],
    data: JSONBody[NewTemplate],
    request: PersonRequest,
    filling: NamedDependency[Filling],
) -> Response[TemplateView]:
    """Keep what a form draft says as a template, without what it is about; 200 when one of this name was replaced."""
    template, new = await filling.save_template(request.user, draft_id, data.name)
    return Response(template, status_code=201 if new else 200)


@delete("/api/form-templates/{template_id:uuid}")
async def remove_template(
    template_id: FromPath[UUID], request: PersonRequest, filling: NamedDependency[Filling]
) -> None:
    """Let a template go."""
    await filling.remove_template(request.user, template_id)


@get("/api/drafts/shared")
async def shared_drafts(request: PersonRequest, sharing: NamedDependency[Sharing]) -> Page[SharedDraftView]:
    """Drafts that others share with the caller."""
    return await sharing.with_me(request.user)


@get("/api/drafts/{draft_id:uuid}/shares")
async def list_shares(
    draft_id: FromPath[UUID], request: PersonRequest, sharing: NamedDependency[Sharing]
) -> Page[ShareView]:
    """Whom the caller shares a draft with."""
    return await sharing.list(request.user, draft_id)


@put("/api/drafts/{draft_id:uuid}/shares")
async def share_draft(
    draft_id: FromPath[UUID],
    data: JSONBody[NewShare],
    request: PersonRequest,
    sharing: NamedDependency[Sharing],
) -> Page[ShareView]:
    """Let somebody see a draft (`viewer`), comment on it (`commenter`, documents only) or change it (`editor`)."""
    return await sharing.share(request.user, draft_id, email=data.email, role=data.role)


@delete("/api/drafts/{draft_id:uuid}/shares/{user_id:uuid}")
async def take_share_back(
    draft_id: FromPath[UUID], user_id: FromPath[UUID], request: PersonRequest, sharing: NamedDependency[Sharing]
) -> None:
    """Stop sharing a draft with somebody; whom it was shared with may leave by themselves."""
    await sharing.take_back(request.user, draft_id, user_id)


def _device(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("x-device", "")[:200]


router = Router(
    "/",
    route_handlers=[
        list_forms, get_form, get_form_state, complete_step, follow_definition, take_over_local_draft, list_templates, save_template,
        remove_template, shared_drafts, list_shares, share_draft, take_share_back,
    ],
    guards=[signed_in],
    tags=["forms"],
)  # fmt: skip
