"""What happened to a draft, told in sittings: runs of events by one author on one device without a long break."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from app.core.events import (
    CONFLICT_OPENED,
    CONFLICT_RESOLVED,
    DRAFT_CREATED,
    FIELDS_EDITED,
)
from app.core.text.utf16 import utf16_length

IDLE: Final = timedelta(minutes=5)
"""A longer pause between two saves is not time spent on the draft."""
BREAK: Final = timedelta(minutes=30)
"""A longer pause ends a sitting."""

What = Literal["edits", "conflicts", "status"]


@dataclass(frozen=True, slots=True)
class Act:
    """One event of the log. `payload` is None once it was erased."""

    seq: int
    type: str
    payload: Mapping[str, Any] | None
    actor_kind: str
    actor_id: UUID | None
    device: str
    at: datetime


@dataclass(slots=True)
class Sitting:
    """Events `from_seq` to `to_seq`, not all of which need be its own when only some were asked for.

    `inserted` and `removed` count UTF-16 units of texts; `seconds` adds the time between saves, long pauses left out.
    `status` lists what happened to the draft as a whole, oldest first.
    """

    actor_kind: str
    actor_id: UUID | None
    device: str
    from_seq: int
    to_seq: int
    started_at: datetime
    ended_at: datetime
    saves: int = 0
    inserted: int = 0
    removed: int = 0
    seconds: int = 0
    fields: list[str] = field(default_factory=list)
    conflicts_opened: int = 0
    conflicts_resolved: int = 0
    status: list[str] = field(default_factory=list)

    def earlier(self, act: Act) -> None:
        """Take in the event before those it has."""
        pause = self.started_at - act.at
        if timedelta() < pause <= IDLE:
            self.seconds += round(pause.total_seconds())
        self.from_seq, self.started_at = act.seq, min(act.at, self.started_at)
        self.count(act)

    def count(self, act: Act) -> None:
        """Add what one event did."""
        payload = act.payload or {}
        if act.type == CONFLICT_OPENED:
            self.conflicts_opened += 1
        elif act.type in (FIELDS_EDITED, CONFLICT_RESOLVED):
            self.saves += act.type == FIELDS_EDITED
            self.conflicts_resolved += act.type == CONFLICT_RESOLVED
            self._count_ops(payload)
        else:
            self.status.insert(0, act.type)
        if act.type == DRAFT_CREATED:
            self.inserted += utf16_length(str(payload.get("fields", {}).get("text") or ""))

    def _count_ops(self, payload: Mapping[str, Any]) -> None:
        for op in payload.get("ops", ()):
            if op["field"] not in self.fields:
                self.fields.append(op["field"])
            if "changes" in op:
                inserted, removed = sizes(op["changes"])
                self.inserted += inserted
                self.removed += removed

    def takes(self, act: Act) -> bool:
        """Whether the event before belongs to this sitting."""
        same = (act.actor_kind, act.actor_id, act.device) == (self.actor_kind, self.actor_id, self.device)
        return same and self.started_at - act.at <= BREAK


def sizes(changes: Iterable[Any]) -> tuple[int, int]:
    """What a change set in its JSON form inserts and removes, in UTF-16 units (line breaks as one)."""
    inserted = removed = 0
    for part in changes:
        if isinstance(part, list):
            removed += part[0]
            lines = part[1:]
            inserted += sum(utf16_length(line) for line in lines) + max(0, len(lines) - 1)
    return inserted, removed


def is_about(act: Act, what: What | None) -> bool:
    """Whether an event is of the asked sort; all are when nothing is asked."""
    if what is None:
        return True
    sort: What = "status"
    if act.type in (CONFLICT_OPENED, CONFLICT_RESOLVED):
        sort = "conflicts"
    elif act.type == FIELDS_EDITED:
        sort = "edits"
    return sort == what


def sitting_of(act: Act) -> Sitting:
    """A sitting of one event."""
    begun = Sitting(act.actor_kind, act.actor_id, act.device, act.seq, act.seq, act.at, act.at)
    begun.count(act)
    return begun
