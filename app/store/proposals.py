"""Proposals: written at the end of a turn, read, decided once. Where they stand in today's text is `drifts.py`'s."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlmodel import Session, col

from app.core.edits.hunks import Hunk
from app.store.engine.prepared import Prepared
from app.store.errors import NotFound, StaleWrite
from app.store.ids import new_id
from app.store.rows import changed_rows
from app.store.tables import Proposal, Turn


class ProposalRow(msgspec.Struct, frozen=True):
    """A proposal as it is stored; see `tables.review`. `model` is the one that made it."""

    id: uuid.UUID
    draft_id: uuid.UUID
    turn_id: uuid.UUID
    number: int
    placed_seq: int
    range_from: int
    range_to: int
    old_text: str
    new_text: str
    state: str
    refined_by: uuid.UUID | None
    accepted_text: str | None
    decided_seq: int | None
    version_id: uuid.UUID | None
    decided_at: datetime | None
    decided_by: uuid.UUID | None
    created_at: datetime
    model: str


_COLUMNS: tuple[Any, ...] = (
    *(getattr(Proposal, name) for name in ProposalRow.__struct_fields__ if name != "model"),
    col(Turn.model),
)
_ROWS: Select[*tuple[Any, ...]] = select(*_COLUMNS).join(Turn, col(Turn.id) == col(Proposal.turn_id))
# Each checkpoint asks, and before a turn one is made.
_WITHOUT_VERSION = Prepared(
    _ROWS.where(
        col(Proposal.draft_id) == bindparam("of_draft"),
        col(Proposal.state) == "accepted",
        col(Proposal.version_id).is_(None),
        col(Proposal.decided_seq) > bindparam("after"),
    ).order_by(col(Proposal.decided_seq))
)
_ORDER = (col(Proposal.created_at), col(Proposal.turn_id), col(Proposal.number))


def get_proposal(session: Session, proposal_id: uuid.UUID) -> ProposalRow:
    """Raises NotFound."""
    row = session.execute(_ROWS.where(col(Proposal.id) == proposal_id)).first()
    if row is None:
        raise NotFound("proposal")
    return ProposalRow(*row)


def pending_proposals(session: Session, draft_id: uuid.UUID) -> list[ProposalRow]:
    """What waits for a decision in a draft, oldest turn first."""
    found = _ROWS.where(col(Proposal.draft_id) == draft_id, col(Proposal.state) == "pending").order_by(*_ORDER)
    return [ProposalRow(*row) for row in session.execute(found)]


def latest_proposals(session: Session, draft_id: uuid.UUID, *, limit: int) -> list[ProposalRow]:
    """The newest proposals of a draft in any state, oldest first."""
    newest = _ROWS.where(col(Proposal.draft_id) == draft_id).order_by(*(column.desc() for column in _ORDER))
    return [ProposalRow(*row) for row in session.execute(newest.limit(limit))][::-1]


def proposals_of_turn(session: Session, turn_id: uuid.UUID) -> list[ProposalRow]:
    """All proposals of a turn in the order of the text."""
    found = _ROWS.where(col(Proposal.turn_id) == turn_id).order_by(col(Proposal.number))
    return [ProposalRow(*row) for row in session.execute(found)]


def accepted_without_version(session: Session, draft_id: uuid.UUID, *, after: int) -> list[ProposalRow]:
    """What was accepted by events after `after` and is in no version yet, in the order it was accepted."""
    return [ProposalRow(*row) for row in _WITHOUT_VERSION.all(session, of_draft=draft_id, after=after)]


def note_version(session: Session, ids: Iterable[uuid.UUID], version_id: uuid.UUID) -> None:
    """Notes the version that has accepted proposals."""
    changed_rows(session, update(Proposal).where(col(Proposal.id).in_(list(ids))).values(version_id=version_id))


def counts(session: Session, turn_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """How many proposals of each turn are in which state; turns without any are missing."""
    grouped = (
        select(col(Proposal.turn_id), col(Proposal.state), func.count())
        .where(col(Proposal.turn_id).in_(turn_ids))
        .group_by(col(Proposal.turn_id), col(Proposal.state))
    )
    found: dict[uuid.UUID, dict[str, int]] = {}
    for turn_id, state, number in session.execute(grouped):
        found.setdefault(turn_id, {})[state] = number
    return found


def add_proposals(
    session: Session, hunks: Sequence[Hunk], *, draft_id: uuid.UUID, turn_id: uuid.UUID, placed_seq: int, at: datetime
) -> None:
    """Writes a turn's hunks, which count in the text after event `placed_seq`."""
    rows = [
        {
            "id": new_id(),
            "draft_id": draft_id,
            "turn_id": turn_id,
            "number": number,
            "placed_seq": placed_seq,
            "range_from": hunk.from_,
            "range_to": hunk.to,
            "old_text": hunk.old,
            "new_text": hunk.new,
            "state": "pending",
            "created_at": at,
        }
        for number, hunk in enumerate(hunks, 1)
    ]
    if rows:
        session.execute(insert(Proposal), rows)


def refine_by(session: Session, proposal_id: uuid.UUID, turn_id: uuid.UUID) -> None:
    """Notes which turn makes a pending proposal anew. Raises StaleWrite if it was decided."""
    noted = update(Proposal).where(col(Proposal.id) == proposal_id, col(Proposal.state) == "pending")
    if not changed_rows(session, noted.values(refined_by=turn_id)):
        raise StaleWrite("This suggestion was decided already.")


def withdraw_refined(session: Session, turn_id: uuid.UUID, *, at: datetime) -> None:
    """The proposals a turn was asked to make anew make room for its own."""
    refined = update(Proposal).where(col(Proposal.refined_by) == turn_id, col(Proposal.state) == "pending")
    changed_rows(session, refined.values(state="withdrawn", decided_at=at))


def decide(
    session: Session, ids: Iterable[uuid.UUID], *, state: str, by: uuid.UUID | None, at: datetime, **values: Any
) -> None:
    """Decides pending proposals, once; the caller holds the draft's head. Raises StaleWrite if one was decided."""
    wanted = list(ids)
    decided = update(Proposal).where(col(Proposal.id).in_(wanted), col(Proposal.state) == "pending")
    if changed_rows(session, decided.values(state=state, decided_by=by, decided_at=at, **values)) != len(wanted):
        raise StaleWrite("This suggestion was decided already.")
