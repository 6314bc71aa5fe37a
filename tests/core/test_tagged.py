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
