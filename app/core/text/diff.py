"""Differences between two texts as a person sees them: by words, moved paragraphs as moved.

Paragraphs that are equal on both sides are found first; what lies between is compared by words. So the cost follows
what changed, and a text of 200,000 words is no harder than its changed parts. Positions are UTF-16 code units.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Literal

from rapidfuzz.distance import Indel

from app.core.text.changes import ChangeSet, Edit
from app.core.text.unified import unified
from app.core.text.utf16 import units_are_characters, utf16_length
from app.core.text.words import WORD, has_words

__all__ = ["Hunk", "HunkKind", "diff_changes", "diff_words", "unified"]

HunkKind = Literal["same", "insert", "delete", "replace", "move"]

_TOKEN = re.compile(rf"{WORD}|\n|[^\S\n]+|.", re.DOTALL)
_ASCII_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|\n|[^\S\n]+|.", re.DOTALL)
"""The same for a text without the scripts, marks and quotes of other alphabets: half the time."""
_PARAGRAPH = re.compile(r"[^\n]*\n+|[^\n]+")

_MOST_CELLS = 400_000_000
"""Words of one side times words of the other that are compared at once: 50 MB and 35 ms (measured)."""
_CHUNK = 10_000
"""Words per side of a piece when a changed part is larger than that."""
_MOVED_WORDS = 5
"""A paragraph with fewer words may recur by chance and is never called moved."""

_Block = tuple[int, int, int]
"""Where equal items start on both sides, and how many there are."""
_Raw = tuple[HunkKind, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Hunk:
    """A stretch of the old text `a` and what corresponds to it in the new text `b`, both as (from, to).

    `insert` has an empty `a` and `delete` an empty `b`, at the place where it happened. `move` is one stretch that left
    its place in `a` and stands, equal, at its place in `b`.
    """

    kind: HunkKind
    a: tuple[int, int]
    b: tuple[int, int]


def diff_words(a: str, b: str) -> tuple[Hunk, ...]:
    """The hunks between two texts, in the order of `b`, for people to read.

    The `b` ranges follow each other without a gap. The `a` ranges cover `a` once; without the moves they are in order.
    Words that are equal by chance between larger changes are counted to the change.
    """
    old, new = _Paragraphs(a), _Paragraphs(b)
    anchors = _matching(old.texts, new.texts)
    moves = _moves(old, new, anchors)
    moved_from, moved_to = {i for i, _j in moves}, {j for _i, j in moves}
    raw: list[_Raw] = []
    for i, j, end_i, end_j, is_same in _stretches(anchors, len(old.texts), len(new.texts)):
        if is_same:
            raw.append(("same", old.starts[i], old.starts[end_i], new.starts[j], new.starts[end_j]))
        else:
            a_side = _Side(old.pieces(i, end_i, moved_from), old.starts[i])
            b_side = _Side(new.pieces(j, end_j, moved_to), new.starts[j])
            raw += _word_hunks(a_side, b_side)
    raw += [("move", *old.words_of(i), *new.words_of(j)) for i, j in moves]
    raw.sort(key=lambda hunk: hunk[3:])
    return tuple(Hunk(kind, (a0, a1), (b0, b1)) for kind, a0, a1, b0, b1 in _joined(raw))


def diff_changes(a: str, b: str) -> ChangeSet:
    """The changes that turn `a` into `b`, word by word, so that they merge well with what others do to `a`."""
    old, new = _Paragraphs(a), _Paragraphs(b)
    edits: list[Edit] = []
    anchors = _matching(old.texts, new.texts)
    for i, j, end_i, end_j, is_same in _stretches(anchors, len(old.texts), len(new.texts)):
        if not is_same:
            a_side = _Side(old.pieces(i, end_i, frozenset()), old.starts[i])
            b_side = _Side(new.pieces(j, end_j, frozenset()), new.starts[j])
            edits += _word_edits(a_side, b_side)
    return ChangeSet.of(old.starts[-1], edits)


class _Paragraphs:
    """A text cut into paragraphs, each with the line breaks behind it. `starts` has the text's length at its end."""

    def __init__(self, text: str) -> None:
        self.texts: list[str] = _PARAGRAPH.findall(text)
        self.starts = list(accumulate(map(utf16_length, self.texts), initial=0))

    def words_of(self, index: int) -> tuple[int, int]:
        """From and to of a paragraph without its line breaks."""
        return self.starts[index], self.starts[index] + utf16_length(self.texts[index].rstrip("\n"))

    def movable(self, first: int, end: int, side: str) -> list[str]:
        """The paragraphs in a range without their line breaks; those too short to move as names of their own, which
        equal nothing, so that they are never preferred to long ones."""
        texts = (text.rstrip("\n") for text in self.texts[first:end])
        return [
            text if has_words(text, _MOVED_WORDS) else f"\n{side} {first + place}" for place, text in enumerate(texts)
        ]

    def pieces(self, first: int, end: int, moved: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Start and text of the paragraphs in a range; of moved ones only the line breaks."""
        for index in range(first, end):
            text = self.texts[index]
            if index in moved:
                yield self.words_of(index)[1], text[len(text.rstrip("\n")) :]
            else:
                yield self.starts[index], text


class _Side:
    """The tokens of one side of a changed stretch: words, blanks, line breaks, single signs.

    `breaks` are the tokens that do not start where the one before ends, because a moved paragraph stood between.
    """

    def __init__(self, pieces: Iterable[tuple[int, str]], place: int) -> None:
        self.place = place
        self.texts: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.breaks: list[int] = []
        for start, text in pieces:
            if self.ends and self.ends[-1] != start:
                self.breaks.append(len(self.texts))
            texts = (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)
            length = len if units_are_characters(text) else utf16_length
            bounds = list(accumulate(map(length, texts), initial=start))
            self.texts += texts
            self.starts += bounds[:-1]
            self.ends += bounds[1:]

    def end_before(self, index: int) -> int:
        """Where the tokens before `index` end."""
        return self.ends[index - 1] if index else self.place

    def places(self) -> list[int]:
        """`end_before` of every index."""
        return [self.place, *self.ends]

    def spans(self, first: int, end: int) -> list[tuple[int, int]]:
        """The stretches that tokens first..end cover."""
        if not self.breaks:
            return [(self.starts[first], self.ends[end - 1])] if first < end else []
        cuts = [first, *(cut for cut in self.breaks if first < cut < end), end]
        return [(self.starts[i], self.ends[j - 1]) for i, j in pairwise(cuts) if i < j]


def _word_hunks(a: _Side, b: _Side) -> Iterator[_Raw]:
    blocks = _readable(_matching(a.texts, b.texts), a, b)
    for i, j, end_i, end_j, is_same in _stretches(blocks, len(a.texts), len(b.texts)):
        if is_same:
            yield from _same_hunks(a, b, i, j, end_i - i)
            continue
        a_spans, b_spans = a.spans(i, end_i), b.spans(j, end_j)
        if len(a_spans) == 1 and len(b_spans) == 1:
            yield "replace", *a_spans[0], *b_spans[0]
            continue
        b_place, a_place = b.end_before(j), a.end_before(end_i)
        for from_, to in a_spans:
            yield "delete", from_, to, b_place, b_place
        for from_, to in b_spans:
            yield "insert", a_place, a_place, from_, to


def _same_hunks(a: _Side, b: _Side, i: int, j: int, size: int) -> Iterator[_Raw]:
    if not a.breaks and not b.breaks:
        yield "same", a.starts[i], a.ends[i + size - 1], b.starts[j], b.ends[j + size - 1]
        return
    cuts = {0, size}
    cuts.update(cut - i for cut in a.breaks if i < cut < i + size)
    cuts.update(cut - j for cut in b.breaks if j < cut < j + size)
    ordered = sorted(cuts)
    for first, end in pairwise(ordered):
        yield "same", a.starts[i + first], a.ends[i + end - 1], b.starts[j + first], b.ends[j + end - 1]


def _word_edits(a: _Side, b: _Side) -> Iterator[Edit]:
    blocks = _matching(a.texts, b.texts)
    for i, j, end_i, end_j, is_same in _stretches(blocks, len(a.texts), len(b.texts)):
        if not is_same:
            yield a.end_before(i), a.end_before(end_i), "".join(b.texts[j:end_j])


def _matching(a: Sequence[str], b: Sequence[str]) -> list[_Block]:
    """The equal items of a longest common subsequence; of a piecewise one where both sides are huge."""
    if len(a) * len(b) <= _MOST_CELLS:
        return [(block.a, block.b, block.size) for block in Indel.editops(a, b).as_matching_blocks() if block.size]
    count = max(len(a), len(b)) // _CHUNK + 1
    blocks: list[_Block] = []
    for index in range(count):
        i, end_i = index * len(a) // count, (index + 1) * len(a) // count
        j, end_j = index * len(b) // count, (index + 1) * len(b) // count
        blocks += [(i + x, j + y, size) for x, y, size in _matching(a[i:end_i], b[j:end_j])]
    return blocks


def _stretches(blocks: Sequence[_Block], a_length: int, b_length: int) -> Iterator[tuple[int, int, int, int, bool]]:
    """Starts and ends on both sides of the equal blocks and of what lies between them, and whether they are equal."""
    i = j = 0
    for block_i, block_j, size in (*blocks, (a_length, b_length, 0)):
        if i < block_i or j < block_j:
            yield i, j, block_i, block_j, False
        if size:
            yield block_i, block_j, block_i + size, block_j + size, True
        i, j = block_i + size, block_j + size


def _readable(blocks: list[_Block], a: _Side, b: _Side) -> list[_Block]:
    """Without the blocks that only make a change harder to read: shorter than what changed on both of their sides.

    A line break always stays, paragraphs are never run together.
    """
    kept: list[_Block] = []
    a_texts, a_places, b_places = a.texts, a.places(), b.places()
    kept_i = kept_j = 0
    for (i, j, size), (next_i, next_j, _size) in pairwise([*blocks, (len(a.texts), len(b.texts), 0)]):
        end_i, end_j = i + size, j + size
        # Most blocks are one blank between two changed words.
        length = len(a_texts[i]) if size == 1 else sum(map(len, a_texts[i:end_i]))
        if (
            (length > a_places[i] - a_places[kept_i] and length > b_places[j] - b_places[kept_j])
            or (length > a_places[next_i] - a_places[end_i] and length > b_places[next_j] - b_places[end_j])
            or "\n" in a_texts[i:end_i]
        ):
            kept.append((i, j, size))
            kept_i, kept_j = end_i, end_j
    return kept


def _moves(old: _Paragraphs, new: _Paragraphs, anchors: Sequence[_Block]) -> list[tuple[int, int]]:
    """Pairs of equal paragraphs that stand in another order on the two sides."""
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    arrived: list[tuple[int, str]] = []
    for i, j, end_i, end_j, is_same in _stretches(anchors, len(old.texts), len(new.texts)):
        if is_same:
            continue
        before, after = old.movable(i, end_i, "old"), new.movable(j, end_j, "new")
        # Paragraphs that differ only in the blank lines behind them stayed where they were.
        for x, y, end_x, end_y, stayed in _stretches(_matching(before, after), len(before), len(after)):
            if not stayed:
                arrived += [(j + index, after[index]) for index in range(y, end_y)]
                for index in range(x, end_x):
                    waiting[before[index]].append(i + index)
    pairs: list[tuple[int, int]] = []
    for index, text in arrived:
        if waiting[text]:
            pairs.append((waiting[text].popleft(), index))
    return pairs


def _joined(raw: list[_Raw]) -> list[_Raw]:
    """Neighbours of one sort as one hunk; a deletion and an insertion at one place as a replacement."""
    joined: list[_Raw] = []
    for hunk in raw:
        if joined and _continues(joined[-1], hunk):
            kind, a0, _a1, b0, _b1 = joined[-1]
            a1, b1 = hunk[2], hunk[4]
            if kind != "same":
                kind = "delete" if b0 == b1 else "insert" if a0 == a1 else "replace"
            joined[-1] = (kind, a0, a1, b0, b1)
        else:
            joined.append(hunk)
    return joined


def _continues(last: _Raw, hunk: _Raw) -> bool:
    if last[2] != hunk[1] or last[4] != hunk[3] or "move" in (last[0], hunk[0]):
        return False
    return (last[0] == "same") == (hunk[0] == "same")
