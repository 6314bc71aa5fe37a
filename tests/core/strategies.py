"""Texts, edits and change sets that are hard on the core: emoji, Cyrillic, combining marks, touching and empty edits."""

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from app.core.text.changes import ChangeSet, Edit
from app.core.text.utf16 import utf16_length

ALPHABET = "ab .\nпр\u0301🦊👩\u200d字"


def texts(max_size: int = 30) -> st.SearchStrategy[str]:
    return st.text(alphabet=ALPHABET, max_size=max_size)


def boundaries(text: str) -> list[int]:
    """The UTF-16 positions between whole characters."""
    positions = [0]
    for character in text:
        positions.append(positions[-1] + utf16_length(character))
    return positions


@st.composite
def edits(draw: st.DrawFn, text: str) -> list[Edit]:
    """Edits of one text in ascending order, touching each other or not."""
    places = boundaries(text)
    cuts = sorted(draw(st.lists(st.sampled_from(places), max_size=8)))
    return [
        (start, end, draw(texts(6))) for start, end in zip(cuts[::2], cuts[1::2], strict=False) if draw(st.booleans())
    ]


@st.composite
def changes_of(draw: st.DrawFn, text: str) -> ChangeSet:
    return ChangeSet.of(utf16_length(text), draw(edits(text)))


@st.composite
def text_and_changes(draw: st.DrawFn, count: int = 1) -> tuple[str, list[ChangeSet]]:
    """A text and change sets that all start from it."""
    text = draw(texts())
    return text, [draw(changes_of(text)) for _ in range(count)]


def random_text(source: random.Random, size: int) -> str:
    return "".join(source.choice(ALPHABET) for _ in range(source.randrange(size)))


def random_edits(source: random.Random, text: str) -> list[Edit]:
    """Edits in any order, overlapping or not: three in four times ascending."""
    places = boundaries(text)
    made = []
    for _ in range(source.randrange(6)):
        start, end = sorted((source.choice(places), source.choice(places)))
        if source.random() < 0.5:
            end = start if source.random() < 0.5 else min((p for p in places if p > start), default=start)
        made.append((start, end, random_text(source, 5) if source.random() < 0.7 else ""))
    if source.random() < 0.75:
        made = without_overlaps(sorted(made))
    return made


def without_overlaps(made: Sequence[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in made:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept
