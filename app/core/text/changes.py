"""Change sets: what somebody did to a text, as a value that can be applied, joined, undone and rebased.

The JSON form and every result are those of `@codemirror/state` 6 (`ChangeSet`), because the page rebases its unsent
changes with that library while the server rebases the same changes here: if the two disagreed by one unit, a writer
would see another text than the one that is kept. `tests/core/test_changes_agree_with_codemirror.py` compares them.

Positions and lengths are UTF-16 code units. No I/O and no knowledge of drafts lives here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from app.core.errors import InvalidChange
from app.core.text.sections import Section, SectionBuilder, compose_sections, map_sections
from app.core.text.utf16 import EncodedText, has_unstorable, utf16_length, utf16_slicer

Edit = tuple[int, int, str]
"""From, to (positions in the old text) and the text put in their place."""


class ChangedRange(NamedTuple):
    """A stretch that changed: `from_a..to_a` of the old text became `from_b..to_b` of the new text, `inserted`."""

    from_a: int
    to_a: int
    from_b: int
    to_b: int
    inserted: str


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Changes to one text of exactly `before` units, giving one of `after` units.

    Two sets are equal when their sections are; equal effects may have different sections. Build one with the class
    methods, which keep the sections well formed.
    """

    sections: tuple[Section, ...]
    before: int
    after: int

    # -- making ------------------------------------------------------------------------------------------------------

    @classmethod
    def identity(cls, length: int) -> ChangeSet:
        """No change to a text of `length` units."""
        if length < 0:
            raise InvalidChange("A text cannot have a negative length.", length=length)
        return cls(((length, None),) if length else (), length, length)

    @classmethod
    def replace(cls, length: int, from_: int, to: int, text: str) -> ChangeSet:
        """Put `text` in place of `from_..to` in a text of `length` units."""
        return cls.of(length, ((from_, to, text),))

    @classmethod
    def of(cls, length: int, edits: Iterable[Edit]) -> ChangeSet:
        """Join edits that all count in the same old text of `length` units.

        Edits in ascending order are cheap. One that starts before the end of its predecessor is rebased over what
        came before it. Raises InvalidChange for a range outside the text.
        """
        total: ChangeSet | None = None
        builder, position = SectionBuilder(), 0
        for from_, to, text in edits:
            if not 0 <= from_ <= to <= length:
                raise InvalidChange("An edit lies outside the text.", start=from_, end=to, length=length)
            if from_ == to and not text:
                continue
            _require_clean(text)
            if from_ < position:
                total = _joined(total, builder, length - position)
                builder, position = SectionBuilder(), 0
            builder.keep(from_ - position)
            builder.change(to - from_, text)
            position = to
        return _joined(total, builder, length - position)

    @classmethod
    def from_json(cls, value: object) -> ChangeSet:
        """Read CodeMirror's form: a number keeps so many units, `[n, "line", …]` replaces n units by the lines.

        Raises InvalidChange for anything else, for half characters and for line breaks inside a line.
        """
        if not isinstance(value, list | tuple):
            raise InvalidChange("A change set must be a list.")
        sections: list[Section] = []
        before = after = 0
        for part in value:
            if type(part) is int:
                if part < 0:
                    raise InvalidChange("A change set cannot keep a negative length.", length=part)
                if part == 0:
                    continue
                if sections and sections[-1][1] is None:
                    sections[-1] = (sections[-1][0] + part, None)
                else:
                    sections.append((part, None))
                before += part
                after += part
            else:
                length, text = _read_change(part)
                before += length
                after += utf16_length(text)
                if length or text:
                    sections.append((length, text))
        return cls(tuple(sections), before, after)

    def to_json(self) -> list[int | list[int | str]]:
        """CodeMirror's JSON form; `from_json` reads it back to an equal value."""
        parts: list[int | list[int | str]] = []
        for length, text in self.sections:
            if text is None:
                parts.append(length)
            elif text:
                parts.append([length, *text.split("\n")])
            else:
                parts.append([length])
        return parts

    # -- using -------------------------------------------------------------------------------------------------------

    @property
    def is_identity(self) -> bool:
        """Whether nothing changes."""
        sections = self.sections
        return not sections or (len(sections) == 1 and sections[0][1] is None)

    def check(self, text: str) -> None:
        """Raise InvalidChange unless the set fits this text: same length, no character split in two."""
        if text.isascii():
            self._require_length(len(text))
        else:
            self._encode(text)

    def apply(self, text: str) -> str:
        """The new text. Raises InvalidChange as `check` does."""
        encoded: EncodedText | None = None
        if text.isascii():
            self._require_length(len(text))
        else:
            encoded = self._encode(text)
        pieces: list[str] = []
        position = 0
        for length, inserted in self.sections:
            end = position + length
            if inserted is None:
                pieces.append(encoded.slice(position, end) if encoded else text[position:end])
            elif inserted:
                pieces.append(inserted)
            position = end
        return "".join(pieces)

    def invert(self, text: str) -> ChangeSet:
        """The change set that leads back to `text`, the text before this one."""
        self.check(text)
        slice_ = utf16_slicer(text)
        sections: list[Section] = []
        position = 0
        for length, inserted in self.sections:
            if inserted is None:
                sections.append((length, None))
            else:
                sections.append((utf16_length(inserted), slice_(position, position + length)))
            position += length
        return ChangeSet(tuple(sections), self.after, self.before)

    def compose(self, other: ChangeSet) -> ChangeSet:
        """One set with the effect of this one followed by `other`, which starts from this one's result."""
        if self.after != other.before:
            raise InvalidChange("Change sets do not follow each other.", first=self.after, second=other.before)
        if self.is_identity:
            return other
        if other.is_identity:
            return self
        return ChangeSet(compose_sections(self.sections, other.sections), self.before, other.after)

    def map(self, other: ChangeSet, before: bool = False) -> ChangeSet:
        """Rebase over `other`, which starts from the same text, so that this set can be applied after it.

        Where both insert at one place the text of `other` comes first, unless `before` is set. Both orders meet:
        `a.compose(b.map(a))` and `b.compose(a.map(b, True))` give the same text.
        """
        if self.before != other.before:
            raise InvalidChange("Change sets do not start from one text.", first=self.before, second=other.before)
        if other.is_identity:
            return self
        return _from_sections(map_sections(self.sections, other.sections, before=before), other.after)

    def map_position(self, position: int, assoc: int = -1) -> int:
        """Where a position of the old text is in the new one.

        At an insertion, and inside a replaced stretch, a negative `assoc` stays before the new text, a positive one
        goes behind it. Raises InvalidChange for a position outside the old text.
        """
        if not 0 <= position <= self.before:
            raise InvalidChange("A position lies outside the text.", position=position, length=self.before)
        old = new = 0
        for length, inserted in self.sections:
            end = old + length
            if inserted is None:
                if end > position:
                    return new + position - old
                new += length
            else:
                if end > position or (end == position and assoc < 0 and not length):
                    return new if position == old or assoc < 0 else new + utf16_length(inserted)
                new += utf16_length(inserted)
            old = end
        return new

    def ranges(self) -> Iterator[ChangedRange]:
        """The changed stretches in order; changes that touch are reported as one."""
        old = new = 0
        start: tuple[int, int] | None = None
        pieces: list[str] = []
        for length, inserted in self.sections:
            if inserted is None:
                if start is not None:
                    yield ChangedRange(start[0], old, start[1], new, "".join(pieces))
                    start, pieces = None, []
                new += length
            else:
                if start is None:
                    start = (old, new)
                pieces.append(inserted)
                new += utf16_length(inserted)
            old += length
        if start is not None:
            yield ChangedRange(start[0], old, start[1], new, "".join(pieces))

    def _require_length(self, length: int) -> None:
        if length != self.before:
            raise InvalidChange("The change set was made for a text of another length.", needs=self.before, has=length)

    def _encode(self, text: str) -> EncodedText | None:
        """Check a text that is not ASCII; its encoded form where positions are not Python indexes, else None."""
        encoded = EncodedText.if_needed(text)
        if encoded is None:
            self._require_length(len(text))
            return None
        self._require_length(encoded.length)
        position = 0
        for length, _inserted in self.sections:
            position += length
            if encoded.splits_character(position):
                raise InvalidChange("A change splits a character in two.", position=position)
        return encoded


