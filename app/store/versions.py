"""Versions of documents: adding, reading, listing, naming. Immutable but for their label; numbers are gapless per draft.

A text is kept as the change from its parent, and whole at most every 64 steps, or where a change would not be smaller.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, insert, literal, select, update
from sqlmodel import Session, col

from app.core.text.changes import ChangeSet
from app.core.text.diff import diff_changes
from app.core.text.words import count_words
from app.store.deltas import apply_deltas, decode_full, encode_delta, encode_full
from app.store.engine.prepared import Prepared
from app.store.errors import Corrupt, NotFound
from app.store.ids import new_id
from app.store.rows import Page, changed_rows, decode_cursor, encode_cursor
from app.store.tables import Branch, Draft, LedgerEntry, User, Version

FULL_TEXT_EVERY = 64


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version without its text.

    `cost_nano` sums the known prices (nano-USD) of the attempts that made it and is None where none is known;
    `unpriced` counts those whose price is unknown. `current`: the draft's current version.
    """

    id: uuid.UUID
    draft_id: uuid.UUID
    number: int
    parent_id: uuid.UUID | None
    merged_from_id: uuid.UUID | None
    seq: int
    source: str
    author_id: uuid.UUID | None
    author_name: str | None
    model: str | None
    turn_id: uuid.UUID | None
    label: str | None
    words: int
    words_delta: int
    hash: bytes
    created_at: datetime
    current: bool
    cost_nano: int | None = None
    unpriced: int = 0


_COLUMNS: tuple[Any, ...] = (
    col(Version.id),
    col(Version.draft_id),
    col(Version.number),
    col(Version.parent_id),
    col(Version.merged_from_id),
    col(Version.seq),
    col(Version.source),
    col(Version.author_id),
    col(User.name),
    col(Version.model),
    col(Version.turn_id),
    col(Version.label),
    col(Version.words),
    col(Version.words_delta),
    col(Version.hash),
    col(Version.created_at),
    func.coalesce(col(Draft.current_version_id) == col(Version.id), literal(False)),
)
_ROWS: Select[*tuple[Any, ...]] = (
    select(*_COLUMNS)
    .select_from(Version)
    .join(Draft, col(Draft.id) == col(Version.draft_id))
    .outerjoin(User, col(User.id) == col(Version.author_id))
)


_ROW = Prepared(_ROWS.where(col(Version.id) == bindparam("version_id")))
_CURRENT_ROW = Prepared(
    _ROWS.where(col(Draft.id) == bindparam("of_draft"), col(Draft.current_version_id) == col(Version.id))
)
_LOCK_DRAFT = Prepared(
    select(col(Draft.id), col(Draft.current_version_id)).where(col(Draft.id) == bindparam("draft_id")).with_for_update()
)
_PARENT = Prepared(
    select(col(Version.words), col(Version.depth)).where(
        col(Version.id) == bindparam("parent_id"), col(Version.draft_id) == bindparam("draft_id")
    )
)
_LAST_NUMBER = Prepared(
    select(func.max(col(Version.number), type_=Integer())).where(col(Version.draft_id) == bindparam("draft_id"))
)
_ADD = Prepared(insert(Version).values({column.key: bindparam(column.key) for column in Version.__table__.columns}))  # type: ignore[attr-defined]
_SET_CURRENT = Prepared(
    update(Draft).where(col(Draft.id) == bindparam("draft_id")).values(current_version_id=bindparam("version_id"))
)
_MOVE_TIP = Prepared(
    update(Branch)
    .where(col(Branch.draft_id) == bindparam("of_draft"), col(Branch.current).is_(True))
    .values(tip_version_id=bindparam("version_id"))
)


def _chain_statement() -> Select[*tuple[Any, ...]]:
    """From a version up to the nearest full text, that one first."""
    start = (
        select(
            col(Version.parent_id).label("parent_id"),
            col(Version.delta).label("delta"),
            col(Version.full).label("full"),
            literal(0).label("step"),
        )
        .where(col(Version.id) == bindparam("version_id"))
        .cte("chain", recursive=True)
    )
    upwards = select(Version.parent_id, Version.delta, Version.full, start.c.step + 1).join(  # type: ignore[call-overload]
        start, (col(Version.id) == start.c.parent_id) & start.c.full.is_(None)
    )
    chain = start.union_all(upwards)
    return select(chain.c.delta, chain.c.full).order_by(chain.c.step.desc())


