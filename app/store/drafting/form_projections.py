"""The tables of forms and modals, as projections: `modal_drafts` and `form_drafts`. Both hold open drafts only."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.core.kinds import FORM
from app.store.drafting.excerpts import excerpt_of
from app.store.engine.prepared import Prepared
from app.store.errors import AlreadyExists
from app.store.tables import FormDraft, ModalDraft

MODAL_REMOVAL = Prepared(delete(ModalDraft).where(col(ModalDraft.id) == bindparam("draft_id")))
FORM_REMOVAL = Prepared(delete(FormDraft).where(col(FormDraft.id) == bindparam("draft_id")))

_TITLE_CHARACTERS = 255


class ModalProjection:
    """A kind whose drafts are in `modal_drafts`."""

    _insert = Prepared(insert(ModalDraft))
    _load = Prepared(
        select(col(ModalDraft.title), col(ModalDraft.description), col(ModalDraft.details)).where(
            col(ModalDraft.id) == bindparam("draft_id")
        )
    )
    _save = Prepared(
        update(ModalDraft)
        .where(col(ModalDraft.id) == bindparam("draft_id"))
        .values(
            {
                col(ModalDraft.title): bindparam("title"),
                col(ModalDraft.description): bindparam("description"),
                col(ModalDraft.details): bindparam("details"),
                col(ModalDraft.updated_at): bindparam("updated_at"),
            }
        )
    )

    def __init__(self, type_: str) -> None:
        self._type = type_

    def insert(
        self, session: Session, draft_id: uuid.UUID, *, owner_id: uuid.UUID, fields: Mapping[str, Any], at: datetime
    ) -> None:
        self._insert.run(
            session,
            id=draft_id,
            user_id=owner_id,
            type=self._type,
            title=fields["title"],
            description=fields["description"],
            metadata=fields["metadata"],
            created_at=at,
            updated_at=at,
        )

    def load(self, session: Session, draft_id: uuid.UUID) -> dict[str, Any] | None:
        row = self._load.one(session, draft_id=draft_id)
        return None if row is None else {"title": row[0], "description": row[1], "metadata": row[2]}

    def save(self, session: Session, draft_id: uuid.UUID, *, fields: Mapping[str, Any], at: datetime) -> None:
        self._save.run(
            session,
            draft_id=draft_id,
            title=fields["title"],
            description=fields["description"],
            details=fields["metadata"],
            updated_at=at,
        )

    def title(self, fields: Mapping[str, Any]) -> str:
        title: str = fields["title"]
        return title

    def excerpt(self, fields: Mapping[str, Any], *, before: Mapping[str, Any], known: str) -> str:
        return excerpt_of(fields["description"], before=before.get("description"), known=known)


_OWN = ("form", "form_version", "current_step", "completed_steps", "required")


class FormProjection:
    """Kind `form` in table `form_drafts`."""

    _insert = Prepared(insert(FormDraft))
    _load = Prepared(
        select(
            *(col(getattr(FormDraft, name)) for name in _OWN), col(FormDraft.subject_id), col(FormDraft.form_data)
        ).where(col(FormDraft.id) == bindparam("draft_id"))
    )
    _save = Prepared(
        update(FormDraft)
        .where(col(FormDraft.id) == bindparam("draft_id"))
        .values(
            {
                name: bindparam(name)
                for name in (
                    "form_version",
                    "current_step",
                    "completed_steps",
                    "required",
                    "form_data",
                    "last_saved_at",
                    "expires_at",
                    "updated_at",
                )
            }
        )
    )

    def insert(
        self, session: Session, draft_id: uuid.UUID, *, owner_id: uuid.UUID, fields: Mapping[str, Any], at: datetime
    ) -> None:
        """Raises AlreadyExists while the person has an open draft of the same form and subject."""
        subject_id = _subject_id(fields)
        if open_form(session, owner_id, fields["form"], subject_id) is not None:
            raise _another()
        try:
            self._insert.run(
                session,
                id=draft_id,
                user_id=owner_id,
                form=fields["form"],
                subject_id=subject_id,
                created_at=at,
                **_changing(fields, at),
            )
        except IntegrityError as error:
            # Somebody was faster since we looked; there is no other rule these values could break.
            raise _another() from error

    def load(self, session: Session, draft_id: uuid.UUID) -> dict[str, Any] | None:
        row = self._load.one(session, draft_id=draft_id)
        if row is None:
            return None
        subject_id = row[-2]
        own = dict(zip(_OWN, row, strict=False))
        return {**own, "subject": None if subject_id is None else str(subject_id), **row[-1]}

    def save(self, session: Session, draft_id: uuid.UUID, *, fields: Mapping[str, Any], at: datetime) -> None:
        self._save.run(session, draft_id=draft_id, **_changing(fields, at))

    def title(self, fields: Mapping[str, Any]) -> str:
        """The form's own title where it has one, else what the form is called."""
        given = fields.get("data.title")
        title = given.strip() if isinstance(given, str) else ""
        return (title or fields["form"].replace("_", " ").capitalize())[:_TITLE_CHARACTERS]

    def excerpt(self, fields: Mapping[str, Any], *, before: Mapping[str, Any], known: str) -> str:
        name = next((name for name in sorted(fields) if name.startswith("text.") and fields[name]), None)
        return "" if name is None else excerpt_of(fields[name], before=before.get(name), known=known)


def _another() -> AlreadyExists:
    return AlreadyExists("There is another unfinished draft of this form; finish or discard it first.", field="form")


# The kind's own time, as the column of old; what an installation decided otherwise is in `core.expiry`.
_EXPIRES_AFTER = timedelta(days=FORM.expires_days or 0)


def _changing(fields: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "form_version": fields["form_version"],
        "current_step": fields["current_step"],
        "completed_steps": fields["completed_steps"],
        "required": fields["required"],
        "form_data": {name: value for name, value in fields.items() if name not in FORM.fields},
        "last_saved_at": at,
        "expires_at": at + _EXPIRES_AFTER,
        "updated_at": at,
    }


def _subject_id(fields: Mapping[str, Any]) -> uuid.UUID | None:
    return None if fields["subject"] is None else uuid.UUID(fields["subject"])


_OPEN = select(col(FormDraft.id)).where(
    col(FormDraft.user_id) == bindparam("user_id"), col(FormDraft.form) == bindparam("form")
)
_OPEN_ABOUT = Prepared(_OPEN.where(col(FormDraft.subject_id) == bindparam("subject_id")))
_OPEN_NEW = Prepared(_OPEN.where(col(FormDraft.subject_id).is_(None)))


def open_form(session: Session, user_id: uuid.UUID, form: str, subject_id: uuid.UUID | None) -> uuid.UUID | None:
    """The person's open draft of this form about this subject, or about something new."""
    if subject_id is None:
        row = _OPEN_NEW.one(session, user_id=user_id, form=form)
    else:
        row = _OPEN_ABOUT.one(session, user_id=user_id, form=form, subject_id=subject_id)
    return None if row is None else row[0]
