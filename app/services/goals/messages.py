"""What is said in goal conversations: written as drafts, published, edited, taken back. Reading it is in `reading`."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor, Op, ReplaceOp, SetOp, edit
from app.core.kinds import MESSAGE
from app.core.messages import is_empty
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.goals.access import joined_place, own_message, seen_message, seen_place
from app.services.goals.publishing import checked_type, publish, thread_of
from app.services.goals.rooms import Rooms
from app.services.goals.showing import Shown, shown_with_files
from app.services.goals.views import (
    GoalMessage,
    MessageDraft,
)
from app.store import drafts as draft_store
from app.store.db import Database, quick
from app.store.drafting import heads
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.goals import messages as store
from app.store.goals import pages
from app.store.goals.conversations import get_conversation
from app.store.goals.pages import Place


class NewMessage(msgspec.Struct, frozen=True):
    """A message to be sent, or with `is_draft` to be written on. `id` may be given, so that sending again after a lost
    answer does nothing twice."""

    message_type: str | None = None
    content: str = ""
    target_date: date | None = None
    reply_to_id: UUID | None = None
    is_draft: bool = False
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    id: UUID | None = None


class MessageChange(msgspec.Struct, frozen=True):
    """What its sender changes of a message; what is left out stays. `target_date` may be null."""

    content: str | None = None
    target_date: date | msgspec.UnsetType | None = msgspec.UNSET
    metadata: dict[str, Any] | None = None


class Messages:
    """Use cases of who writes messages."""

    def __init__(self, db: Database, clock: Clock, rooms: Rooms) -> None:
        self._db = db
        self._clock = clock
        self._rooms = rooms

    async def create(
        self, person: Principal, conversation_id: UUID, new: NewMessage, *, device: str = ""
    ) -> tuple[GoalMessage | MessageDraft, bool]:
        """A message, sent or still to be written on, and whether it is new: an `id` known already makes nothing again.

        Raises `Missing`, `Conflict`, `InvalidInput`, InvalidValue or TooLarge.
        """
        at = self._clock()

        @quick
        def unit(session: Session) -> tuple[GoalMessage | MessageDraft, bool]:
            place = joined_place(session, person, conversation_id)
            known = None if new.id is None else heads.load_head(session, new.id, lock=True)
            if known is not None and not _is_same(known, person, conversation_id):
                raise Conflict("id_taken", "Something else has this id.")
            head = known or store.begin(
                session,
                conversation_id=conversation_id,
                sender_id=person.id,
                message_type=checked_type(place, person, new.message_type),
                content=new.content,
                reply_to_id=thread_of(session, place, new.reply_to_id),
                target_date=new.target_date,
                metadata=_checked_metadata(new.metadata),
                at=at,
                draft_id=new.id,
                device=device,
            )
            if not new.is_draft:
                head = publish(session, head, person=person, at=at, device=device)
            return _answer(session, person, place, head, new=known is None), known is None

        answer, is_new = await self._db.write(unit)
        if is_new and isinstance(answer, GoalMessage):
            self._rooms.changed(conversation_id, answer.id, "created")
        elif is_new:
            self._rooms.drafted(conversation_id, person.id, answer.reply_to_id)
        return answer, is_new

    async def draft(
        self, person: Principal, conversation_id: UUID, *, reply_to_id: UUID | None, device: str = ""
    ) -> tuple[MessageDraft, bool]:
        """The message this person writes at this place, on whatever device, and whether it is new."""
        at = self._clock()

        def unit(session: Session) -> tuple[MessageDraft, bool]:
            place = joined_place(session, person, conversation_id)
            # Two devices that begin a message at once get the same one.
            get_conversation(session, conversation_id, lock=True)
            root = thread_of(session, place, reply_to_id)
            found = store.open_draft(session, conversation_id, person.id, reply_to_id=root)
            if found is not None:
                return _draft_view(draft_store.load_draft(session, found)), False
            head = store.begin(
                session,
                conversation_id=conversation_id,
                sender_id=person.id,
                message_type=checked_type(place, person, None),
                reply_to_id=root,
                at=at,
                device=device,
            )
            return _draft_view(head), True

        draft, is_new = await self._db.write(unit)
        if is_new:
            self._rooms.drafted(conversation_id, person.id, draft.reply_to_id)
        return draft, is_new

    async def change(
        self, person: Principal, message_id: UUID, change: MessageChange, *, device: str = ""
    ) -> GoalMessage | MessageDraft:
        """Its sender changes a message. What was published keeps its place and is marked as edited; every earlier wording
        stays in its log. Raises `Missing`, `Conflict` or `InvalidInput`."""
        at = self._clock()

        def unit(session: Session) -> tuple[GoalMessage | MessageDraft, Head]:
            head = own_message(session, person, message_id, lock=True)
            if head.state.fields["withdrawn"] is not None:
                raise Conflict("message_taken_back", "This message was taken back; show it again first.")
            ops = _ops(head, change)
            if ops:
                body = edit(head.state, ops)
                origin = Origin(Actor("user", person.id), at, device)
                head, _ = draft_store.append_bodies(session, head, [body], origin=origin, manual_saves=1)
            place = seen_place(session, person, UUID(head.state.fields["conversation"]))
            return _answer(session, person, place, head), head

        answer, head = await self._db.write(unit)
        self.follow(head, "updated")
        return answer

    async def delete(self, person: Principal, message_id: UUID) -> None:
        """A published message is taken back: its place stays, its words are out of sight. A draft goes into the trash."""
        self.follow(await self._db.write(lambda session: self._deleted(session, person, message_id)), "deleted")

    async def restore(self, person: Principal, message_id: UUID) -> GoalMessage:
        """Shows a message again that its sender took back. Raises `Missing`."""

        def unit(session: Session) -> tuple[GoalMessage, Head]:
            head = own_message(session, person, message_id, lock=True)
            if head.state.fields["published"] is None:
                raise Missing
            head = store.take_back(session, head, back=False, at=self._clock())
            row, place = seen_message(session, person, message_id)
            return shown_with_files(session, person, place, [row])[0], head

        message, head = await self._db.write(unit)
        self.follow(head, "updated")
        return message

    def _deleted(self, session: Session, person: Principal, message_id: UUID) -> Head:
        head = own_message(session, person, message_id, lock=True)
        if head.state.fields["published"] is None:
            return draft_store.discard(
                session, draft_id=message_id, user_id=person.id, actor=Actor("user", person.id), at=self._clock()
            )
        return store.take_back(session, head, at=self._clock())

    def begun(self, head: Head) -> None:
        """Tells the sender's pages of a message that is written from now on. Call only after the commit."""
        fields = head.state.fields
        if fields["published"] is not None:
            return
        reply_to_id = None if fields["reply_to"] is None else UUID(fields["reply_to"])
        self._rooms.drafted(UUID(fields["conversation"]), head.owner_id, reply_to_id)

    def follow(self, head: Head, change: str = "") -> None:
        """Tells the room of a published message what became of it. Call only after the commit."""
        published = head.state.fields["published"]
        if published is not None:
            change = change or ("created" if published["at"] == head.saved_at.isoformat() else "updated")
            self._rooms.changed(UUID(head.state.fields["conversation"]), head.id, change)


