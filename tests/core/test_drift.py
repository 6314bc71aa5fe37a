"""Where a passage is after the text changed: exactly where its words are, or nowhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.edits.drift import Drift
from app.core.text.changes import ChangeSet
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length, utf16_slice
from tests.core.strategies import boundaries, changes_of, texts


@st.composite
def sessions(draw: st.DrawFn) -> tuple[str, list[ChangeSet], str, tuple[int, int]]:
    """A text, changes made one after the other, the text they lead to, and a passage of the first."""
    before = draw(texts())
    steps, text = [], before
    for _ in range(draw(st.integers(0, 4))):
        step = draw(changes_of(text))
        steps.append(step)
        text = step.apply(text)
    start, end = sorted((draw(st.sampled_from(boundaries(before))), draw(st.sampled_from(boundaries(before)))))
    return before, steps, text, (start, end)


@given(sessions())
def test_a_placed_passage_has_its_very_words(session: tuple[str, list[ChangeSet], str, tuple[int, int]]) -> None:
    before, steps, after, passage = session
    place = Drift.through(before, after, steps).place(*passage)
    if place is not None:
        assert utf16_slice(after, *place) == utf16_slice(before, *passage)


@given(sessions())
def test_what_survives_is_inside_the_text(session: tuple[str, list[ChangeSet], str, tuple[int, int]]) -> None:
    before, steps, after, passage = session
    left = Drift.through(before, after, steps).survives(*passage)
    if left is not None:
        assert 0 <= left[0] < left[1] <= utf16_length(after)


@given(sessions())
def test_what_is_undone_never_happened(session: tuple[str, list[ChangeSet], str, tuple[int, int]]) -> None:
    before, steps, _, passage = session
    text, back = before, []
    for step in steps:
        back.insert(0, step.invert(text))
        text = step.apply(text)
    drift = Drift.through(before, before, [*steps, *back])
    assert drift.place(*passage) == passage


@pytest.mark.parametrize(
    "now, place",
    [
        ("Well, they sing here.", (11, 15)),
        ("they sing, here.", (5, 9)),
        ("they sings here.", None),
        ("they sin here.", None),
        ("they xsing here.", None),
        ("they  here.", None),
        ("theysing here.", None),
        ("they sing 🐋 here", (5, 9)),
    ],
)
def test_a_word_is_found_unless_it_changed(now: str, place: tuple[int, int] | None) -> None:
    before = "they sing here."
    drift = Drift(before, now, _typed(before, now))
    assert drift.place(5, 9) == place


def test_an_empty_place_inside_what_was_deleted_is_gone() -> None:
    before, now = "One.\n\nTwo.\n\nThree.", "One.\n\nThree."
    assert Drift(before, now, ChangeSet.replace(18, 4, 10, "")).place(10, 10) == (4, 4)
    assert Drift(before, now, ChangeSet.replace(18, 5, 11, "")).place(10, 10) is None
    assert Drift(before, before + "!", ChangeSet.replace(18, 18, 18, "!")).place(10, 10) == (10, 10)


def _typed(before: str, now: str) -> ChangeSet:
    """One change from the first to the last difference, as somebody would type it."""
    start = next((i for i, pair in enumerate(zip(before, now, strict=False)) if pair[0] != pair[1]), len(before))
    return diff_changes(before, now) if start == len(before) else _between(before, now, start)


def _between(before: str, now: str, start: int) -> ChangeSet:
    end = 0
    while end < min(len(before), len(now)) - start and before[-1 - end] == now[-1 - end]:
        end += 1
    return ChangeSet.replace(len(before), start, len(before) - end, now[start : len(now) - end])
