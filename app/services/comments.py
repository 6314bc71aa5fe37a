"""Comments on passages of a document, in threads. A thread follows its words through every later change.

Who may see the document reads them; its owner, editors and commenters write. Everybody changes only what they said; a
thread is settled by who began it and by the document's owner.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from sqlmodel import Session

from app.core.edits.guards import Range
from app.core.text.utf16 import normalise_text, utf16_slicer
from app.services.access import commentable_draft, text_of, visible_draft
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, NotAllowed
from app.services.fanout import Fanout
from app.services.passages import passage_now
from app.store import comments as comment_store
from app.store import shares
from app.store.comments import Entry, Moved
from app.store.db import Database
from app.store.drafting.drifts import Drifts
from app.store.drafting.heads import Head
from app.store.errors import StoreUnavailable
from app.store.tables import Comment, CommentThread

log = structlog.get_logger()

_MOST_THREADS = 1_000
_MOST_ENTRIES = 500
_LONGEST = 10_000
_LONGEST_QUOTE = 1_000
_NOTHING = "There are no words to comment on there."
_FOLLOW_AGAIN_AFTER = 200
"""Events after which the place of a thread is stored anew; words that are gone by then are gone for good."""


class CommentView(msgspec.Struct, frozen=True):
    """One thing said in a thread. `author` is missing once the account is gone, `body` is empty when it was deleted."""

    id: UUID
    author: str | None
    mine: bool
    body: str
    created_at: datetime
    edited_at: datetime | None
    deleted: bool


class ThreadView(msgspec.Struct, frozen=True, kw_only=True):
    """What is said about a passage, at `from..to` (UTF-16 units) of the text after event `seq` of the list; `gone`: its
    words were deleted. `quote` is how it read when the thread was begun, cut after some lines."""

    id: UUID
    from_: int | None = msgspec.field(name="from", default=None)
    to: int | None = None
    gone: bool
    quote: str
    created_at: datetime
    resolved_at: datetime | None
    may_resolve: bool
    comments: list[CommentView]


class ThreadList(msgspec.Struct, frozen=True):
    """`may_write`: whether the caller may comment here."""

    items: list[ThreadView]
    seq: int
    may_write: bool
    next: str | None = None


class Comments:
    """Use cases of comments."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout

    async def list(self, person: Principal, draft_id: UUID) -> ThreadList:
        """All threads of a document in the order of the text; those whose passage is gone come last. Raises `Missing`."""
        listed, moved = await self._db.read(_listed, person.id, draft_id)
        if moved:
            await self._follow_again(moved)
        return listed

    async def _follow_again(self, moved: Sequence[Moved]) -> None:
        """So that listing never reads more of the log than a little. Not on a full disk: who can only read should be able to."""
        try:
            await self._db.write(comment_store.place_again, moved)
        except StoreUnavailable as error:
            log.warning("places of comments not stored anew", code=error.code)

    async def begin(
        self,
        person: Principal,
        draft_id: UUID,
        passage: Range,
        *,
        seq: int | None,
        body: str,
        thread_id: UUID | None = None,
    ) -> ThreadView:
        """Comment on a passage, given in the text after event `seq` (None: the text now). Asked for again under the same
        `thread_id`, it is the same thread."""
        body = _checked(body)
        at = self._clock()

        def unit(session: Session) -> ThreadView:
            head = commentable_draft(session, person.id, draft_id, lock=True)
            if thread_id is not None:
                known = comment_store.begun_before(session, thread_id, draft_id=draft_id, by=person.id)
                if known is not None:
                    return _shown(session, head, known, person.id)
            place = passage_now(session, head, passage, seq, empty=_NOTHING)
            if comment_store.count_threads(session, draft_id) >= _MOST_THREADS:
                raise Conflict("too_many_comments", f"A document has at most {_MOST_THREADS} threads of comments.")
            quote = utf16_slicer(text_of(head))(*place)
            if not quote.strip():
                raise InvalidInput("from", _NOTHING)
            thread = comment_store.begin_thread(
                session,
                thread_id=thread_id,
                draft_id=draft_id,
                seq=head.seq,
                place=place,
                quote=_cut(quote),
                by=person.id,
                at=at,
            )
            comment_store.say(session, thread, body=body, by=person.id, at=at)
            return _shown(session, head, thread, person.id)

        result = await self._db.write(unit)
        self._fanout.publish_comments(draft_id)
        return result

    async def reply(
        self, person: Principal, draft_id: UUID, thread_id: UUID, *, body: str, comment_id: UUID | None = None
    ) -> CommentView:
        """Say something in a thread, once under one `comment_id`. Raises `Missing`, and `Conflict` when it is settled or full."""
        body = _checked(body)

        def unit(session: Session) -> CommentView:
            commentable_draft(session, person.id, draft_id, lock=True)
            thread = comment_store.get_thread(session, draft_id, thread_id)
            if comment_id is not None and comment_store.said_before(session, comment_id, thread=thread, by=person.id):
                return _one(session, thread, comment_id, person.id)
            if thread.resolved_at is not None:
                raise Conflict("thread_resolved", "This was settled meanwhile. Open it again to answer.")
            if len(comment_store.entries_of(session, draft_id, thread_id)) >= _MOST_ENTRIES:
                raise Conflict("too_many_comments", f"A thread has at most {_MOST_ENTRIES} comments.")
            said = comment_store.say(session, thread, comment_id=comment_id, body=body, by=person.id, at=self._clock())
            return _one(session, thread, said, person.id)

        result = await self._db.write(unit)
        self._fanout.publish_comments(draft_id)
        return result

    async def edit(
        self, person: Principal, draft_id: UUID, thread_id: UUID, comment_id: UUID, *, body: str
    ) -> CommentView:
        """Say something else instead. Raises `Missing`, and `NotAllowed` for somebody else's words."""
        body = _checked(body)

        def unit(session: Session) -> CommentView:
            thread, comment = _own(session, person.id, draft_id, thread_id, comment_id)
            comment_store.change(session, comment, body=body, at=self._clock())
            return _one(session, thread, comment.id, person.id)

        result = await self._db.write(unit)
        self._fanout.publish_comments(draft_id)
        return result

    async def delete(self, person: Principal, draft_id: UUID, thread_id: UUID, comment_id: UUID) -> None:
        """Take one's words back, for good. Raises like `edit`."""

        def unit(session: Session) -> None:
            thread, comment = _own(session, person.id, draft_id, thread_id, comment_id)
            comment_store.take_words_back(session, thread, comment, at=self._clock())

        await self._db.write(unit)
        self._fanout.publish_comments(draft_id)

    async def resolve(self, person: Principal, draft_id: UUID, thread_id: UUID, *, resolved: bool) -> None:
        """Settle a thread or open it again; a second time changes nothing. Raises `Missing`, and `NotAllowed` for who
        neither began it nor owns the document."""

        def unit(session: Session) -> None:
            head = commentable_draft(session, person.id, draft_id, lock=True)
            thread = comment_store.get_thread(session, draft_id, thread_id)
            if person.id not in (head.owner_id, thread.begun_by):
                raise NotAllowed("not_yours", "Who began this and the document's owner settle it.")
            if (thread.resolved_at is not None) != resolved:
                at = self._clock() if resolved else None
                comment_store.set_resolved(session, thread, by=person.id, at=at)

        await self._db.write(unit)
        self._fanout.publish_comments(draft_id)


