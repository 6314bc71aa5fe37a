"""The hash chain of a draft's event log: each event's hash covers the one before it.

A payload enters only by its digest, so that erasing a person's words leaves the chain whole. Whoever keeps the events
computes nothing here differently: the byte form below is permanent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.canonical import canonical_digest, canonical_json
from app.core.errors import ChainBroken

GENESIS = bytes(32)
"""The hash that comes before the first event of a draft."""

_FORM = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ChainLink:
    """An event as it is kept. `payload` is None once it was erased; `replica`, `n`, `base_seq` are None for events
    that no command made."""

    draft_id: UUID
    seq: int
    type: str
    payload: Any
    payload_digest: bytes
    actor_kind: str
    actor_id: UUID | None
    replica: str | None
    n: int | None
    base_seq: int | None
    at: datetime
    prev_hash: bytes
    hash: bytes


def payload_digest(payload: Any) -> bytes:
    """SHA-256 of the payload's canonical JSON form, 32 bytes."""
    return canonical_digest(payload)


def event_hash(
    prev_hash: bytes,
    *,
    draft_id: UUID,
    seq: int,
    type: str,
    payload_digest: bytes,
    actor_kind: str,
    actor_id: UUID | None,
    replica: str | None,
    n: int | None,
    base_seq: int | None,
    at: datetime,
) -> bytes:
    """The hash of one event, 32 bytes. `at` counts in whole microseconds; ValueError if it has no time zone."""
    if at.tzinfo is None:
        raise ValueError("an event's time needs a time zone")
    facts = [
        _FORM,
        prev_hash.hex(),
        str(draft_id),
        seq,
        type,
        payload_digest.hex(),
        actor_kind,
        None if actor_id is None else str(actor_id),
        replica,
        n,
        base_seq,
        (at - _EPOCH) // _MICROSECOND,
    ]
    return hashlib.sha256(canonical_json(facts)).digest()


def verify_chain(events: Iterable[ChainLink], *, after_seq: int = 0, after_hash: bytes = GENESIS) -> tuple[int, bytes]:
    """Check events in order and return the last seq and hash, to compare with what the draft says its head is.

    Checks may start in mid-log after a known event. Raises ChainBroken at the first event that is missing, moved or
    altered. An erased payload is taken at its digest.
    """
    seq, hash_ = after_seq, after_hash
    for event in events:
        if event.seq != seq + 1:
            raise ChainBroken(seq + 1, f"found event {event.seq} in its place")
        if event.prev_hash != hash_:
            raise ChainBroken(event.seq, "it does not follow the event before it")
        if event.payload is not None and payload_digest(event.payload) != event.payload_digest:
            raise ChainBroken(event.seq, "its content was altered")
        if _hash_of(event) != event.hash:
            raise ChainBroken(event.seq, "its facts were altered")
        seq, hash_ = event.seq, event.hash
    return seq, hash_


def _hash_of(event: ChainLink) -> bytes:
    return event_hash(
        event.prev_hash,
        draft_id=event.draft_id,
        seq=event.seq,
        type=event.type,
        payload_digest=event.payload_digest,
        actor_kind=event.actor_kind,
        actor_id=event.actor_id,
        replica=event.replica,
        n=event.n,
        base_seq=event.base_seq,
        at=event.at,
    )
