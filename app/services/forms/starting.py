"""Starting a form: a new draft, from nothing or from a template, or the unfinished one that is there."""

from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor
from app.core.errors import UnknownField
from app.core.expiry import ExpiryRules
from app.core.kinds import FORM
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.draft_views import draft_view
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.forms.definitions import FormDefinition, FormDefinitions
from app.services.forms.states import FormState, state_of
from app.services.views import DraftView
from app.store import drafts as draft_store
from app.store import form_templates
from app.store.db import Database
from app.store.drafting.form_projections import open_form
from app.store.drafting.heads import load_head, lock_place
from app.store.errors import AlreadyExists

_IN_FIRST_EVENT = frozenset({"form", "form_version", "required", "subject"})


class Started(msgspec.Struct, frozen=True):
    """`new` is false for a draft that was there before."""

    draft: DraftView
    new: bool


class FormStarts:
    """Use case of whoever opens a form."""

    def __init__(self, db: Database, clock: Clock, definitions: FormDefinitions, expiry: ExpiryRules) -> None:
        self._db = db
        self._clock = clock
        self._definitions = definitions
        self._expiry = expiry

    async def start(
        self,
        person: Principal,
        fields: dict[str, Any],
        *,
        title: str = "",
        template_id: UUID | None = None,
        draft_id: UUID | None = None,
        device: str = "",
    ) -> Started:
        """The person's open draft of the form and subject in `fields`, or a new one with these fields; under `draft_id`,
        where a device without a network has named it. Raises `Conflict` for an id that is taken otherwise."""
        given = dict(fields)
        if title:
            given.setdefault("data.title", title)
        form, subject = self._named(given)

        def unit(session: Session) -> Started:
            existing = _made_before(session, person, draft_id, form, subject)
            if existing is None:
                existing = open_form(session, person.id, form.name, subject)
            if existing is not None:
                return Started(draft_view(session, draft_store.load_draft(session, existing), self._expiry), new=False)
            head = draft_store.create_stream(
                session,
                draft_id=draft_id,
                kind="form",
                owner_id=person.id,
                actor=Actor("user", person.id),
                at=self._clock(),
                fields=first_fields(form, subject),
                filled=answers(_template(session, person, form, template_id) | given),
                device=device,
            )
            return Started(draft_view(session, head, self._expiry), new=True)

        try:
            return await self._db.write(unit)
        except AlreadyExists:
            # Another device was first, by a moment.
            return await self._db.write(unit)

    def _named(self, fields: dict[str, Any]) -> tuple[FormDefinition, UUID | None]:
        """The form and what it is about. Raises `InvalidInput`, InvalidValue or UnknownField."""
        form = self._definitions.find(FORM.field("form").validated("form", fields.get("form", "")))
        if form is None:
            names = ", ".join(form.name for form in self._definitions.all())
            raise InvalidInput("form", f"There is no such form. There are: {names}.")
        for name in fields:
            if name not in FORM.fields and name not in form.keys:
                raise UnknownField(name, f"form {form.name}")
        subject = FORM.field("subject").validated("subject", fields.get("subject"))
        return form, None if subject is None else UUID(subject)


def first_fields(form: FormDefinition, subject: UUID | None) -> dict[str, Any]:
    """The first event of a draft of a form, which is the same whatever it is begun with: a device without a network
    begins on it too, and what was answered elsewhere has to come after what they share."""
    return {
        "form": form.name,
        "form_version": form.version,
        "required": form.required_keys,
        "current_step": form.steps[0].name,
        "subject": None if subject is None else str(subject),
    }


def answers(given: dict[str, Any]) -> dict[str, Any]:
    """Those of the given fields that are not said by the first event already."""
    return {name: value for name, value in given.items() if name not in _IN_FIRST_EVENT}


def blank(form: FormDefinition) -> tuple[dict[str, Any], FormState]:
    """The fields and the state of a draft of this form nobody has written in yet, for a device to begin one from."""
    fields = FORM.first_fields(first_fields(form, None))
    return fields, state_of(form, fields, completion=0, seq=1)


def _made_before(
    session: Session, person: Principal, draft_id: UUID | None, form: FormDefinition, subject: UUID | None
) -> UUID | None:
    """`draft_id`, if it was made when this was asked before, also when it has been handed in since. Raises `Conflict` when
    it belongs to somebody else, or to another form or subject."""
    place = None if draft_id is None else lock_place(session, draft_id)
    if draft_id is None or place is None:
        return None
    head = load_head(session, draft_id) if place.owner_id == person.id else None
    about = None if subject is None else str(subject)
    if head is None or (head.state.fields.get("form"), head.state.fields.get("subject")) != (form.name, about):
        raise Conflict("id_taken", "This id belongs to something else. Choose another one.")
    return head.id


def _template(session: Session, person: Principal, form: FormDefinition, template_id: UUID | None) -> dict[str, Any]:
    if template_id is None:
        return {}
    template = form_templates.find(session, person.id, template_id)
    if template is None or template.form != form.name:
        raise Missing
    known = form.keys
    return {name: value for name, value in template.fields.items() if name in known}
