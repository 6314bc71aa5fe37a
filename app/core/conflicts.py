"""Where two people changed the same words at once, and what each of them meant.

Rebasing always keeps both people's text; it cannot know which was wanted. This file finds the passages a person should
look at. Two changes conflict when, seen in the text both started from,

- both touch the same word and at least one takes something away, or both write inside the same word;
- one writes inside what the other takes away.

Only taking away on both sides is no conflict: everything either of them wanted gone is gone, and no new text is at
stake. Neither is writing at the same place: both texts stand there, whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final
from uuid import UUID

from app.core.text.changes import ChangedRange, ChangeSet
from app.core.text.utf16 import EncodedText, units_are_characters, utf16_length, utf16_slice, utf16_slicer
from app.core.text.words import WordUnits, is_inside_word

_NEAR: Final = 12
"""Conflicts in one line that are closer than this many units are shown as one passage."""
_MOST_PASSAGES: Final = 20
"""When two people rewrote everything, nobody answers a thousand questions: they are joined until this many are left."""
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
    words = WordUnits(base_text)
    my_touches = [_touch(changed, words) for changed in my_ranges]
    their_touches = [_touch(changed, words) for changed in their_ranges]
    spans = _contested_spans(my_touches, their_touches, base_text)
    if not spans:
        return []
    at_base, at_head = utf16_slicer(base_text), utf16_slicer(head)
    in_mine, in_merged = utf16_slicer(mine.apply(base_text)), utf16_slicer(rebased.apply(head))
    passages = []
    for start, end in spans:
        their_start, their_end = total.map_position(start, -1), total.map_position(end, 1)
        from_, to = rebased.map_position(their_start, -1), rebased.map_position(their_end, 1)
        passage = Passage(
            base=at_base(start, end),
            theirs=at_head(their_start, their_end),
            mine=in_mine(mine.map_position(start, -1), mine.map_position(end, 1)),
            from_=from_,
            to=to,
        )
        if not passage.theirs == passage.mine == in_merged(from_, to):
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
    """Whether any two changes could meet in one word, told without the base text."""
    tagged = [(change.from_a, change.to_a, True) for change in mine]
    tagged += [(change.from_a, change.to_a, False) for change in theirs]
    tagged.sort()
    last: dict[bool, _Span] = {}
    for from_, to, is_mine in tagged:
        other = last.get(not is_mine)
        if other is not None and _is_close(other, (from_, to), total=total, head=head):
            return True
        last[is_mine] = (from_, to)
    return False


def _is_close(one: _Span, other: _Span, *, total: ChangeSet, head: str) -> bool:
    """Whether two changes, the first one starting first, overlap or have nothing but letters between them."""
    end, start = one[1], other[0]
    if one[0] == end == start == other[1]:
        # Both only write at one place, as two people do who type at the end: that matters inside a word alone.
        behind = total.map_position(end, 1)
        return behind < utf16_length(head) and is_inside_word(_unit_at(head, behind))
    if start <= end:
        return True
    if start - end > 2 * _LONGEST_WORD:
        return False
    left, right = total.map_position(end, 1), total.map_position(start, -1)
    return left >= right or is_inside_word(utf16_slice(head, left, right))


def _unit_at(text: str, position: int) -> str:
    """The character at a position."""
    if units_are_characters(text):
        return text[position]
    encoded = EncodedText(text)
    end = position + 1
    return encoded.slice(position, end + encoded.splits_character(end))


def _touch(changed: ChangedRange, words: WordUnits) -> _Touch:
    """Widen a change to the ends of the words it cuts or grows."""
    from_, to, inserted = changed.from_a, changed.to_a, changed.inserted
    before = from_ > 0 and words[from_ - 1]
    behind = to < len(words) and words[to]
    cuts_start = before and from_ < len(words) and words[from_]
    cuts_end = behind and to > 0 and words[to - 1]
    start, end = from_, to
    if cuts_start or (before and inserted and is_inside_word(inserted[0])):
        while start > max(0, from_ - _LONGEST_WORD) and words[start - 1]:
            start -= 1
    if cuts_end or (behind and inserted and is_inside_word(inserted[-1])):
        while end < min(len(words), to + _LONGEST_WORD) and words[end]:
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
    """Stretches of the base that hold every conflict whole, with all that either side changed in or next to them: what
    was written at a border would else belong to nobody when a person chooses one side."""
    starts = [min(one.start, other.start) for one, other in _meeting(mine, theirs) if _conflict(one, other)]
    islands = _joined(sorted((touch.start, touch.end) for touch in (*mine, *theirs)), lambda start, end: start <= end)
    first_places = [start for start, _end in islands]
    contested = sorted({bisect_right(first_places, start) - 1 for start in starts})
    at_base = utf16_slicer(base)
    spans = _joined(
        [islands[number] for number in contested],
        lambda start, end: start - end <= _NEAR and "\n" not in at_base(end, start),
    )
    near = _NEAR
    while len(spans) > _MOST_PASSAGES:
        near *= 4
        spans = _joined(spans, partial(_is_within, near))
    return spans


def _is_within(near: int, start: int, end: int) -> bool:
    return start - end <= near


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


def _joined(spans: Iterable[_Span], belongs: Callable[[int, int], bool]) -> list[_Span]:
    """Spans in order, joined where the start of one belongs to the end of those before it."""
    joined: list[_Span] = []
    for start, end in spans:
        if joined and belongs(start, joined[-1][1]):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
