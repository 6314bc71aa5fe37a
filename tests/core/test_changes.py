"""Change sets keep their laws, and refuse what does not fit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import CoreError, InvalidChange
from app.core.text.changes import ChangedRange, ChangeSet
from app.core.text.utf16 import utf16_length
from tests.core.strategies import changes_of, text_and_changes


@given(text_and_changes(2))
def test_both_orders_of_two_changes_meet(case: tuple[str, list[ChangeSet]]) -> None:
    text, (a, b) = case
    joined = a.compose(b.map(a))
    assert joined.apply(text) == b.compose(a.map(b, True)).apply(text)
    assert joined.apply(text) == b.map(a).apply(a.apply(text))


@given(text_and_changes())
def test_an_inverse_leads_back(case: tuple[str, list[ChangeSet]]) -> None:
    text, (changes,) = case
    after = changes.apply(text)
    undo = changes.invert(text)
    assert undo.apply(after) == text
    assert undo.invert(after).apply(text) == after


@given(st.data())
def test_composed_changes_do_what_both_do(data: st.DataObject) -> None:
    text, (first,) = data.draw(text_and_changes())
    after = first.apply(text)
    second = data.draw(changes_of(after))
    third = data.draw(changes_of(second.apply(after)))
    assert first.compose(second).apply(text) == second.apply(after)
    assert first.compose(second).compose(third).apply(text) == first.compose(second.compose(third)).apply(text)


@given(text_and_changes())
def test_the_json_form_is_read_back_as_it_was(case: tuple[str, list[ChangeSet]]) -> None:
    _text, (changes,) = case
    again = ChangeSet.from_json(changes.to_json())
    assert again == changes
    assert hash(again) == hash(changes)
    assert again.to_json() == changes.to_json()


@given(text_and_changes())
def test_lengths_and_ranges_describe_the_texts(case: tuple[str, list[ChangeSet]]) -> None:
    text, (changes,) = case
    after = changes.apply(text)
    assert (changes.before, changes.after) == (utf16_length(text), utf16_length(after))
    edits = [(changed.from_a, changed.to_a, changed.inserted) for changed in changes.ranges()]
    assert ChangeSet.of(changes.before, edits).apply(text) == after
    for changed in changes.ranges():
        assert changed.to_b - changed.from_b == utf16_length(changed.inserted)


@given(text_and_changes(), st.sampled_from([-1, 1]))
def test_positions_keep_their_order(case: tuple[str, list[ChangeSet]], assoc: int) -> None:
    _text, (changes,) = case
    mapped = [changes.map_position(position, assoc) for position in range(changes.before + 1)]
    assert mapped == sorted(mapped)
    assert all(0 <= position <= changes.after for position in mapped)


def test_simultaneous_insertions_stand_in_the_order_of_the_log() -> None:
    base = "ab"
    theirs, mine = ChangeSet.replace(2, 1, 1, "T"), ChangeSet.replace(2, 1, 1, "M")
    on_server = mine.map(theirs).apply(theirs.apply(base))
    on_page = theirs.map(mine, True).apply(mine.apply(base))
    assert on_server == on_page == "aTMb"


def test_edits_may_come_in_any_order() -> None:
    assert ChangeSet.of(3, [(2, 3, "C"), (0, 1, "A")]).apply("abc") == "AbC"


def test_an_empty_text_has_an_identity() -> None:
    identity = ChangeSet.identity(0)
    assert identity.is_identity
    assert identity.apply("") == ""
    assert identity.to_json() == []


def test_lines_are_written_as_codemirror_writes_them() -> None:
    changes = ChangeSet.replace(4, 1, 2, "x\n\ny")
    assert changes.to_json() == [1, [1, "x", "", "y"], 2]
    assert list(changes.ranges()) == [ChangedRange(1, 2, 1, 5, "x\n\ny")]


def test_pieces_that_change_nothing_are_dropped() -> None:
    assert ChangeSet.from_json([0, [0], 2, 3, [0, ""]]) == ChangeSet.identity(5)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        {"keep": 1},
        [-1],
        [1.0],
        [True],
        [[]],
        [["1"]],
        [[-1]],
        [[1.5]],
        [[True]],
        [[0, 1]],
        [[0, "a\nb"]],
        [[0, "a\r"]],
        [[0, "a\0"]],
        [[0, "\ud83d"]],
        [None],
        [[1, ["a"]]],
    ],
)
def test_a_malformed_change_set_is_refused(value: Any) -> None:
    with pytest.raises(InvalidChange) as refused:
        ChangeSet.from_json(value)
    assert refused.value.code == "invalid_change"
    assert isinstance(refused.value, CoreError)


@pytest.mark.parametrize("text", ["abc", "абв", "ab🦊"])
def test_a_text_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(InvalidChange, match="another length"):
        ChangeSet.identity(7).apply(text)
    with pytest.raises(InvalidChange, match="another length"):
        ChangeSet.identity(7).check(text)


@pytest.mark.parametrize("value", [[1, [1], 2], [1, [0, "x"], 3], [[1], 3], [[3], 1]])
def test_half_a_character_cannot_be_changed(value: list[Any]) -> None:
    changes = ChangeSet.from_json(value)
    with pytest.raises(InvalidChange, match="splits a character"):
        changes.apply("🦊🦊")
    with pytest.raises(InvalidChange, match="splits a character"):
        changes.check("🦊🦊")


def test_change_sets_of_different_texts_cannot_be_joined() -> None:
    with pytest.raises(InvalidChange, match="do not follow"):
        ChangeSet.identity(3).compose(ChangeSet.identity(4))
    with pytest.raises(InvalidChange, match="do not start"):
        ChangeSet.identity(3).map(ChangeSet.identity(4))


@pytest.mark.parametrize("edit", [(-1, 0, ""), (2, 1, ""), (0, 4, "")])
def test_an_edit_outside_the_text_is_refused(edit: tuple[int, int, str]) -> None:
    with pytest.raises(InvalidChange, match="outside"):
        ChangeSet.of(3, [edit])


@pytest.mark.parametrize("position", [-1, 4])
def test_a_position_outside_the_text_is_refused(position: int) -> None:
    with pytest.raises(InvalidChange, match="outside"):
        ChangeSet.identity(3).map_position(position)


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(InvalidChange, match="negative"):
        ChangeSet.identity(-1)