def _is_same(head: Head, person: Principal, conversation_id: UUID) -> bool:
    of_message = head.kind == "message" and head.owner_id == person.id
    return of_message and head.state.fields["conversation"] == str(conversation_id)


def _checked_metadata(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    checked: Mapping[str, Any] = MESSAGE.field("metadata").validated("metadata", dict(metadata))
    return checked


def _ops(head: Head, change: MessageChange) -> list[Op]:
    ops: list[Op] = []
    if change.content is not None:
        content = MESSAGE.field("content").validated("content", change.content)
        if head.state.fields["published"] is not None and is_empty(content):
            raise InvalidInput("content", "A message says something; delete it instead.", "empty_message")
        if content != head.state.fields["content"]:
            ops.append(ReplaceOp("content", content))
    if change.target_date is not msgspec.UNSET:
        ops.append(SetOp("target_date", None if change.target_date is None else change.target_date.isoformat()))
    if change.metadata is not None:
        ops.append(SetOp("metadata", _checked_metadata(change.metadata)))
    return ops


def _answer(
    session: Session, person: Principal, place: Place, head: Head, *, new: bool = False
) -> GoalMessage | MessageDraft:
    """`new`: made in this unit, so that it has neither replies nor files."""
    if head.state.fields["published"] is None:
        return _draft_view(head)
    row = pages.read_message(session, head.id)
    assert row is not None
    return Shown(person, place, {}, {}).message(row) if new else shown_with_files(session, person, place, [row])[0]


def _draft_view(head: Head) -> MessageDraft:
    fields = head.state.fields
    return MessageDraft(
        id=head.id,
        seq=head.seq,
        message_type=fields["message_type"],
        content=fields["content"],
        reply_to_id=None if fields["reply_to"] is None else UUID(fields["reply_to"]),
        target_date=None if fields["target_date"] is None else date.fromisoformat(fields["target_date"]),
        saved_at=head.saved_at,
    )
