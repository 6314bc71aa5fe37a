"""A command is read strictly, and a repeated one is recognised."""

from typing import Any

import pytest

from app.core.commands import Command, ReplaceOp, SetOp, TextOp, digest, parse_command
from app.core.errors import CoreError, InvalidChange, InvalidCommand, InvalidValue, TooLarge, UnknownField, UnknownKind
from app.core.kinds import TEXT_LIMIT
from app.core.text.changes import ChangeSet


def command(**changed: Any) -> dict[str, Any]:
    return {"replica": "r1", "n": 1, "base_seq": 0, "ops": [{"field": "title", "set": "T"}]} | changed


def test_all_forms_of_operations_are_read() -> None:
    ops = [
        {"field": "text", "changes": [2, [0, "x"]]},
        {"field": "title", "set": "T"},
    ]
    assert parse_command("document", command(n=7, base_seq=3, ops=ops), device="phone") == Command(
        "r1", 7, 3, (TextOp("text", ChangeSet.replace(2, 2, 2, "x")), SetOp("title", "T")), "phone"
    )
    whole = parse_command("document", command(ops=[{"field": "text", "replace": "a\r\nb"}]))
    assert whole.ops == (ReplaceOp("text", "a\nb"),)
    assert parse_command("document", command(ops=[{"field": "text", "set": "a"}])).ops == (ReplaceOp("text", "a"),)


@pytest.mark.parametrize(
    "changed",
    [
        {"replica": ""},
        {"replica": "r" * 65},
        {"replica": "a\n"},
        {"replica": 5},
        {"replica": None},
        {"n": 0},
        {"n": "1"},
        {"n": True},
        {"n": 1.0},
        {"n": 2**53},
        {"base_seq": -1},
        {"base_seq": None},
        {"ops": []},
        {"ops": {}},
        {"ops": ["x"]},
        {"ops": [{"field": "title"}]},
        {"ops": [{"set": "x"}]},
        {"ops": [{"field": 1, "set": "x"}]},
        {"ops": [{"field": "title", "put": "x"}]},
        {"ops": [{"field": "text", "changes": [], "replace": ""}]},
        {"ops": [{"field": "title", "set": "a"}, {"field": "title", "set": "b"}]},
        {"ops": [{"field": "title", "set": "a"}] * 201},
    ],
)
def test_a_malformed_envelope_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidCommand) as refused:
        parse_command("document", command(**changed))
    assert refused.value.code == "invalid_command"


def test_a_command_must_be_an_object() -> None:
    with pytest.raises(InvalidCommand):
        parse_command("document", [command()])


@pytest.mark.parametrize(
    "op, error",
    [
        ({"field": "body", "set": "x"}, UnknownField),
        ({"field": "title", "changes": [0]}, InvalidValue),
        ({"field": "title", "replace": "x"}, InvalidValue),
        ({"field": "title", "set": "t" * 256}, InvalidValue),
        ({"field": "title", "set": None}, InvalidValue),
        ({"field": "title", "set": "a\0"}, InvalidValue),
        ({"field": "title", "set": "\ud83d"}, InvalidValue),
        ({"field": "text", "replace": None}, InvalidValue),
        ({"field": "text", "replace": "a" * (TEXT_LIMIT + 1)}, TooLarge),
        ({"field": "text", "changes": [[0, "a\nb"]]}, InvalidChange),
    ],
)
def test_what_a_field_cannot_hold_is_refused(op: dict[str, Any], error: type[CoreError]) -> None:
    with pytest.raises(error):
        parse_command("document", command(ops=[op]))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownKind):
        parse_command("poem", command())


def test_a_repeated_command_has_the_same_digest_whatever_the_order_of_its_keys() -> None:
    one = parse_command("form", command(ops=[{"field": "data.x", "set": {"a": 1, "b": [True, None]}}]))
    two = parse_command("form", command(ops=[{"set": {"b": [True, None], "a": 1}, "field": "data.x"}]))
    assert digest(one) == digest(two)
    assert len(digest(one)) == 32


@pytest.mark.parametrize(
    "changed",
    [
        {"n": 2},
        {"base_seq": 1},
        {"ops": [{"field": "title", "set": "U"}]},
        {"ops": [{"field": "description", "set": "T"}]},
        {"ops": [{"field": "text", "changes": [[0, "T"]]}]},
        {"ops": [{"field": "text", "replace": "T"}]},
    ],
)
def test_other_content_has_another_digest(changed: dict[str, Any]) -> None:
    assert digest(parse_command("document", command(**changed))) != digest(parse_command("document", command()))