_CHAIN = Prepared(_chain_statement())
_HASH = Prepared(select(col(Version.hash)).where(col(Version.id) == bindparam("version_id")))


def read_text(session: Session, version_id: uuid.UUID) -> str:
    """The text of a version, checked against its hash. Raises NotFound, or Corrupt if it is not what was saved."""
    rows = _CHAIN.all(session, version_id=version_id)
    stored = _HASH.one(session, version_id=version_id)
    if not rows or stored is None:
        raise NotFound("version")
    if rows[0][1] is None:
        raise Corrupt("The full text under a version is missing.", version_id=str(version_id))
    text = apply_deltas(decode_full(rows[0][1]), [delta for delta, _full in rows[1:]])
    if hashlib.sha256(text.encode()).digest() != stored[0]:
        raise Corrupt("The text of a version is not what was saved.", version_id=str(version_id))
    return text


@dataclass(frozen=True, slots=True)
class _Parent:
    id: uuid.UUID
    words: int
    depth: int


def add_version(
    session: Session,
    draft_id: uuid.UUID,
    *,
    text: str,
    seq: int,
    source: str,
    at: datetime,
    author_id: uuid.UUID | None = None,
    parent_id: uuid.UUID | None = None,
    merged_from_id: uuid.UUID | None = None,
    changes: ChangeSet | None = None,
    model: str | None = None,
    turn_id: uuid.UUID | None = None,
    label: str | None = None,
    words: int | None = None,
    make_current: bool = True,
) -> VersionRow:
    """Adds a version and, unless told otherwise, makes it the draft's current one.

    `text` is the whole text after event `seq`. `parent_id` defaults to the current version. `changes` leads from the
    parent's text to `text` and saves the comparison, `words` saves the count; wrong ones are noticed (`changes`) or
    believed (`words`). Raises NotFound for a draft or parent that does not exist in it.
    """
    current_id = _lock_draft(session, draft_id)
    parent = _parent(session, draft_id, parent_id or current_id)
    delta = None
    if parent is not None and parent.depth < FULL_TEXT_EVERY:
        delta = _delta(session, parent.id, text, changes)
    count = count_words(text) if words is None else words
    last = _LAST_NUMBER.one(session, draft_id=draft_id)
    number = 0 if last is None or last[0] is None else last[0]
    version_id = new_id()
    row = {
        "id": version_id,
        "draft_id": draft_id,
        "number": number + 1,
        "parent_id": None if parent is None else parent.id,
        "merged_from_id": merged_from_id,
        "seq": seq,
        "source": source,
        "author_id": author_id,
        "model": model,
        "turn_id": turn_id,
        "label": label,
        "words": count,
        "words_delta": count - (0 if parent is None else parent.words),
        "depth": 0 if delta is None or parent is None else parent.depth + 1,
        "hash": hashlib.sha256(text.encode()).digest(),
        "created_at": at,
        "delta": delta,
        "full": encode_full(text) if delta is None else None,
    }
    _ADD.run(session, **row)
    if make_current:
        set_current(session, draft_id, version_id)
    return get_version(session, version_id)


def _lock_draft(session: Session, draft_id: uuid.UUID) -> uuid.UUID | None:
    """The current version's id; the row stays locked so that numbers are given one at a time."""
    row = _LOCK_DRAFT.one(session, draft_id=draft_id)
    if row is None:
        raise NotFound("draft")
    current: uuid.UUID | None = row[1]
    return current


def _parent(session: Session, draft_id: uuid.UUID, parent_id: uuid.UUID | None) -> _Parent | None:
    if parent_id is None:
        return None
    row = _PARENT.one(session, parent_id=parent_id, draft_id=draft_id)
    if row is None:
        raise NotFound("version")
    return _Parent(parent_id, *row)


