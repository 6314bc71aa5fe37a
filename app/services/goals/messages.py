"""What is said in goal conversations: read, written as drafts, published, edited, taken back, read by others."""

from collections.abc import Mapping
from datetime import date, datetime
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
from app.services.goals.page_cache import PageCache
from app.services.goals.publishing import checked_type, publish, thread_of
from app.services.goals.rooms import Rooms
from app.services.goals.showing import Shown, conversation_view, draft_of, messages_of, receipt_view
from app.services.goals.views import (
    GoalConversationView,
    GoalMessage,
    MessageChanges,
    MessageDraft,
    MessageThread,
)
from app.store import drafts as draft_store
from app.store.db import Database, quick
from app.store.drafting import heads
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.goals import messages as store
from app.store.goals import pages, receipts
from app.store.goals.conversations import get_conversation
from app.store.goals.pages import Days, Later, MessageRow, Place, Replies

_MOST_PER_PAGE = 200
_LAST = pages.END


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
    """Use cases of messages."""

    def __init__(self, db: Database, clock: Clock, rooms: Rooms) -> None:
        self._db = db
        self._clock = clock
        self._rooms = rooms
        self._pages = PageCache()

    # Reading

    async def page(
        self,
        person: Principal,
        conversation_id: UUID,
        *,
        before: int | None = None,
        limit: int = 50,
        days: tuple[date | None, date | None] = (None, None),
        after: int | None = None,
        since: datetime | None = None,
    ) -> GoalConversationView:
        """The latest messages, or those before a position, or those of some days; or the first ones after a position or
        sent since a moment. Raises `Missing` or `InvalidInput`."""
        limit = max(1, min(limit, _MOST_PER_PAGE))
        later = _later(after, since)
        if later is not None and (before is not None or days != (None, None)):
            raise InvalidInput("after", "What comes later is asked for alone, without `before` or days.")
        latest = before is None and days == (None, None) and later is None
        page = await self._db.read(
            pages.read_page,
            conversation_id,
            person.id,
            everything=person.is_admin,
            before=_LAST if before is None else max(0, min(before, _LAST)),
            days=_days(*days),
            later=later,
            limit=limit,
            known=self._pages.find(conversation_id, person, limit) if latest else None,
        )
        if page is None:
            raise Missing
        shown = self._pages.shown(person, page, limit) if latest else messages_of(person, page)
        return conversation_view(person, page, shown, upwards=later is None)

    async def changes(
        self, person: Principal, conversation_id: UUID, *, after: int, limit: int = 100
    ) -> MessageChanges:
        """What was published, edited or taken back since `after`, and what the person writes here now. Raises `Missing`."""
        limit = max(1, min(limit, _MOST_PER_PAGE))

        def query(session: Session) -> MessageChanges:
            place = seen_place(session, person, conversation_id)
            rows = pages.read_changes(session, conversation_id, after=max(0, min(after, _LAST)), limit=limit + 1)
            shown = rows[:limit]
            more = len(rows) > limit
            read = [receipt_view(receipt) for receipt in pages.receipts(session, conversation_id)]
            seq = shown[-1].changed_seq if more else place.seq
            drafts = [draft_of(draft) for draft in pages.own_drafts(session, conversation_id, person.id)]
            return MessageChanges(_shown(session, person, place, shown), seq, more, read, drafts)

        return await self._db.read(query)

    async def thread(self, person: Principal, message_id: UUID, *, after: int = 0, limit: int = 100) -> MessageThread:
        """A message and its replies. Raises `Missing`."""
        limit = max(1, min(limit, _MOST_PER_PAGE))

        def query(session: Session) -> MessageThread:
            root, place = seen_message(session, person, message_id)
            if root.reply_to_id is not None:
                root, place = seen_message(session, person, root.reply_to_id)
            rows = pages.read_thread(session, place.id, root.id, after=max(0, min(after, _LAST)), limit=limit + 1)
            shown = _shown(session, person, place, [root, *rows[:limit]])
            more = str(rows[limit - 1].position) if len(rows) > limit else None
            return MessageThread(shown[0], shown[1:], more)

        return await self._db.read(query)

    async def get(self, person: Principal, message_id: UUID) -> GoalMessage:
        """One published message. Raises `Missing`."""

        def query(session: Session) -> GoalMessage:
            row, place = seen_message(session, person, message_id)
            return _shown(session, person, place, [row])[0]

        return await self._db.read(query)

    # Writing

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
            return _shown(session, person, place, [row])[0], head

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

    # Receipts

    async def mark_read(self, person: Principal, conversation_id: UUID, position: int) -> None:
        """This person has read up to a position (at most the conversation's last). An administrator only looks."""
        at = self._clock()

        @quick
        def unit(session: Session) -> int | None:
            place = pages.read_place(session, conversation_id, person.id)
            if place is None:
                seen_place(session, person, conversation_id)
                return None
            reached = max(0, min(position, place.seq))
            moved = receipts.mark_read(session, conversation_id, person.id, position=reached, at=at)
            return reached if moved else None

        reached = await self._db.write(unit)
        if reached is not None:
            told_at = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self._rooms.seen(conversation_id, person, reached, told_at)

    async def mark_unread(self, person: Principal, conversation_id: UUID, position: int) -> None:
        """From a position on it is unread again, for this person."""

        def unit(session: Session) -> None:
            seen_place(session, person, conversation_id)
            receipts.mark_unread(session, conversation_id, person.id, position=max(0, min(position, _LAST)))

        await self._db.write(unit)


def _days(first: date | None, last: date | None) -> Days | None:
    if first is None and last is None:
        return None
    days = Days(first or date.min, last or date.max)
    if days.last == date.max:
        days = Days(days.first, date(9999, 12, 30))
    if days.first > days.last:
        raise InvalidInput("from", "The first day is after the last.")
    return days


def _later(after: int | None, since: datetime | None) -> Later | None:
    if after is None and since is None:
        return None
    if since is not None and since.tzinfo is None:
        raise InvalidInput("since", "A moment says its distance from UTC.")
    return Later(max(0, min(after or 0, _LAST)), since)


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
    return Shown(person, place, {}, {}).message(row) if new else _shown(session, person, place, [row])[0]


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


def _shown(session: Session, person: Principal, place: Place, rows: list[MessageRow]) -> list[GoalMessage]:
    ids = [row.id for row in rows]
    counts = pages.reply_counts(session, ids)
    replies = {id_: Replies(count, []) for id_, count in counts.items()}
    shown = Shown(person, place, pages.attached_to(session, ids), replies)
    return [shown.message(row) for row in rows]
