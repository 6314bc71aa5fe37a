"""The events of drafts: writing them with their hash chain, reading them, and the states they lead to."""

import hashlib
import uuid
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, insert, select
from sqlmodel import Session, col

from app.core.canonical import canonical_json
from app.core.chain import GENESIS, ChainLink, event_hash
from app.core.drafts import Actor, Conflict, DraftState, EventBody, PastEvent, evolve
from app.core.errors import UnknownSeq
from app.store.engine.prepared import Prepared
from app.store.tables import DraftEvent, DraftSnapshot, DraftStream

SNAPSHOT_EVERY = 256
_BATCH = 1000

_decode = msgspec.json.Decoder().decode


class Event(msgspec.Struct, frozen=True):
    """A written event. `payload` is None once it was erased; `replica`, `n` and `base_seq` are None if no command made it."""

    draft_id: uuid.UUID
    seq: int
    type: str
    payload: dict[str, Any] | None
    actor: Actor
    device: str
    replica: str | None
    n: int | None
    base_seq: int | None
    at: datetime


class Origin(msgspec.Struct, frozen=True):
    """Who or what a group of events comes from. `command_digest` is kept with the first of them."""

    actor: Actor
    at: datetime
    device: str = ""
    replica: str | None = None
    n: int | None = None
    base_seq: int | None = None
    command_digest: bytes | None = None


_INSERT = Prepared(insert(DraftEvent))


def write_events(
    session: Session, draft_id: uuid.UUID, bodies: Sequence[EventBody], origin: Origin, *, after: tuple[int, bytes]
) -> tuple[list[Event], bytes]:
    """Appends events behind `after`, the seq and hash of the draft's last one. Returns them and the new last hash."""
    seq, hash_ = after
    actor = origin.actor
    written = []
    for part, body in enumerate(bodies):
        seq += 1
        payload = canonical_json(body.payload)
        digest = hashlib.sha256(payload).digest()
        previous, hash_ = (
            hash_,
            event_hash(
                hash_,
                draft_id=draft_id,
                seq=seq,
                type=body.type,
                payload_digest=digest,
                actor_kind=actor.kind,
                actor_id=actor.id,
                replica=origin.replica,
                n=origin.n,
                base_seq=origin.base_seq,
                at=origin.at,
            ),
        )
        _INSERT.run(
            session,
            draft_id=draft_id,
            seq=seq,
            type=body.type,
            actor_kind=actor.kind,
            actor_id=actor.id,
            device=origin.device,
            replica=origin.replica,
            n=origin.n,
            part=part,
            command_digest=origin.command_digest if part == 0 else None,
            base_seq=origin.base_seq,
            at=origin.at,
            payload_digest=digest,
            prev_hash=previous,
            hash=hash_,
            payload=payload.decode(),
        )
        written.append(
            Event(
                draft_id,
                seq,
                body.type,
                body.payload,
                actor,
                origin.device,
                origin.replica,
                origin.n,
                origin.base_seq,
                origin.at,
            )
        )
    return written, hash_


_EVENT_COLUMNS: tuple[Any, ...] = (
    col(DraftEvent.draft_id),
    col(DraftEvent.seq),
    col(DraftEvent.type),
    col(DraftEvent.payload),
    col(DraftEvent.actor_kind),
    col(DraftEvent.actor_id),
    col(DraftEvent.device),
    col(DraftEvent.replica),
    col(DraftEvent.n),
    col(DraftEvent.base_seq),
    col(DraftEvent.at),
)
_OF_DRAFT: Select[*tuple[Any, ...]] = select(*_EVENT_COLUMNS).where(col(DraftEvent.draft_id) == bindparam("draft_id"))
_AFTER = Prepared(
    _OF_DRAFT.where(col(DraftEvent.seq) > bindparam("after"), col(DraftEvent.seq) <= bindparam("up_to")).order_by(
        col(DraftEvent.seq)
    )
)
_OF_COMMAND = Prepared(
    _OF_DRAFT.where(col(DraftEvent.replica) == bindparam("replica"), col(DraftEvent.n) == bindparam("n")).order_by(
        col(DraftEvent.seq)
    )
)
_LAST_COMMAND = Prepared(
    select(col(DraftEvent.n), col(DraftEvent.command_digest))
    .where(col(DraftEvent.draft_id) == bindparam("draft_id"), col(DraftEvent.replica) == bindparam("replica"))
    .where(col(DraftEvent.part) == 0)
    .order_by(col(DraftEvent.n).desc())
    .limit(1)
)
_COMMAND_DIGEST = Prepared(
    select(col(DraftEvent.command_digest))
    .where(col(DraftEvent.draft_id) == bindparam("draft_id"), col(DraftEvent.replica) == bindparam("replica"))
    .where(col(DraftEvent.n) == bindparam("n"), col(DraftEvent.part) == 0)
)


def _event(row: tuple[Any, ...]) -> Event:
    draft_id, seq, type_, payload, actor_kind, actor_id, device, replica, n, base_seq, at = row
    decoded = None if payload is None else _decode(payload)
    return Event(draft_id, seq, type_, decoded, Actor(actor_kind, actor_id), device, replica, n, base_seq, at)


def events_after(session: Session, draft_id: uuid.UUID, after: int, *, limit: int = 500) -> list[Event]:
    """The events with a seq above `after`, in order, at most `limit`."""
    return [_event(row) for row in _AFTER.all(session, draft_id=draft_id, after=after, up_to=after + limit)]


def past_events(session: Session, draft_id: uuid.UUID, *, after: int, up_to: int) -> list[PastEvent]:
    """The same, as later decisions need them."""
    rows = _AFTER.all(session, draft_id=draft_id, after=after, up_to=up_to)
    events = [_event(row) for row in rows]
    return [PastEvent(event.seq, event.type, event.payload, event.actor, event.replica) for event in events]


