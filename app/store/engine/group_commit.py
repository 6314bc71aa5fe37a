"""The one writer of a SQLite file: many units, one COMMIT, and nobody is answered before it succeeded.

Units wait in line. A *turn* takes those that wait, runs each in a savepoint of its own, commits once, and then
answers all of them. Quick units run on the event loop, the rest and every COMMIT in one thread; while it waits for the
disk, the loop parses further requests. Measured at 100 connections (20 KB documents, two cores shared with the client):
see tests/benchmarks/bench_store_append.py.

- A unit's exception rolls back to its own savepoint; the others of the group never notice.
- A COMMIT that fails (disk full) fails every unit of the group with StoreUnavailable, and the connection is replaced.
- Where the COMMIT finds a deferred constraint broken, the units are run again one by one, so that only the guilty one fails.
- Another process that holds the write lock is waited for in the thread, up to `busy_seconds`.
"""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from app.store.engine import sqlite
from app.store.engine.prepared import DRIVER
from app.store.engine.quick import ON_LOOP, HandOver, is_quick
from app.store.errors import StoreUnavailable

_LOOP_SECONDS = 0.004  # A turn holds the event loop no longer than this before it commits.
_GROUP_UNITS = 256
_RETRY_SECONDS = 0.002


@dataclass(slots=True, eq=False)
class Job:
    """One unit somebody waits for, and how it ended."""

    unit: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        if self.future.done():
            return  # The caller went away; what was committed stays committed.
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


@dataclass(slots=True)
class _Turn:
    """One group on its way: `done` ran on the loop, `rest` is for the thread, `begun` if the transaction is open."""

    done: list[Job] = field(default_factory=list)
    rest: list[Job] = field(default_factory=list)
    begun: bool = False


class _TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself (disk full, input/output error)."""


class _WriterConnection:
    """The connection, the Session its units get, and savepoints around them. One thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw: sqlite3.Connection | None = None
        self._connection: Connection | None = None
        self._session: Session | None = None

    def raw(self) -> sqlite3.Connection:
        if self._raw is None:
            raw = sqlite.connect(self._path, busy_seconds=0, factory=sqlite.OwnedTransaction)
            # Checkpoints are made beside the commits (see checkpoints.py), not inside one somebody waits for.
            raw.execute("PRAGMA wal_autocheckpoint=0")
            self._raw = raw
            self._connection = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool).connect()
        return self._raw

    def session(self) -> Session:
        """A Session without memory of earlier units."""
        if self._session is None or self._session.in_transaction():
            if self._session is not None:
                self._session.close()
            self._session = Session(self._connection, autoflush=True)
            self._session.info[DRIVER] = self._raw
        return self._session

    def begin(self) -> None:
        self.raw().execute("BEGIN IMMEDIATE")

    def run(self, job: Job, *, on_loop: bool) -> None:
        """Runs one unit in its savepoint and notes how it ended. Raises HandOver, or _TransactionLost."""
        raw = self.raw()
        session = self.session()
        session.info[ON_LOOP] = on_loop
        raw.execute("SAVEPOINT unit")
        try:
            job.result = job.unit(session, *job.args, **job.kwargs)
            if session.in_transaction():
                session.flush()
        except BaseException as error:
            self._undo(session)
            if isinstance(error, HandOver) or not isinstance(error, Exception):
                raise
            job.error = sqlite.translated(error)
            return
        raw.execute("RELEASE unit")

    def _undo(self, session: Session) -> None:
        session.close()
        raw = self.raw()
        if not raw.in_transaction:
            raise _TransactionLost
        raw.execute("ROLLBACK TO unit")
        raw.execute("RELEASE unit")

    def commit(self) -> None:
        if self._session is not None and self._session.in_transaction():
            self._session.close()
        self.raw().execute("COMMIT")

    def roll_back(self) -> None:
        if self._raw is not None and self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def discard(self) -> None:
        """Closes the connection; the next use opens another. After a failed COMMIT nothing about the old one is trusted."""
        if self._session is not None:
            self._session.close()
        if self._connection is not None:
            self._connection.close()
        if self._raw is not None:
            self._raw.close()
        self._raw = self._connection = self._session = None


