"""A PostgreSQL server: a pool of connections, a thread for each, and a new attempt where the server asks for one."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from app.store.engine.notices import Notices
from app.store.errors import StoreUnavailable

_ATTEMPTS = 5
# SQLSTATE classes and codes: https://www.postgresql.org/docs/15/errcodes-appendix.html
_TRY_AGAIN = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_LOCKED = "55P03"
_ENVIRONMENT_FAILED = ("08", "53", "57", "58")  # connection, resources (disk full), operator, system error
# No statement here runs so long that compiling it, or starting other processes for it, pays: reports over a million rows took
# 5 to 100 ms more with the first, and 5 to 15 with the second, which the server takes to cost as much as 1,000 rows.
_PLANNING = "-c jit=off -c parallel_setup_cost=20000"


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def translated(error: DBAPIError) -> BaseException:
    """StoreUnavailable where the server or the way to it failed, else the error itself."""
    state = _state(error)
    lost = error.connection_invalidated or (not state and type(error.orig).__name__ == "OperationalError")
    if lost or state.startswith(_ENVIRONMENT_FAILED) or state in _TRY_AGAIN or state == _LOCKED:
        return StoreUnavailable(str(error.orig).strip().partition("\n")[0])
    return error


class ServerDatabase:
    """See `db.Database`, which says what the methods mean."""

    dialect = "postgresql"

    def __init__(self, url: URL, *, pool_size: int, busy_seconds: float, info: Mapping[str, Any]) -> None:
        self._info = dict(info)
        milliseconds = int(busy_seconds * 1000)
        self._engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=busy_seconds,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "options": f"-c lock_timeout={milliseconds} -c timezone=UTC {_PLANNING}",
                "connect_timeout": 10,
            },
        )
        self._readers = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True, postgresql_deferrable=False
        )
        self._threads = ThreadPoolExecutor(pool_size, thread_name_prefix="store")

    def journal(self) -> None:
        """Other workers follow a turn through the database, and its COMMIT takes no thread of this process."""
        return

    def notices(self) -> Notices:
        return Notices(self._engine)

    @property
    def engine(self) -> Engine:
        return self._engine

    async def read(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, query, args, kwargs)

    async def write(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._write, unit, args, kwargs)

    def _read(self, query: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            with Session(self._readers) as session:
                return query(session, *args, **kwargs)
        except PoolTimeout as error:
            raise StoreUnavailable("no database connection was free") from error
        except DBAPIError as error:
            raise translated(error) from error

    def _write(self, unit: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with Session(self._engine, expire_on_commit=False, info=self._info) as session, session.begin():
                    return unit(session, *args, **kwargs)
            except PoolTimeout as error:
                raise StoreUnavailable("no database connection was free") from error
            except DBAPIError as error:
                if attempt == _ATTEMPTS or _state(error) not in _TRY_AGAIN:
                    raise translated(error) from error
            # Two that collided should not meet again: wait a little, not equally long.
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()
