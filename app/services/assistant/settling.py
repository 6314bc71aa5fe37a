"""Where a turn's result goes: into the text at once, or into proposals that a person decides. One transaction's work.

What the writer locked is looked up here once more: a paragraph may have been locked while the model wrote. No result
changes a locked paragraph: what would is left out and told, the rest is proposed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from app.core.commands import Op, SetOp, TextOp
from app.core.drafts import Actor, edit
from app.core.edits.guards import Range, losses, touches
from app.core.edits.hunks import Hunk, edits_within, hunks_of
from app.core.text.changes import ChangeSet, Edit
from app.core.text.utf16 import utf16_length
from app.services.access import text_of
from app.services.assistant.output import Result, TurnOutput
from app.services.locks import locked_now
from app.services.loss_bounds import share_for
from app.store import drafts as draft_store
from app.store import proposals as proposal_store
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head, load_head


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the end of a turn needs to know about its beginning."""

    turn_id: UUID
    draft_id: UUID
    conversation_id: UUID
    user_id: UUID | None
    answer_message_id: UUID
    base_version_id: UUID | None
    base_seq: int
    apply: Literal["review", "at_once", "beside"]
    model: str
    estimated_input_tokens: int
    most_dropped: float
    """Part of the words, 0 to 1, that a rewrite may take away without being asked about: the installation's bound. The
    person's own is looked up when the turn ends."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a result. `seq`: it is in the text since this event. `proposed`: hunks that wait for a decision.

    `operations`: what was asked, and what was not placed. `dropped`: paragraphs that a rewrite would take away, none of
    them locked, which a person must confirm.
    """

    seq: int | None
    operations: list[dict[str, Any]]
    proposed: int = 0
    dropped: tuple[str, ...] = ()


def settle(
    session: Session, ending: Ending, output: TurnOutput, result: Result, *, whole: bool, at: datetime
) -> Outcome:
    """Put the result into the text if it may go there by itself, else propose it. `whole`: the model finished it."""
    plan, operations = output.plan, output.report()
    if ending.apply == "beside":
        return Outcome(None, operations)  # one of several alternatives: a version until somebody takes it
    head = load_head(session, ending.draft_id, lock=True)
    if (
        head is None
        or head.deleted_at is not None
        or head.state.status != "open"
        or (not whole and plan.mode == "write")
    ):
        return Outcome(None, operations)
    unmoved = text_of(head) == plan.text
    locked = locked_now(session, head) if unmoved else plan.locked
    free = ending.apply == "at_once" and whole and unmoved and not _touched(result, locked)
    if free and not _losses(session, ending, plan.text, result, result.changes):
        return Outcome(_enter(session, ending, head, result, at=at), operations)
    if not plan.text.strip():
        return Outcome(None, operations)
    hunks, refused = _proposable(plan.text, result, locked)
    operations = _told(operations, refused, nothing_left=not hunks)
    if not hunks:
        return Outcome(None, operations)
    proposal_store.add_proposals(
        session, hunks, draft_id=head.id, turn_id=ending.turn_id, placed_seq=ending.base_seq, at=at
    )
    proposal_store.withdraw_refined(session, ending.turn_id, at=at)
    dropped = _losses(session, ending, plan.text, result, _together(plan.text, hunks))
    return Outcome(None, operations, len(hunks), dropped)


def _losses(session: Session, ending: Ending, text: str, result: Result, changes: ChangeSet) -> tuple[str, ...]:
    if not result.whole:
        return ()
    return losses(text, changes, share=share_for(session, ending.user_id, installation=ending.most_dropped))


def _together(text: str, hunks: Sequence[Hunk]) -> ChangeSet:
    edits: list[Edit] = [(hunk.from_, hunk.to, hunk.new) for hunk in hunks]
    return ChangeSet.of(utf16_length(text), edits)


def _touched(result: Result, locked: Sequence[Range]) -> bool:
    return any(touches((part.from_a, part.to_a, part.inserted), locked) for part in result.changes.ranges())


def _enter(session: Session, ending: Ending, head: Head, result: Result, *, at: datetime) -> int:
    ops: list[Op] = [TextOp("text", result.changes)]
    if result.title is not None:
        ops.append(SetOp("title", result.title))
    body = edit(head.state, ops)
    head, _ = draft_store.append_bodies(session, head, [body], origin=Origin(Actor("model", ending.user_id), at))
    return head.seq


def _proposable(text: str, result: Result, locked: Sequence[Range]) -> tuple[list[Hunk], list[Hunk]]:
    """The hunks that can be proposed, and those that would change what the writer has locked."""
    free: list[Hunk] = []
    refused: list[Hunk] = []
    for hunk in hunks_of(text, result.changes):
        harmful = any(touches(change, locked) for change in edits_within(hunk.from_, hunk.old, hunk.new))
        (refused if harmful else free).append(hunk)
    return free, refused


def _told(operations: list[dict[str, Any]], refused: Sequence[Hunk], *, nothing_left: bool) -> list[dict[str, Any]]:
    """The operations, and what of them was left out because a paragraph is locked; with `nothing_left` all of it was."""
    why = {"placed": False, "reason": "locked", "message": "The writer has locked this paragraph."}
    if refused and nothing_left:
        operations = [row | why if row["placed"] else row for row in operations]
    return operations + [
        {"index": index, "op": "replace_text", "block": None, "text": hunk.new, "old": hunk.old, **why}
        for index, hunk in enumerate(refused, start=len(operations))
    ]
