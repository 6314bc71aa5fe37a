"""Replies a person keeps for use again. They are nobody else's."""

from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.kinds import MESSAGE
from app.core.messages import is_empty
from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput
from app.services.goals.views import ReplyTemplateView
from app.services.views import Page
from app.store.db import Database
from app.store.goals import receipts as store
from app.store.tables import ReplyTemplate

_MOST_NAME = 100
_MOST_TEMPLATES = 200


class TemplateChange(msgspec.Struct, frozen=True):
    name: str | None = None
    content: str | None = None


class ReplyTemplates:
    """Use cases of reply templates."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def list(self, person: Principal) -> Page[ReplyTemplateView]:
        rows = await self._db.read(store.list_templates, person.id)
        return Page([_view(row) for row in rows])

    async def add(self, person: Principal, name: str, content: str) -> ReplyTemplateView:
        """Raises `InvalidInput`, AlreadyExists, and `Conflict` when there are too many."""
        name, content = _checked_name(name), _checked_content(content)

        def unit(session: Session) -> ReplyTemplateView:
            if len(store.list_templates(session, person.id)) >= _MOST_TEMPLATES:
                raise Conflict("too_many_templates", f"Keep at most {_MOST_TEMPLATES} templates; delete one first.")
            return _view(store.add_template(session, person.id, name=name, content=content, at=self._clock()))

        return await self._db.write(unit)

    async def change(self, person: Principal, template_id: UUID, change: TemplateChange) -> ReplyTemplateView:
        """Raises `InvalidInput`, NotFound or AlreadyExists."""
        name = None if change.name is None else _checked_name(change.name)
        content = None if change.content is None else _checked_content(change.content)
        return await self._db.write(
            lambda session: _view(
                store.change_template(session, person.id, template_id, name=name, content=content, at=self._clock())
            )
        )

    async def delete(self, person: Principal, template_id: UUID) -> None:
        await self._db.write(store.delete_template, person.id, template_id)


def _checked_name(name: str) -> str:
    return checked_line("name", name, least=1, most=_MOST_NAME)


def _checked_content(content: str) -> str:
    checked: str = MESSAGE.field("content").validated("content", content)
    if is_empty(checked):
        raise InvalidInput("content", "Write what the template says.")
    return checked


def _view(row: ReplyTemplate) -> ReplyTemplateView:
    return ReplyTemplateView(row.id, row.name, row.content, row.updated_at)
