"""Filling a form in: what it asks, how far a draft is, going on from a step, following a changed definition."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.drafts import Actor, SetOp, edit
from app.core.expiry import ExpiryRules
from app.core.kinds import FORM
from app.services.access import editable_draft, visible_draft
from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.draft_views import draft_view
from app.services.errors import Conflict, InvalidFields, InvalidInput, Missing
from app.services.fanout import Fanout
from app.services.forms.definitions import FormDefinition, FormDefinitions
from app.services.forms.states import FormState, form_state
from app.services.forms.validation import form_errors, step_errors
from app.services.submitting import Check
from app.services.views import DraftView, Page
from app.store import drafts as draft_store
from app.store import form_templates
from app.store.db import Database
from app.store.drafting.event_log import Origin
from app.store.drafting.form_projections import open_form
from app.store.drafting.heads import Head
from app.store.tables import FormTemplate


class FormSummary(msgspec.Struct, frozen=True):
    """A form as it is offered."""

    name: str
    version: int
    title: str
    description: str
    steps: int


class TemplateView(msgspec.Struct, frozen=True):
    """What a form may start from."""

    id: UUID
    form: str
    name: str
    fields: dict[str, Any]
    updated_at: datetime


def submission_check(definitions: FormDefinitions) -> Check:
    """A form is handed in when every step is right by the definition as it is now."""

    def check(head: Head) -> list[tuple[str, str]]:
        form = definitions.find(head.state.fields["form"])
        if form is None:
            raise Conflict("form_gone", "This form is no longer offered; what you wrote is kept.")
        return form_errors(form, head.state.fields)

    return check


class Filling:
    """Use cases of forms and their drafts."""

    def __init__(
        self, db: Database, clock: Clock, fanout: Fanout, definitions: FormDefinitions, expiry: ExpiryRules
    ) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout
        self._definitions = definitions
        self._expiry = expiry

    def forms(self) -> Page[FormSummary]:
        """Every form there is."""
        return Page(
            [
                FormSummary(form.name, form.version, form.title, form.description, len(form.steps))
                for form in self._definitions.all()
            ]
        )

    def form(self, name: str) -> FormDefinition:
        """Raises `Missing`."""
        return self._definitions.get(name)

    async def open_draft(self, person: Principal, name: str, subject_id: UUID | None) -> DraftView | None:
        """The person's unfinished draft of a form."""

        def query(session: Session) -> DraftView | None:
            found = open_form(session, person.id, name, subject_id)
            return None if found is None else draft_view(session, draft_store.load_draft(session, found), self._expiry)

        return await self._db.read(query)

    async def state(self, person: Principal, draft_id: UUID) -> FormState:
        """How far a draft of a form is. Raises `Missing`, or `Conflict` for drafts of other kinds."""

        def query(session: Session) -> FormState:
            head = visible_draft(session, person.id, draft_id)
            return form_state(self._form_of(head), head)

        return await self._db.read(query)

    async def complete_step(self, person: Principal, draft_id: UUID, step_name: str, *, device: str = "") -> FormState:
        """Go on from a step. Raises `InvalidFields` where it is not right yet; nothing written is touched either way."""

        def unit(session: Session) -> FormState:
            head = editable_draft(session, person.id, draft_id, lock=True)
            form = self._form_of(head)
            step = form.step(step_name)
            wrong = step_errors(step, head.state.fields)
            if wrong:
                raise InvalidFields(wrong)
            completed = [*head.state.fields["completed_steps"]]
            if step_name not in completed:
                completed.append(step_name)
            values = {"completed_steps": completed, "current_step": form.after(step_name)}
            return form_state(form, self._set(session, head, values, person=person, device=device))

        state = await self._db.write(unit)
        self._fanout.publish(draft_id, state.seq)
        return state

    async def follow_definition(self, person: Principal, draft_id: UUID, *, device: str = "") -> FormState:
        """Bring a draft to the form as it is asked now; what is no longer asked stays in the draft."""

        def unit(session: Session) -> FormState:
            head = editable_draft(session, person.id, draft_id, lock=True)
            form = self._form_of(head)
            values = {"form_version": form.version, "required": form.required_keys}
            return form_state(form, self._set(session, head, values, person=person, device=device))

        state = await self._db.write(unit)
        self._fanout.publish(draft_id, state.seq)
        return state

    def _set(self, session: Session, head: Head, values: dict[str, Any], *, person: Principal, device: str) -> Head:
        """Sets what is not so already, as one event."""
        ops = [SetOp(name, value) for name, value in values.items() if head.state.fields[name] != value]
        if not ops:
            return head
        origin = Origin(Actor("user", person.id), self._clock(), device)
        after, _ = draft_store.append_bodies(session, head, [edit(head.state, ops)], origin=origin, manual_saves=1)
        return after

    def _form_of(self, head: Head) -> FormDefinition:
        if head.kind != "form":
            raise Conflict("wrong_kind", "This draft is not a form.")
        return self._definitions.get(head.state.fields["form"])

    # Templates

    async def templates(self, person: Principal, name: str) -> Page[TemplateView]:
        """The person's templates of a form."""
        self._definitions.get(name)
        rows = await self._db.read(form_templates.list_templates, person.id, name)
        return Page([_template_view(row) for row in rows])

    async def save_template(self, person: Principal, draft_id: UUID, name: str) -> tuple[TemplateView, bool]:
        """Keep what a form draft says, without what it is about. Also says whether the name is a new one."""
        name = checked_line("name", name, least=1, most=120)

        def unit(session: Session) -> tuple[TemplateView, bool]:
            head = visible_draft(session, person.id, draft_id)
            form = self._form_of(head)
            known = form.keys
            fields = {key: value for key, value in head.state.fields.items() if key in known and key not in FORM.fields}
            if not any(fields.values()):
                raise InvalidInput("name", "There is nothing in this form yet to keep.")
            template, new = form_templates.save(
                session,
                person.id,
                form=form.name,
                form_version=form.version,
                name=name,
                fields=fields,
                at=self._clock(),
            )
            return _template_view(template), new

        return await self._db.write(unit)

    async def remove_template(self, person: Principal, template_id: UUID) -> None:
        """Raises `Missing`."""
        if not await self._db.write(form_templates.remove, person.id, template_id):
            raise Missing


def _template_view(template: FormTemplate) -> TemplateView:
    return TemplateView(template.id, template.form, template.name, template.fields, template.updated_at)
