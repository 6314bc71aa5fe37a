"""Bringing operations to the head of a draft: checking those made there, merging those made on an older state.

A merge keeps both sides' words and says which of them contest each other; it never drops an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never
from uuid import UUID

from app.core.canonical import canonical_json
from app.core.commands import Command, Op, ReplaceOp, SetOp, TextOp
from app.core.conflicts import Conflict, PastChange, contested_passages, rebase
from app.core.errors import InvalidChange, TooLarge
from app.core.events import Actor, PastEvent
from app.core.kinds import FieldType, kind_named
from app.core.state import DraftState
from app.core.text.changes import ChangeSet
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length

BaseFields = Callable[[], Mapping[str, Any]]
"""Gives the fields as they were at a command's base."""


def op_at_head(state: DraftState, op: Op) -> dict[str, Any]:
    """The event's form of an operation whose base is the head."""
    match op:
        case TextOp(field, changes):
            changes.check(_text(state, field))
            return _text_op(state, field, changes)
        case SetOp(field, value):
            return {"field": field, "set": value}
        case ReplaceOp(field, text):
            return _text_op(state, field, diff_changes(_text(state, field), text))
        case _:
            assert_never(op)


def _text(state: DraftState, field: str) -> str:
    rule = kind_named(state.kind).field(field)
    if rule.type is not FieldType.TEXT:
        raise InvalidChange(f"The field {field!r} is not a text.", field=field)
    text: str = state.fields.get(field, "")
    return text


def _text_op(state: DraftState, field: str, changes: ChangeSet) -> dict[str, Any]:
    limit = kind_named(state.kind).field(field).limit
    # A text already beyond the limit (merged from two that were not) may be shortened, or it could never be mended.
    if changes.after > limit and changes.after > changes.before:
        raise TooLarge(field, length=changes.after, limit=limit)
    return {"field": field, "changes": changes.to_json()}


class Merge:
    """One command that rests on an older state, while it is brought to the head. Lives for one `decide`."""

    def __init__(
        self,
        state: DraftState,
        command: Command,
        actor: Actor,
        since: Sequence[PastEvent],
        new_id: Callable[[], UUID],
        base_fields: BaseFields,
    ) -> None:
        self._state = state
        self._command = command
        self._actor = actor
        self._since = since
        self._new_id = new_id
        self._base_fields = base_fields
        self._base: Mapping[str, Any] | None = None
        self.conflicts: list[Conflict] = []

    def op(self, op: Op) -> dict[str, Any]:
        match op:
            case TextOp(field, changes):
                return self._merge_text(field, changes, self._past_changes(field))
            case ReplaceOp(field, text):
                past = self._past_changes(field)
                changes = diff_changes(self._base_text(field), text)
                return self._merge_text(field, _without_repeats(changes, past), past)
            case SetOp(field, value):
                self._compare_value(field, value)
                return {"field": field, "set": value}
            case _:
                assert_never(op)

    def _merge_text(self, field: str, changes: ChangeSet, past: list[PastChange]) -> dict[str, Any]:
        head = _text(self._state, field)
        base_length = past[0].changes.before if past else utf16_length(head)
        if changes.before != base_length:
            raise InvalidChange(
                "The change set was made for a text of another length.", needs=changes.before, has=base_length
            )
        rebased = rebase(changes, past)
        rebased.check(head)
        op = _text_op(self._state, field, rebased)
        passages = contested_passages(changes, past, rebased=rebased, head=head, base=lambda: self._base_text(field))
        for passage in passages:
            self.conflicts.append(
                Conflict(self._new_id(), field, passage.base, passage.theirs, passage.mine, passage.from_, passage.to)
            )
        return op

    def _compare_value(self, field: str, mine: Any) -> None:
        """Open a conflict if others set this value to something else since the base."""
        contested, theirs = False, None
        for event in self._since:
            for op in _ops(event):
                if op["field"] == field and "set" in op:
                    # Once the sender's replica has set it after them, it has answered them already.
                    contested, theirs = not self._is_own(event), op["set"]
        if contested and canonical_json(theirs) != canonical_json(mine):
            base = self._fields_at_base().get(field)
            self.conflicts.append(Conflict(self._new_id(), field, base, theirs, mine))

    def _past_changes(self, field: str) -> list[PastChange]:
        return [
            PastChange(ChangeSet.from_json(op["changes"]), self._is_own(event))
            for event in self._since
            for op in _ops(event)
            if op["field"] == field and "changes" in op
        ]

    def _is_own(self, event: PastEvent) -> bool:
        return event.replica == self._command.replica and event.actor == self._actor

    def _base_text(self, field: str) -> str:
        text = self._fields_at_base().get(field, "")
        if not isinstance(text, str):
            raise InvalidChange(f"The field {field!r} is not a text.", field=field)
        return text

    def _fields_at_base(self) -> Mapping[str, Any]:
        if self._base is None:
            self._base = self._base_fields()
        return self._base


def _ops(event: PastEvent) -> Sequence[Mapping[str, Any]]:
    ops: Sequence[Mapping[str, Any]] = (event.payload or {}).get("ops", ())
    return ops


def _without_repeats(changes: ChangeSet, past: Sequence[PastChange]) -> ChangeSet:
    """Drop edits that others made in the very same way since: a whole text sent on an old base would write them twice."""
    theirs = ChangeSet.identity(changes.before)
    for step in past:
        theirs = theirs.compose(step.changes)
    done = {(change.from_a, change.to_a, change.inserted) for change in theirs.ranges()}
    mine = [(change.from_a, change.to_a, change.inserted) for change in changes.ranges()]
    if done.isdisjoint(mine):
        return changes
    return ChangeSet.of(changes.before, [change for change in mine if change not in done])