def last_command(session: Session, draft_id: uuid.UUID, replica: str) -> tuple[int, bytes | None]:
    """The number and digest of a replica's last command, (0, None) for one never seen."""
    row = _LAST_COMMAND.one(session, draft_id=draft_id, replica=replica)
    return (0, None) if row is None else (row[0], row[1])


def command_digest(session: Session, draft_id: uuid.UUID, replica: str, n: int) -> bytes | None:
    row = _COMMAND_DIGEST.one(session, draft_id=draft_id, replica=replica, n=n)
    return None if row is None else row[0]


def events_of_command(session: Session, draft_id: uuid.UUID, replica: str, n: int) -> list[Event]:
    return [_event(row) for row in _OF_COMMAND.all(session, draft_id=draft_id, replica=replica, n=n)]


# Snapshots and past states


class _Snapshot(msgspec.Struct, frozen=True):
    kind: str
    fields: dict[str, Any]
    conflicts: list[dict[str, Any]]
    status: str


# Who acted and when is half the cost of reading an event.
_TO_REPLAY = Prepared(
    select(col(DraftEvent.type), col(DraftEvent.payload))
    .where(col(DraftEvent.draft_id) == bindparam("draft_id"))
    .where(col(DraftEvent.seq) > bindparam("after"), col(DraftEvent.seq) <= bindparam("up_to"))
    .order_by(col(DraftEvent.seq))
)
_INSERT_SNAPSHOT = Prepared(insert(DraftSnapshot))
_NEAREST_SNAPSHOT = Prepared(
    select(col(DraftSnapshot.seq), col(DraftSnapshot.state))
    .where(col(DraftSnapshot.draft_id) == bindparam("draft_id"), col(DraftSnapshot.seq) <= bindparam("seq"))
    .order_by(col(DraftSnapshot.seq).desc())
    .limit(1)
)


def write_snapshot(session: Session, draft_id: uuid.UUID, state: DraftState) -> None:
    """Keeps a state, so that those after it need not be replayed from the beginning."""
    snapshot = _Snapshot(
        state.kind, dict(state.fields), [conflict.to_payload() for conflict in state.conflicts], state.status
    )
    data = zlib.compress(msgspec.json.encode(snapshot), 1)
    _INSERT_SNAPSHOT.run(session, draft_id=draft_id, seq=state.seq, state=data)


def _nearest_snapshot(session: Session, draft_id: uuid.UUID, seq: int) -> DraftState | None:
    row = _NEAREST_SNAPSHOT.one(session, draft_id=draft_id, seq=seq)
    if row is None:
        return None
    snapshot = msgspec.json.decode(zlib.decompress(row[1]), type=_Snapshot)
    conflicts = tuple(Conflict.from_payload(conflict) for conflict in snapshot.conflicts)
    return DraftState(snapshot.kind, row[0], snapshot.fields, conflicts, snapshot.status)  # type: ignore[arg-type]


def state_at(session: Session, draft_id: uuid.UUID, seq: int, *, kind: str) -> DraftState:
    """The draft after event `seq`. Raises UnknownSeq where the log does not reach it, or the words were erased."""
    state = _nearest_snapshot(session, draft_id, seq)
    return replayed(session, draft_id, state or DraftState(kind, 0, {}), up_to=seq)


def replayed(session: Session, draft_id: uuid.UUID, state: DraftState, *, up_to: int) -> DraftState:
    """`state` and all events after it up to `up_to`. Raises UnknownSeq."""
    while state.seq < up_to:
        batch_end = min(state.seq + _BATCH, up_to)
        rows = _TO_REPLAY.all(session, draft_id=draft_id, after=state.seq, up_to=batch_end)
        if not rows:
            raise UnknownSeq(up_to, state.seq)
        for type_, payload in rows:
            if payload is None:
                raise UnknownSeq(up_to, up_to, why="the words written before it were erased")
            state = evolve(state, type_, _decode(payload))
    return state


# The chain

_LINKS: Select[*tuple[Any, ...]] = select(
    *_EVENT_COLUMNS, col(DraftEvent.payload_digest), col(DraftEvent.prev_hash), col(DraftEvent.hash)
)
_LINKS_AFTER = Prepared(
    _LINKS.where(col(DraftEvent.draft_id) == bindparam("draft_id"), col(DraftEvent.seq) > bindparam("after"))
    .order_by(col(DraftEvent.seq))
    .limit(_BATCH)
)


def chain_links(session: Session, draft_id: uuid.UUID) -> Iterator[ChainLink]:
    """All events of a draft as links of its chain, in order of seq, read in batches."""
    after = 0
    while rows := _LINKS_AFTER.all(session, draft_id=draft_id, after=after):
        for row in rows:
            event = _event(row[:11])
            yield ChainLink(
                event.draft_id,
                event.seq,
                event.type,
                event.payload,
                row[11],
                event.actor.kind,
                event.actor.id,
                event.replica,
                event.n,
                event.base_seq,
                event.at,
                row[12],
                row[13],
            )
        after = rows[-1][1]


def draft_ids(session: Session) -> list[uuid.UUID]:
    """Every draft of every kind, oldest first."""
    return list(session.scalars(select(col(DraftStream.id)).order_by(col(DraftStream.id))))


__all__ = [
    "GENESIS",
    "SNAPSHOT_EVERY",
    "Event",
    "Origin",
    "chain_links",
    "command_digest",
    "draft_ids",
    "events_after",
    "events_of_command",
    "last_command",
    "past_events",
    "replayed",
    "state_at",
    "write_events",
    "write_snapshot",
]
