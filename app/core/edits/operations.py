"""What a model may do to a document: five operations, as values, as tools and as they are described to people.

Models with tools call them; others write them as tags, read by `tagged.py`. Where they go in the text is decided in
`placing.py`. Whatever a model sends can only become one of these values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, assert_never

from app.core.text.utf16 import normalise_text


@dataclass(frozen=True, slots=True)
class ReplaceBlock:
    """Put `text`, one block or several, in place of a block."""

    op: ClassVar[str] = "replace_block"
    block: str
    text: str


@dataclass(frozen=True, slots=True)
class InsertAfter:
    """Put `text` behind a block, or before everything if `block` is "start"."""

    op: ClassVar[str] = "insert_after"
    block: str
    text: str


@dataclass(frozen=True, slots=True)
class DeleteBlock:
    """Take a block away."""

    op: ClassVar[str] = "delete_block"
    block: str


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Put `new` in place of `old`, which must occur exactly once in the block."""

    op: ClassVar[str] = "replace_text"
    block: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RewriteDocument:
    """Put `text` in place of the whole document."""

    op: ClassVar[str] = "rewrite_document"
    text: str


START: Final = "start"
"""Stands for the place before the first block."""

Operation = ReplaceBlock | InsertAfter | DeleteBlock | ReplaceText | RewriteDocument


@dataclass(frozen=True, slots=True)
class InvalidOperation:
    """What a model sent as an operation but is none. `reason_code` is "unknown_operation", "missing_argument",
    "invalid_argument", "incomplete" or "too_many"; `text` is what it wanted to write, as far as known."""

    op: str
    reason_code: str
    message: str
    block: str = ""
    text: str = ""


def _schema(**properties: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


_BLOCK = 'Id of the block, like "b3".'
_MARKDOWN = "Markdown, without block ids. Separate several blocks by a blank line."

TOOL_SCHEMAS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("replace_block", "Replace one block of the document by new text.", _schema(block=_BLOCK, text=_MARKDOWN)),
    (
        "insert_after",
        "Insert new text behind a block.",
        _schema(block='Id of the block, like "b3", or "start" for the beginning of the document.', text=_MARKDOWN),
    ),
    ("delete_block", "Delete one block of the document.", _schema(block=_BLOCK)),
    (
        "replace_text",
        "Replace some words inside one block. Prefer it for small changes.",
        _schema(
            block=_BLOCK,
            old="The words to replace, copied exactly from the block, long enough to occur there only once.",
            new="The words to put in their place.",
        ),
    ),
    (
        "rewrite_document",
        "Replace the whole document. Only if nearly everything changes.",
        _schema(text="The whole new document in Markdown, without block ids."),
    ),
)
"""Name, description and JSON schema of the arguments of each operation."""

_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(schema["required"]) for name, _description, schema in TOOL_SCHEMAS
}
OPERATION_NAMES: Final = tuple(_ARGUMENTS)

_BLOCK_ID = re.compile(r"\[?\s*b?(\d{1,9})\s*\]?", re.IGNORECASE)


def operation_from_tool(name: str, arguments: Mapping[str, Any]) -> Operation | InvalidOperation:
    """The operation that a tool call means. Block ids may come as "b3", "[b3]", "B3" or 3."""
    wanted = _ARGUMENTS.get(name)
    block = _block_id(arguments.get("block", ""))
    written = arguments.get("text", arguments.get("new", ""))
    text = normalise_text(written) if isinstance(written, str) else ""
    if wanted is None:
        return InvalidOperation(name, "unknown_operation", f"There is no operation named {name!r}.", block, text)
    values: list[str] = []
    for argument in wanted:
        value = block if argument == "block" else arguments.get(argument)
        if value is None or (argument in {"block", "old"} and not value):
            return InvalidOperation(name, "missing_argument", f"The argument `{argument}` is missing.", block, text)
        if not isinstance(value, str):
            return InvalidOperation(
                name, "invalid_argument", f"The argument `{argument}` must be a string.", block, text
            )
        values.append(normalise_text(value))
    return _OPERATIONS[name](*values)


_OPERATIONS: Final[Mapping[str, type[Operation]]] = {
    kind.op: kind for kind in (ReplaceBlock, InsertAfter, DeleteBlock, ReplaceText, RewriteDocument)
}


def _block_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"b{value}"
    if not isinstance(value, str):
        return ""
    found = _BLOCK_ID.fullmatch(value.strip())
    if found:
        return f"b{found.group(1)}"
    return START if value.strip(" []").lower() == START else value.strip()


def describe_operation(operation: Operation | InvalidOperation) -> dict[str, Any]:
    """What an operation says, as JSON: `op`, `block` (null for the whole document), `text` it writes, `old` words."""
    match operation:
        case ReplaceBlock(block, text) | InsertAfter(block, text):
            return {"op": operation.op, "block": block, "text": text}
        case DeleteBlock(block):
            return {"op": operation.op, "block": block, "text": None}
        case ReplaceText(block, old, new):
            return {"op": operation.op, "block": block, "text": new, "old": old}
        case RewriteDocument(text):
            return {"op": operation.op, "block": None, "text": text}
        case InvalidOperation():
            return {"op": operation.op, "block": operation.block or None, "text": operation.text or None}
        case _:
            assert_never(operation)


def operation_described(row: Mapping[str, Any]) -> Operation | InvalidOperation:
    """The operation that `describe_operation` told."""
    arguments = {name: row.get("text" if name in {"text", "new"} else name) for name in _ARGUMENTS.get(row["op"], ())}
    return operation_from_tool(row["op"], arguments)
