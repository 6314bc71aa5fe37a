"""Reading operations out of a model's running text, for models that cannot call tools.

An operation is a tag; what stands outside of tags is said to the writer:

    <edit op="replace_block" block="b3">the new text</edit>
    <edit op="insert_after" block="b3">a new block</edit>
    <edit op="delete_block" block="b3"/>
    <edit op="replace_text" block="b3"><old>exact words</old><new>other words</new></edit>
    <edit op="rewrite_document">the whole text</edit>

Attributes come in any order and quotes; `<replace_block block="b3">…</replace_block>` is understood too. A tag that is
never closed is an incomplete operation and is not carried out: half a paragraph would take the place of a whole one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from app.core.edits.operations import OPERATION_NAMES, InvalidOperation, Operation, operation_from_tool

_NAMES: Final = ("edit", *OPERATION_NAMES)
_ANY_NAME = "|".join(_NAMES)
_ATTRIBUTE = r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>/]+))"""
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_OPEN = re.compile(rf"<(?P<name>{_ANY_NAME})(?P<attributes>(?:\s+{_ATTRIBUTE})*)\s*(?P<closed>/?)>", re.IGNORECASE)
_HALF_OPEN = re.compile(rf"<(?:{_ANY_NAME})\s[^<>]*$", re.IGNORECASE)
_CLOSE: Final = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _NAMES}
_OLD = re.compile(r"<old>(.*?)</old>", re.IGNORECASE | re.DOTALL)
_NEW = re.compile(r"<new>(.*?)</new>", re.IGNORECASE | re.DOTALL)

_LONGEST_TAG = 300
"""Characters of an opening tag. What is longer without an end is no tag, so prose is never held back for long."""


@dataclass(frozen=True, slots=True)
class Prose:
    """Words to the writer."""

    text: str


Piece = Prose | Operation | InvalidOperation


@dataclass(frozen=True, slots=True)
class _Tag:
    """An operation whose end has not come yet."""

    name: str
    attributes: dict[str, str]

    @property
    def op(self) -> str:
        return self.attributes.get("op", "") if self.name == "edit" else self.name

    def operation(self, content: str) -> Operation | InvalidOperation:
        arguments: dict[str, Any] = {name: value for name, value in self.attributes.items() if name != "op"}
        if self.op == "replace_text":
            for name, pattern in (("old", _OLD), ("new", _NEW)):
                if found := pattern.search(content):
                    arguments[name] = found[1].strip("\n")
        else:
            arguments["text"] = content.strip("\n")
        return operation_from_tool(self.op, arguments)

    def cut_off(self, content: str) -> InvalidOperation:
        block = self.attributes.get("block", "")
        return InvalidOperation(self.op, "incomplete", "The operation was cut off.", block, content.strip("\n"))


class TaggedParser:
    """Takes text as it streams in, in any pieces, and gives prose and operations as soon as they are certain.

    Prose may come in several pieces. Blank space between operations is no prose.
    """

    def __init__(self) -> None:
        self._buffer = ""
        self._searched = 0
        self._tag: _Tag | None = None
        self._after_operation = False

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
        if self._tag is not None:
            pieces.append(self._tag.cut_off(self._buffer))
        else:
            half = _HALF_OPEN.search(self._buffer)
            pieces += self._prose(half.start() if half else len(self._buffer))
            if half:
                pieces.append(_Tag("edit", _attributes(self._buffer)).cut_off(""))
        self._buffer, self._searched, self._tag, self._after_operation = "", 0, None, False
        return pieces

    def _step(self, pieces: list[Piece]) -> bool:
        """Take the next piece from the buffer; False when it takes more text to tell what follows."""
        # Only what is new can complete a tag. Searching all of a long rewrite at each token would take seconds.
        opened = _OPEN.search(self._buffer, max(0, self._searched - _LONGEST_TAG))
        if self._tag is not None:
            return self._step_inside(self._tag, opened, pieces)
        if opened is None:
            end = self._certain_prose()
            if not (self._after_operation and not self._buffer[:end].strip()):
                pieces += self._prose(end)
            self._searched = len(self._buffer)
            return False
        pieces += self._prose(opened.start())
        tag = _Tag(opened["name"].lower(), _attributes(opened["attributes"]))
        self._take(opened.end() - opened.start())
        if opened["closed"]:
            pieces.append(tag.operation(""))
            self._after_operation = True
        else:
            self._tag = tag
        return True

    def _step_inside(self, tag: _Tag, opened: re.Match[str] | None, pieces: list[Piece]) -> bool:
        closed = _CLOSE[tag.name].search(self._buffer, max(0, self._searched - _LONGEST_TAG))
        if opened is not None and (closed is None or opened.start() < closed.start()):
            # The next operation began before this one was closed, so nobody knows where this one ends.
            pieces.append(tag.cut_off(self._take(opened.start())))
        elif closed is not None:
            pieces.append(tag.operation(self._buffer[: closed.start()]))
            self._take(closed.end())
        else:
            self._searched = len(self._buffer)
            return False
        self._tag, self._after_operation = None, True
        return True

    def _take(self, length: int) -> str:
        taken, self._buffer, self._searched = self._buffer[:length], self._buffer[length:], 0
        return taken

    def _prose(self, end: int) -> list[Piece]:
        text = self._take(end)
        if not text or (self._after_operation and not text.strip()):
            return []
        self._after_operation = False
        return [Prose(text)]

    def _certain_prose(self) -> int:
        """How much of the buffer cannot be the beginning of a tag any more."""
        start = self._buffer.rfind("<", max(0, len(self._buffer) - _LONGEST_TAG))
        if start < 0:
            return len(self._buffer)
        tail = self._buffer[start:].lower()
        could_open = any(f"<{name}".startswith(tail) for name in _NAMES) or _HALF_OPEN.fullmatch(tail)
        return start if could_open else len(self._buffer)


def _attributes(text: str) -> dict[str, str]:
    return {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTES.finditer(text)}
