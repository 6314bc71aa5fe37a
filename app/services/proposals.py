"""Proposals: list what a model proposes to a draft, accept, reject, ask for one anew."""

from uuid import UUID

from sqlmodel import Session

from app.core.text.utf16 import normalise_text
from app.services.access import open_document, owned_draft, owned_proposal
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.deciding import Decided, accept_one, accept_run, reject_one, reject_run
from app.services.errors import Conflict, InvalidInput
from app.services.fanout import Fanout
from app.services.locks import locked_as_read
from app.services.review import ProposalList, Standing, proposal_views, standing
from app.services.turn_orders import Refined, TurnOrder
from app.services.turns import Turns
from app.services.views import TurnStarted
from app.store import proposals as proposal_store
from app.store import turns as turn_store
from app.store.db import Database
from app.store.tables import Turn

_MOST_LISTED = 2_000
_LONGEST_VALUE = 1_000_000
_ANEW = "Make this suggestion anew, so that it fits the text as it reads now."


class Proposals:
    """Use cases of proposals."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout, turns: Turns) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout
        self._turns = turns

    async def list(self, person: Principal, draft_id: UUID, *, waiting: bool) -> ProposalList:
        """The proposals of a draft, oldest run first; with `waiting` only those that wait for a decision."""

        def query(session: Session) -> ProposalList:
            head = owned_draft(session, person.id, draft_id)
            if head.kind != "document":
                return ProposalList([], head.seq)
            if waiting:
                rows = proposal_store.pending_proposals(session, draft_id)
            else:
                rows = proposal_store.latest_proposals(session, draft_id, limit=_MOST_LISTED)
            return ProposalList(proposal_views(session, head, rows, locked_as_read(session, head)), head.seq)

        return await self._db.read(query)

    async def accept(
        self, person: Principal, proposal_id: UUID, *, value: str | None = None, confirm: bool = False
    ) -> Decided:
        """Put a proposal into the text, or `value` in its stead. Raises `Conflict` when it cannot go in any more."""
        value = _checked_value(value)
        return self._told(
            await self._db.write(accept_one, person.id, proposal_id, value=value, confirm=confirm, at=self._clock()),
        )

    async def reject(self, person: Principal, proposal_id: UUID) -> Decided:
        """Dismiss a proposal. Raises `Conflict` if it was accepted."""
        return self._told(await self._db.write(reject_one, person.id, proposal_id, at=self._clock()))

    async def accept_turn(self, person: Principal, turn_id: UUID, *, confirm: bool) -> Decided:
        """Put everything that waits of a turn into the text as one event, so that one undo takes it back.

        Raises `Conflict`: `loss_guard` when a rewrite takes more away than may go without `confirm`.
        """
        return self._told(
            await self._db.write(accept_run, person.id, turn_id, confirm=confirm, at=self._clock()),
        )

    async def reject_turn(self, person: Principal, turn_id: UUID) -> Decided:
        """Dismiss everything that waits of a turn. Raises `Conflict` if all of it was accepted."""
        return self._told(await self._db.write(reject_run, person.id, turn_id, at=self._clock()))

    async def refine(
        self, person: Principal, proposal_id: UUID, prompt: str, *, provider: str | None, model: str | None
    ) -> TurnStarted:
        """Ask for a pending or stale proposal anew: an edit of its place alone, whose hunks take its place."""

        def query(session: Session) -> tuple[Turn, Standing]:
            row = owned_proposal(session, person.id, proposal_id)
            head = open_document(session, person.id, row.draft_id)
            if row.state != "pending":
                raise Conflict("already_decided", "This suggestion was decided already.")
            return turn_store.get_turn(session, row.turn_id), standing(session, head, [row])[0]

        turn, one = await self._db.read(query)
        same = provider is None and model is None
        order = TurnOrder(
            mode="edit",
            prompt=prompt.strip() or _ANEW,
            provider=turn.provider if same else provider,
            model=turn.model if same else model,
            conversation_id=turn.conversation_id,
            selection=one.near,
            apply="review",
            refines=Refined(proposal_id, one.row.new_text),
        )
        return await self._turns.start(person, one.row.draft_id, order)

    def _told(self, decided: Decided) -> Decided:
        if decided.seq is not None:
            self._fanout.publish(decided.draft_id, decided.seq)
        self._fanout.publish_review(decided.draft_id)
        return decided


def _checked_value(value: str | None) -> str | None:
    if value is not None and len(value) > _LONGEST_VALUE:
        raise InvalidInput("value", f"This takes at most {_LONGEST_VALUE} characters.", "too_large")
    return None if value is None else normalise_text(value)
