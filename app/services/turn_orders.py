"""What a writer ordered, and everything looked up for it: the plan of a turn, its request, estimate and place in the chat.

Nothing is written here. How a turn begins, runs and ends is `turns.py`.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec
from providers.base import Request
from providers.tokens import TokenCounter
from sqlmodel import Session

from app.core.text.utf16 import utf16_length, utf16_slice
from app.services.access import text_of
from app.services.accounts import Principal
from app.services.actions import ActionOrder, BuiltinActions
from app.services.assistant.context import turn_context
from app.services.assistant.prompts import Prompts
from app.services.assistant.requests import (
    Mode,
    Talk,
    TurnPlan,
    build_request,
    estimate_request,
    within_context,
)
from app.services.catalogue import Catalogue, Choice
from app.services.clock import Clock
from app.services.conversations import Thread, conversation_of, thread_of
from app.services.errors import Conflict, InvalidInput
from app.services.goals.replies import open_to_assistant, talk_around
from app.services.locks import locked_as_read
from app.services.views import Estimate
from app.store.db import Database, expect_slow, quick
from app.store.drafting.heads import Head
from app.store.locks import has_locks

_MOST_PROMPT = 100_000
"""UTF-16 units of one prompt."""


_SHORT = 4_000
"""Characters whose tokens are counted in less than half a millisecond."""


@dataclass(frozen=True, slots=True)
class Refined:
    """A pending proposal that a turn makes anew, and what it said. The turn's selection is its place, also an empty one."""

    proposal_id: UUID
    suggestion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOrder:
    """What the writer asked for."""

    mode: Mode | None
    """None: as the action says."""
    prompt: str
    action: ActionOrder | None = None
    provider: str | None = None
    model: str | None = None
    conversation_id: UUID | None = None
    selection: tuple[int, int] | None = None
    apply: Literal["review", "at_once"] = "at_once"
    refines: Refined | None = None
    parent_message_id: UUID | msgspec.UnsetType | None = msgspec.UNSET
    """The message the prompt hangs on, None before all others; not given: where the conversation was left."""
    instruction: str = ""
    """What one alternative is asked beside the prompt; it goes to the model, not into the chat."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """What the database says about an order: the plan, the words the chat shows, the draft's position, and where in the
    chat the prompt goes."""

    plan: TurnPlan
    asked: str
    seq: int
    thread: Thread


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order with everything looked up: ready to be estimated or started. `asked`: the words the chat shows."""

    plan: TurnPlan
    asked: str
    request: Request
    choice: Choice
    estimate: Estimate
    seq: int
    thread: Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Looks up what an order needs, without writing anything."""

    db: Database
    clock: Clock
    catalogue: Catalogue
    prompts: Prompts
    actions: BuiltinActions
    counter: TokenCounter
    history_tokens: int

    async def prepare(self, person: Principal, draft_id: UUID, order: TurnOrder) -> Prepared:
        """Raises `Missing`, `Conflict` and `InvalidInput`."""
        if utf16_length(order.prompt) > _MOST_PROMPT:
            raise InvalidInput("prompt", f"A prompt has at most {_MOST_PROMPT} characters.", "too_large")
        choice = self.catalogue.choose(order.provider, order.model)
        planned = await self.db.read(self._plan, person, draft_id, order, choice)
        if self._counts_at_once(planned.plan):
            await asyncio.sleep(0)  # The words of other turns go on their way first.
            return self._estimated(planned, choice)
        return await asyncio.to_thread(self._estimated, planned, choice)

    def _counts_at_once(self, plan: TurnPlan) -> bool:
        """Whether the prompt is rendered and counted sooner than a thread could begin (the first count loads the
        vocabulary, which takes a third of a second)."""
        alone = not plan.history and not plan.references and plan.talk is None
        return alone and len(plan.text) + len(plan.prompt) <= _SHORT and self.counter.loaded(plan.model.id)

    def _estimated(self, planned: _Planned, choice: Choice) -> Prepared:
        plan = planned.plan
        request = build_request(plan, self.prompts, self.counter, history_tokens=self.history_tokens)
        request = within_context(request, plan, self.counter)
        estimate = estimate_request(
            plan,
            request,
            self.counter,
            self.clock(),
            overrides=self.catalogue.overrides,
            base_url=choice.base_url,
        )
        return Prepared(plan, planned.asked, request, choice, estimate, planned.seq, planned.thread)

    @quick
    def _plan(self, session: Session, person: Principal, draft_id: UUID, order: TurnOrder, choice: Choice) -> _Planned:
        head = open_to_assistant(session, person, draft_id)
        text = text_of(head)
        selection = self._selection(order, text)
        context = turn_context(
            session,
            self.actions,
            person,
            draft_id,
            mode=order.mode,
            prompt=order.prompt,
            action=order.action,
            selected=selection is not None,
        )
        talk = self._talk(session, person, head, order, context.mode)
        instructions, thread = "", Thread()
        if order.conversation_id is not None:
            expect_slow(session)
            conversation = conversation_of(session, draft_id, order.conversation_id)
            instructions = conversation.system_prompt or ""
            below = order.parent_message_id
            thread = thread_of(session, conversation.id, below=below, prompt=context.prompt, mode=context.mode)
        elif order.parent_message_id not in (None, msgspec.UNSET):
            raise InvalidInput("parent_message_id", "Say which conversation this message is of.")
        plan = TurnPlan(
            mode=context.mode,
            prompt=_with_instruction(context.prompt, order.instruction),
            action=context.action,
            style=context.style,
            references=context.references,
            title=head.title,
            text=text,
            selection=selection,
            selected_text=utf16_slice(text, *selection) if selection else "",
            instructions=instructions,
            history=thread.history,
            provider=choice.provider.id,
            model=choice.model,
            tools=choice.provider.supports_tools(choice.model.id),
            locked=self._locked(session, head, order),
            suggestion=order.refines.suggestion if order.refines else None,
            talk=talk,
        )
        return _Planned(plan, context.prompt, head.seq, thread)

    def _talk(self, session: Session, person: Principal, head: Head, order: TurnOrder, mode: Mode) -> Talk | None:
        """The conversation around a message; None for a document. A message is only ever answered, never changed."""
        if head.kind != "message":
            return None
        if mode != "ask":
            raise InvalidInput("mode", "The assistant suggests a message and does not change it: use “ask”.")
        if order.selection is not None:
            raise InvalidInput("selection", "The assistant works on a message as a whole.")
        expect_slow(session)
        return talk_around(session, person, head)

    def _locked(self, session: Session, head: Head, order: TurnOrder) -> tuple[tuple[int, int], ...]:
        if order.mode == "ask" or not has_locks(session, head.id):
            return ()
        expect_slow(session)
        return locked_as_read(session, head)

    def _selection(self, order: TurnOrder, text: str) -> tuple[int, int] | None:
        if order.selection is None or (order.refines is None and order.selection[0] == order.selection[1]):
            return None
        start, end = order.selection
        if not 0 <= start <= end <= utf16_length(text):
            raise InvalidInput("selection", "The selection lies outside the text.")
        return start, end


def require_fitting(prepared: Prepared) -> None:
    """Raises `Conflict` for what is longer than the model reads."""
    if not prepared.estimate.fits:
        raise Conflict(
            "context_too_long",
            f"The draft, its references and the chat are about {prepared.estimate.input_tokens} tokens, more than "
            f"{prepared.choice.model.label} reads at once. Select a passage, switch references off or choose another model.",
        )


def _with_instruction(prompt: str, instruction: str) -> str:
    """Both as sentences of their own, so that one is not read as the end of the other."""
    if not instruction:
        return prompt
    return f"{prompt}{'' if prompt.endswith(('.', '!', '?', '…', ':')) else '.'}\n\n{instruction}"
