"""Moves committed pages from SQLite's write-ahead log into the database file, beside the commits.

Left to SQLite, every thousandth page makes one commit pay for copying all of them. A second connection does it here,
every quarter second while there are commits. It can never quite catch up with a busy writer, so past a bound the
writer itself copies the few pages that are left, between two groups; then the log starts again from its beginning.
"""

import contextlib
import sqlite3
import threading
from pathlib import Path

from app.store.engine import sqlite

_INTERVAL_SECONDS = 0.25
_BOUND_PAGES = 8192  # 32 MiB


class Checkpointer:
    """`after_commit` is called by the writer; `close` when no writer is left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._committed = threading.Event()
        self._stopping = threading.Event()
        self._overdue = threading.Event()
        self._thread: threading.Thread | None = None

    def after_commit(self, connection: sqlite3.Connection | None) -> None:
        """Wakes the thread; and copies the rest itself, through `connection`, where the log has grown beyond its bound."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="store-checkpoints", daemon=True)
            self._thread.start()
        if not self._committed.is_set():
            self._committed.set()
        if connection is not None and self._overdue.is_set():
            self._overdue.clear()
            # What was committed stays committed, whatever becomes of this; the thread tries again.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    @property
    def overdue(self) -> bool:
        """Whether `after_commit` has much to copy; it is then not called where somebody else would have to wait."""
        return self._overdue.is_set()

    def close(self) -> None:
        self._stopping.set()
        self._committed.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        connection: sqlite3.Connection | None = None
        while True:
            self._committed.wait()
            if self._stopping.wait(_INTERVAL_SECONDS):
                break
            self._committed.clear()
            if self._stopping.is_set():
                break  # `close` may have set both since the pause was over, and this has just taken one of them back.
            connection = self._checkpoint(connection)
        if connection is not None:
            connection.close()

    def _checkpoint(self, connection: sqlite3.Connection | None) -> sqlite3.Connection | None:
        """The connection for the next time, if this one may be trusted. A failure (disk full, file locked) costs nothing: the
        pages stay in the log, and the next commit tries again."""
        try:
            if connection is None:
                connection = sqlite.connect(self._path, busy_seconds=0)
            _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            self._overdue.set()
            if connection is not None:
                connection.close()
            return None
        if pages > _BOUND_PAGES:
            self._overdue.set()
        return connection
