"""Finding the words a model quotes from a text.

They are looked for exactly first. If they do not occur, quotes, dashes and blanks count as alike, one character for one
so that positions stay. Nothing else is forgiven: words that are merely similar are other words.
"""

from __future__ import annotations

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


def places_of(words: str, text: str) -> list[int]:
    """The Python indexes where the words stand in the text: exact places if there are any, else alike ones."""
    return _occurrences(words, text) or _occurrences(words.translate(_ALIKE), text.translate(_ALIKE))


def excerpt(text: str, place: int, length: int) -> str:
    """A stretch of the text with what stands around it."""
    start, end = max(0, place - _CONTEXT), place + length + _CONTEXT
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _occurrences(words: str, text: str) -> list[int]:
    places: list[int] = []
    place = text.find(words) if words else -1
    while place >= 0:
        places.append(place)
        place = text.find(words, place + 1)
    return places
