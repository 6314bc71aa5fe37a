"""The end of a turn as one transaction: version, draft event, answer, ledger row, state and last run-log entries.

A result enters the text at once only if that was asked for, nothing else changed the text meanwhile, and it takes away
neither a locked paragraph nor a large part of the text. Otherwise it becomes a version beside the current one, and its
hunks are proposed. Nothing is overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from sqlmodel import Session

from app.services.assistant.output import TurnOutput
from app.services.assistant.run_log import Entry
from app.services.assistant.settling import Ending, Outcome, settle
from app.store import conversations as conversation_store
from app.store import ledger as ledger_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.engine.journal import RunEvent
from app.store.finance.budgets import release
from app.store.tables import LedgerEntry

__all__ = ["Ended", "Ending", "TurnEnd", "end_turn"]

State = Literal["done", "stopped", "failed", "interrupted"]


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
    proposed: int = 0
    """Number of hunks that now wait for a decision."""


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
    run_events: Sequence[RunEvent] = (),
    keep_result: bool = True,
) -> Ended:
    """Commit everything a turn leaves behind. `entries` are the ledger rows not written yet, `run_events` what of its run
    log may not be.

    Raises `StaleWrite` when the turn ended already; with `keep_result` also what the core has against the new text.
    """
    version: version_store.VersionRow | None = None
    seq: int | None = None
    result = output.result() if keep_result else None
    outcome = Outcome(None, output.report())
    if result is not None:
        outcome = settle(session, ending, output, result, whole=_is_whole(end, output), at=at)
        seq = outcome.seq
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
    operations = outcome.operations
    for entry in entries:
        entry.version_id = version.id if version is not None else None
        ledger_store.add_entry(session, entry)
    release(session, ending.turn_id)
    conversation_store.write_answer(
        session,
        ending.answer_message_id,
        content=output.text,
        details={"mode": output.plan.mode, "operations": operations} | _proposed(outcome),
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
    if run_events:
        turn_store.catch_up_run_events(session, {ending.turn_id: run_events})
    last = _last_entries(end, version, outcome, usage, first_entry)
    turn_store.append_run_events(session, {ending.turn_id: [item.row(at) for item in last]})
    return Ended(last, seq, outcome.proposed)


def _is_whole(end: TurnEnd, output: TurnOutput) -> bool:
    """Whether the result is what the model meant: half a text does not take the place of a whole one."""
    unfinished = end.state != "done" or (output.plan.mode == "write" and not end.complete)
    return not unfinished or not output.plan.text.strip()


def _proposed(outcome: Outcome) -> dict[str, Any]:
    """What the answer remembers of its proposals."""
    if not outcome.proposed:
        return {}
    return {"proposed": outcome.proposed} | ({"dropped": list(outcome.dropped)} if outcome.dropped else {})


def _last_entries(
    end: TurnEnd,
    version: version_store.VersionRow | None,
    outcome: Outcome,
    usage: dict[str, Any],
    first: int,
) -> list[Entry]:
    entries: list[tuple[str, dict[str, Any]]] = [("usage", usage)] if usage else []
    if outcome.operations:
        entries.append(("operations", {"items": outcome.operations}))
    if version is not None:
        applied = {"applied": outcome.seq is not None, "seq": outcome.seq}
        entries.append(("version", {"id": str(version.id), "number": version.number, **applied}))
    if outcome.proposed:
        waiting = {"needs_confirmation": {"dropped": list(outcome.dropped)}} if outcome.dropped else {}
        entries.append(("proposals", {"count": outcome.proposed, **waiting}))
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
