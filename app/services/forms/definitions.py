"""Form definitions: steps, fields, words and rules, read from data files. Adding a form adds a file, no code.

A file is one form: `{name, version, title, noun, description, steps}`; a step is `{name, title, help, fields, schema,
order}` where `schema` is JSON Schema 2020-12 over the fields' plain names and `order` lists pairs of fields of which the
first must not be after the second. `version` goes up whenever a file changes what is asked.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from app.core.errors import CoreError
from app.core.kinds import FORM
from app.services.errors import Missing

Control = Literal["line", "prose", "choice", "choices", "number", "date", "time", "link", "lines", "yes_no"]

REVIEW = "review"
"""The step after all others, in which everything is read once more and handed in."""


class BadDefinition(Exception):
    """A file of the installation does not define a form; the message says where and why."""


class FormField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. `options` maps values to words, for choices. `when` maps other fields of the step to the values for
    which it is shown; what was answered before it was hidden stays."""

    name: str
    label: str
    control: Control
    help: str = ""
    options: dict[str, str] = msgspec.field(default_factory=dict)
    rows: int = 4
    autocomplete: str = "off"
    when: dict[str, list[Any]] = msgspec.field(default_factory=dict)

    @property
    def key(self) -> str:
        """The field's name in a draft: its prefix says how it changes."""
        return f"{'text' if self.control == 'prose' else 'data'}.{self.name}"


class FormStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some questions that are answered together."""

    name: str
    title: str
    fields: tuple[FormField, ...]
    schema: dict[str, Any]
    help: str = ""
    order: tuple[tuple[str, str], ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The plain names of the fields that are always needed."""
        return tuple(self.schema.get("required", ()))

    @property
    def optional(self) -> frozenset[str]:
        """The plain names of the fields that no rule of this step ever needs."""
        rules = self.schema.get("allOf", ())
        sometimes = {
            name for rule in rules for branch in ("then", "else") for name in rule.get(branch, {}).get("required", ())
        }
        return frozenset(field.name for field in self.fields) - sometimes - {*self.required}


class FormDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form. `noun` is what one filled-in copy is called in a sentence."""

    name: str
    version: int
    title: str
    noun: str
    description: str
    steps: tuple[FormStep, ...]

    @property
    def fields(self) -> Iterator[FormField]:
        return (field for step in self.steps for field in step.fields)

    @property
    def keys(self) -> frozenset[str]:
        """The names of all its fields in a draft."""
        return frozenset(field.key for field in self.fields)

    @property
    def required_keys(self) -> list[str]:
        """Those that are always needed, in order."""
        return [field.key for step in self.steps for field in step.fields if field.name in step.required]

    def step(self, name: str) -> FormStep:
        """Raises `Missing`."""
        for step in self.steps:
            if step.name == name:
                return step
        raise Missing("This form has no such step.")

    def after(self, name: str) -> str:
        """The step that follows."""
        names = [step.name for step in self.steps] + [REVIEW]
        return names[names.index(name) + 1]


class FormDefinitions:
    """All forms of an installation: those that come with the product, and its own, which win where names meet."""

    def __init__(self, forms: Mapping[str, FormDefinition]) -> None:
        self._forms = dict(sorted(forms.items()))

    @classmethod
    def load(cls, *folders: Path) -> "FormDefinitions":
        """Raises BadDefinition."""
        forms = [_read(path) for folder in folders for path in sorted(folder.glob("*.json"))]
        return cls({form.name: form for form in forms})

    def all(self) -> list[FormDefinition]:
        return list(self._forms.values())

    def find(self, name: str) -> FormDefinition | None:
        return self._forms.get(name)

    def get(self, name: str) -> FormDefinition:
        """Raises `Missing`."""
        found = self._forms.get(name)
        if found is None:
            raise Missing("There is no form of this name.")
        return found


def _read(path: Path) -> FormDefinition:
    try:
        return _checked(path.read_bytes())
    except (msgspec.MsgspecError, SchemaError, ValueError) as error:
        reason = error.message if isinstance(error, SchemaError) else str(error)
        raise BadDefinition(f"{path}: {reason}") from error


@lru_cache(maxsize=64)  # Checking a schema takes longer than all the rest.
def _checked(raw: bytes) -> FormDefinition:
    form = msgspec.json.decode(raw, type=FormDefinition)
    _check(form)
    return form


def _check(form: FormDefinition) -> None:
    names = [field.name for field in form.fields]
    steps = [step.name for step in form.steps]
    _require(len(set(names)) == len(names), "two fields have the same name")
    _require(bool(steps) and len(set(steps)) == len(steps) and REVIEW not in steps, "steps need names of their own")
    for step in form.steps:
        Draft202012Validator.check_schema(step.schema)
        own = {field.name for field in step.fields}
        _require(set(step.schema.get("properties", {})) == own, f"step {step.name}: schema and fields differ")
        named = {*step.required, *(name for pair in step.order for name in pair)}
        named |= {name for field in step.fields for name in field.when}
        _require(own >= named, f"step {step.name}: it names fields it does not have")
    for field in form.fields:
        _require(bool(field.options) == (field.control in ("choice", "choices")), f"field {field.name}: options")
        try:
            FORM.field(field.key)
        except CoreError as error:
            raise ValueError(f"field {field.name}: {error.message}") from error


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
