"""Runs of versions that nothing kept came from are what the ancestry leaves out, for any tree."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.lines import ancestry, runs_left


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], dict[int, int], list[int]]:
    """Parents, merges and tips."""
    count = draw(st.integers(1, 40))
    parents = [0] + [draw(st.sampled_from([number - 1, number - 1, number - 1, draw(st.integers(0, number - 1))]))
                     for number in range(2, count + 1)]  # fmt: skip
    merged = {
        number: draw(st.integers(1, number - 1)) for number in range(2, count + 1) if draw(st.integers(0, 5)) == 0
    }
    return parents, merged, draw(st.lists(st.integers(1, count), max_size=4))


@given(trees())
def test_runs_left_are_what_no_tip_came_from(tree: tuple[list[int], dict[int, int], list[int]]) -> None:
    parents, merged, tips = tree
    breaks = {number: above for number, above in enumerate(parents, 1) if number == 1 or above != number - 1}
    found = runs_left(len(parents), breaks, merged, tips)
    numbers = [number for first, last in found for number in range(first, last + 1)]
    assert numbers == sorted(set(range(1, len(parents) + 1)) - ancestry(parents, merged, tips))
