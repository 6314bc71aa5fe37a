"""Where the bytes of attachments lie: a folder of this machine, or an S3-compatible store (`s3.py`).

Keys are random and never used twice; an object is written whole or not at all, and never changed. Everything streams:
no object is ever in memory as a whole.
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from app.services.errors import ServiceError

CHUNK_BYTES = 1 << 20
FILES = "files/"
"""What attachments refer to."""
PARTS = "parts/"
"""Parts of uploads that are not finished."""
UNFINISHED = "unfinished/"
"""What was being written when the power went."""


class StorageUnavailable(ServiceError):
    """The store does not take or give files now; what was sent is not kept."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            "attachment_store_unavailable",
            "Files cannot be stored or read just now. Try again in a moment.",
            retry_after=5,
        )


class NotStored(Exception):
    """There is no object of this key."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it; `age` in seconds since it was written, by the store's own clock."""

    key: str
    size: int
    age: float


class Storage(Protocol):
    """Every call raises `StorageUnavailable` where the store fails, and `NotStored` for a key it does not have."""

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Stores all chunks as one object and returns its size once it is durable. If the chunks raise, nothing is kept."""
        ...

    async def join(self, keys: list[str], target: str) -> int:
        """Makes one object of several, in this order, and returns its size. The several stay."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`."""
        ...

    async def size(self, key: str) -> int: ...

    async def delete(self, key: str) -> None:
        """Also where there is nothing of this key."""
        ...

    def listed(self, prefix: str) -> AsyncIterator[StoredObject]: ...

    def at_hand(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The object as a file of this machine, for what needs to look around in it; it must not be changed."""
        ...


def new_key(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(16)}"


class LocalStorage:
    """A folder. An object is a file, in one of 256 folders by the first letters of its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        with _translated():
            unfinished, file = await asyncio.to_thread(self._begin)
        size = 0
        try:
            try:
                async for block in blocks(chunks):
                    with _translated():
                        await asyncio.to_thread(file.write, block)
                    size += len(block)
                with _translated():
                    await asyncio.to_thread(_flush, file)
            finally:
                await asyncio.to_thread(_close, file)
            with _translated():
                await asyncio.to_thread(self._publish, unfinished, key)
        finally:
            unfinished.unlink(missing_ok=True)
        return size

    async def join(self, keys: list[str], target: str) -> int:
        async def chained() -> AsyncIterator[bytes]:
            for key in keys:
                async for chunk in self.read(key):
                    yield chunk

        return await self.write(target, chained())

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        with _translated():
            file = await asyncio.to_thread(self._path(key).open, "rb")
        try:
            left = (1 << 62) if end is None else end - start
            await asyncio.to_thread(file.seek, start)
            while left > 0:
                with _translated():
                    chunk = await asyncio.to_thread(file.read, min(left, CHUNK_BYTES))
                if not chunk:
                    return
                left -= len(chunk)
                yield chunk
        finally:
            await asyncio.to_thread(file.close)  # A thread may still be reading for somebody who is gone.

    async def size(self, key: str) -> int:
        with _translated():
            return (await asyncio.to_thread(self._path(key).stat)).st_size

    async def delete(self, key: str) -> None:
        with _translated(), suppress(FileNotFoundError):
            await asyncio.to_thread(self._path(key).unlink)

    async def listed(self, prefix: str) -> AsyncIterator[StoredObject]:
        with _translated():
            found = await asyncio.to_thread(lambda: list(self._walk(prefix)))
        for stored in found:
            yield stored

    @asynccontextmanager
    async def at_hand(self, key: str) -> AsyncIterator[Path]:
        await self.size(key)
        yield self._path(key)

    def _path(self, key: str) -> Path:
        prefix, _, name = key.rpartition("/")
        return self._folder / prefix / name[:2] / name

    def _begin(self) -> tuple[Path, IO[bytes]]:
        path = self._path(new_key(UNFINISHED))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path, path.open("xb")

    def _publish(self, unfinished: Path, key: str) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(unfinished, path)
        for folder in (path.parent, path.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _walk(self, prefix: str) -> list[StoredObject]:
        found = []
        now = time.time()
        for path in (self._folder / prefix.rstrip("/")).glob("*/*"):
            with suppress(FileNotFoundError):
                status = path.stat()
                found.append(StoredObject(f"{prefix}{path.name}", status.st_size, now - status.st_mtime))
        return found


async def blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of about a megabyte: a server hands them over in small ones."""
    buffer = bytearray()
    async for chunk in chunks:
        buffer += chunk
        if len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # What matters was flushed, or is thrown away.
        file.close()


@contextmanager
def _translated() -> Iterator[None]:
    """What the operating system says, as what callers know."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotStored from error
    except OSError as error:
        raise StorageUnavailable from error
