"""The registry of kinds of drafts: which fields each has, what they may hold, and what submitting means.

Adding a kind means an entry here and a projection in the store. A field of type `text` is prose changed by change
sets; a `value` is small and set as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from app.core.canonical import canonical_json
from app.core.errors import InvalidValue, TooLarge, UnknownField, UnknownKind
from app.core.text.utf16 import has_unstorable, normalise_text, utf16_length

TEXT_LIMIT: Final = 4_000_000
"""Longest text in UTF-16 units, about 650,000 English words."""
JSON_LIMIT: Final = 65_536
"""Longest canonical JSON form of a value, in bytes."""


class FieldType(StrEnum):
    """How a field changes."""

    TEXT = "text"
    VALUE = "value"


class Holds(StrEnum):
    """What a value may be."""

    STRING = "string"
    INTEGER = "integer"
    DATE = "date"
    ID = "id"
    STRINGS = "strings"
    OBJECT = "object"
    ANY = "any"


class OnSubmit(StrEnum):
    """What becomes of a draft that is submitted."""

    FINISH = "finish"
    """It stays, marked as finished."""
    SUBMISSION = "submission"
    """A submission is kept and the draft is gone."""
    PUBLISH = "publish"
    """It becomes visible to the others; its author may go on changing it, in the same log."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    `limit` counts UTF-16 units of a text, characters of a string and bytes of any other value's JSON form. `nullable`
    values may be None. `required` fields count for completion. `fixed` ones are given when the draft begins and no
    command changes them; `until_submitted` ones stay from the moment the draft is; those set `by_server` are nobody's to give.
    Of two values of a `quiet` one that were set at once the later stays, and nobody is asked.
    """

    type: FieldType
    holds: Holds = Holds.STRING
    limit: int = TEXT_LIMIT
    nullable: bool = False
    required: bool = False
    fixed: bool = False
    quiet: bool = False
    choices: tuple[str, ...] = ()
    until_submitted: bool = False
    by_server: bool = False

    def first(self) -> Any:
        """What the field holds in a new draft."""
        if self.choices:
            return self.choices[0]
        return None if self.nullable else _FIRST[self.holds]()

    def validated(self, name: str, value: object) -> Any:
        """The value as it is kept. Raises InvalidValue, or TooLarge for a text beyond its limit."""
        if self.type is FieldType.TEXT:
            return self._validated_text(name, value)
        if value is None and self.nullable:
            return None
        _CHECKS[self.holds](name, value)
        if self.choices and value not in self.choices:
            raise InvalidValue(name, f"Must be one of: {', '.join(self.choices)}.")
        self._require_room(name, value)
        return str(UUID(str(value))) if self.holds is Holds.ID else value

    def _validated_text(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise InvalidValue(name, "Must be a text.")
        text = normalise_text(value)
        length = utf16_length(text)
        if length > self.limit:
            raise TooLarge(name, length=length, limit=self.limit)
        return text

    def _require_room(self, name: str, value: object) -> None:
        if isinstance(value, str):
            if len(value) > self.limit:
                raise InvalidValue(name, f"Must be at most {self.limit} characters long.")
            return
        try:
            size = len(canonical_json(value))
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidValue(name, "Must be plain JSON without NaN and half characters.") from error
        if size > self.limit:
            raise InvalidValue(name, f"Must be at most {self.limit} bytes as JSON.")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of draft. `expires_days` counts from the last change, None: it never expires by itself; an installation may
    set other times (`core.expiry`). `open_fields` rule fields that are defined by data instead of code: the first whose
    pattern matches the name. `also_required` names a field of the draft that lists further required fields."""

    name: str
    fields: Mapping[str, Field]
    on_submit: OnSubmit
    expires_days: int | None = 30
    open_fields: tuple[tuple[re.Pattern[str], Field], ...] = ()
    also_required: str | None = None

    def field(self, name: str) -> Field:
        """The rule of a field; UnknownField if the kind has none of this name."""
        found = self.fields.get(name)
        if found is not None:
            return found
        for names, rule in self.open_fields:
            if names.fullmatch(name):
                return rule
        raise UnknownField(name, self.name)

    def first_fields(self, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All fields with their defaults, or the validated given values."""
        fields = {name: rule.first() for name, rule in self.fields.items()}
        for name, value in (given or {}).items():
            rule = self.field(name)
            if rule.by_server:
                raise InvalidValue(name, "This is set by the server.")
            fields[name] = rule.validated(name, value)
        return fields

    def completion(self, fields: Mapping[str, Any]) -> int:
        """Percentage of required fields that are filled, 0 to 100."""
        required = self.required(fields)
        return 100 * (len(required) - len(self.missing(fields))) // len(required) if required else 100

    def required(self, fields: Mapping[str, Any]) -> list[str]:
        """The names of the fields that a draft with these fields must fill."""
        named = [name for name, rule in self.fields.items() if rule.required]
        return named + list(fields.get(self.also_required, ())) if self.also_required else named

    def missing(self, fields: Mapping[str, Any]) -> list[str]:
        """The required fields that are still empty."""
        return [name for name in self.required(fields) if not _is_filled(fields.get(name))]


def kind_named(name: str) -> Kind:
    """The registered kind; UnknownKind if there is none."""
    found = KINDS.get(name)
    if found is None:
        raise UnknownKind(name)
    return found


def _is_filled(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [], {})


def _check_string(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidValue(name, "Must be a string.")
    if has_unstorable(value):
        raise InvalidValue(name, "Must not hold a NUL or half a character.")


def _check_integer(name: str, value: object) -> None:
    if type(value) is not int or not 0 <= value < 2**53:
        raise InvalidValue(name, "Must be a whole number from 0.")


def _check_date(name: str, value: object) -> None:
    _check_string(name, value)
    try:
        date.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidValue(name, "Must be a date like 2026-03-31.") from error


def _check_id(name: str, value: object) -> None:
    _check_string(name, value)
    try:
        UUID(str(value))
    except ValueError as error:
        raise InvalidValue(name, "Must be an id.") from error


def _check_strings(name: str, value: object) -> None:
    if not isinstance(value, list):
        raise InvalidValue(name, "Must be a list of strings.")
    for item in value:
        _check_string(name, item)


def _check_object(name: str, value: object) -> None:
    if not isinstance(value, dict):
        raise InvalidValue(name, "Must be an object.")


def _check_any(name: str, value: object) -> None:
    if isinstance(value, str):
        _check_string(name, value)


_CHECKS: Final[Mapping[Holds, Callable[[str, object], None]]] = MappingProxyType(
    {
        Holds.STRING: _check_string,
        Holds.INTEGER: _check_integer,
        Holds.DATE: _check_date,
        Holds.ID: _check_id,
        Holds.STRINGS: _check_strings,
        Holds.OBJECT: _check_object,
        Holds.ANY: _check_any,
    }
)

_FIRST: Final[Mapping[Holds, Callable[[], Any]]] = MappingProxyType(
    {
        Holds.STRING: str,
        Holds.INTEGER: int,
        Holds.DATE: str,
        Holds.ID: str,
        Holds.STRINGS: list,
        Holds.OBJECT: dict,
        Holds.ANY: str,
    }
)

_VALUE, _TEXT = FieldType.VALUE, FieldType.TEXT
_TITLE = Field(_VALUE, limit=255, required=True)
_PROSE = Field(_TEXT, required=True)


DOCUMENT: Final = Kind(
    "document",
    MappingProxyType({"title": _TITLE, "description": Field(_VALUE, limit=JSON_LIMIT), "text": _PROSE}),
    OnSubmit.FINISH,
    # A book may rest for years. It goes only where an administrator has said so.
    expires_days=None,
)

_MODAL_FIELDS: Final = MappingProxyType(
    {"title": _TITLE, "description": _PROSE, "metadata": Field(_VALUE, Holds.OBJECT, limit=JSON_LIMIT)}
)
BUG_REPORT: Final = Kind("bug_report", _MODAL_FIELDS, OnSubmit.SUBMISSION)
FEATURE_REQUEST: Final = Kind("feature_request", _MODAL_FIELDS, OnSubmit.SUBMISSION)

FORM_TEXT_LIMIT: Final = 200_000
"""Longest prose in one field of a form, in UTF-16 units."""

FORM: Final = Kind(
    "form",
    MappingProxyType(
        {
            "form": Field(_VALUE, limit=100, fixed=True),
            "form_version": Field(_VALUE, Holds.INTEGER, fixed=True),
            "subject": Field(_VALUE, Holds.ID, limit=36, nullable=True, fixed=True),
            # Kept with the draft, so that its log alone tells how complete it is, whatever becomes of the definition.
            "required": Field(_VALUE, Holds.STRINGS, limit=JSON_LIMIT, fixed=True),
            "current_step": Field(_VALUE, limit=100, quiet=True),
            "completed_steps": Field(_VALUE, Holds.STRINGS, limit=JSON_LIMIT, quiet=True),
        }
    ),
    OnSubmit.SUBMISSION,
    # The form's own fields come from its definition, which is data; a prefix keeps them apart from those above and says
    # how they change.
    open_fields=(
        (
            re.compile(r"data\.[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"),
            Field(_VALUE, Holds.ANY, limit=JSON_LIMIT, nullable=True),
        ),
        (re.compile(r"text\.[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}"), Field(_TEXT, limit=FORM_TEXT_LIMIT)),
    ),
    also_required="required",
)

MESSAGE: Final = Kind(
    "message",
    MappingProxyType(
        {
            "content": Field(_TEXT, limit=100_000, required=True),
            "conversation": Field(_VALUE, Holds.ID, limit=36, nullable=True, required=True, fixed=True),
            "message_type": Field(
                _VALUE,
                limit=30,
                choices=("daily_note", "instructor_response", "activity", "milestone"),
                until_submitted=True,
            ),
            "reply_to": Field(_VALUE, Holds.ID, limit=36, nullable=True, fixed=True),
            "target_date": Field(_VALUE, Holds.DATE, limit=10, nullable=True),
            "metadata": Field(_VALUE, Holds.OBJECT, limit=JSON_LIMIT),
            # {"position", "at"}: its place in the conversation and when it became visible, from then on.
            "published": Field(_VALUE, Holds.OBJECT, limit=200, nullable=True, by_server=True),
            # Since when a published message is taken back. Its words stay in the log, its place in the conversation.
            "withdrawn": Field(_VALUE, limit=40, nullable=True, by_server=True),
        }
    ),
    OnSubmit.PUBLISH,
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {kind.name: kind for kind in (DOCUMENT, BUG_REPORT, FEATURE_REQUEST, FORM, MESSAGE)}
)
"""Every kind of draft by its name."""
