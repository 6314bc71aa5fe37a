"""Checkpoints after a pause of writing: one version for what was typed since the last, not one per autosave."""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from sqlmodel import Session

from app.services.clock import Clock
from app.services.versions import checkpoint_unit
from app.store.db import Database
from app.store.drafting.heads import load_head
from app.store.drafting.resting import resting_drafts

log = structlog.get_logger()

_MOST_AT_ONCE = 50


class Checkpoints:
    """Looks for drafts that rest with unversioned words, now and then."""

    def __init__(self, db: Database, clock: Clock, *, pause_seconds: int) -> None:
        self._db = db
        self._clock = clock
        self._pause = timedelta(seconds=pause_seconds)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="checkpoints")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> int:
        """Make the checkpoints that are due; how many were made."""
        due = await self._db.read(resting_drafts, self._clock() - self._pause, limit=_MOST_AT_ONCE)
        made = 0
        for draft_id in due:
            made += await self._db.write(self._unit, draft_id)
        return made

    def _unit(self, session: Session, draft_id: UUID) -> bool:
        head = load_head(session, draft_id, lock=True)
        return head is not None and head.kind == "document" and checkpoint_unit(session, head, at=self._clock())[1]

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(min(30.0, self._pause.total_seconds() / 2))
            try:
                made = await self.sweep()
            except Exception as error:
                log.error("checkpoints not made", exc_info=error)
            else:
                if made:
                    log.debug("checkpoints made", count=made)
