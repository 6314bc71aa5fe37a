"""Tool calls become operations, or say why they cannot."""

from typing import Any

import pytest

from app.core.edits.operations import (
    OPERATION_NAMES,
    TOOL_SCHEMAS,
    DeleteBlock,
    InsertAfter,
    InvalidOperation,
    Operation,
    ReplaceBlock,
    ReplaceText,
    RewriteDocument,
    describe_operation,
    operation_from_tool,
)


@pytest.mark.parametrize(
    "name, arguments, operation",
    [
        ("replace_block", {"block": "b3", "text": "x\r\ny"}, ReplaceBlock("b3", "x\ny")),
        ("replace_block", {"block": "[B3]", "text": ""}, ReplaceBlock("b3", "")),
        ("insert_after", {"block": "start", "text": "x"}, InsertAfter("start", "x")),
        ("insert_after", {"block": "[Start]", "text": "x"}, InsertAfter("start", "x")),
        ("insert_after", {"block": 3, "text": "x"}, InsertAfter("b3", "x")),
        ("delete_block", {"block": "3", "why": "dull"}, DeleteBlock("b3")),
        ("replace_text", {"block": "b1", "old": "a", "new": ""}, ReplaceText("b1", "a", "")),
        ("rewrite_document", {"text": "x\0"}, RewriteDocument("x\ufffd")),
    ],
)
def test_a_call_is_an_operation(name: str, arguments: dict[str, Any], operation: Operation) -> None:
    assert operation_from_tool(name, arguments) == operation


@pytest.mark.parametrize(
    "name, arguments, reason",
    [
        ("paint", {"block": "b1"}, "unknown_operation"),
        ("", {}, "unknown_operation"),
        ("replace_block", {"block": "b1"}, "missing_argument"),
        ("replace_block", {"text": "x"}, "missing_argument"),
        ("replace_block", {"block": None, "text": "x"}, "missing_argument"),
        ("replace_text", {"block": "b1", "old": "", "new": "x"}, "missing_argument"),
        ("replace_text", {"block": "b1", "old": "a"}, "missing_argument"),
        ("replace_text", {"block": "b1", "old": ["a"], "new": "x"}, "invalid_argument"),
        ("delete_block", {"block": True}, "missing_argument"),
        ("rewrite_document", {"text": 5}, "invalid_argument"),
    ],
)
def test_a_call_that_is_none_says_why(name: str, arguments: dict[str, Any], reason: str) -> None:
    found = operation_from_tool(name, arguments)
    assert isinstance(found, InvalidOperation)
    assert found.reason_code == reason
    assert found.op == name


def test_the_schemas_describe_what_is_understood() -> None:
    assert OPERATION_NAMES == ("replace_block", "insert_after", "delete_block", "replace_text", "rewrite_document")
    for name, description, schema in TOOL_SCHEMAS:
        assert description
        assert set(schema["required"]) == set(schema["properties"])
        arguments = dict.fromkeys(schema["required"], "b1")
        assert not isinstance(operation_from_tool(name, arguments), InvalidOperation)


@pytest.mark.parametrize(
    "operation, described",
    [
        (ReplaceBlock("b1", "x"), {"op": "replace_block", "block": "b1", "text": "x"}),
        (InsertAfter("start", "x"), {"op": "insert_after", "block": "start", "text": "x"}),
        (DeleteBlock("b1"), {"op": "delete_block", "block": "b1", "text": None}),
        (ReplaceText("b1", "a", "b"), {"op": "replace_text", "block": "b1", "text": "b", "old": "a"}),
        (RewriteDocument("x"), {"op": "rewrite_document", "block": None, "text": "x"}),
        (InvalidOperation("paint", "unknown_operation", "?"), {"op": "paint", "block": None, "text": None}),
    ],
)
def test_an_operation_describes_itself(operation: Operation | InvalidOperation, described: dict[str, Any]) -> None:
    assert describe_operation(operation) == described
