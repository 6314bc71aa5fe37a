"""Where queries and units run. The only module that decides between SQLite and PostgreSQL.

A *query* reads, a *unit* also writes; both are plain functions `f(session, ...)`. A unit is one transaction: it never
commits, never waits for anything but the database, and may be run more than once (after a collision), so it has
no effect elsewhere. What it returns must not need the session any more.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.store.drafting.head_cache import HEADS, HeadCache
from app.store.engine import server, sqlite
from app.store.engine.embedded import EmbeddedDatabase
from app.store.engine.journal import Journal
from app.store.engine.notices import Notices
from app.store.engine.quick import expect_slow, quick
from app.store.engine.server import ServerDatabase
from app.store.errors import StoreUnavailable
from app.store.upkeep import migrate
from app.traces import Kind, function_name, open_span, span

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_SECONDS = 5.0
_POOL_SIZE = 10

__all__ = ["Database", "database_url", "expect_slow", "quick"]


def database_url(url: str | Path) -> URL:
    """Accepts what people write: `postgresql://…` or `postgres://…` (served by psycopg 3), `sqlite:///file`, or a path."""
    if isinstance(url, Path) or "://" not in url:
        return URL.create("sqlite", database=str(url))
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "postgresql" | "postgres":
            return parsed.set(drivername="postgresql+psycopg")
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite")
        case _:
            raise ValueError(
                f"not a PostgreSQL address or a SQLite file: {parsed.render_as_string(hide_password=True)}"
            )


@quick
def _answers(session: Session) -> bool:
    return bool(session.scalar(text("SELECT 1")) == 1)


class Database:
    """An open database. Belongs to one event loop; `transaction` may be used from any thread."""

    def __init__(self, backend: EmbeddedDatabase | ServerDatabase) -> None:
        self._backend = backend
        self._migrating = threading.Lock()

    @classmethod
    def open(
        cls,
        url: str | Path,
        *,
        busy_seconds: float = _BUSY_SECONDS,
        pool_size: int = _POOL_SIZE,
        migrate_schema: bool = True,
    ) -> "Database":
        """Opens the database and brings its schema up to date.

        `busy_seconds`: how long a write waits for another process before StoreUnavailable. `pool_size`: PostgreSQL
        connections of this process.
        """
        address = database_url(url)
        info = {HEADS: HeadCache()}
        backend: EmbeddedDatabase | ServerDatabase
        if address.get_backend_name() == "sqlite":
            path = Path(address.database or "")
            path.parent.mkdir(parents=True, exist_ok=True)
            backend = EmbeddedDatabase(path, busy_seconds=busy_seconds, info=info)
        else:
            backend = ServerDatabase(address, pool_size=pool_size, busy_seconds=busy_seconds, info=info)
        database = cls(backend)
        if migrate_schema:
            database.migrate()
        return database

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._backend.dialect

    @property
    def engine(self) -> Engine:
        """For what needs a connection of its own: migrations, backup. Its transactions lock at BEGIN on SQLite."""
        return self._backend.engine

    def migrate(self) -> None:
        """Runs the migrations that are missing. Several processes may start at once."""
        with self._migrating, _unavailable_translated():
            migrate.upgrade_engine(self.engine)

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a query on one consistent state of the database. Raises what it raises, or StoreUnavailable."""
        if open_span() is not None:
            return await self._traced("read", self._backend.read, query, args, kwargs)
        result: T = await self._backend.read(query, args, kwargs)
        return result

    async def write(self, unit: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a unit and returns after its COMMIT is on the disk. Where it raises, nothing of it was saved."""
        if open_span() is not None:
            return await self._traced("write", self._backend.write, unit, args, kwargs)
        result: T = await self._backend.write(unit, args, kwargs)
        return result

    async def _traced(self, kind: str, run: Callable[..., Any], function: Callable[..., T], *arguments: Any) -> T:
        with span(f"{kind} {function_name(function)}", Kind.CLIENT) as part:
            if part is not None:
                part.set(db__system__name=self.dialect, db__operation__name=kind)
            result: T = await run(function, *arguments)
            return result

    def submit(
        self, unit: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> "asyncio.Future[T]":
        """Like `write`, for callers that are no coroutine. The future may be done already."""
        try:
            return asyncio.ensure_future(self._backend.write(unit, args, kwargs))
        except StoreUnavailable as error:
            failed: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    def journal(self) -> Journal | None:
        """Where run logs are kept until the database has them; None where they go into the database at once: on
        PostgreSQL, and on SQLite while another process has the files. The caller closes it."""
        return self._backend.journal()

    def notices(self) -> Notices | None:
        """Between the processes that share the database; None on SQLite, which has one. The caller closes it."""
        return self._backend.notices()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction without an event loop, for the command line and tests; blocks the calling thread."""
        with _unavailable_translated(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def health(self) -> bool:
        """Whether the database answers a query now."""
        try:
            return await self.read(_answers)
        except StoreUnavailable:
            return False

    async def close(self) -> None:
        """Answers everybody who still waits, then closes all connections."""
        await self._backend.close()


@contextmanager
def _unavailable_translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        translate = sqlite.translated if sqlite.error_code(error) is not None else server.translated
        raise translate(error) from error
