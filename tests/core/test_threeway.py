"""Merging three ways by words: nothing either side wrote is lost, and only real contradictions are asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text.diff import diff_words
from app.core.text.threeway import MergeConflict, merge_texts, pick_hunks
from tests.core.test_diff import prose


@given(prose(), prose())
def test_an_unchanged_side_gives_the_other(base: str, other: str) -> None:
    assert merge_texts(base, base, other).text == other
    assert merge_texts(base, other, base).text == other


@given(prose(), prose())
def test_the_same_changes_are_made_once(base: str, both: str) -> None:
    merged = merge_texts(base, both, both)
    assert (merged.text, merged.conflicts) == (both, ())


@given(prose(), prose(), prose())
def test_conflicts_are_the_same_seen_from_either_side(base: str, mine: str, theirs: str) -> None:
    seen = merge_texts(base, mine, theirs).conflicts
    mirrored = merge_texts(base, theirs, mine).conflicts
    assert [(one.base, one.mine, one.theirs) for one in seen] == [(one.base, one.theirs, one.mine) for one in mirrored]


@given(prose(), prose(), prose())
def test_a_conflict_tells_where_mine_stands(base: str, mine: str, theirs: str) -> None:
    encoded = mine.encode("utf-16-le")
    for conflict in merge_texts(base, mine, theirs).conflicts:
        assert encoded[2 * conflict.from_ : 2 * conflict.to].decode("utf-16-le") == conflict.mine


@given(prose(), prose(), prose(), st.booleans())
def test_decided_conflicts_leave_nothing_open(base: str, mine: str, theirs: str, first: bool) -> None:
    conflicts = merge_texts(base, mine, theirs).conflicts
    answers = {index: one.mine if first else one.theirs for index, one in enumerate(conflicts)}
    merged = merge_texts(base, mine, theirs, answers)
    assert merged.text is not None
    if conflicts:
        assert merge_texts(base, mine, theirs).text is None


@given(st.lists(st.sampled_from(["red", "blue", "green"]), min_size=3, max_size=12), st.data())
def test_words_written_by_both_sides_are_kept(words: list[str], data: st.DataObject) -> None:
    base = " ".join(words)
    my_place, their_place = (data.draw(st.integers(0, len(words))) for _ in "ab")
    mine = " ".join([*words[:my_place], "MINE", *words[my_place:]])
    theirs = " ".join([*words[:their_place], "THEIRS", *words[their_place:]])
    text = merge_texts(base, mine, theirs).text
    assert text is not None
    assert text.count("MINE") == text.count("THEIRS") == 1
    assert len(text) == len(mine) + len(theirs) - len(base)


def test_different_words_in_one_place_are_a_conflict() -> None:
    merged = merge_texts("a brown fox", "a red fox", "a grey fox")
    assert merged.text is None
    assert merged.conflicts == (MergeConflict("brown", "red", "grey", 2, 5),)
    assert merge_texts("a brown fox", "a red fox", "a grey fox", {0: "russet"}).text == "a russet fox"


def test_writing_inside_what_the_other_takes_away_is_a_conflict() -> None:
    merged = merge_texts("one two three four five", "one five", "one two three and four five")
    assert len(merged.conflicts) == 1


def test_neighbouring_conflicts_are_one_question() -> None:
    (conflict,) = merge_texts("the old brown fox", "the young red fox", "the ancient grey fox").conflicts
    assert (conflict.base, conflict.mine, conflict.theirs) == ("old brown", "young red", "ancient grey")


def test_taking_away_on_both_sides_is_no_conflict() -> None:
    merged = merge_texts("one two three four five", "one four five", "one two five")
    assert (merged.text, merged.conflicts) == ("one five", ())


def test_an_answer_to_no_question_is_refused() -> None:
    with pytest.raises(IndexError):
        merge_texts("a", "b", "a", {0: "x"})


@given(prose(), prose())
def test_all_picked_changes_give_the_other_text_and_none_the_first(a: str, b: str) -> None:
    hunks = diff_words(a, b)
    assert pick_hunks(a, b, hunks, range(len(hunks))) == b
    assert pick_hunks(a, b, hunks, ()) == a


def test_a_picked_move_stays_a_paragraph() -> None:
    fox, dog, cat = (f"The {name} walks along the river." for name in ("fox", "dog", "cat"))
    a, b = f"{fox}\n\n{dog}\n\n{cat}", f"{cat}\n\n{fox}\n\n{dog}"
    hunks = diff_words(a, b)
    moves = [index for index, hunk in enumerate(hunks) if hunk.kind == "move"]
    paragraphs = [part for part in pick_hunks(a, b, hunks, moves).split("\n\n") if part]
    assert paragraphs == [cat, fox, dog]
