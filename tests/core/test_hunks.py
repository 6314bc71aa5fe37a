"""Hunks of a change: together they are the change, apart they never meet."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from app.core.edits.hunks import MANY_HUNKS, edits_within, hunks_of
from app.core.text.changes import ChangeSet
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length, utf16_slice
from tests.core.strategies import text_and_changes, texts


@given(text_and_changes(count=1))
def test_all_hunks_together_are_the_change(drawn: tuple[str, list[ChangeSet]]) -> None:
    text, (changes,) = drawn
    hunks = hunks_of(text, changes)
    whole = ChangeSet.of(utf16_length(text), [(hunk.from_, hunk.to, hunk.new) for hunk in hunks])
    assert whole.apply(text) == changes.apply(text)
    for hunk, following in itertools.pairwise(hunks):
        assert hunk.to <= following.from_
    for hunk in hunks:
        assert utf16_slice(text, hunk.from_, hunk.to) == hunk.old


@given(texts(), texts(), st.integers(0, 9))
def test_the_words_that_change_inside_a_hunk_make_the_new_from_the_old(old: str, new: str, offset: int) -> None:
    text = "-" * offset + old
    changes = ChangeSet.of(utf16_length(text), edits_within(offset, old, new))
    assert changes.apply(text) == "-" * offset + new


def hunks_between(old: str, new: str) -> list[tuple[str, str]]:
    return [(hunk.old, hunk.new) for hunk in hunks_of(old, diff_changes(old, new))]


def test_one_sentence_is_one_decision_and_two_are_two() -> None:
    old = "The old man sat in the old chair. He slept long."
    assert hunks_between(old, "The young man sat in the new chair. He slept well.") == [
        ("old man sat in the old", "young man sat in the new"), ("long", "well"),
    ]  # fmt: skip


def test_paragraphs_are_decided_one_by_one() -> None:
    assert hunks_between("one\n\ntwo\n\nthree", "ONE\n\ntwo\n\nTHREE") == [("one", "ONE"), ("three", "THREE")]


def test_thousands_of_changes_are_joined_by_paragraph() -> None:
    old = "\n\n".join(" ".join(f"Old {n} here." for n in range(10)) for _ in range(100))
    assert len(hunks_between(old, old.replace("Old", "New"))) == 100 < MANY_HUNKS


def test_paragraphs_that_would_go_can_be_kept_one_by_one() -> None:
    assert hunks_between("one\n\ntwo 🦊\n\nthree", "one") == [("\n\ntwo 🦊", ""), ("\n\nthree", "")]
    assert hunks_between("one\n\ntwo\n\nthree", "three") == [("one\n\n", ""), ("two\n\n", "")]
