"""Drafts whose time is over: which are due, putting them into the trash, and erasing what is in it for too long.

Erasing keeps the head and the chain of hashes; every word goes: the events' payloads, snapshots, the kind's own row,
versions, chats, proposals, search entries. The ledger refers to drafts by id only and stays as it is. Each function does a
bounded piece of it, so that writers wait for milliseconds whatever the size of a draft.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, text, tuple_, update
from sqlmodel import Session, col

from app.core.drafts import DRAFT_ERASED, DRAFT_EXPIRED, Actor, EventBody
from app.core.expiry import ExpiryRules
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head, load_head
from app.store.rows import changed_rows
from app.store.tables import (
    Alternatives,
    Conversation,
    Draft,
    DraftEvent,
    DraftSnapshot,
    DraftStream,
    Turn,
    TurnAttempt,
    TurnEvent,
    Version,
    metadata,
)

_SYSTEM: Final = Actor("system")
_ROWS_AT_ONCE: Final = 100
_CONVERSATIONS_AT_ONCE: Final = 2

Append = Callable[[Session, Head, Sequence[EventBody], Origin], object]
"""How an event is written behind a locked head (the store's write path, handed in: it stands above this module)."""


def due_to_expire(session: Session, rules: ExpiryRules, at: datetime, *, limit: int) -> list[uuid.UUID]:
    """Open drafts that nobody changed for their kind's time, in no order; a limit keeps it one page of work."""
    by_kind = [
        and_(col(DraftStream.kind) == kind, col(DraftStream.saved_at) <= at - timedelta(days=days))
        for kind, days in rules.days.items()
        if days is not None
    ]
    if not by_kind:
        return []
    open_ = and_(col(DraftStream.status) == "open", col(DraftStream.deleted_at).is_(None))
    return list(session.scalars(select(col(DraftStream.id)).where(open_, or_(*by_kind)).limit(limit)))


def _due_to_erase(rules: ExpiryRules, at: datetime) -> ColumnElement[bool]:
    return and_(
        col(DraftStream.deleted_at) <= at - timedelta(days=rules.trash_days), col(DraftStream.erased_at).is_(None)
    )


def due_to_erase(session: Session, rules: ExpiryRules, at: datetime, *, limit: int) -> list[uuid.UUID]:
    """Drafts that were in the trash for too long."""
    return list(session.scalars(select(col(DraftStream.id)).where(_due_to_erase(rules, at)).limit(limit)))


def count_due(session: Session, rules: ExpiryRules, at: datetime) -> tuple[int, int]:
    """How many drafts would go into the trash now, and how many would be erased."""
    expiring = len(due_to_expire(session, rules, at, limit=10_000_000))
    erasing = session.scalar(select(func.count()).select_from(DraftStream).where(_due_to_erase(rules, at))) or 0
    return expiring, erasing


def half_erased(session: Session, *, limit: int) -> list[uuid.UUID]:
    """Drafts of which words are left to erase, perhaps because the service was stopped meanwhile."""
    return list(session.scalars(select(col(DraftStream.id)).where(col(DraftStream.erasing)).limit(limit)))


def expire_some(
    session: Session, ids: Sequence[uuid.UUID], rules: ExpiryRules, at: datetime, *, seconds: float, append: Append
) -> tuple[int, list[tuple[uuid.UUID, int]]]:
    """Puts drafts into the trash until `seconds` have passed. Returns how many of `ids` were looked at, and those that
    moved with their new seq: one that was changed, kept or deleted meanwhile is left alone."""

    def still_due(head: Head) -> bool:
        due = rules.expires_at(head.kind, status=head.state.status, saved_at=head.saved_at, deleted_at=head.deleted_at)
        return head.deleted_at is None and due is not None and due <= at

    return _append_to_some(session, ids, DRAFT_EXPIRED, still_due, at, seconds=seconds, append=append)


def begin_erasing_some(
    session: Session, ids: Sequence[uuid.UUID], rules: ExpiryRules, at: datetime, *, seconds: float, append: Append
) -> tuple[int, list[tuple[uuid.UUID, int]]]:
    """Ends drafts that were in the trash for too long; from here on nobody can load them. Else as `expire_some`."""
    oldest = at - timedelta(days=rules.trash_days)

    def still_due(head: Head) -> bool:
        return head.deleted_at is not None and head.deleted_at <= oldest

    looked, ended = _append_to_some(session, ids, DRAFT_ERASED, still_due, at, seconds=seconds, append=append)
    for draft_id, _seq in ended:
        gone: dict[str, Any] = {"title": "", "excerpt": "", "conflicts": None, "erased_at": at, "erasing": True}
        changed_rows(session, update(DraftStream).where(col(DraftStream.id) == draft_id).values(gone))
    return looked, ended


def _append_to_some(
    session: Session,
    ids: Sequence[uuid.UUID],
    event: str,
    still_due: Callable[[Head], bool],
    at: datetime,
    *,
    seconds: float,
    append: Append,
) -> tuple[int, list[tuple[uuid.UUID, int]]]:
    deadline = time.perf_counter() + seconds
    moved: list[tuple[uuid.UUID, int]] = []
    looked = 0
    for draft_id in ids:
        looked += 1
        head = load_head(session, draft_id, lock=True)
        if head is not None and still_due(head):
            append(session, head, [EventBody(event, {})], Origin(_SYSTEM, at))
            moved.append((draft_id, head.seq + 1))
        if time.perf_counter() > deadline:
            break
    return looked, moved


# Erasing, piece by piece

Step = Literal["payloads", "snapshots", "index", "links", "details", "versions", "chats", "row", "done"]
_NEXT: Final[Mapping[Step, Step]] = {
    "payloads": "snapshots",
    "snapshots": "index",
    "index": "links",
    "links": "details",
    "details": "versions",
    "versions": "chats",
    "chats": "row",
    "row": "done",
}


class Place(NamedTuple):
    """How far the erasing of one draft has come; `after` is the last event whose payload is known to be gone."""

    step: Step = "payloads"
    after: int = 0


def erase_some(session: Session, ids: Sequence[uuid.UUID], place: Place, *, seconds: float) -> tuple[int, Place]:
    """Erases drafts one after the other until `seconds` have passed, the first from `place` on. Returns how many are
    done, and how far the next one came."""
    deadline = time.perf_counter() + seconds
    for done, draft_id in enumerate(ids):
        while place.step != "done":
            place = _erase_piece(session, draft_id, place)
            if place.step != "done" and time.perf_counter() > deadline:
                return done, place
        changed_rows(session, update(DraftStream).where(col(DraftStream.id) == draft_id).values(erasing=False))
        place = Place()
        if time.perf_counter() > deadline:
            return done + 1, place
    return len(ids), place


def _erase_piece(session: Session, draft_id: uuid.UUID, place: Place) -> Place:
    if place.step == "payloads":
        last = _erase_payloads(session, draft_id, place.after)
        return Place(_NEXT[place.step]) if last is None else Place(place.step, last)
    return place if _STEPS[place.step](session, draft_id) else Place(_NEXT[place.step])


def _erase_payloads(session: Session, draft_id: uuid.UUID, after: int) -> int | None:
    """The last event of this piece, None when there was nothing to erase behind `after`. The draft's last event says that
    it was erased; like every event it loses its (empty) payload too."""
    seqs = (
        select(col(DraftEvent.seq))
        .where(col(DraftEvent.draft_id) == draft_id, col(DraftEvent.seq) > after, col(DraftEvent.payload).is_not(None))
        .order_by(col(DraftEvent.seq))
        .limit(_ROWS_AT_ONCE)
    )
    found = list(session.scalars(seqs))
    if not found:
        return None
    piece = update(DraftEvent).where(
        col(DraftEvent.draft_id) == draft_id, col(DraftEvent.seq) >= found[0], col(DraftEvent.seq) <= found[-1]
    )
    changed_rows(session, piece.values(payload=None))
    return found[-1]


def _delete_piece(session: Session, table: Table, condition: ColumnElement[bool], *, newest_first: Any = None) -> int:
    """Deletes some rows of a table; whichever, or the newest first where later rows refer to earlier ones."""
    key = tuple_(*table.primary_key.columns)
    rows = select(*table.primary_key.columns).where(condition).limit(_ROWS_AT_ONCE)
    if newest_first is not None:
        rows = rows.order_by(newest_first.desc())
    return changed_rows(session, delete(table).where(key.in_(rows)))


def _snapshots(session: Session, draft_id: uuid.UUID) -> int:
    return _delete_piece(session, _table(DraftSnapshot), col(DraftSnapshot.draft_id) == draft_id)


def _index(session: Session, draft_id: uuid.UUID) -> int:
    values = {"draft_id": draft_id.bytes if session.get_bind().dialect.name == "sqlite" else draft_id}
    for table, key in (("search_entries", "place"), ("search_queue", "source_id")):
        some = f"SELECT {key} FROM {table} WHERE draft_id = :draft_id LIMIT {_ROWS_AT_ONCE}"  # noqa: S608
        piece = text(f"DELETE FROM {table} WHERE {key} IN ({some})")  # noqa: S608
        result: Any = session.execute(piece, values)
        if result.rowcount:
            return int(result.rowcount)
    return 0


def _links(session: Session, draft_id: uuid.UUID) -> int:
    """What refers to versions, so that those can go; and what belongs to the draft directly and is small."""
    changed_rows(session, update(Draft).where(col(Draft.id) == draft_id).values(current_version_id=None))
    free = {"base_version_id": None, "version_id": None}
    changed_rows(session, update(Turn).where(col(Turn.draft_id) == draft_id).values(free))
    untaken = {"base_version_id": None, "taken_version_id": None}
    changed_rows(session, update(Alternatives).where(col(Alternatives.draft_id) == draft_id).values(untaken))
    return 0


def _details(session: Session, draft_id: uuid.UUID) -> int:
    """Run logs, and every table that goes with its document and that versions or chats do not need to go first."""
    turns = select(col(Turn.id)).where(col(Turn.draft_id) == draft_id)
    for table, of in ((TurnEvent, col(TurnEvent.turn_id)), (TurnAttempt, col(TurnAttempt.turn_id))):
        if gone := _delete_piece(session, _table(table), of.in_(turns)):
            return gone
    for small in _going_with("drafts"):
        if small.name not in _IN_ORDER and (gone := _delete_piece(session, small, _belongs(small, "drafts", draft_id))):
            return gone
    return 0


def _versions(session: Session, draft_id: uuid.UUID) -> int:
    return _delete_piece(session, _table(Version), col(Version.draft_id) == draft_id, newest_first=col(Version.number))


def _chats(session: Session, draft_id: uuid.UUID) -> int:
    some = select(col(Conversation.id)).where(col(Conversation.draft_id) == draft_id).limit(_CONVERSATIONS_AT_ONCE)
    return changed_rows(session, delete(Conversation).where(col(Conversation.id).in_(some)))


def _row(session: Session, draft_id: uuid.UUID) -> int:
    """The kind's own row, and what else belongs to a draft of any kind."""
    for table in _going_with("draft_streams"):
        if table.name not in _KEPT:
            session.execute(delete(table).where(_belongs(table, "draft_streams", draft_id)))
    return 0


_IN_ORDER: Final = {"versions", "ai_conversations", "chat_messages", "turns", "alternatives"}
"""Tables of a document that refer to each other: they have steps of their own, or go with their conversation."""
_KEPT: Final = {"draft_events", "draft_snapshots"}
_STEPS: Final[Mapping[Step, Callable[[Session, uuid.UUID], int]]] = {
    "snapshots": _snapshots,
    "index": _index,
    "links": _links,
    "details": _details,
    "versions": _versions,
    "chats": _chats,
    "row": _row,
}


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _going_with(parent: str) -> list[Table]:
    """The tables whose rows go when a row of `parent` is deleted; a table of tomorrow is among them by its foreign key."""
    return [
        table
        for table in reversed(metadata.sorted_tables)
        if any(key.referred_table.name == parent and key.ondelete == "CASCADE" for key in table.foreign_key_constraints)
    ]


def _belongs(table: Table, parent: str, draft_id: uuid.UUID) -> ColumnElement[bool]:
    for constraint in table.foreign_key_constraints:
        if constraint.referred_table.name == parent and constraint.ondelete == "CASCADE":
            for element in constraint.elements:
                if element.column.name == "id":
                    own: ColumnElement[bool] = element.parent == draft_id
                    return own
    raise ValueError(f"{table.name} does not belong to {parent}")
