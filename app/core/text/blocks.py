"""Markdown text as blocks, the units a model may name: paragraph, heading, list, quote, table, code, comment, front matter.

Blocks never overlap, and what stands between them is only line breaks and blanks, so blocks and separators put together
are the text again, unit for unit. Lines decide, not a full Markdown parser: a block must be found again in the very
text a model saw, and a mistake costs only a block that is larger or smaller than ideal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from app.core.text.utf16 import utf16_length

BlockKind = Literal["paragraph", "heading", "list", "quote", "table", "code", "rule", "comment", "front_matter"]

_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`]*$)|~{3,})")
_QUOTE = re.compile(r" {0,3}>")
_LIST = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_TABLE_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_INDENTED = re.compile(r"(?: {2,}|\t)[ \t]*\S")
_INDENTED_CODE = re.compile(r"(?: {4}|\t)[ \t]*\S")
_COMMENT = re.compile(r" {0,3}<!--")
_FRONT_MATTER_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")

_MOST_COMMENT_LINES = 200
"""A comment of more lines falls into paragraphs, so that many that are never closed cost no time."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `id` is "b1", "b2", … by place and only means something for this text; `from_..to` are UTF-16 units
    and hold `text`, without the line breaks behind it."""

    id: str
    from_: int
    to: int
    text: str
    kind: BlockKind


def parse_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text in order."""
    lines = text.split("\n")
    starts = list(accumulate((utf16_length(line) + 1 for line in lines), initial=0))
    blocks: list[Block] = []
    index = 0
    while index < len(lines):
        if _is_blank(lines[index]):
            index += 1
            continue
        kind, end = _block_at(lines, index)
        content = "\n".join(lines[index:end])
        start = starts[index]
        blocks.append(Block(f"b{len(blocks) + 1}", start, start + utf16_length(content), content, kind))
        index = end
    return tuple(blocks)


def render_for_model(blocks: Iterable[Block]) -> str:
    """The blocks as a model reads them: `[b3] text`, with a blank line between."""
    return "\n\n".join(f"[{block.id}] {block.text}" for block in blocks)


def _is_blank(line: str) -> bool:
    return not line or line.isspace()


def _block_at(lines: Sequence[str], index: int) -> tuple[BlockKind, int]:
    """Kind and end of the block that starts at a line which is not blank."""
    line = lines[index]
    if index == 0 and line.rstrip() == "---":
        end = _front_matter_end(lines)
        if end:
            return "front_matter", end
    if _INDENTED_CODE.match(line):
        return "code", _indented_end(lines, index, _INDENTED_CODE)
    if _FENCE.match(line):
        return "code", _fence_end(lines, index)
    if _HEADING.match(line) or _RULE.match(line):
        return "heading" if _HEADING.match(line) else "rule", index + 1
    if _COMMENT.match(line) and (end := _comment_end(lines, index)):
        return "comment", end
    if _LIST.match(line):
        return "list", _list_end(lines, index)
    if _QUOTE.match(line):
        return "quote", _run_end(lines, index, _QUOTE)
    if "|" in line and index + 1 < len(lines) and "|" in lines[index + 1] and _TABLE_RULE.match(lines[index + 1]):
        return "table", _run_end(lines, index, None)
    return _paragraph_at(lines, index)


def _front_matter_end(lines: Sequence[str]) -> int:
    """The line after the front matter, or 0 when nothing closes it."""
    return next((end + 1 for end in range(1, len(lines)) if _FRONT_MATTER_END.match(lines[end])), 0)


def _comment_end(lines: Sequence[str], index: int) -> int:
    """The line after the one that closes the comment, or 0 when none of the next does."""
    last = min(len(lines), index + _MOST_COMMENT_LINES)
    return next((end + 1 for end in range(index, last) if "-->" in lines[end]), 0)


def _fence_end(lines: Sequence[str], index: int) -> int:
    """The line after the fence that closes this one; an open fence runs to the last line that is not blank."""
    opening = _FENCE.match(lines[index])
    mark = opening.group(1) if opening else ""
    for end in range(index + 1, len(lines)):
        closing = lines[end].strip()
        if len(closing) >= len(mark) and closing == mark[0] * len(closing):
            return end + 1
    end = len(lines)
    while end > index + 1 and _is_blank(lines[end - 1]):
        end -= 1
    return end


def _starts_block(line: str) -> bool:
    """Whether a line ends a paragraph, quote or list before it although no blank line is between."""
    return bool(_HEADING.match(line) or _RULE.match(line) or (_FENCE.match(line) and not line[0].isspace()))


def _run_end(lines: Sequence[str], index: int, mark: re.Pattern[str] | None) -> int:
    """Up to the next blank line or block; lines without the mark continue lazily, as Markdown has it."""
    end = index + 1
    while end < len(lines) and not _is_blank(lines[end]):
        line = lines[end]
        if _starts_block(line) or (mark is not _QUOTE and _QUOTE.match(line)) or (mark and _LIST.match(line)):
            break
        end += 1
    return end


def _paragraph_at(lines: Sequence[str], index: int) -> tuple[BlockKind, int]:
    end = index + 1
    while end < len(lines) and not _is_blank(lines[end]):
        line = lines[end]
        if _UNDERLINE.match(line):
            return "heading", end + 1
        if _starts_block(line) or _QUOTE.match(line) or _LIST.match(line):
            break
        end += 1
    return "paragraph", end


def _list_end(lines: Sequence[str], index: int) -> int:
    """Items up to a blank line, with everything indented under them, also behind blank lines."""
    end = index + 1
    while end < len(lines):
        line = lines[end]
        if _is_blank(line):
            following = _next_text(lines, end)
            if following is None or not _INDENTED.match(lines[following]):
                break
            end = following
        elif line[0].isspace() and _FENCE.match(line):
            end = _fence_end(lines, end)
        elif _starts_block(line) or _QUOTE.match(line):
            break
        else:
            end += 1
    return end


def _indented_end(lines: Sequence[str], index: int, mark: re.Pattern[str]) -> int:
    end = index + 1
    while end < len(lines):
        following = _next_text(lines, end)
        if following is None or not mark.match(lines[following]):
            break
        end = following + 1
    return end


def _next_text(lines: Sequence[str], index: int) -> int | None:
    """The first line from `index` on that is not blank."""
    return next((place for place in range(index, len(lines)) if not _is_blank(lines[place])), None)