def _delta(session: Session, parent_id: uuid.UUID, text: str, changes: ChangeSet | None) -> bytes | None:
    """The change from the parent, if storing it beats storing the text; tried out before it is trusted."""
    before = read_text(session, parent_id)
    if changes is None or changes.apply(before) != text:
        changes = diff_changes(before, text)
    delta = encode_delta(before, changes)
    if apply_deltas(before, [delta]) != text:
        raise Corrupt("A change does not lead from the parent's text to the version's.")
    if len(delta) * 8 > len(text) and len(delta) * 4 > len(encode_full(text)) * 3:
        return None  # Little is saved, and whole texts make later versions quicker to read.
    return delta


def set_current(session: Session, draft_id: uuid.UUID, version_id: uuid.UUID) -> None:
    """Makes a version of the draft its current one, and the tip of the branch the draft is on. The database refuses
    another draft's version."""
    _SET_CURRENT.run(session, draft_id=draft_id, version_id=version_id)
    _MOVE_TIP.run(session, of_draft=draft_id, version_id=version_id)


def get_version(session: Session, version_id: uuid.UUID) -> VersionRow:
    """Raises NotFound."""
    row = _ROW.one(session, version_id=version_id)
    if row is None:
        raise NotFound("version")
    return _with_costs(session, [row])[0]


def current_version(session: Session, draft_id: uuid.UUID) -> VersionRow | None:
    """The draft's current version, None before its first."""
    row = _CURRENT_ROW.one(session, of_draft=draft_id)
    return None if row is None else _with_costs(session, [row])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFilter:
    """Which versions a list shows: all, the named ones, one person's own, one model's, those below a number."""

    named: bool = False
    author_id: uuid.UUID | None = None
    model: str | None = None
    before: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.named:
            found.append(col(Version.label).is_not(None))
        if self.author_id is not None:
            found += [col(Version.author_id) == self.author_id, col(Version.source) == "user"]
        if self.model is not None:
            found.append(col(Version.model) == self.model)
        if self.before is not None:
            found.append(col(Version.number) < self.before)
        return found


ALL_VERSIONS = VersionFilter()


def list_versions(
    session: Session,
    draft_id: uuid.UUID,
    *,
    cursor: str | None = None,
    limit: int = 50,
    only: VersionFilter = ALL_VERSIONS,
) -> Page[VersionRow]:
    """A draft's versions, newest first."""
    statement = _ROWS.where(col(Version.draft_id) == draft_id, *only.conditions())
    if cursor is not None:
        statement = statement.where(col(Version.number) < decode_cursor(cursor, int)[0])
    rows = session.execute(statement.order_by(col(Version.number).desc()).limit(limit + 1)).all()
    items = _with_costs(session, rows[:limit])
    return Page(items, encode_cursor(items[-1].number) if len(rows) > limit else None)


def set_label(session: Session, version_id: uuid.UUID, label: str | None) -> VersionRow:
    """Names a version, or takes its name away. Raises NotFound."""
    if not changed_rows(session, update(Version).where(col(Version.id) == version_id).values(label=label)):
        raise NotFound("version")
    return get_version(session, version_id)


def _with_costs(session: Session, rows: Sequence[Any]) -> list[VersionRow]:
    costs: dict[uuid.UUID, tuple[int | None, int]] = {}
    made_by_turns = [row[0] for row in rows if row[10] is not None]
    if made_by_turns:
        entries = session.execute(
            select(
                col(LedgerEntry.version_id),
                func.sum(col(LedgerEntry.amount_nano)),
                # An attempt that was priced later has its adjustment beside it.
                func.count().filter(col(LedgerEntry.amount_nano).is_(None)) - func.count(col(LedgerEntry.adjusts_id)),
            )
            .where(col(LedgerEntry.draft_id) == rows[0][1], col(LedgerEntry.version_id).in_(made_by_turns))
            .group_by(col(LedgerEntry.version_id))
        )
        costs = {
            version_id: (None if total is None else int(total), unpriced) for version_id, total, unpriced in entries
        }
    listed = []
    for row in rows:
        values: list[Any] = [*row, *costs.get(row[0], (None, 0))]
        listed.append(VersionRow(*values))
    return listed


def newest_until(session: Session, draft_id: uuid.UUID, seq: int) -> uuid.UUID | None:
    """The last version made of the draft as it was at event `seq` or before; None when there was none yet."""
    return session.scalar(
        select(col(Version.id))
        .where(col(Version.draft_id) == draft_id, col(Version.seq) <= seq)
        .order_by(col(Version.number).desc())
        .limit(1)
    )
