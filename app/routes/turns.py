"""HTTP of turns: estimate, start, follow, stop; conversations; providers; the ledger."""

from collections.abc import AsyncIterator
from typing import Literal
from uuid import UUID

import msgspec
from litestar import Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from litestar.status_codes import HTTP_202_ACCEPTED

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.actions import ActionOrder
from app.services.catalogue import Catalogue, ProviderList
from app.services.conversations import Conversations
from app.services.costs import Costs
from app.services.errors import InvalidInput
from app.services.turn_orders import TurnOrder
from app.services.turns import Turns
from app.services.views import ConversationView, Estimate, LedgerRow, Page, TurnStarted, TurnView

_MOST_DIGITS = 9


class TurnAction(msgspec.Struct, frozen=True):
    id: str
    variables: dict[str, str] = msgspec.field(default_factory=dict)


class NewTurn(msgspec.Struct, frozen=True, kw_only=True):
    """Without `action`, `mode` and `prompt` say what is wanted; with it they may add to it."""

    mode: Literal["ask", "write", "edit"] | None = None
    prompt: str = ""
    action: TurnAction | None = None
    provider: str | None = None
    model: str | None = None
    conversation_id: UUID | None = None
    selection: tuple[int, int] | None = None
    apply: Literal["review", "at_once"] = "at_once"
    parent_message_id: UUID | msgspec.UnsetType | None = msgspec.UNSET

    def order(self) -> TurnOrder:
        return TurnOrder(
            mode=self.mode,
            prompt=self.prompt,
            action=ActionOrder(self.action.id, self.action.variables) if self.action is not None else None,
            provider=self.provider,
            model=self.model,
            conversation_id=self.conversation_id,
            selection=self.selection,
            apply=self.apply,
            parent_message_id=self.parent_message_id,
        )


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    message_id: UUID


@post("/api/drafts/{draft_id:uuid}/turns", status_code=HTTP_202_ACCEPTED)
async def start_turn(
    draft_id: FromPath[UUID], data: JSONBody[NewTurn], request: PersonRequest, turns: NamedDependency[Turns]
) -> TurnStarted:
    """Ask a model: to answer, to write the draft, or to edit it. Follow it by its events."""
    return await turns.start(request.user, draft_id, data.order())


@post("/api/drafts/{draft_id:uuid}/turns/estimate", status_code=200)
async def estimate_turn(
    draft_id: FromPath[UUID], data: JSONBody[NewTurn], request: PersonRequest, turns: NamedDependency[Turns]
) -> Estimate:
    """What sending this would take, before it is sent."""
    return await turns.estimate(request.user, draft_id, data.order())


@get("/api/turns/{turn_id:uuid}")
async def get_turn(turn_id: FromPath[UUID], request: PersonRequest, turns: NamedDependency[Turns]) -> TurnView:
    """A turn: its state, its text so far, tokens and cost."""
    return await turns.get(request.user, turn_id)


@get("/api/turns/{turn_id:uuid}/events", media_type="text/event-stream")
async def turn_events(turn_id: FromPath[UUID], request: PersonRequest, turns: NamedDependency[Turns]) -> Stream:
    """The run log as an event stream, from the start or after `Last-Event-ID`, until the turn ends."""
    raw = request.headers.get("last-event-id", "0") or "0"
    if not (raw.isascii() and raw.isdigit()) or len(raw) > _MOST_DIGITS:
        raise InvalidInput("Last-Event-ID", "This is the number of an event of this turn.")
    events: AsyncIterator[bytes] = await turns.follow(request.user, turn_id, after=int(raw))
    return Stream(
        events,
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


@post("/api/turns/{turn_id:uuid}/stop", status_code=HTTP_202_ACCEPTED)
async def stop_turn(turn_id: FromPath[UUID], request: PersonRequest, turns: NamedDependency[Turns]) -> TurnView:
    """Stop a running turn; what it wrote so far is kept."""
    return await turns.stop(request.user, turn_id)


@get("/api/conversations/{conversation_id:uuid}")
async def get_conversation(
    conversation_id: FromPath[UUID], request: PersonRequest, conversations: NamedDependency[Conversations]
) -> ConversationView:
    """A chat with its messages and what it cost."""
    return await conversations.get(request.user, conversation_id)


class ConversationChange(msgspec.Struct, frozen=True):
    title: str | None = None
    system_prompt: str | None = None


@patch("/api/conversations/{conversation_id:uuid}")
async def change_conversation(
    conversation_id: FromPath[UUID],
    data: JSONBody[ConversationChange],
    request: PersonRequest,
    conversations: NamedDependency[Conversations],
) -> ConversationView:
    """Rename a chat, or set the instructions that go with each of its messages."""
    return await conversations.change(request.user, conversation_id, title=data.title, system_prompt=data.system_prompt)


@post("/api/conversations/{conversation_id:uuid}/branch", status_code=200)
async def choose_branch(
    conversation_id: FromPath[UUID],
    data: JSONBody[Branch],
    request: PersonRequest,
    conversations: NamedDependency[Conversations],
) -> ConversationView:
    """Show the branch of the chat that a message is on; the next prompt goes on there."""
    return await conversations.choose_branch(request.user, conversation_id, data.message_id)


@get("/api/providers")
async def list_providers(catalogue: NamedDependency[Catalogue]) -> ProviderList:
    """The providers and models that can be asked, with context sizes and prices."""
    return await catalogue.list()


@get("/api/ledger")
async def list_ledger(
    request: PersonRequest,
    costs: NamedDependency[Costs],
    conversation_id: FromQuery[UUID | None] = None,
    turn_id: FromQuery[UUID | None] = None,
    draft_id: FromQuery[UUID | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[LedgerRow]:
    """Ledger rows, newest first: one's own; finance and administrators see everybody's."""
    return await costs.rows(
        request.user, conversation_id=conversation_id, turn_id=turn_id, draft_id=draft_id, cursor=cursor, limit=limit
    )


router = Router(
    "/",
    route_handlers=[
        start_turn, estimate_turn, get_turn, turn_events, stop_turn, get_conversation, change_conversation,
        choose_branch, list_providers, list_ledger,
    ],
    guards=[signed_in],
    tags=["turns"],
)  # fmt: skip
