"""Drafts: create, list, read, change by commands, resolve conflicts, discard, recover. Thin over the core and the store."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor, Conflict, DraftState, resolve
from app.core.errors import UnknownSeq
from app.core.expiry import ExpiryRules
from app.core.kinds import KINDS
from app.metrics import Metrics
from app.services import submitting
from app.services.access import editable_draft, owned_draft, visible_draft
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict as ConflictError
from app.services.errors import InvalidInput, Missing, ServiceError
from app.services.expiry import expires_at
from app.services.fanout import Fanout
from app.services.goals.publishing import checked_new
from app.services.submitting import Check
from app.services.views import (
    ActorView,
    CommandAnswer,
    ConflictView,
    ConversationSummary,
    DraftSummary,
    DraftView,
    Events,
    EventView,
    Page,
    StateView,
    VersionName,
    usd,
)
from app.store import conversations as conversation_store
from app.store import drafts as draft_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.drafting import draft_lists
from app.store.drafting.event_log import Event, Origin
from app.store.drafting.heads import Head, load_head, lock_place
from app.store.drafting.projections import projection_of

_MOST_PER_PAGE = 200
_SORTS: dict[str, draft_lists.Sort] = {
    "-saved_at": "saved",
    "-created_at": "created",
    "title": "title",
    "-words": "words",
    "-completion": "completion",
}
_MOST_EVENTS = 2_000
_COPY = " (copy)"
_STATUSES = ("open", "submitted", "discarded", "complete", "conflict")

_decode = msgspec.json.Decoder().decode


class DraftStatistics(msgspec.Struct, frozen=True):
    """Over all drafts outside the trash: counts, words in total, completion in percent."""

    total: int
    completed: int
    average_completion: float
    words: int
    synced: int
    in_conflict: int


class Drafts:
    """Use cases of drafts."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fanout: Fanout,
        metrics: Metrics,
        expiry: ExpiryRules,
        checks: Mapping[str, Check] | None = None,
        followers: Mapping[str, Callable[[Head], None]] | None = None,
        submitted: Callable[[], None] = lambda: None,
    ) -> None:
        """`checks` say by kind what keeps a draft from being submitted; `followers` are told, after the commit, of a
        change to a draft of their kind that others may see; `submitted` is called after one was."""
        self._checks = checks or {}
        self._followers = followers or {}
        self._submitted = submitted
        self._db = db
        self._expiry = expiry
        self._clock = clock
        self._fanout = fanout
        self._metrics = metrics

    async def create(
        self,
        person: Principal,
        *,
        kind: str = "document",
        title: str = "",
        text: str = "",
        fields: dict[str, Any] | None = None,
        device: str = "",
    ) -> DraftView:
        """A new draft. `title` and `text` are short for the fields of these names."""
        given = dict(fields or {})
        given |= {name: value for name, value in (("title", title), ("text", text)) if value}

        def unit(session: Session) -> DraftView:
            entered = checked_new(session, person, given) if kind == "message" else given
            head = draft_store.create_stream(
                session,
                kind=kind,
                owner_id=person.id,
                actor=_actor(person),
                at=self._clock(),
                fields=entered,
                device=device,
            )
            return draft_view(session, head, self._expiry)

        return await self._db.write(unit)

    async def create_once(
        self, person: Principal, draft_id: UUID, *, kind: str, fields: dict[str, Any], device: str = ""
    ) -> tuple[DraftView, bool]:
        """A new draft under an id its device chose, perhaps without a network: asked for again, it is the same one. The
        draft, and whether it is new. Raises `Conflict` for an id that is taken otherwise."""

        def unit(session: Session) -> tuple[DraftView, bool]:
            known = _made_before(session, person, draft_id)
            if known is not None:
                if known.kind != kind:
                    raise _taken()
                return draft_view(session, known, self._expiry), False
            head = draft_store.create_stream(
                session,
                draft_id=draft_id,
                kind=kind,
                owner_id=person.id,
                actor=_actor(person),
                at=self._clock(),
                fields=checked_new(session, person, fields) if kind == "message" else fields,
                device=device,
            )
            return draft_view(session, head, self._expiry), True

        return await self._db.write(unit)

    async def list(
        self,
        person: Principal,
        *,
        kind: str | None = None,
        status: str | None = None,
        query: str = "",
        sort: str = "-saved_at",
        cursor: str | None = None,
        limit: int = 50,
        trash: bool = False,
        shared: bool = False,
    ) -> Page[DraftSummary]:
        """One page of a person's drafts, or of those others share with them (none yet). Raises `InvalidInput` for an
        unknown kind, sort or status."""
        _check_choice("kind", kind, KINDS)
        _check_choice("status", status, _STATUSES)
        if shared:
            return Page([])
        page = await self._db.read(
            draft_lists.list_drafts,
            person.id,
            kind=kind,
            status=status,
            q=query.strip(),
            sort=_sort(sort),
            cursor=cursor,
            limit=max(1, min(limit, _MOST_PER_PAGE)),
            trash=trash,
        )
        return Page([_summary(row, self._expiry) for row in page.items], page.next)

    async def statistics(self, person: Principal) -> DraftStatistics:
        """The numbers above the list."""
        found = await self._db.read(draft_lists.stats, person.id)
        return msgspec.convert(found, DraftStatistics, from_attributes=True)

    async def get(self, person: Principal, draft_id: UUID) -> DraftView:
        """The draft as it is, also one in the trash. Raises `Missing`."""
        return await self._db.read(
            lambda session: draft_view(session, visible_draft(session, person.id, draft_id), self._expiry)
        )

    async def state_at(self, person: Principal, draft_id: UUID, seq: int) -> StateView:
        """The draft as it was after event `seq`. Raises `Missing` where the log does not reach."""

        def query(session: Session) -> StateView:
            head = visible_draft(session, person.id, draft_id)
            if not 1 <= seq <= head.seq:
                raise Missing(f"This draft has events 1 to {head.seq}.")
            try:
                return _state_view(head, draft_store.state_at(session, draft_id, seq))
            except UnknownSeq as error:
                raise Missing(error.message) from error

        return await self._db.read(query)

    async def command(self, person: Principal, draft_id: UUID, body: bytes, *, device: str = "") -> CommandAnswer:
        """Append a command that came as JSON; answered after the commit, with the events it made."""
        try:
            command = _decode(body)
        except msgspec.DecodeError as error:
            raise ServiceError("malformed", "The body is not JSON.") from error
        appended = await self._db.write(
            draft_store.receive_command,
            draft_id=draft_id,
            user_id=person.id,
            json=command,
            actor=Actor("user", person.id),
            at=self._clock(),
            device=device,
        )
        if appended.duplicate:
            self._metrics.commands.labels("duplicate", appended.head.kind).inc()
        else:
            outcome = "conflict" if appended.conflicts else "accepted"
            self._metrics.commands.labels(outcome, appended.head.kind).inc()
            self._fanout.publish(draft_id, appended.seq)
            self._follow(appended.head)
        return CommandAnswer(
            appended.seq,
            [_event_view(event, person) for event in appended.events],
            [_conflict_view(conflict) for conflict in appended.conflicts],
        )

    async def events(self, person: Principal, draft_id: UUID, *, after: int, limit: int) -> Events:
        """The events after `after`, in order and without gaps."""

        def query(session: Session) -> Events:
            head = visible_draft(session, person.id, draft_id)
            rows = draft_store.events_after(session, draft_id, max(0, after), limit=max(1, min(limit, _MOST_EVENTS)))
            return Events([_event_view(event, person) for event in rows], head.seq)

        return await self._db.read(query)

    async def resolve(
        self, person: Principal, draft_id: UUID, conflict_id: UUID, value: Any, *, device: str = ""
    ) -> CommandAnswer:
        """Settle a conflict with a value; the three earlier ones stay in the log."""
        at = self._clock()

        def unit(session: Session) -> tuple[Head, list[Event]]:
            head = editable_draft(session, person.id, draft_id, lock=True)
            body = resolve(head.state, conflict_id, value)
            return draft_store.append_bodies(
                session, head, [body], origin=Origin(_actor(person), at, device), manual_saves=1
            )

        head, events = await self._db.write(unit)
        self._fanout.publish(draft_id, head.seq)
        self._follow(head)
        return CommandAnswer(
            head.seq,
            [_event_view(event, person) for event in events],
            [_conflict_view(conflict) for conflict in head.state.conflicts],
        )

    async def duplicate(self, person: Principal, draft_id: UUID, *, device: str = "") -> DraftView:
        """A new draft with the same fields, without the versions, chats and log of the first. Raises `Missing`."""
        at = self._clock()

        def unit(session: Session) -> DraftView:
            head = owned_draft(session, person.id, draft_id)
            fields = dict(head.state.fields)
            if "title" in fields:
                rest = 255 - len(_COPY)
                fields["title"] = (str(fields["title"])[:rest] + _COPY) if fields["title"] else ""
            copy = draft_store.create_stream(
                session, kind=head.kind, owner_id=person.id, actor=_actor(person), at=at, fields=fields, device=device
            )
            return draft_view(session, copy, self._expiry)

        return await self._db.write(unit)

    async def discard(self, person: Principal, draft_id: UUID) -> None:
        """Put a draft into the trash."""
        await self._move(draft_store.discard, person, draft_id)

    async def recover(self, person: Principal, draft_id: UUID) -> DraftView:
        """Take a draft out of the trash."""
        await self._move(draft_store.recover, person, draft_id)
        return await self.get(person, draft_id)

    async def submit(self, person: Principal, draft_id: UUID, *, device: str = "") -> DraftView:
        """Hand a draft in; a second time changes nothing. Raises what `submitting.submit` raises."""

        def unit(session: Session) -> tuple[DraftView, Head, bool]:
            head = owned_draft(session, person.id, draft_id, lock=True)
            after = submitting.submit(
                session, head, person=person, clock=self._clock, device=device, checks=self._checks
            )
            return draft_view(session, after, self._expiry), after, after.seq != head.seq

        draft, after, moved = await self._db.write(unit)
        if moved:
            self._fanout.publish(draft_id, draft.seq)
            self._follow(after)
        self._submitted()
        return draft

    def _follow(self, head: Head) -> None:
        follower = self._followers.get(head.kind)
        if follower is not None:
            follower(head)

    async def conversations(self, person: Principal, draft_id: UUID) -> Page[ConversationSummary]:
        """The chats beside a draft, newest first."""

        def query(session: Session) -> Page[ConversationSummary]:
            owned_draft(session, person.id, draft_id)
            rows = conversation_store.list_conversations(session, draft_id)
            return Page(
                [
                    ConversationSummary(
                        id=row.id,
                        title=row.title,
                        provider=row.provider,
                        model=row.model,
                        total_tokens=row.total_tokens,
                        total_cost_usd=usd(row.total_cost_nano),
                        unpriced=row.unpriced,
                        created_at=row.created_at,
                    )
                    for row in rows
                ]
            )

        return await self._db.read(query)

    async def position(self, person: Principal, draft_id: UUID) -> int | None:
        """The draft's last event, None if this person may not see it."""
        try:
            head = await self._db.read(visible_draft, person.id, draft_id)
        except Missing:
            return None
        return head.seq

    async def _move(self, unit: Any, person: Principal, draft_id: UUID) -> None:
        head: Head = await self._db.write(
            unit, draft_id=draft_id, user_id=person.id, actor=_actor(person), at=self._clock()
        )
        self._fanout.publish(draft_id, head.seq)


