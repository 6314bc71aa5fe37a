"""Where two people changed the same words at once, and what each of them meant.

Rebasing always keeps both people's text; it cannot know which was wanted. This file finds the passages a person should
look at. Two changes conflict when, seen in the text both started from,

- both touch the same word and at least one takes something away, or both write inside the same word;
- one writes inside what the other takes away.

Only taking away on both sides is no conflict: everything either of them wanted gone is gone, and no new text is at
stake. Neither is writing at the same place: both texts stand there, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from uuid import UUID

from app.core.changes import ChangedRange, ChangeSet
from app.core.utf16 import utf16_length, utf16_slice
from app.core.words import is_inside_word, word_mask

_NEAR: Final = 24
"""Conflicts in one line that are closer than this many units are shown as one passage."""
_LONGEST_WORD: Final = 200
"""Letters that are looked at on each side; a longer run is no word."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An open question to a person: who meant what in one field.

    For a text, `base`, `theirs` and `mine` are the passage before, as the others left it and as the sender left it, and
    `from_..to` is where it stands in the text now, both versions in it (UTF-16 units). For a value they are the values,
    and the range is None.
    """

    id: UUID
    field: str
    base: Any
    theirs: Any
    mine: Any
    from_: int | None = None
    to: int | None = None

    def moved(self, changes: ChangeSet) -> Conflict:
        """The conflict after later changes to its text. Text written at its borders stays outside, so that resolving
        does not take it away; if the passage is gone, the range is empty where it was."""
        if self.from_ is None or self.to is None:
            return self
        start = changes.map_position(self.from_, 1)
        end = max(start, changes.map_position(self.to, -1))
        return Conflict(self.id, self.field, self.base, self.theirs, self.mine, start, end)

    def to_payload(self) -> dict[str, Any]:
        """The payload of its `conflict.opened` event."""
        payload = {
            "id": str(self.id),
            "field": self.field,
            "base": self.base,
            "theirs": self.theirs,
            "mine": self.mine,
        }
        if self.from_ is not None:
            payload |= {"from": self.from_, "to": self.to}
        return payload

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Conflict:
        """The conflict that a `conflict.opened` event opens."""
        return cls(
            UUID(payload["id"]),
            payload["field"],
            payload["base"],
            payload["theirs"],
            payload["mine"],
            payload.get("from"),
            payload.get("to"),
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """A contested passage; the range is in the merged text."""

    base: str
    theirs: str
    mine: str
    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class PastChange:
    """A change to the text since the base. `own` ones were made by the sender's own replica."""

    changes: ChangeSet
    own: bool


@dataclass(frozen=True, slots=True)
class _Touch:
    """A change widened to the words it touches: `start..end`, around the changed `from_..to` of the base."""

    start: int
    end: int
    from_: int
    to: int
    deletes: bool
    inserts: bool
    inside_word: bool


_Span = tuple[int, int]


def rebase(changes: ChangeSet, past: Iterable[PastChange]) -> ChangeSet:
    """Changes made at the base, to be applied at the head. Step by step, as an open page does it: joining the past
    first could settle ties differently."""
    for step in past:
        changes = changes.map(step.changes)
    return changes


def contested_passages(
    mine: ChangeSet, past: Sequence[PastChange], *, rebased: ChangeSet, head: str, base: Callable[[], str]
) -> list[Passage]:
    """The passages that `mine` and others' `past` changes contest. `rebased` is `mine` at the head, `head` the text
    there; `base` gives the text both started from and is called only when changes are close to each other."""
    if all(step.own for step in past):
        return []
    foreign = _foreign(past)
    total = past[0].changes
    for step in past[1:]:
        total = total.compose(step.changes)
    my_ranges, their_ranges = list(mine.ranges()), list(foreign.ranges())
    if not _any_close(my_ranges, their_ranges, total=total, head=head):
        return []
    base_text = base()
    mask = word_mask(base_text)
    my_touches = [_touch(changed, mask) for changed in my_ranges]
    their_touches = [_touch(changed, mask) for changed in their_ranges]
    spans = _contested_spans(my_touches, their_touches, base_text)
    if not spans:
        return []
    my_text, merged = mine.apply(base_text), rebased.apply(head)
    passages = []
    for start, end in spans:
        their_start, their_end = total.map_position(start, -1), total.map_position(end, 1)
        from_, to = rebased.map_position(their_start, -1), rebased.map_position(their_end, 1)
        passage = Passage(
            base=utf16_slice(base_text, start, end),
            theirs=utf16_slice(head, their_start, their_end),
            mine=utf16_slice(my_text, mine.map_position(start, -1), mine.map_position(end, 1)),
            from_=from_,
            to=to,
        )
        if not passage.theirs == passage.mine == utf16_slice(merged, from_, to):
            passages.append(passage)
    return passages


