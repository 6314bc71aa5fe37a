"""Server-sent events, from bytes to (name, data) pairs.

Lives here: the framing, as the WHATWG standard describes it. What an event means is not decided here.
"""

from __future__ import annotations

BODY = "draftloom_body"
"""Key of a response's extensions under which `transport.Body` is found, where the answer came through aiohttp."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventFraming:
    """Cuts a byte stream into events. Feed it any pieces; a piece may end inside a line ending or a character.

    Lines end with LF, CR or CRLF, comments and unknown fields are skipped, several ``data`` lines are joined by LF, a
    leading byte order mark is dropped. Data stays bytes: JSON decoders want bytes, and no character can be cut apart.
    """

    __slots__ = ("_after_return", "_begun", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._after_return = False

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        """The events that are complete now, in order, as (name, data); the name is empty when none was given."""
        if self._after_return and piece:
            self._after_return = False
            if piece[:1] == b"\n":
                piece = piece[1:]
        if b"\r" in piece:
            self._after_return = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        data = self._rest + piece if self._rest else piece
        if not self._begun:
            if len(data) < 3 and _BYTE_ORDER_MARK.startswith(data):
                self._rest = data
                return []
            self._begun = True
            data = data.removeprefix(_BYTE_ORDER_MARK)
        if b"\n\n" not in data:
            self._rest = data
            return []
        blocks = data.split(b"\n\n")
        self._rest = blocks.pop()
        return _events(blocks)

    def close(self) -> list[tuple[bytes, bytes]]:
        """What is left at the end of the stream, read as if a blank line followed.

        The standard discards an unterminated event; some servers forget the last blank line, so the caller decides: a
        piece cut in the middle is not valid JSON.
        """
        rest, self._rest = self._rest, b""
        return _events([rest]) if rest else []


def _events(blocks: list[bytes]) -> list[tuple[bytes, bytes]]:
    found = []
    for block in blocks:
        if block[:6] == b"data: " and b"\n" not in block:  # the one shape that OpenAI-compatible servers stream
            found.append((b"", block[6:]))
            continue
        name, lines = _fields(block)
        if lines:
            found.append((name, b"\n".join(lines)))
    return found


def _fields(block: bytes) -> tuple[bytes, list[bytes]]:
    name = b""
    lines = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if field == b"data":
            lines.append(value)
        elif field == b"event":
            name = value
    return name, lines