def _checked(body: str) -> str:
    body = normalise_text(body).strip()
    if not 1 <= len(body) <= _LONGEST:
        raise InvalidInput("body", f"This takes 1 to {_LONGEST} characters.")
    return body


def _cut(quote: str) -> str:
    quote = quote.strip()
    return quote if len(quote) <= _LONGEST_QUOTE else quote[: _LONGEST_QUOTE - 1] + "…"


def _listed(session: Session, user_id: UUID, draft_id: UUID) -> tuple[ThreadList, list[Moved]]:
    """The list, and the places that should be stored anew."""
    head = visible_draft(session, user_id, draft_id)
    if head.kind != "document":
        return ThreadList([], head.seq, may_write=False), []
    may_write = _may_write(session, head, user_id)
    said: defaultdict[UUID, list[Entry]] = defaultdict(list)
    for entry in comment_store.entries_of(session, draft_id):
        said[entry.thread_id].append(entry)
    threads = comment_store.threads_of(session, draft_id)
    places = _places(session, head, threads)
    views = [
        _thread_view(thread, places[thread.id], said[thread.id], user_id, head.owner_id, may_write=may_write)
        for thread in threads
    ]
    views.sort(key=lambda view: (view.gone, view.from_ or 0))
    moved = [
        Moved(thread.id, thread.placed_seq, head.seq, places[thread.id] or (0, 0))
        for thread in threads
        if thread.range_from < thread.range_to and head.seq - thread.placed_seq > _FOLLOW_AGAIN_AFTER
    ]
    return ThreadList(views, head.seq, may_write), moved


