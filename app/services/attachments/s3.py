"""Attachments in an S3-compatible store: Amazon's, MinIO, Ceph, Backblaze B2, Cloudflare R2 and their like."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from app.services.attachments.storage import CHUNK_BYTES, NotStored, StorageUnavailable, StoredObject, blocks

_PART_BYTES = 8 << 20
"""Of a multipart write: 10,000 parts of these are 80 GB."""
_AT_ONCE = 3
"""Parts on their way at the same time; times `_PART_BYTES` is what a write holds in memory."""
_CONNECT = "5s"
_ANSWER = "60s"
_KEEP_TRYING = timedelta(seconds=15)


class S3Storage:
    """A bucket, or what lies under `prefix` in one. An object becomes visible only when all of it is there."""

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        endpoint: str = "",
        region: str = "us-east-1",
        access_key: str = "",
        secret_key: str = "",
        session_token: str = "",
    ) -> None:
        options: dict[str, str] = {}
        if access_key:
            options |= {"access_key_id": access_key, "secret_access_key": secret_key}
        if session_token:
            options["session_token"] = session_token
        if endpoint:
            options["endpoint"] = endpoint
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            region=region,
            client_options={
                "timeout": _ANSWER,
                "connect_timeout": _CONNECT,
                "allow_http": endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 3, "retry_timeout": _KEEP_TRYING},
            **options,  # type: ignore[arg-type]
        )

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        counted = _Counted(chunks)
        try:
            await obstore.put_async(
                self._store, key, counted.all(), chunk_size=_PART_BYTES, max_concurrency=_AT_ONCE, use_multipart=True
            )
        except Exception as error:
            # What the chunks raised comes back wrapped, if at all; it is the caller's own and told as such.
            if counted.error is not None:
                raise counted.error from None
            if isinstance(error, BaseError | OSError):
                raise StorageUnavailable from error
            raise
        return counted.size

    async def join(self, keys: list[str], target: str) -> int:
        async def chained() -> AsyncIterator[bytes]:
            for key in keys:
                async for chunk in self.read(key):
                    yield chunk

        return await self.write(target, chained())

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        if end is not None and end <= start:
            return
        with _translated():
            wanted = {"offset": start} if end is None else (start, end)
            found = await obstore.get_async(self._store, key, options={"range": wanted} if start or end else {})  # type: ignore[arg-type]
            stream = found.stream(min_chunk_size=CHUNK_BYTES).__aiter__()
        while True:
            try:
                with _translated():
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            yield bytes(chunk)

    async def size(self, key: str) -> int:
        with _translated():
            return int((await obstore.head_async(self._store, key))["size"])

    async def delete(self, key: str) -> None:
        try:
            with _translated():
                await obstore.delete_async(self._store, key)
        except NotStored:
            return

    async def listed(self, prefix: str) -> AsyncIterator[StoredObject]:
        pages = obstore.list(self._store, prefix.rstrip("/"), chunk_size=500).__aiter__()
        while True:
            try:
                with _translated():
                    page = await anext(pages)
            except StopAsyncIteration:
                return
            for found in page:
                age = (datetime.now(UTC) - found["last_modified"]).total_seconds()
                yield StoredObject(found["path"], int(found["size"]), age)

    @asynccontextmanager
    async def at_hand(self, key: str) -> AsyncIterator[Path]:
        with tempfile.TemporaryDirectory(prefix="draftloom-attachment-") as folder:
            path = Path(folder) / "file"
            with path.open("wb") as file:
                async for chunk in self.read(key):
                    await asyncio.to_thread(file.write, chunk)
            yield path


class _Counted:
    """Chunks on their way, counted, and what went wrong with them."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.size = 0
        self.error: BaseException | None = None

    async def all(self) -> AsyncIterator[bytes]:
        try:
            async for block in blocks(self._chunks):
                self.size += len(block)
                yield block
        except BaseException as error:
            self.error = error
            raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise NotStored from error
    except (BaseError, OSError) as error:
        raise StorageUnavailable from error
