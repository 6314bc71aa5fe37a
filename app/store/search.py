"""The search index: what waits to be indexed, what is in the index, what is found in it.

The tables are those of migration 0005. Entries hold terms (`core.text.terms`), never the texts themselves.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, bindparam, delete, insert, or_, select, text
from sqlmodel import Session, col

from app.core.text.terms import Query
from app.store import versions as version_store
from app.store.engine.prepared import Prepared
from app.store.errors import NotFound
from app.store.rows import Page, decode_cursor, encode_cursor
from app.store.tables import ChatMessage, Draft, DraftStream, Version
from app.store.types import BinaryUuid

Kind = Literal["draft", "version", "message"]

_TABLES = MetaData()
_QUEUE = Table(
    "search_queue",
    _TABLES,
    Column("source_id", BinaryUuid()),
    Column("kind", String(10)),
    Column("draft_id", BinaryUuid()),
)
_ENTRIES = Table(
    "search_entries",
    _TABLES,
    Column("place", BigInteger(), primary_key=True),
    Column("source_id", BinaryUuid()),
    Column("kind", String(10)),
    Column("draft_id", BinaryUuid()),
    Column("title_terms", Text()),
    Column("terms", Text()),
)
_LAST = 2**62
_INDEX_LOCK = 0x73656172  # "sear"; any number nothing else locks here


@dataclass(frozen=True, slots=True)
class Source:
    """Something that is searched: a draft, a version, a chat message."""

    id: uuid.UUID
    kind: Kind
    draft_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Content:
    """What a source holds now. `stamp` tells whether it is still the same later."""

    owner_id: uuid.UUID
    title: str
    text: str
    stamp: Any


# What waits


def waiting(
    session: Session, *, owner_id: uuid.UUID | None = None, limit: int, rested_since: datetime | None = None
) -> list[Source]:
    """Sources that changed since they were indexed, of one person or of all; with `rested_since` without the drafts that
    changed after it."""
    statement = (
        select(_QUEUE.c.source_id, _QUEUE.c.kind, _QUEUE.c.draft_id)
        .outerjoin(DraftStream, col(DraftStream.id) == _QUEUE.c.draft_id)
        # What is found is listed in the order in which it was indexed.
        .order_by(col(DraftStream.saved_at), _QUEUE.c.source_id)
        .limit(limit)
    )
    if owner_id is not None:
        statement = statement.where(col(DraftStream.owner_id) == owner_id)
    if rested_since is not None:
        saved_at = col(DraftStream.saved_at)  # None once the draft is gone
        statement = statement.where(or_(_QUEUE.c.kind != "draft", saved_at.is_(None), saved_at <= rested_since))
    return [Source(*row) for row in session.execute(statement)]


def content_of(session: Session, source: Source) -> Content | None:
    """What is to be indexed of a source; None when it is gone, or of a kind that is not searched."""
    head = _HEAD.one(session, draft_id=source.draft_id)
    stamp = _stamp(session, source)
    if head is None or stamp is None:
        return None
    if source.kind == "message" and head[2] != "document":  # a chat that no page shows
        return None
    match source.kind:
        case "draft":
            row = _TEXT.one(session, draft_id=source.id)
            return Content(head[0], head[1], row[0] if row else "", stamp)
        case "version":
            return Content(head[0], stamp[0] or "", _new_passages(session, source.id), stamp)
        case "message":
            return Content(head[0], "", stamp[0], stamp)


_HEAD = Prepared(
    select(col(DraftStream.owner_id), col(DraftStream.title), col(DraftStream.kind)).where(
        col(DraftStream.id) == bindparam("draft_id")
    )
)
_TEXT = Prepared(select(col(Draft.text)).where(col(Draft.id) == bindparam("draft_id")))
_PARENT = Prepared(select(col(Version.parent_id)).where(col(Version.id) == bindparam("version_id")))
_STAMPS: dict[Kind, Prepared] = {
    "draft": Prepared(select(col(DraftStream.seq)).where(col(DraftStream.id) == bindparam("source_id"))),
    "version": Prepared(select(col(Version.label)).where(col(Version.id) == bindparam("source_id"))),
    "message": Prepared(select(col(ChatMessage.content)).where(col(ChatMessage.id) == bindparam("source_id"))),
}


def _stamp(session: Session, source: Source) -> tuple[Any, ...] | None:
    return _STAMPS[source.kind].one(session, source_id=source.id)


def _new_passages(session: Session, version_id: uuid.UUID) -> str:
    """The paragraphs of a version that its parent had not: every word ever kept is in the version that brought it."""
    body = version_store.read_text(session, version_id)
    row = _PARENT.one(session, version_id=version_id)
    if row is None or row[0] is None:
        return body
    known = set(version_store.read_text(session, row[0]).split("\n"))
    return "\n".join(line for line in body.split("\n") if line not in known)


_TAKE_OUT = Prepared(delete(_ENTRIES).where(_ENTRIES.c.source_id == bindparam("id")))
_TAKE_OFF_QUEUE = Prepared(delete(_QUEUE).where(_QUEUE.c.source_id == bindparam("id")))
_INSERT_ENTRY = Prepared(
    insert(_ENTRIES).values(
        {name: bindparam(name) for name in ("source_id", "kind", "draft_id", "title_terms", "terms")}
    )
)


def replace_entry(
    session: Session, source: Source, content: Content | None, title_terms: Sequence[str], terms: Sequence[str]
) -> None:
    """Puts a source into the index in place of what was there. It goes on waiting if it changed since `content`."""
    session.flush()  # what statements past the session rely on
    _TAKE_OUT.run(session, id=source.id)
    stamp = _stamp(session, source)
    if content is not None and stamp is not None and terms:
        _insert(session, source, title_terms, [_owner_term(content.owner_id), *terms])
    if content is None or stamp == content.stamp:
        _TAKE_OFF_QUEUE.run(session, id=source.id)


_INSERT_INDEX = Prepared(
    text("INSERT INTO search_index (rowid, title_terms, terms) VALUES (last_insert_rowid(), :title_terms, :terms)")
)
_SWEEP_INDEX = text(
    "INSERT INTO search_index (search_index, rowid, title_terms, terms) "
    "SELECT 'delete', place, title_terms, terms FROM search_gone ORDER BY place LIMIT :most"
)
_SWEEP_GONE = text("DELETE FROM search_gone WHERE place IN (SELECT place FROM search_gone ORDER BY place LIMIT :most)")
_ANY_GONE = text("SELECT EXISTS (SELECT 1 FROM search_gone)")
_INSERT_VECTORS = text(
    "INSERT INTO search_entries (place, source_id, kind, draft_id, title_terms, terms) VALUES (DEFAULT, :source_id, :kind, "
    ":draft_id, array_to_tsvector(CAST(:title_terms AS text[])), array_to_tsvector(CAST(:terms AS text[])))"
)


def _insert(session: Session, source: Source, title_terms: Sequence[str], terms: Sequence[str]) -> None:
    values: dict[str, Any] = {"source_id": source.id, "kind": source.kind, "draft_id": source.draft_id}
    if _is_sqlite(session):
        words = {"title_terms": " ".join(title_terms), "terms": " ".join(terms)}
        _INSERT_ENTRY.run(session, **values, **words)
        _INSERT_INDEX.run(session, **words)
    else:
        session.execute(_INSERT_VECTORS, {**values, "title_terms": list(title_terms), "terms": list(terms)})


def alone(session: Session) -> None:
    """Waits until nobody else writes to the index, and keeps it so until the transaction ends: two that index the same
    source would both want to be its only entry."""
    if not _is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INDEX_LOCK})


def anything_gone(session: Session) -> bool:
    """Whether the index knows entries that are gone (embedded database only: the other has no index of its own)."""
    return _is_sqlite(session) and bool(session.scalar(_ANY_GONE))


def sweep(session: Session, *, most: int = 200) -> None:
    """Takes entries that are gone out of the index."""
    if _is_sqlite(session):
        session.execute(_SWEEP_INDEX, {"most": most})
        session.execute(_SWEEP_GONE, {"most": most})


# What is found


_FIND_SQLITE = text(
    "SELECT e.place, e.source_id, e.kind, e.draft_id FROM search_index "
    "CROSS JOIN search_entries e ON e.place = search_index.rowid CROSS JOIN draft_streams s ON s.id = e.draft_id "
    "WHERE search_index MATCH :wanted AND search_index.rowid < :before AND s.owner_id = :owner_id "
    "AND s.deleted_at IS NULL ORDER BY search_index.rowid DESC LIMIT :most"
)
_FIND_POSTGRESQL = (
    "SELECT e.place, e.source_id, e.kind, e.draft_id FROM search_entries e JOIN draft_streams s ON s.id = e.draft_id "
    "WHERE e.terms @@ CAST(:wanted AS tsquery) AND {} e.title_terms @@ CAST(:titled AS tsquery) AND e.place < :before "
    "AND s.owner_id = :owner_id AND s.deleted_at IS NULL ORDER BY e.place DESC LIMIT :most"
)
_FIND_TITLED, _FIND_OTHERS = text(_FIND_POSTGRESQL.format("")), text(_FIND_POSTGRESQL.format("NOT"))


def find(session: Session, owner_id: uuid.UUID, query: Query, *, cursor: str | None, limit: int) -> Page[Source]:
    """A person's sources outside the trash that hold all terms: first those with them in the title, each last changed
    first. Raises BadCursor."""
    phase, before = decode_cursor(cursor, int, int) if cursor else (0, _LAST)
    found: list[tuple[int, int, Source]] = []
    while phase < 2 and len(found) <= limit:
        rows = _find(session, owner_id, query, titled=phase == 0, before=before, most=limit + 1 - len(found))
        found += [(phase, place, Source(id_, kind, draft_id)) for place, id_, kind, draft_id in rows]
        phase, before = phase + 1, _LAST
    items = [source for _phase, _place, source in found[:limit]]
    return Page(items, encode_cursor(*found[limit - 1][:2]) if len(found) > limit else None)


def _find(
    session: Session, owner_id: uuid.UUID, query: Query, *, titled: bool, before: int, most: int
) -> list[tuple[int, uuid.UUID, Kind, uuid.UUID]]:
    values: dict[str, Any] = {"before": before, "most": most, "owner_id": owner_id}
    if _is_sqlite(session):
        words = _fts(query)
        both = f'{{terms}} : ("{_owner_term(owner_id)}" AND {words})'
        values["wanted"] = f"({both}) {'AND' if titled else 'NOT'} ({{title_terms}} : ({words}))"
        values["owner_id"] = owner_id.bytes
        statement = _FIND_SQLITE
    else:
        values["titled"] = _tsquery(query)
        values["wanted"] = f"'{_owner_term(owner_id)}' & {_tsquery(query)}"
        statement = _FIND_TITLED if titled else _FIND_OTHERS
    columns = statement.columns(_ENTRIES.c.place, _ENTRIES.c.source_id, _ENTRIES.c.kind, _ENTRIES.c.draft_id)
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(columns, values)]


def _owner_term(owner_id: uuid.UUID) -> str:
    """Whose a text is, as a term of it: other people's texts drop out before they are looked at."""
    return f"owner{owner_id.hex}"


