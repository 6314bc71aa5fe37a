"""Drafts as people browse them: lists and statistics."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, String, Text, and_, cast, func, literal, not_, null, or_, select, tuple_
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.rows import Page, decode_cursor, encode_cursor
from app.store.tables import Draft, DraftEvent, DraftShare, DraftStream, User, Version
from app.store.types import BinaryUuid

Sort = Literal["saved", "created", "title", "words", "completion"]


@dataclass(frozen=True, slots=True)
class DraftSummary:
    """A draft in a list. `versions` and `conflicts` count them; `edited_by` (user, model, system) and
    `device` are those of its last event; the other values are those of `heads.Head`."""

    id: uuid.UUID
    kind: str
    title: str
    excerpt: str
    words: int
    completion: int
    status: str
    seq: int
    saved_at: datetime
    created_at: datetime
    expires_at: datetime | None
    deleted_at: datetime | None
    versions: int
    conflicts: int
    edited_by: str
    device: str
    owner_name: str | None
    """Of somebody else's draft."""


_VERSIONS = (
    select(func.coalesce(func.max(col(Version.number)), 0))
    .where(col(Version.draft_id) == col(DraftStream.id))
    .scalar_subquery()
)


def _of_last_event(column: Any) -> Any:
    last = and_(col(DraftEvent.draft_id) == col(DraftStream.id), col(DraftEvent.seq) == col(DraftStream.seq))
    return select(column).where(last).scalar_subquery()


_OWNER_NAME = (
    select(func.coalesce(func.nullif(col(User.name), ""), col(User.email)))
    .where(col(User.id) == col(DraftStream.owner_id))
    .scalar_subquery()
)
_COLUMNS: tuple[Any, ...] = (
    col(DraftStream.id),
    col(DraftStream.kind),
    col(DraftStream.title),
    col(DraftStream.excerpt),
    col(DraftStream.words),
    col(DraftStream.completion),
    col(DraftStream.status),
    col(DraftStream.seq),
    col(DraftStream.saved_at),
    col(DraftStream.created_at),
    col(DraftStream.expires_at),
    col(DraftStream.deleted_at),
    _VERSIONS,
    col(DraftStream.conflicts),
    _of_last_event(col(DraftEvent.actor_kind)),
    _of_last_event(col(DraftEvent.device)),
)


_HANDED_IN = and_(col(DraftStream.status) == "submitted", col(DraftStream.kind) != "document")
"""Reports and forms that were submitted and messages that were sent: drafts no more."""


def list_drafts(
    session: Session,
    user_id: uuid.UUID,
    *,
    kind: str | None = None,
    status: str | None = None,
    q: str | None = None,
    sort: Sort = "saved",
    cursor: str | None = None,
    limit: int = 50,
    trash: bool = False,
    shared: bool = False,
) -> Page[DraftSummary]:
    """A person's drafts of all kinds; those in the trash instead with `trash`, or with `shared` the open ones of others.

    `status`: open, submitted or discarded; or complete (all required fields filled), or conflict (something to decide).
    `q` is looked for in titles and texts, in any case. Titles ascend, everything else descends. Raises BadCursor.
    """
    key, value_type, ascending = _sort_key(sort)
    given = select(col(DraftShare.draft_id)).where(col(DraftShare.user_id) == user_id)
    others = and_(col(DraftStream.id).in_(given), col(DraftStream.status) == "open")
    wanted: Any = select(col(DraftStream.id).label("id"), key.label("place"))
    wanted = wanted.where(others if shared else col(DraftStream.owner_id) == user_id)
    wanted = wanted.where(col(DraftStream.deleted_at).is_not(None) if trash else col(DraftStream.deleted_at).is_(None))
    if trash:
        wanted = wanted.where(col(DraftStream.erased_at).is_(None))
    if kind is not None:
        wanted = wanted.where(col(DraftStream.kind) == kind)
    # What was handed in is gone from the list, unless somebody asks for it; a finished document stays.
    wanted = wanted.where(not_(_HANDED_IN) if status is None else _in_state(status))
    if q:
        wanted = wanted.outerjoin(Draft, col(Draft.id) == col(DraftStream.id)).where(_mentions(q))
    place = tuple_(key, col(DraftStream.id))
    if cursor is not None:
        value, last_id = decode_cursor(cursor, value_type, uuid.UUID)
        last = tuple_(literal(value, _SQL_TYPES[value_type]), literal(last_id, BinaryUuid()))
        wanted = wanted.where(place > last if ascending else place < last)
    order = (key.asc(), col(DraftStream.id).asc()) if ascending else (key.desc(), col(DraftStream.id).desc())
    # The page is found first: sorted together with what is shown, all of a person's drafts would be read and counted.
    page = wanted.order_by(*order).limit(limit + 1).subquery()
    owner = _OWNER_NAME if shared else null()
    rows = session.execute(
        select(*_COLUMNS, owner, page.c.place)
        .join_from(page, DraftStream, col(DraftStream.id) == page.c.id)
        .order_by(*((page.c.place.asc(), page.c.id.asc()) if ascending else (page.c.place.desc(), page.c.id.desc())))
    ).all()
    items = [_summary(row) for row in rows[:limit]]
    return Page(items, encode_cursor(rows[limit - 1][-1], rows[limit - 1][0]) if len(rows) > limit else None)


