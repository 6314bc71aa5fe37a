"""What a word is, and counting them.

One definition serves the word counts people see, the diff and the question whether two people changed the same word.
A word is a run of letters, digits and their combining marks; in scripts written without spaces between words (Han, kana)
every character is one. The count keeps "don't", "well-known", "snake_case" and "3.14" whole.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from app.core.text.changes import ChangedRange, ChangeSet
from app.core.text.utf16 import EncodedText, units_are_characters

_SINGLES = "\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Han and kana, each character a word of its own."""

# Combining marks are no `\\w` in Python, so a word in Hindi or with decomposed accents would fall apart without them.
# Unicode 14 ranges, joined across letters; emoji selectors and enclosing keycaps are left out, they follow symbols.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711-\u07f3\u07fd\u0816-\u082d\u0859-\u085b\u0898-\u08e1"
    "\u08e3-\u0963\u0981-\u09e3\u09fe-\u0a75\u0a81-\u0ae3\u0afa-\u0b63\u0b82-\u0bd7\u0c00-\u0c63\u0c81-\u0c83"
    "\u0cbc-\u0d4d\u0d57-\u0d63\u0d81-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd\u0f18-\u0f19\u0f35\u0f37"
    "\u0f39\u0f3e-\u0f84\u0f86-\u0fbc\u0fc6\u102b-\u103e\u1056-\u109d\u135d-\u135f\u1712-\u1734\u1752-\u17d3"
    "\u17dd\u180b-\u180d\u180f-\u193b\u1a17-\u1a1b\u1a55-\u1a7f\u1ab0-\u1b44\u1b6b-\u1b73\u1b80-\u1bf3"
    "\u1c24-\u1c37\u1cd0-\u1cd2\u1cd4-\u1dff\u2cef-\u2cf1\u2d7f-\u2dff\ua66f-\ua672\ua674-\ua67d\ua69e-\ua6f1"
    "\ua802-\ua827\ua82c\ua880-\ua8c5\ua8e0-\ua8f1\ua8ff-\ua92d\ua947-\ua953\ua980-\ua9c0\ua9e5-\uaa4d"
    "\uaa7b-\uaac1\uaaeb-\uaaef\uaaf5-\uaaf6\uabe3-\uabea\uabec-\uabed\ufb1e\ufe20-\ufe2f"
)

_LETTER = rf"[^\W_{_SINGLES}]"
_RUN = rf"{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*"

WORD = rf"[{_SINGLES}]|{_RUN}(?:['’]{_RUN})*"
"""Pattern of one word as the diff cuts it."""

_COUNTED = re.compile(rf"[{_SINGLES}]|{_RUN}(?:(?:['’_‐‑-]|(?<=\d)[.,](?=\d)){_RUN})*")
_BEYOND_BMP = re.compile("[\U00010000-\U0010ffff]")
_WORD_RUN = re.compile(rf"(?:{_LETTER}|[_{_MARKS}])+")

_MOST_WINDOWS = 32
"""With more changed places than this, counting anew is cheaper."""


def count_words(text: str) -> int:
    """Number of words in the text."""
    return len(_COUNTED.findall(text))


def has_words(text: str, number: int) -> bool:
    """Whether the text has so many words; looks no further than it must."""
    return next(islice(_COUNTED.finditer(text), number - 1, None), None) is not None


def is_inside_word(text: str) -> bool:
    """Whether the text has only characters that do not end a word; true for none."""
    return not text or _WORD_RUN.fullmatch(text) is not None


def words_after(old_text: str, old_words: int, changes: ChangeSet, new_text: str) -> int:
    """The word count of `new_text`, which is `changes` applied to `old_text` with its `old_words` words.

    Equal to `count_words(new_text)`, but looks only at the surroundings of each change: no word crosses a blank or a
    line break, so what lies between those kept around a change can be counted alone.
    """
    ranges = list(changes.ranges())
    if len(ranges) > _MOST_WINDOWS:
        return count_words(new_text)
    old, new = _Units(old_text), _Units(new_text)
    words = old_words
    for window in _windows(old, ranges):
        words += count_words(new.slice(window.new_start, window.new_end))
        words -= count_words(old.slice(window.start, window.end))
    return words


class _Units:
    """Searching and slicing a text by UTF-16 positions."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._encoded = EncodedText.if_needed(text)

    def slice(self, start: int, end: int) -> str:
        return self._encoded.slice(start, end) if self._encoded else self._text[start:end]

    def word_start(self, position: int) -> int:
        """Behind the last blank before a position."""
        if self._encoded:
            return max(self._encoded.rfind(" ", position), self._encoded.rfind("\n", position)) + 1
        return max(self._text.rfind(" ", 0, position), self._text.rfind("\n", 0, position)) + 1

    def word_end(self, position: int) -> int:
        """The first blank at or behind a position, or the end."""
        source = self._encoded or self._text
        found = [place for place in (source.find(" ", position), source.find("\n", position)) if place >= 0]
        return min(found, default=self._encoded.length if self._encoded else len(self._text))


class _Window(NamedTuple):
    """A changed place with its surroundings up to the next blanks, in the old and the new text."""

    start: int
    end: int
    new_start: int
    new_end: int


def _windows(old: _Units, ranges: list[ChangedRange]) -> list[_Window]:
    windows: list[_Window] = []
    for changed in ranges:
        start, end = old.word_start(changed.from_a), old.word_end(changed.to_a)
        new_start = changed.from_b - (changed.from_a - start)
        new_end = changed.to_b + (end - changed.to_a)
        if windows and start <= windows[-1].end:
            windows[-1] = windows[-1]._replace(end=end, new_end=new_end)
        else:
            windows.append(_Window(start, end, new_start, new_end))
    return windows


class WordUnits:
    """Tells for each UTF-16 unit of a text whether it is inside a word. Costs nothing for what is not asked."""

    def __init__(self, text: str) -> None:
        # Where a character takes two units, two stand-ins of its sort make indexes and positions the same.
        self._units = text if units_are_characters(text) else _BEYOND_BMP.sub(_stand_ins, text)

    def __len__(self) -> int:
        return len(self._units)

    def __getitem__(self, position: int) -> bool:
        return is_inside_word(self._units[position])


def _stand_ins(found: re.Match[str]) -> str:
    return "xx" if is_inside_word(found[0]) else "  "
