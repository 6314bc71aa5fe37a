"""What the readers of all wire formats share: the interface, and small careful accessors for JSON of uncertain shape."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from providers.base import StreamEvent
from providers.errors import BrokenStream


class AnswerReader(Protocol):
    """Reads one answer. `events` collects what was understood; the caller takes and clears it.

    `complete` turns True with the stop reason: from then on a lost connection loses nothing but perhaps usage.
    """

    events: list[StreamEvent]
    complete: bool

    def read(self, name: bytes, data: bytes) -> bool:
        """One event of the stream. True when the format says that nothing follows. Raises `ProviderError`."""
        ...

    def read_whole(self, body: bytes) -> None:
        """A complete JSON answer, from a server that was asked for a stream and does not stream."""
        ...

    def finish(self) -> None:
        """The stream is over and `complete`: adds the closing events."""
        ...

    def give_up(self) -> None:
        """The stream failed: adds the usage that is known so far, if any was not told yet."""
        ...


def decoded(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises `BrokenStream` for anything else: half a chunk, or a server's stray output."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BrokenStream("The provider sent a piece of the answer that cannot be read.") from None
    if not isinstance(value, dict):
        raise BrokenStream("The provider sent a piece of the answer that cannot be read.")
    return value


def mapping(value: object) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """`value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """`value` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int:
    """`value` as a number of tokens; 0 for null, negative numbers and anything that is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return max(0, int(value))
