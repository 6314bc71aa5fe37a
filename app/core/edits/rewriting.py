"""A whole text written anew, as a change that leaves the locked paragraphs alone as far as the new text has them. Pure.

A comparison by words knows no paragraphs: it may carry a word of a locked one over into its neighbour, though both texts
hold the paragraph unchanged. So the locked ones are found first, and only what stands between them is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.core.edits.guards import Range
from app.core.text.blocks import parse_blocks
from app.core.text.changes import ChangeSet, Edit
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length, utf16_slicer


def rewrite_changes(text: str, new: str, locked: Sequence[Range]) -> ChangeSet:
    """The change from `text` to `new`. It touches a locked block only where `new` leaves it out, alters or moves it."""
    if not locked:
        return diff_changes(text, new)
    before, after = utf16_slicer(text), utf16_slicer(new)
    edits: list[Edit] = []
    start, new_start = 0, 0
    ends = (utf16_length(text), utf16_length(text)), (utf16_length(new), utf16_length(new))
    for (from_, to), (new_from, new_to) in (*_kept(text, new, locked), ends):
        changes = diff_changes(before(start, from_), after(new_start, new_from))
        edits += [(start + part.from_a, start + part.to_a, part.inserted) for part in changes.ranges()]
        start, new_start = to, new_to
    return ChangeSet.of(utf16_length(text), edits)


def _kept(text: str, new: str, locked: Sequence[Range]) -> Iterator[tuple[Range, Range]]:
    """The places of the locked blocks that the new text holds too, in the same order."""
    places = set(locked)
    blocks = parse_blocks(new)
    begin = 0
    for block in parse_blocks(text):
        if (block.from_, block.to) not in places:
            continue
        found = next((index for index in range(begin, len(blocks)) if blocks[index].text == block.text), None)
        if found is not None:
            begin = found + 1
            yield (block.from_, block.to), (blocks[found].from_, blocks[found].to)
