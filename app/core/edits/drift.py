"""Where a passage is after the text around it changed, or that its words changed and it is nowhere. Pure.

What was typed and taken back, or deleted and brought back by undo, counts as never changed: only the difference
between the two texts matters, told place by place through the changes that led from one to the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from app.core.text.changes import ChangeSet
from app.core.text.utf16 import EncodedText, utf16_length, utf16_slicer
from app.core.text.words import is_inside_word

Range = tuple[int, int]


@dataclass(frozen=True)
class Drift:
    """The way from an old text to the text now. `changes` lead from one to the other; both texts count in UTF-16."""

    before: str
    after: str
    changes: ChangeSet

    @classmethod
    def through(cls, before: str, after: str, steps: Sequence[ChangeSet]) -> Drift:
        """The same for changes made one after the other."""
        return cls(before, after, _composed(steps, utf16_length(before)))

    @cached_property
    def _changed(self) -> list[tuple[int, int, int]]:
        """Stretches that really differ, as (from, to) in the old text and the growth up to their end."""
        old = utf16_slicer(self.before)
        new = utf16_slicer(self.after)
        changed, growth = [], 0
        for part in self.changes.ranges():
            growth += (part.to_b - part.from_b) - (part.to_a - part.from_a)
            was, became = old(part.from_a, part.to_a), new(part.from_b, part.to_b)
            start, end = _common_start(was, became), 0
            if start < min(len(was), len(became)):
                end = _common_start(was[start:][::-1], became[start:][::-1])
            elif len(was) == len(became):
                continue
            head = utf16_length(was[:start])
            tail = utf16_length(was[len(was) - end :])
            changed.append((part.from_a + head, part.to_a - tail, growth))
        return changed

    @cached_property
    def _ends(self) -> list[int]:
        return [to for _from, to, _growth in self._changed]

    def moved(self, position: int) -> int:
        """Where a position is now, behind what was written at it. Inside a stretch that changed: at its new end."""
        index = bisect_right(self._ends, position)
        growth = self._changed[index - 1][2] if index else 0
        if index < len(self._changed) and self._changed[index][0] < position:
            _from, to, growth = self._changed[index]
            return to + growth
        return position + growth

    def place(self, from_: int, to: int) -> Range | None:
        """Where `from_..to` is now, if nobody changed its words; an empty range is a place to insert at.

        None also where letters were written right up against it: "sing" that became "sings" is another word.
        """
        first = max(0, bisect_right(self._ends, from_ - 1))
        for start, end, _growth in self._changed[first:]:
            if start > to:
                break
            inside = start < from_ < end if from_ == to else start < to and end > from_
            if inside:
                return None
        now = self.moved(from_)
        length = to - from_
        if length and (self._joins(now, from_) or self._joins(now + length, to)):
            return None
        return now, now + length

    def _joins(self, now: int, was: int) -> bool:
        """Whether a word runs over a position that was the edge of one."""
        return _within_word(self.after, now) and not _within_word(self.before, was)

    def survives(self, from_: int, to: int) -> Range | None:
        """What is left of `from_..to`, wherever it was changed inside; None when all of it is gone."""
        pieces = [(max(from_, start), min(to, end)) for start, end in self._kept() if max(from_, start) < min(to, end)]
        if not pieces:
            return None
        return self.moved(pieces[0][0]), self.moved(pieces[-1][1] - 1) + 1

    def _kept(self) -> list[Range]:
        kept, position = [], 0
        for start, end, _growth in self._changed:
            kept.append((position, start))
            position = end
        return [*kept, (position, utf16_length(self.before))]


def _composed(steps: Sequence[ChangeSet], length: int) -> ChangeSet:
    """All changes as one, joined pairwise: neighbours are small, so a long session stays cheap."""
    if not steps:
        return ChangeSet.identity(length)
    level = list(steps)
    while len(level) > 1:
        pairs = [first.compose(second) for first, second in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def _common_start(one: str, other: str) -> int:
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    low, high = 0, shorter
    while high - low > 1:
        middle = (low + high) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle
    return low


def _within_word(text: str, position: int) -> bool:
    encoded = EncodedText.if_needed(text)
    length = encoded.length if encoded else len(text)
    if not 0 < position < length:
        return False
    if encoded is None:
        return is_inside_word(text[position - 1]) and is_inside_word(text[position])
    if encoded.splits_character(position - 1) or encoded.splits_character(position + 1):
        return False  # half of an emoji or a rare letter on one side: never the edge of an ordinary word
    return is_inside_word(encoded.slice(position - 1, position)) and is_inside_word(
        encoded.slice(position, position + 1)
    )
