"""Commands: what a page, a device or a program asks of a draft.

Parsing checks everything that can be known without the draft's state: shape, fields, values. Whether the changes fit the
text is decided in `drafts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, assert_never

from app.core.canonical import canonical_digest
from app.core.errors import InvalidCommand, InvalidValue
from app.core.kinds import Field, FieldType, Kind, kind_named
from app.core.text.changes import ChangeSet

REPLICA_LIMIT: Final = 64
DEVICE_LIMIT: Final = 100
_LARGEST = 2**53 - 1
_MOST_OPS = 200


@dataclass(frozen=True, slots=True)
class TextOp:
    """Change a text field. `changes` count in the text as it was at the command's base."""

    field: str
    changes: ChangeSet


@dataclass(frozen=True, slots=True)
class SetOp:
    """Set a value field as a whole. `value` is a validated JSON value."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class ReplaceOp:
    """Give a text field a whole new text, made from the text at the command's base."""

    field: str
    text: str


Op = TextOp | SetOp | ReplaceOp


@dataclass(frozen=True, slots=True)
class Command:
    """A request to edit. `replica` names one open page or device and is never reused; `n` counts its commands from 1;
    `base_seq` is the event after which the sender's changes apply. `device` describes the sender to people."""

    replica: str
    n: int
    base_seq: int
    ops: tuple[Op, ...]
    device: str = ""


def parse_command(kind: str, json: object, *, device: str = "") -> Command:
    """Read `{replica, n, base_seq, ops}` for a draft of this kind.

    Raises InvalidCommand, InvalidChange, InvalidValue, UnknownField, UnknownKind or TooLarge.
    """
    rules = kind_named(kind)
    if not isinstance(json, dict):
        raise InvalidCommand("A command must be an object.")
    replica = json.get("replica")
    if not isinstance(replica, str) or not 1 <= len(replica) <= REPLICA_LIMIT or not replica.isprintable():
        raise InvalidCommand(f"`replica` must be a name of 1 to {REPLICA_LIMIT} printable characters.")
    n = _whole_number(json, "n", least=1)
    base_seq = _whole_number(json, "base_seq", least=0)
    ops = json.get("ops")
    if not isinstance(ops, list) or not 1 <= len(ops) <= _MOST_OPS:
        raise InvalidCommand(f"`ops` must be a list of 1 to {_MOST_OPS} operations.")
    parsed = tuple(_parse_op(rules, op) for op in ops)
    if len(parsed) > 1 and len({op.field for op in parsed}) != len(parsed):
        raise InvalidCommand("A command may name each field once.")
    return Command(replica, n, base_seq, parsed, device[:DEVICE_LIMIT])


def digest(command: Command) -> bytes:
    """SHA-256 over what the command asks: n, base and operations. A repeated command must have the same."""
    return canonical_digest([command.n, command.base_seq, [_op_json(op) for op in command.ops]])


def _whole_number(json: dict[str, Any], name: str, *, least: int) -> int:
    value = json.get(name)
    if type(value) is not int or not least <= value <= _LARGEST:
        raise InvalidCommand(f"`{name}` must be a whole number from {least}.")
    return value


def _parse_op(kind: Kind, op: object) -> Op:
    if not isinstance(op, dict) or len(op) != 2 or not isinstance(op.get("field"), str):
        raise InvalidCommand("An operation must be {field, changes}, {field, set} or {field, replace}.")
    name = op["field"]
    rule = kind.field(name)
    if rule.fixed or rule.by_server:
        raise InvalidValue(name, "This was set when the draft was begun and stays.")
    if "changes" in op:
        _require_type(rule, name, FieldType.TEXT)
        return TextOp(name, ChangeSet.from_json(op["changes"]))
    if "replace" in op:
        _require_type(rule, name, FieldType.TEXT)
        return ReplaceOp(name, rule.validated(name, op["replace"]))
    if "set" in op:
        value = rule.validated(name, op["set"])
        # A simple client may "set" prose; as a replacement it merges with what others wrote instead of erasing it.
        return ReplaceOp(name, value) if rule.type is FieldType.TEXT else SetOp(name, value)
    raise InvalidCommand("An operation must be {field, changes}, {field, set} or {field, replace}.")


def _require_type(rule: Field, name: str, type_: FieldType) -> None:
    if rule.type is not type_:
        raise InvalidValue(name, "This field is not a text; use `set`.")


def _op_json(op: Op) -> list[Any]:
    match op:
        case TextOp(field, changes):
            return [field, "changes", changes.to_json()]
        case SetOp(field, value):
            return [field, "set", value]
        case ReplaceOp(field, text):
            return [field, "replace", text]
        case _:
            assert_never(op)
