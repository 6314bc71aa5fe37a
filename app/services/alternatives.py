"""Alternatives: one request, answered in several ways at once; the writer takes one, or the best by paragraph.

All run on the same text and none of them enters it by itself: each becomes a version beside the others, with its price.
How a single turn runs and ends is `turns.py`; what is taken is `taking.py`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.services.access import open_document, owned_draft, text_of
from app.services.accounts import Principal
from app.services.assistant.ending import Ending
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.conversations import turn_view
from app.services.errors import InvalidInput, Missing
from app.services.turn_orders import Prepared, TurnOrder, require_fitting
from app.services.turns import Turns, draft_moved, ending_of, reserve, turn_running
from app.services.versions import base_of
from app.services.views import (
    AlternativesStarted,
    AlternativeStarted,
    AlternativesView,
    AlternativeView,
    Estimate,
    usd,
)
from app.store import alternatives as alternative_store
from app.store import conversations as conversation_store
from app.store import ledger as ledger_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.tables import Alternatives as Group
from app.store.tables import Turn

FEWEST, MOST = 2, 4
_LONGEST_LABEL = 60
_LONGEST_INSTRUCTION = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to answer: a model, something asked beside the prompt, or both; what is missing is as usual."""

    provider: str | None = None
    model: str | None = None
    instruction: str = ""
    label: str = ""


class Alternatives:
    """Use cases of alternatives."""

    def __init__(self, db: Database, clock: Clock, turns: Turns) -> None:
        self._db = db
        self._clock = clock
        self._turns = turns

    async def estimate(
        self, person: Principal, draft_id: UUID, order: TurnOrder, variants: Sequence[Variant]
    ) -> Estimate:
        """Tokens and price of all of them together, before sending."""
        orders = _orders(order, _checked(variants))
        return summed([await self._turns.prepare(person, draft_id, one) for one in orders])

    async def start(
        self, person: Principal, draft_id: UUID, order: TurnOrder, variants: Sequence[Variant]
    ) -> AlternativesStarted:
        """Start all of them. Raises `Conflict` when the draft runs a turn already or the text does not fit a model."""
        if not order.prompt.strip():
            raise InvalidInput("prompt", "Say what you would like.")
        variants = _checked(variants)
        orders = _orders(order, variants)
        prepared = [await self._turns.prepare(person, draft_id, one) for one in orders]
        for one in prepared:
            require_fitting(one)
        labels = [variant.label or _label(variant, one) for variant, one in zip(variants, prepared, strict=True)]
        asked = [
            {"label": label, "instruction": variant.instruction}
            for label, variant in zip(labels, variants, strict=True)
        ]
        try:
            group_id, endings = await self._db.write(self._begin, person, draft_id, orders, prepared, asked)
        except AlreadyExists as error:
            raise turn_running() from error
        for ending, one in zip(endings, prepared, strict=True):
            self._turns.launch(person, ending, one)
        return AlternativesStarted(
            id=group_id,
            conversation_id=endings[0].conversation_id,
            turns=[
                AlternativeStarted(
                    id=ending.turn_id,
                    label=label,
                    provider=one.choice.provider.id,
                    model=one.choice.model.id,
                    message_id=ending.answer_message_id,
                    estimate=one.estimate,
                )
                for label, ending, one in zip(labels, endings, prepared, strict=True)
            ],
            estimate=summed(prepared),
        )

    def _begin(
        self,
        session: Session,
        person: Principal,
        draft_id: UUID,
        orders: Sequence[TurnOrder],
        prepared: Sequence[Prepared],
        asked: Sequence[dict[str, Any]],
    ) -> tuple[UUID, list[Ending]]:
        """One transaction: checkpoint, conversation, prompt, empty answers, running turns."""
        at = self._clock()
        head = open_document(session, person.id, draft_id, lock=True)
        if any(text_of(head) != one.plan.text for one in prepared):
            raise draft_moved()
        base_id = base_of(session, head, at=at)
        beginnings = [
            replace(self._turns.beginning(person, order, one, head, base_id, at=at), apply="beside")
            for order, one in zip(orders, prepared, strict=True)
        ]
        group_id, begun = alternative_store.begin_alternatives(session, beginnings, asked)
        for (beginning, turn), one in zip(begun, prepared, strict=True):
            reserve(session, beginning, turn, one)
        # None enters the text by itself, so that none can drop a part of it.
        return group_id, [ending_of(beginning, turn, most_dropped=1) for beginning, turn in begun]

    async def get(self, person: Principal, group_id: UUID) -> AlternativesView:
        """The group with each turn's state, version and cost. Raises `Missing`."""

        def query(session: Session) -> AlternativesView:
            return alternatives_view(session, owned_alternatives(session, person.id, group_id))

        return await self._db.read(query)

    async def stop(self, person: Principal, group_id: UUID) -> AlternativesView:
        """Stop those that still run; what they wrote is kept."""
        view = await self.get(person, group_id)
        running = [one.id for one in view.turns if one.turn.state == "running"]
        await asyncio.gather(*(self._turns.stop(person, turn_id) for turn_id in running))
        return await self.get(person, group_id) if running else view


