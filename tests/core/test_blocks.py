"""A Markdown text falls into blocks, and nothing of it is lost between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text.blocks import parse_blocks, render_for_model
from app.core.text.utf16 import utf16_length, utf16_slice

LINES = [
    "",
    "  ",
    "words and words 🦊",
    "# Heading",
    "---",
    "===",
    "- item",
    "  more of it",
    "1. first",
    "> quote",
    "```py",
    "```",
    "~~~~",
    "    code",
    "| a | b |",
    "|---|---|",
    "a | b",
    "\ttab",
    "...",
    "***",
]


def kinds(text: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in parse_blocks(text)]


@given(st.lists(st.sampled_from(LINES)).map("\n".join))
def test_blocks_and_what_lies_between_are_the_text(text: str) -> None:
    place, rebuilt = 0, ""
    for number, block in enumerate(parse_blocks(text), start=1):
        assert block.id == f"b{number}"
        between = utf16_slice(text, place, block.from_)
        assert not between.strip()
        assert number == 1 or "\n" in between
        assert block.text.strip()
        assert block.text == utf16_slice(text, block.from_, block.to)
        rebuilt += between + block.text
        place = block.to
    rest = utf16_slice(text, place, utf16_length(text))
    assert not rest.strip()
    assert rebuilt + rest == text


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", []),
        (" \n\n\t\n", []),
        ("one\ntwo\n\n\nthree\n", [("paragraph", "one\ntwo"), ("paragraph", "three")]),
        ("# A\ntext", [("heading", "# A"), ("paragraph", "text")]),
        ("#tag", [("paragraph", "#tag")]),
        ("Title\n===\ntext", [("heading", "Title\n==="), ("paragraph", "text")]),
        ("a\n\n---\n\nb", [("paragraph", "a"), ("rule", "---"), ("paragraph", "b")]),
        ("* * *", [("rule", "* * *")]),
        (
            "Intro:\n- a\n- b\n\n  of b\n\nEnd",
            [("paragraph", "Intro:"), ("list", "- a\n- b\n\n  of b"), ("paragraph", "End")],
        ),
        ("1. a\n\n2. b", [("list", "1. a"), ("list", "2. b")]),
        ("- a\n  ```\n\n  code\n  ```\n- b", [("list", "- a\n  ```\n\n  code\n  ```\n- b")]),
        ("> q\nlazy\n\nx", [("quote", "> q\nlazy"), ("paragraph", "x")]),
        (
            "x\n```py\na\n\n# no heading\n```\ny",
            [("paragraph", "x"), ("code", "```py\na\n\n# no heading\n```"), ("paragraph", "y")],
        ),
        ("````\n```\n````", [("code", "````\n```\n````")]),
        ("```\nnever closed\n\nmore\n\n", [("code", "```\nnever closed\n\nmore")]),
        ("``` inline ``` code", [("paragraph", "``` inline ``` code")]),
        ("    a\n\n    b\n\nc", [("code", "    a\n\n    b"), ("paragraph", "c")]),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |\n\nx", [("table", "| a | b |\n|---|:-:|\n| 1 | 2 |"), ("paragraph", "x")]),
        ("a | b\nno table", [("paragraph", "a | b\nno table")]),
        (
            "---\ntitle: x\n\nmore: y\n---\ntext",
            [("front_matter", "---\ntitle: x\n\nmore: y\n---"), ("paragraph", "text")],
        ),
        ("<!-- a\n\nb -->\ntext", [("comment", "<!-- a\n\nb -->"), ("paragraph", "text")]),
        ("<!-- a\n\nb", [("paragraph", "<!-- a"), ("paragraph", "b")]),
        ("    ```\n    code\n\ntext", [("code", "    ```\n    code"), ("paragraph", "text")]),
        ("---\n\nno front matter", [("rule", "---"), ("paragraph", "no front matter")]),
    ],
)
def test_what_is_a_block(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


def test_a_model_sees_the_ids() -> None:
    assert render_for_model(parse_blocks("# A\n\ntext\nmore")) == "[b1] # A\n\n[b2] text\nmore"
