"""Goal conversations as they are read: pages, what changed, threads, single messages, and how far people have read."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import InvalidInput, Missing
from app.services.goals.access import seen_message, seen_place
from app.services.goals.page_cache import PageCache
from app.services.goals.rooms import Rooms
from app.services.goals.showing import conversation_view, draft_of, messages_of, receipt_view, shown_with_files
from app.services.goals.views import GoalConversationView, GoalMessage, MessageChanges, MessageThread
from app.store.db import Database, quick
from app.store.goals import pages, receipts
from app.store.goals.pages import Days, Later

_MOST_PER_PAGE = 200
_LAST = pages.END


class Reading:
    """Use cases of who reads a conversation."""

    def __init__(self, db: Database, clock: Clock, rooms: Rooms) -> None:
        self._db = db
        self._clock = clock
        self._rooms = rooms
        self._pages = PageCache()

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
            return MessageChanges(shown_with_files(session, person, place, shown), seq, more, read, drafts)

        return await self._db.read(query)

    async def thread(self, person: Principal, message_id: UUID, *, after: int = 0, limit: int = 100) -> MessageThread:
        """A message and its replies. Raises `Missing`."""
        limit = max(1, min(limit, _MOST_PER_PAGE))

        def query(session: Session) -> MessageThread:
            root, place = seen_message(session, person, message_id)
            if root.reply_to_id is not None:
                root, place = seen_message(session, person, root.reply_to_id)
            rows = pages.read_thread(session, place.id, root.id, after=max(0, min(after, _LAST)), limit=limit + 1)
            shown = shown_with_files(session, person, place, [root, *rows[:limit]])
            more = str(rows[limit - 1].position) if len(rows) > limit else None
            return MessageThread(shown[0], shown[1:], more)

        return await self._db.read(query)

    async def get(self, person: Principal, message_id: UUID) -> GoalMessage:
        """One published message. Raises `Missing`."""

        def query(session: Session) -> GoalMessage:
            row, place = seen_message(session, person, message_id)
            return shown_with_files(session, person, place, [row])[0]

        return await self._db.read(query)

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
