"""Forms and modals: their open drafts, what became of them, who shares them, what they start from."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import BinaryUuid, JsonText

_NEW = "subject_id IS NULL"


class ModalDraft(SQLModel, table=True):
    """An open bug report or feature request. No other kind of draft ever comes into this table."""

    __tablename__ = "modal_drafts"
    __table_args__ = (
        ForeignKeyConstraint(["id", "user_id"], ["draft_streams.id", "draft_streams.owner_id"], ondelete="CASCADE"),
        one_of("type", "bug_report", "feature_request"),
        CheckConstraint("length(title) <= 255", name="title_length"),
    )

    id: uuid.UUID = reference(primary_key=True)
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    type: str = characters(20)
    title: str = characters(255, default="")
    # `metadata` is taken: SQLModel keeps all tables under that name.
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText, sa_column_kwargs={"name": "metadata"})
    created_at: datetime
    updated_at: datetime
    description: str = Field(default="", sa_type=Text)


class FormDraft(SQLModel, table=True):
    """An open multi-step form: one for each person, form and subject. `subject_id` is what the form is about, missing
    for something new. `form_data` maps the names of the form's own fields, with their prefix, to what they hold."""

    __tablename__ = "form_drafts"
    __table_args__ = (
        ForeignKeyConstraint(["id", "user_id"], ["draft_streams.id", "draft_streams.owner_id"], ondelete="CASCADE"),
        # Two indexes, since no value is equal to a missing one.
        Index("uq_form_drafts_subject", "user_id", "form", "subject_id", unique=True),
        Index("uq_form_drafts_new", "user_id", "form", unique=True, sqlite_where=text(_NEW), postgresql_where=text(_NEW)),
    )  # fmt: skip

    id: uuid.UUID = reference(primary_key=True)
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE")
    form: str = characters(100)
    form_version: int = 0
    subject_id: uuid.UUID | None = optional_reference()
    current_step: str = characters(100, default="")
    completed_steps: list[str] = Field(default_factory=list, sa_type=JsonText)
    required: list[str] = Field(default_factory=list, sa_type=JsonText)
    last_saved_at: datetime
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    form_data: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)


class Submission(SQLModel, table=True):
    """What somebody handed in. It bears the id of the draft it was written in, whose log ends at `seq` with `head_hash`,
    and stays when the person's account goes."""

    __tablename__ = "submissions"
    __table_args__ = (
        one_of("state", "new", "triaged", "closed"),
        CheckConstraint("(kind = 'form') = (form IS NOT NULL)", name="form"),
        Index("ix_submissions_kind_state_submitted_at", "kind", "state", "submitted_at"),
    )

    id: uuid.UUID = Field(primary_key=True, sa_type=BinaryUuid)
    kind: str = characters(40)
    form: str | None = characters(100, default=None)
    user_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    subject_id: uuid.UUID | None = optional_reference()
    title: str = characters(255, default="")
    fields: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    seq: int
    head_hash: bytes = Field(sa_type=LargeBinary)
    submitted_at: datetime
    state: str = characters(20, default="new")
    note: str = characters(4_000, default="")


class DraftShare(SQLModel, table=True):
    """A person who may see (`viewer`), comment on (`commenter`) or change (`editor`) somebody else's draft."""

    __tablename__ = "draft_shares"
    __table_args__ = (one_of("role", "viewer", "commenter", "editor"),)

    draft_id: uuid.UUID = reference("draft_streams.id", on_delete="CASCADE", primary_key=True)
    user_id: uuid.UUID = Field(
        sa_type=BinaryUuid, primary_key=True, foreign_key="users.id", ondelete="CASCADE", index=True
    )
    role: str = characters(10)
    created_at: datetime


class FormTemplate(SQLModel, table=True):
    """What a form may start from: the fields of a draft, without what it was about."""

    __tablename__ = "form_templates"
    __table_args__ = (
        UniqueConstraint("user_id", "form", "name"),
        CheckConstraint("name <> ''", name="name"),
    )

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE")
    form: str = characters(100)
    form_version: int = 0
    name: str = characters(120)
    fields: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
    created_at: datetime
    updated_at: datetime
