"""A Markdown text as the blocks a printed page or a word processor knows."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
# What XML cannot hold, and what no page shows.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one look; a line break inside a paragraph is a run of its own with the text `\\n`."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""


Runs: TypeAlias = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    runs: Runs


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, slots=True)
class Code:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `start` is the first number, None where the items have dots."""

    start: int | None
    items: tuple[tuple["Block", ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first row is the head. `align` has "", "left", "center" or "right" for each column."""

    rows: tuple[tuple[Runs, ...], ...]
    align: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the page."""


Block: TypeAlias = Heading | Paragraph | Code | Quote | Items | Table | Rule


def blocks_of(markdown: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text. Raw HTML is text, pictures are their description."""
    tokens = _MARKDOWN.parse(_UNPRINTABLE.sub("", markdown))
    return _blocks(SyntaxTreeNode(tokens).children)


def begins_with_title(markdown: str, title: str) -> bool:
    """Whether the text's first line is its title as a heading already."""
    first = markdown.lstrip().split("\n", 1)[0]
    return first.startswith("# ") and first[2:].strip().rstrip("#").strip().casefold() == title.strip().casefold()


def plain(runs: Runs) -> str:
    """The words alone, on one line."""
    return " ".join("".join(run.text for run in runs).split())


def words_of(blocks: Iterable[Block]) -> Iterator[str]:
    """All that is written in the blocks, run by run."""
    for block in blocks:
        match block:
            case Heading() | Paragraph():
                yield from (run.text for run in block.runs)
            case Code():
                yield from block.lines
            case Quote():
                yield from words_of(block.blocks)
            case Items():
                yield from (words for item in block.items for words in words_of(item))
            case Table():
                yield from (run.text for row in block.rows for cell in row for run in cell)
            case Rule():
                pass
            case _:
                assert_never(block)


def _blocks(nodes: Sequence[SyntaxTreeNode]) -> tuple[Block, ...]:
    return tuple(block for node in nodes for block in _block(node))


def _block(node: SyntaxTreeNode) -> Iterator[Block]:
    match node.type:
        case "heading":
            yield Heading(int(node.tag[1]), _content(node))
        case "paragraph":
            yield Paragraph(_content(node))
        case "fence" | "code_block":
            yield Code(tuple(node.content.removesuffix("\n").split("\n")))
        case "blockquote":
            yield Quote(_blocks(node.children))
        case "bullet_list":
            yield Items(None, tuple(_blocks(item.children) for item in node.children))
        case "ordered_list":
            yield Items(int(node.attrs.get("start", 1)), tuple(_blocks(item.children) for item in node.children))
        case "table":
            yield _table(node)
        case "hr":
            yield Rule()


def _table(node: SyntaxTreeNode) -> Table:
    rows = [row for part in node.children for row in part.children]
    align = tuple(str(cell.attrs.get("style", "")).removeprefix("text-align:") for cell in rows[0].children)
    return Table(tuple(tuple(_content(cell) for cell in row.children) for row in rows), align)


def _content(node: SyntaxTreeNode) -> Runs:
    """The runs of a block that holds words; neighbours of one look are one run."""
    merged: list[Run] = []
    for run in (run for child in node.children for run in _runs(child, Run(""))):
        last = merged[-1] if merged else None
        if last is not None and run.text != "\n" != last.text and replace(last, text="") == replace(run, text=""):
            merged[-1] = replace(last, text=last.text + run.text)
        elif run.text:
            merged.append(run)
    return tuple(merged)


def _runs(node: SyntaxTreeNode, look: Run) -> Iterator[Run]:
    match node.type:
        case "text":
            yield replace(look, text=node.content)
        case "code_inline":
            yield replace(look, text=node.content, code=True)
        case "softbreak":
            yield replace(look, text=" ")
        case "hardbreak":
            yield Run("\n")
        case "image":
            yield replace(look, text=node.content)
        case _:
            for child in node.children:
                yield from _runs(child, _with(look, node))


def _with(look: Run, node: SyntaxTreeNode) -> Run:
    match node.type:
        case "strong":
            return replace(look, bold=True)
        case "em":
            return replace(look, italic=True)
        case "s":
            return replace(look, strike=True)
        case "link":
            address = str(node.attrs.get("href", ""))
            return replace(look, link=address) if _LINK.match(address) else look
        case _:
            return look
