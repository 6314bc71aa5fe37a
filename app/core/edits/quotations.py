"""Finding the words a model quotes from a text.

They are looked for exactly first. If they do not occur, quotes, dashes and blanks count as alike, one character for one
so that positions stay. Nothing else is forgiven: words that are merely similar are other words, and so is a letter
without its accent or a part of an emoji, which would leave the rest of it behind.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

_CONTEXT: Final = 40
"""Characters shown on each side of a place."""

_BLANKS = "\t\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys(_BLANKS, " "),
    }
)

_JOINER: Final = "\N{ZERO WIDTH JOINER}"
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
"""Unicode categories of what belongs to the letter or sign before it, variation selectors among them."""


def alike(text: str) -> str:
    """The text with its quotes, dashes and blanks made one of a kind; every character stays at its index."""
    return text.translate(_ALIKE)


def places_of(words: str, text: str) -> list[int]:
    """The Python indexes where the words stand in the text: exact places if there are any, else alike ones."""
    exact = list(occurrences(words, text))
    return exact or [
        place
        for place in occurrences(alike(words), alike(text))
        if _same_edges(words, text[place : place + len(words)])
    ]


def occurrences(words: str, text: str) -> Iterator[int]:
    """Where the words stand exactly, overlapping or not, with no character cut in two."""
    place = text.find(words) if words else -1
    while place >= 0:
        if not (_cuts_character(text, place) or _cuts_character(text, place + len(words))):
            yield place
        place = text.find(words, place + 1)


def excerpt(text: str, place: int, length: int) -> str:
    """A stretch of the text with what stands around it."""
    start, end = max(0, place - _CONTEXT), place + length + _CONTEXT
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _same_edges(words: str, found: str) -> bool:
    """A line break between words is a blank, but one around them says where a line begins or ends."""
    return all(found[edge] == "\n" for edge in (0, -1) if words[edge] == "\n")


def _cuts_character(text: str, place: int) -> bool:
    """Whether what a reader sees as one character lies on both sides of the index. Rules after UAX #29, 2023."""
    if not 0 < place < len(text):
        return False
    before, behind = text[place - 1], text[place]
    if behind.isascii():
        return False
    if behind == _JOINER or before == _JOINER or unicodedata.category(behind) in _MARKS:
        return True
    if _is_skin_tone(behind) or "\U000e0020" <= behind <= "\U000e007f" or "\u1160" <= behind <= "\u11ff":
        return True
    return _is_flag_half(behind) and _flag_halves_before(text, place) % 2 == 1


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, place: int) -> int:
    count = 0
    while count < place and _is_flag_half(text[place - count - 1]):
        count += 1
    return count
