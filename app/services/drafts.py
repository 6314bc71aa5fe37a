"""Drafts: create, read, change by commands, resolve conflicts, discard, recover. Thin over the core and the store."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor, resolve
from app.core.errors import UnknownSeq
from app.core.expiry import ExpiryRules
from app.metrics import Metrics
from app.services import submitting
from app.services.access import editable_draft, owned_draft, visible_draft
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.draft_views import conflict_view, draft_view, event_view, state_view
from app.services.errors import Conflict as ConflictError
from app.services.errors import Missing, ServiceError
from app.services.fanout import Fanout
from app.services.goals.publishing import checked_new
from app.services.submitting import Check
from app.services.views import (
    CommandAnswer,
    ConversationSummary,
    DraftView,
    Events,
    Page,
    StateView,
    usd,
)
from app.store import conversations as conversation_store
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting.event_log import Event, Origin
from app.store.drafting.heads import Head, load_head, lock_place

_MOST_EVENTS = 2_000
_COPY = " (copy)"
_SINGLE = {
    "form": "Of each form and subject there is one draft. Save this one as a template to begin others like it.",
    "message": "A message is said once. Copy its words into another one.",
}
"""Kinds that are not duplicated, and why."""

_decode = msgspec.json.Decoder().decode


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
        begun: Mapping[str, Callable[[Head], None]] | None = None,
        submitted: Callable[[], None] = lambda: None,
    ) -> None:
        """`checks` say by kind what keeps a draft from being submitted; `followers` are told, after the commit, of a
        change to a draft of their kind that others may see, `begun` of one that is new or out of the trash; `submitted` is
        called after one was."""
        self._checks = checks or {}
        self._followers = followers or {}
        self._begun = begun or {}
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

        def unit(session: Session) -> tuple[DraftView, Head]:
            head = self._created(session, person, kind, given, device=device)
            return draft_view(session, head, self._expiry), head

        draft, head = await self._db.write(unit)
        self._tell_begun(head)
        return draft

    async def create_once(
        self, person: Principal, draft_id: UUID, *, kind: str, fields: dict[str, Any], device: str = ""
    ) -> tuple[DraftView, bool]:
        """A new draft under an id its device chose, perhaps without a network: asked for again, it is the same one. The
        draft, and whether it is new. Raises `Conflict` for an id that is taken otherwise."""

        def unit(session: Session) -> tuple[DraftView, Head, bool]:
            known = _made_before(session, person, draft_id)
            if known is not None:
                if known.kind != kind:
                    raise _taken()
                return draft_view(session, known, self._expiry), known, False
            head = self._created(session, person, kind, fields, device=device, draft_id=draft_id)
            return draft_view(session, head, self._expiry), head, True

        draft, head, new = await self._db.write(unit)
        if new:
            self._tell_begun(head)
        return draft, new

    def _created(
        self,
        session: Session,
        person: Principal,
        kind: str,
        fields: dict[str, Any],
        *,
        device: str,
        draft_id: UUID | None = None,
    ) -> Head:
        return draft_store.create_stream(
            session,
            draft_id=draft_id,
            kind=kind,
            owner_id=person.id,
            actor=_actor(person),
            at=self._clock(),
            fields=checked_new(session, person, fields) if kind == "message" else fields,
            device=device,
        )

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
                return state_view(head, draft_store.state_at(session, draft_id, seq))
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
            [event_view(event, person) for event in appended.events],
            [conflict_view(conflict) for conflict in appended.conflicts],
        )

    async def events(self, person: Principal, draft_id: UUID, *, after: int, limit: int) -> Events:
        """The events after `after`, in order and without gaps."""

        def query(session: Session) -> Events:
            head = visible_draft(session, person.id, draft_id)
            rows = draft_store.events_after(session, draft_id, max(0, after), limit=max(1, min(limit, _MOST_EVENTS)))
            return Events([event_view(event, person) for event in rows], head.seq)

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
            [event_view(event, person) for event in events],
            [conflict_view(conflict) for conflict in head.state.conflicts],
        )

    async def duplicate(self, person: Principal, draft_id: UUID, *, device: str = "") -> DraftView:
        """A new draft with the same fields, without the versions, chats and log of the first. Raises `Missing`, and
        `Conflict` for the kinds of which there cannot be two."""

        def unit(session: Session) -> DraftView:
            head = owned_draft(session, person.id, draft_id)
            if head.kind in _SINGLE:
                raise ConflictError("not_duplicable", _SINGLE[head.kind])
            fields = dict(head.state.fields)
            if "title" in fields:
                rest = 255 - len(_COPY)
                fields["title"] = (str(fields["title"])[:rest] + _COPY) if fields["title"] else ""
            return draft_view(session, self._created(session, person, head.kind, fields, device=device), self._expiry)

        return await self._db.write(unit)

    async def discard(self, person: Principal, draft_id: UUID) -> None:
        """Put a draft into the trash."""
        await self._move(draft_store.discard, person, draft_id)

    async def recover(self, person: Principal, draft_id: UUID) -> DraftView:
        """Take a draft out of the trash."""
        self._tell_begun(await self._move(draft_store.recover, person, draft_id))
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

    def _tell_begun(self, head: Head) -> None:
        begun = self._begun.get(head.kind)
        if begun is not None:
            begun(head)

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

    async def _move(self, unit: Any, person: Principal, draft_id: UUID) -> Head:
        head: Head = await self._db.write(
            unit, draft_id=draft_id, user_id=person.id, actor=_actor(person), at=self._clock()
        )
        self._fanout.publish(draft_id, head.seq)
        return head


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
