"""The connection of the one writer: its Session, and running single units on it so that one's failure is its own."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from app.store.engine import sqlite
from app.store.engine.prepared import DRIVER
from app.store.engine.quick import ON_LOOP, HandOver


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


class TransactionLost(Exception):
    """SQLite rolled the whole transaction back by itself (disk full, input/output error)."""


class WorkToUndo(Exception):
    """A unit without a savepoint failed after it had written."""


class WriterConnection:
    """The connection, the Session its units get, and savepoints around them. One thread at a time uses it."""

    def __init__(self, path: Path, info: Mapping[str, Any]) -> None:
        self._path = path
        self._info = info
        self._raw: sqlite3.Connection | None = None
        self._connection: Connection | None = None
        self._session: Session | None = None

    def raw(self) -> sqlite3.Connection:
        if self._raw is None:
            raw = sqlite.connect(self._path, busy_seconds=0, factory=sqlite.OwnedTransaction)
            # Checkpoints are made beside the commits (see checkpoints.py), not inside one somebody waits for.
            raw.execute("PRAGMA wal_autocheckpoint=0")
            self._raw = raw
            self._connection = create_engine(
                "sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True
            ).connect()
        return self._raw

    def current(self) -> sqlite3.Connection | None:
        """The open connection, if there is one."""
        return self._raw

    def session(self) -> Session:
        """A Session without memory of earlier units."""
        if self._session is None or self._session.in_transaction():
            if self._session is not None:
                self._session.close()
            self._session = Session(self._connection, autoflush=True)
            self._session.info.update(self._info, **{DRIVER: self._raw})
        return self._session

    def begin(self) -> None:
        self.raw().execute("BEGIN IMMEDIATE")

    def run(self, job: Job) -> None:
        """Runs one unit in a savepoint and notes how it ended. Raises TransactionLost."""
        raw = self.raw()
        session = self.session()
        raw.execute("SAVEPOINT unit")
        error = self._attempt(job, session)
        if error is not None:
            self._require_transaction(error)
            raw.execute("ROLLBACK TO unit")
        raw.execute("RELEASE unit")

    def run_on_loop(self, job: Job) -> None:
        """The same without a savepoint: most units that fail have written nothing yet, so there is nothing to undo.
        Raises HandOver, TransactionLost, or WorkToUndo where there is."""
        session = self.session()
        session.info[ON_LOOP] = True
        raw = self.raw()
        before = raw.total_changes
        try:
            error = self._attempt(job, session)
        finally:
            session.info[ON_LOOP] = False
        if error is not None:
            self._require_transaction(error)
            if raw.total_changes != before:
                raise WorkToUndo
            if isinstance(error, HandOver):
                raise error

    def _attempt(self, job: Job, session: Session) -> Exception | None:
        try:
            job.result = job.unit(session, *job.args, **job.kwargs)
            if session.in_transaction():
                session.flush()
        except Exception as error:  # noqa: BLE001 - whatever a unit raises is its caller's, who gets it
            session.close()
            job.error = sqlite.translated(error)
            return error
        job.error = None
        return None

    def _require_transaction(self, error: Exception) -> None:
        """Some failures (disk full) make SQLite roll back everything, the work of other units included."""
        if not self.raw().in_transaction:
            raise TransactionLost from error

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
