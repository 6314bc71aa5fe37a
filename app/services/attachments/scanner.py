"""Virus scanning by ClamAV's daemon: the file goes to clamd through its INSTREAM command, over TCP or a Unix socket.

The protocol is in clamd(8): `zINSTREAM\\0`, then chunks of a 4-byte length (network order) and as many bytes, ended by a
length of zero; the answer is `stream: OK`, `stream: NAME FOUND`, or something that ends with `ERROR`. No library is
needed for that, and the ones there are read whole files.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 300.0
"""Large archives take clamd a while."""
_MOST_ANSWER = 4096
_LONGEST_SIGNATURE = 200


class ScannerUnavailable(Exception):
    """The scanner gave no verdict. The message is for operators."""


class InvalidScanner(ValueError):
    """The address of the scanner is none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`signature` names what was found; empty when nothing was."""

    signature: str = ""

    @property
    def infected(self) -> bool:
        return bool(self.signature)


class Scanner(Protocol):
    """Looks for malware in a stream of bytes. Raises `ScannerUnavailable` where it cannot tell."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict: ...

    async def ready(self) -> bool: ...


class Clamd:
    """A clamd at `tcp://host:port`, or `unix:/path`, or just a path."""

    def __init__(self, address: str) -> None:
        self._host, self._port, self._path = "", 0, ""
        if address.startswith("tcp://"):
            parts = urlsplit(address)
            try:
                self._host, self._port = parts.hostname or "", parts.port or 3310
            except ValueError as error:
                raise InvalidScanner(f"{address!r} names no port") from error
            if not self._host:
                raise InvalidScanner(f"{address!r} names no host")
        else:
            self._path = address.removeprefix("unix:").replace("//", "/", 1)
            if not self._path.startswith("/"):
                raise InvalidScanner(f"{address!r} is neither tcp://host:port nor unix:/path")

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        return _verdict(await self._asked(b"zINSTREAM\0", chunks))

    async def ready(self) -> bool:
        """Whether it answers now."""
        try:
            return await self._asked(b"zPING\0", None) == "PONG"
        except ScannerUnavailable:
            return False

    async def _asked(self, command: bytes, chunks: AsyncIterator[bytes] | None) -> str:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await self._connected()
        except (OSError, TimeoutError) as error:
            raise ScannerUnavailable("clamd does not take connections") from error
        try:
            # A file over clamd's StreamMaxLength is answered, and the connection closed, while it is still being sent.
            with suppress(ConnectionError):
                writer.write(command)
                if chunks is not None:
                    async for chunk in chunks:
                        writer.write(struct.pack("!I", len(chunk)))
                        writer.write(chunk)
                        await writer.drain()
                    writer.write(struct.pack("!I", 0))
                await writer.drain()
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await reader.readuntil(b"\0")
        except asyncio.IncompleteReadError as error:
            answer = error.partial
        except (OSError, TimeoutError, asyncio.LimitOverrunError) as error:
            raise ScannerUnavailable("clamd gave no answer") from error
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        return answer.rstrip(b"\0\n").decode("utf-8", "replace")

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._path:
            return await asyncio.open_unix_connection(self._path, limit=_MOST_ANSWER)
        return await asyncio.open_connection(self._host, self._port, limit=_MOST_ANSWER)


def _verdict(answer: str) -> Verdict:
    said = answer.removeprefix("stream:").strip()
    if said == "OK":
        return Verdict()
    if said.endswith(" FOUND"):
        return Verdict(said.removesuffix(" FOUND")[:_LONGEST_SIGNATURE])
    raise ScannerUnavailable(said[:_LONGEST_SIGNATURE] or "clamd closed the connection without an answer")
