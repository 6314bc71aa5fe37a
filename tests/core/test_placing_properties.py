"""Whatever a model answers about whatever text: what it did not name stays as it was, unit for unit."""

from collections.abc import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.edits.operations import (
    DeleteBlock,
    InsertAfter,
    InvalidOperation,
    Operation,
    ReplaceBlock,
    ReplaceText,
    RewriteDocument,
)
from app.core.edits.placing import EditResult, Placed, Placing, apply_operations
from app.core.text.blocks import parse_blocks
from app.core.text.utf16 import utf16_length, utf16_slice

LINES = [
    "",
    "",
    "  ",
    "words and words 🦊",
    "“Quoted” – said 👩\u200d💻.  ",
    "cafe\u0301 $1 \\2",
    "слово и слово",
    "# Heading",
    "---",
    "===",
    "- item",
    "  more of it",
    "1. first",
    "> quote",
    "```py",
    "```",
    "    code",
    "<!-- comment",
    "-->",
    "| a | b |",
    "|---|---|",
    "[b2] looks like an id",
]
documents = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)
new_texts = st.lists(st.sampled_from([*LINES, "New."]), max_size=4).map("\n".join)
ids = st.sampled_from(["start", *(f"b{number}" for number in range(9))])


@st.composite
def quoted(draw: st.DrawFn, text: str) -> ReplaceText:
    """Words that mostly do stand in the block, now and then in another sort of quotes or in a block beside."""
    block = draw(st.sampled_from(parse_blocks(text)))
    start = draw(st.integers(0, len(block.text) - 1))
    words = block.text[start : draw(st.integers(start + 1, len(block.text)))]
    if draw(st.booleans()):
        words = words.translate(str.maketrans("“”–\n", '""- '))
    return ReplaceText(draw(st.one_of(st.just(block.id), ids)), words, draw(new_texts))


@st.composite
def answers(draw: st.DrawFn, *, rewrites: bool = False) -> tuple[str, list[Operation | InvalidOperation]]:
    text = draw(documents)
    kinds: list[st.SearchStrategy[Operation | InvalidOperation]] = [
        st.builds(ReplaceBlock, ids, new_texts),
        st.builds(InsertAfter, ids, new_texts),
        st.builds(DeleteBlock, ids),
        st.just(InvalidOperation("paint", "unknown_operation", "There is no such operation.")),
    ]
    if parse_blocks(text):
        kinds.append(quoted(text))
    if rewrites:
        kinds.append(st.builds(RewriteDocument, new_texts))
    return text, draw(st.lists(st.one_of(kinds), max_size=8))


def touches(start: int, end: int, places: Sequence[Placed]) -> bool:
    return any(start <= place.to and place.from_ <= end for place in places)


def outside(start: int, end: int, places: Sequence[Placed]) -> list[int]:
    """The positions in a range that no placed operation names."""
    return [unit for unit in range(start, end) if not any(place.from_ <= unit < place.to for place in places)]


def deletes(result: EditResult, made: Sequence[Operation | InvalidOperation], text: str) -> bool:
    """Whether a whole block is taken away, with which one of the breaks beside it goes."""
    blocks = {block.id: block for block in parse_blocks(text)}
    for place in result.placed:
        match made[place.index]:
            case DeleteBlock():
                return True
            case ReplaceBlock(_block, new) if not new.strip():
                return True
            case ReplaceText(block, _old, new) if not new.strip() and place.to - place.from_ == utf16_length(
                blocks[block].text
            ):
                return True
    return False


@given(answers())
def test_nothing_changes_but_what_an_operation_names(answer: tuple[str, list[Operation | InvalidOperation]]) -> None:
    text, made = answer
    result = apply_operations(text, made)
    named = [
        Placed(0, block.from_, block.to)
        for block in parse_blocks(text)
        if any(block.from_ <= place.from_ and place.to <= block.to for place in result.placed)
    ]
    for start, end, _from_b, _to_b, inserted in result.changes.ranges():
        unnamed = "".join(utf16_slice(text, unit, unit + 1) for unit in outside(start, end, result.placed))
        assert not unnamed.strip(), "only breaks between blocks go along"
        if unnamed and parse_blocks(text):
            assert deletes(result, made, text)
        is_break = inserted == "\n" and start == end and touches(start, start + 1, named)
        assert touches(start, end, result.placed) or is_break


@given(answers(rewrites=True))
def test_every_operation_is_placed_or_reported_and_one_by_one_is_the_same_as_all(
    answer: tuple[str, list[Operation | InvalidOperation]],
) -> None:
    text, made = answer
    result = apply_operations(text, made)
    heard = sorted([place.index for place in result.placed] + [failure.index for failure in result.unplaced])
    assert heard == list(range(len(made)))
    placing = Placing(text)
    for operation in made:
        became = placing.add(operation)
        assert became in placing.result().placed or became in placing.result().unplaced
    assert placing.result() == result


def without_blanks(text: str) -> str:
    return "".join(text.split())


@given(answers(rewrites=True), st.data())
def test_with_a_selection_nothing_but_breaks_changes_outside(
    answer: tuple[str, list[Operation | InvalidOperation]], data: st.DataObject
) -> None:
    text, made = answer
    bounds = [utf16_length(text[:place]) for place in sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))]
    result = apply_operations(text, made, selection=(bounds[0], bounds[1]))
    after = without_blanks(result.changes.apply(text))
    assert after.startswith(without_blanks(utf16_slice(text, 0, bounds[0])))
    assert after.endswith(without_blanks(utf16_slice(text, bounds[1], utf16_length(text))))


@given(answers())
def test_untouched_blocks_are_the_same_blocks_afterwards(
    answer: tuple[str, list[Operation | InvalidOperation]],
) -> None:
    """Texts that open a fence or a comment, or are indented, join what stands beside them; that is the writer's to judge."""
    text, made = answer
    joining = ("```", "<!--", "---", "  ")
    assume(not any(mark in text for mark in joining))
    made = [operation for operation in made if not any(mark in repr(operation) for mark in joining)]
    result = apply_operations(text, made)
    after = [block.text for block in parse_blocks(result.changes.apply(text))]
    for block in parse_blocks(text):
        if not touches(block.from_, block.to, result.placed):
            assert block.text in after


@given(documents)
def test_a_document_repeated_as_a_model_sees_it_changes_nothing(text: str) -> None:
    text = text.lstrip()
    blocks = parse_blocks(text)
    repeated = "\n\n".join(block.text for block in blocks)
    (failure,) = apply_operations(text, [RewriteDocument(repeated)]).unplaced
    assert failure.reason_code == "unchanged"
