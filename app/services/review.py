"""What proposals look like now: where each stands in today's text, or that its words changed. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.edits.guards import Range, touches
from app.core.edits.hunks import edits_within
from app.core.text.changes import Edit
from app.core.text.utf16 import utf16_slicer
from app.services.access import text_of
from app.store.drafting.drifts import Drifts
from app.store.drafting.heads import Head
from app.store.proposals import ProposalRow


class ProposalView(msgspec.Struct, frozen=True, kw_only=True):
    """One hunk: `new` in place of `old`, which stands at `from..to` of the text after event `seq` of the list.

    `state` is pending, accepted, rejected, withdrawn, or stale: pending, but its words changed meanwhile; then the range
    says where they were. `edits` are the words that change, as [from, to, text] within `old`. `value` is what was taken
    instead of `new`; `decided_seq` the event that put it into the text.
    """

    id: UUID
    turn_id: UUID
    index: int
    state: str
    from_: int | None = msgspec.field(name="from", default=None)
    to: int | None = None
    old: str
    new: str
    edits: list[Edit]
    locked: bool = False
    refining: UUID | None = None
    value: str | None = None
    model: str
    decided_seq: int | None = None
    decided_at: datetime | None = None
    created_at: datetime


class ProposalList(msgspec.Struct, frozen=True):
    items: list[ProposalView]
    seq: int
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A pending proposal in the text now: its range, or None where its words changed; `near` is where they were."""

    row: ProposalRow
    place: Range | None
    near: Range

    def edits(self, value: str | None = None) -> list[Edit]:
        """What accepting it (or `value` in its stead) changes in the text now."""
        if self.place is None:
            return []
        return edits_within(self.place[0], self.row.old_text, self.row.new_text if value is None else value)


def standing(session: Session, head: Head, rows: Sequence[ProposalRow]) -> list[Standing]:
    """Where proposals stand in the head's text."""
    drifts = Drifts(session, head)
    slice_ = utf16_slicer(text_of(head))
    found: list[Standing] = []
    for row in rows:
        drift = drifts.since(row.placed_seq)
        if drift is None:
            found.append(Standing(row, None, (0, 0)))
            continue
        place = drift.place(row.range_from, row.range_to)
        near = drift.moved(row.range_from), max(drift.moved(row.range_from), drift.moved(row.range_to))
        if place is not None and slice_(*place) != row.old_text:
            place = None
        found.append(Standing(row, place, place or near))
    return found


def is_locked(one: Standing, locked: Sequence[Range], value: str | None = None) -> bool:
    """Whether accepting would change what the writer has locked."""
    return any(touches(edit, locked) for edit in one.edits(value))


def proposal_views(
    session: Session, head: Head, rows: Sequence[ProposalRow], locked: Sequence[Range]
) -> list[ProposalView]:
    """Proposals as the API shows them, in the order given."""
    standings = {one.row.id: one for one in standing(session, head, [row for row in rows if row.state == "pending"])}
    return [_view(row, standings.get(row.id), locked) for row in rows]


def _view(row: ProposalRow, one: Standing | None, locked: Sequence[Range]) -> ProposalView:
    return ProposalView(
        id=row.id,
        turn_id=row.turn_id,
        index=row.number,
        state="stale" if one is not None and one.place is None else row.state,
        from_=one.near[0] if one else None,
        to=one.near[1] if one else None,
        old=row.old_text,
        new=row.new_text,
        edits=edits_within(0, row.old_text, row.new_text),
        locked=one is not None and is_locked(one, locked),
        refining=row.refined_by if row.state == "pending" else None,
        value=row.accepted_text,
        model=row.model,
        decided_seq=row.decided_seq,
        decided_at=row.decided_at,
        created_at=row.created_at,
    )
