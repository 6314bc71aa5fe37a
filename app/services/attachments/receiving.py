"""A file out of a request, as it comes in: nothing but what is on its way is in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from app.core.attachments.kinds import HEAD_BYTES
from app.services.errors import InvalidInput, ServiceError, TooLarge


class ConnectionCut(ServiceError):
    """The sender is gone in the middle of a body."""

    def __init__(self) -> None:
        super().__init__("connection_cut", "The connection ended before everything was sent.")


class Malformed(ServiceError):
    """The body is no multipart form."""

    def __init__(self) -> None:
        super().__init__("malformed", "This is no multipart form, or it is broken.")


def too_large(limit: int, length: int) -> TooLarge:
    return TooLarge(f"A file has at most {_size(limit)}.", limit=limit, length=length)


def _size(number: int) -> str:
    return (
        f"{number >> 30} GB" if number >= 1 << 30 else f"{number >> 20} MB" if number >= 1 << 20 else f"{number} bytes"
    )


@dataclass(slots=True)
class Measured:
    """Chunks passed on and counted. Raises `TooLarge` as soon as there are more than `most` bytes."""

    chunks: AsyncIterator[bytes]
    most: int
    size: int = 0
    head: bytearray = field(default_factory=bytearray)

    async def all(self) -> AsyncIterator[bytes]:
        async for chunk in self.chunks:
            self.size += len(chunk)
            if self.size > self.most:
                raise too_large(self.most, self.size)
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            yield chunk


@dataclass(slots=True)
class FormFile:
    """The one file of a multipart form: its name, and its bytes as they come.

    The form must hold exactly one file, in the field `file`; other fields are passed over.
    """

    name: str
    _rest: AsyncIterator[bytes]

    @classmethod
    async def of(cls, body: AsyncIterator[bytes], boundary: str) -> "FormFile":
        """Reads as far as the file begins. Raises `InvalidInput`, `Malformed`, `ConnectionCut`."""
        events = _events(body, boundary)
        async for event in events:
            if isinstance(event, MultipartSegment) and event.filename is not None and event.name == "file":
                return cls(event.filename, _content(events))
        raise InvalidInput("file", "Send a file as multipart/form-data, in the field `file`.")

    def chunks(self) -> AsyncIterator[bytes]:
        return self._rest


async def _content(events: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            break
        assert isinstance(event, bytes | bytearray)
        yield bytes(event)
    async for event in events:
        if isinstance(event, MultipartSegment) and event.filename is not None:
            raise InvalidInput("file", "Send one file in a request.", "one_file")


async def _events(body: AsyncIterator[bytes], boundary: str) -> AsyncIterator[object]:
    """Segments, pieces of their content, and None at the end of each."""
    try:
        with PushMultipartParser(boundary, max_segment_count=32) as parser:
            async for chunk in body:
                for event in parser.parse(chunk):
                    yield event
    except (MultipartError, UnicodeError) as error:
        raise Malformed from error
