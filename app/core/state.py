"""The state of a draft, and what each event does to it.

Replaying a log through `evolve` gives the state at any event; the same log gives the same state, for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from app.core.conflicts import Conflict
from app.core.errors import UnknownEvent
from app.core.events import (
    CONFLICT_OPENED,
    CONFLICT_RESOLVED,
    DRAFT_CREATED,
    DRAFT_DISCARDED,
    DRAFT_RECOVERED,
    DRAFT_SUBMITTED,
    FIELDS_EDITED,
    EventBody,
)
from app.core.kinds import kind_named
from app.core.text.changes import ChangeSet

Status = Literal["open", "submitted", "discarded"]


@dataclass(frozen=True, slots=True)
class DraftState:
    """A draft after event `seq`; 0 is before its first event. `fields` must not be changed in place."""

    kind: str
    seq: int
    fields: Mapping[str, Any]
    conflicts: tuple[Conflict, ...] = ()
    status: Status = "open"


def initial(kind: str) -> DraftState:
    """A draft of this kind before its first event. Raises UnknownKind."""
    return DraftState(kind, 0, kind_named(kind).first_fields())


def create(kind: str, fields: Mapping[str, Any] | None = None) -> EventBody:
    """The first event of a draft. Raises UnknownKind, UnknownField, InvalidValue or TooLarge."""
    return EventBody(DRAFT_CREATED, {"kind": kind, "fields": kind_named(kind).first_fields(fields)})


_NOTHING: Final[Mapping[str, ChangeSet]] = {}


def evolve(
    state: DraftState, event_type: str, payload: Mapping[str, Any], *, parsed: Mapping[str, ChangeSet] = _NOTHING
) -> DraftState:
    """The draft after one more event. `parsed` are change sets of the payload by field that need not be read again.

    Raises UnknownEvent for a type it does not know, and InvalidChange if the event does not fit the state.
    """
    seq = state.seq + 1
    if event_type == FIELDS_EDITED:
        fields, conflicts = _with_ops(state, payload["ops"], parsed)
        return DraftState(state.kind, seq, fields, conflicts, state.status)
    if event_type == CONFLICT_OPENED:
        return replace(state, seq=seq, conflicts=(*state.conflicts, Conflict.from_payload(dict(payload))))
    if event_type == CONFLICT_RESOLVED:
        fields, conflicts = _with_ops(state, payload["ops"])
        left = tuple(conflict for conflict in conflicts if str(conflict.id) != payload["id"])
        return replace(state, seq=seq, fields=fields, conflicts=left)
    if event_type == DRAFT_CREATED:
        return DraftState(payload["kind"], seq, dict(payload["fields"]))
    status = _STATUS_AFTER.get(event_type)
    if status is None:
        raise UnknownEvent(event_type)
    return replace(state, seq=seq, status=status)


_STATUS_AFTER: Final[dict[str, Status]] = {
    DRAFT_SUBMITTED: "submitted",
    DRAFT_DISCARDED: "discarded",
    DRAFT_RECOVERED: "open",
}


def _with_ops(
    state: DraftState, ops: Sequence[Mapping[str, Any]], parsed: Mapping[str, ChangeSet] = _NOTHING
) -> tuple[dict[str, Any], tuple[Conflict, ...]]:
    fields = dict(state.fields)
    conflicts = state.conflicts
    for op in ops:
        name = op["field"]
        if "changes" in op:
            changes = parsed.get(name) or ChangeSet.from_json(op["changes"])
            # A form's own texts come into being when they are first written in.
            fields[name] = changes.apply(fields.get(name, ""))
            if conflicts:
                conflicts = tuple(c.moved(changes) if c.field == name else c for c in conflicts)
        else:
            fields[name] = op["set"]
    return fields, conflicts
