"""How far a form is: which steps are done, what is still wrong, whether its definition has changed since."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from app.core.kinds import FORM
from app.services.forms.definitions import REVIEW, FormDefinition, FormStep
from app.services.forms.validation import step_errors
from app.store.drafting.heads import Head


class FieldError(msgspec.Struct, frozen=True):
    field: str
    message: str


class StepState(msgspec.Struct, frozen=True):
    """`done`: the person went on from it when it was right, and it still is. `wrong`: they did, and it no longer is."""

    name: str
    title: str
    state: Literal["open", "done", "wrong"]
    errors: list[FieldError]


class FormState(msgspec.Struct, frozen=True):
    """`unknown` are the draft's fields that the definition does not ask for (any more); they are kept. `outdated`: the
    draft was begun with another `version` of the definition than the `current_version`."""

    form: str
    version: int
    current_version: int
    outdated: bool
    unknown: list[str]
    current_step: str
    completed_steps: list[str]
    completion: int
    ready: bool
    steps: list[StepState]
    seq: int


def form_state(form: FormDefinition, head: Head) -> FormState:
    """The state of a draft of this form."""
    return state_of(form, head.state.fields, completion=head.completion, seq=head.seq)


def state_of(form: FormDefinition, fields: Mapping[str, Any], *, completion: int, seq: int) -> FormState:
    """The state of a draft with these fields."""
    completed = [step.name for step in form.steps if step.name in fields["completed_steps"]]
    steps = [_step_state(step, fields, went_on=step.name in completed) for step in form.steps]
    return FormState(
        form=form.name,
        version=fields["form_version"],
        current_version=form.version,
        outdated=fields["form_version"] != form.version,
        unknown=unknown_fields(form, fields),
        current_step=current_step(form, fields),
        completed_steps=completed,
        completion=completion,
        ready=not any(step.errors for step in steps),
        steps=steps,
        seq=seq,
    )


def _step_state(step: FormStep, fields: Mapping[str, Any], *, went_on: bool) -> StepState:
    errors = [FieldError(field, message) for field, message in step_errors(step, fields)]
    state: Literal["open", "done", "wrong"] = "open" if not went_on else "wrong" if errors else "done"
    return StepState(step.name, step.title, state, errors)


def current_step(form: FormDefinition, fields: Mapping[str, Any]) -> str:
    """The step the person was last at, the first one where the definition has changed."""
    names = [step.name for step in form.steps] + [REVIEW]
    return fields["current_step"] if fields["current_step"] in names else names[0]


def unknown_fields(form: FormDefinition, fields: Mapping[str, Any]) -> list[str]:
    """What the draft holds beyond the definition."""
    known = form.keys
    return [name for name, value in fields.items() if name not in FORM.fields and name not in known and value]
