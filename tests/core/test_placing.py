"""Operations go exactly where they belong, or nowhere and say so."""

import pytest
from hypothesis import given
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
from app.core.edits.placing import EditResult, Placed, apply_operations
from app.core.text.blocks import parse_blocks
from app.core.text.utf16 import utf16_length

TEXT = "# Title 🦊\n\nThe quick brown fox. It’s “fast” – very fast.\n\n- one\n- two\n\nThe end.\n"
IDS = ["b1", "b2", "b3", "b4"]


def edited(*operations: Operation | InvalidOperation, text: str = TEXT) -> str:
    result = apply_operations(text, operations)
    assert result.unplaced == ()
    return result.changes.apply(text)


def refused(*operations: Operation | InvalidOperation, selection: tuple[int, int] | None = None) -> EditResult:
    result = apply_operations(TEXT, operations, selection=selection)
    assert len(result.unplaced) == 1
    return result


def test_a_block_is_replaced_and_only_its_changed_words_change() -> None:
    result = apply_operations(TEXT, [ReplaceBlock("b4", "The very end.")])
    assert result.changes.apply(TEXT) == TEXT.replace("The end.", "The very end.")
    assert [(changed.from_a, changed.to_a, changed.inserted) for changed in result.changes.ranges()] == [
        (TEXT.index("end.") + 1, TEXT.index("end.") + 1, "very ")
    ]
    block = parse_blocks(TEXT)[3]
    assert result.placed == (Placed(0, block.from_, block.to),)


def test_several_operations_make_one_change() -> None:
    assert edited(
        DeleteBlock("b3"),
        ReplaceText("b2", "quick brown", "slow"),
        InsertAfter("b1", "Intro."),
        ReplaceBlock("b1", "# New title"),
    ) == ("# New title\n\nIntro.\n\nThe slow fox. It’s “fast” – very fast.\n\nThe end.\n")


def test_blocks_are_inserted_in_order_with_blank_lines_between() -> None:
    assert edited(InsertAfter("b4", "A."), InsertAfter("b4", "B.\n"), InsertAfter("start", "\nFirst.")) == (
        "First.\n\n" + TEXT.rstrip("\n") + "\n\nA.\n\nB.\n"
    )


def test_text_at_the_start_comes_behind_the_front_matter() -> None:
    assert edited(InsertAfter("start", "Hello."), text="---\na: b\n---\n\nText") == "---\na: b\n---\n\nHello.\n\nText"


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_document_can_be_filled(text: str) -> None:
    assert edited(InsertAfter("start", "# A"), InsertAfter("b1", "B"), text=text) == "# A\n\nB"
    assert edited(RewriteDocument("# A"), text="") == "# A"


def test_a_block_can_be_replaced_by_what_follows_it() -> None:
    assert edited(DeleteBlock("b3"), InsertAfter("b3", "New."), InsertAfter("b3", "Newer.")) == TEXT.replace(
        "- one\n- two", "New.\n\nNewer."
    )


@pytest.mark.parametrize(
    "gone, rest",
    [
        (["b1"], ["b2", "b3", "b4"]),
        (["b4"], ["b1", "b2", "b3"]),
        (["b2", "b3"], ["b1", "b4"]),
        (["b3", "b4"], ["b1", "b2"]),
        (["b1", "b3"], ["b2", "b4"]),
        (["b1", "b2", "b3", "b4"], []),
    ],
)
def test_deleted_blocks_leave_no_holes(gone: list[str], rest: list[str]) -> None:
    kept = {block.id: block.text for block in parse_blocks(TEXT)}
    assert edited(*(DeleteBlock(id_) for id_ in gone)) == "\n\n".join(kept[id_] for id_ in rest) + "\n"


def test_deleting_what_kept_two_paragraphs_apart_does_not_join_them() -> None:
    assert edited(DeleteBlock("b2"), text="One\n# Head\nTwo") == "One\n\nTwo"


def test_new_text_is_kept_apart_from_a_block_that_follows_closely() -> None:
    assert edited(InsertAfter("b1", "New."), text="Intro:\n- a") == "Intro:\n\nNew.\n\n- a"


