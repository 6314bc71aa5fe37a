"""Following passages back: what was kept is found at its old place, what was put in stays behind."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.core.text.origins import Passage, followed, kept_stretches

CHANGES = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 3)), max_size=5)


@given(CHANGES, st.integers(0, 5), st.data())
def test_every_character_is_either_kept_or_put_in(
    changes: list[tuple[int, int, int]], rest: int, data: st.DataObject
) -> None:
    old = [f"o{place}" for place in range(sum(keep + delete for keep, delete, _ in changes) + rest)]
    new: list[str] = []
    position = 0
    for keep, delete, insert in changes:
        new += [*old[position : position + keep], *["new"] * insert]
        position += keep + delete
    new += old[position:]
    cuts = sorted(data.draw(st.sets(st.integers(0, len(new)), max_size=4)))
    passages = [Passage(start, end, start) for start, end in pairwise(cuts)]
    older, put_in = followed(passages, kept_stretches(changes, len(new)))
    found = {}
    for from_, to, place in older:
        found |= {place + step: old[from_ + step] for step in range(to - from_)}
    for from_, to, place in put_in:
        found |= {place + step: new[from_ + step] for step in range(to - from_)}
        assert set(new[from_:to]) == {"new"}
    assert found == {place: new[place] for start, end in pairwise(cuts) for place in range(start, end)}
