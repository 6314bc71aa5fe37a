"""The embedded database: one SQLite file, one process that serves it (others may open it for a moment, as the CLI does)."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from app.store.engine import sqlite
from app.store.engine.checkpoints import Checkpointer
from app.store.engine.group_commit import GroupCommitWriter
from app.store.engine.journal import Journal
from app.store.engine.prepared import DRIVER
from app.store.engine.quick import ON_LOOP, HandOver, is_quick

_READERS = 4


class _LoopReader:
    """The connection quick queries use on the event loop: one consistent state per query, no thread."""

    def __init__(self, path: Path) -> None:
        self._raw = sqlite.connect(path, busy_seconds=0, read_only=True, factory=sqlite.OwnedTransaction)
        raw = self._raw
        self._connection: Connection = create_engine(
            "sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True
        ).connect()
        self._session = self._new_session()

    def _new_session(self) -> Session:
        session = Session(self._connection)
        session.info.update({DRIVER: self._raw, ON_LOOP: True})
        return session

    def read(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._raw.execute("BEGIN")
        try:
            return query(self._session, *args, **kwargs)
        finally:
            if self._session.in_transaction():
                self._session.close()
                self._session = self._new_session()
            self._raw.execute("ROLLBACK")

    def close(self) -> None:
        self._session.close()
        self._connection.close()
        self._raw.close()


class EmbeddedDatabase:
    """See `db.Database`, which says what the methods mean."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, busy_seconds: float, info: Mapping[str, Any]) -> None:
        self._engine = sqlite.engine_for(path, busy_seconds=busy_seconds)
        self._readers = sqlite.engine_for(path, busy_seconds=busy_seconds, read_only=True, pool_size=_READERS)
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._checkpointer = Checkpointer(path)
        self._writer = GroupCommitWriter(path, busy_seconds=busy_seconds, checkpointer=self._checkpointer, info=info)
        self._path = path
        self._loop_reader: _LoopReader | None = None

    @property
    def engine(self) -> Engine:
        return self._engine

    async def read(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_quick(query):
            try:
                if self._loop_reader is None:
                    self._loop_reader = _LoopReader(self._path)
                return self._loop_reader.read(query, args, kwargs)
            except HandOver:
                pass
            except (sqlite3.OperationalError, DBAPIError) as error:
                if sqlite.error_code(error) != sqlite3.SQLITE_BUSY:
                    raise sqlite.translated(error) from error
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, query, args, kwargs)

    def _read(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            with Session(self._readers) as session:
                return query(session, *args, **kwargs)
        except (sqlite3.Error, DBAPIError) as error:
            raise sqlite.translated(error) from error

    def write(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Awaitable[Any]:
        return self._writer.write(unit, args, kwargs)

    def notices(self) -> None:
        """There is one process, and nobody to tell."""
        return

    def journal(self) -> Journal | None:
        return Journal.open(self._path)

    async def close(self) -> None:
        await self._writer.close()
        self._threads.shutdown(wait=True)
        self._checkpointer.close()
        if self._loop_reader is not None:
            self._loop_reader.close()
        self._readers.dispose()
        self._engine.dispose()
