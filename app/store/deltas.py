"""The stored form of a version's text: whole, or as the change from its parent. Pure functions on bytes and text.

A delta is a MessagePack list `[keep, delete, insert, keep, delete, insert, …]` counted in characters (code points) of the
parent's text; what follows the last entry is kept. The first byte says whether the rest is deflated. Counting
in characters, not in UTF-16 units as change sets do, lets a chain of deltas be applied by slicing alone.
"""

import zlib
from collections.abc import Iterable, Iterator

import msgspec

from app.core.text.changes import ChangeSet
from app.core.text.utf16 import EncodedText, units_are_characters
from app.store.errors import Corrupt

_PLAIN, _DEFLATED = b"\0", b"\1"
_WORTH_DEFLATING_BYTES = 64
_LEVEL = 6
_RAW = -15  # zlib's window size for a stream without header and checksum; the version's own hash checks the text.

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[int | str]).decode


def encode_full(text: str) -> bytes:
    return zlib.compress(text.encode(), _LEVEL)


def decode_full(data: bytes) -> str:
    try:
        return zlib.decompress(data).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise Corrupt("A stored text cannot be read.") from error


def encode_delta(parent: str, changes: ChangeSet) -> bytes:
    """The delta of a change set that starts from `parent`."""
    parts: list[int | str] = []
    encoded = None if units_are_characters(parent) else EncodedText(parent)
    kept = position = 0
    for length, inserted in changes.sections:
        end = position + length
        characters = length if encoded is None else len(encoded.slice(position, end))
        position = end
        if inserted is None:
            kept += characters
        else:
            parts += (kept, characters, inserted)
            kept = 0
    plain = _encode(parts)
    if len(plain) >= _WORTH_DEFLATING_BYTES:
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        deflated = compressor.compress(plain) + compressor.flush()
        if len(deflated) < len(plain):
            return _DEFLATED + deflated
    return _PLAIN + plain


def apply_deltas(text: str, deltas: Iterable[bytes]) -> str:
    """The text after all deltas, first to last. Raises Corrupt for one that cannot be read or does not fit."""
    try:
        for delta in deltas:
            text = _apply(text, delta)
    except (zlib.error, msgspec.MsgspecError, ValueError, TypeError) as error:
        raise Corrupt("A stored change cannot be read.") from error
    return text


def changes_of(delta: bytes) -> list[tuple[int, int, int]]:
    """What a delta does, in characters: keep so many, take away so many, put in so many. Raises Corrupt."""
    try:
        return [(keep, delete, len(insert)) for keep, delete, insert in _parts(delta)]
    except (zlib.error, msgspec.MsgspecError, ValueError, TypeError) as error:
        raise Corrupt("A stored change cannot be read.") from error


def _parts(delta: bytes) -> Iterator[tuple[int, int, str]]:
    body = zlib.decompress(delta[1:], _RAW) if delta[:1] == _DEFLATED else delta[1:]
    parts = iter(_decode(body))
    for keep, delete, insert in zip(parts, parts, parts, strict=True):
        if isinstance(keep, str) or isinstance(delete, str) or isinstance(insert, int):
            raise TypeError("a delta holds two numbers and a text for each change")
        yield keep, delete, insert


def _apply(text: str, delta: bytes) -> str:
    pieces: list[str] = []
    position = 0
    for keep, delete, insert in _parts(delta):
        start = position + keep
        pieces += (text[position:start], insert)
        position = start + delete
    pieces.append(text[position:])
    return "".join(pieces)