def test_quotes_dashes_and_blanks_are_found_alike_and_kept_as_they_were() -> None:
    assert edited(ReplaceText("b2", 'It\'s "fast" - very fast.', 'It\'s "fast" - really fast.')) == TEXT.replace(
        "very fast.", "really fast."
    )


def test_an_exact_place_is_preferred_to_one_that_is_alike() -> None:
    assert edited(ReplaceText("b1", '"so"', "thus"), text='He said "so" and “so”.') == "He said thus and “so”."


def test_words_over_a_line_break_are_found() -> None:
    assert edited(ReplaceText("b1", "two lines", "2 lines"), text="just two\nlines here") == "just 2\nlines here"


def test_ids_that_a_model_copied_are_not_written() -> None:
    assert edited(ReplaceBlock("b4", "[b4] The end!")) == TEXT.replace("end.", "end!")
    assert edited(ReplaceBlock("b1", "[b9] x"), text="[b7] is mine") == "[b9] x"


def test_an_empty_replacement_is_a_deletion() -> None:
    assert edited(ReplaceBlock("b4", "\n")) == TEXT.removesuffix("\n\nThe end.\n") + "\n"


def test_a_rewrite_changes_only_what_differs_and_keeps_the_last_line_break() -> None:
    result = apply_operations(TEXT, [RewriteDocument(TEXT.replace("quick", "slow").strip())])
    assert [changed.inserted for changed in result.changes.ranges()] == ["slow"]
    assert result.changes.apply(TEXT) == TEXT.replace("quick", "slow")


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation, reason",
    [
        (ReplaceBlock("b9", "x"), "unknown_block"),
        (ReplaceBlock("intro", "x"), "unknown_block"),
        (DeleteBlock("b0"), "unknown_block"),
        (InsertAfter("b9", "x"), "unknown_block"),
        (InsertAfter("b1", "\n"), "unchanged"),
        (ReplaceText("b2", "quick red", "x"), "not_found"),
        (ReplaceText("b2", "Quick", "x"), "not_found"),
        (ReplaceText("b2", "fast", "x"), "ambiguous"),
        (ReplaceText("b2", "quick", "quick"), "unchanged"),
        (ReplaceBlock("b4", "The end."), "unchanged"),
        (RewriteDocument(TEXT), "unchanged"),
        (RewriteDocument("\n"), "unchanged"),
        (InvalidOperation("paint", "unknown_operation", "There is no such operation."), "invalid"),
    ],
)
def test_what_cannot_be_placed_changes_nothing(operation: Operation | InvalidOperation, reason: str) -> None:
    result = refused(operation)
    assert result.changes.is_identity
    assert result.placed == ()
    (failure,) = result.unplaced
    assert (failure.index, failure.operation, failure.reason_code) == (0, operation, reason)
    assert failure.message


def test_candidates_help_to_correct_an_operation() -> None:
    assert "fast” – very" in refused(ReplaceText("b2", "fast", "x")).unplaced[0].candidates[0]
    assert refused(ReplaceText("b4", "quick", "x")).unplaced[0].candidates == (
        "[b2] The quick brown fox. It’s “fast” – very fast.",
    )
    assert refused(ReplaceText("b4", "nowhere", "x")).unplaced[0].candidates == ("[b4] The end.",)


@pytest.mark.parametrize(
    "first, second",
    [
        (ReplaceBlock("b2", "x"), ReplaceBlock("b2", "y")),
        (ReplaceBlock("b2", "x"), DeleteBlock("b2")),
        (DeleteBlock("b2"), ReplaceText("b2", "quick", "x")),
        (ReplaceText("b2", "quick", "x"), ReplaceBlock("b2", "y")),
        (ReplaceText("b2", "quick brown", "x"), ReplaceText("b2", "brown fox", "y")),
        (RewriteDocument("x"), InsertAfter("b1", "y")),
        (InsertAfter("b1", "y"), RewriteDocument("x")),
    ],
)
def test_a_later_operation_never_overlaps_an_earlier_one(first: Operation, second: Operation) -> None:
    result = refused(first, second)
    assert [place.index for place in result.placed] == [0]
    assert (result.unplaced[0].index, result.unplaced[0].reason_code) == (1, "overlaps")


