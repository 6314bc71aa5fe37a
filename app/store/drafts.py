"""Drafts of every kind: create, append, load. The write path of the draft core, from command to committed events.

A unit here locks the head, lets `core.drafts` decide, appends the events, and saves head and projection, all in one
transaction. Lists and statistics are in `draft_lists.py`.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlmodel import Session

from app.core.drafts import (
    CONFLICT_OPENED,
    DRAFT_DISCARDED,
    DRAFT_RECOVERED,
    Actor,
    Command,
    Conflict,
    DraftState,
    EventBody,
    PastEvent,
    ReplaceOp,
    create,
    decide,
    digest,
    evolve,
    fill,
    initial,
    parse_command,
)
from app.core.errors import DraftClosed, ReplicaFork, ReplicaGap
from app.store import shares
from app.store.drafting import event_log
from app.store.drafting.event_log import (
    GENESIS,
    SNAPSHOT_EVERY,
    Event,
    Origin,
    events_after,
    write_events,
    write_snapshot,
)
from app.store.drafting.head_cache import heads_of
from app.store.drafting.heads import Head, insert_head, load_head, lock_place, owned_head, update_head
from app.store.drafting.message_projection import require_place
from app.store.drafting.projections import has_row, project, projection_of
from app.store.drafting.summaries import counted_words, summarised, words_after_event
from app.store.engine.quick import expect_slow, quick
from app.store.errors import NotFound
from app.store.ids import new_id

__all__ = [
    "Appended",
    "Event",
    "Head",
    "append_bodies",
    "append_command",
    "create_stream",
    "discard",
    "events_after",
    "load_draft",
    "load_head",
    "owned_head",
    "receive_command",
    "recover",
    "state_at",
]

# Beyond these a command is no longer a matter of microseconds, and leaves the event loop.
_SLOW_EVENTS_BEHIND = 64
_SLOW_TEXT_CHARACTERS = 300_000


class Appended(msgspec.Struct, frozen=True):
    """What became of a command. `seq` is its last event; `conflicts` are those it opened. `duplicate`: it had been
    received before, and this is the answer it got then. `head` is the draft now."""

    seq: int
    events: tuple[Event, ...]
    conflicts: tuple[Conflict, ...]
    duplicate: bool
    head: Head


# Creating


def create_stream(
    session: Session,
    *,
    kind: str,
    owner_id: uuid.UUID,
    actor: Actor,
    at: datetime,
    fields: Mapping[str, Any] | None = None,
    filled: Mapping[str, Any] | None = None,
    draft_id: uuid.UUID | None = None,
    device: str = "",
    discarded: bool = False,
) -> Head:
    """A new draft with its first event; `filled` are set in an event after it; `discarded` puts it into the trash at
    once, for drafts that come from elsewhere.

    Raises UnknownKind, UnknownField, InvalidValue or TooLarge.
    """
    projection = projection_of(kind)
    bodies = [create(kind, fields)]
    state = evolve(initial(kind), bodies[0].type, bodies[0].payload)
    if filled:
        bodies.append(fill(state, filled))
        state = evolve(state, bodies[-1].type, bodies[-1].payload)
    if discarded:
        bodies.append(EventBody(DRAFT_DISCARDED, {}))
        state = evolve(state, bodies[-1].type, bodies[-1].payload)
    blank = Head(
        id=draft_id or new_id(),
        owner_id=owner_id,
        hash=GENESIS,
        title="",
        excerpt="",
        words=0,
        completion=0,
        autosaves=0,
        manual_saves=0,
        saved_at=at,
        created_at=at,
        deleted_at=None,
        expires_at=None,
        state=DraftState(kind, 0, {}),
    )
    head = summarised(blank, state, words=counted_words(state), at=at, types=[body.type for body in bodies])
    insert_head(session, head)
    if has_row(kind, state.status):
        projection.insert(session, head.id, owner_id=owner_id, fields=state.fields, at=at)
    _, hash_ = write_events(session, head.id, bodies, Origin(actor, at, device), after=(0, GENESIS))
    head = msgspec.structs.replace(head, hash=hash_)
    update_head(session, head)
    return head


# Appending what a page or a program sends


@quick
def receive_command(
    session: Session,
    *,
    draft_id: uuid.UUID,
    user_id: uuid.UUID,
    json: object,
    actor: Actor,
    at: datetime,
    device: str = "",
) -> Appended:
    """`append_command` for a command as it came in, which can be read only once the draft's kind is known."""
    draft = _locked(session, draft_id, user_id)
    command = parse_command(draft.head.kind, json, device=device)
    return _append(session, draft, command, actor=actor, at=at)


@quick
def append_command(
    session: Session, *, draft_id: uuid.UUID, user_id: uuid.UUID, command: Command, actor: Actor, at: datetime
) -> Appended:
    """Appends a command's events, once: a repeated command gets its first answer again.

    Raises NotFound (also for strangers), ReplicaFork, ReplicaGap, and what `core.drafts.decide` raises.
    """
    return _append(session, _locked(session, draft_id, user_id), command, actor=actor, at=at)


class _Locked(msgspec.Struct, frozen=True):
    """A draft nobody else can append to now. `commands`: the last one of replicas, as far as remembered."""

    head: Head
    rebuilds: int
    commands: dict[str, tuple[int, bytes]]


def _locked(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID) -> _Locked:
    place = lock_place(session, draft_id)
    if place is None:
        raise NotFound("draft")
    if place.owner_id != user_id:
        shares.require_editor(session, draft_id, user_id)
    heads = heads_of(session)
    if heads is not None:
        found = heads.find(draft_id, hash_=place.hash, rebuilds=place.rebuilds)
        if found is not None:
            return _Locked(found.head, place.rebuilds, found.commands)
    return _Locked(load_draft(session, draft_id), place.rebuilds, {})