class GroupCommitWriter:
    """`await write(unit, args, kwargs)` from one event loop; `close()` answers everybody who still waits."""

    def __init__(self, path: Path, *, busy_seconds: float, after_commit: Callable[[sqlite3.Connection], None]) -> None:
        self._connection = _WriterConnection(path)
        self._busy_seconds = busy_seconds
        self._after_commit = after_commit
        self._waiting: deque[Job] = deque()
        self._running = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns: SimpleQueue[_Turn | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def write(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._closed:
            raise StoreUnavailable("the database was closed")
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._loop = loop
            self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
            self._thread.start()
        job = Job(unit, args, kwargs, loop.create_future())
        self._waiting.append(job)
        if not self._running:
            self._running = True
            self._idle.clear()
            loop.call_soon(self._turn)
        return await job.future

    async def close(self) -> None:
        self._closed = True
        await self._idle.wait()
        if self._thread is not None:
            self._turns.put(None)
            await asyncio.to_thread(self._thread.join)
        self._connection.discard()

    # On the event loop

    def _turn(self) -> None:
        turn = _Turn()
        try:
            self._run_on_loop(turn)
        except Exception as error:  # noqa: BLE001 - whatever broke, the callers must be answered
            self._abandon(turn, error)
        if turn.done or turn.rest:
            self._turns.put(turn)
        else:
            self._rest_now()

    def _run_on_loop(self, turn: _Turn) -> None:
        deadline = time.perf_counter() + _LOOP_SECONDS
        while self._waiting and len(turn.done) < _GROUP_UNITS:
            job = self._waiting[0]
            if job.future.cancelled():
                self._waiting.popleft()
                continue
            if not is_quick(job.unit) or not (turn.begun or self._begin_at_once(turn)):
                self._take_rest(turn)
                return
            try:
                self._connection.run(job, on_loop=True)
            except HandOver:
                self._take_rest(turn)
                return
            turn.done.append(self._waiting.popleft())
            if time.perf_counter() > deadline:
                return

    def _begin_at_once(self, turn: _Turn) -> bool:
        try:
            self._connection.begin()
        except sqlite3.OperationalError:
            return False  # Locked by another process: the thread waits for it.
        turn.begun = True
        return True

    def _take_rest(self, turn: _Turn) -> None:
        """Everybody in line goes to the thread, in order: commands of one page must not overtake each other."""
        while self._waiting and len(turn.done) + len(turn.rest) < _GROUP_UNITS:
            job = self._waiting.popleft()
            if not job.future.cancelled():
                turn.rest.append(job)

    def _abandon(self, turn: _Turn, error: BaseException) -> None:
        """The transaction broke while units ran on the loop: none of them is saved, the one at fault included."""
        if self._waiting:
            turn.done.append(self._waiting.popleft())
        self._fail(turn.done, error)
        self._reset()
        turn.begun = False

    def _finished(self, turn: _Turn) -> None:
        for job in turn.done:
            job.answer()
        for job in turn.rest:
            job.answer()
        if self._waiting:
            self._turn()
        else:
            self._rest_now()

    def _rest_now(self) -> None:
        self._running = False
        self._idle.set()

    # In the thread

    def _work(self) -> None:
        while (turn := self._turns.get()) is not None:
            try:
                self._complete(turn)
            except Exception as error:  # noqa: BLE001 - whatever broke, the callers must be answered
                self._fail([*turn.done, *turn.rest], error)
                self._reset()
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._finished, turn)

    def _complete(self, turn: _Turn) -> None:
        if not turn.begun:
            if not turn.rest:
                return  # Abandoned on the loop; its callers only wait for the answer.
            self._begin_patiently()
        for job in turn.rest:
            self._connection.run(job, on_loop=False)
        try:
            self._connection.commit()
        except sqlite3.IntegrityError:
            self._connection.roll_back()
            self._one_by_one([*turn.done, *turn.rest])
        self._after_commit(self._connection.raw())

    def _one_by_one(self, jobs: list[Job]) -> None:
        for job in jobs:
            if job.error is not None:
                continue
            self._begin_patiently()
            self._connection.run(job, on_loop=False)
            try:
                self._connection.commit()
            except sqlite3.IntegrityError as error:
                self._connection.roll_back()
                job.error = error

    def _begin_patiently(self) -> None:
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                self._connection.begin()
            except sqlite3.OperationalError as error:
                if sqlite.error_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return

    # Either side

    def _fail(self, jobs: list[Job], error: BaseException) -> None:
        if isinstance(error, _TransactionLost):
            cause = error.__context__ or error
            error = sqlite.translated(cause)
        else:
            error = sqlite.translated(error)
        if not isinstance(error, StoreUnavailable):
            unavailable = StoreUnavailable(str(error))
            unavailable.__cause__ = error
            error = unavailable
        for job in jobs:
            if job.error is None:
                job.error = error

    def _reset(self) -> None:
        self._connection.discard()
