"""Reading operations out of a model's running text, for models that cannot call tools.

An operation is a tag; what stands outside of tags is said to the writer:

    <edit op="replace_block" block="b3">the new text</edit>
    <edit op="insert_after" block="b3">a new block</edit>
    <edit op="delete_block" block="b3"/>
    <edit op="replace_text" block="b3"><old>exact words</old><new>other words</new></edit>
    <edit op="rewrite_document">the whole text</edit>

Attributes come in any order and quotes; `<replace_block block="b3">…</replace_block>` is understood too, and so are several
pairs of old and new words in one tag. A tag that is never closed is an incomplete operation and is not carried out: half
a paragraph would take the place of a whole one. A tag that is only spoken of, in code, is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from app.core.edits.operations import OPERATION_NAMES, InvalidOperation, Operation, operation_from_tool

_NAMES: Final = ("edit", *OPERATION_NAMES)
_ANY_NAME = "|".join(_NAMES)
_ATTRIBUTE = r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>/]+))"""
_HALF_ATTRIBUTE = r"""[\w-]*\s*(?:=\s*(?:"[^"]*|'[^']*|[^\s"'>/]*))?"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_OPEN = re.compile(rf"<(?P<name>{_ANY_NAME})(?P<attributes>(?:\s+{_ATTRIBUTE})*)\s*(?P<closed>/?)>", re.IGNORECASE)
_HALF_OPEN = re.compile(
    rf"<(?P<name>{_ANY_NAME})(?=\s)(?P<attributes>(?:\s+{_ATTRIBUTE})*(?:\s+{_HALF_ATTRIBUTE})?)/?\Z", re.IGNORECASE
)
_HALF_NAME = re.compile(r"<[a-z_]*/?\Z", re.IGNORECASE)
_LONGEST_NAME = max(map(len, _NAMES)) + 2
_CLOSE: Final = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _NAMES}
_OLD, _NEW = r"<old>(?P<old>.*?)</old>", r"<new>(?P<new>.*?)</new>"
_PAIRS: Final = tuple(
    re.compile(rf"\s*{first}\s*{second}\s*(?=\Z|<old>|<new>)", re.IGNORECASE | re.DOTALL)
    for first, second in ((_OLD, _NEW), (_NEW, _OLD))
)
_OLD_ALONE = re.compile(rf"\s*{_OLD}", re.IGNORECASE | re.DOTALL)
_FENCE_OPENING = re.compile(r"(?:\A|(?<=\n))[ \t]*`+[\w-]*\s*\Z")
_FENCE_CLOSING = re.compile(r"\s*`{3,}[ \t]*")
_FENCE_LINE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_CODE_SIGN = re.compile(r"(?<!`)`{1,2}(?!`)")

_LONGEST_TAG = 4_000
"""Characters of an opening tag. What is longer without an end is no tag, so prose is never held back for long."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Words to the writer."""

    text: str


Piece = Prose | Operation | InvalidOperation


@dataclass(frozen=True, slots=True)
class _Tag:
    """An opening tag."""

    name: str
    attributes: dict[str, str]

    @property
    def op(self) -> str:
        return self.attributes.get("op", "") if self.name == "edit" else self.name

    def operations(self, content: str | None) -> list[Operation | InvalidOperation]:
        """What the tag orders; `content` is None where it closed itself, so that nothing is taken for empty."""
        arguments: dict[str, Any] = {name: value for name, value in self.attributes.items() if name != "op"}
        if content is None:
            return [operation_from_tool(self.op, arguments)]
        if self.op == "replace_text":
            return [operation_from_tool(self.op, arguments | words) for words in _word_pairs(content)]
        return [operation_from_tool(self.op, arguments | {"text": content.strip("\n")})]

    def cut_off(self, content: str) -> InvalidOperation:
        block = self.attributes.get("block", "")
        return InvalidOperation(self.op, "incomplete", "The operation was cut off.", block, content.strip("\n"))


@dataclass(slots=True)
class _Open:
    """An operation whose end has not come yet, and how far its text was looked through for it.

    A tag inside code is text. Everything is remembered, since a text that speaks of tags would be read again and again.
    """

    tag: _Tag
    passed: int = 0
    """Where the last tag that turned out to be text ends."""
    line: int = 0
    """Where the line of that tag starts, behind `fences` lines that open or close one."""
    fences: int = 0
    quoted: int = 0
    """Tags in code that wait for their end, which is text too."""

    def boundary(self, text: str, start: int) -> re.Match[str] | None:
        """The tag, searched from `start`, that ends the operation: its own end or the beginning of the next."""
        start = max(start, self.passed)
        found_tags = (*_OPEN.finditer(text, start), *_CLOSE[self.tag.name].finditer(text, start))
        for found in sorted(found_tags, key=lambda match: match.start()):
            is_opening = found.re is _OPEN
            if not self._is_in_code(text, found.start()) or not (is_opening or self.quoted):
                return found
            self.passed = found.end()
            if not is_opening:
                self.quoted -= 1
            elif not found["closed"] and found["name"].lower() == self.tag.name:
                self.quoted += 1
        return None

    def _is_in_code(self, text: str, place: int) -> bool:
        line = text.rfind("\n", self.line, place) + 1
        if line > self.line:
            self.fences += len(_FENCE_LINE.findall(text[self.line : line]))
            self.line = line
        this_line = text[self.line : place]
        return (self.fences + len(_FENCE_LINE.findall(this_line))) % 2 == 1 or _in_code_span(this_line)


