"""What counts as a word, and counting only where something changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text.changes import ChangeSet
from app.core.text.utf16 import utf16_length
from app.core.text.words import WordUnits, count_words, has_words, is_inside_word, words_after
from tests.core.strategies import changes_of, texts


@pytest.mark.parametrize(
    "text, words",
    [
        ("", 0),
        ("  \n ", 0),
        ("one two\nthree", 3),
        ("don't well-known snake_case 3.14 1,000", 5),
        ("don’t", 1),
        ("— … !? 🦊 ❤️", 0),
        ("**bold** _italic_ # Heading", 3),
        ("Привет, мир!", 2),
        ("cafe\u0301 नमस्ते दुनिया", 3),
        ("我喜欢 tea", 4),
        ("end.Start", 2),
    ],
)
def test_words_are_counted_as_people_count_them(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.data())
def test_counting_around_a_change_is_counting_anew(data: st.DataObject) -> None:
    text = data.draw(texts(60))
    changes = data.draw(changes_of(text))
    after = changes.apply(text)
    assert words_after(text, count_words(text), changes, after) == count_words(after)


def test_many_changes_are_counted_too() -> None:
    text = "word " * 100
    changes = ChangeSet.of(len(text), [(5 * place, 5 * place, "x ") for place in range(80)])
    assert words_after(text, 100, changes, changes.apply(text)) == 180


@given(texts())
def test_every_unit_of_a_text_is_told_apart(text: str) -> None:
    assert len(WordUnits(text)) == utf16_length(text)


def test_units_inside_words_are_known() -> None:
    units = WordUnits("ab 🦊é_x 字𝐀")
    assert "".join("w" if units[place] else " " for place in range(len(units))) == "ww   www  ww"
    assert is_inside_word("é_x")
    assert is_inside_word("")
    assert not is_inside_word("a b")


@given(texts(), st.integers(1, 8))
def test_enough_words_are_recognised_without_counting_all(text: str, number: int) -> None:
    assert has_words(text, number) is (count_words(text) >= number)
