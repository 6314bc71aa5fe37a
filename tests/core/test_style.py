"""Habits read from how somebody changes a model's text: told when they repeat, silent where they contradict."""

import pytest

from app.core.style import KEYS, Revision, observations

LONG = "We went down to the old harbour and looked at all of the boats there. "


@pytest.mark.parametrize(
    "key, before, after",
    [
        ("dashes:none", "It was late — very late.", "It was late, very late."),
        ("quotes:low", 'He said "no" twice.', "He said „no“ twice."),
        ("contractions:yes", "I do not know. They are here.", "I don't know. They're here."),
        ("contractions:no", "I don't know.", "I do not know."),
        ("spelling:british", "The color of the center.", "The colour of the centre."),
        ("sentences:short", LONG * 4, "We went down. We saw boats. It was old. All fine."),
        ("lists:fewer", "- one\n- two\n- three", "One, two and three."),
        ("headings:fewer", "# Title\n\nText", "Text"),
    ],
)
def test_a_habit_is_told_when_two_revisions_show_it(key: str, before: str, after: str) -> None:
    revision = Revision(before, after)
    assert observations([revision]) == ()
    found = {seen.key: seen for seen in observations([revision, revision, Revision("Same.", "Same.")])}
    assert key in found
    assert key in KEYS
    assert "2 of 3" in found[key].evidence


def test_habits_that_contradict_each_other_are_not_told() -> None:
    there, back = Revision("a — b", "a, b"), Revision("a, b", "a — b")
    assert observations([there, there, back]) == ()
    assert [seen.key for seen in observations([there] * 3 + [back])] == ["dashes:none"]


def test_unchanged_texts_show_nothing() -> None:
    assert observations([Revision(LONG * 5, LONG * 5)] * 5) == ()
