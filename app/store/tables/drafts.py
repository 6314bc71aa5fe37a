"""The draft core's tables: the head of every draft, its events and snapshots; and the document kind's own table.

A further kind adds a table that references `draft_streams` the way `drafts` does. The rules a constraint cannot say
(append-only events, gapless numbers) are triggers, created by the migrations.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import JsonText


class DraftStream(SQLModel, table=True):
    """The head of one draft of any kind: what is true after event `seq`.

    `title`, `excerpt`, `words`, `completion` (0 to 100 %), `conflicts` (the open ones, missing when there is none) and
    the times follow from the events; they are kept so that lists of all kinds need neither replay nor the kinds' own
    tables. `autosaves` counts commands, `manual_saves` what the writer saved on purpose, `rebuilds` how often the row was
    replaced by what its events say. `erased_at`: since when its words are being erased; `erasing` until the last is gone.
    """

    __tablename__ = "draft_streams"
    __table_args__ = (
        UniqueConstraint("id", "owner_id"),
        one_of("status", "open", "submitted", "discarded"),
        CheckConstraint("seq >= 0", name="seq"),
        CheckConstraint("completion BETWEEN 0 AND 100", name="completion"),
        # Neither `saved_at` nor `expires_at` is indexed: every save would pay for it, and a person's drafts are few
        # enough to be sorted when they are listed.
        Index("ix_draft_streams_erasing", "id", sqlite_where=text("erasing"), postgresql_where=text("erasing")),
    )

    id: uuid.UUID = identifier()
    kind: str = characters(40)
    owner_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    title: str = characters(255, default="")
    excerpt: str = characters(255, default="")
    seq: int = 0
    head_hash: bytes = Field(sa_type=LargeBinary)
    status: str = characters(20, default="open")
    conflicts: list[dict[str, Any]] | None = Field(default=None, sa_type=JsonText)
    words: int = 0
    completion: int = 0
    autosaves: int = 0
    manual_saves: int = 0
    rebuilds: int = 0
    saved_at: datetime
    created_at: datetime
    deleted_at: datetime | None = None
    expires_at: datetime | None = None
    erased_at: datetime | None = None
    erasing: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class Draft(SQLModel, table=True):
    """A document as its events made it (kind `document`). `text` comes late: SQLite reads a row up to the column asked for."""

    __tablename__ = "drafts"
    __table_args__ = (
        ForeignKeyConstraint(["id", "user_id"], ["draft_streams.id", "draft_streams.owner_id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["id", "current_version_id"], ["versions.draft_id", "versions.id"],
            name="fk_drafts_current_version", deferrable=True, initially="DEFERRED", use_alter=True,
        ),
        CheckConstraint("length(title) <= 255", name="title_length"),
    )  # fmt: skip

    id: uuid.UUID = reference(primary_key=True)
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    title: str = characters(255, default="")
    description: str | None = characters(default=None)
    current_version_id: uuid.UUID | None = optional_reference()
    created_at: datetime
    updated_at: datetime
    # Not checked again, as `draft_events.payload`: the core lets nothing unstorable in, and every save would pay for it.
    text: str = Field(default="", sa_type=Text)
    room: bytes | None = Field(default=None, sa_type=LargeBinary)
    """Zeros that keep a row at its size while its text grows a little; see `store/drafting/room.py`. None on PostgreSQL."""


class DraftEvent(SQLModel, table=True):
    """One immutable fact of a draft. `payload` is missing only where a person's data was erased; the chain still holds.

    `n` counts the commands of `replica`; `part` the events of one command, the first of which keeps its digest.
    Server-made events have none of these, and no `base_seq`.
    """

    __tablename__ = "draft_events"
    __table_args__ = (
        UniqueConstraint("draft_id", "replica", "n", "part"),
        one_of("actor_kind", "user", "model", "system"),
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("(replica IS NULL) = (n IS NULL)", name="replica_n"),
    )

    draft_id: uuid.UUID = reference("draft_streams.id", on_delete="CASCADE", primary_key=True)
    seq: int = Field(primary_key=True)
    type: str = characters(60)
    actor_kind: str = characters(10)
    actor_id: uuid.UUID | None = optional_reference()
    device: str = characters(200, default="")
    replica: str | None = characters(64, default=None)
    n: int | None = None
    part: int = 0
    command_digest: bytes | None = Field(default=None, sa_type=LargeBinary)
    base_seq: int | None = None
    at: datetime
    payload_digest: bytes = Field(sa_type=LargeBinary)
    prev_hash: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)
    payload: str | None = Field(default=None, sa_type=Text)


class DraftSnapshot(SQLModel, table=True):
    """The state after event `seq`, zlib over JSON: a shortcut for replay that may be deleted at any time."""

    __tablename__ = "draft_snapshots"

    draft_id: uuid.UUID = reference("draft_streams.id", on_delete="CASCADE", primary_key=True)
    seq: int = Field(primary_key=True)
    state: bytes = Field(sa_type=LargeBinary)
