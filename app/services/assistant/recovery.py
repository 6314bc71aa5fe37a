"""Turns a killed process left running: ended as interrupted, with the text that was committed and an estimated cost.

Operations that had come whole are suggested, as they are when a turn is stopped; half of one is nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

import msgspec
from providers.base import ModelInfo, Request, Usage
from providers.pricing import Override
from providers.tokens import TokenCounter
from sqlmodel import Session

from app.services.assistant.attempts import Account, Attempt, ledger_entry, usage_data
from app.services.assistant.ending import Ending, TurnEnd, end_turn
from app.services.assistant.output import TurnOutput, text_so_far
from app.services.assistant.requests import Mode, TurnPlan
from app.store import ledger as ledger_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.engine.journal import RunEvent
from app.store.tables import LedgerEntry, Turn


def recover_turn(
    session: Session,
    turn_id: UUID,
    *,
    counter: TokenCounter,
    at: datetime,
    most_dropped: float,
    overrides: Sequence[Override] = (),
    keep_result: bool = True,
) -> bool:
    """One transaction. False when the turn ended meanwhile. Without `keep_result` its text stays in the chat only.

    `most_dropped`: see `Ending`.
    """
    turn = turn_store.get_turn(session, turn_id)
    if turn.state != "running" or turn.answer_message_id is None:
        return False
    text = text_so_far(session, turn_id)
    base_text = version_store.read_text(session, turn.base_version_id) if turn.base_version_id else ""
    output = TurnOutput(
        TurnPlan(
            mode=cast(Mode, turn.mode),
            prompt="",
            title="-",
            text=base_text,
            selection=_selection(turn),
            selected_text="",
            instructions="",
            history=(),
            provider=turn.provider,
            model=ModelInfo(turn.model, turn.model),
            tools=True,
        ),
        answer=[text],
    )
    events = turn_store.run_events_after(session, turn_id, 0)
    output.take_up(*_told_operations(events))
    if not keep_result:
        output.told = {index: row | _NOT_KEPT for index, row in enumerate(output.report())}
    booked = ledger_store.entries_of_turn(session, turn_id)
    entry = _lost_attempt(session, turn, _last_text(events), booked, counter, overrides, at)
    lost = [entry] if entry is not None else []
    last = turn_store.last_run_event(session, turn_id)
    end_turn(
        session,
        ending=Ending(
            turn_id=turn_id,
            draft_id=turn.draft_id,
            conversation_id=turn.conversation_id,
            user_id=turn.user_id,
            answer_message_id=turn.answer_message_id,
            base_version_id=turn.base_version_id,
            base_seq=turn.base_seq,
            apply=cast(Literal["review", "at_once", "beside"], turn.apply),
            model=turn.model,
            estimated_input_tokens=0,
            most_dropped=most_dropped,
        ),
        end=TurnEnd("interrupted", complete=False),
        output=output,
        entries=lost,
        usage=usage_data([*booked, *lost]),
        first_entry=last + 1,
        keep_result=keep_result,
        at=at,
    )
    return True


def _last_text(events: Sequence[RunEvent]) -> str:
    """What the attempt under way had said: the text after the last one started."""
    starts = [index for index, event in enumerate(events) if event.type == "started"]
    later = events[starts[-1] :] if starts else events
    return "".join(msgspec.json.decode(event.data)["delta"] for event in later if event.type == "text")


_NOT_KEPT = {"placed": False, "reason": "interrupted", "message": "The server stopped before this was applied."}


class _Told(NamedTuple):
    """The operations the page had been told of, and how many of them the model had already been answered."""

    rows: list[dict[str, Any]]
    settled: int


def _told_operations(events: Sequence[RunEvent]) -> _Told:
    rows: list[dict[str, Any]] = []
    settled = 0
    for event in events:
        if event.type == "started":
            settled = len(rows)
        elif event.type == "operation":
            rows.append(msgspec.json.decode(event.data))
    return _Told(rows, settled)


def _selection(turn: Turn) -> tuple[int, int] | None:
    if turn.selection_from is None or turn.selection_to is None:
        return None
    return turn.selection_from, turn.selection_to


def _lost_attempt(
    session: Session,
    turn: Turn,
    text: str,
    booked: Sequence[LedgerEntry],
    counter: TokenCounter,
    overrides: Sequence[Override],
    at: datetime,
) -> LedgerEntry | None:
    """The attempt that was under way: its tokens are counted here, since the provider's numbers never came."""
    attempts = turn_store.list_attempts(session, turn.id)
    if not attempts or attempts[-1].attempt in {entry.attempt for entry in booked}:
        return None
    row = attempts[-1]
    attempt = Attempt(
        row.attempt, row.started_at, Request(row.model, "", messages=()), row.answered_model, [text], reached=True
    )
    usage = Usage(
        input_tokens=row.estimated_input_tokens or 0,
        output_tokens=counter.count(text, row.model),
        status="estimated",
    )
    account = Account(
        turn_id=turn.id,
        draft_id=turn.draft_id,
        conversation_id=turn.conversation_id,
        message_id=turn.answer_message_id,
        user_id=turn.user_id,
        provider=turn.provider,
        overrides=overrides,
    )
    return ledger_entry(attempt, account, usage, at, outcome="interrupted")
