"""HTTP of the dashboard beyond lists: keeping a draft that would expire, duplicating one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.drafts import Drafts
from app.services.expiry import Expiry
from app.services.views import DraftView


class Kept(msgspec.Struct, frozen=True):
    """When the draft expires now; null for never."""

    expires_at: datetime | None


@post("/api/drafts/{draft_id:uuid}/keep", status_code=200)
async def keep_draft(draft_id: FromPath[UUID], request: PersonRequest, expiry: NamedDependency[Expiry]) -> Kept:
    """Let the time until a draft expires begin anew."""
    return Kept(await expiry.keep(request.user, draft_id, device=device_of(request)))


@post("/api/drafts/{draft_id:uuid}/duplicate")
async def duplicate_draft(
    draft_id: FromPath[UUID], request: PersonRequest, drafts: NamedDependency[Drafts]
) -> DraftView:
    """A new draft with the fields of this one; its versions, chats and log stay with it."""
    return await drafts.duplicate(request.user, draft_id, device=device_of(request))


def device_of(request: Request[Any, Any, Any]) -> str:
    """What the page calls its device."""
    return request.headers.get("x-device", "")[:200]


router = Router("/", route_handlers=[keep_draft, duplicate_draft], guards=[signed_in], tags=["drafts"])
