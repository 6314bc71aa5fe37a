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
from app.core.state import DraftState
from app.store.drafting.excerpts import excerpt_of
from app.store.drafting.form_projections import FORM_REMOVAL, MODAL_REMOVAL, FormProjection, ModalProjection
from app.store.drafting.message_projection import MessageEdits, MessageProjection
from app.store.drafting.room import Room, room_behind
from app.store.engine.prepared import Prepared
from app.store.tables import Draft


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


class Edits(Protocol):
    """When a draft was last edited in a way its kind's row tells of: follows from how its fields came about, not from
    what they are."""

    def follow(
        self, last: datetime | None, *, before: Mapping[str, Any], after: Mapping[str, Any], at: datetime
    ) -> datetime | None:
        """The last edit after an event; `last` is the one before it."""
        ...

    def load(self, session: Session, draft_id: uuid.UUID) -> datetime | None: ...

    def restore(self, session: Session, draft_id: uuid.UUID, last: datetime | None) -> None: ...


def projection_of(kind: str) -> Projection:
    """Raises UnknownKind for a kind that has no table yet."""
    projection = _PROJECTIONS.get(kind)
    if projection is None:
        raise UnknownKind(kind)
    return projection


class _DocumentProjection:
    """Kind `document` in table `drafts`."""

    _insert = Prepared(
        insert(Draft).values(
            {name: bindparam(name) for name in Draft.model_fields if name != "room"} | {"room": Room(bindparam("room"))}
        )
    )
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
            room=Room(bindparam("room")),
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
            room=room_behind(fields["text"], fields["title"], fields["description"]),
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
            room=room_behind(fields["text"], fields["title"], fields["description"]),
        )

    def title(self, fields: Mapping[str, Any]) -> str:
        title: str = fields["title"]
        return title

    def excerpt(self, fields: Mapping[str, Any], *, before: Mapping[str, Any], known: str) -> str:
        return excerpt_of(fields["text"], before=before.get("text"), known=known)


_PROJECTIONS: Mapping[str, Projection] = {
    "document": _DocumentProjection(),
    "bug_report": ModalProjection("bug_report"),
    "feature_request": ModalProjection("feature_request"),
    "form": FormProjection(),
    "message": MessageProjection(),
}

_EDITS: Mapping[str, Edits] = {"message": MessageEdits()}


def edits_of(kind: str) -> Edits | None:
    """None for a kind whose row does not tell of edits."""
    return _EDITS.get(kind)


_ENDING: Mapping[str, Prepared] = {
    "bug_report": MODAL_REMOVAL,
    "feature_request": MODAL_REMOVAL,
    "form": FORM_REMOVAL,
}
"""Kinds whose drafts have a row only while they are open, and the statement that takes it away."""


def has_row(kind: str, status: str) -> bool:
    """Whether a draft in this state has a row in the table of its kind."""
    return status == "open" or kind not in _ENDING


def project(
    session: Session,
    draft_id: uuid.UUID,
    *,
    owner_id: uuid.UUID,
    before: DraftState,
    after: DraftState,
    created_at: datetime,
    at: datetime,
) -> None:
    """Brings the kind's own row from a draft's state to a later one. Raises what `Projection.insert` raises."""
    had, has = has_row(before.kind, before.status), has_row(after.kind, after.status)
    projection = projection_of(after.kind)
    if had and has:
        if after.fields is not before.fields:
            projection.save(session, draft_id, fields=after.fields, at=at)
    elif has:
        projection.insert(session, draft_id, owner_id=owner_id, fields=after.fields, at=created_at)
        projection.save(session, draft_id, fields=after.fields, at=at)
    elif had:
        remove_row(session, after.kind, draft_id)


def remove_row(session: Session, kind: str, draft_id: uuid.UUID) -> None:
    """Takes the row of a draft away whose kind keeps one only while it is open."""
    _ENDING[kind].run(session, draft_id=draft_id)
