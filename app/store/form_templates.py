"""What people keep to start forms from."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.store.rows import changed_rows
from app.store.tables import FormTemplate


def find(session: Session, user_id: uuid.UUID, template_id: uuid.UUID) -> FormTemplate | None:
    """A person's own template."""
    template = session.get(FormTemplate, template_id)
    return template if template is not None and template.user_id == user_id else None


def list_templates(session: Session, user_id: uuid.UUID, form: str) -> list[FormTemplate]:
    """A person's templates of a form, by name."""
    own = select(FormTemplate).where(col(FormTemplate.user_id) == user_id, col(FormTemplate.form) == form)
    return list(session.scalars(own.order_by(col(FormTemplate.name))))


def save(
    session: Session,
    user_id: uuid.UUID,
    *,
    form: str,
    form_version: int,
    name: str,
    fields: Mapping[str, Any],
    at: datetime,
) -> tuple[FormTemplate, bool]:
    """Keeps a template; one of the same name is replaced. Also says whether it is a new one."""
    named = select(FormTemplate).where(
        col(FormTemplate.user_id) == user_id, col(FormTemplate.form) == form, col(FormTemplate.name) == name
    )
    template = session.scalars(named).one_or_none()
    new = template is None
    if template is None:
        template = FormTemplate(
            user_id=user_id, form=form, form_version=form_version, name=name, fields=dict(fields), created_at=at, updated_at=at
        )  # fmt: skip
        session.add(template)
    else:
        template.form_version, template.fields, template.updated_at = form_version, dict(fields), at
    session.flush()
    return template, new


def remove(session: Session, user_id: uuid.UUID, template_id: uuid.UUID) -> bool:
    """False if there is none."""
    own = delete(FormTemplate).where(col(FormTemplate.id) == template_id, col(FormTemplate.user_id) == user_id)
    return changed_rows(session, own) > 0
