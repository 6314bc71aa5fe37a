"""Links by which anybody reads a document: its owner makes and removes them, whoever has one reads, nobody writes.

A token is 256 random bits and only its hash is kept, so a link is shown once. One that has ended, was removed or never
was is the same to whoever tries it.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import structlog
from sqlmodel import Session

from app.services.access import owned_draft, require_open, text_of
from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.files.document import begins_with_title
from app.services.markdown import render_markdown
from app.services.secrets import new_token, token_hash
from app.services.throttle import GuessThrottle
from app.services.views import Page
from app.store import audit, share_links
from app.store.db import Database
from app.store.drafting.heads import Head, load_head
from app.store.errors import StoreUnavailable
from app.store.share_links import OpenLink
from app.store.tables import ShareLink

log = structlog.get_logger()

_MOST_LINKS = 100
_LONGEST = timedelta(days=3_660)
_NOTE_USE_EVERY = timedelta(minutes=2)


class ShareLinkView(msgspec.Struct, frozen=True):
    """A link to read a document. `ended`: it leads nowhere any more; `link` is its address, only in the answer that made it."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    ended: bool
    link: str | None = None


class SharedText(msgspec.Struct, frozen=True):
    """A document as a link shows it after event `seq`: `html` is sanitised, and missing where the reader has that already.
    `show_title` says that the text does not begin with the title by itself."""

    title: str
    author: str
    seq: int
    expires_at: datetime | None
    saved_at: datetime | None = None
    html: str | None = None
    show_title: bool = True


class ShareLinks:
    """Use cases of links to read."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._throttle = GuessThrottle()

    async def list(self, person: Principal, draft_id: UUID) -> Page[ShareLinkView]:
        """The links of a document, newest first. Raises `Missing`."""
        now = self._clock()

        def query(session: Session) -> Page[ShareLinkView]:
            owned_draft(session, person.id, draft_id)
            return Page([_view(row, now) for row in share_links.links_of(session, draft_id)])

        return await self._db.read(query)

    async def make(
        self,
        person: Principal,
        draft_id: UUID,
        *,
        address: str,
        name: str,
        days: int | None,
        expires_at: datetime | None,
    ) -> ShareLinkView:
        """A new link `address` + token, which ends after `days`, at `expires_at`, or never. Raises `Missing`, `InvalidInput`,
        and `Conflict` for what is no document, is in the trash, or has too many links."""
        name = checked_line("name", name, most=120)
        now = self._clock()
        ends = _checked_end(now, days, expires_at)
        token = new_token()

        def unit(session: Session) -> ShareLinkView:
            head = owned_draft(session, person.id, draft_id, lock=True)
            if head.kind != "document":
                raise Conflict("wrong_kind", "Only documents are shared by link.")
            require_open(head)
            if share_links.count_links(session, draft_id) >= _MOST_LINKS:
                raise Conflict("too_many_links", f"A document has at most {_MOST_LINKS} links. Remove one first.")
            row = share_links.add_link(
                session, draft_id=draft_id, name=name, token_hash=token_hash(token), at=now, expires_at=ends
            )
            details = {"link_id": str(row.id), "until": None if ends is None else ends.isoformat(timespec="minutes")}
            audit.record(
                session, at=now, actor_id=person.id, action="share_link.made", target=str(draft_id), details=details
            )
            return _view(row, now)

        made = await self._db.write(unit)
        return msgspec.structs.replace(made, link=f"{address}{token}")

    async def remove(self, person: Principal, draft_id: UUID, link_id: UUID) -> None:
        """End a link at once. Raises `Missing`."""

        def unit(session: Session) -> None:
            owned_draft(session, person.id, draft_id)
            if not share_links.remove_link(session, draft_id, link_id):
                raise Missing
            audit.record(
                session, at=self._clock(), actor_id=person.id, action="share_link.removed", target=str(draft_id),
                details={"link_id": str(link_id)},
            )  # fmt: skip

        await self._db.write(unit)

    async def read(self, token: str, *, address: str, after: int = 0) -> SharedText:
        """What a link shows; without the text for a reader who has it as it was after event `after`. `address` is where the
        request came from. Raises `Missing` for every link that does not hold, and `TooManyRequests` after many of them."""
        now = self._clock()
        self._throttle.check(address, now)
        digest = token_hash(token)

        def query(session: Session) -> tuple[OpenLink, Head | None] | None:
            link = share_links.open_link(session, digest, now)
            if link is None:
                return None
            if link.seq == after:
                return link, None
            head = load_head(session, link.draft_id)
            return None if head is None else (link, head)

        found = await self._db.read(query)
        if found is None:
            self._throttle.failed(address, now)
            raise Missing("This link does not lead anywhere (any more).")
        link, head = found
        await self._note_use(link, now)
        if head is None:
            return SharedText("", link.owner_name, link.seq, link.expires_at)
        text = text_of(head)
        return SharedText(
            title=head.title,
            author=link.owner_name,
            seq=head.seq,
            expires_at=link.expires_at,
            saved_at=head.saved_at,
            # Long texts take a while, and others wait for the loop.
            html=await asyncio.to_thread(render_markdown, text),
            show_title=not begins_with_title(text, head.title),
        )

    async def _note_use(self, link: OpenLink, now: datetime) -> None:
        """To some minutes, and not at all on a full disk: who can only read should be able to."""
        if link.last_used_at is not None and now - link.last_used_at < _NOTE_USE_EVERY:
            return
        try:
            await self._db.write(share_links.note_use, link.link_id, at=now)
        except StoreUnavailable as error:
            log.warning("use of a link not noted", code=error.code)


def _checked_end(now: datetime, days: int | None, expires_at: datetime | None) -> datetime | None:
    if days is not None and expires_at is not None:
        raise InvalidInput("expires_at", "Give the days or the time, not both.")
    if days is not None:
        if not 1 <= days <= _LONGEST.days:
            raise InvalidInput("days", f"This takes 1 to {_LONGEST.days} days.")
        return now + timedelta(days=days)
    if expires_at is None:
        return None
    if not now < expires_at <= now + _LONGEST:
        raise InvalidInput("expires_at", "This must lie in the future, within ten years.")
    return expires_at.astimezone(UTC)


def _view(row: ShareLink, now: datetime) -> ShareLinkView:
    ended = row.expires_at is not None and row.expires_at <= now
    return ShareLinkView(row.id, row.name, row.created_at, row.expires_at, row.last_used_at, ended)