def _from_sections(sections: tuple[Section, ...], before: int) -> ChangeSet:
    growth = sum(utf16_length(text) - length for length, text in sections if text is not None)
    return ChangeSet(sections, before, before + growth)


def _joined(total: ChangeSet | None, builder: SectionBuilder, rest: int) -> ChangeSet:
    """`total` together with the edits in `builder`, which count in the same old text and end `rest` before its end."""
    builder.keep(rest)
    sections = builder.sections()
    batch = _from_sections(sections, sum(length for length, _text in sections))
    return batch if total is None else total.compose(batch.map(total))


def _read_change(part: object) -> tuple[int, str]:
    """Length and new text of one `[length, "line", …]`."""
    if not isinstance(part, list | tuple) or not part or type(part[0]) is not int:
        raise InvalidChange('A change must be a number or a list like [3, "line"].')
    if part[0] < 0:
        raise InvalidChange("A change cannot delete a negative length.", length=part[0])
    if len(part) == 1:
        return part[0], ""
    lines = part[1:]
    for line in lines:
        if not isinstance(line, str):
            raise InvalidChange("The inserted lines of a change must be strings.")
        if "\n" in line:
            raise InvalidChange("An inserted line holds a line break; give each line as its own string.")
    text = "\n".join(lines)
    _require_clean(text)
    return part[0], text


def _require_clean(text: str) -> None:
    if "\r" in text:
        raise InvalidChange("An inserted text holds a carriage return; line breaks are LF.")
    if has_unstorable(text):
        raise InvalidChange("An inserted text holds a NUL or half a character.")
