"""A model's change of a text cut into hunks, each of which a person can take or leave. Pure.

Changes inside one sentence are one hunk: half of a rewritten sentence is no sentence. Hunks never overlap and together
are the whole change. Paragraphs that would go are hunks of their own, so that each can be kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.core.text.changes import ChangeSet, Edit
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length, utf16_slicer

_BOUNDARY: Final = re.compile(r"\n|[.!?…。！？][\"'”’»)\]*_]*(?:\s|$)")
_BETWEEN: Final = re.compile(r"\n[ \t]*\n[ \t\n]*")
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")

MANY_HUNKS: Final = 400
"""With more than this, changes are joined by paragraph: nobody reviews a thousand words one by one."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Put `new` in place of `old`, which stands at `from_..to` (UTF-16 units) of the text the model saw."""

    from_: int
    to: int
    old: str
    new: str


def hunks_of(text: str, changes: ChangeSet) -> tuple[Hunk, ...]:
    """The hunks of a change of `text`, in order."""
    edits: list[Edit] = [(change.from_a, change.to_a, change.inserted) for change in changes.ranges()]
    slice_ = utf16_slicer(text)
    hunks = _joined(edits, slice_, _BOUNDARY)
    if len(hunks) > MANY_HUNKS:
        hunks = _joined(edits, slice_, _PARAGRAPH)
    return tuple(part for hunk in hunks for part in _by_paragraph(hunk))


def edits_within(from_: int, old: str, new: str) -> list[Edit]:
    """What changes word by word when `old`, which stands at `from_`, becomes `new`: the smallest change to the text."""
    return [(from_ + change.from_a, from_ + change.to_a, change.inserted) for change in diff_changes(old, new).ranges()]


def _by_paragraph(hunk: Hunk) -> Iterator[Hunk]:
    """A deletion of several paragraphs, one by one; each takes along the blank line on the side where the first does."""
    if hunk.new:
        yield hunk
        return
    in_front = hunk.old.startswith("\n")
    cuts = [found.start() if in_front else found.end() for found in _BETWEEN.finditer(hunk.old)]
    inside = [cut for cut in cuts if 0 < cut < len(hunk.old)]
    place = hunk.from_
    for start, end in pairwise([0, *inside, len(hunk.old)]):
        old = hunk.old[start:end]
        yield Hunk(place, place + utf16_length(old), old, "")
        place += utf16_length(old)


def _joined(edits: Sequence[Edit], slice_: Callable[[int, int], str], boundary: re.Pattern[str]) -> tuple[Hunk, ...]:
    groups: list[list[Edit]] = []
    for edit in edits:
        if groups and not boundary.search(slice_(groups[-1][-1][1], edit[0])):
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return tuple(_hunk(group, slice_) for group in groups)


def _hunk(group: Sequence[Edit], slice_: Callable[[int, int], str]) -> Hunk:
    start, position = group[0][0], group[0][0]
    pieces: list[str] = []
    for from_, to, inserted in group:
        pieces += [slice_(position, from_), inserted]
        position = to
    return Hunk(start, position, slice_(start, position), "".join(pieces))
