"""Uploads on their way to become attachments (`goals.py`), and stored files that nothing refers to any more.

A file in the store outlives its row for a moment: triggers note its key in `stored_leftovers` in the transaction that
deletes the row, however that came about, and a worker deletes the file after the commit.
"""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, reference


class AttachmentUpload(SQLModel, table=True):
    """A file that comes in parts. `received` of `file_size` bytes are stored; the attachment it becomes has its id."""

    __tablename__ = "attachment_uploads"
    __table_args__ = (
        CheckConstraint("file_size > 0", name="file_size"),
        CheckConstraint("received BETWEEN 0 AND file_size", name="received"),
        Index("ix_attachment_uploads_updated_at", "updated_at"),
    )

    id: uuid.UUID = identifier()
    message_id: uuid.UUID = reference("conversation_messages.id", on_delete="CASCADE", index=True)
    uploader_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    filename: str = characters(255)
    original_filename: str = characters(500)
    file_size: int = Field(sa_type=BigInteger)
    received: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime
    updated_at: datetime


class AttachmentPart(SQLModel, table=True):
    """A piece of an upload, from byte `start` on."""

    __tablename__ = "attachment_parts"
    __table_args__ = (CheckConstraint("length > 0", name="length"),)

    upload_id: uuid.UUID = reference("attachment_uploads.id", on_delete="CASCADE", primary_key=True)
    start: int = Field(primary_key=True, sa_type=BigInteger)
    length: int = Field(sa_type=BigInteger)
    storage_key: str = characters(200, unique=True)


class StoredLeftover(SQLModel, table=True):
    """The key of a stored file whose row is gone, or whose content was refused; it is deleted next."""

    __tablename__ = "stored_leftovers"

    storage_key: str = characters(200, primary_key=True)


class MovedRow(SQLModel, table=True):
    """What a row of another system became here: moving it again finds this instead of doing it twice.

    `source` names the system, `origin` its table, `origin_id` the row; `kind` and `target_id` what it became. `digest` is of
    the row as it was, so that a row that changed since is told.
    """

    __tablename__ = "moved_rows"

    source: str = characters(100, primary_key=True)
    origin: str = characters(60, primary_key=True)
    origin_id: str = characters(200, primary_key=True)
    kind: str = characters(20)
    target_id: uuid.UUID = reference(index=True)
    digest: bytes = Field(sa_type=LargeBinary)
    moved_at: datetime
