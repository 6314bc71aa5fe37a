"""HTTP of alternatives: estimate, start, look, stop, take. Each is followed by the events of its turn."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.alternatives import Alternatives, Variant
from app.services.taking import Choice, Part, Taking
from app.services.turn_orders import TurnOrder
from app.services.views import AlternativesStarted, AlternativesView, Estimate, Taken


class NewVariant(msgspec.Struct, frozen=True, kw_only=True):
    """A model, something asked beside the prompt, or both."""

    provider: str | None = None
    model: str | None = None
    instruction: str = ""
    label: str = ""


class NewAlternatives(msgspec.Struct, frozen=True, kw_only=True):
    mode: Literal["write", "edit"]
    prompt: str
    variants: list[NewVariant]
    conversation_id: UUID | None = None
    selection: tuple[int, int] | None = None
    parent_message_id: UUID | msgspec.UnsetType | None = msgspec.UNSET

    def order(self) -> TurnOrder:
        return TurnOrder(
            mode=self.mode,
            prompt=self.prompt,
            conversation_id=self.conversation_id,
            selection=self.selection,
            parent_message_id=self.parent_message_id,
        )

    def wanted(self) -> list[Variant]:
        return [
            Variant(provider=one.provider, model=one.model, instruction=one.instruction, label=one.label)
            for one in self.variants
        ]


class TakenPart(msgspec.Struct, frozen=True, kw_only=True):
    """A passage of one alternative's text (UTF-16 positions), or text of one's own."""

    turn_id: UUID | None = None
    from_: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="from", default=0)
    to: Annotated[int, msgspec.Meta(ge=0)] = 0
    text: str | None = None


class Take(msgspec.Struct, frozen=True, kw_only=True):
    turn_id: UUID | None = None
    parts: list[TakenPart] = []
    beside: bool = False
    """Should the text have moved: make what was chosen a version beside it instead of refusing."""
    confirm: bool = False
    """The person has seen the paragraphs that `loss_guard` named."""

    def choice(self) -> Choice:
        parts = [Part(turn_id=part.turn_id, from_=part.from_, to=part.to, text=part.text) for part in self.parts]
        return Choice(turn_id=self.turn_id, parts=parts, beside=self.beside, confirm=self.confirm)


@post("/api/drafts/{draft_id:uuid}/alternatives", status_code=HTTP_202_ACCEPTED)
async def start_alternatives(
    draft_id: FromPath[UUID],
    data: JSONBody[NewAlternatives],
    request: PersonRequest,
    alternatives: NamedDependency[Alternatives],
) -> AlternativesStarted:
    """Ask for the same in two to four ways at once; none enters the text until it is taken."""
    return await alternatives.start(request.user, draft_id, data.order(), data.wanted())


@post("/api/drafts/{draft_id:uuid}/alternatives/estimate", status_code=200)
async def estimate_alternatives(
    draft_id: FromPath[UUID],
    data: JSONBody[NewAlternatives],
    request: PersonRequest,
    alternatives: NamedDependency[Alternatives],
) -> Estimate:
    """What all of them would take together."""
    return await alternatives.estimate(request.user, draft_id, data.order(), data.wanted())


@get("/api/alternatives/{alternatives_id:uuid}")
async def get_alternatives(
    alternatives_id: FromPath[UUID], request: PersonRequest, alternatives: NamedDependency[Alternatives]
) -> AlternativesView:
    """Each alternative's state, version and cost."""
    return await alternatives.get(request.user, alternatives_id)


@post("/api/alternatives/{alternatives_id:uuid}/stop", status_code=HTTP_202_ACCEPTED)
async def stop_alternatives(
    alternatives_id: FromPath[UUID], request: PersonRequest, alternatives: NamedDependency[Alternatives]
) -> AlternativesView:
    """Stop all that still run; what they wrote is kept. A single one is stopped by its turn."""
    return await alternatives.stop(request.user, alternatives_id)


@post("/api/alternatives/{alternatives_id:uuid}/take", status_code=200)
async def take_alternative(
    alternatives_id: FromPath[UUID], data: JSONBody[Take], request: PersonRequest, taking: NamedDependency[Taking]
) -> Taken:
    """Make one alternative, or a text put together from several, the text of the draft and a version."""
    return await taking.take(request.user, alternatives_id, data.choice())


router = Router(
    "/",
    route_handlers=[
        start_alternatives, estimate_alternatives, get_alternatives, stop_alternatives, take_alternative,
    ],
    guards=[signed_in],
    tags=["alternatives"],
)  # fmt: skip