def test_a_refused_operation_does_not_hinder_a_rewrite() -> None:
    result = refused(ReplaceText("b2", "nowhere", "x"), RewriteDocument("All new."))
    assert result.changes.apply(TEXT) == "All new.\n"


def test_neighbouring_words_of_one_block_can_both_change() -> None:
    assert edited(ReplaceText("b2", "brown", "red"), ReplaceText("b2", "quick", "slow")) == TEXT.replace(
        "quick brown", "slow red"
    )


def span(words: str) -> tuple[int, int]:
    start = utf16_length(TEXT[: TEXT.index(words)])
    return start, start + utf16_length(words)


@pytest.mark.parametrize(
    "operation",
    [
        ReplaceText("b2", "brown", "red"),
        ReplaceBlock("b2", "The quick red fox. It’s “fast” – very fast."),
        RewriteDocument(TEXT.replace("brown", "red")),
    ],
)
def test_only_the_selected_words_may_change(operation: Operation) -> None:
    inside = apply_operations(TEXT, [operation], selection=span("brown fox"))
    assert inside.changes.apply(TEXT) == TEXT.replace("brown", "red")
    assert refused(operation, selection=span("quick")).unplaced[0].reason_code == "outside_selection"


@pytest.mark.parametrize(
    "operation, allowed", [(DeleteBlock("b4"), "The end."), (InsertAfter("b3", "x"), "- one\n- two")]
)
def test_whole_blocks_may_change_if_they_are_selected(operation: Operation, allowed: str) -> None:
    assert apply_operations(TEXT, [operation], selection=span(allowed)).placed
    assert refused(operation, selection=span("quick")).unplaced[0].reason_code == "outside_selection"


# -- in general -------------------------------------------------------------------------------------------------------

new_texts = st.sampled_from(["New.", "# New", "- x\n- y", "Two\n\nblocks", "🦊", "", "The end."])
operations = st.one_of(
    st.builds(ReplaceBlock, st.sampled_from([*IDS, "b9"]), new_texts),
    st.builds(InsertAfter, st.sampled_from([*IDS, "start"]), new_texts),
    st.builds(DeleteBlock, st.sampled_from(IDS)),
    st.builds(ReplaceText, st.sampled_from(IDS), st.sampled_from(["quick", "fox", "The", "one", "end"]), new_texts),
    st.builds(RewriteDocument, new_texts),
)


@given(st.lists(operations, max_size=6), st.sampled_from([TEXT, TEXT.replace("\n\n", "\n"), TEXT.strip(), "One"]))
def test_every_operation_is_either_placed_or_explained(made: list[Operation], text: str) -> None:
    result = apply_operations(text, made)
    assert sorted([place.index for place in result.placed] + [failure.index for failure in result.unplaced]) == list(
        range(len(made))
    )
    after = result.changes.apply(text)
    placed = [made[place.index] for place in result.placed]
    if any(isinstance(operation, RewriteDocument) for operation in placed):
        return
    touched = {operation.block for operation in placed if not isinstance(operation, InsertAfter | RewriteDocument)}
    place = 0
    for block in parse_blocks(text):
        if block.id not in touched:
            place = after.index(block.text, place) + len(block.text)


# -- whole characters, whole blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, words",
    [
        ("a cafe\u0301 b", "cafe"),
        ("a 👩\u200d💻 b", "👩"),
        ("a 👩\u200d💻 b", "💻"),
        ("a 👍🏿 b", "👍"),
        ("🇩🇪🇫🇷", "🇪🇫"),
        ("I ❤\ufe0f it", "❤"),
        ("किताब", "कित"),
    ],
)
def test_a_part_of_a_character_is_not_found(text: str, words: str) -> None:
    (failure,) = apply_operations(text, [ReplaceText("b1", words, "x")]).unplaced
    assert failure.reason_code == "not_found"


