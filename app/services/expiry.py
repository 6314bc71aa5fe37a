"""Expiry: drafts nobody changes go into the trash, what is in the trash for too long is erased. Also kept on request.

A job looks now and then and works in small pieces, so that a save never waits long behind it; `draftloom expire` does the
same once. Several workers may run it at once: every piece looks again under the draft's lock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlmodel import Session

from app.core.drafts import DRAFT_KEPT, Actor, EventBody
from app.core.expiry import ExpiryRules
from app.services.access import owned_draft
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict
from app.services.fanout import Fanout
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting import expiry as store
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head

log = structlog.get_logger()

_PIECE_SECONDS = 0.005
"""How long one piece may hold the writer; its COMMIT comes on top."""
_REST_SECONDS = 0.01
"""Between two pieces others go first; the writer's line is fair, so this only bounds the share of the disk."""
_LOOK_SECONDS = 600.0
_IDS_AT_ONCE = 5_000


class Swept(msgspec.Struct, frozen=True):
    """How many drafts went into the trash, and how many were erased."""

    expired: int
    erased: int


class Expiry:
    def __init__(
        self,
        db: Database,
        clock: Clock,
        fanout: Fanout,
        rules: ExpiryRules,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout
        self._rules = rules
        self._pause = pause
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="expiry")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def keep(self, person: Principal, draft_id: UUID, *, device: str = "") -> datetime | None:
        """Let a draft's time begin anew; when it expires now, None for never. Raises `Conflict` for one that is not
        open."""
        at = self._clock()

        def unit(session: Session) -> Head:
            head = owned_draft(session, person.id, draft_id, lock=True)
            if head.state.status != "open":
                raise Conflict("draft_closed", "This draft is in the trash or submitted.", status=head.state.status)
            origin = Origin(Actor("user", person.id), at, device)
            return draft_store.append_bodies(session, head, [EventBody(DRAFT_KEPT, {})], origin=origin)[0]

        head = await self._db.write(unit)
        self._fanout.publish(draft_id, head.seq)
        return expires_at(self._rules, head)

    async def due(self) -> Swept:
        """What a sweep would do now; changes nothing."""
        expiring, erasing = await self._db.read(store.count_due, self._rules, self._clock())
        return Swept(expiring, erasing)

    async def sweep(self) -> Swept:
        """Do all that is due, piece by piece."""
        at = self._clock()
        expired = await self._all_of(store.due_to_expire, store.expire_some, at)
        await self._all_of(store.due_to_erase, store.begin_erasing_some, at)
        erased = 0
        while left := await self._db.read(store.half_erased, limit=_IDS_AT_ONCE):
            erased += await self._erase(left)
        return Swept(expired, erased)

    async def _all_of(self, due: Any, some: Any, at: datetime) -> int:
        moved = 0
        while ids := await self._db.read(due, self._rules, at, limit=_IDS_AT_ONCE):
            before = moved
            moved += await self._move(ids, some, at)
            if moved == before:
                break  # Somebody else's hands are on them; next time.
        return moved

    async def _move(self, ids: Sequence[UUID], some: Any, at: datetime) -> int:
        moved = 0
        while ids:
            looked, done = await self._db.write(some, ids, self._rules, at, seconds=_PIECE_SECONDS, append=_append)
            for draft_id, seq in done:
                self._fanout.publish(draft_id, seq)
            moved += len(done)
            ids = ids[looked:]
            await self._pause(_REST_SECONDS)
        return moved

    async def _erase(self, ids: Sequence[UUID]) -> int:
        place, erased = store.Place(), 0
        while erased < len(ids):
            done, place = await self._db.write(store.erase_some, ids[erased:], place, seconds=_PIECE_SECONDS)
            erased += done
            await self._pause(_REST_SECONDS)
        return erased

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                swept = await self.sweep()
            except Exception as error:
                log.error("expiry stopped in the middle; it goes on at the next look", exc_info=error)
            else:
                if swept.expired or swept.erased:
                    log.info("drafts expired", expired=swept.expired, erased=swept.erased)


def expires_at(rules: ExpiryRules, head: Head) -> datetime | None:
    """When a draft goes by the installation's rules: into the trash, or for good if it is there."""
    return rules.expires_at(head.kind, status=head.state.status, saved_at=head.saved_at, deleted_at=head.deleted_at)


def _append(session: Session, head: Head, bodies: Sequence[EventBody], origin: Origin) -> object:
    return draft_store.append_bodies(session, head, bodies, origin=origin)
