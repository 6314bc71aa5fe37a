"""Lines of work in a tree of versions: each version is in one line, and what something came from is found through merges."""

from app.core.lines import ancestry, lines

PARENTS = [0, 1, 2, 1, 4, 2]
"""1 ─ 2 ─ 3, with 6 beside 3; and 1 ─ 4 ─ 5."""


def test_each_version_is_in_the_first_line_that_has_it() -> None:
    named, unnamed = lines(PARENTS, [5, 3])
    assert named == [[5, 4, 1], [3, 2]]
    assert unnamed == [(6, [6])]


def test_without_names_the_newest_tip_has_the_start() -> None:
    assert lines(PARENTS, []) == ([], [(6, [6, 2, 1]), (5, [5, 4]), (3, [3])])
    assert lines([], []) == ([], [])


def test_what_a_version_came_from() -> None:
    assert ancestry(PARENTS, {}, [3]) == {1, 2, 3}
    assert ancestry(PARENTS, {}, [5, 6]) == {1, 2, 4, 5, 6}
    assert ancestry(PARENTS, {}, []) == set()


def test_what_was_merged_belongs_to_it() -> None:
    assert ancestry(PARENTS, {6: 5}, [6]) == {1, 2, 4, 5, 6}
    assert ancestry(PARENTS, {6: 5}, [3]) == {1, 2, 3}
