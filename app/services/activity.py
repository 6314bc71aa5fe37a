"""What happened to a draft: its log in sittings, its numbers, and any moment of it brought back."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.activity import Sitting, What, is_about, sitting_of
from app.core.drafts import Actor, DraftState, Op, ReplaceOp, SetOp, edit
from app.core.errors import UnknownSeq
from app.core.kinds import FieldType, kind_named
from app.services.access import owned_draft, require_at_rest
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, Missing
from app.services.fanout import Fanout
from app.services.versions import checkpoint_unit
from app.services.views import ActorView
from app.store import drafts as draft_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.drafting import activity as store
from app.store.drafting.event_log import Origin, events_after
from app.store.drafting.heads import Head

_MOST_SITTINGS = 50
_MOST_EVENTS = 5_000
"""So many events are read for one page of sittings; a sitting longer than that goes on on the next page."""


class SittingView(msgspec.Struct, frozen=True):
    """One author's run of changes on one device. `inserted` and `removed` count characters of texts, `seconds` the time
    between saves without pauses of more than five minutes; `status` is what happened to the whole draft."""

    actor: ActorView
    device: str
    from_seq: int
    to_seq: int
    started_at: datetime
    ended_at: datetime
    saves: int
    inserted: int
    removed: int
    seconds: int
    fields: list[str]
    conflicts_opened: int
    conflicts_resolved: int
    status: list[str]


class ActivityPage(msgspec.Struct, frozen=True):
    """Sittings, newest first; `next` is the event before which the list goes on, null at the beginning of the log."""

    items: list[SittingView]
    head: int
    next: int | None


class DeviceView(msgspec.Struct, frozen=True):
    device: str
    saves: int
    last_at: datetime


class DraftNumbers(msgspec.Struct, frozen=True):
    """A draft in numbers. `sync`: as the server knows it; what a device has not sent yet only that device can tell."""

    sync: str
    events: int
    words: int
    completion: int
    autosaves: int
    manual_saves: int
    conflicts: int
    seconds_spent: int
    devices: list[DeviceView]
    created_at: datetime
    saved_at: datetime


class Moment(msgspec.Struct, frozen=True):
    """The draft's position after a moment of it was brought back, and the version that holds it (documents only)."""

    seq: int
    version_id: UUID | None
    version_number: int | None


class Activity:
    def __init__(self, db: Database, clock: Clock, fanout: Fanout) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout

    async def sittings(
        self,
        person: Principal,
        draft_id: UUID,
        *,
        before: int | None = None,
        who: str | None = None,
        what: What | None = None,
    ) -> ActivityPage:
        """One page of what happened, newest first; only what a `who` (user, model, system) did, or one sort of it."""

        def query(session: Session) -> ActivityPage:
            head = owned_draft(session, person.id, draft_id)
            start = head.seq + 1 if before is None else before
            found, rest = _sittings(session, draft_id, start, who, what)
            names = store.names_of(session, {sitting.actor_id for sitting in found if sitting.actor_id is not None})
            return ActivityPage([_view(sitting, names) for sitting in found], head.seq, rest)

        return await self._db.read(query)

    async def numbers(self, person: Principal, draft_id: UUID) -> DraftNumbers:
        """The draft in numbers, the time spent on it included."""

        def query(session: Session) -> DraftNumbers:
            head = owned_draft(session, person.id, draft_id)
            conflicts = len(head.state.conflicts)
            return DraftNumbers(
                sync="conflict" if conflicts else "synced",
                events=head.seq,
                words=head.words,
                completion=head.completion,
                autosaves=head.autosaves,
                manual_saves=head.manual_saves,
                conflicts=conflicts,
                seconds_spent=store.seconds_spent(session, draft_id),
                devices=[DeviceView(use.device, use.saves, use.last_at) for use in store.devices(session, draft_id)],
                created_at=head.created_at,
                saved_at=head.saved_at,
            )

        return await self._db.read(query)

    async def restore(self, person: Principal, draft_id: UUID, seq: int, *, device: str = "") -> Moment:
        """Bring the draft's fields back as they were after event `seq`, as a change of now; of a document also as a
        version. What stands there stays in the log, and as a version. Raises `Missing` or `Conflict`."""
        at = self._clock()

        def unit(session: Session) -> Moment:
            head = owned_draft(session, person.id, draft_id, lock=True)
            if head.state.status != "open":
                raise Conflict("draft_closed", "This draft is in the trash or submitted; put it back first.")
            then = _state(session, head, seq)
            document = head.kind == "document"
            if document:
                require_at_rest(session, draft_id)
                checkpoint_unit(session, head, at=at)
            ops = _ops_back(head.state, then)
            if ops:
                origin = Origin(Actor("user", person.id), at, device)
                head, _ = draft_store.append_bodies(
                    session, head, [edit(head.state, ops)], origin=origin, manual_saves=1
                )
            if not document:
                return Moment(head.seq, None, None)
            version = version_store.add_version(
                session,
                draft_id,
                text=then.fields["text"],
                seq=head.seq,
                source="user",
                author_id=person.id,
                parent_id=version_store.newest_until(session, draft_id, seq),
                label=f"Restored from {_moment(session, draft_id, seq)}",
                at=at,
            )
            return Moment(head.seq, version.id, version.number)

        moment = await self._db.write(unit)
        self._fanout.publish(draft_id, moment.seq)
        return moment


def _sittings(
    session: Session, draft_id: UUID, before: int, who: str | None, what: What | None
) -> tuple[list[Sitting], int | None]:
    found: list[Sitting] = []
    for looked, act in enumerate(store.acts_before(session, draft_id, before), start=1):
        if (who is None or act.actor_kind == who) and is_about(act, what):
            if found and found[-1].takes(act):
                found[-1].earlier(act)
            elif len(found) == _MOST_SITTINGS:
                return found, act.seq + 1
            else:
                found.append(sitting_of(act))
        if looked == _MOST_EVENTS and act.seq > 1:
            return found, act.seq
    return found, None


def _view(sitting: Sitting, names: dict[UUID, str]) -> SittingView:
    actor = sitting.actor_id
    name = names.get(actor, "") if actor is not None and sitting.actor_kind == "user" else ""
    return SittingView(
        ActorView(sitting.actor_kind, actor, name),
        sitting.device,
        sitting.from_seq,
        sitting.to_seq,
        sitting.started_at,
        sitting.ended_at,
        sitting.saves,
        sitting.inserted,
        sitting.removed,
        sitting.seconds,
        sitting.fields,
        sitting.conflicts_opened,
        sitting.conflicts_resolved,
        sitting.status,
    )


def _state(session: Session, head: Head, seq: int) -> DraftState:
    if not 1 <= seq <= head.seq:
        raise Missing(f"This draft has events 1 to {head.seq}.")
    try:
        return draft_store.state_at(session, head.id, seq)
    except UnknownSeq as error:
        raise Missing(error.message) from error


def _ops_back(now: DraftState, then: DraftState) -> list[Op]:
    """The operations that make every field what it was; fields that came later keep what they hold."""
    kind = kind_named(now.kind)
    ops: list[Op] = []
    for name, value in then.fields.items():
        if now.fields.get(name) != value:
            text = kind.field(name).type is FieldType.TEXT
            ops.append(ReplaceOp(name, value) if text else SetOp(name, value))
    return ops


def _moment(session: Session, draft_id: UUID, seq: int) -> str:
    [event] = events_after(session, draft_id, seq - 1, limit=1)
    at: Any = event.at
    return f"{at:%Y-%m-%d %H:%M} UTC"
