"""Following passages of a text back to the change that brought them in. Positions are characters.

A passage that a change kept stood in the text before; what the change put in has its origin there.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Passage(NamedTuple):
    """`from_..to` of the text that is looked at now; `place` is where it starts in the text it was followed from."""

    from_: int
    to: int
    place: int


class Kept(NamedTuple):
    """A stretch that stands in both texts: `from_..to` of the new one is `shift` further right than in the old one."""

    from_: int
    to: int
    shift: int


def kept_stretches(changes: Iterable[tuple[int, int, int]], length: int) -> list[Kept]:
    """The stretches that changes `(keep, take away, put in)` leave, in a new text of `length` characters."""
    kept: list[Kept] = []
    old = new = 0
    for keep, delete, insert in changes:
        if keep:
            kept.append(Kept(new, new + keep, new - old))
        old += keep + delete
        new += keep + insert
    if new < length:
        kept.append(Kept(new, length, new - old))
    return kept


def followed(passages: Sequence[Passage], kept: Sequence[Kept]) -> tuple[list[Passage], list[Passage]]:
    """Passages of the new text that stood in the old one, at their places there, and those that were put in.

    Both lists are in order, and so are the results.
    """
    older: list[Passage] = []
    put_in: list[Passage] = []
    index = 0
    for from_, to, place in passages:
        while index < len(kept) and kept[index].to <= from_:
            index += 1
        position, stretch = from_, index
        while position < to:
            if stretch == len(kept) or kept[stretch].from_ >= to:
                put_in.append(Passage(position, to, place + position - from_))
                break
            start, end, shift = kept[stretch]
            if start > position:
                put_in.append(Passage(position, start, place + position - from_))
                position = start
            until = min(end, to)
            older.append(Passage(position - shift, until - shift, place + position - from_))
            position = until
            stretch += 1
    return older, put_in