class TaggedParser:
    """Takes text as it streams in, in any pieces, and gives prose and operations as soon as they are certain.

    Prose may come in several pieces. Blank space between operations is no prose.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._buffer = ""
        self._searched = 0
        """Length of the beginning of the buffer that was looked through already."""
        self._open: _Open | None = None
        self._after_operation = False
        self._fenced = False
        self._line = ""
        """The prose that was given since the last line break."""

    def feed(self, text: str) -> list[Piece]:
        """What became certain by these characters."""
        self._buffer += text
        pieces: list[Piece] = []
        while self._step(pieces):
            pass
        return pieces

    def close(self) -> list[Piece]:
        """What is left when the stream has ended. The parser can then be used anew."""
        pieces: list[Piece] = []
        if self._open is not None:
            pieces.append(self._open.tag.cut_off(self._buffer))
        else:
            half = self._half_open()
            pieces += self._prose(half.start() if half else len(self._buffer))
            if half:
                pieces.append(_Tag(half["name"].lower(), _attributes(half["attributes"])).cut_off(""))
        self._reset()
        return pieces

    def _step(self, pieces: list[Piece]) -> bool:
        """Take the next piece from the buffer; False when it takes more text to tell what follows."""
        if self._open is not None:
            return self._step_inside(self._open, pieces)
        if self._fenced and self._after_operation and (closing := _FENCE_CLOSING.match(self._buffer)):
            self._take(closing.end())
            self._fenced = False
        opened = self._opened()
        if opened is None:
            end = self._certain_prose()
            if not (self._after_operation and self._says_nothing(self._buffer[:end])):
                pieces += self._prose(end)
            self._searched = len(self._buffer)
            return False
        fence = self._fence_opening(opened.start())
        self._fenced |= fence is not None
        start = fence if fence is not None else opened.start()
        pieces += self._prose(start)
        tag = _Tag(opened["name"].lower(), _attributes(opened["attributes"]))
        self._take(opened.end() - start)
        self._line = ""
        if opened["closed"]:
            pieces += tag.operations(None)
            self._after_operation = True
        else:
            self._open = _Open(tag)
        return True

    def _unsearched(self) -> int:
        # Only what is new can complete a tag. Searching all of a long rewrite at each token would take seconds.
        return max(0, self._searched - _LONGEST_TAG)

    def _opened(self) -> re.Match[str] | None:
        """The next opening tag in the prose that is more than spoken of."""
        for opened in _OPEN.finditer(self._buffer, self._unsearched()):
            line = self._line + self._buffer[: opened.start()]
            if opened.end() - opened.start() <= _LONGEST_TAG and not _in_code_span(line):
                return opened
        return None

    def _step_inside(self, open_: _Open, pieces: list[Piece]) -> bool:
        tag, boundary = open_.tag, open_.boundary(self._buffer, self._unsearched())
        if boundary is None:
            self._searched = len(self._buffer)
            return False
        if boundary.re is _OPEN:
            # The next operation began before this one was closed, so nobody knows where this one ends.
            pieces.append(tag.cut_off(self._take(boundary.start())))
        else:
            pieces += tag.operations(self._buffer[: boundary.start()])
            self._take(boundary.end())
        self._open, self._after_operation = None, True
        return True

    def _take(self, length: int) -> str:
        taken, self._buffer, self._searched = self._buffer[:length], self._buffer[length:], 0
        return taken

    def _prose(self, end: int) -> list[Piece]:
        text = self._take(end)
        self._line = (self._line + text).rpartition("\n")[2]
        if not text or (self._after_operation and not text.strip()):
            return []
        self._after_operation = False
        return [Prose(text)]

    def _certain_prose(self) -> int:
        """How much of the buffer cannot be the beginning of a tag any more."""
        half = self._half_open()
        if half is None and (name := _HALF_NAME.search(self._buffer, max(0, len(self._buffer) - _LONGEST_NAME))):
            written = name[0].rstrip("/").lower()
            half = name if any(f"<{known}".startswith(written) for known in _NAMES) else None
        certain = half.start() if half else len(self._buffer)
        fence = self._fence_opening(certain)
        return certain if fence is None else fence

    def _fence_opening(self, end: int) -> int | None:
        """Where the buffer, up to `end`, closes with a line that may open a fence around operations."""
        found = _FENCE_OPENING.search(self._buffer[:end], max(0, end - _LONGEST_NAME * 2))
        return found.start() if found and (found.start() or not self._line) else None

    def _says_nothing(self, text: str) -> bool:
        return not text.strip(" \t\n`" if self._fenced else None)

    def _half_open(self) -> re.Match[str] | None:
        """The beginning of a tag at the end of the buffer."""
        return _HALF_OPEN.search(self._buffer, max(0, len(self._buffer) - _LONGEST_TAG))


def _attributes(text: str) -> dict[str, str]:
    return {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTES.finditer(text)}


def _word_pairs(content: str) -> list[dict[str, str]]:
    """The arguments `old` and `new` of each replacement; of a single one without `new` or `old` where it is malformed."""
    pairs: list[dict[str, str]] = []
    place = 0
    while place < len(content) or not pairs:
        found = _PAIRS[0].match(content, place) or _PAIRS[1].match(content, place)
        if found is None:
            alone = _OLD_ALONE.match(content, place)
            pairs.append({"old": _inner(alone["old"])} if alone else {})
            break
        pairs.append(_words(found["old"], found["new"]))
        place = found.end()
    return pairs


def _words(old: str, new: str) -> dict[str, str]:
    """Line breaks around words are layout, but for the end of a line that is to go."""
    inner = _inner(old)
    if not new and inner and old.endswith("\n") and not old.startswith("\n"):
        inner += "\n"
    return {"old": inner, "new": _inner(new)}


def _inner(content: str) -> str:
    return content.strip("\n")


def _in_code_span(text: str) -> bool:
    """Whether the last line of the text ends inside a code span."""
    return len(_CODE_SIGN.findall(text.rpartition("\n")[2])) % 2 == 1
