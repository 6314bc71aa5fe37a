"""Branches of documents: names for lines of work in the tree of versions."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import SQLModel

from app.store.tables.base import characters, identifier, reference


class Branch(SQLModel, table=True):
    """A name, unique in its draft, for the line of work from `start_version_id` to `tip_version_id`.

    `current`: the one the draft is on, at most one per draft; new current versions move its tip. `favourite` is the
    person's mark. Deleting a branch takes the name away, never a version.
    """

    __tablename__ = "branches"
    __table_args__ = (
        UniqueConstraint("draft_id", "name"),
        ForeignKeyConstraint(
            ["draft_id", "start_version_id"], ["versions.draft_id", "versions.id"], name="fk_branches_start"
        ),
        ForeignKeyConstraint(
            ["draft_id", "tip_version_id"], ["versions.draft_id", "versions.id"], name="fk_branches_tip"
        ),
        CheckConstraint("name <> ''", name="name"),
        Index("uq_branches_current", "draft_id", unique=True,
              sqlite_where=text("current"), postgresql_where=text("current")),
        # Looked up when the versions of a draft go.
        Index("ix_branches_draft_id_start_version_id", "draft_id", "start_version_id"),
        Index("ix_branches_draft_id_tip_version_id", "draft_id", "tip_version_id"),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE")
    name: str = characters(120)
    start_version_id: uuid.UUID = reference()
    tip_version_id: uuid.UUID = reference()
    current: bool = False
    favourite: bool = False
    created_at: datetime
