"""Links by which somebody without an account reads a document. Only the hash of what they carry is kept."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, reference


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