def _made_before(session: Session, person: Principal, draft_id: UUID) -> Head | None:
    place = lock_place(session, draft_id)
    if place is None:
        return None
    head = load_head(session, draft_id) if place.owner_id == person.id else None
    if head is None:
        raise _taken()
    return head


def _taken() -> ConflictError:
    return ConflictError("id_taken", "This id belongs to something else. Choose another one.")


def _actor(person: Principal) -> Actor:
    return Actor("user", person.id)


def draft_view(session: Session, head: Head, expiry: ExpiryRules) -> DraftView:
    """A draft as it is answered."""
    version, conversation_id, running = None, None, None
    if head.kind == "document":
        current = version_store.current_version(session, head.id)
        version = VersionName(current.id, current.number, current.label) if current is not None else None
        conversations = conversation_store.list_conversations(session, head.id)
        conversation_id = conversations[0].id if conversations else None
        turn = turn_store.running_turn(session, head.id)
        running = turn.id if turn is not None else None
    return DraftView(
        **_state_values(head, head.state),
        current_version=version,
        words=head.words,
        completion=head.completion,
        saved_at=head.saved_at,
        created_at=head.created_at,
        updated_at=head.saved_at,
        expires_at=expires_at(expiry, head),
        deleted_at=head.deleted_at,
        conversation_id=conversation_id,
        running_turn_id=running,
        autosaves=head.autosaves,
        manual_saves=head.manual_saves,
    )


