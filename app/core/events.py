"""The facts of a draft's log: who acted, and what an event says.

Times, hashes and storage are the store's; what an event does to a draft is in `drafts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from app.core.text.changes import ChangeSet

ActorKind = Literal["user", "model", "system"]

DRAFT_CREATED: Final = "draft.created"
"""{"kind", "fields"}: all fields with their first values."""
FIELDS_EDITED: Final = "fields.edited"
"""{"ops": [{"field", "changes"} | {"field", "set"}]}"""
CONFLICT_OPENED: Final = "conflict.opened"
"""{"id", "field", "base", "theirs", "mine", "from"?, "to"?}; the range is in the text as it is at this event."""
CONFLICT_RESOLVED: Final = "conflict.resolved"
"""{"id", "value", "ops"}"""
DRAFT_SUBMITTED: Final = "draft.submitted"
DRAFT_DISCARDED: Final = "draft.discarded"
DRAFT_RECOVERED: Final = "draft.recovered"
DRAFT_KEPT: Final = "draft.kept"
"""Somebody wants it to stay: it counts as a change, so the time until it expires begins anew."""
DRAFT_EXPIRED: Final = "draft.expired"
"""Nobody changed it for its kind's time: it is in the trash, and can be recovered from there."""
DRAFT_ERASED: Final = "draft.erased"
"""The last event: its words go for good, the chain stays."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is the person's, or None for a model or the system acting for nobody."""

    kind: ActorKind
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class EventBody:
    """An event that is decided but not yet written. `payload` is a JSON object.

    `parsed` holds change sets of the payload by field, where they were at hand: they say the same and spare reading them
    again (a tenth of an autosave's time).
    """

    type: str
    payload: dict[str, Any]
    parsed: Mapping[str, ChangeSet] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PastEvent:
    """A written event, as far as later decisions need it. `payload` is None once it was erased."""

    seq: int
    type: str
    payload: dict[str, Any] | None
    actor: Actor
    replica: str | None = None
