"""Templates of quick actions: which gaps they have, and what filling them makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.actions import BadTemplate, Variable, filled, variables_of


def test_gaps_are_asked_for_once_in_their_order_with_what_they_offer() -> None:
    template = "Put {{passage}} into {{ Language }}, {{tone: warm | dry}}; {{language: German}}"
    assert variables_of(template) == (Variable("language", ("German",)), Variable("tone", ("warm", "dry")))


@pytest.mark.parametrize(
    "template",
    ["{{}}", "{{ }}", "{{a.b}}", "{{a()}}", "{{1}}", "{{a", "a}}", "{{{a}}}", "{% if x %}", "{# x #}", "{{a:}}",
     " ".join(f"{{{{g{n}}}}}" for n in range(11))],
)  # fmt: skip
def test_what_is_no_gap_is_refused(template: str) -> None:
    with pytest.raises(BadTemplate):
        variables_of(template)


def test_the_passage_fills_itself() -> None:
    assert filled("Cut {{passage}}.", {}, selected=True) == "Cut this passage."
    assert filled("Cut {{passage}}.", {"passage": "evil"}, selected=False) == "Cut the text."


@given(st.text())
def test_values_are_taken_as_they_are(value: str) -> None:
    assert filled("<{{x}}|{{x}}>", {"x": value}, selected=False) == f"<{value}|{value}>"


def test_a_gap_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        filled("{{x}}", {}, selected=False)
