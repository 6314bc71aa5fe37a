"""The run log: what a turn streams, made durable before anybody sees it, and followed live or from the database.

On SQLite an entry goes into a journal (`run_journal`), and with others into the database a few times a second and at the
end of its turn. Elsewhere one writer commits the pending entries of all running turns together, so that twenty streams
cost one commit, not twenty. An entry's number is its id in the event stream; text that waits for the same commit is merged
into one entry.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import structlog

from app.services.assistant.run_journal import RunJournal
from app.services.clock import Clock
from app.store.db import Database
from app.store.engine.journal import RunEvent
from app.store.errors import StoreUnavailable
from app.store.turns import append_run_events

log = structlog.get_logger()

_encode = msgspec.json.Encoder().encode

TERMINAL = frozenset({"done", "stopped", "failed", "interrupted"})

_KEEP_ALIVE_SECONDS = 15.0
_PATIENCE = 0.2
_COMMIT_EVERY = 0.003
"""Seconds between the beginnings of two commits to the database. A token after a pause is committed at once; under load
those of all streams share a commit (measured: 20 streams of 50 tokens a second, a third of the commits and of their
CPU). The journal is written at once."""

_BREATH = 0.0002
"""Seconds after an entry went into the journal within which others wait for each other: they come with the same packet, or
faster than anybody reads."""


@dataclass(slots=True)
class Entry:
    """One event of a turn: its number, type and JSON data. It does not change once it was encoded."""

    n: int
    type: str
    data: dict[str, Any]
    _json: bytes = b""

    def encoded(self) -> bytes:
        return encode_event(self.n, self.type, self._encoded())

    def row(self, at: datetime) -> RunEvent:
        return RunEvent(self.n, self.type, self._encoded().decode(), at)

    def _encoded(self) -> bytes:
        if not self._json:
            self._json = _encode(self.data)
        return self._json


def encode_event(n: int, type_: str, data: bytes) -> bytes:
    """One event in `text/event-stream` form; JSON holds no line break."""
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (n, type_.encode(), data)


@dataclass(eq=False, slots=True)
class RunLog:
    """The committed entries of one running turn, encoded once for all who follow."""

    turn_id: UUID
    owner_id: UUID
    last: int = 0
    """Number of the newest entry handed to the writer."""
    committed: list[bytes] = field(default_factory=list)
    finished: bool = False
    waiting: Entry | None = None
    """The entry handed over last, while it is not being committed; more text may join it."""
    _followers: list[asyncio.Future[None]] = field(default_factory=list)

    def published(self, entries: list[Entry]) -> None:
        self.committed.extend([entry.encoded() for entry in entries])
        self.finished = self.finished or entries[-1].type in TERMINAL
        self.nudge()

    def nudge(self) -> None:
        """Wake the followers, also without news; they tell their proxies that the stream lives."""
        followers, self._followers = self._followers, []
        for follower in followers:
            if not follower.done():
                follower.set_result(None)

    def abandon(self) -> None:
        """Wake the followers of a turn that ended without a last entry (the store is gone); they reconnect."""
        self.finished = True
        self.nudge()

    async def follow(self, after: int) -> AsyncIterator[bytes]:
        """Entries after number `after`, as they are committed, until the last; a comment now and then keeps proxies awake."""
        loop = asyncio.get_running_loop()
        position = max(0, after)
        while True:
            if position < len(self.committed):
                batch = self.committed[position:]
                position += len(batch)
                yield batch[0] if len(batch) == 1 else b"".join(batch)
            elif self.finished:
                return
            else:
                moved = loop.create_future()
                self._followers.append(moved)
                await moved
                if position == len(self.committed) and not self.finished:
                    yield b": still running\n\n"


class RunLogs:
    """All running turns' logs of this process, and the one writer of them.

    The writer is a timer, not a task: what it does between two tokens is paid for by each of them.
    """

    def __init__(self, db: Database, clock: Clock, told: Callable[..., None] = lambda *_: None) -> None:
        """`told` is called with the turns of which there is more in the database, for other workers to read."""
        self._db = db
        self._told = told
        self._clock = clock
        self._logs: dict[UUID, RunLog] = {}
        self._pending: list[tuple[RunLog, Entry]] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._alarm: asyncio.Handle | None = None
        self._alarm_at = 0.0
        self._committing = False
        self._in_burst = False
        self._written_at = 0.0
        self._next_commit = 0.0
        self._nudger: asyncio.Task[None] | None = None
        self._journal: RunJournal | None = None

    async def start(self) -> None:
        """Also brings into the database what a process that was killed had left in the journal."""
        self._journal = await RunJournal.open(self._db, lost=self._abandon)
        self._nudger = asyncio.create_task(self._nudge_forever(), name="run log keep-alive")

    async def stop(self) -> None:
        if self._nudger is not None:
            await self.flush()
            self._nudger.cancel()
            await asyncio.gather(self._nudger, return_exceptions=True)
        if self._journal is not None:
            await self._journal.close()
            self._journal = None

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
        waiting = run_log.waiting
        if waiting is not None and type_ == "text" and waiting.type == "text":
            waiting.data["delta"] += data["delta"]
            return
        run_log.last += 1
        run_log.waiting = Entry(run_log.last, type_, data)
        self._pending.append((run_log, run_log.waiting))
        self._set_alarm(0.0 if urgent else _PATIENCE)

    def unsaved(self, run_log: RunLog) -> list[RunEvent]:
        """The entries of a turn that the database may not have yet, for the end of the turn to take along."""
        return self._journal.unsaved(run_log.turn_id) if self._journal is not None else []

    async def save(self, turn_id: UUID | None = None) -> None:
        """Before a running turn (or any) is read from the database: it gets what was published so far, if it can."""
        if self._journal is not None and (turn_id is None or self._journal.unsaved(turn_id)):
            await self._journal.save()

    async def flush(self) -> None:
        """Wait until everything added so far is committed. Raises what the commit raised."""
        if not self._pending and not self._committing:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._set_alarm(0.0)
        await waiter

    def _set_alarm(self, delay: float) -> None:
        """The next commit begins after `delay` seconds, or when it is due, unless one is to begin before that.

        The journal is written at once, and for what comes in the same breath once more at its end.
        """
        if self._committing or self._in_burst:
            return  # Its end looks after what came meanwhile.
        loop = asyncio.get_running_loop()
        if self._journal is not None and not delay:
            now = time.perf_counter()
            if now - self._written_at < _BREATH:
                self._in_burst = True
                loop.call_soon(self._end_burst)
            else:
                self._written_at = now
                self._begin_commit()
            return
        when = max(self._next_commit, loop.time() + delay)
        if self._alarm is not None:
            if self._alarm_at <= when:
                return
            self._alarm.cancel()
        self._alarm_at = when
        self._alarm = loop.call_at(when, self._begin_commit)

    def _end_burst(self) -> None:
        self._in_burst = False
        self._written_at = time.perf_counter()
        if self._pending or self._waiters:
            self._begin_commit()

    def _begin_commit(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        batch, self._pending = self._pending, []
        waiters, self._waiters = self._waiters, []
        if not batch:
            _settle(waiters, None)
            return
        by_turn: dict[RunLog, list[Entry]] = {}
        for run_log, entry in batch:
            run_log.waiting = None
            by_turn.setdefault(run_log, []).append(entry)
        now = self._clock()
        rows = {run_log.turn_id: [entry.row(now) for entry in entries] for run_log, entries in by_turn.items()}
        if self._journal is not None:
            refused: StoreUnavailable | None = None
            try:
                self._journal.append(rows)
            except StoreUnavailable as error:
                refused = error
            self._end_commit(by_turn, waiters, refused)
            return
        self._next_commit = asyncio.get_running_loop().time() + _COMMIT_EVERY
        self._committing = True
        committed = self._db.submit(append_run_events, rows)
        committed.add_done_callback(partial(self._committed, by_turn, waiters))

    def _committed(
        self,
        by_turn: dict[RunLog, list[Entry]],
        waiters: list[asyncio.Future[None]],
        committed: asyncio.Future[None],
    ) -> None:
        self._committing = False
        error = asyncio.CancelledError() if committed.cancelled() else committed.exception()
        if error is None:
            self._told(*[run_log.turn_id for run_log in by_turn])
        self._end_commit(by_turn, waiters, error)

    def _end_commit(
        self, by_turn: dict[RunLog, list[Entry]], waiters: list[asyncio.Future[None]], error: BaseException | None
    ) -> None:
        if error is None:
            for run_log, entries in by_turn.items():
                run_log.published(entries)
        else:  # told to everybody who waits; the turn then fails with it
            log.error("run log not committed", turns=len(by_turn), error=type(error).__name__)
            for run_log in by_turn:
                run_log.abandon()
        _settle(waiters, error)
        if (self._pending or self._waiters) and not self._in_burst:
            self._set_alarm(0.0)

    def _abandon(self, turn_id: UUID) -> None:
        run_log = self._logs.get(turn_id)
        if run_log is not None:
            run_log.abandon()

    async def _nudge_forever(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_SECONDS)
            for run_log in tuple(self._logs.values()):
                run_log.nudge()


def _settle(waiters: list[asyncio.Future[None]], error: BaseException | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if error is not None:
            waiter.set_exception(error)
        else:
            waiter.set_result(None)
