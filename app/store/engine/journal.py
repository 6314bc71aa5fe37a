"""What running turns streamed in the last moments, in two small files beside a SQLite database.

A COMMIT per token would cost more than all else a token needs (0.6 ms of processor time where a line here takes 0.01). So
an entry is a line in the file first, which survives the end of this process at any moment since what is written belongs
to the kernel, and is shown then; the database takes the lines over a few times a second. One file is written while the
lines of the other are being taken over; once they are in the database it is emptied. After a crash the next process
reads what was left. Only one process at a time has the files; they are locked.

The files are mapped into memory and their room is set aside beforehand: to write is to copy a few bytes, which neither
waits for the disk (a `write` does while the file system commits for somebody else) nor lets another thread in. A line
begins with its checksum, because a power cut may leave pages of different ages.
"""

import errno
import fcntl
import mmap
import os
import uuid
import zlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Self

from msgspec import Struct

from app.store.errors import StoreUnavailable

_ROOM = 256 * 1024
"""Bytes of a file at first: half a second of a thousand tokens a second. It grows where that is not enough."""


class RunEvent(Struct, frozen=True):
    """One entry of a turn's run log; `data` is JSON text, ready to be sent."""

    n: int
    type: str
    data: str
    at: datetime


class Journal:
    """`append`, then `turn_over` and `emptied` around each time the database takes over what was appended before."""

    def __init__(self, writing: "_Half", resting: "_Half") -> None:
        self._writing, self._resting = writing, resting

    @classmethod
    def open(cls, database: Path) -> Self | None:
        """The journal of a database file; None while another process has it. Raises StoreUnavailable."""
        try:
            with ExitStack() as opened:
                writing, resting = (
                    opened.enter_context(closing(_Half(database.with_name(f"{database.name}-runs-{name}"))))
                    for name in ("a", "b")
                )
                opened.pop_all()
                return cls(writing, resting)
        except BlockingIOError:
            return None
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def append(self, events: Mapping[uuid.UUID, Iterable[RunEvent]]) -> None:
        """Raises StoreUnavailable, and then nothing of it was written."""
        lines = [_line(turn_id, event) for turn_id, added in events.items() for event in added]
        try:
            self._writing.write(lines[0] if len(lines) == 1 else b"".join(lines))
        except OSError as error:  # no room to grow
            raise StoreUnavailable(str(error)) from error

    def turn_over(self) -> None:
        """From now on the other file is written, provided that it is empty: the database takes over what came before."""
        if not self._resting.used:
            self._writing, self._resting = self._resting, self._writing

    def emptied(self) -> None:
        """All that was appended before the last `turn_over` is in the database."""
        self._resting.clear()

    def clear(self) -> None:
        """Everything is in the database."""
        self._writing.clear()
        self._resting.clear()

    def left(self) -> dict[uuid.UUID, list[RunEvent]]:
        """What the files hold, in order. A line that is no entry was cut off by a crash, and nobody has seen it."""
        found: dict[uuid.UUID, dict[int, RunEvent]] = {}
        for half in (self._writing, self._resting):
            for line in half.lines():
                entry = _entry(line)
                if entry is not None:
                    found.setdefault(entry[0], {})[entry[1].n] = entry[1]
        return {turn_id: [events[n] for n in sorted(events)] for turn_id, events in found.items()}

    def close(self) -> None:
        """Lets go of the files."""
        self._writing.close()
        self._resting.close()


class _Half:
    """One of the two files: lines from its beginning, then zeros."""

    def __init__(self, path: Path) -> None:
        """Raises BlockingIOError while another process has it, and OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._map = self._mapped(max(_ROOM, os.fstat(self._file).st_size))
        except BaseException:
            os.close(self._file)
            raise
        self.used = len(self._map[:].rstrip(b"\0"))

    def _mapped(self, size: int) -> mmap.mmap:
        missing = size - os.fstat(self._file).st_size
        # Without room set aside, a full disk would kill the process.
        if missing > 0 and os.pwrite(self._file, bytes(missing), size - missing) < missing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return mmap.mmap(self._file, size)

    def write(self, data: bytes) -> None:
        end = self.used + len(data)
        if end > len(self._map):
            grown = self._mapped(max(end, 2 * len(self._map)))
            self._map.close()
            self._map = grown
        self._map[self.used : end] = data
        self.used = end

    def clear(self) -> None:
        self._map[: self.used] = bytes(self.used)
        self.used = 0

    def lines(self) -> list[bytes]:
        return self._map[: self.used].split(b"\n")

    def close(self) -> None:
        self._map.close()
        os.close(self._file)


def _line(turn_id: uuid.UUID, event: RunEvent) -> bytes:
    body = f"{turn_id.hex} {event.n} {event.type} {event.at.isoformat()} {event.data}".encode()
    return b"%08x %b\n" % (zlib.crc32(body), body)


def _entry(line: bytes) -> tuple[uuid.UUID, RunEvent] | None:
    checksum, _, body = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    turn_id, n, type_, at, data = body.decode().split(" ", 4)
    return uuid.UUID(turn_id), RunEvent(int(n), type_, data, datetime.fromisoformat(at))
