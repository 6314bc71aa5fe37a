"""What running turns streamed in the last moments, in two small files beside a SQLite database.

A COMMIT per token would cost more than all else a token needs (0.6 ms of processor time where a line in a file takes
0.01). So an entry is a line in the file first, which survives the end of this process at any moment since what is written
belongs to the kernel, and is shown then; the database takes the lines over a few times a second. One file is written while
the lines of the other are being taken over; once they are in the database it is emptied. After a crash the next process
reads what was left. Only one process at a time has the files; they are locked.
"""

import fcntl
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import msgspec

from app.store.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One entry of a turn's run log; `data` is JSON text, ready to be sent."""

    n: int
    type: str
    data: str
    at: datetime


class Journal:
    """`append`, then `turn_over` and `emptied` around each time the database takes over what was appended before."""

    def __init__(self, files: Sequence[int]) -> None:
        self._writing, self._resting = files
        self._resting_empty = False
        self._torn = False

    @classmethod
    def open(cls, database: Path) -> Self | None:
        """The journal of a database file; None while another process has it."""
        files: list[int] = []
        try:
            for half in ("a", "b"):
                path = database.with_name(f"{database.name}-runs-{half}")
                files.append(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600))
            fcntl.flock(files[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _close(files)
            return None
        except OSError as error:
            _close(files)
            raise StoreUnavailable(str(error)) from error
        return cls(files)

    def append(self, events: Mapping[uuid.UUID, Iterable[RunEvent]]) -> None:
        """Raises StoreUnavailable, and then nothing of it counts."""
        lines = [
            f"{turn_id.hex} {event.n} {event.type} {event.at.isoformat()} {event.data}\n"
            for turn_id, added in events.items()
            for event in added
        ]
        if self._torn:
            lines.insert(0, "\n")  # Whatever was left of the line that failed ends here, and is no line.
        data = "".join(lines).encode()
        try:
            written = os.write(self._writing, data)
            while written < len(data):  # The next write says why, where the disk is full.
                written += os.write(self._writing, data[written:])
        except OSError as error:
            self._torn = True
            raise StoreUnavailable(str(error)) from error
        self._torn = False

    def turn_over(self) -> None:
        """From now on the other file is written, provided that it is empty: the database takes over what came before."""
        if self._resting_empty:
            self._writing, self._resting = self._resting, self._writing
            self._resting_empty = self._torn = False

    def emptied(self) -> None:
        """All that was appended before the last `turn_over` is in the database."""
        if not self._resting_empty:
            os.ftruncate(self._resting, 0)
            self._resting_empty = True

    def clear(self) -> None:
        """Everything is in the database."""
        for file in (self._writing, self._resting):
            os.ftruncate(file, 0)
        self._resting_empty = True
        self._torn = False

    def left(self) -> dict[uuid.UUID, list[RunEvent]]:
        """What the files hold, in order. A line that is no entry was cut off by a crash, and nobody has seen it."""
        found: dict[uuid.UUID, dict[int, RunEvent]] = {}
        for file in (self._writing, self._resting):
            for line in os.pread(file, os.fstat(file).st_size, 0).split(b"\n"):
                entry = _entry(line)
                if entry is not None:
                    found.setdefault(entry[0], {})[entry[1].n] = entry[1]
        return {turn_id: [events[n] for n in sorted(events)] for turn_id, events in found.items()}

    def close(self) -> None:
        """Lets go of the files."""
        _close((self._writing, self._resting))


def _entry(line: bytes) -> tuple[uuid.UUID, RunEvent] | None:
    try:
        turn_id, n, type_, at, data = line.decode().split(" ", 4)
        msgspec.json.decode(data)
        return uuid.UUID(turn_id), RunEvent(int(n), type_, data, datetime.fromisoformat(at))
    except ValueError:  # also what msgspec and the decoding raise
        return None


def _close(files: Iterable[int]) -> None:
    for file in files:
        os.close(file)
