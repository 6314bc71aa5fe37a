"""What people do with a submission: the number it goes by, who deals with it, and the words it is found by."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import SQLModel

from app.store.tables.base import characters, optional_reference, reference


class SubmissionTicket(SQLModel, table=True):
    """Beside each submission. `number` counts all submissions from 1 without gaps; `terms` are its different words, folded
    as for search, with a space around each."""

    __tablename__ = "submission_tickets"
    __table_args__ = (UniqueConstraint("number"), CheckConstraint("number >= 1", name="number"))

    submission_id: uuid.UUID = reference("submissions.id", on_delete="CASCADE", primary_key=True)
    number: int
    assignee_id: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL", index=True)
    updated_at: datetime
    terms: str = characters(default="")
