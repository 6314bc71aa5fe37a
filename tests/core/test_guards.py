"""Loss guards as pure rules, and that an edit of a selection changes nothing outside of it, whatever a model sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.edits.guards import locked_blocks, losses, touches
from app.core.edits.operations import operation_from_tool
from app.core.edits.placing import apply_operations
from app.core.text.blocks import parse_blocks
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length, utf16_slice
from tests.core.strategies import boundaries, texts

ODD = st.one_of(texts(), st.sampled_from(["\r\n", "[b1] x", "", "🦊", "a\r\n\r\nb", "\ud83e", "\0"]))
NAMES = ["replace_block", "insert_after", "delete_block", "replace_text", "rewrite_document", "nonsense"]


@st.composite
def answers(draw: st.DrawFn, text: str) -> list[object]:
    """What a model may send for a text: other blocks, whole documents, words it half remembers."""
    made = []
    for _ in range(draw(st.integers(1, 6))):
        start, end = sorted(draw(st.tuples(*[st.sampled_from(range(len(text) + 1))] * 2)))
        arguments = {
            "block": draw(st.sampled_from(["b1", "b2", "b3", "start", "b9"])),
            "text": draw(st.one_of(ODD, st.just(text), st.just(text[:start] + "x" + text[end:]))),
            "old": draw(st.one_of(ODD, st.just(text[start:end]))),
            "new": draw(ODD),
        }
        made.append(operation_from_tool(draw(st.sampled_from(NAMES)), arguments))
    return made


@given(st.data())
def test_nothing_outside_the_selection_changes(data: st.DataObject) -> None:
    text = data.draw(texts(40))
    places = boundaries(text)
    start, end = sorted((data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))))
    result = apply_operations(text, data.draw(answers(text)), selection=(start, end))  # type: ignore[arg-type]
    after = result.changes.apply(text)
    behind = utf16_slice(text, end, utf16_length(text))
    assert after.encode().startswith(utf16_slice(text, 0, start).encode())
    assert after.encode().endswith(behind.encode())
    assert len(after) >= len(utf16_slice(text, 0, start)) + len(behind)


def test_blanks_outside_the_selection_stay_where_there_is_nothing_else() -> None:
    result = apply_operations(
        " ", [operation_from_tool("insert_after", {"block": "b1", "text": "a"})], selection=(0, 0)
    )
    assert result.changes.apply(" ") == " "
    assert [failure.reason_code for failure in result.unplaced] == ["outside_selection"]


@given(st.data())
def test_no_operation_on_a_block_changes_a_locked_one(data: st.DataObject) -> None:
    text = data.draw(texts(40))
    blocks = parse_blocks(text)
    locked = [(block.from_, block.to) for block in blocks if data.draw(st.booleans())]
    operations = [one for one in data.draw(answers(text)) if getattr(one, "op", "") != "rewrite_document"]
    result = apply_operations(text, operations, locked=locked)  # type: ignore[arg-type]
    for part in result.changes.ranges():
        assert not any(part.from_a < end and part.to_a > start for start, end in locked)


def test_a_lock_anywhere_in_a_block_locks_all_of_it() -> None:
    text = "One.\n\nTwo 🦊 two.\n\nThree."
    assert locked_blocks(text, [(10, 11)]) == ((6, 17),)
    assert locked_blocks(text, [(3, 7)]) == ((0, 4), (6, 17))
    assert locked_blocks(text, [(4, 6)]) == ()


@pytest.mark.parametrize(
    "edit, harmful",
    [
        ((0, 3, "x"), False),
        ((4, 6, ""), True),
        ((7, 7, "x"), True),
        ((10, 10, " more"), True),
        ((10, 10, "\n\nNext."), False),
        ((5, 5, "Before. "), True),
        ((5, 5, "Before.\n\n"), False),
        ((10, 12, ""), False),
    ],
)
def test_writing_right_up_against_a_locked_passage_touches_it(edit: tuple[int, int, str], harmful: bool) -> None:
    assert touches(edit, [(5, 10)]) is harmful


LONG = "\n\n".join(
    f"Paragraph {name} " + "has twelve words that say something of its own here now." for name in "abcdef"
)


def dropped(new: str, share: float = 0.3) -> list[str]:
    return [text[:11] for text in losses(LONG, diff_changes(LONG, new), share=share)]


def test_a_rewrite_that_shortens_beyond_the_bound_names_what_goes() -> None:
    paragraphs = LONG.split("\n\n")
    assert dropped("\n\n".join(paragraphs[:3])) == ["Paragraph d", "Paragraph e", "Paragraph f"]
    assert dropped("\n\n".join(paragraphs[:5])) == []
    assert dropped("\n\n".join(paragraphs[:3]), share=0.6) == []
    assert dropped(LONG.replace("own", "very own")) == []


def test_a_shortening_everywhere_is_noticed_as_well() -> None:
    assert len(dropped(LONG.replace(" that say something of its own", ""))) == 6
