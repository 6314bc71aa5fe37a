"""The move from the system before this one: its rows and browser-local drafts become drafts of forms.

Every answer is kept: what the form asks under the same name goes there, the rest stays beside it under its old name. The
id of a draft follows from where it came from, so that moving twice finds it again.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from sqlmodel import Session

from app.core.canonical import canonical_json
from app.core.drafts import Actor
from app.core.errors import CoreError
from app.core.expiry import ExpiryRules
from app.core.kinds import FORM
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.draft_views import draft_view
from app.services.errors import Conflict, InvalidInput
from app.services.forms.definitions import FormDefinition, FormDefinitions
from app.services.forms.starting import Started, answers, first_fields
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting.form_projections import open_form

Outcome = Literal["moved", "there", "trashed"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME = 100
_ABOUT_ITSELF = frozenset({"current_step", "completed_steps", "last_saved", "last_saved_at", "timestamp", "version"})


class OldDraft(msgspec.Struct, frozen=True):
    """A draft of the old system. `source` names it for good: a table and id, or a browser's key. `step` is a name, or a
    number from 1."""

    source: str
    data: dict[str, Any]
    subject: UUID | None = None
    step: str | int | None = None
    completed: tuple[str, ...] = ()


def moved_id(owner_id: UUID, source: str) -> UUID:
    """The id of the draft that an old one becomes for a person."""
    return uuid5(NAMESPACE_URL, f"draftloom:moved:{owner_id}:{source}")


def moved_subject(source: str, subject: str) -> UUID:
    """The subject as an id; one that is none gets an id of its own."""
    try:
        return UUID(subject)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"draftloom:subject:{source}:{subject}")


def moved_fields(form: FormDefinition, old: OldDraft) -> dict[str, Any]:
    """The fields of the new draft. Raises `InvalidInput` for an answer that cannot be kept, naming it."""
    by_name = {field.name: field for field in form.fields}
    fields: dict[str, Any] = {}
    for name, value in old.data.items():
        plain = _CAMEL.sub("_", name).lower()
        if plain in _ABOUT_ITSELF:
            continue
        field = by_name.get(plain)
        if field is not None and (field.control != "prose" or isinstance(value, str)):
            key = field.key
        else:
            key = f"data.{_UNFIT.sub('_', name).lstrip('.-')[:_LONGEST_NAME]}"
        fields[_free(key, fields)] = value
    steps = [step.name for step in form.steps]
    fields |= {
        "subject": None if old.subject is None else str(old.subject),
        "current_step": _step(steps, old.step or old.data.get("currentStep") or old.data.get("current_step")),
        "completed_steps": [name for name in steps if name in {_step(steps, done, "") for done in old.completed}],
    }
    return _kept(fields)


def move(session: Session, form: FormDefinition, old: OldDraft, *, owner_id: UUID, clock: Clock) -> Outcome:
    """Makes the draft, once. `trashed`: the person has another unfinished draft of this form and subject, so this one
    is in the trash, to be taken from there. Raises `InvalidInput`."""
    draft_id = moved_id(owner_id, old.source)
    if draft_store.load_head(session, draft_id) is not None:
        return "there"
    taken = open_form(session, owner_id, form.name, old.subject) is not None
    draft_store.create_stream(
        session,
        kind="form",
        owner_id=owner_id,
        actor=Actor("system"),
        at=clock(),
        fields=first_fields(form, old.subject),
        filled=answers(moved_fields(form, old)),
        draft_id=draft_id,
        device=f"moved from {old.source}"[:200],
        discarded=taken,
    )
    return "trashed" if taken else "moved"


class Moving:
    """Use case of a person whose browser kept a draft of the old system."""

    def __init__(self, db: Database, clock: Clock, definitions: FormDefinitions, expiry: ExpiryRules) -> None:
        self._db = db
        self._clock = clock
        self._definitions = definitions
        self._expiry = expiry

    async def take_over(self, person: Principal, name: str, *, source: str, data: dict[str, Any]) -> Started:
        """The draft that a browser's old one became. Raises `Missing`, `InvalidInput`, or `Conflict` while there is
        another unfinished one."""
        form = self._definitions.get(name)
        found = re.fullmatch(rf"{re.escape(name)}-(?:create-draft|edit-(.{{1,200}}))", source)
        if found is None:
            raise InvalidInput("source", "This is not the name of an old draft of this form.")
        subject = None if found[1] is None else moved_subject(name, found[1])
        # A browser uses the same name for one draft after the other, so its content belongs to where it came from.
        digest = uuid5(NAMESPACE_URL, canonical_json(data).hex())
        old = OldDraft(f"browser {source} {digest}", data, subject)

        def unit(session: Session) -> Started:
            draft_id = moved_id(person.id, old.source)
            known = draft_store.load_head(session, draft_id)
            if known is not None:
                return Started(draft_view(session, known, self._expiry), new=False)
            if open_form(session, person.id, form.name, subject) is not None:
                raise Conflict("already_open", f"Finish or discard your unfinished {form.noun} first; this one waits.")
            move(session, form, old, owner_id=person.id, clock=self._clock)
            return Started(draft_view(session, draft_store.load_draft(session, draft_id), self._expiry), new=True)

        return await self._db.write(unit)


def _free(key: str, fields: Mapping[str, Any]) -> str:
    """A name nobody has: two old names may become one."""
    while key in fields:
        key += "_"
    return key


def _step(steps: list[str], given: object, otherwise: str | None = None) -> str:
    """The step an old name or number (from 1) means: the same name, or one that begins like it."""
    first = steps[0] if otherwise is None else otherwise
    if isinstance(given, int) and not isinstance(given, bool):
        return steps[min(max(given, 1), len(steps)) - 1]
    name = str(given or "")
    return next((step for step in steps if name and (step.startswith(name) or name.startswith(step))), first)


def _kept(fields: dict[str, Any]) -> dict[str, Any]:
    for name, value in fields.items():
        try:
            FORM.field(name).validated(name, value)
        except CoreError as error:
            raise InvalidInput(name, error.message) from error
    return fields
