"""Full-text search over a person's drafts, versions and chats, and keeping its index up to date.

A change only marks its source as waiting, in its own transaction. What waits is indexed by a task in the background, and
a person's own before they search: autosaves stay as quick as they were, and what was saved is found.
"""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
import structlog
from sqlmodel import Session

from app.core.text.terms import Query, query_of, snippet_of, terms_of
from app.services.accounts import Principal
from app.services.checks import checked_cursor
from app.services.clock import Clock
from app.services.views import Page
from app.store import search as search_store
from app.store.db import Database
from app.store.errors import NotFound
from app.store.search import Content, Shown, Source

log = structlog.get_logger()

_MOST_PER_PAGE = 50
_AT_ONCE = 20
_IN_BACKGROUND = 4
_MOST_BEFORE_A_SEARCH = 60
_PAUSE_SECONDS = 3.0
_REST = timedelta(seconds=10)
"""A draft that is being written is not indexed at every look: only its own author finds it at once, by searching."""
_SHARE = 0.1
"""Part of the time the background may work: it takes the interpreter from those who write."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a snippet; `hit` where it was looked for."""

    text: str
    hit: bool


class Found(msgspec.Struct, frozen=True):
    """Something that was found. `title` is the draft's; `note` says which version, or who wrote the message."""

    kind: Literal["draft", "version", "message"]
    draft_id: UUID
    id: UUID
    title: str
    snippet: list[Piece]
    at: datetime
    note: str = ""
    conversation_id: UUID | None = None
    """The chat a message is of."""


class Search:
    """Use cases of search; `start` begins to keep the index up to date."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def search(self, person: Principal, typed: str, *, cursor: str | None = None, limit: int = 20) -> Page[Found]:
        """What holds all the words, the last of which may be unfinished. Nothing is found for no words."""
        cursor = checked_cursor(cursor)
        query = query_of(typed)
        if query is None:
            return Page([])
        await self._catch_up(person.id)
        most = max(1, min(limit, _MOST_PER_PAGE))

        def read(session: Session) -> tuple[list[tuple[Source, Shown]], str | None]:
            page = search_store.find(session, person.id, query, cursor=cursor, limit=most)
            return [(source, shown) for source in page.items if (shown := _shown(session, source))], page.next

        items, following = await self._db.read(read)
        found = await asyncio.to_thread(lambda: [_found(source, shown, query) for source, shown in items])
        return Page(found, following)

    async def index(
        self, *, owner_id: UUID | None = None, limit: int = _AT_ONCE, rested_since: datetime | None = None
    ) -> int:
        """Index some of what waits, with `rested_since` no draft that changed later; how much it was."""
        waiting = await self._db.read(_contents, owner_id, limit, rested_since)
        if not waiting:
            if owner_id is None and await self._db.read(search_store.anything_gone):
                await self._db.write(search_store.sweep)
            return 0
        ready = await asyncio.to_thread(_with_terms, waiting)
        await self._db.write(_replace, ready)
        return len(ready)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="search index")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _catch_up(self, owner_id: UUID) -> None:
        """The person's own latest changes; after a large import the rest follows in the background."""
        for _ in range(_MOST_BEFORE_A_SEARCH // _AT_ONCE):
            if await self.index(owner_id=owner_id) < _AT_ONCE:
                return

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                indexed = await self.index(limit=_IN_BACKGROUND, rested_since=self._clock() - _REST)
            except Exception as error:
                log.error("search index not updated", exc_info=error)
                indexed = 0
            worked = time.monotonic() - began
            await asyncio.sleep(worked * (1 / _SHARE - 1) if indexed == _IN_BACKGROUND else _PAUSE_SECONDS)


_Ready = tuple[Source, Content | None, list[str], list[str]]


def _contents(
    session: Session, owner_id: UUID | None, limit: int, rested_since: datetime | None
) -> list[tuple[Source, Content | None]]:
    sources = search_store.waiting(session, owner_id=owner_id, limit=limit, rested_since=rested_since)
    return [(source, search_store.content_of(session, source)) for source in sources]


def _with_terms(waiting: list[tuple[Source, Content | None]]) -> list[_Ready]:
    ready: list[_Ready] = []
    for source, content in waiting:
        title = terms_of(content.title) if content is not None else []
        words = terms_of(f"{content.title}\n{content.text}") if content is not None else []
        ready.append((source, content, title, words))
    return ready


def _replace(session: Session, ready: list[_Ready]) -> None:
    search_store.alone(session)
    for source, content, title_terms, terms in ready:
        search_store.replace_entry(session, source, content, title_terms, terms)
    search_store.sweep(session)


def _shown(session: Session, source: Source) -> Shown | None:
    try:
        return search_store.shown(session, source)
    except NotFound:
        return None


def _found(source: Source, shown: Shown, query: Query) -> Found:
    pieces = [Piece(text, hit) for text, hit in snippet_of(shown.text, query)]
    return Found(
        source.kind, source.draft_id, source.id, shown.title, pieces, shown.at, _note(shown), shown.conversation_id
    )


def _note(shown: Shown) -> str:
    if shown.number is not None:
        return f"Version {shown.number}" + (f": {shown.label}" if shown.label else "")
    return {"user": "You", "assistant": "Assistant"}.get(shown.role or "", "")
