"""Files of messages in backups, and proof that what rows say is stored is there. For the command line, which has no loop."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, cast
from uuid import UUID

from app.services.attachments.storage import FILES, PARTS, NotStored, Storage
from app.store import attachments as store
from app.store.db import Database

T = TypeVar("T")
_AT_ONCE = 200


@contextmanager
def stored_files(storage: Storage) -> Iterator[Iterator[tuple[str, Iterator[bytes]]]]:
    """Key and content of every file there is, also of unfinished uploads. One that is deleted meanwhile is left out."""
    with asyncio.Runner() as runner:

        def all_files() -> Iterator[tuple[str, Iterator[bytes]]]:
            for prefix in (FILES, PARTS):
                for stored in _steps(runner, storage.listed(prefix)):
                    chunks = _steps(runner, storage.read(stored.key))
                    try:
                        first = next(chunks, b"")
                    except NotStored:
                        continue
                    yield stored.key, _continued(first, chunks)

        yield all_files()


@contextmanager
def file_taker(storage: Storage) -> Iterator[Callable[[str, Iterator[bytes]], None]]:
    """Stores a file under its key again."""
    with asyncio.Runner() as runner:

        async def handed_on(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        def take(key: str, chunks: Iterator[bytes]) -> None:
            runner.run(storage.write(key, handed_on(chunks)))

        yield take


async def wrong_files(db: Database, storage: Storage, *, read: bool) -> tuple[int, list[tuple[UUID, str]]]:
    """How many attachments were looked at, and which have no file, or one of another size or, with `read`, another hash."""
    checked = 0
    wrong: list[tuple[UUID, str]] = []
    after: UUID | None = None
    while rows := await db.read(store.kept_files, after=after, limit=_AT_ONCE):
        for row in rows:
            checked += 1
            after = row.id
            try:
                size = await storage.size(row.storage_key)
                same = not read or row.sha256 is None or await _hash(storage, row.storage_key) == row.sha256
            except NotStored:
                wrong.append((row.id, "its file is not there"))
                continue
            if size != row.file_size or not same:
                wrong.append((row.id, "its file is not the one that was checked"))
    return checked, wrong


async def _hash(storage: Storage, key: str) -> bytes:
    digest = hashlib.sha256()
    async for chunk in storage.read(key):
        digest.update(chunk)
    return digest.digest()


def _steps(runner: asyncio.Runner, values: AsyncIterator[T]) -> Iterator[T]:
    """An asynchronous iteration as a plain one."""

    async def following() -> tuple[T | None, bool]:
        try:
            return await anext(values), False
        except StopAsyncIteration:
            return None, True

    while True:
        value, over = runner.run(following())
        if over:
            return
        yield cast(T, value)


def _continued(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
