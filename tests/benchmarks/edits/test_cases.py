"""Every case of the evaluation, in every form: all operations as expected, nothing placed wrongly, nothing else changed."""

from collections import Counter

import pytest

from tests.benchmarks.edits.case import Becomes, Case, replace_text
from tests.benchmarks.edits.cases import CASES
from tests.benchmarks.edits.evaluation import (
    Outcome,
    document_of,
    expected_text,
    judge,
    judge_peer,
    most_similar_place,
    plays,
    targets_of,
)

ALL = [pytest.param(case, id=f"{category}: {case.name}") for category, cases in CASES.items() for case in cases]


@pytest.mark.parametrize("case", ALL)
def test_every_operation_becomes_what_it_should(case: Case) -> None:
    for form, outcome in plays(case):
        tally = judge(case, outcome)
        assert tally.mistakes == [], form
        assert (tally.placed_wrongly, tally.reported_wrongly, tally.characters_outside) == (0, 0, 0), form


@pytest.mark.parametrize("case", ALL)
def test_no_two_operations_of_a_case_are_to_change_the_same_words(case: Case) -> None:
    end = 0
    for from_, to, _text in targets_of(case):
        assert from_ >= end
        end = to


def test_every_case_has_a_name_of_its_own() -> None:
    names = Counter(case.name for cases in CASES.values() for case in cases)
    assert [name for name, count in names.items() if count > 1] == []
    assert len(names) >= 80


# -- the judge -----------------------------------------------------------------------------------------------------------

CASE = Case(
    name="two words",
    request="Change them.",
    document="one two three one\n",
    steps=[replace_text("b1", "two", "2"), replace_text("b1", "three", "3", Becomes("three", "3"))],
)


def test_the_judge_sees_a_wrong_text_a_wrong_reason_and_what_was_lost() -> None:
    right = Outcome("one 2 3 one\n", {}, 2, "")
    assert judge(CASE, right).mistakes == []
    wrong = judge(CASE, Outcome("one 2 3\n", {}, 2, ""))
    assert (wrong.placed_rightly, wrong.placed_wrongly, wrong.characters_outside) == (0, 2, len(" one"))
    unplaced = judge(CASE, Outcome("one 2 three one\n", {1: "not_found"}, 2, ""))
    assert (unplaced.reported_wrongly, unplaced.placed_wrongly) == (1, 1)
    forgotten = judge(CASE, Outcome("one 2 three one\n", {}, 1, ""))
    assert forgotten.mistakes


def test_the_judge_counts_a_place_that_is_only_similar_as_wrong() -> None:
    (lift,) = (case for case in CASES["plain"] if case.name.startswith("words that nobody wrote"))
    assert judge_peer(lift, most_similar_place).placed_wrongly == 2
    assert expected_text(document_of(lift), targets_of(lift)) == document_of(lift)