def _may_write(session: Session, head: Head, user_id: UUID) -> bool:
    if head.deleted_at is not None or head.state.status != "open":
        return False
    return head.owner_id == user_id or shares.role_of(session, head.id, user_id) in ("commenter", "editor")


def _places(session: Session, head: Head, threads: Iterable[CommentThread]) -> dict[UUID, Range | None]:
    drifts = Drifts(session, head)
    places: dict[UUID, Range | None] = {}
    for thread in threads:
        # Nothing is left of an empty range: not asked where it went, which would mean reading the log from there on.
        drift = drifts.since(thread.placed_seq) if thread.range_from < thread.range_to else None
        places[thread.id] = drift.survives(thread.range_from, thread.range_to) if drift is not None else None
    return places


def _own(
    session: Session, user_id: UUID, draft_id: UUID, thread_id: UUID, comment_id: UUID
) -> tuple[CommentThread, Comment]:
    commentable_draft(session, user_id, draft_id, lock=True)
    thread = comment_store.get_thread(session, draft_id, thread_id)
    comment = comment_store.get_comment(session, thread, comment_id)
    if comment.author_id != user_id:
        raise NotAllowed("not_yours", "Only who said this may change it.")
    return thread, comment


def _one(session: Session, thread: CommentThread, comment_id: UUID, user_id: UUID) -> CommentView:
    (entry,) = (one for one in comment_store.entries_of(session, thread.draft_id, thread.id) if one.id == comment_id)
    return _comment_view(entry, user_id)


def _shown(session: Session, head: Head, thread: CommentThread, user_id: UUID) -> ThreadView:
    """A thread to somebody who may write in it."""
    place = _places(session, head, [thread])[thread.id]
    said = comment_store.entries_of(session, head.id, thread.id)
    return _thread_view(thread, place, said, user_id, head.owner_id, may_write=True)


def _thread_view(
    thread: CommentThread, place: Range | None, said: list[Entry], user_id: UUID, owner_id: UUID, *, may_write: bool
) -> ThreadView:
    return ThreadView(
        id=thread.id,
        from_=place[0] if place else None,
        to=place[1] if place else None,
        gone=place is None,
        quote=thread.quote,
        created_at=thread.created_at,
        resolved_at=thread.resolved_at,
        may_resolve=may_write and user_id in (owner_id, thread.begun_by),
        comments=[_comment_view(entry, user_id) for entry in said],
    )


def _comment_view(entry: Entry, user_id: UUID) -> CommentView:
    return CommentView(
        entry.id,
        entry.author,
        entry.author_id == user_id,
        entry.body,
        entry.created_at,
        entry.edited_at,
        entry.deleted_at is not None,
    )
