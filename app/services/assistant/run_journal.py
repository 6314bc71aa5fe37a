"""What run logs hold that the database does not have yet: in a journal at once, in the database half a second later."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Self
from uuid import UUID

import structlog

from app.store.db import Database
from app.store.engine.journal import Journal, RunEvent
from app.store.errors import NotFound, StoreUnavailable
from app.store.turns import catch_up_run_events

log = structlog.get_logger()

_SAVE_EVERY = 0.5
"""Seconds from an entry in the journal until the database takes it over. Entries in the journal survive the end of this
process, which is what ends a stream; a power cut may take the last half second of an answer that it cut anyway."""


class RunJournal:
    """The journal, and the database taking it over.

    Once all is in the database, nothing of it stays in the journal. `lost`: told of a turn whose entries the database will
    not take, such as one that is gone.
    """

    def __init__(self, db: Database, journal: Journal, *, lost: Callable[[UUID], None]) -> None:
        self._db = db
        self._journal = journal
        self._lost = lost
        self._unsaved: dict[UUID, list[RunEvent]] = {}
        """Entries that the journal has and the database has not."""
        self._in_hand: dict[UUID, list[RunEvent]] = {}
        """Those that it is taking over."""
        self._saving: asyncio.Task[None] | None = None
        self._alarm: asyncio.Handle | None = None

    @classmethod
    async def open(cls, db: Database, *, lost: Callable[[UUID], None]) -> Self | None:
        """Also brings into the database what a process that was killed had left. None where entries go there at once."""
        try:
            journal = db.journal()
        except StoreUnavailable as error:
            log.warning("run logs go into the database at once", error=str(error.__cause__ or error))
            return None
        if journal is None:
            return None
        for turn_id, events in journal.left().items():
            try:
                await db.write(catch_up_run_events, {turn_id: events})
            except NotFound:
                log.warning("run log of no turn", turn=str(turn_id))
        journal.clear()
        return cls(db, journal, lost=lost)

    def append(self, rows: Mapping[UUID, list[RunEvent]]) -> None:
        """Entries are safe when this returns. Raises StoreUnavailable."""
        self._journal.append(rows)
        for turn_id, events in rows.items():
            self._unsaved.setdefault(turn_id, []).extend(events)
        self._save_soon()

    def unsaved(self, turn_id: UUID) -> list[RunEvent]:
        """The entries of a turn that the database may not have yet."""
        return self._in_hand.get(turn_id, []) + self._unsaved.get(turn_id, [])

    async def save(self) -> None:
        """The database gets what was appended so far, if it can."""
        if self._saving is not None:
            await asyncio.shield(self._saving)
        if self._unsaved and self._saving is None:
            self._begin()
        if self._saving is not None:
            await asyncio.shield(self._saving)

    async def close(self) -> None:
        """What the database cannot take now, the next process finds."""
        await self.save()
        if self._alarm is not None:
            self._alarm.cancel()
        self._journal.close()

    def _save_soon(self) -> None:
        if self._alarm is None and self._saving is None:
            self._alarm = asyncio.get_running_loop().call_later(_SAVE_EVERY, self._begin)

    def _begin(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._saving = asyncio.create_task(self._save(), name="run log into the database")

    async def _save(self) -> None:
        self._journal.turn_over()
        self._in_hand, self._unsaved = self._unsaved, {}
        try:
            await self._take_over(self._in_hand)
            self._journal.emptied()
        except StoreUnavailable:  # They stay in the journal, and are tried again.
            later, self._unsaved = self._unsaved, self._in_hand
            for turn_id, events in later.items():
                self._unsaved.setdefault(turn_id, []).extend(events)
        finally:
            self._in_hand = {}
            self._saving = None
        if self._unsaved:
            self._save_soon()
        else:
            self._journal.clear()

    async def _take_over(self, rows: dict[UUID, list[RunEvent]]) -> None:
        """Raises StoreUnavailable. What cannot be kept for another reason ends its own turn and no other."""
        try:
            await self._db.write(catch_up_run_events, rows)
        except StoreUnavailable:
            raise
        except Exception as error:
            if len(rows) > 1:
                for turn_id, events in rows.items():
                    await self._take_over({turn_id: events})
                return
            (turn_id,) = rows
            log.error("run log not saved", turn=str(turn_id), exc_info=error)
            self._lost(turn_id)
