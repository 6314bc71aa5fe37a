"""The run log: what a turn streams, made durable before anybody sees it, and followed live or from the database.

One writer commits the pending entries of all running turns together, so that twenty streams cost one commit, not twenty.
An entry's number is its id in the event stream; text that waits for the same commit is merged into one entry.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlmodel import Session

from app.services.clock import Clock
from app.store.db import Database, quick
from app.store.turns import RunEvent, append_run_events

log = structlog.get_logger()

TERMINAL = frozenset({"done", "stopped", "failed", "interrupted"})

_KEEP_ALIVE_SECONDS = 15.0
_PATIENCE = 0.2
_COMMIT_EVERY = 0.003
"""Seconds between the beginnings of two commits. A token after a pause is committed at once; under load those of all
streams share a commit (measured: 20 streams of 50 tokens a second, a third of the commits and of their CPU)."""


@dataclass(slots=True)
class Entry:
    """One event of a turn: its number, type and JSON data."""

    n: int
    type: str
    data: dict[str, Any]

    def encoded(self) -> bytes:
        return encode_event(self.n, self.type, msgspec.json.encode(self.data))

    def row(self, at: datetime) -> RunEvent:
        return RunEvent(self.n, self.type, msgspec.json.encode(self.data).decode(), at)


def encode_event(n: int, type_: str, data: bytes) -> bytes:
    """One event in `text/event-stream` form; JSON holds no line break."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (n, type_.encode(), data)


@quick
def _append(session: Session, rows: dict[UUID, list[RunEvent]]) -> None:
    for turn_id, events in rows.items():
        append_run_events(session, turn_id, events)


@dataclass(eq=False, slots=True)
class RunLog:
    """The committed entries of one running turn, encoded once for all who follow."""

    turn_id: UUID
    owner_id: UUID
    last: int = 0
    """Number of the newest entry handed to the writer."""
    committed: list[bytes] = field(default_factory=list)
    finished: bool = False
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def published(self, entries: list[Entry]) -> None:
        self.committed.extend(entry.encoded() for entry in entries)
        self.finished = self.finished or any(entry.type in TERMINAL for entry in entries)
        self.nudge()

    def nudge(self) -> None:
        """Wake the followers without news; they tell their proxies that the stream lives."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def abandon(self) -> None:
        """Wake the followers of a turn that ended without a last entry (the store is gone); they reconnect."""
        self.finished = True
        self._moved.set()

    async def follow(self, after: int) -> AsyncIterator[bytes]:
        """Entries after number `after`, as they are committed, until the last; a comment now and then keeps proxies awake."""
        position = max(0, after)
        while True:
            moved = self._moved
            if position < len(self.committed):
                batch = self.committed[position:]
                position += len(batch)
                yield b"".join(batch)
            elif self.finished:
                return
            else:
                await moved.wait()
                if position == len(self.committed) and not self.finished:
                    yield b": still running\n\n"


class RunLogs:
    """All running turns' logs of this process, and the one task that commits them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._logs: dict[UUID, RunLog] = {}
        self._pending: list[tuple[RunLog, Entry]] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._committing = False
        self._writer: asyncio.Task[None] | None = None
        self._nudger: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_forever(), name="run log writer")
        self._nudger = asyncio.create_task(self._nudge_forever(), name="run log keep-alive")

    async def stop(self) -> None:
        if self._writer is not None:
            await self.flush()
            tasks = [task for task in (self._writer, self._nudger) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def open(self, turn_id: UUID, *, owner_id: UUID) -> RunLog:
        run_log = self._logs[turn_id] = RunLog(turn_id, owner_id)
        return run_log

    def get(self, turn_id: UUID) -> RunLog | None:
        return self._logs.get(turn_id)

    def close(self, run_log: RunLog) -> None:
        self._logs.pop(run_log.turn_id, None)
        if not run_log.finished:
            run_log.abandon()

    def add(self, run_log: RunLog, type_: str, data: dict[str, Any], *, urgent: bool = True) -> None:
        """Hand an entry to the writer; text joins the turn's waiting text when nothing came in between.

        What is not urgent waits a moment for something that is, so that the first word need not wait for its commit.
        """
        if type_ == "text":
            for pending_log, entry in reversed(self._pending):
                if pending_log is run_log:
                    if entry.type == "text":
                        entry.data["delta"] += data["delta"]
                        return
                    break
        run_log.last += 1
        self._pending.append((run_log, Entry(run_log.last, type_, data)))
        if urgent:
            self._wake.set()
        else:
            asyncio.get_running_loop().call_later(_PATIENCE, self._wake.set)

    async def flush(self) -> None:
        """Wait until everything added so far is committed. Raises what the commit raised."""
        if not self._pending and not self._waiters and not self._committing:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        await waiter

    async def _write_forever(self) -> None:
        loop = asyncio.get_running_loop()
        next_commit = 0.0
        while True:
            await self._wake.wait()
            early = next_commit - loop.time()
            if early > 0:
                await asyncio.sleep(early)
            next_commit = loop.time() + _COMMIT_EVERY
            self._wake.clear()
            batch, self._pending = self._pending, []
            waiters, self._waiters = self._waiters, []
            self._committing = True
            try:
                await self._commit(batch, waiters)
            finally:
                self._committing = False

    async def _nudge_forever(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_SECONDS)
            for run_log in tuple(self._logs.values()):
                run_log.nudge()

    async def _commit(self, batch: list[tuple[RunLog, Entry]], waiters: list[asyncio.Future[None]]) -> None:
        by_turn: dict[UUID, tuple[RunLog, list[Entry]]] = {}
        for run_log, entry in batch:
            by_turn.setdefault(run_log.turn_id, (run_log, []))[1].append(entry)
        now = self._clock()
        try:
            rows = {turn_id: [entry.row(now) for entry in entries] for turn_id, (_, entries) in by_turn.items()}
            if rows:
                await self._db.write(_append, rows)
        except Exception as error:  # noqa: BLE001 - told to everybody who waits; the turn then fails with it
            log.error("run log not committed", entries=len(batch), error=type(error).__name__)
            for run_log, _ in by_turn.values():
                run_log.abandon()
            _settle(waiters, error)
            return
        for run_log, entries in by_turn.values():
            run_log.published(entries)
        _settle(waiters)


def _settle(waiters: list[asyncio.Future[None]], error: Exception | None = None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if error is not None:
            waiter.set_exception(error)
        else:
            waiter.set_result(None)
