"""Heads that were just written, remembered so that the next command need not read the text again.

A remembered head is used only while the draft's row still carries its hash: the hash covers every event before it, so
an entry that another worker, another process or a failed COMMIT has overtaken is never used. (`rebuilds` covers the one
way a row changes without an event.) One cache belongs to one `Database` and reaches units in `session.info`.
Measured on SQLite with 20 KB documents: 20 of 100 µs per command; on PostgreSQL it saves two round trips.
"""

import threading
import uuid
from collections import OrderedDict

from msgspec import Struct
from sqlmodel import Session

from app.store.drafting.heads import Head

HEADS = "heads"
_CHARACTERS = 16_000_000
_REPLICAS = 16


class Remembered(Struct, frozen=True):
    """A head, and the last command (number, digest) of the replicas that wrote last."""

    head: Head
    rebuilds: int
    commands: dict[str, tuple[int, bytes]]
    characters: int


class HeadCache:
    """Least recently written heads go first, when their texts exceed 16 million characters together."""

    def __init__(self, *, characters: int = _CHARACTERS) -> None:
        self._limit = characters
        self._characters = 0
        self._heads: OrderedDict[uuid.UUID, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, draft_id: uuid.UUID, *, hash_: bytes, rebuilds: int) -> Remembered | None:
        found = self._heads.get(draft_id)
        return found if found is not None and found.head.hash == hash_ and found.rebuilds == rebuilds else None

    def keep(self, head: Head, *, rebuilds: int, commands: dict[str, tuple[int, bytes]]) -> None:
        characters = sum(len(value) for value in head.state.fields.values() if isinstance(value, str))
        while len(commands) > _REPLICAS:
            del commands[next(iter(commands))]
        with self._lock:
            before = self._heads.pop(head.id, None)
            self._characters += characters - (before.characters if before is not None else 0)
            self._heads[head.id] = Remembered(head, rebuilds, commands, characters)
            while self._characters > self._limit:
                _, dropped = self._heads.popitem(last=False)
                self._characters -= dropped.characters


def heads_of(session: Session) -> HeadCache | None:
    """The cache of the database this unit runs on, if it has one."""
    heads: HeadCache | None = session.info.get(HEADS)
    return heads