def _state_view(head: Head, state: DraftState) -> StateView:
    return StateView(**_state_values(head, state))


def _state_values(head: Head, state: DraftState) -> dict[str, Any]:
    return {
        "id": head.id,
        "kind": state.kind,
        "title": projection_of(state.kind).title(state.fields),
        "fields": {name: value for name, value in state.fields.items() if name != "text"},
        "text": state.fields.get("text"),
        "seq": state.seq,
        "status": state.status,
        "conflicts": [_conflict_view(conflict) for conflict in state.conflicts],
    }


def _conflict_view(conflict: Conflict) -> ConflictView:
    return ConflictView(
        conflict.id, conflict.field, conflict.base, conflict.theirs, conflict.mine, conflict.from_, conflict.to
    )


def _event_view(event: Event, person: Principal) -> EventView:
    own = event.actor.id == person.id and event.actor.kind == "user"
    return EventView(
        event.seq,
        event.type,
        event.payload,
        ActorView(event.actor.kind, event.actor.id, person.name if own else ""),
        event.device,
        event.replica,
        event.n,
        event.base_seq,
        event.at,
    )


def _check_choice(field: str, value: str | None, choices: Collection[str]) -> None:
    if value is not None and value not in choices:
        raise InvalidInput(field, f"This is one of {', '.join(choices)}.")


def _sort(name: str) -> draft_lists.Sort:
    found = _SORTS.get(name)
    if found is None:
        raise InvalidInput("sort", f"Lists are sorted by {', '.join(_SORTS)}.")
    return found


def _summary(row: draft_lists.DraftSummary, expiry: ExpiryRules) -> DraftSummary:
    due = expiry.expires_at(row.kind, status=row.status, saved_at=row.saved_at, deleted_at=row.deleted_at)
    return msgspec.convert(replace(row, expires_at=due), DraftSummary, from_attributes=True)
