"""Deciding proposals: units of one transaction each, under the draft's lock, so that everything is decided once.

Accepting puts words exactly where the replaced ones stand, as one event. Suggestions of a turn accepted one after the
other share a version: made when the last of them is decided on, accepted or rejected, or as soon as anything else
happens to the text.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.commands import TextOp
from app.core.drafts import Actor, edit
from app.core.edits.guards import losses
from app.core.text.changes import ChangeSet, Edit
from app.core.text.utf16 import utf16_length
from app.services.access import open_document, owned_draft, owned_proposal, owned_turn, text_of
from app.services.errors import Conflict
from app.services.locks import locked_now
from app.services.review import Standing, is_locked, standing
from app.services.versions import checkpoint_unit, version_of_accepted
from app.services.views import VersionName
from app.store import conversations as conversation_store
from app.store import drafts as draft_store
from app.store import proposals as proposal_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.proposals import ProposalRow
from app.store.tables import Turn

_TOGETHER = timedelta(minutes=2)
"""Accepting goes on in the same version when no more time than this lies between."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision on a proposal or a run (`id`) led to. `seq` and `version`: the event and the version that have
    what was accepted; no version while more of the same turn waits, which may go into the same one. Of a rejection:
    those of what was accepted before it of the same turn, where it was the last to be decided on.

    `accepted` and `rejected` are the proposals decided so; `stale` those whose words changed meanwhile and `locked`
    those on paragraphs the writer has locked: both go on waiting.
    """

    id: UUID
    draft_id: UUID
    state: str
    seq: int | None = None
    version: VersionName | None = None
    accepted: list[UUID] = []
    rejected: list[UUID] = []
    stale: list[UUID] = []
    locked: list[UUID] = []


def accept_one(
    session: Session, user_id: UUID, proposal_id: UUID, *, value: str | None, confirm: bool, at: datetime
) -> Decided:
    """Put a proposal into the text, or `value` in its stead. Raises `Conflict`.

    One that takes away several paragraphs a rewrite was held back for needs `confirm`.
    """
    draft_id = owned_proposal(session, user_id, proposal_id).draft_id
    head = open_document(session, user_id, draft_id, lock=True)
    row = proposal_store.get_proposal(session, proposal_id)
    if row.state == "accepted" and (value is None or value == (row.accepted_text or row.new_text)):
        return _before(session, proposal_id, [row])
    _require_pending(row)
    (one,) = standing(session, head, [row])
    if one.place is None:
        raise _stale()
    if is_locked(one, locked_now(session, head), value):
        raise locked_against()
    dropped = _losses(session, turn_store.get_turn(session, row.turn_id), head, [one]) if value is None else []
    if len(dropped) > 1 and not confirm:
        raise loss_guard(dropped)
    return _enter(session, user_id, head, [one], id_=proposal_id, value=value, more=_more_waits(session, row), at=at)


def accept_run(session: Session, user_id: UUID, turn_id: UUID, *, confirm: bool, at: datetime) -> Decided:
    """Put everything that waits of a turn into the text, as far as it still can. Raises `Conflict`.

    With `confirm` the person has seen what a rewrite takes away. What is locked stays, whatever was confirmed.
    """
    turn = owned_turn(session, user_id, turn_id)
    head = open_document(session, user_id, turn.draft_id, lock=True)
    rows = proposal_store.proposals_of_turn(session, turn_id)
    pending = [row for row in rows if row.state == "pending"]
    if not pending:
        return _run_before(session, turn, rows)
    standings = standing(session, head, pending)
    locked = locked_now(session, head)
    shut = [one for one in standings if is_locked(one, locked)]
    stale = [one for one in standings if one.place is None]
    free = [one for one in standings if one.place is not None and one not in shut]
    if not free:
        raise locked_against() if shut else _stale()
    dropped = _losses(session, turn, head, free)
    if dropped and not confirm:
        raise loss_guard(dropped)
    decided = _enter(session, user_id, head, free, id_=turn_id, value=None, more=False, at=at)
    left = {"stale": [one.row.id for one in stale], "locked": [one.row.id for one in shut]}
    return msgspec.structs.replace(decided, **left)


def reject_one(session: Session, user_id: UUID, proposal_id: UUID, *, at: datetime) -> Decided:
    """Dismiss a proposal, also a stale one. Raises `Conflict` if it was accepted."""
    draft_id = owned_proposal(session, user_id, proposal_id).draft_id
    head = owned_draft(session, user_id, draft_id, lock=True)
    row = proposal_store.get_proposal(session, proposal_id)
    decided = Decided(id=row.id, draft_id=draft_id, state="rejected", rejected=[row.id])
    if row.state == "rejected":
        return decided
    _require_pending(row)
    proposal_store.decide(session, [row.id], state="rejected", by=user_id, at=at)
    return decided if _more_waits(session, row) else _with_shared_version(session, head, row.turn_id, decided, at=at)


def reject_run(session: Session, user_id: UUID, turn_id: UUID, *, at: datetime) -> Decided:
    """Dismiss everything that waits of a turn; what was accepted stays in the text. Raises `Conflict`."""
    turn = owned_turn(session, user_id, turn_id)
    head = owned_draft(session, user_id, turn.draft_id, lock=True)
    rows = proposal_store.proposals_of_turn(session, turn_id)
    pending = [row.id for row in rows if row.state == "pending"]
    gone = [row.id for row in rows if row.state == "rejected" or row.id in pending]
    if not gone:
        raise _already_accepted() if any(row.state == "accepted" for row in rows) else _nothing_proposed()
    proposal_store.decide(session, pending, state="rejected", by=user_id, at=at)
    decided = Decided(id=turn_id, draft_id=turn.draft_id, state="rejected", rejected=gone)
    return _with_shared_version(session, head, turn_id, decided, at=at)


def _with_shared_version(session: Session, head: Head, turn_id: UUID, decided: Decided, *, at: datetime) -> Decided:
    """Nothing of the turn waits any more: what was accepted of it becomes a version, as if the last had been accepted."""
    current = version_store.current_version(session, head.id)
    waiting = proposal_store.accepted_without_version(session, head.id, after=current.seq if current else 0)
    if not waiting or waiting[-1].turn_id != turn_id:
        return decided
    version = version_of_accepted(session, head, waiting, at=at)
    name = VersionName(version.id, version.number, version.label)
    return msgspec.structs.replace(decided, seq=waiting[-1].decided_seq, version=name)


def _losses(session: Session, turn: Turn, head: Head, standings: Sequence[Standing]) -> list[str]:
    """The paragraphs that a rewrite was held back for and that would still go with what waits of it."""
    held = conversation_store.dropped_by(session, turn.answer_message_id)
    if not held:
        return []
    changes = ChangeSet.of(utf16_length(text_of(head)), sorted(edit for one in standings for edit in one.edits()))
    going = losses(text_of(head), changes, share=0)
    return [paragraph for paragraph in held if paragraph in going]


# What accepting does


def _enter(
    session: Session,
    user_id: UUID,
    head: Head,
    chosen: Sequence[Standing],
    *,
    id_: UUID,
    value: str | None,
    more: bool,
    at: datetime,
) -> Decided:
    """One event with the changes of all that was chosen, and a version that has them unless `more` may follow."""
    turn = turn_store.get_turn(session, chosen[0].row.turn_id)
    before = _accepted_just_before(session, user_id, head, turn, at=at)
    if not before:
        checkpoint_unit(session, head, at=at)
    edits: list[Edit] = sorted(change for one in chosen for change in one.edits(value))
    if edits:
        changes = ChangeSet.of(utf16_length(text_of(head)), edits)
        body = edit(head.state, [TextOp("text", changes)])
        head, _ = draft_store.append_bodies(session, head, [body], origin=Origin(Actor("model", user_id), at))
    version = None if more else _version(session, user_id, head, turn, at=at)
    ids = [one.row.id for one in chosen]
    proposal_store.decide(
        session, ids, state="accepted", by=user_id, at=at,
        decided_seq=head.seq, version_id=version.id if version else None, accepted_text=value,
    )  # fmt: skip
    if version is not None and before:
        proposal_store.note_version(session, before, version.id)
    return Decided(id=id_, draft_id=head.id, state="accepted", seq=head.seq, version=version, accepted=ids)


def _more_waits(session: Session, row: ProposalRow) -> bool:
    others = proposal_store.proposals_of_turn(session, row.turn_id)
    return any(other.state == "pending" and other.id != row.id for other in others)


def _accepted_just_before(session: Session, user_id: UUID, head: Head, turn: Turn, *, at: datetime) -> list[UUID]:
    """What the same person accepted of the same turn, if it has no version yet and nothing came between."""
    current = version_store.current_version(session, head.id)
    rows = proposal_store.accepted_without_version(session, head.id, after=current.seq if current else 0)
    if not rows:
        return []
    last = rows[-1]
    same = (last.decided_seq, last.turn_id, last.decided_by) == (head.seq, turn.id, user_id)
    recent = last.decided_at is not None and at - last.decided_at <= _TOGETHER
    return [row.id for row in rows] if same and recent else []


def _version(session: Session, user_id: UUID, head: Head, turn: Turn, *, at: datetime) -> VersionName:
    """The version the turn made, if the text is now exactly that; else a new one below the current."""
    text = text_of(head)
    hash_ = hashlib.sha256(text.encode()).digest()
    current = version_store.current_version(session, head.id)
    if current is not None and current.hash == hash_:
        return VersionName(current.id, current.number, current.label)
    if turn.version_id is not None:
        made = version_store.get_version(session, turn.version_id)
        if made.hash == hash_ and current is not None and current.id == made.parent_id:
            version_store.set_current(session, head.id, made.id)
            turn_store.mark_applied(session, turn.id)
            return VersionName(made.id, made.number, made.label)
    version = version_store.add_version(
        session, head.id, text=text, seq=head.seq, source="ai_edit", author_id=user_id, model=turn.model,
        turn_id=turn.id, words=head.words, at=at,
    )  # fmt: skip
    return VersionName(version.id, version.number, version.label)


# Asked again


def _before(session: Session, id_: UUID, rows: Sequence[ProposalRow]) -> Decided:
    """The answer to a decision that was made before."""
    last = max(rows, key=lambda row: row.decided_seq or 0)
    version = version_store.get_version(session, last.version_id) if last.version_id is not None else None
    name = VersionName(version.id, version.number, version.label) if version is not None else None
    ids = [row.id for row in rows]
    return Decided(id=id_, draft_id=last.draft_id, state="accepted", seq=last.decided_seq, version=name, accepted=ids)


def _run_before(session: Session, turn: Turn, rows: Sequence[ProposalRow]) -> Decided:
    accepted = [row for row in rows if row.state == "accepted"]
    if accepted:
        return _before(session, turn.id, accepted)
    raise Conflict("already_rejected", "These suggestions were rejected.") if rows else _nothing_proposed()


def _require_pending(row: ProposalRow) -> None:
    match row.state:
        case "accepted":
            raise _already_accepted()
        case "rejected":
            raise Conflict("already_rejected", "This suggestion was rejected.")
        case "withdrawn":
            raise Conflict("withdrawn", "A newer suggestion has taken the place of this one.")


def _already_accepted() -> Conflict:
    return Conflict("already_accepted", "This is in the text already; undo it there.")


def _nothing_proposed() -> Conflict:
    return Conflict("nothing_proposed", "Nothing of this answer waits for a decision.")


def loss_guard(dropped: list[str]) -> Conflict:
    return Conflict(
        "loss_guard",
        "This takes a large part of the text away. Look at what would go, then confirm.",
        dropped=dropped,
    )


def _stale() -> Conflict:
    return Conflict(
        "stale_proposal", "The words this would change were changed meanwhile. Ask for it anew, or dismiss it."
    )


def locked_against(paragraphs: Sequence[str] = ()) -> Conflict:
    """Refuses what would change a locked paragraph; where there may be several, they are named."""
    if not paragraphs:
        return Conflict("locked", "The paragraph is locked. Unlock it first.")
    return Conflict(
        "locked", "This would change what you have locked. Unlock it first, or leave it out.", locked=list(paragraphs)
    )
