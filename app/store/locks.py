"""Passages a writer has locked: stored where they stood, moved along when the log has grown."""

import uuid
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.ids import new_id
from app.store.rows import changed_rows
from app.store.tables import Lock

_ANY = Prepared(select(col(Lock.id)).where(col(Lock.draft_id) == bindparam("draft_id")).limit(1))


def has_locks(session: Session, draft_id: uuid.UUID) -> bool:
    """Whether anything is locked, asked before every turn: cheap."""
    return _ANY.one(session, draft_id=draft_id) is not None


def locks_of(session: Session, draft_id: uuid.UUID) -> list[Lock]:
    """The locks of a draft as they are stored, oldest first."""
    found = select(Lock).where(col(Lock.draft_id) == draft_id).order_by(col(Lock.created_at), col(Lock.id))
    return list(session.scalars(found))


def add_lock(
    session: Session, *, draft_id: uuid.UUID, seq: int, place: tuple[int, int], by: uuid.UUID, at: datetime
) -> uuid.UUID:
    """Locks a passage of the text after event `seq`."""
    lock_id = new_id()
    row = {"id": lock_id, "draft_id": draft_id, "placed_seq": seq, "range_from": place[0], "range_to": place[1]}
    session.execute(insert(Lock), row | {"created_by": by, "created_at": at})
    return lock_id


def place_again(session: Session, lock_id: uuid.UUID, *, seq: int, place: tuple[int, int]) -> None:
    """Stores where a lock is after event `seq`, so that later readers have fewer events to follow."""
    moved = update(Lock).where(col(Lock.id) == lock_id)
    changed_rows(session, moved.values(placed_seq=seq, range_from=place[0], range_to=place[1]))


def remove_lock(session: Session, draft_id: uuid.UUID, lock_id: uuid.UUID) -> bool:
    """Unlocks; False when the draft has no such lock."""
    return changed_rows(session, delete(Lock).where(col(Lock.id) == lock_id, col(Lock.draft_id) == draft_id)) == 1