def owned_alternatives(session: Session, user_id: UUID, group_id: UUID) -> Group:
    """The group, if its draft is this person's."""
    try:
        group = alternative_store.get_alternatives(session, group_id)
    except NotFound as error:
        raise Missing from error
    owned_draft(session, user_id, group.draft_id)
    return group


def alternatives_view(session: Session, group: Group) -> AlternativesView:
    """A group as the API shows it."""
    turns = alternative_store.turns_of(session, group.id)
    entries = [entry for turn in turns for entry in ledger_store.entries_of_turn(session, turn.id)]
    known = [entry.amount_nano for entry in entries if entry.amount_nano is not None]
    return AlternativesView(
        id=group.id,
        draft_id=group.draft_id,
        conversation_id=group.conversation_id,
        mode=turns[0].mode,
        prompt=conversation_store.get_message(session, group.prompt_message_id).content,
        state="running" if any(turn.state == "running" for turn in turns) else "done",
        base_version_id=group.base_version_id,
        taken_version_id=group.taken_version_id,
        cost_usd=usd(sum(known)) if known else None,
        unpriced=len(entries) - len(known),
        turns=[_alternative_view(session, turn, group.variants[(turn.alternative or 1) - 1]) for turn in turns],
        created_at=group.created_at,
    )


def _alternative_view(session: Session, turn: Turn, asked: dict[str, Any]) -> AlternativeView:
    return AlternativeView(
        id=turn.id,
        number=turn.alternative or 1,
        label=asked["label"],
        instruction=asked["instruction"],
        words=version_store.get_version(session, turn.version_id).words if turn.version_id is not None else None,
        turn=turn_view(session, turn),
    )


def summed(prepared: Sequence[Prepared]) -> Estimate:
    """What all of them take together; a sum with an unknown price in it is unknown."""
    parts = [one.estimate for one in prepared]
    return Estimate(
        input_tokens=sum(part.input_tokens for part in parts),
        max_output_tokens=sum(part.max_output_tokens for part in parts),
        expected_output_tokens=sum(part.expected_output_tokens for part in parts),
        cost_usd=_sum([part.cost_usd for part in parts]),
        max_cost_usd=_sum([part.max_cost_usd for part in parts]),
        free=all(part.free for part in parts),
        method=parts[0].method,
        fits=all(part.fits for part in parts),
    )


def _sum(amounts: Sequence[str | None]) -> str | None:
    known = [Decimal(amount) for amount in amounts if amount is not None]
    return format(sum(known, Decimal(0)), "f") if len(known) == len(amounts) else None


def _orders(order: TurnOrder, variants: Sequence[Variant]) -> list[TurnOrder]:
    return [
        replace(
            order,
            provider=variant.provider or order.provider,
            model=variant.model or (None if variant.provider else order.model),
            instruction=variant.instruction,
        )
        for variant in variants
    ]


def _checked(variants: Sequence[Variant]) -> list[Variant]:
    if not FEWEST <= len(variants) <= MOST:
        raise InvalidInput("variants", f"Choose {FEWEST} to {MOST} alternatives.")
    return [
        replace(
            variant,
            label=checked_line("variants", variant.label, most=_LONGEST_LABEL),
            instruction=checked_line("variants", variant.instruction, most=_LONGEST_INSTRUCTION),
        )
        for variant in variants
    ]


def _label(variant: Variant, prepared: Prepared) -> str:
    return (variant.instruction or prepared.choice.model.label)[:_LONGEST_LABEL]
