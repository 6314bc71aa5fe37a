"""How each kind of draft keeps its fields in a table of its own. One entry per kind; the log stays the truth.

A further kind adds a projection here and an entry to the core's registry; nothing else in the store names kinds.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session, col

from app.core.errors import UnknownKind
from app.store.drafting.message_projection import MessageProjection
from app.store.engine.prepared import Prepared
from app.store.tables import Draft

_EXCERPT_CHARACTERS = 200
_EXCERPT_SOURCE = 600  # So much of a text is looked at for its excerpt: blanks and line breaks are squeezed out.


class Projection(Protocol):
    """The table of one kind. `fields` are the fields of `core.kinds`, complete."""

    def insert(
        self, session: Session, draft_id: uuid.UUID, *, owner_id: uuid.UUID, fields: Mapping[str, Any], at: datetime
    ) -> None: ...

    def load(self, session: Session, draft_id: uuid.UUID) -> dict[str, Any] | None: ...

    def save(self, session: Session, draft_id: uuid.UUID, *, fields: Mapping[str, Any], at: datetime) -> None: ...

    def title(self, fields: Mapping[str, Any]) -> str: ...

    def excerpt(self, fields: Mapping[str, Any], *, before: Mapping[str, Any], known: str) -> str:
        """The excerpt of `fields`; `known` is that of the fields `before`, which often still holds."""
        ...


def projection_of(kind: str) -> Projection:
    """Raises UnknownKind for a kind that has no table yet."""
    projection = _PROJECTIONS.get(kind)
    if projection is None:
        raise UnknownKind(kind)
    return projection


class _DocumentProjection:
    """Kind `document` in table `drafts`."""

    _insert = Prepared(insert(Draft))
    _load = Prepared(
        select(col(Draft.title), col(Draft.description), col(Draft.text)).where(col(Draft.id) == bindparam("draft_id"))
    )
    _save = Prepared(
        update(Draft)
        .where(col(Draft.id) == bindparam("draft_id"))
        .values(
            title=bindparam("title"),
            description=bindparam("description"),
            text=bindparam("text"),
            updated_at=bindparam("updated_at"),
        )
    )

    def insert(
        self, session: Session, draft_id: uuid.UUID, *, owner_id: uuid.UUID, fields: Mapping[str, Any], at: datetime
    ) -> None:
        self._insert.run(
            session,
            id=draft_id,
            user_id=owner_id,
            current_version_id=None,
            title=fields["title"],
            description=fields["description"],
            text=fields["text"],
            created_at=at,
            updated_at=at,
        )

    def load(self, session: Session, draft_id: uuid.UUID) -> dict[str, Any] | None:
        row = self._load.one(session, draft_id=draft_id)
        if row is None:
            return None
        return {"title": row[0], "description": row[1] or "", "text": row[2]}

    def save(self, session: Session, draft_id: uuid.UUID, *, fields: Mapping[str, Any], at: datetime) -> None:
        self._save.run(
            session,
            draft_id=draft_id,
            title=fields["title"],
            description=fields["description"],
            text=fields["text"],
            updated_at=at,
        )

    def title(self, fields: Mapping[str, Any]) -> str:
        title: str = fields["title"]
        return title

    def excerpt(self, fields: Mapping[str, Any], *, before: Mapping[str, Any], known: str) -> str:
        beginning = fields["text"][:_EXCERPT_SOURCE]
        if before and beginning == before["text"][:_EXCERPT_SOURCE]:
            return known
        return " ".join(beginning.split())[:_EXCERPT_CHARACTERS]


_PROJECTIONS: Mapping[str, Projection] = {
    "document": _DocumentProjection(),
    "message": MessageProjection(),
}