def _fts(query: Query) -> str:
    return " AND ".join(f'"{term}"' for term in query.terms) + (" *" if query.prefix else "")


def _tsquery(query: Query) -> str:
    return " & ".join(f"'{term}'" for term in query.terms) + (":*" if query.prefix else "")


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a source that was found. `number`, `label`: a version's; `role`, `conversation_id`: a message's."""

    title: str
    text: str
    at: Any
    number: int | None = None
    label: str | None = None
    role: str | None = None
    conversation_id: uuid.UUID | None = None


def _of_source(*columns: Any, table: Any) -> Prepared:
    return Prepared(
        select(col(DraftStream.title), *columns)
        .join_from(table, DraftStream, col(DraftStream.id) == bindparam("draft_id"))
        .where(table.id == bindparam("source_id"))
    )


_DRAFT = _of_source(col(Draft.text), col(Draft.updated_at), table=Draft)
_VERSION = _of_source(col(Version.created_at), col(Version.number), col(Version.label), table=Version)
_MESSAGE = _of_source(
    col(ChatMessage.content),
    col(ChatMessage.created_at),
    col(ChatMessage.role),
    col(ChatMessage.conversation_id),
    table=ChatMessage,
)


def shown(session: Session, source: Source) -> Shown:
    """Raises NotFound when it went meanwhile."""
    statement = {"draft": _DRAFT, "version": _VERSION, "message": _MESSAGE}[source.kind]
    row = statement.one(session, source_id=source.id, draft_id=source.draft_id)
    if row is None:
        raise NotFound(source.kind)
    match source.kind:
        case "draft":
            return Shown(*row)
        case "version":
            title, at, number, label = row
            return Shown(title, _new_passages(session, source.id), at, number, label)
        case "message":
            title, text, at, role, conversation_id = row
            return Shown(title, text, at, role=role, conversation_id=conversation_id)
