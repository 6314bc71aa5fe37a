"""The one writer of a SQLite file: many units, one COMMIT, and nobody is answered before it succeeded.

Units wait in line. A *turn* takes those that wait, runs one after the other, commits once, and then answers all of them.
Quick units run on the event loop, the rest and every COMMIT in one thread; while that waits for the disk, the loop
parses further requests. The alternative, all units in the thread, was measured too: see
tests/benchmarks/bench_store_append.py.

One unit that comes alone, as the one before it did, has no others whose requests could be parsed meanwhile. While the
disk is quick it is committed on the loop: the way to the thread and back takes as long as a quick disk needs to write.

- A unit's exception undoes what this unit did; the others of the group never notice.
- A COMMIT that fails (disk full) fails every unit of the group with StoreUnavailable, and the connection is replaced.
- Where the COMMIT finds a deferred constraint broken, the units are run again one by one, so that only the guilty one fails.
- Another process that holds the write lock is waited for in the thread, up to `busy_seconds`.
"""

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.store.engine import sqlite
from app.store.engine.checkpoints import Checkpointer
from app.store.engine.quick import HandOver, is_quick
from app.store.engine.writer_connection import Job, TransactionLost, WorkToUndo, WriterConnection
from app.store.errors import StoreUnavailable

_LOOP_SECONDS = 0.004  # A turn holds the event loop no longer than this before it commits.
_GROUP_UNITS = 256
_QUICK_COMMIT_SECONDS = 0.001
_FORGETTING = 0.95
"""Of how slow the disk was, this much is remembered from one COMMIT to the next: what took 50 ms once, for 76 of them."""


@dataclass(slots=True)
class _Turn:
    """One group on its way: `done` ran on the loop, `rest` is for the thread, `begun` if the transaction is open.
    `apart`: every unit gets a transaction of its own."""

    done: list[Job] = field(default_factory=list)
    rest: list[Job] = field(default_factory=list)
    begun: bool = False
    apart: bool = False


class GroupCommitWriter:
    """`write(unit, args, kwargs)` on one event loop; `close()` answers everybody who still waits.
    `info` is what every unit finds in `session.info`."""

    def __init__(
        self,
        path: Path,
        *,
        busy_seconds: float,
        checkpointer: Checkpointer,
        info: Mapping[str, Any],
    ) -> None:
        self._connection = WriterConnection(path, info)
        self._busy_seconds = busy_seconds
        self._checkpointer = checkpointer
        self._commit_seconds = 1.0  # Nothing is known of the disk yet.
        self._came_alone = False
        self._waiting: deque[Job] = deque()
        self._running = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turns: SimpleQueue[_Turn | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def write(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> asyncio.Future[Any]:
        """A future that is done once the unit is committed, or has failed."""
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
        return job.future

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
        if not (turn.done or turn.rest):
            self._rest_now()
        elif self._is_lone_and_quick(turn) and self._ended_on_loop(turn):
            self._finished(turn)
        else:
            self._turns.put(turn)

    def _is_lone_and_quick(self, turn: _Turn) -> bool:
        alone = turn.begun and len(turn.done) == 1 and not turn.rest and not self._waiting
        alone_again = alone and self._came_alone
        self._came_alone = alone
        return alone_again and self._commit_seconds < _QUICK_COMMIT_SECONDS and not self._checkpointer.overdue

    def _ended_on_loop(self, turn: _Turn) -> bool:
        """Commits; False where that is left to the thread, which may have to wait for a lock."""
        try:
            self._commit()
        except sqlite3.IntegrityError:
            self._run_apart(turn)
            return False
        except Exception as error:  # noqa: BLE001 - whatever broke, the caller must be answered
            self._abandon(turn, error)
        else:
            self._checkpointer.after_commit(None)
        return True

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
                self._connection.run_on_loop(job)
            except HandOver:
                self._take_rest(turn)
                return
            except WorkToUndo:
                turn.done.append(self._waiting.popleft())
                self._run_apart(turn)
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

    def _run_apart(self, turn: _Turn) -> None:
        """Undoes the group, and has each of its units run again in the thread, where only the guilty one fails."""
        self._connection.roll_back()
        turn.rest, turn.done = turn.done, []
        turn.begun = False
        turn.apart = True

    def _abandon(self, turn: _Turn, error: BaseException) -> None:
        """The transaction broke while units ran on the loop: none of them is saved, the one at fault included."""
        if self._waiting:
            turn.done.append(self._waiting.popleft())
        self._fail(turn.done, error)
        self._reset()
        turn.begun = False

    def _finished(self, turn: _Turn) -> None:
        # The next group goes first, so that the disk is not idle while those of this one write their responses, nor the
        # loop while the disk writes.
        if self._waiting:
            self._turn()
        else:
            self._rest_now()
        for job in turn.done:
            job.answer()
        for job in turn.rest:
            job.answer()

    def _rest_now(self) -> None:
        self._running = False
        self._idle.set()

    # In the thread

    def _work(self) -> None:
        while (turn := self._turns.get()) is not None:
            self._complete_or_fail(turn)
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._finished, turn)

    def _complete_or_fail(self, turn: _Turn) -> None:
        try:
            self._complete(turn)
        except Exception as error:  # noqa: BLE001 - whatever broke, the callers must be answered
            self._fail([*turn.done, *turn.rest], error)
            self._reset()

    def _complete(self, turn: _Turn) -> None:
        if turn.apart:
            self._one_by_one(turn.rest)
        elif turn.begun or turn.rest:
            self._together(turn)
        else:
            return  # Abandoned on the loop; its callers only wait for the answer.
        self._checkpointer.after_commit(self._connection.current())

    def _together(self, turn: _Turn) -> None:
        if not turn.begun:
            self._begin_patiently()
        for job in turn.rest:
            self._connection.run(job)
        try:
            self._commit()
        except sqlite3.IntegrityError:
            self._connection.roll_back()
            self._one_by_one([*turn.done, *turn.rest])

    def _one_by_one(self, jobs: list[Job]) -> None:
        """Each in a transaction of its own. Once the environment fails, those that are saved stay answered as saved."""
        for index, job in enumerate(jobs):
            try:
                self._begin_patiently()
                self._connection.run(job)
                self._connection.commit()
            except sqlite3.IntegrityError as error:
                self._connection.roll_back()
                job.error = IntegrityError("COMMIT", None, error)
            except Exception as error:  # noqa: BLE001 - whatever broke, the callers must be answered
                self._fail(jobs[index:], error)
                self._reset()
                return

    def _begin_patiently(self) -> None:
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                self._connection.begin()
            except sqlite3.OperationalError as error:
                if sqlite.error_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(sqlite.RETRY_SECONDS)
            else:
                return

    # Either side

    def _commit(self) -> None:
        started = time.perf_counter()
        try:
            self._connection.commit()
        finally:
            self._commit_seconds = max(time.perf_counter() - started, self._commit_seconds * _FORGETTING)

    def _fail(self, jobs: list[Job], error: BaseException) -> None:
        if isinstance(error, TransactionLost):
            error = sqlite.translated(error.__cause__ or error)
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