@pytest.mark.parametrize("text, words", [("🇩🇪🇫🇷", "🇫🇷"), ("a 👩\u200d💻 b", "👩\u200d💻"), ("e\u0301e", "e\u0301")])
def test_a_whole_character_is_found(text: str, words: str) -> None:
    assert edited(ReplaceText("b1", words, "x"), text=text) == text.replace(words, "x")


def test_a_block_is_not_run_into_its_neighbour() -> None:
    assert edited(ReplaceBlock("b1", "Plain."), text="# Head\nText") == "Plain.\n\nText"
    assert edited(ReplaceBlock("b2", "Plain."), text="Text:\n- a\n- b") == "Text:\n\nPlain."
    assert edited(ReplaceText("b1", "# ", ""), text="# Head\nText") == "Head\n\nText"
    assert edited(DeleteBlock("b2"), InsertAfter("b2", "New."), text="One\n# Head\nTwo") == "One\n\nNew.\n\nTwo"
    assert edited(ReplaceBlock("b1", "# Other"), text="# Head\nText") == "# Other\nText"


def test_a_rewrite_keeps_separators_that_a_model_cannot_see() -> None:
    text = "\n# Head\nOne.\n\n\nTwo.\n- a\n\n\n"
    assert edited(RewriteDocument("# Head\n\nOne!\n\nTwo.\n\n- a"), text=text) == text.replace("One.", "One!")
    assert edited(RewriteDocument("Head\n\nOne.\n\nTwo.\n\n- a"), text=text) == text.replace("# Head\n", "Head\n\n")


def test_only_ids_are_taken_away_and_only_where_blocks_begin() -> None:
    assert edited(InsertAfter("b1", "[b2]: http://x"), text="a") == "a\n\n[b2]: http://x"
    assert edited(ReplaceBlock("b1", "[b1](http://x)"), text="a") == "[b1](http://x)"
    assert edited(RewriteDocument("[b1] b\n\n[b2] c\n[b3] d"), text="a") == "b\n\nc\n[b3] d"
    assert edited(ReplaceText("b1", "[b1] a", "[b1] b"), text="a c") == "b c"


def test_words_are_found_without_the_line_break_that_both_sides_have() -> None:
    assert edited(ReplaceText("b1", "a\n", "b\n"), text="x a") == "x b"
    assert edited(ReplaceText("b1", "\n- b\n", "\n- c\n"), text="- a\n- b") == "- a\n- c"


def test_the_last_line_of_a_block_goes_with_the_break_before_it() -> None:
    assert edited(ReplaceText("b1", "- b\n", ""), text="- a\n- b\n\nEnd") == "- a\n\nEnd"
    assert edited(ReplaceText("b1", "- a\n", ""), text="- a\n- b\n\nEnd") == "- b\n\nEnd"
    assert edited(ReplaceText("b1", "All of it\n", ""), text="All of it\n\nEnd") == "End"


def test_all_the_words_of_a_block_replaced_by_nothing_delete_it() -> None:
    assert edited(ReplaceText("b2", "Two", ""), text="One\n\nTwo\n\nThree") == "One\n\nThree"


def test_a_new_beginning_takes_the_place_of_all_deleted_blocks() -> None:
    assert edited(DeleteBlock("b1"), InsertAfter("start", "New"), DeleteBlock("b2"), text="A\n\nB\n") == "New\n"


def test_text_of_blanks_only_is_no_text() -> None:
    assert refused(InsertAfter("b1", "  \n ")).unplaced[0].reason_code == "unchanged"
    assert edited(ReplaceBlock("b1", "  "), text="A\n\nB") == "B"


@pytest.mark.parametrize(
    "operation, text",
    [
        (ReplaceText("b1", "b\n", "c\n"), "- a\n- bc"),
        (ReplaceText("b1", "\n- b", "\n- c"), "a - b c"),
        (ReplaceText("b1", "- b\n", ""), "- a\n- bc"),
        (ReplaceText("b1", "word\n", ""), "a word here"),
        (ReplaceText("b1", "[b1] b", "c"), "a b"),
    ],
)
def test_words_quoted_with_the_edge_of_a_block_are_found_only_there(operation: Operation, text: str) -> None:
    (failure,) = apply_operations(text, [operation]).unplaced
    assert failure.reason_code == "not_found"
