"""Which version brought in each passage of a text: up the chain of parents by the stored changes, into merged versions.

No text is compared where a change is stored; only where a version holds its whole text (every 64th, and rewrites) and
where two were merged.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from sqlalchemy import bindparam, literal, select
from sqlmodel import Session, col

from app.core.text.diff import diff_changes
from app.core.text.origins import Kept, Passage, followed, kept_stretches
from app.store.deltas import changes_of, encode_delta
from app.store.tables import User, Version
from app.store.versions import read_text

_AT_ONCE = 300
"""Ancestors that are read in one go."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A version that brought words in, and who wrote it."""

    id: uuid.UUID
    number: int
    source: str
    author_id: uuid.UUID | None
    author_name: str | None
    model: str | None
    label: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `from_..to` and the version they came with."""

    from_: int
    to: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class _Ancestor:
    origin: Origin
    parent_id: uuid.UUID | None
    merged_from_id: uuid.UUID | None
    delta: bytes | None


def _ancestors_statement() -> Any:
    start = (
        select(col(Version.id).label("id"), col(Version.parent_id).label("parent_id"), literal(1).label("step"))
        .where(col(Version.id) == bindparam("version_id"))
        .cte("line", recursive=True)
    )
    upwards = select(Version.id, Version.parent_id, start.c.step + 1).join(  # type: ignore[call-overload]
        start, (col(Version.id) == start.c.parent_id) & (start.c.step < _AT_ONCE)
    )
    line = start.union_all(upwards)
    return (
        select(
            col(Version.id),
            col(Version.number),
            col(Version.source),
            col(Version.author_id),
            col(User.name),
            col(Version.model),
            col(Version.label),
            col(Version.created_at),
            col(Version.parent_id),
            col(Version.merged_from_id),
            col(Version.delta),
        )
        .join(line, line.c.id == col(Version.id))
        .outerjoin(User, col(User.id) == col(Version.author_id))
    )


_ANCESTORS = _ancestors_statement()


class _Ancestry:
    """Reads versions with the lines above them, once each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[uuid.UUID, _Ancestor] = {}
        self._texts: dict[uuid.UUID, str] = {}

    def version(self, version_id: uuid.UUID) -> _Ancestor:
        if version_id not in self._known:
            for row in self._session.execute(_ANCESTORS, {"version_id": version_id}):
                self._known[row[0]] = _Ancestor(Origin(*row[:8]), *row[8:])
        return self._known[version_id]

    def kept(self, version: _Ancestor, older_id: uuid.UUID, length: int) -> list[Kept]:
        """What a version has from an older one: its parent, or the one merged into it."""
        if older_id == version.parent_id and version.delta is not None:
            return kept_stretches(changes_of(version.delta), length)
        before, after = read_text(self._session, older_id), self.text(version.origin.id)
        return kept_stretches(changes_of(encode_delta(before, diff_changes(before, after))), length)

    def text(self, version_id: uuid.UUID) -> str:
        if version_id not in self._texts:
            self._texts[version_id] = read_text(self._session, version_id)
        return self._texts[version_id]


def blame(session: Session, version_id: uuid.UUID, from_: int, to: int) -> list[Run]:
    """The runs of characters `from_..to` of a version's text, in order. Words that moved came with their move."""
    ancestry = _Ancestry(session)
    waiting: dict[uuid.UUID, list[Passage]] = defaultdict(list)
    newest: list[tuple[int, uuid.UUID]] = []

    def look(at: uuid.UUID, passages: list[Passage]) -> None:
        if passages:
            if at not in waiting:
                heappush(newest, (-ancestry.version(at).origin.number, at))
            waiting[at] += passages

    look(version_id, [Passage(from_, to, from_)] if from_ < to else [])
    found: list[Run] = []
    while newest:
        version = ancestry.version(heappop(newest)[1])
        passages = sorted(waiting.pop(version.origin.id))
        length = max(passage.to for passage in passages)
        for older_id in (version.parent_id, version.merged_from_id):
            if older_id is not None and passages:
                older, passages = followed(passages, ancestry.kept(version, older_id, length))
                look(older_id, older)
        found += [Run(place, place + end - start, version.origin) for start, end, place in passages]
    return _joined(sorted(found, key=lambda run: run.from_))


def _joined(runs: list[Run]) -> list[Run]:
    joined: list[Run] = []
    for run in runs:
        if joined and joined[-1].origin.id == run.origin.id and joined[-1].to == run.from_:
            joined[-1] = Run(joined[-1].from_, run.to, run.origin)
        else:
            joined.append(run)
    return joined