_SQL_TYPES: dict[type, Any] = {datetime: UTCDateTime(), int: Integer(), str: String()}


def _in_state(status: str) -> ColumnElement[bool]:
    match status:
        case "conflict":
            return col(DraftStream.conflicts).is_not(None)
        case "complete":
            return or_(col(DraftStream.status) == "submitted", col(DraftStream.completion) == 100)
        case _:
            return col(DraftStream.status) == status


def _summary(row: Any) -> DraftSummary:
    values: list[Any] = [*row[:13], len(row[13] or ()), row[14] or "user", row[15] or "", row[16]]
    return DraftSummary(*values)


def _sort_key(sort: Sort) -> tuple[Any, type, bool]:
    match sort:
        case "saved":
            return col(DraftStream.saved_at), datetime, False
        case "created":
            return col(DraftStream.created_at), datetime, False
        case "title":
            return _folded(col(DraftStream.title)), str, True
        case "words":
            return col(DraftStream.words), int, False
        case "completion":
            return col(DraftStream.completion), int, False


def _folded(value: Any) -> Any:
    """Without regard to case, in any script; the function is ours on both databases."""
    return func.draftloom_casefold(value, type_=Text())


def _mentions(q: str) -> ColumnElement[bool]:
    escaped = q.replace("/", "//").replace("%", "/%").replace("_", "/_")
    pattern = _folded(literal(f"%{escaped}%", Text()))
    return or_(
        _folded(col(DraftStream.title)).like(pattern, escape="/"), _folded(col(Draft.text)).like(pattern, escape="/")
    )


@dataclass(frozen=True, slots=True)
class DraftStatistics:
    """Over a person's drafts outside the trash, without what was handed in. `completed`: all required fields filled, or
    a document that is finished. `submitted` counts everything handed in but messages. `average_completion` is a percentage. `synced` are those without an open conflict, `in_conflict` the others."""

    total: int
    completed: int
    average_completion: float
    words: int
    synced: int
    in_conflict: int
    submitted: int
    autosaves: int
    manual_saves: int
    trashed: int


def stats(session: Session, user_id: uuid.UUID) -> DraftStatistics:
    """The statistics of a person's drafts; zeros where there are none."""
    here = and_(col(DraftStream.deleted_at).is_(None), not_(_HANDED_IN))
    submitted = col(DraftStream.status) == "submitted"
    contested = col(DraftStream.conflicts).is_not(None)
    row = session.execute(
        select(
            func.count().filter(here),
            func.count().filter(here, or_(submitted, col(DraftStream.completion) == 100)),
            cast(func.coalesce(func.sum(col(DraftStream.completion)).filter(here), 0), Integer),
            cast(func.coalesce(func.sum(col(DraftStream.words)).filter(here), 0), Integer),
            func.count().filter(here, contested),
            func.count().filter(col(DraftStream.deleted_at).is_(None), submitted, col(DraftStream.kind) != "message"),
            cast(func.coalesce(func.sum(col(DraftStream.autosaves)).filter(here), 0), Integer),
            cast(func.coalesce(func.sum(col(DraftStream.manual_saves)).filter(here), 0), Integer),
            func.count().filter(col(DraftStream.deleted_at).is_not(None), col(DraftStream.erased_at).is_(None)),
        ).where(col(DraftStream.owner_id) == user_id)
    ).one()
    total, completed, completion, words, in_conflict, submitted_count, autosaves, manual_saves, trashed = row
    return DraftStatistics(
        total=total,
        completed=completed,
        average_completion=round(completion / total, 1) if total else 0.0,
        words=words,
        synced=total - in_conflict,
        in_conflict=in_conflict,
        submitted=submitted_count,
        autosaves=autosaves,
        manual_saves=manual_saves,
        trashed=trashed,
    )
