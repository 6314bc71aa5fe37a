"""What keeps a model from taking too much: paragraphs the writer locked, and rewrites that lose a part of the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from app.core.text.blocks import Block, parse_blocks
from app.core.text.changes import ChangeSet, Edit
from app.core.text.words import count_words

Range = tuple[int, int]

_SMALL: Final = 20
"""Fewer lost words than this are seen at a glance; nobody is asked about them."""

_DROPPED: Final = 0.5
"""A paragraph of which less than this part stays counts as dropped."""


def locked_blocks(text: str, locks: Iterable[Range]) -> tuple[Range, ...]:
    """The blocks that a lock lies in, whole: what was added at the end of a locked paragraph is locked as well."""
    locked = list(locks)
    if not locked:
        return ()
    return tuple(
        (block.from_, block.to)
        for block in parse_blocks(text)
        if any(start < block.to and end > block.from_ for start, end in locked)
    )


def touches(edit: Edit, locked: Iterable[Range]) -> bool:
    """Whether an edit changes a locked passage, or writes right up against it so that it would become part of it."""
    from_, to, text = edit
    for start, end in locked:
        if from_ < end and to > start:
            return True
        if text and from_ == end and not text.startswith("\n"):
            return True
        if text and to == start and not text.endswith("\n"):
            return True
    return False


def losses(text: str, changes: ChangeSet, *, share: float) -> tuple[str, ...]:
    """The paragraphs a rewrite would take away, if it shortens the text by more than `share` of its words.

    Empty when it may go in without being asked about.
    """
    words = count_words(text)
    lost = words - count_words(changes.apply(text))
    if lost <= max(_SMALL, share * words):
        return ()
    edits = [(change.from_a, change.to_a, change.inserted) for change in changes.ranges()]
    blocks = parse_blocks(text)
    kept = [_kept(block, edits) for block in blocks]
    gone = [block for block, part in zip(blocks, kept, strict=True) if part < _DROPPED]
    return tuple(block.text for block in gone or [block for block, part in zip(blocks, kept, strict=True) if part < 1])


def _kept(block: Block, edits: Iterable[Edit]) -> float:
    """The part of a block's units that an edit leaves alone."""
    gone = sum(max(0, min(to, block.to) - max(from_, block.from_)) for from_, to, _text in edits)
    return 1 - gone / (block.to - block.from_)
