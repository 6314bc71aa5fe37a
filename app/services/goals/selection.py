"""What is done to several messages at once: delete one's own, mark as read or unread, export."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import InvalidInput, ServiceError
from app.services.goals.access import own_message, seen_place
from app.services.goals.messages import Messages
from app.services.goals.reading import Reading
from app.services.goals.views import BulkAnswer, BulkRefusal
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting.heads import Head
from app.store.goals import messages as message_store
from app.store.goals import pages
from app.store.goals.pages import MessageRow, Place

MOST_AT_ONCE = 500
_TYPES = {
    "daily_note": "Daily note",
    "instructor_response": "Response",
    "activity": "Activity",
    "milestone": "Milestone",
}


class BulkOrder(msgspec.Struct, frozen=True):
    """`action`: delete, mark_read or mark_unread."""

    action: str
    message_ids: list[UUID]


class Selection:
    """Use cases of several messages of one conversation."""

    def __init__(self, db: Database, clock: Clock, messages: Messages, reading: Reading) -> None:
        self._db = db
        self._clock = clock
        self._messages = messages
        self._reading = reading

    async def act(self, person: Principal, conversation_id: UUID, order: BulkOrder) -> BulkAnswer:
        """Does it to those it can be done to and says why not to the others. Raises `Missing` or `InvalidInput`."""
        chosen = _chosen(order.message_ids)
        if order.action == "delete":
            return await self._delete(person, conversation_id, chosen)
        if order.action not in ("mark_read", "mark_unread"):
            raise InvalidInput("action", "This is one of: delete, mark_read, mark_unread.")
        rows = await self._db.read(lambda session: _rows(session, person, conversation_id, chosen)[1])
        positions = [row.position for row in rows]
        if positions and order.action == "mark_read":
            await self._reading.mark_read(person, conversation_id, max(positions))
        elif positions:
            await self._reading.mark_unread(person, conversation_id, min(positions))
        return _answer(chosen, [row.id for row in rows], {})

    async def export(self, person: Principal, conversation_id: UUID, message_ids: Sequence[UUID]) -> str:
        """The chosen messages as Markdown, in their order. Raises `Missing` or `InvalidInput`."""
        chosen = _chosen(message_ids)
        place, rows = await self._db.read(lambda session: _rows(session, person, conversation_id, chosen))
        return as_markdown(place, rows)

    async def _delete(self, person: Principal, conversation_id: UUID, chosen: Sequence[UUID]) -> BulkAnswer:
        at = self._clock()

        def unit(session: Session) -> tuple[list[Head], dict[UUID, ServiceError]]:
            seen_place(session, person, conversation_id)
            gone: list[Head] = []
            refused: dict[UUID, ServiceError] = {}
            for message_id in sorted(chosen):  # Always in one order: two who delete at once do not wait for each other.
                try:
                    head = own_message(session, person, message_id, lock=True)
                except ServiceError as error:
                    refused[message_id] = error
                    continue
                if head.state.fields["conversation"] != str(conversation_id):
                    continue
                gone.append(_gone(session, person, head, at))
            return gone, refused

        gone, refused = await self._db.write(unit)
        for head in gone:
            self._messages.follow(head, "deleted")
        return _answer(chosen, [head.id for head in gone], refused)


def _gone(session: Session, person: Principal, head: Head, at: datetime) -> Head:
    if head.state.fields["published"] is not None:
        return message_store.take_back(session, head, at=at)
    return draft_store.discard(session, draft_id=head.id, user_id=person.id, actor=Actor("user", person.id), at=at)


def _chosen(message_ids: Sequence[UUID]) -> list[UUID]:
    chosen = list(dict.fromkeys(message_ids))
    if not 1 <= len(chosen) <= MOST_AT_ONCE:
        raise InvalidInput("message_ids", f"Choose 1 to {MOST_AT_ONCE} messages.")
    return chosen


def _rows(
    session: Session, person: Principal, conversation_id: UUID, chosen: Sequence[UUID]
) -> tuple[Place, list[MessageRow]]:
    place = seen_place(session, person, conversation_id)
    return place, pages.read_messages(session, conversation_id, chosen)


def _answer(chosen: Sequence[UUID], done: Sequence[UUID], refused: dict[UUID, ServiceError]) -> BulkAnswer:
    left = [id_ for id_ in chosen if id_ not in set(done)]
    return BulkAnswer(
        list(done),
        [
            BulkRefusal(
                id_,
                refused[id_].code if id_ in refused else "not_found",
                refused[id_].message if id_ in refused else "There is nothing here, or it is not yours.",
            )
            for id_ in left
        ],
    )


def as_markdown(place: Place, rows: Sequence[MessageRow]) -> str:
    """Messages as a document: who said what, and when (UTC)."""
    title = place.goal_title or f"Conversation with {place.student_name}"
    parts = [f"# {title}\n"]
    for row in rows:
        if row.deleted_at is not None:
            continue
        when = row.created_at.astimezone(UTC)
        day = f", for {row.target_date:%Y-%m-%d}" if row.target_date else ""
        heading = f"## {row.sender_name}, {when:%Y-%m-%d %H:%M} UTC"
        parts.append(f"{heading}\n\n*{_TYPES[row.message_type]}{day}*\n\n{row.content}\n")
    return "\n".join(parts)