def _foreign(past: Sequence[PastChange]) -> ChangeSet:
    """What others did since the base, as if the sender's own replica had done nothing in between."""
    own = ChangeSet.identity(past[0].changes.before)
    foreign = own
    for step in past:
        if step.own:
            own = own.compose(step.changes)
        else:
            alone = step.changes.map(_undone(own), before=True)
            foreign = foreign.compose(alone)
            own = own.map(alone)
    return foreign


def _undone(changes: ChangeSet) -> ChangeSet:
    """An inverse good enough to count positions with: what it would bring back is only as long as it was."""
    sections = tuple(
        (length, None) if text is None else (utf16_length(text), "\N{REPLACEMENT CHARACTER}" * length)
        for length, text in changes.sections
    )
    return ChangeSet(sections, changes.after, changes.before)


def _any_close(mine: list[ChangedRange], theirs: list[ChangedRange], *, total: ChangeSet, head: str) -> bool:
    """Whether any two changes overlap, touch or have only letters between them, told without the base text."""
    tagged = [(change.from_a, change.to_a, True) for change in mine]
    tagged += [(change.from_a, change.to_a, False) for change in theirs]
    tagged.sort()
    reach = {True: -1, False: -1}
    for from_, to, is_mine in tagged:
        end = reach[not is_mine]
        if end >= 0 and _is_close(end, from_, total=total, head=head):
            return True
        reach[is_mine] = max(reach[is_mine], to)
    return False


def _is_close(end: int, start: int, *, total: ChangeSet, head: str) -> bool:
    if start <= end:
        return True
    if start - end > 2 * _LONGEST_WORD:
        return False
    left, right = total.map_position(end, 1), total.map_position(start, -1)
    return left >= right or is_inside_word(utf16_slice(head, left, right))


def _touch(changed: ChangedRange, mask: str) -> _Touch:
    """Widen a change to the ends of the words it cuts or grows. In `mask` a "w" marks a unit inside a word."""
    from_, to, inserted = changed.from_a, changed.to_a, changed.inserted
    before = from_ > 0 and mask[from_ - 1] == "w"
    behind = to < len(mask) and mask[to] == "w"
    cuts_start = before and from_ < len(mask) and mask[from_] == "w"
    cuts_end = behind and to > 0 and mask[to - 1] == "w"
    start, end = from_, to
    if cuts_start or (before and inserted and is_inside_word(inserted[0])):
        while start > max(0, from_ - _LONGEST_WORD) and mask[start - 1] == "w":
            start -= 1
    if cuts_end or (behind and inserted and is_inside_word(inserted[-1])):
        while end < min(len(mask), to + _LONGEST_WORD) and mask[end] == "w":
            end += 1
    inside_word = from_ == to and before and behind
    return _Touch(start, end, from_, to, deletes=to > from_, inserts=bool(inserted), inside_word=inside_word)


def _conflict(one: _Touch, other: _Touch) -> bool:
    if not (one.inserts or other.inserts):
        return False
    if _writes_inside(one, other) or _writes_inside(other, one):
        return True
    if max(one.start, other.start) >= min(one.end, other.end):
        return False
    return one.deletes or other.deletes or (one.inside_word and other.inside_word)


def _writes_inside(writer: _Touch, taker: _Touch) -> bool:
    return not writer.deletes and taker.from_ < writer.from_ < taker.to


def _contested_spans(mine: list[_Touch], theirs: list[_Touch], base: str) -> list[_Span]:
    """Stretches of the base that hold every conflict whole, with all that either side changed in or next to them."""
    spans = [
        (min(one.start, other.start), max(one.end, other.end))
        for one, other in _meeting(mine, theirs)
        if _conflict(one, other)
    ]
    touches = [(touch.start, touch.end) for touch in (*mine, *theirs)]
    while True:
        grown = _joined([_grown(span, touches) for span in spans], base)
        if grown == spans:
            return spans
        spans = grown


def _meeting(mine: list[_Touch], theirs: list[_Touch]) -> Iterator[tuple[_Touch, _Touch]]:
    """Pairs that overlap or touch. Both lists are in order, so each pass starts where the last one could not stop."""
    first = 0
    for one in mine:
        while first < len(theirs) and theirs[first].end < one.start:
            first += 1
        for other in islice(theirs, first, None):
            if other.start > one.end:
                break
            yield one, other


def _grown(span: _Span, touches: list[_Span]) -> _Span:
    """A change that only touches the span belongs to it: what was written at its border would else be counted to
    nobody when a person chooses one side."""
    start, end = span
    for from_, to in touches:
        if from_ <= end and to >= start:
            start, end = min(start, from_), max(end, to)
    return start, end


def _joined(spans: list[_Span], base: str) -> list[_Span]:
    if len(spans) < 2:
        return spans
    spans = sorted(spans)
    joined = [spans[0]]
    for start, end in spans[1:]:
        last_start, last_end = joined[-1]
        if start <= last_end or (start - last_end <= _NEAR and "\n" not in utf16_slice(base, last_end, start)):
            joined[-1] = (last_start, max(last_end, end))
        else:
            joined.append((start, end))
    return joined
