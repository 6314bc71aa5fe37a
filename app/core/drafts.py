"""The draft core: commands become events (`decide`), events become state (`evolve`).

A draft is a set of named fields and a position in its own log. Nothing here waits, reads a clock or stores; the caller
gives the past, takes the events and commits them together, in order, before it acknowledges anything.

The rule above all: a command that is accepted keeps everything it says. What cannot be merged without a person's
judgement is merged *and* opens a conflict that holds both versions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.commands import Command, Op, ReplaceOp, SetOp, TextOp, digest, parse_command
from app.core.conflicts import Conflict
from app.core.errors import ConflictNotFound, DraftClosed, InvalidValue, UnknownSeq
from app.core.events import (
    CONFLICT_OPENED,
    CONFLICT_RESOLVED,
    DRAFT_CREATED,
    DRAFT_DISCARDED,
    DRAFT_ERASED,
    DRAFT_EXPIRED,
    DRAFT_KEPT,
    DRAFT_RECOVERED,
    DRAFT_SUBMITTED,
    FIELDS_EDITED,
    Actor,
    ActorKind,
    EventBody,
    PastEvent,
)
from app.core.kinds import FieldType, OnSubmit, kind_named
from app.core.merging import BaseFields, Merge, op_at_head
from app.core.state import DraftState, Status, create, evolve, initial
from app.core.text.changes import ChangeSet
from app.core.text.utf16 import utf16_length

__all__ = [
    "CONFLICT_OPENED",
    "CONFLICT_RESOLVED",
    "DRAFT_CREATED",
    "DRAFT_DISCARDED",
    "DRAFT_ERASED",
    "DRAFT_EXPIRED",
    "DRAFT_KEPT",
    "DRAFT_RECOVERED",
    "DRAFT_SUBMITTED",
    "FIELDS_EDITED",
    "Actor",
    "ActorKind",
    "Command",
    "Conflict",
    "DraftState",
    "EventBody",
    "Op",
    "PastEvent",
    "ReplaceOp",
    "SetOp",
    "Status",
    "TextOp",
    "create",
    "decide",
    "digest",
    "edit",
    "evolve",
    "fill",
    "initial",
    "parse_command",
    "resolve",
]


def decide(
    state: DraftState,
    command: Command,
    *,
    actor: Actor,
    since: Sequence[PastEvent],
    new_id: Callable[[], UUID],
    base_fields: BaseFields,
) -> list[EventBody]:
    """The events that a command makes: one `fields.edited`, and one `conflict.opened` for each conflict.

    `state` is the head; `since` are all events after the command's base up to the head, in order. `base_fields` gives
    the fields at the base and is called only if a conflict is likely or a whole text came on an old base. The first
    event's changes count in the head's text, whatever the base was.

    Raises DraftClosed, UnknownSeq, UnknownField, InvalidChange or TooLarge; then nothing of the command is kept.
    """
    if state.status != "open":
        _require_changeable(state, command.ops)
    if command.base_seq == state.seq:
        ops = [op_at_head(state, op) for op in command.ops]
        parsed = {op.field: op.changes for op in command.ops if isinstance(op, TextOp)}
        return [EventBody(FIELDS_EDITED, {"ops": ops}, parsed)]
    _require_history(state, command, since)
    merge = Merge(state, command, actor, since, new_id, base_fields)
    ops = [merge.op(op) for op in command.ops]
    conflicts = [EventBody(CONFLICT_OPENED, conflict.to_payload()) for conflict in merge.conflicts]
    return [EventBody(FIELDS_EDITED, {"ops": ops}), *conflicts]


def edit(state: DraftState, ops: Sequence[Op]) -> EventBody:
    """The `fields.edited` event for operations made at the head, by the server itself (restore, apply).

    Raises DraftClosed, UnknownField, InvalidChange or TooLarge.
    """
    if state.status != "open":
        _require_published(state)
    return EventBody(FIELDS_EDITED, {"ops": [op_at_head(state, op) for op in ops]})


def fill(state: DraftState, values: Mapping[str, Any]) -> EventBody:
    """The `fields.edited` event that gives a new draft what it begins with beyond its first event.

    Raises UnknownField, InvalidValue or TooLarge.
    """
    kind = kind_named(state.kind)
    ops: list[Op] = []
    for name, value in values.items():
        rule = kind.field(name)
        if rule.fixed or rule.by_server:
            raise InvalidValue(name, "This is not changed after a draft was begun.")
        valid = rule.validated(name, value)
        ops.append(ReplaceOp(name, valid) if rule.type is FieldType.TEXT else SetOp(name, valid))
    return edit(state, ops)


def resolve(state: DraftState, conflict_id: UUID, value: Any) -> EventBody:
    """A person's answer to a conflict: `value` takes the place of the passage, or becomes the field's value.

    Raises ConflictNotFound, DraftClosed, InvalidValue or TooLarge.
    """
    if state.status != "open":
        _require_published(state)
    conflict = next((found for found in state.conflicts if found.id == conflict_id), None)
    if conflict is None:
        raise ConflictNotFound(conflict_id)
    rule = kind_named(state.kind).field(conflict.field)
    value = rule.validated(conflict.field, value)
    op: Op = SetOp(conflict.field, value)
    if conflict.from_ is not None and conflict.to is not None:
        length = utf16_length(state.fields[conflict.field])
        op = TextOp(conflict.field, ChangeSet.replace(length, conflict.from_, conflict.to, value))
    payload = {"id": str(conflict_id), "value": value, "ops": [op_at_head(state, op)]}
    return EventBody(CONFLICT_RESOLVED, payload)


def _require_published(state: DraftState) -> None:
    """What is submitted is closed, unless its kind is published and goes on being its author's."""
    if state.status != "submitted" or kind_named(state.kind).on_submit is not OnSubmit.PUBLISH:
        raise DraftClosed(state.status)


def _require_changeable(state: DraftState, ops: Sequence[Op]) -> None:
    _require_published(state)
    for op in ops:
        if kind_named(state.kind).field(op.field).until_submitted:
            raise InvalidValue(op.field, "This cannot be changed any more.")


def _require_history(state: DraftState, command: Command, since: Sequence[PastEvent]) -> None:
    if command.base_seq > state.seq:
        raise UnknownSeq(command.base_seq, state.seq)
    if [event.seq for event in since] != list(range(command.base_seq + 1, state.seq + 1)):
        raise ValueError("`since` must hold every event after the command's base, in order")
    if any(event.payload is None for event in since):
        raise UnknownSeq(command.base_seq, state.seq, why="the words written since were erased")
