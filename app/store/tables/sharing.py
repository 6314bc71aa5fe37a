"""Links by which somebody without an account reads a document, and comments on its passages."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, optional_reference, reference


class ShareLink(SQLModel, table=True):
    """A link to read one document. `token_hash` is the SHA-256 of its token; `expires_at` missing: valid until removed.
    `last_used_at` is when somebody last read by it, to some minutes."""

    __tablename__ = "share_links"
    __table_args__ = (CheckConstraint("expires_at IS NULL OR expires_at > created_at", name="expiry"),)

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE", index=True)
    name: str = characters(120, default="")
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None


class CommentThread(SQLModel, table=True):
    """What people say about one passage, which stood at `range_from..range_to` (UTF-16 units) after event `placed_seq`.

    Where it stands now follows from the events since; an empty range is one whose words have been gone for long. `quote`
    is the passage as it read when the thread was begun. `resolved_at` missing: it is open.
    """

    __tablename__ = "comment_threads"
    __table_args__ = (
        CheckConstraint("placed_seq >= 1", name="placed_seq"),
        CheckConstraint("0 <= range_from AND range_from <= range_to", name="range"),
        CheckConstraint("quote <> ''", name="quote"),
        CheckConstraint("resolved_by IS NULL OR resolved_at IS NOT NULL", name="resolved"),
    )

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE", index=True)
    begun_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    placed_seq: int
    range_from: int
    range_to: int
    quote: str = Field(sa_type=Text)
    created_at: datetime
    resolved_at: datetime | None = None
    resolved_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)


class Comment(SQLModel, table=True):
    """One thing said in a thread. Of what its author deleted the words are gone; it stays while others answered it."""

    __tablename__ = "comments"
    __table_args__ = (CheckConstraint("(deleted_at IS NULL) = (body <> '')", name="deleted"),)

    id: uuid.UUID = identifier()
    thread_id: uuid.UUID = reference("comment_threads.id", on_delete="CASCADE", index=True)
    author_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    body: str = Field(sa_type=Text)
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
