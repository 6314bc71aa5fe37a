"""How far people have read, and the replies they keep for use again."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.engine.quick import quick
from app.store.errors import AlreadyExists, NotFound
from app.store.rows import changed_rows
from app.store.tables import MessageRead, ReplyTemplate


def _upsert(insert: Any) -> Prepared:
    statement = insert(MessageRead).values(
        {name: bindparam(name) for name in ("conversation_id", "user_id", "position", "read_at")}
    )
    table = MessageRead.__table__  # type: ignore[attr-defined]
    forward = {name: statement.excluded[name] for name in ("position", "read_at")}
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=["conversation_id", "user_id"],
            set_=forward,
            where=table.c.position < statement.excluded.position,
        )
    )


_MARK = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


@quick
def mark_read(
    session: Session, conversation_id: uuid.UUID, person_id: uuid.UUID, *, position: int, at: datetime
) -> bool:
    """Notes that this person has read up to a position; False if they had before. It never goes back, except by
    `mark_unread`."""
    assert session.bind is not None
    marked = _MARK[session.bind.dialect.name].run(
        session, conversation_id=conversation_id, user_id=person_id, position=position, read_at=at
    )
    return marked > 0


def mark_unread(session: Session, conversation_id: uuid.UUID, person_id: uuid.UUID, *, position: int) -> None:
    """What comes at `position` and after it is unread again."""
    changed_rows(
        session,
        update(MessageRead)
        .where(
            col(MessageRead.conversation_id) == conversation_id,
            col(MessageRead.user_id) == person_id,
            col(MessageRead.position) >= position,
        )
        .values(position=max(0, position - 1)),
    )


# Reply templates


def list_templates(session: Session, person_id: uuid.UUID) -> list[ReplyTemplate]:
    """A person's templates, by name."""
    statement = select(ReplyTemplate).where(col(ReplyTemplate.user_id) == person_id)
    return list(session.scalars(statement.order_by(func.lower(col(ReplyTemplate.name)), col(ReplyTemplate.id))))


def add_template(session: Session, person_id: uuid.UUID, *, name: str, content: str, at: datetime) -> ReplyTemplate:
    """Raises AlreadyExists(field="name")."""
    template = ReplyTemplate(user_id=person_id, name=name, content=content, created_at=at, updated_at=at)
    session.add(template)
    return _flushed(session, template)


def change_template(
    session: Session,
    person_id: uuid.UUID,
    template_id: uuid.UUID,
    *,
    name: str | None,
    content: str | None,
    at: datetime,
) -> ReplyTemplate:
    """Raises NotFound, also for somebody else's, and AlreadyExists(field="name")."""
    template = session.get(ReplyTemplate, template_id)
    if template is None or template.user_id != person_id:
        raise NotFound("template")
    if name is not None:
        template.name = name
    if content is not None:
        template.content = content
    template.updated_at = at
    return _flushed(session, template)


def _flushed(session: Session, template: ReplyTemplate) -> ReplyTemplate:
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyExists("You have a template of this name already.", field="name") from error
    return template


def delete_template(session: Session, person_id: uuid.UUID, template_id: uuid.UUID) -> None:
    """Raises NotFound, also for somebody else's."""
    own = delete(ReplyTemplate).where(col(ReplyTemplate.id) == template_id, col(ReplyTemplate.user_id) == person_id)
    if not changed_rows(session, own):
        raise NotFound("template")
