"""Counting and cutting in UTF-16 units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidChange
from app.core.text.utf16 import (
    EncodedText,
    has_unstorable,
    normalise_text,
    units_are_characters,
    utf16_length,
    utf16_slice,
)
from tests.core.strategies import boundaries, texts


@given(texts())
def test_lengths_are_those_of_the_encoding(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2
    assert units_are_characters(text) == (utf16_length(text) == len(text))


@given(texts(), st.data())
def test_slices_at_boundaries_are_slices_of_characters(text: str, data: st.DataObject) -> None:
    places = boundaries(text)
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    assert utf16_slice(text, places[start], places[end]) == text[start:end]


@pytest.mark.parametrize("start, end", [(0, 1), (1, 2), (0, 3), (2, 1), (-1, 0)])
def test_a_slice_that_cannot_be_is_refused(start: int, end: int) -> None:
    with pytest.raises(InvalidChange):
        utf16_slice("🦊", start, end)


def test_a_slice_past_a_plain_text_is_refused() -> None:
    with pytest.raises(InvalidChange, match="past the end"):
        utf16_slice("abc", 0, 4)


def test_searching_is_not_fooled_by_the_bytes_of_two_neighbours() -> None:
    text = "🦊\u2000\u0100 x\u2000\u0100"  # bytes 00 20 00 01: a blank is 20 00, here at an odd place
    encoded = EncodedText(text)
    assert encoded.find(" ", 0) == boundaries(text)[text.index(" ")]
    assert encoded.rfind(" ", encoded.length) == boundaries(text)[text.rindex(" ")]
    assert encoded.rfind(" ", 4) == -1
    assert encoded.find(" ", 5) == -1
    assert encoded.find("y", 0) == -1


def test_text_is_normalised_to_what_can_be_kept() -> None:
    assert normalise_text("a\r\nb\rc\nd\0e\ud83df") == "a\nb\nc\nd\ufffde\ufffdf"
    assert not has_unstorable(normalise_text("\0\ud83d"))
    assert not has_unstorable("🦊 а")
