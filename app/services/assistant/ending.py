"""The end of a turn as one transaction: version, draft event, answer, ledger row, state and last run-log entries.

A result enters the text only where nothing else changed it meanwhile; otherwise it becomes a version beside the current
one. Nothing is overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from sqlmodel import Session

from app.core.commands import Op, SetOp, TextOp
from app.core.drafts import Actor, edit
from app.services.access import text_of
from app.services.assistant.output import Result, TurnOutput
from app.services.assistant.run_log import Entry
from app.store import conversations as conversation_store
from app.store import drafts as draft_store
from app.store import ledger as ledger_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import load_head
from app.store.finance.budgets import release
from app.store.tables import LedgerEntry

State = Literal["done", "stopped", "failed", "interrupted"]


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
    apply: Literal["review", "at_once"]
    model: str
    estimated_input_tokens: int


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """How a turn ended. `complete`: the model came to its own end, so the answer is whole."""

    state: State
    stop_reason: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    retryable: bool | None = None
    complete: bool = True

    @classmethod
    def failed(cls, code: str, message: str, *, retryable: bool) -> Self:
        """The turn failed, with what to tell about it."""
        return cls("failed", error_code=code, error_message=message, retryable=retryable, complete=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """What was committed: the last entries of the run log, and the draft's new position if its text changed."""

    entries: list[Entry]
    seq: int | None


def end_turn(
    session: Session,
    *,
    ending: Ending,
    end: TurnEnd,
    output: TurnOutput,
    entries: Sequence[LedgerEntry],
    usage: dict[str, Any],
    first_entry: int,
    at: datetime,
    keep_result: bool = True,
) -> Ended:
    """Commit everything a turn leaves behind. `entries` are the ledger rows not written yet.

    Raises `StaleWrite` when the turn ended already; with `keep_result` also what the core has against the new text.
    """
    version: version_store.VersionRow | None = None
    seq: int | None = None
    result = output.result() if keep_result else None
    if result is not None:
        seq = _apply(session, ending, end, output, result, at=at)
        version = version_store.add_version(
            session,
            ending.draft_id,
            parent_id=ending.base_version_id,
            text=result.text,
            seq=ending.base_seq if seq is None else seq,
            source="ai_generation" if output.plan.mode == "write" else "ai_edit",
            author_id=ending.user_id,
            model=ending.model,
            turn_id=ending.turn_id,
            make_current=seq is not None,
            at=at,
        )
    operations = output.report()
    for entry in entries:
        entry.version_id = version.id if version is not None else None
        ledger_store.add_entry(session, entry)
    release(session, ending.turn_id)
    conversation_store.update_message(
        session,
        ending.answer_message_id,
        content=output.text,
        details={"mode": output.plan.mode, "operations": operations},
    )
    turn_store.finish_turn(
        session,
        ending.turn_id,
        state=end.state,
        stop_reason=end.stop_reason,
        error_code=end.error_code,
        error_message=end.error_message,
        error_retryable=end.retryable,
        version_id=version.id if version is not None else None,
        applied=seq is not None,
        at=at,
    )
    last = _last_entries(end, version, seq, operations, usage, first_entry)
    turn_store.append_run_events(session, ending.turn_id, [item.row(at) for item in last])
    return Ended(last, seq)


def _apply(
    session: Session, ending: Ending, end: TurnEnd, output: TurnOutput, result: Result, *, at: datetime
) -> int | None:
    """Put the result into the text if it may go there; the new position, or None."""
    plan = output.plan
    if ending.apply != "at_once":
        return None
    unfinished = end.state != "done" or (plan.mode == "write" and not end.complete)
    if unfinished and plan.text.strip():
        return None  # half a text does not take the place of a whole one
    head = load_head(session, ending.draft_id, lock=True)
    if head is None or head.deleted_at is not None or head.state.status != "open" or text_of(head) != plan.text:
        return None
    ops: list[Op] = [TextOp("text", result.changes)]
    if result.title is not None:
        ops.append(SetOp("title", result.title))
    body = edit(head.state, ops)
    head, _ = draft_store.append_bodies(session, head, [body], origin=Origin(Actor("model", ending.user_id), at))
    return head.seq


def _last_entries(
    end: TurnEnd,
    version: version_store.VersionRow | None,
    seq: int | None,
    operations: list[dict[str, Any]],
    usage: dict[str, Any],
    first: int,
) -> list[Entry]:
    entries: list[tuple[str, dict[str, Any]]] = [("usage", usage)] if usage else []
    if operations:
        entries.append(("operations", {"items": operations}))
    if version is not None:
        entries.append(
            ("version", {"id": str(version.id), "number": version.number, "applied": seq is not None, "seq": seq})
        )
    match end.state:
        case "done":
            entries.append(("done", {"stop_reason": end.stop_reason}))
        case "failed":
            entries.append(
                ("failed", {"code": end.error_code, "message": end.error_message, "retryable": bool(end.retryable)})
            )
        case "stopped" | "interrupted":
            entries.append((end.state, {}))
    return [Entry(first + index, type_, data) for index, (type_, data) in enumerate(entries)]
