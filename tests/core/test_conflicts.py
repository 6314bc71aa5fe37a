"""Which simultaneous changes of a text are put to a person, and that both versions are kept."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.conflicts import Conflict
from app.core.text.utf16 import utf16_length, utf16_slice
from tests.core.drafting import ANNA, BEN, Drafting, change, insert
from tests.core.strategies import changes_of, texts

FOX = "The quick brown fox jumps over the lazy dog."


def contested(base: str, theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> Drafting:
    draft = Drafting(base)
    draft.send(theirs, base=1, actor=ANNA)
    draft.send(mine, base=1, actor=BEN)
    return draft


def passage(draft: Drafting, conflict: Conflict) -> str:
    assert conflict.from_ is not None
    assert conflict.to is not None
    return utf16_slice(draft.text, conflict.from_, conflict.to)


def test_the_same_words_replaced_twice() -> None:
    draft = contested(FOX, change(FOX, "quick", "slow"), change(FOX, "quick", "swift"))
    (conflict,) = draft.conflicts
    assert (conflict.field, conflict.base, conflict.theirs, conflict.mine) == ("text", "quick", "slow", "swift")
    assert draft.text == "The slowswift brown fox jumps over the lazy dog."
    assert passage(draft, conflict) == "slowswift"
    draft.resolve(conflict, "swift")
    assert draft.text == "The swift brown fox jumps over the lazy dog."
    assert draft.conflicts == ()


def test_one_writes_inside_what_the_other_takes_away() -> None:
    draft = contested(FOX, change(FOX, "quick brown fox", ""), change(FOX, "quick brown", "quick dark brown"))
    (conflict,) = draft.conflicts
    assert conflict.base == "quick brown fox"
    assert conflict.theirs == ""
    assert conflict.mine == "quick dark brown fox"
    draft.resolve(conflict, conflict.mine)
    assert draft.text == FOX.replace("brown", "dark brown")


def test_a_blank_line_written_into_a_rewritten_paragraph() -> None:
    draft = contested(FOX, change(FOX, FOX, "A fox jumps."), insert(FOX, 19, "\n\n"))
    (conflict,) = draft.conflicts
    assert (conflict.base, conflict.theirs) == (FOX, "A fox jumps.")
    assert conflict.mine == FOX[:19] + "\n\n" + FOX[19:]


def test_letters_of_one_word_changed_by_both() -> None:
    draft = contested(FOX, change(FOX, "qu", "Qu"), change(FOX, "ck", "ckest"))
    (conflict,) = draft.conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == ("quick", "Quick", "quickest")
    assert draft.text == FOX.replace("quick", "Quickest")
    assert passage(draft, conflict) == "Quickest"


def test_an_ending_added_to_a_word_that_is_replaced() -> None:
    draft = contested(FOX, change(FOX, "quick", "slow"), insert(FOX, 9, "est"))
    (conflict,) = draft.conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == ("quick", "slow", "quickest")


def test_a_whole_text_against_the_same_words() -> None:
    draft = contested(FOX, change(FOX, "quick", "slow"), {"field": "text", "replace": FOX.replace("quick", "swift")})
    (conflict,) = draft.conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == ("quick", "slow", "swift")


def test_neighbouring_questions_are_one_passage_and_distant_ones_are_not() -> None:
    theirs = {"field": "text", "replace": "The slow red fox jumps over the idle dog."}
    mine = {"field": "text", "replace": "The swift dark fox jumps over the sleepy dog."}
    draft = contested(FOX, theirs, mine)
    first, second = draft.conflicts
    assert (first.base, first.theirs, first.mine) == ("quick brown", "slow red", "swift dark")
    assert (second.base, second.theirs, second.mine) == ("lazy", "idle", "sleepy")
    draft.resolve(second, "sleepy")
    draft.resolve(first, "slow red")
    assert draft.text == "The slow red fox jumps over the sleepy dog."


@pytest.mark.parametrize(
    "theirs, mine, merged",
    [
        # both write at one place
        (insert(FOX, 4, "very "), insert(FOX, 4, "so "), FOX.replace("quick", "very so quick")),
        (insert(FOX, 44, " One."), insert(FOX, 44, " Two."), FOX + " One. Two."),
        # both take away: the same, more, or overlapping words
        (change(FOX, "quick ", ""), change(FOX, "quick ", ""), FOX.replace("quick ", "")),
        (change(FOX, "quick brown ", ""), change(FOX, "brown ", ""), FOX.replace("quick brown ", "")),
        (change(FOX, "quick brown ", ""), change(FOX, "brown fox ", ""), FOX.replace("quick brown fox ", "")),
        # neighbouring words
        (change(FOX, "quick", "slow"), change(FOX, "brown", "red"), FOX.replace("quick brown", "slow red")),
        (insert(FOX, 4, "very "), change(FOX, "quick", "slow"), FOX.replace("quick", "very slow")),
        (change(FOX, "quick", "slow"), insert(FOX, 10, "dark "), FOX.replace("quick brown", "slow dark brown")),
        # the end of a word and the beginning of the next one's blank
        (change(FOX, "quick", "slow"), change(FOX, " brown", ", red"), FOX.replace("quick brown", "slow, red")),
    ],
)
def test_what_merges_without_a_question(theirs: Mapping[str, Any], mine: Mapping[str, Any], merged: str) -> None:
    draft = contested(FOX, theirs, mine)
    assert draft.text == merged
    assert draft.conflicts == ()


def test_a_passage_holds_all_that_was_changed_next_to_it() -> None:
    mine = {"field": "text", "changes": [16, [1, "b"], 1, [7], 19]}  # "fox jumps" becomes "bo"
    draft = contested(FOX, change(FOX, "fox", ""), mine)
    (conflict,) = draft.conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == ("fox jumps", " jumps", "bo")
    draft.resolve(conflict, conflict.base)
    assert draft.text == FOX


def test_two_people_who_type_at_the_end_are_not_even_compared() -> None:
    for base in ("The end", "The end 🦊"):
        draft = Drafting(base)
        draft.send({"field": "text", "replace": base + " of it"}, base=1, actor=ANNA)
        reads = draft.base_reads
        length = utf16_length(base)
        draft.send({"field": "text", "changes": [length, [0, "less"]]}, base=1, actor=BEN)
        assert draft.text == base + " of itless"
        assert (draft.conflicts, draft.base_reads) == ((), reads)


def test_two_rewrites_of_everything_are_a_few_questions_not_a_thousand() -> None:
    base, theirs, mine = (
        "\n\n".join(f"{word} {number} stays the same here" for number in range(300)) for word in ("one", "two", "three")
    )
    draft = contested(base, {"field": "text", "replace": theirs}, {"field": "text", "replace": mine})
    assert 1 <= len(draft.conflicts) <= 20
    for conflict in draft.conflicts:
        assert conflict.base in base
        assert conflict.theirs in theirs
        assert conflict.mine in mine
    for conflict in draft.conflicts:
        draft.resolve(conflict, conflict.mine)
    assert draft.text == mine


def test_both_write_inside_one_word() -> None:
    draft = contested(FOX, insert(FOX, 6, "X"), insert(FOX, 7, "Y"))
    (conflict,) = draft.conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == ("quick", "quXick", "quiYck")


def test_characters_of_a_script_without_blanks_are_words_of_their_own() -> None:
    base = "我喜欢喝绿茶"
    draft = contested(base, change(base, "喜欢", "爱"), change(base, "绿茶", "咖啡"))
    assert draft.text == "我爱喝咖啡"
    assert draft.conflicts == ()


def test_a_model_and_a_writer_can_contest_a_passage() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick brown fox", "nimble fox"), base=1, actor=BEN, replica="turn")
    draft.send(insert(FOX, 9, "er"), base=1, actor=ANNA)
    (conflict,) = draft.conflicts
    assert (conflict.theirs, conflict.mine) == ("nimble fox", "quicker brown fox")


def test_only_what_others_did_is_contested_when_a_replica_sent_in_between() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick", "slow"), base=1, actor=BEN)
    draft.send(change(draft.text, "lazy", "idle"), base=2, actor=ANNA)
    draft.send(change(FOX, "quick", "swift"), base=1, actor=BEN)
    assert draft.conflicts == (), "own words are not contested"
    draft.send(change(FOX, "lazy", "sleepy"), base=1, actor=BEN)
    conflict = draft.state.conflicts[0]
    assert (conflict.base, conflict.theirs, conflict.mine) == ("lazy", "idle", "sleepy")
    assert len(draft.state.conflicts) == 1


# -- later edits ------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_conflict() -> Drafting:
    return contested(FOX, change(FOX, "quick", "slow"), change(FOX, "quick", "swift"))


def test_a_passage_moves_with_the_text_before_it(open_conflict: Drafting) -> None:
    open_conflict.send(insert(open_conflict.text, 0, "Look: 🦊 "))
    assert passage(open_conflict, open_conflict.conflicts[0]) == "slowswift"


def test_words_written_at_its_borders_survive_the_answer(open_conflict: Drafting) -> None:
    start, end = open_conflict.conflicts[0].from_, open_conflict.conflicts[0].to
    assert start is not None
    assert end is not None
    open_conflict.send(insert(open_conflict.text, end, "AFTER"))
    open_conflict.send(insert(open_conflict.text, start, "BEFORE"))
    open_conflict.resolve(open_conflict.conflicts[0], "swift")
    assert open_conflict.text == FOX.replace("quick", "BEFOREswiftAFTER")


def test_words_written_inside_it_are_replaced_by_the_answer(open_conflict: Drafting) -> None:
    open_conflict.send(change(open_conflict.text, "slowswift", "slow, swift"))
    open_conflict.resolve(open_conflict.conflicts[0], "swift")
    assert open_conflict.text.count("swift") == 1


def test_the_answer_to_a_passage_that_is_gone_is_put_where_it_was(open_conflict: Drafting) -> None:
    open_conflict.send(change(open_conflict.text, "slowswift brown fox", "cat"))
    conflict = open_conflict.conflicts[0]
    assert conflict.from_ == conflict.to
    open_conflict.resolve(conflict, "swift ")
    assert open_conflict.text == "The swift cat jumps over the lazy dog."


def test_a_conflict_survives_its_payload(open_conflict: Drafting) -> None:
    conflict = open_conflict.conflicts[0]
    assert Conflict.from_payload(conflict.to_payload()) == conflict


# -- in general -------------------------------------------------------------------------------------------------------


@given(st.data())
def test_every_passage_is_what_each_side_had(data: st.DataObject) -> None:
    base = data.draw(texts(40))
    theirs, mine = data.draw(changes_of(base)), data.draw(changes_of(base))
    draft = Drafting(base)
    draft.send({"field": "text", "changes": theirs.to_json()}, base=1, actor=ANNA)
    their_text = draft.text
    draft.send({"field": "text", "changes": mine.to_json()}, base=1, actor=BEN)
    for conflict in draft.conflicts:
        assert conflict.base in base
        assert conflict.theirs in their_text
        assert conflict.mine in mine.apply(base)
        assert conflict.from_ is not None
        assert conflict.to is not None
        assert 0 <= conflict.from_ <= conflict.to <= utf16_length(draft.text)


@given(st.data())
def test_answering_with_their_version_everywhere_gives_what_both_left_alone(data: st.DataObject) -> None:
    """Whoever is asked, the text outside of the passages is not touched by the answers."""
    base = data.draw(texts(40))
    draft = Drafting(base)
    for actor in (ANNA, BEN):
        changes = data.draw(changes_of(base))
        draft.send({"field": "text", "changes": changes.to_json()}, base=1, actor=actor)
    outside = _outside(draft)
    for conflict in draft.conflicts:
        draft.resolve(conflict, "")
    assert draft.text == outside


def _outside(draft: Drafting) -> str:
    pieces, place = [], 0
    for conflict in sorted(draft.conflicts, key=lambda conflict: conflict.from_ or 0):
        assert conflict.from_ is not None
        assert conflict.to is not None
        assert conflict.from_ >= place, "passages do not overlap"
        pieces.append(utf16_slice(draft.text, place, conflict.from_))
        place = conflict.to
    return "".join([*pieces, utf16_slice(draft.text, place, utf16_length(draft.text))])
