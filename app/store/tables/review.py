"""What a model proposes to a document, hunk by hunk, and the passages a writer has locked against models."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import PlainText


class Proposal(SQLModel, table=True):
    """One hunk of a turn's result: `new_text` in place of `old_text`, which stood at `range_from..range_to` (UTF-16
    units) after event `placed_seq`.

    Where it stands now follows from the events since. That its words changed meanwhile is found the same way and not
    stored: an undo can bring them back. `refined_by` is the turn asked to make it anew; `accepted_text` what the person
    took instead of `new_text`; `decided_seq` the event that put it into the text, `version_id` the version that has it.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        UniqueConstraint("turn_id", "number"),
        ForeignKeyConstraint(
            ["draft_id", "turn_id"], ["turns.draft_id", "turns.id"], name="fk_proposals_turn", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["draft_id", "version_id"], ["versions.draft_id", "versions.id"], name="fk_proposals_version"
        ),
        one_of("state", "pending", "accepted", "rejected", "withdrawn"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("placed_seq >= 0", name="placed_seq"),
        CheckConstraint("0 <= range_from AND range_from <= range_to", name="range"),
        CheckConstraint("old_text <> new_text", name="change"),
        CheckConstraint("(range_from = range_to) = (old_text = '')", name="old_text"),
        CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'accepted') = (decided_seq IS NOT NULL)", name="accepted"),
        CheckConstraint("accepted_text IS NULL OR state = 'accepted'", name="accepted_text"),
        Index("ix_proposals_pending", "draft_id",
              sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")),
        Index("ix_proposals_draft_id_turn_id", "draft_id", "turn_id"),
        Index("ix_proposals_draft_id_version_id", "draft_id", "version_id"),
        Index("ix_proposals_decided_by", "decided_by",
              sqlite_where=text("decided_by IS NOT NULL"), postgresql_where=text("decided_by IS NOT NULL")),
    )  # fmt: skip

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE")
    turn_id: uuid.UUID = reference()
    number: int
    placed_seq: int
    range_from: int
    range_to: int
    old_text: str = characters()
    new_text: str = characters()
    state: str = characters(20, default="pending")
    refined_by: uuid.UUID | None = optional_reference()
    accepted_text: str | None = Field(default=None, sa_type=PlainText())
    decided_seq: int | None = None
    version_id: uuid.UUID | None = optional_reference()
    decided_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    decided_at: datetime | None = None
    created_at: datetime


class Lock(SQLModel, table=True):
    """A passage no model may change: `range_from..range_to` (UTF-16 units) after event `placed_seq`."""

    __tablename__ = "locks"
    __table_args__ = (
        CheckConstraint("placed_seq >= 0", name="placed_seq"),
        CheckConstraint("0 <= range_from AND range_from < range_to", name="range"),
    )

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE", index=True)
    placed_seq: int
    range_from: int
    range_to: int
    created_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    created_at: datetime
