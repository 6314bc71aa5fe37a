"""Operations are read out of running text, however it is cut, and half ones are never carried out."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.edits.operations import (
    DeleteBlock,
    InsertAfter,
    InvalidOperation,
    ReplaceBlock,
    ReplaceText,
    RewriteDocument,
)
from app.core.edits.tagged import Piece, Prose, TaggedParser

ANSWER = """I changed <b>two</b> things, 1 < 2:
<edit op="replace_text" block="b3"><old>exact words</old><new>other words</new></edit>

<edit block='b2' op=replace_block>
# New

text with <tags> & "quotes"
</edit>
 <delete_block block="b5"/>
<edit op="delete_block" block="b6"></edit>
<insert_after block="[b4]">A new block</insert_after>
Done. <edited> is no tag."""

PIECES: list[Piece] = [
    Prose("I changed <b>two</b> things, 1 < 2:\n"),
    ReplaceText("b3", "exact words", "other words"),
    ReplaceBlock("b2", '# New\n\ntext with <tags> & "quotes"'),
    DeleteBlock("b5"),
    DeleteBlock("b6"),
    InsertAfter("b4", "A new block"),
    Prose("\nDone. <edited> is no tag."),
]


def read(*parts: str) -> list[Piece]:
    """All pieces, with neighbouring prose joined."""
    parser = TaggedParser()
    pieces: list[Piece] = []
    for piece in [*(piece for part in parts for piece in parser.feed(part)), *parser.close()]:
        if isinstance(piece, Prose) and pieces and isinstance(last := pieces[-1], Prose):
            pieces[-1] = Prose(last.text + piece.text)
        else:
            pieces.append(piece)
    return pieces


def test_an_answer_is_read_whole() -> None:
    assert read(ANSWER) == PIECES


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_an_answer_is_read_in_pieces(size: int) -> None:
    assert read(*(ANSWER[place : place + size] for place in range(0, len(ANSWER), size))) == PIECES


@given(st.lists(st.integers(0, len(ANSWER)), max_size=6))
def test_an_answer_is_read_however_it_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(ANSWER)]
    assert read(*(ANSWER[start:end] for start, end in itertools.pairwise(places))) == PIECES


def test_prose_is_given_at_once() -> None:
    parser = TaggedParser()
    assert parser.feed("Hello ") == [Prose("Hello ")]
    assert parser.feed("you <ed") == [Prose("you ")]
    assert parser.feed("ucated>") == [Prose("<educated>")]
    assert parser.close() == []


def test_an_operation_is_given_as_soon_as_it_is_closed() -> None:
    parser = TaggedParser()
    assert parser.feed('<edit op="delete_block" block="b1"></edit') == []
    assert parser.feed(">") == [DeleteBlock("b1")]


@pytest.mark.parametrize(
    "cut", range(len('<edit op="replace_block" '), len('<edit op="replace_block" block="b1">half'))
)
def test_a_stream_cut_inside_an_operation_gives_an_incomplete_one(cut: int) -> None:
    pieces = read('Well. <edit op="replace_block" block="b1">half'[: 6 + cut])
    assert pieces[0] == Prose("Well. ")
    (operation,) = pieces[1:]
    assert isinstance(operation, InvalidOperation)
    assert (operation.op, operation.reason_code) == ("replace_block", "incomplete")


def test_an_operation_that_is_not_closed_before_the_next_is_incomplete() -> None:
    first, second = read('<edit op="replace_block" block="b1">half<edit op="delete_block" block="b2"/>')
    assert isinstance(first, InvalidOperation)
    assert (first.reason_code, first.block, first.text) == ("incomplete", "b1", "half")
    assert second == DeleteBlock("b2")


@pytest.mark.parametrize(
    "text, reason",
    [
        ('<edit op="paint" block="b1">x</edit>', "unknown_operation"),
        ('<edit block="b1">x</edit>', "unknown_operation"),
        ('<edit op="replace_text" block="b1">x</edit>', "missing_argument"),
        ('<edit op="replace_text" block="b1"><old>x</old></edit>', "missing_argument"),
        ('<edit op="replace_block">x</edit>', "missing_argument"),
    ],
)
def test_a_tag_that_is_no_operation_says_why(text: str, reason: str) -> None:
    (operation,) = read(text)
    assert isinstance(operation, InvalidOperation)
    assert operation.reason_code == reason


def test_a_whole_document_may_come_in_a_tag() -> None:
    text = "\n\n".join(f"Paragraph {number} < {number + 1}." for number in range(200))
    answer = f'<edit op="rewrite_document">\n{text}\n</edit>'
    assert read(*(answer[place : place + 5] for place in range(0, len(answer), 5))) == [RewriteDocument(text)]


def test_a_sign_that_could_begin_a_tag_is_prose_in_the_end() -> None:
    assert read("1 <") == [Prose("1 <")]
    assert read("a <edit") == [Prose("a <edit")]


def test_a_tag_in_code_is_text() -> None:
    spoken = 'Write `<edit op="delete_block" block="b1"/>` for that.'
    assert read(spoken) == [Prose(spoken)]
    quoted = '```\n<edit op="delete_block" block="b1"></edit>\n```\nor `<edit op="delete_block" block="b2"/>`'
    answer = f'<edit op="replace_block" block="b1">{quoted}</edit><edit op="delete_block" block="b3"/>'
    for size in (1, 5, len(answer)):
        parts = [answer[place : place + size] for place in range(0, len(answer), size)]
        assert read(*parts) == [ReplaceBlock("b1", quoted), DeleteBlock("b3")]


def test_a_code_span_or_fence_that_stays_open_ends_with_the_operation() -> None:
    assert read('<edit op="replace_block" block="b1">```\ncode</edit><edit op="delete_block" block="b2"/>') == [
        ReplaceBlock("b1", "```\ncode"),
        DeleteBlock("b2"),
    ]


@pytest.mark.parametrize("op", ["replace_block", "insert_after", "rewrite_document"])
def test_a_tag_that_closes_itself_writes_no_empty_text(op: str) -> None:
    (operation,) = read(f'<edit op="{op}" block="b1"/>')
    assert isinstance(operation, InvalidOperation)
    assert operation.reason_code == "missing_argument"
    assert not isinstance(read(f'<edit op="{op}" block="b1" text="a > b"/>')[0], InvalidOperation)


def test_a_long_tag_with_signs_of_other_tags_is_read_however_it_is_cut() -> None:
    answer = f'<edit op="replace_text" block="b1" old="a < b {"x" * 900}" new="b > a"/>'
    for size in (1, 7, len(answer)):
        parts = [answer[place : place + size] for place in range(0, len(answer), size)]
        assert read(*parts) == [ReplaceText("b1", f"a < b {'x' * 900}", "b > a")]


@pytest.mark.parametrize(
    "content, words",
    [
        ("<old>a <new> b</old><new>c</new>", [("a <new> b", "c")]),
        ("<new>c</new>\n<old>a</old>", [("a", "c")]),
        ("\n<old>a</old><new>b</new>\n<old>c</old>\n<new>d</new>\n", [("a", "b"), ("c", "d")]),
        ("<old>\na\n</old><new>\nb\n</new>", [("a", "b")]),
        ("<old>- a\n</old><new></new>", [("- a\n", "")]),
    ],
)
def test_old_and_new_words_come_in_pairs(content: str, words: list[tuple[str, str]]) -> None:
    assert read(f'<edit op="replace_text" block="b1">{content}</edit>') == [
        ReplaceText("b1", old, new) for old, new in words
    ]


def test_a_pair_behind_which_something_else_stands_is_reported() -> None:
    first, second = read('<edit op="replace_text" block="b1"><old>a</old><new>b</new><old>c</old>d</edit>')
    assert first == ReplaceText("b1", "a", "b")
    assert isinstance(second, InvalidOperation)


@pytest.mark.parametrize("size", [1, 3, 500])
def test_a_fence_around_operations_is_not_told(size: int) -> None:
    answer = 'Here:\n```xml\n<edit op="delete_block" block="b1"/>\n<edit op="delete_block" block="b2"/>\n```\nDone.'
    assert read(*(answer[place : place + size] for place in range(0, len(answer), size))) == [
        Prose("Here:\n"),
        DeleteBlock("b1"),
        DeleteBlock("b2"),
        Prose("\nDone."),
    ]
