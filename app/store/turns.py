"""Turns: one request to a model, its attempts, and its run log, which streams are resumed from."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update
from sqlmodel import Session, col

from app.store.engine.journal import RunEvent
from app.store.engine.prepared import Prepared
from app.store.engine.quick import quick
from app.store.errors import NotFound, StaleWrite
from app.store.rows import changed_rows
from app.store.tables import Turn, TurnAttempt, TurnEvent


def get_turn(session: Session, turn_id: uuid.UUID) -> Turn:
    """Raises NotFound."""
    row = session.get(Turn, turn_id)
    if row is None:
        raise NotFound("turn")
    return row


def is_running(session: Session, turn_id: uuid.UUID) -> bool:
    """Raises NotFound."""
    return get_turn(session, turn_id).state == "running"


def running_turn(session: Session, draft_id: uuid.UUID) -> Turn | None:
    """The draft's running turn, if there is one."""
    return session.scalars(select(Turn).where(col(Turn.draft_id) == draft_id, col(Turn.state) == "running")).first()


def writing_turn(session: Session, draft_id: uuid.UUID) -> Turn | None:
    """A running turn of the draft whose result is a change of its text, if there is one."""
    writing = col(Turn.mode) != "ask"
    return session.scalars(
        select(Turn).where(col(Turn.draft_id) == draft_id, col(Turn.state) == "running", writing).limit(1)
    ).first()


def list_turns(session: Session, conversation_id: uuid.UUID) -> list[Turn]:
    """The turns of a conversation, in order."""
    return list(
        session.scalars(
            select(Turn)
            .where(col(Turn.conversation_id) == conversation_id)
            .order_by(col(Turn.created_at), col(Turn.id))
        )
    )


_OUTCOME = (
    "state", "finished_at", "stop_reason", "error_code", "error_message", "error_retryable", "version_id", "applied",
)  # fmt: skip
_FINISH = Prepared(
    update(Turn)
    .where(col(Turn.id) == bindparam("turn_id"), col(Turn.state) == "running")
    .values({name: bindparam(f"new_{name}", type_=Turn.__table__.c[name].type) for name in _OUTCOME})  # type: ignore[attr-defined]
)


def finish_turn(
    session: Session,
    turn_id: uuid.UUID,
    *,
    state: str,
    at: datetime,
    stop_reason: str | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
    error_retryable: bool | None = None,
    version_id: uuid.UUID | None = None,
    applied: bool = False,
) -> None:
    """Ends a running turn, once. Raises StaleWrite if it has ended already (stopped and done at the same moment)."""
    session.flush()  # what a statement past the session relies on
    ended = _FINISH.run(
        session,
        turn_id=turn_id,
        new_state=state,
        new_finished_at=at,
        new_stop_reason=stop_reason,
        new_error_code=error_code,
        new_error_message=error_message,
        new_error_retryable=error_retryable,
        new_version_id=version_id,
        new_applied=applied,
    )
    if not ended:
        raise StaleWrite("This turn has ended already.", turn_id=str(turn_id))


def mark_applied(session: Session, turn_id: uuid.UUID) -> None:
    """Notes that the version a turn made is what the text says: a person took it over as a whole."""
    changed_rows(session, update(Turn).where(col(Turn.id) == turn_id).values(applied=True))


def heartbeat(session: Session, turn_ids: Sequence[uuid.UUID], *, at: datetime) -> None:
    """Notes that the process running these turns still lives."""
    beat = update(Turn).where(col(Turn.id).in_(turn_ids), col(Turn.state) == "running").values(heartbeat_at=at)
    changed_rows(session, beat)


def abandoned_turns(session: Session, *, silent_since: datetime, worker_id: str | None = None) -> list[Turn]:
    """Running turns without a sign of life since then; with `worker_id` also all that this worker ran before it
    started again."""
    silent = col(Turn.heartbeat_at) < silent_since
    if worker_id is not None:
        silent = silent | (col(Turn.worker_id) == worker_id)
    return list(session.scalars(select(Turn).where(col(Turn.state) == "running", silent)))


# The run log


_INSERT_EVENT = Prepared(insert(TurnEvent))
_EVENTS_AFTER = Prepared(
    select(col(TurnEvent.n), col(TurnEvent.type), col(TurnEvent.data), col(TurnEvent.at))
    .where(col(TurnEvent.turn_id) == bindparam("turn_id"), col(TurnEvent.n) > bindparam("after"))
    .order_by(col(TurnEvent.n))
)


@quick
def append_run_events(session: Session, events: Mapping[uuid.UUID, Sequence[RunEvent]]) -> None:
    """Adds entries by turn, whose numbers the caller counts from 1; the database refuses a number twice."""
    if not events:
        return
    _INSERT_EVENT.many(
        session,
        [
            {"turn_id": turn_id, "n": event.n, "type": event.type, "data": event.data, "at": event.at}
            for turn_id, added in events.items()
            for event in added
        ],
    )


def catch_up_run_events(session: Session, events: Mapping[uuid.UUID, Sequence[RunEvent]]) -> None:
    """Adds the entries that follow on what a turn's log holds, and leaves out those it has. Raises NotFound for a turn
    that is gone."""
    missing: dict[uuid.UUID, list[RunEvent]] = {}
    for turn_id, given in events.items():
        last = last_run_event(session, turn_id)
        if not last and session.get(Turn, turn_id) is None:
            raise NotFound("turn")
        for event in given:
            if event.n == last + 1:
                missing.setdefault(turn_id, []).append(event)
                last = event.n
    append_run_events(session, missing)


@quick
def run_events_after(session: Session, turn_id: uuid.UUID, after: int) -> list[RunEvent]:
    """The entries with a number above `after`, in order."""
    return [RunEvent(*row) for row in _EVENTS_AFTER.all(session, turn_id=turn_id, after=after)]


_LAST_EVENT = Prepared(select(func.max(col(TurnEvent.n))).where(col(TurnEvent.turn_id) == bindparam("turn_id")))


def last_run_event(session: Session, turn_id: uuid.UUID) -> int:
    """The number of the last entry, 0 for none."""
    row = _LAST_EVENT.one(session, turn_id=turn_id)
    return (row and row[0]) or 0


# Attempts


def start_attempt(
    session: Session,
    *,
    turn_id: uuid.UUID,
    attempt: int,
    provider: str,
    model: str,
    at: datetime,
    estimated_input_tokens: int | None = None,
) -> TurnAttempt:
    """Written before the provider is called; what was spent is in the ledger after it answered."""
    row = TurnAttempt(
        turn_id=turn_id,
        attempt=attempt,
        provider=provider,
        model=model,
        started_at=at,
        estimated_input_tokens=estimated_input_tokens,
    )
    session.add(row)
    session.flush()
    return row


def list_attempts(session: Session, turn_id: uuid.UUID) -> list[TurnAttempt]:
    """The attempts of a turn, in order."""
    return list(
        session.scalars(
            select(TurnAttempt).where(col(TurnAttempt.turn_id) == turn_id).order_by(col(TurnAttempt.attempt))
        )
    )
