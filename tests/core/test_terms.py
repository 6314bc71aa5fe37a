"""Words as they are searched for, and the passages that are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text.terms import Query, query_of, snippet_of, terms_of


def test_terms_are_folded_and_different() -> None:
    assert terms_of("The Café, the cafe\u0301: snake_case 2nd!") == ["the", "cafe", "snake", "case", "2nd"]
    assert terms_of("日本語 x") == ["日", "本", "語", "日本", "本語", "x"]
    assert terms_of("a" * 100) == ["a" * 64]
    assert terms_of("") == terms_of(" *!? 🫖 ") == []


def test_a_text_has_a_bounded_number_of_terms() -> None:
    found = terms_of(" ".join(f"word{n}" for n in range(200_000)))
    assert 500_000 < sum(len(term) + 1 for term in found) < 700_000


@pytest.mark.parametrize(
    "typed,query",
    [
        ("Green app", Query(("green", "app"), True)),
        ("green app ", Query(("green", "app"), False)),
        ("a", Query(("a",), False)),
        ('"tea" AND -x*', Query(("tea", "and", "x"), False)),
        ("日本語", Query(("日本", "本語"), False)),
        ("日", Query(("日",), False)),
        ("tea tea", Query(("tea",), True)),
        ("🫖 ?!", None),
        ("", None),
    ],
)
def test_what_is_typed_becomes_a_query(typed: str, query: Query | None) -> None:
    assert query_of(typed) == query


def test_a_snippet_marks_the_words_around_the_first_hit() -> None:
    text = "Word " * 2_000 + "before the Café opens and cafes close. " + "after " * 500
    query = query_of("cafe")
    assert query is not None
    pieces = snippet_of(text, query)
    assert [words for words, hit in pieces if hit] == ["Café", "cafes"]
    shown = "".join(words for words, _hit in pieces)
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 300


def test_a_snippet_without_a_hit_is_the_beginning() -> None:
    assert snippet_of("Only a label was found.", Query(("label2",), False)) == [("Only a label was found.", False)]
    assert snippet_of("", Query(("x",), False)) == []


@given(st.text(max_size=400), st.text(max_size=30))
def test_a_snippet_is_made_of_any_text_for_any_query(text: str, typed: str) -> None:
    query = query_of(typed)
    if query is not None:
        pieces = snippet_of(text, query)
        assert all(words for words, _hit in pieces)
        assert "".join(words for words, _hit in pieces).strip(" …") in " ".join(text.split()) + "…" or len(text) > 150


@given(st.lists(st.from_regex(r"[a-zäöüжщ日本]{1,8}", fullmatch=True), min_size=1, max_size=40))
def test_every_word_of_a_text_is_found_and_marked(words: list[str]) -> None:
    text = " ".join(words)
    terms = set(terms_of(text))
    for word in words:
        query = query_of(word + " ")
        assert query is not None
        assert terms.issuperset(query.terms)
        assert any(hit for _words, hit in snippet_of(text, query))


@given(st.text(st.characters(max_codepoint=0x2DFF), max_size=60))
def test_words_that_are_taken_at_once_are_those_taken_one_by_one(text: str) -> None:
    # Beside a sign of a script without spaces the words of the others are looked at one by one.
    assert terms_of(text) == terms_of(f"{text} \u4e00")[:-1]
