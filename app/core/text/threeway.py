"""Bringing two texts that grew from one base together, by words, and choosing single changes of a comparison.

Where only one side changed, its change is taken; what both changed alike is taken once; two texts written at one place
both stand. Two different changes of the same words are a conflict, which a person decides. Taking away on both sides is
no conflict. Positions are UTF-16 code units.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain

from app.core.text.changes import ChangedRange
from app.core.text.diff import Hunk, diff_changes
from app.core.text.utf16 import utf16_length, utf16_slicer

_NEAR = 12
"""Conflicts in one line that are closer than this many units are one question."""

Slice = Callable[[int, int], str]


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """The same words, changed differently. `from_..to` is where `mine` stands in my text."""

    base: str
    mine: str
    theirs: str
    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge. `text` is None while conflicts are undecided; `changed` counts the places the other side
    changes, conflicts included."""

    text: str | None
    conflicts: tuple[MergeConflict, ...]
    changed: int


def merge_texts(base: str, mine: str, theirs: str, resolutions: Mapping[int, str] | None = None) -> Merged:
    """Bring `mine` and `theirs` together. `resolutions` decides conflicts by their index, whole passages each.

    Raises IndexError for the index of no conflict.
    """
    decided = dict(resolutions or {})
    my_ranges, their_ranges = list(diff_changes(base, mine).ranges()), list(diff_changes(base, theirs).ranges())
    clusters = _joined(_clusters(my_ranges, their_ranges), utf16_slicer(base))
    at_base, at_mine = utf16_slicer(base), utf16_slicer(mine)
    pieces: list[str] = []
    conflicts: list[MergeConflict] = []
    position = growth = 0
    undecided = False
    for cluster in clusters:
        pieces.append(at_base(position, cluster.from_))
        start = cluster.from_ + growth
        growth += sum(_growth(change) for change in cluster.mine)
        my_text = at_mine(start, cluster.to + growth)
        if not cluster.contested:
            pieces.append(cluster.together(at_base))
        elif my_text == (their_text := cluster.side(cluster.theirs, at_base)):
            pieces.append(my_text)
        else:
            index = len(conflicts)
            base_text = at_base(cluster.from_, cluster.to)
            conflicts.append(MergeConflict(base_text, my_text, their_text, start, cluster.to + growth))
            undecided = undecided or index not in decided
            pieces.append(decided.pop(index, my_text))
        position = cluster.to
    if decided:
        raise IndexError(min(decided))
    pieces.append(at_base(position, utf16_length(base)))
    changed = sum(1 for cluster in clusters if cluster.theirs)
    return Merged(None if undecided else "".join(pieces), tuple(conflicts), changed)


def _growth(change: ChangedRange) -> int:
    """By how much a change makes the text longer."""
    return (change.to_b - change.from_b) - (change.to_a - change.from_a)


@dataclass(slots=True)
class _Cluster:
    """Changes of both sides that overlap, over `from_..to` of the base."""

    from_: int
    to: int
    mine: list[ChangedRange] = field(default_factory=list)
    theirs: list[ChangedRange] = field(default_factory=list)
    contested: bool = False

    def side(self, changes: list[ChangedRange], at_base: Slice) -> str:
        """What one side made of the stretch."""
        pieces: list[str] = []
        position = self.from_
        for change in changes:
            pieces += (at_base(position, change.from_a), change.inserted)
            position = change.to_a
        return "".join((*pieces, at_base(position, self.to)))

    def together(self, at_base: Slice) -> str:
        """What both made of it, where they do not contest."""
        if not self.theirs:
            return self.side(self.mine, at_base)
        if not self.mine or _alike(self.mine, self.theirs):
            return self.side(self.theirs, at_base)
        if self.from_ == self.to:
            return self.mine[0].inserted + self.theirs[0].inserted
        return _kept(self, at_base)


