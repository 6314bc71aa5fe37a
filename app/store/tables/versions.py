"""Versions of documents: immutable, each with a parent, stored as the change from that parent."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference


class Version(SQLModel, table=True):
    """A whole text with a name and a place in the tree.

    Exactly one of `full` (zlib over UTF-8) and `delta` (the change from the parent, see `store.deltas`) is set.
    `depth` is the number of deltas between this version and the nearest `full` text above it. `words` and
    `words_delta` count words of the text and the difference to the parent's. `hash` is the SHA-256 of the UTF-8 text.
    `merged_from_id` is the second parent of a merge. Only `label` may change.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("draft_id", "id"),
        UniqueConstraint("draft_id", "number"),
        ForeignKeyConstraint(["draft_id", "parent_id"], ["versions.draft_id", "versions.id"], name="fk_versions_parent"),
        ForeignKeyConstraint(
            ["draft_id", "merged_from_id"], ["versions.draft_id", "versions.id"], name="fk_versions_merged_from"
        ),
        ForeignKeyConstraint(
            ["draft_id", "turn_id"], ["turns.draft_id", "turns.id"],
            name="fk_versions_turn", deferrable=True, initially="DEFERRED", use_alter=True,
        ),
        one_of("source", "user", "ai_generation", "ai_edit"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint('("full" IS NULL) <> (delta IS NULL)', name="content"),
        CheckConstraint("(depth = 0) = (delta IS NULL) AND depth <= 64", name="depth"),
        CheckConstraint("delta IS NULL OR parent_id IS NOT NULL", name="delta_parent"),
        # SQLite looks children up by these when a draft goes: without them every deleted version scans all others.
        Index("ix_versions_draft_id_parent_id", "draft_id", "parent_id"),
        Index("ix_versions_draft_id_merged_from_id", "draft_id", "merged_from_id",
              sqlite_where=text("merged_from_id IS NOT NULL"), postgresql_where=text("merged_from_id IS NOT NULL")),
        Index("ix_versions_draft_id_turn_id", "draft_id", "turn_id",
              sqlite_where=text("turn_id IS NOT NULL"), postgresql_where=text("turn_id IS NOT NULL")),
        Index("ix_versions_author_id", "author_id",
              sqlite_where=text("author_id IS NOT NULL"), postgresql_where=text("author_id IS NOT NULL")),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE")
    number: int
    parent_id: uuid.UUID | None = optional_reference()
    merged_from_id: uuid.UUID | None = optional_reference()
    seq: int
    source: str = characters(20)
    author_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    model: str | None = characters(200, default=None)
    turn_id: uuid.UUID | None = optional_reference()
    label: str | None = characters(200, default=None)
    words: int
    words_delta: int
    depth: int
    hash: bytes = Field(sa_type=LargeBinary)
    created_at: datetime
    delta: bytes | None = Field(default=None, sa_type=LargeBinary)
    full: bytes | None = Field(default=None, sa_type=LargeBinary)
