"""Starting a form: a new draft, or the unfinished one that is there."""

from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor
from app.core.kinds import FORM
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.drafts import draft_view
from app.services.errors import InvalidInput
from app.services.views import DraftView
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting.form_projections import open_form
from app.store.errors import AlreadyExists


class Started(msgspec.Struct, frozen=True):
    """`new` is false for a draft that was there before."""

    draft: DraftView
    new: bool


class FormStarts:
    """Use case of whoever opens a form."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def start(self, person: Principal, fields: dict[str, Any], *, title: str = "", device: str = "") -> Started:
        """The person's open draft of the form and subject in `fields`, or a new one with these fields."""
        given = dict(fields)
        if title:
            given.setdefault("data.title", title)
        form, subject = _named(given)

        def unit(session: Session) -> Started:
            existing = open_form(session, person.id, form, subject)
            if existing is not None:
                return Started(draft_view(session, draft_store.load_draft(session, existing)), new=False)
            head = draft_store.create_stream(
                session,
                kind="form",
                owner_id=person.id,
                actor=Actor("user", person.id),
                at=self._clock(),
                fields=given,
                device=device,
            )
            return Started(draft_view(session, head), new=True)

        try:
            return await self._db.write(unit)
        except AlreadyExists:
            # Another device was first, by a moment.
            return await self._db.write(unit)


def _named(fields: dict[str, Any]) -> tuple[str, UUID | None]:
    """The form and what it is about. Raises `InvalidInput` or InvalidValue."""
    form = FORM.field("form").validated("form", fields.get("form", ""))
    if not form:
        raise InvalidInput("form", "Say which form this is.")
    subject = FORM.field("subject").validated("subject", fields.get("subject"))
    return form, None if subject is None else UUID(subject)
