"""Deleting stored files that nothing refers to: those whose rows are gone, and those that never got one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from app.services.attachments.storage import FILES, PARTS, UNFINISHED, Storage
from app.services.attachments.uploads import UPLOAD_KEPT
from app.services.clock import Clock
from app.store import attachments as store
from app.store.db import Database

log = structlog.get_logger()

ORPHANED_SECONDS = 24 * 3600.0
"""A file without a row is younger than this while its upload may still be under way."""
_EVERY = timedelta(hours=24)
_STALE_EVERY = timedelta(minutes=10)
_AT_ONCE = 200


class Sweeper:
    def __init__(self, db: Database, clock: Clock, storage: Storage) -> None:
        self._db = db
        self._clock = clock
        self._storage = storage
        self._swept: datetime | None = None
        self._looked: datetime | None = None

    async def sweep_leftovers(self) -> int:
        """Deletes the files whose rows are gone; how many. Raises `StorageUnavailable`; the rest is done next time."""
        deleted = 0
        while keys := await self._db.read(store.leftovers, limit=_AT_ONCE):
            for key in keys:
                await self._storage.delete(key)
            await self._db.write(store.forget_leftovers, keys)
            deleted += len(keys)
        return deleted

    async def sweep_when_due(self) -> None:
        """Gives up stale uploads every few minutes, looks for orphans once a day."""
        now = self._clock()
        if self._looked is None or now - self._looked >= _STALE_EVERY:
            self._looked = now
            if await self.sweep_uploads():
                await self.sweep_leftovers()
        if self._swept is None or now - self._swept >= _EVERY:
            self._swept = now
            await self.sweep_orphans()

    async def sweep_uploads(self) -> int:
        """Gives up uploads nothing was sent for a day."""
        return await self._db.write(store.delete_stale_uploads, before=self._clock() - UPLOAD_KEPT)

    async def sweep_orphans(self) -> int:
        """Deletes files that never got a row because a process died in between; how many."""
        deleted = 0
        for prefix in (FILES, PARTS, UNFINISHED):
            old: list[str] = []
            async for stored in self._storage.listed(prefix):
                if stored.age > ORPHANED_SECONDS:
                    old.append(stored.key)
                if len(old) >= _AT_ONCE:
                    deleted += await self._delete_unknown(old)
                    old = []
            deleted += await self._delete_unknown(old)
        if deleted:
            log.info("orphaned files deleted", count=deleted)
        return deleted

    async def _delete_unknown(self, keys: Sequence[str]) -> int:
        known = await self._db.read(store.known_keys, keys)
        unknown = [key for key in keys if key not in known]
        for key in unknown:
            await self._storage.delete(key)
        return len(unknown)
