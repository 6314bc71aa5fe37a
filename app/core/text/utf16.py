"""Lengths and slices in UTF-16 code units, the unit browsers count text in.

Python counts code points. The two differ only where a text holds characters beyond U+FFFF (emoji, rare scripts), so
every function here first asks whether they differ at all; asking costs nothing for ASCII and a fast copy otherwise.
Only counting and slicing lives here: no words, no changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from app.core.errors import InvalidChange

_ENCODING = "utf-16-le"
_LINE_BREAKS = re.compile(r"\r\n?")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units. A lone surrogate counts as one, as it does in a browser."""
    return len(text) if text.isascii() else len(text.encode(_ENCODING, "surrogatepass")) >> 1


def units_are_characters(text: str) -> bool:
    """Whether UTF-16 positions in this text are also Python indexes."""
    return text.isascii() or utf16_length(text) == len(text)


def utf16_slice(text: str, start: int, end: int) -> str:
    """The part between two UTF-16 positions.

    Raises InvalidChange when a position is outside the text or between the halves of one character.
    """
    if not 0 <= start <= end:
        raise InvalidChange("A range must run forwards from 0.", start=start, end=end)
    encoded = EncodedText.if_needed(text)
    if encoded is not None:
        return encoded.slice(start, end)
    if end > len(text):
        raise InvalidChange("A range runs past the end of the text.", end=end, length=len(text))
    return text[start:end]


def utf16_slicer(text: str) -> Callable[[int, int], str]:
    """`utf16_slice` for many slices of one text, which is encoded at most once. Ranges must lie inside the text."""
    encoded = EncodedText.if_needed(text)
    return encoded.slice if encoded else lambda start, end: text[start:end]


class EncodedText:
    """A text with characters beyond U+FFFF, encoded once so that many slices and searches stay cheap."""

    __slots__ = ("_data", "length")

    def __init__(self, text: str) -> None:
        self._data = text.encode(_ENCODING)
        self.length = len(self._data) >> 1

    @classmethod
    def if_needed(cls, text: str) -> EncodedText | None:
        """None where positions in the text are Python indexes anyway."""
        if text.isascii():
            return None
        encoded = cls(text)
        return None if encoded.length == len(text) else encoded

    def splits_character(self, position: int) -> bool:
        """Whether the position lies between the two halves of a surrogate pair."""
        return 0 < position < self.length and self._data[2 * position + 1] & 0xFC == 0xDC

    def slice(self, start: int, end: int) -> str:
        """The part between two positions; InvalidChange as for `utf16_slice`."""
        if end > self.length:
            raise InvalidChange("A range runs past the end of the text.", end=end, length=self.length)
        if self.splits_character(start) or self.splits_character(end):
            raise InvalidChange("A range splits a character in two.", start=start, end=end)
        return self._data[2 * start : 2 * end].decode(_ENCODING)

    def find(self, wanted: str, start: int) -> int:
        """First position of a character at or after `start`, or -1."""
        units = wanted.encode(_ENCODING)
        found = self._data.find(units, 2 * start)
        while found & 1 and found > 0:  # the bytes of two neighbours may look like the character
            found = self._data.find(units, found + 1)
        return found >> 1

    def rfind(self, wanted: str, end: int) -> int:
        """Last position of a character before `end`, or -1."""
        units = wanted.encode(_ENCODING)
        found = self._data.rfind(units, 0, 2 * end)
        while found & 1 and found > 0:
            found = self._data.rfind(units, 0, found + 1)
        return found >> 1


def has_unstorable(text: str) -> bool:
    """Whether the text holds a NUL or half a character, which UTF-8 or PostgreSQL cannot store."""
    if "\0" in text:
        return True
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def normalise_text(text: str) -> str:
    """Text as drafts keep it: line breaks are LF; what no database can store becomes U+FFFD, as browsers do."""
    if "\r" in text:
        text = _LINE_BREAKS.sub("\n", text)
    return _UNSTORABLE.sub(REPLACEMENT, text) if has_unstorable(text) else text
