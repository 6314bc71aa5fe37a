"""The document as the request shows it: blocks with ids, and which of them an instruction is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

_MARK = re.compile(r"^\[(b\d+)\] ?", re.MULTILINE)
_FRAME = re.compile(r"<document[^>]*>\n?(.*?)\n?</document>", re.DOTALL)
_ORDINALS = {
    "first": 0, "1st": 0, "opening": 0, "introduction": 0, "intro": 0, "beginning": 0, "second": 1, "2nd": 1,
    "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4, "last": -1, "final": -1, "closing": -1,
    "conclusion": -1, "ending": -1, "end": -1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the document: its id and its Markdown, without the id."""

    id: str
    text: str

    @property
    def is_heading(self) -> bool:
        return bool(re.match(r"\s{0,3}#{1,6}\s", self.text))

    @property
    def is_list(self) -> bool:
        return bool(re.match(r"\s*(?:[-*+]|\d+[.)])\s", self.text))

    @property
    def is_prose(self) -> bool:
        """A paragraph, list or quote: text that rules may rewrite; no heading, code, table or front matter."""
        return not self.is_heading and not re.match(r"\s*(?:```|~~~|\||---\s*$|<)", self.text)


@dataclass(frozen=True, slots=True)
class Passage:
    """What an instruction is about: a whole block, or a part of one (the selection)."""

    block: Block
    text: str

    @property
    def whole(self) -> bool:
        return self.text == self.block.text


def parse_blocks(request_text: str, *, document: str) -> list[Block]:
    """Blocks out of the text of a request, where each begins with ``[b3] `` at the start of a line.

    What follows the last block in the request does not belong to it: a block is only as long as it also stands in
    `document`, where that is known.
    """
    frames = [frame for frame in _FRAME.findall(request_text) if _MARK.search(frame)]
    source = frames[-1] if frames else request_text
    marks: list[re.Match[str]] = []
    for mark in _MARK.finditer(source):
        # Ids run upwards one by one; a text that itself contains "[b9] " does not begin a block there.
        if not marks or int(mark.group(1)[1:]) == int(marks[-1].group(1)[1:]) + 1:
            marks.append(mark)
    found = []
    for mark, following in zip_longest(marks, marks[1:]):
        text = source[mark.end() : following.start() if following else len(source)].strip("\n")
        found.append(Block(mark.group(1), _as_in(document, text) if document else text))
    return [block for block in found if block.text.strip()]


def passages(prompt: str, blocks: Sequence[Block], *, selection: str | None) -> list[Passage]:
    """What the instruction is about: the selection, else the paragraph it names, else all prose."""
    if selection and selection.strip():
        return _selected(blocks, selection)
    named = _named(prompt, blocks)
    return [Passage(block, block.text) for block in (named or [block for block in blocks if block.is_prose])]


def named_blocks(prompt: str, blocks: Sequence[Block]) -> list[Block]:
    """The blocks an instruction names by id, order or role; empty when it names none."""
    return _named(prompt, blocks)


def _named(prompt: str, blocks: Sequence[Block]) -> list[Block]:
    lowered = prompt.lower()
    by_id = [block for block in blocks if re.search(rf"\b{block.id}\b", lowered)]
    if by_id:
        return by_id
    prose = [block for block in blocks if block.is_prose]
    number = re.search(r"\bparagraph (\d+)\b", lowered)
    if number and 0 < int(number.group(1)) <= len(prose):
        return [prose[int(number.group(1)) - 1]]
    role = re.search(
        r"\b(first|1st|second|2nd|third|3rd|fourth|4th|fifth|5th|last|final|opening|closing) "
        r"(?:paragraph|block|section|part|bullet|list)\b|\b(introduction|intro|conclusion|ending)\b",
        lowered,
    )
    if role and prose:
        place = _ORDINALS[role.group(1) or role.group(2)]
        if -len(prose) <= place < len(prose):
            return [prose[place]]
    if re.search(r"\b(?:the |this |that |my )list\b", lowered):
        return [block for block in blocks if block.is_list]
    return []


def _selected(blocks: Sequence[Block], selection: str) -> list[Passage]:
    inside = next((block for block in blocks if selection.strip() in block.text), None)
    if inside is not None:
        return [Passage(inside, selection.strip())]
    return [Passage(block, block.text) for block in blocks if block.text.strip() in selection]


def _as_in(document: str, text: str) -> str:
    """`text`, without lines at its end that the document does not have there."""
    lines = text.split("\n")
    while len(lines) > 1 and "\n".join(lines).rstrip() not in document:
        lines.pop()
    return "\n".join(lines).rstrip()
