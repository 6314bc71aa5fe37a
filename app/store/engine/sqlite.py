"""Connections to a SQLite file, set up the one way this program needs them, and what its errors mean."""

import hashlib
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from app.store.errors import StoreUnavailable

_PAGE_BYTES = 4096
_CACHE_KIBIBYTES = 32 * 1024
_WAL_FILE_BYTES = 64 * 1024 * 1024

RETRY_SECONDS = 0.001
"""Between two attempts to get the write lock that another process holds."""

# Primary result codes that say "the environment failed", as opposed to "the statement is wrong".
_ENVIRONMENT_FAILED = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)


class OwnedTransaction(sqlite3.Connection):
    """A connection whose transaction belongs to the writer: nothing a Session does may commit or undo the others' work."""

    def commit(self) -> None:
        """The writer commits, for all units of a group."""

    def rollback(self) -> None:
        """The writer goes back to the savepoint of the one unit that failed."""


def connect(
    path: Path, *, busy_seconds: float, read_only: bool = False, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Opens the file in WAL mode with foreign keys on; a commit is on the disk when it returns (synchronous=FULL)."""
    connection = sqlite3.connect(
        path,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        factory=factory,
        cached_statements=512,
    )
    try:
        # SQLite's own lower() knows ASCII only, and it has no hashes. On PostgreSQL a migration makes functions of these
        # names.
        connection.create_function("draftloom_casefold", 1, _casefold, deterministic=True)
        connection.create_function("draftloom_sha256", 1, _sha256, deterministic=True)
        settings = [
            f"page_size={_PAGE_BYTES}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "trusted_schema=OFF",
            "temp_store=MEMORY",
            # Debian builds SQLite so that freed pages are overwritten with zeros: 5 of an autosave's 16 pages. "fast"
            # still overwrites what was deleted wherever that costs no further page.
            "secure_delete=FAST",
            f"cache_size=-{_CACHE_KIBIBYTES}",
            f"journal_size_limit={_WAL_FILE_BYTES}",
        ]
        if read_only:
            settings.append("query_only=ON")
        for setting in settings:
            connection.execute(f"PRAGMA {setting}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def _casefold(value: str | None) -> str | None:
    return None if value is None else value.casefold()


def _sha256(value: str | None) -> bytes | None:
    return None if value is None else hashlib.sha256(value.encode()).digest()


def engine_for(path: Path, *, busy_seconds: float, read_only: bool = False, pool_size: int = 0) -> Engine:
    """An engine whose transactions start with BEGIN IMMEDIATE (a deferred one could fail half-way as "locked"),
    or with a plain BEGIN, which gives a reader one consistent state of the whole database."""
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size:
        pool = {"poolclass": QueuePool, "pool_size": pool_size, "max_overflow": 0}
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, busy_seconds=busy_seconds, read_only=read_only),
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if read_only:
            connection.exec_driver_sql("BEGIN")
        elif not _began_writing(connection.connection.driver_connection, within=busy_seconds):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # Its error is the one SQLAlchemy knows how to report.

    return engine


def _began_writing(raw: Any, *, within: float) -> bool:
    """Ask for the write lock every millisecond. SQLite's own waiting sleeps up to 100 ms between two looks and never
    meets the moment a busy writer of another process lets go: 10 s were not enough beside one that wrote all the time."""
    raw.execute("PRAGMA busy_timeout=0").close()
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            raw.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError as error:
            if error_code(error) != sqlite3.SQLITE_BUSY:
                return False
            time.sleep(RETRY_SECONDS)
        else:
            return True
    return False


def error_code(error: BaseException) -> int | None:
    """SQLite's primary result code, also of an error that SQLAlchemy wrapped; None if it is no error of SQLite."""
    if isinstance(error, DBAPIError):
        error = error.orig or error
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def translated(error: BaseException) -> BaseException:
    """StoreUnavailable where the environment failed, else the error itself."""
    if error_code(error) in _ENVIRONMENT_FAILED:
        origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        return StoreUnavailable(str(origin))
    return error
