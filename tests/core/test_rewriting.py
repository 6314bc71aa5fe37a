"""Rewrites of a whole text and the paragraphs that are locked in it."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.edits.guards import touches
from app.core.edits.rewriting import rewrite_changes
from app.core.text.blocks import parse_blocks
from app.core.text.diff import diff_changes
from tests.core.strategies import texts


def test_a_locked_paragraph_stays_whole_where_a_comparison_by_words_would_take_it_apart() -> None:
    old = "A storm came.\n\nThe lamp was lit by the keeper."
    new = "The lamp was lit by the keeper.\n\nThe lamp was lit by the keeper. A storm came."
    (locked,) = ((block.from_, block.to) for block in parse_blocks(old)[1:])
    assert any(touches((part.from_a, part.to_a, part.inserted), [locked]) for part in diff_changes(old, new).ranges())
    changes = rewrite_changes(old, new, [locked])
    assert changes.apply(old) == new
    assert not any(touches((part.from_a, part.to_a, part.inserted), [locked]) for part in changes.ranges())


@given(st.data())
def test_a_rewrite_is_what_the_model_wrote_whatever_is_locked(data: st.DataObject) -> None:
    old, new = data.draw(texts(40)), data.draw(texts(40))
    locked = [(block.from_, block.to) for block in parse_blocks(old) if data.draw(st.booleans())]
    assert rewrite_changes(old, new, locked).apply(old) == new


paragraphs = st.lists(
    st.text("ab \U0001f98a", min_size=1, max_size=8).filter(lambda text: text.strip()), min_size=1, max_size=6
)


@given(st.data())
def test_what_a_rewrite_keeps_in_its_order_is_never_touched(data: st.DataObject) -> None:
    old = data.draw(paragraphs)
    kept = [data.draw(st.booleans()) for _ in old]
    new: list[str] = []
    for text, keep in zip(old, kept, strict=True):
        new += data.draw(paragraphs) if data.draw(st.booleans()) else []
        new += [f"locked {text}"] if keep else []
    before = "\n\n".join(f"locked {text}" if keep else text for text, keep in zip(old, kept, strict=True))
    locked = [(block.from_, block.to) for block, keep in zip(parse_blocks(before), kept, strict=True) if keep]
    changes = rewrite_changes(before, "\n\n".join(new), locked)
    assert not any(touches((part.from_a, part.to_a, part.inserted), locked) for part in changes.ranges())
