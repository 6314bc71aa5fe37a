"""The head of a draft: its row in `draft_streams` together with its fields. Reading and updating, no rules."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session, col

from app.core.drafts import Conflict, DraftState
from app.store.drafting import event_log
from app.store.drafting.projections import has_row, projection_of
from app.store.engine.prepared import Prepared
from app.store.errors import Corrupt, NotFound
from app.store.tables import DraftStream


class Head(msgspec.Struct, frozen=True):
    """A draft after its last event. `state` holds kind, seq, fields, open conflicts and status.

    `hash` ends its chain; `words` counts its texts; `completion` is 0 to 100 %. `saved_at` is the last event's time,
    `deleted_at` since when it is in the trash, `expires_at` when it goes by its kind's own rule if nobody changes it (what an installation says
    instead is applied where drafts are shown and where they expire).
    """

    id: uuid.UUID
    owner_id: uuid.UUID
    hash: bytes
    title: str
    excerpt: str
    words: int
    completion: int
    autosaves: int
    manual_saves: int
    saved_at: datetime
    created_at: datetime
    deleted_at: datetime | None
    expires_at: datetime | None
    state: DraftState

    @property
    def seq(self) -> int:
        return self.state.seq

    @property
    def kind(self) -> str:
        return self.state.kind


_COLUMNS: tuple[Any, ...] = (
    col(DraftStream.owner_id),
    col(DraftStream.head_hash),
    col(DraftStream.title),
    col(DraftStream.excerpt),
    col(DraftStream.words),
    col(DraftStream.completion),
    col(DraftStream.autosaves),
    col(DraftStream.manual_saves),
    col(DraftStream.saved_at),
    col(DraftStream.created_at),
    col(DraftStream.deleted_at),
    col(DraftStream.expires_at),
    col(DraftStream.kind),
    col(DraftStream.seq),
    col(DraftStream.status),
    col(DraftStream.conflicts),
)
_PLACE = Prepared(
    select(col(DraftStream.owner_id), col(DraftStream.head_hash), col(DraftStream.rebuilds))
    .where(col(DraftStream.id) == bindparam("draft_id"))
    .with_for_update()
)
_LOAD = Prepared(select(*_COLUMNS).where(col(DraftStream.id) == bindparam("draft_id")))
_LOCK = Prepared(select(*_COLUMNS).where(col(DraftStream.id) == bindparam("draft_id")).with_for_update())
_ERASED = Prepared(
    select(col(DraftStream.id)).where(
        col(DraftStream.id) == bindparam("draft_id"), col(DraftStream.erased_at).is_not(None)
    )
)
_INSERT = Prepared(insert(DraftStream))
_MOVING = ("seq", "head_hash", "words", "autosaves", "saved_at")
"""What nearly every autosave changes, and most change nothing else."""
_RESTING = ("title", "excerpt", "completion", "manual_saves", "deleted_at", "expires_at", "status", "conflicts")


def _updating(names: Iterable[str]) -> Prepared:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return Prepared(update(DraftStream).where(col(DraftStream.id) == bindparam("draft_id")).values(values))


_UPDATE = _updating([*_MOVING, *_RESTING])
_MOVE = _updating(_MOVING)


def load_head(session: Session, draft_id: uuid.UUID, *, lock: bool = False) -> Head | None:
    """The head of any draft that was not erased, without asking whose it is. `lock` keeps others from appending until the unit ends."""
    row = (_LOCK if lock else _LOAD).one(session, draft_id=draft_id)
    if row is None:
        return None
    kind, seq, status, conflicts = row[-4:]
    if status == "discarded" and _ERASED.one(session, draft_id=draft_id) is not None:
        return None
    fields = projection_of(kind).load(session, draft_id)
    if fields is None and not has_row(kind, status):
        # Its row went when it ended; the log still tells all.
        fields = dict(event_log.state_at(session, draft_id, seq, kind=kind).fields)
    if fields is None:
        raise Corrupt("A draft has a head but no row of its kind; `draftloom rebuild` restores it.", id=str(draft_id))
    opened = tuple(Conflict.from_payload(conflict) for conflict in conflicts) if conflicts else ()
    values: list[Any] = [draft_id, *row[:-4], DraftState(kind, seq, fields, opened, status)]
    return Head(*values)


class Place(msgspec.Struct, frozen=True):
    """What tells whether a remembered head is still the head."""

    owner_id: uuid.UUID
    hash: bytes
    rebuilds: int


def lock_place(session: Session, draft_id: uuid.UUID) -> Place | None:
    """Keeps others from appending until the unit ends, and says where the draft is."""
    row = _PLACE.one(session, draft_id=draft_id)
    return None if row is None else Place(*row)


def owned_head(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID, *, lock: bool = False) -> Head:
    """The head of a draft this person may work on. Raises NotFound, also for a stranger."""
    head = load_head(session, draft_id, lock=lock)
    if head is None or head.owner_id != user_id:
        raise NotFound("draft")
    return head


def insert_head(session: Session, head: Head) -> None:
    _INSERT.run(
        session,
        id=head.id,
        kind=head.kind,
        owner_id=head.owner_id,
        created_at=head.created_at,
        rebuilds=0,
        erased_at=None,
        erasing=False,
        **_values(head),
    )


def update_head(session: Session, head: Head, *, before: Head | None = None) -> None:
    """Saves a head; `before` is the one that is saved, where the caller knows it."""
    if before is not None and _rests(before, head):
        _MOVE.run(session, draft_id=head.id, **_moving(head))
    else:
        _UPDATE.run(session, draft_id=head.id, **_values(head))


def _rests(before: Head, head: Head) -> bool:
    return (
        before.title == head.title
        and before.excerpt == head.excerpt
        and before.completion == head.completion
        and before.manual_saves == head.manual_saves
        and before.deleted_at == head.deleted_at
        and before.expires_at == head.expires_at
        and before.state.status == head.state.status
        and before.state.conflicts == head.state.conflicts
    )


def _moving(head: Head) -> dict[str, Any]:
    return {
        "seq": head.state.seq,
        "head_hash": head.hash,
        "words": head.words,
        "autosaves": head.autosaves,
        "saved_at": head.saved_at,
    }


def _values(head: Head) -> dict[str, Any]:
    return _moving(head) | {
        "title": head.title,
        "excerpt": head.excerpt,
        "completion": head.completion,
        "manual_saves": head.manual_saves,
        "deleted_at": head.deleted_at,
        "expires_at": head.expires_at,
        "status": head.state.status,
        "conflicts": [conflict.to_payload() for conflict in head.state.conflicts] or None,
    }
