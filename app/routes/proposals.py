"""HTTP of review: proposals of models, hunk by hunk or a whole run; passages locked against models."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.deciding import Decided
from app.services.locks import LockList, Locks, LockView
from app.services.proposals import Proposals
from app.services.review import ProposalList
from app.services.views import TurnStarted

Position = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Accepted(msgspec.Struct, frozen=True):
    """`value`: the words to take instead of the proposed ones. `confirm`: the person has seen what it takes away."""

    value: str | None = None
    confirm: bool = False


class Confirmed(msgspec.Struct, frozen=True):
    """`confirm`: the person has seen what a rewrite takes away."""

    confirm: bool = False


class Refinement(msgspec.Struct, frozen=True, kw_only=True):
    prompt: str = ""
    provider: str | None = None
    model: str | None = None


class NewLock(msgspec.Struct, frozen=True, kw_only=True):
    from_: Position = msgspec.field(name="from")
    to: Position
    seq: Position | None = None


@get("/api/drafts/{draft_id:uuid}/proposals")
async def list_proposals(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    proposals: NamedDependency[Proposals],
    waiting: FromQuery[bool] = False,
) -> ProposalList:
    """What models proposed to a draft, or only what waits for a decision, and where each stands in the text now."""
    return await proposals.list(request.user, draft_id, waiting=waiting)


@post("/api/proposals/{proposal_id:uuid}/accept", status_code=200)
async def accept_proposal(
    proposal_id: FromPath[UUID],
    request: PersonRequest,
    proposals: NamedDependency[Proposals],
    data: JSONBody[Accepted | None] = None,
) -> Decided:
    """Put a proposal into the text, or other words in its stead. Once: asked again it answers the same."""
    chosen = data or Accepted()
    return await proposals.accept(request.user, proposal_id, value=chosen.value, confirm=chosen.confirm)


@post("/api/proposals/{proposal_id:uuid}/reject", status_code=200)
async def reject_proposal(
    proposal_id: FromPath[UUID], request: PersonRequest, proposals: NamedDependency[Proposals]
) -> Decided:
    """Dismiss a proposal."""
    return await proposals.reject(request.user, proposal_id)


@post("/api/proposals/{proposal_id:uuid}/refine", status_code=HTTP_202_ACCEPTED)
async def refine_proposal(
    proposal_id: FromPath[UUID],
    data: JSONBody[Refinement],
    request: PersonRequest,
    proposals: NamedDependency[Proposals],
) -> TurnStarted:
    """Ask for a proposal anew: a turn that edits its place alone and whose hunks take its place."""
    return await proposals.refine(request.user, proposal_id, data.prompt, provider=data.provider, model=data.model)


@post("/api/turns/{turn_id:uuid}/accept", status_code=200)
async def accept_turn(
    turn_id: FromPath[UUID],
    request: PersonRequest,
    proposals: NamedDependency[Proposals],
    data: JSONBody[Confirmed | None] = None,
) -> Decided:
    """Put everything that waits of a turn into the text, as one change."""
    return await proposals.accept_turn(request.user, turn_id, confirm=data.confirm if data else False)


@post("/api/turns/{turn_id:uuid}/reject", status_code=200)
async def reject_turn(
    turn_id: FromPath[UUID], request: PersonRequest, proposals: NamedDependency[Proposals]
) -> Decided:
    """Dismiss everything that waits of a turn."""
    return await proposals.reject_turn(request.user, turn_id)


@get("/api/drafts/{draft_id:uuid}/locks")
async def list_locks(draft_id: FromPath[UUID], request: PersonRequest, locks: NamedDependency[Locks]) -> LockList:
    """The passages of a draft that no model may change."""
    return await locks.list(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/locks")
async def create_lock(
    draft_id: FromPath[UUID], data: JSONBody[NewLock], request: PersonRequest, locks: NamedDependency[Locks]
) -> LockView:
    """Lock the paragraphs a passage lies in, given in the text after event `seq`, or as it is now."""
    return await locks.lock(request.user, draft_id, (data.from_, data.to), seq=data.seq)


@delete("/api/drafts/{draft_id:uuid}/locks/{lock_id:uuid}")
async def delete_lock(
    draft_id: FromPath[UUID], lock_id: FromPath[UUID], request: PersonRequest, locks: NamedDependency[Locks]
) -> None:
    """Unlock a passage."""
    await locks.unlock(request.user, draft_id, lock_id)


router = Router(
    "/",
    route_handlers=[
        list_proposals, accept_proposal, reject_proposal, refine_proposal, accept_turn, reject_turn,
        list_locks, create_lock, delete_lock,
    ],
    guards=[signed_in],
    tags=["review"],
)  # fmt: skip