def _kept(cluster: _Cluster, at_base: Slice) -> str:
    """What is left where both only took away."""
    pieces: list[str] = []
    position = cluster.from_
    for change in sorted(chain(cluster.mine, cluster.theirs), key=lambda change: change.from_a):
        if change.from_a > position:
            pieces.append(at_base(position, change.from_a))
        position = max(position, change.to_a)
    return "".join(pieces)


def _alike(mine: list[ChangedRange], theirs: list[ChangedRange]) -> bool:
    return [(one.from_a, one.to_a, one.inserted) for one in mine] == [
        (one.from_a, one.to_a, one.inserted) for one in theirs
    ]


def _clusters(mine: list[ChangedRange], theirs: list[ChangedRange]) -> list[_Cluster]:
    """Changes in order of the base, those that overlap together. Changes that only touch do not contest."""
    tagged = [(change.from_a, change.to_a, 0, change) for change in mine]
    tagged += [(change.from_a, change.to_a, 1, change) for change in theirs]
    clusters: list[_Cluster] = []
    for from_, to, side, change in sorted(tagged, key=lambda item: item[:3]):
        last = clusters[-1] if clusters else None
        if last is None or not (from_ < last.to or (from_, to) == (last.from_, last.to)):
            last = _Cluster(from_, to)
            clusters.append(last)
        last.to = max(last.to, to)
        (last.theirs if side else last.mine).append(change)
    for cluster in clusters:
        cluster.contested = _contested(cluster)
    return clusters


def _contested(cluster: _Cluster) -> bool:
    if not cluster.mine or not cluster.theirs or _alike(cluster.mine, cluster.theirs):
        return False
    if cluster.from_ == cluster.to:
        return False  # both only write at one place: both texts stand
    return any(change.inserted for change in chain(cluster.mine, cluster.theirs))


def _joined(clusters: list[_Cluster], at_base: Slice) -> list[_Cluster]:
    """Conflicts close to each other as one, with what lies between them: nobody wants to decide word after word."""
    joined: list[_Cluster] = []
    for cluster in clusters:
        at = next((place for place in range(len(joined) - 1, -1, -1) if joined[place].contested), None)
        near = at is not None and cluster.contested and cluster.from_ - joined[at].to <= _NEAR
        if at is None or not near or "\n" in at_base(joined[at].to, cluster.from_):
            joined.append(cluster)
            continue
        group = [*joined[at:], cluster]
        del joined[at:]
        joined.append(
            _Cluster(
                group[0].from_,
                cluster.to,
                [change for one in group for change in one.mine],
                [change for one in group for change in one.theirs],
                contested=True,
            )
        )
    return joined


def pick_hunks(a: str, b: str, hunks: tuple[Hunk, ...], chosen: Collection[int]) -> str:
    """The text `a` with only the chosen changes of its comparison with `b`; all of them give `b`, none give `a`.

    A paragraph that moves keeps a line of its own where its surroundings stay.
    """
    at_a, at_b = utf16_slicer(a), utf16_slicer(b)
    moves = sorted((hunk.a, index) for index, hunk in enumerate(hunks) if hunk.kind == "move")
    text = _Paragraphed()
    for index, hunk in enumerate(hunks):
        if hunk.kind == "move":
            if index in chosen:
                text.paragraph(at_b(*hunk.b))
            continue
        while moves and moves[0][0][1] <= hunk.a[0]:
            span, move = moves.pop(0)
            text.add("" if move in chosen else at_a(*span))
        text.add(at_b(*hunk.b) if index in chosen or hunk.kind == "same" else at_a(*hunk.a))
    for span, move in moves:
        text.add("" if move in chosen else at_a(*span))
    return "".join(text.pieces)


class _Paragraphed:
    """A text put together from pieces, some of which must stand on lines of their own."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._ends_paragraph = False

    def add(self, piece: str) -> None:
        if not piece:
            return
        if self._ends_paragraph and not piece.startswith("\n"):
            self.pieces.append("\n\n")
        self._ends_paragraph = False
        self.pieces.append(piece)

    def paragraph(self, piece: str) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n\n")
        self._ends_paragraph = False
        self.pieces.append(piece)
        self._ends_paragraph = True