def _append(session: Session, draft: _Locked, command: Command, *, actor: Actor, at: datetime) -> Appended:
    head = draft.head
    if head.kind == "message":
        require_place(session, head.state.fields, head.owner_id)
    command_digest = digest(command)
    last_n, last_digest = draft.commands.get(command.replica) or event_log.last_command(
        session, head.id, command.replica
    )
    if command.n <= last_n:
        known = last_digest if command.n == last_n else None
        return _again(session, head, command, command_digest, known_digest=known)
    if command.n != last_n + 1:
        raise ReplicaGap(command.replica, command.n, expected=last_n + 1)
    if _is_slow(head, command):
        expect_slow(session)
    bodies = decide(
        head.state,
        command,
        actor=actor,
        since=_since(session, head, command),
        new_id=new_id,
        base_fields=lambda: event_log.state_at(session, head.id, command.base_seq, kind=head.kind).fields,
    )
    origin = Origin(actor, at, command.device, command.replica, command.n, command.base_seq, command_digest)
    head, events = append_bodies(session, head, bodies, origin=origin, autosaves=1)
    heads = heads_of(session)
    if heads is not None:
        commands = {**draft.commands, command.replica: (command.n, command_digest)}
        heads.keep(head, rebuilds=draft.rebuilds, commands=commands)
    return Appended(events[-1].seq, tuple(events), _opened(events), False, head)


def _is_slow(head: Head, command: Command) -> bool:
    if head.seq - command.base_seq > _SLOW_EVENTS_BEHIND or any(isinstance(op, ReplaceOp) for op in command.ops):
        return True
    return any(isinstance(value, str) and len(value) > _SLOW_TEXT_CHARACTERS for value in head.state.fields.values())


def _since(session: Session, head: Head, command: Command) -> list[PastEvent]:
    if command.base_seq >= head.seq:
        return []
    return event_log.past_events(session, head.id, after=command.base_seq, up_to=head.seq)


def _again(
    session: Session, head: Head, command: Command, command_digest: bytes, *, known_digest: bytes | None
) -> Appended:
    stored = known_digest or event_log.command_digest(session, head.id, command.replica, command.n)
    if stored != command_digest:
        raise ReplicaFork(command.replica, command.n)
    events = event_log.events_of_command(session, head.id, command.replica, command.n)
    return Appended(events[-1].seq, tuple(events), _opened(events), True, head)


def _opened(events: Sequence[Event]) -> tuple[Conflict, ...]:
    if len(events) == 1:
        return ()
    return tuple(
        Conflict.from_payload(event.payload)
        for event in events
        if event.type == CONFLICT_OPENED and event.payload is not None
    )


# Appending what was decided


def append_bodies(
    session: Session,
    head: Head,
    bodies: Sequence[EventBody],
    *,
    origin: Origin,
    autosaves: int = 0,
    manual_saves: int = 0,
) -> tuple[Head, list[Event]]:
    """Appends decided events behind `head`, which the caller loaded with `lock=True` in this unit.

    Returns the new head and the events. `autosaves` and `manual_saves` are added to the draft's counters.
    """
    state, words = head.state, head.words
    for body in bodies:
        before, state = state, evolve(state, body.type, body.payload, parsed=body.parsed)
        words = words_after_event(words, before, state, body)
    events, hash_ = write_events(session, head.id, bodies, origin, after=(head.seq, head.hash))
    counted = msgspec.structs.replace(
        head, hash=hash_, autosaves=head.autosaves + autosaves, manual_saves=head.manual_saves + manual_saves
    )
    new_head = summarised(counted, state, words=words, at=origin.at, types=[body.type for body in bodies])
    update_head(session, new_head, before=head)
    project(
        session,
        head.id,
        owner_id=head.owner_id,
        before=head.state,
        after=state,
        created_at=head.created_at,
        at=origin.at,
    )
    if state.seq // SNAPSHOT_EVERY > head.seq // SNAPSHOT_EVERY:
        write_snapshot(session, head.id, state)
    return new_head, events


# The trash


def discard(session: Session, *, draft_id: uuid.UUID, user_id: uuid.UUID, actor: Actor, at: datetime) -> Head:
    """Puts a draft into the trash; a second time changes nothing. Raises NotFound, or DraftClosed for a submitted one."""
    head = owned_head(session, draft_id, user_id, lock=True)
    if head.deleted_at is not None:
        return head
    if head.state.status == "submitted":
        raise DraftClosed(head.state.status)
    return append_bodies(session, head, [EventBody(DRAFT_DISCARDED, {})], origin=Origin(actor, at))[0]


def recover(session: Session, *, draft_id: uuid.UUID, user_id: uuid.UUID, actor: Actor, at: datetime) -> Head:
    """Takes a draft out of the trash; one that is not in it stays as it is. Raises NotFound."""
    head = owned_head(session, draft_id, user_id, lock=True)
    if head.deleted_at is None:
        return head
    return append_bodies(session, head, [EventBody(DRAFT_RECOVERED, {})], origin=Origin(actor, at))[0]


# Loading


@quick
def load_draft(session: Session, draft_id: uuid.UUID) -> Head:
    """The draft as it is, without asking whose it is. Raises NotFound."""
    head = load_head(session, draft_id)
    if head is None:
        raise NotFound("draft")
    return head


def state_at(session: Session, draft_id: uuid.UUID, seq: int) -> DraftState:
    """The draft as it was after event `seq`. Raises NotFound, or UnknownSeq."""
    head = load_draft(session, draft_id)
    if seq == head.seq:
        return head.state
    return event_log.state_at(session, draft_id, seq, kind=head.kind)
