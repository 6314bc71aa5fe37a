"""Turns: one request to a model, its attempts, and its run log, which streams are resumed from."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.engine.quick import quick
from app.store.errors import AlreadyExists, NotFound, StaleWrite
from app.store.ids import new_id
from app.store.rows import changed_rows
from app.store.tables import Turn, TurnAttempt, TurnEvent


def create_turn(
    session: Session,
    *,
    draft_id: uuid.UUID,
    conversation_id: uuid.UUID,
    user_id: uuid.UUID,
    mode: str,
    provider: str,
    model: str,
    base_seq: int,
    worker_id: str,
    at: datetime,
    base_version_id: uuid.UUID | None = None,
    prompt_message_id: uuid.UUID | None = None,
    selection: tuple[int, int] | None = None,
    apply: str = "review",
    estimate: dict[str, Any] | None = None,
    turn_id: uuid.UUID | None = None,
) -> Turn:
    """A running turn. Raises AlreadyExists(field="turn") while another one of the draft runs (the database says so)."""
    if running_turn(session, draft_id) is not None:
        raise AlreadyExists("This draft is being worked on by a model already.", field="turn")
    row = Turn(
        id=turn_id or new_id(),
        draft_id=draft_id,
        conversation_id=conversation_id,
        user_id=user_id,
        mode=mode,
        state="running",
        prompt_message_id=prompt_message_id,
        base_version_id=base_version_id,
        base_seq=base_seq,
        selection_from=selection[0] if selection else None,
        selection_to=selection[1] if selection else None,
        apply=apply,
        provider=provider,
        model=model,
        worker_id=worker_id,
        heartbeat_at=at,
        estimate=estimate,
        created_at=at,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        if "turns_running" in str(error.orig) or "turns.draft_id" in str(error.orig):
            raise AlreadyExists("This draft is being worked on by a model already.", field="turn") from error
        raise
    return row


def get_turn(session: Session, turn_id: uuid.UUID) -> Turn:
    """Raises NotFound."""
    row = session.get(Turn, turn_id)
    if row is None:
        raise NotFound("turn")
    return row


def running_turn(session: Session, draft_id: uuid.UUID) -> Turn | None:
    """The draft's running turn, if there is one."""
    return session.scalars(select(Turn).where(col(Turn.draft_id) == draft_id, col(Turn.state) == "running")).first()


def list_turns(session: Session, conversation_id: uuid.UUID) -> list[Turn]:
    """The turns of a conversation, in order."""
    return list(
        session.scalars(
            select(Turn)
            .where(col(Turn.conversation_id) == conversation_id)
            .order_by(col(Turn.created_at), col(Turn.id))
        )
    )


def update_turn(session: Session, turn_id: uuid.UUID, **values: Any) -> None:
    """Sets columns of a turn, but not its state: that is `finish_turn`'s. Raises NotFound."""
    if "state" in values:
        raise ValueError("a turn ends through finish_turn, so that it ends once")
    if not changed_rows(session, update(Turn).where(col(Turn.id) == turn_id).values(**values)):
        raise NotFound("turn")


def finish_turn(session: Session, turn_id: uuid.UUID, *, state: str, at: datetime, **values: Any) -> None:
    """Ends a running turn, once. Raises StaleWrite if it has ended already (stopped and done at the same moment)."""
    ended = (
        update(Turn)
        .where(col(Turn.id) == turn_id, col(Turn.state) == "running")
        .values(state=state, finished_at=at, **values)
    )
    if not changed_rows(session, ended):
        raise StaleWrite("This turn has ended already.", turn_id=str(turn_id))


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


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One entry of a turn's run log; `data` is JSON text, ready to be sent."""

    n: int
    type: str
    data: str
    at: datetime


_INSERT_EVENT = Prepared(insert(TurnEvent))
_EVENTS_AFTER = Prepared(
    select(col(TurnEvent.n), col(TurnEvent.type), col(TurnEvent.data), col(TurnEvent.at))
    .where(col(TurnEvent.turn_id) == bindparam("turn_id"), col(TurnEvent.n) > bindparam("after"))
    .order_by(col(TurnEvent.n))
)


@quick
def append_run_events(session: Session, turn_id: uuid.UUID, events: Sequence[RunEvent]) -> None:
    """Adds entries whose numbers the caller counts from 1; the database refuses a number twice."""
    for event in events:
        _INSERT_EVENT.run(session, turn_id=turn_id, n=event.n, type=event.type, data=event.data, at=event.at)


@quick
def run_events_after(session: Session, turn_id: uuid.UUID, after: int) -> list[RunEvent]:
    """The entries with a number above `after`, in order."""
    return [RunEvent(*row) for row in _EVENTS_AFTER.all(session, turn_id=turn_id, after=after)]


def last_run_event(session: Session, turn_id: uuid.UUID) -> int:
    """The number of the last entry, 0 for none."""
    return session.scalar(select(func.max(col(TurnEvent.n))).where(col(TurnEvent.turn_id) == turn_id)) or 0


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


def finish_attempt(
    session: Session, *, turn_id: uuid.UUID, attempt: int, at: datetime, answered_model: str | None = None
) -> None:
    """Raises NotFound."""
    ended = (
        update(TurnAttempt)
        .where(col(TurnAttempt.turn_id) == turn_id, col(TurnAttempt.attempt) == attempt)
        .values(finished_at=at, answered_model=answered_model)
    )
    if not changed_rows(session, ended):
        raise NotFound("attempt")


def list_attempts(session: Session, turn_id: uuid.UUID) -> list[TurnAttempt]:
    """The attempts of a turn, in order."""
    return list(
        session.scalars(
            select(TurnAttempt).where(col(TurnAttempt.turn_id) == turn_id).order_by(col(TurnAttempt.attempt))
        )
    )
