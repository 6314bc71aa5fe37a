"""HTTP of a draft's past: what happened, in numbers, and any moment of it brought back."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template

from app.routes.accounts import PersonRequest
from app.routes.dashboard import device_of
from app.routes.pages import PageContext
from app.routes.security import signed_in
from app.services.activity import Activity, ActivityPage, DraftNumbers, Moment
from app.services.drafts import Drafts


@get("/api/drafts/{draft_id:uuid}/activity")
async def draft_activity(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    activity: NamedDependency[Activity],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    who: FromQuery[Literal["user", "model", "system"] | None] = None,
    what: FromQuery[Literal["edits", "conflicts", "status"] | None] = None,
) -> ActivityPage:
    """Who changed what, when and from which device: runs of changes by one author, newest first."""
    return await activity.sittings(request.user, draft_id, before=before, who=who, what=what)


@get("/api/drafts/{draft_id:uuid}/stats")
async def draft_numbers(
    draft_id: FromPath[UUID], request: PersonRequest, activity: NamedDependency[Activity]
) -> DraftNumbers:
    """Saves, words, completion, devices, and the time spent on a draft."""
    return await activity.numbers(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/moments/{seq:int}/restore", status_code=200)
async def restore_moment(
    draft_id: FromPath[UUID], seq: FromPath[int], request: PersonRequest, activity: NamedDependency[Activity]
) -> Moment:
    """Bring a draft back as it was after event `seq`: a change of now, of a document also a version. Nothing is rewound."""
    return await activity.restore(request.user, draft_id, seq, device=device_of(request))


@get("/drafts/{draft_id:uuid}/activity", include_in_schema=False)
async def activity_page(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    page: NamedDependency[PageContext],
) -> Template:
    draft = await drafts.get(request.user, draft_id)
    shown = {
        "id": str(draft.id), "kind": draft.kind, "title": draft.title, "seq": draft.seq, "open": draft.status == "open",
    }  # fmt: skip
    return Template("activity.html", context=page(request, draft=shown))


router = Router(
    "/",
    route_handlers=[draft_activity, draft_numbers, restore_moment, activity_page],
    guards=[signed_in],
    tags=["activity"],
)
