"""A writer's own actions and style, and the reference material of drafts."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.errors import AlreadyExists, NotFound
from app.store.rows import changed_rows
from app.store.tables import Conversation, DraftReference, DraftStream, Version, WriterAction, WriterStyle

# Asked at every turn, while somebody waits for its first word.
_STYLE = Prepared(
    select(col(WriterStyle.text)).where(
        col(WriterStyle.user_id) == bindparam("user_id"), col(WriterStyle.enabled).is_(True)
    )
)
_ENABLED = Prepared(
    select(col(DraftReference.id))
    .where(col(DraftReference.draft_id) == bindparam("draft_id"), col(DraftReference.enabled).is_(True))
    .limit(1)
)

# Actions


def list_actions(session: Session, user_id: uuid.UUID) -> list[WriterAction]:
    """By name."""
    mine = select(WriterAction).where(col(WriterAction.user_id) == user_id)
    return list(session.scalars(mine.order_by(col(WriterAction.name), col(WriterAction.id))))


def own_action(session: Session, user_id: uuid.UUID, action_id: uuid.UUID) -> WriterAction:
    """Raises NotFound for what is not there, or another's."""
    row = session.get(WriterAction, action_id)
    if row is None or row.user_id != user_id:
        raise NotFound("action")
    return row


def save_action(session: Session, row: WriterAction) -> WriterAction:
    """Adds or changes an action. Raises AlreadyExists(field="name") where the writer has one of this name."""
    same = select(col(WriterAction.id)).where(
        col(WriterAction.user_id) == row.user_id, col(WriterAction.name) == row.name, col(WriterAction.id) != row.id
    )
    with session.no_autoflush:
        taken = session.scalar(same) is not None
    if taken:
        raise AlreadyExists("You have an action of this name.", field="name")
    session.add(row)
    session.flush()
    return row


def delete_action(session: Session, user_id: uuid.UUID, action_id: uuid.UUID) -> None:
    """Raises NotFound."""
    mine = delete(WriterAction).where(col(WriterAction.id) == action_id, col(WriterAction.user_id) == user_id)
    if not changed_rows(session, mine):
        raise NotFound("action")


# Style


def find_style(session: Session, user_id: uuid.UUID) -> WriterStyle | None:
    return session.get(WriterStyle, user_id)


def enabled_style(session: Session, user_id: uuid.UUID) -> str:
    """The text that goes to the model; empty where it is switched off."""
    row = _STYLE.one(session, user_id=user_id)
    return "" if row is None else str(row[0])


def save_style(session: Session, user_id: uuid.UUID, *, at: datetime, **values: Any) -> WriterStyle:
    """Sets `text`, `enabled` or `decided`, whichever is given."""
    row = session.get(WriterStyle, user_id) or WriterStyle(user_id=user_id, updated_at=at)
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = at
    session.add(row)
    session.flush()
    return row


def revised_versions(session: Session, user_id: uuid.UUID, *, most: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Where the writer went on from a model's version: (the model's, their own), newest first, none in the trash."""
    parent = Version.__table__.alias("parent")  # type: ignore[attr-defined]
    statement = (
        select(parent.c.id, col(Version.id))
        .select_from(Version)
        .join(parent, (parent.c.draft_id == col(Version.draft_id)) & (parent.c.id == col(Version.parent_id)))
        .join(DraftStream, col(DraftStream.id) == col(Version.draft_id))
        .where(
            col(DraftStream.owner_id) == user_id,
            col(DraftStream.deleted_at).is_(None),
            col(Version.source) == "user",
            col(Version.author_id) == user_id,
            parent.c.source.in_(("ai_generation", "ai_edit")),
        )
        .order_by(col(Version.id).desc())
        .limit(most)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


# References


def list_references(session: Session, draft_id: uuid.UUID) -> list[DraftReference]:
    """In the order they were added."""
    of_draft = select(DraftReference).where(col(DraftReference.draft_id) == draft_id)
    return list(session.scalars(of_draft.order_by(col(DraftReference.id))))


def enabled_references(session: Session, draft_id: uuid.UUID) -> list[tuple[str, str]]:
    """Title and text of those that go to the model."""
    of_draft = select(col(DraftReference.title), col(DraftReference.text)).where(
        col(DraftReference.draft_id) == draft_id, col(DraftReference.enabled).is_(True)
    )
    return [(row[0], row[1]) for row in session.execute(of_draft.order_by(col(DraftReference.id)))]


def has_enabled_references(session: Session, draft_id: uuid.UUID) -> bool:
    return _ENABLED.one(session, draft_id=draft_id) is not None


def measure_references(session: Session, draft_id: uuid.UUID) -> tuple[int, int]:
    """How many there are, and their length together in UTF-16 units."""
    row = session.execute(
        select(func.count(), func.sum(col(DraftReference.length))).where(col(DraftReference.draft_id) == draft_id)
    ).one()
    return row[0], int(row[1] or 0)


def get_reference(session: Session, reference_id: uuid.UUID) -> DraftReference:
    """Raises NotFound."""
    row = session.get(DraftReference, reference_id)
    if row is None:
        raise NotFound("reference")
    return row


def add_reference(session: Session, row: DraftReference) -> DraftReference:
    session.add(row)
    session.flush()
    return row


def delete_reference(session: Session, reference_id: uuid.UUID) -> None:
    """Raises NotFound."""
    if not changed_rows(session, delete(DraftReference).where(col(DraftReference.id) == reference_id)):
        raise NotFound("reference")


# Conversations


def add_conversation(session: Session, row: Conversation) -> Conversation:
    """One that is set up before its first message."""
    session.add(row)
    session.flush()
    return row
