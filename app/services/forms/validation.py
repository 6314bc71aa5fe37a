"""Whether what was filled in is right, in words for the person who filled it in."""

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from app.services.forms.definitions import FormDefinition, FormField, FormStep

NEEDED = "This is needed."
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(_TIME.fullmatch(value))


def _is_link(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)


_formats = FormatChecker(formats=())
for _name, _holds in (("date", _is_date), ("time-of-day", _is_time), ("web-link", _is_link)):
    _formats.checks(_name, raises=ValueError)(_holds)


def form_errors(form: FormDefinition, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong anywhere, in the order of the form: pairs of a draft's field and a sentence."""
    return [error for step in form.steps for error in step_errors(step, fields)]


def step_errors(step: FormStep, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong in one step; at most one sentence a field."""
    values = {field.name: value for field in step.fields if _is_given(value := fields.get(field.key))}
    by_name = {field.name: field for field in step.fields}
    found: dict[str, str] = {}
    for error in _validator(step).iter_errors(values):
        for name, message in _told(error, values, by_name):
            found.setdefault(name, message)
    for first, second in step.order:
        if first not in found and second not in found and _is_after(values.get(first), values.get(second)):
            found[second] = f"Must not be before “{by_name[first].label}”."
    return [(field.key, found[field.name]) for field in step.fields if field.name in found]


def _is_given(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [], {})


def _is_after(first: Any, second: Any) -> bool:
    return first is not None and second is not None and type(first) is type(second) and first > second


class _BySchema:
    """A step as a key of the cache: definitions are read once and live as long as the program."""

    def __init__(self, step: FormStep) -> None:
        self.step = step

    def __hash__(self) -> int:
        return id(self.step.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BySchema) and other.step.schema is self.step.schema


@lru_cache(maxsize=256)
def _compiled(key: _BySchema) -> Draft202012Validator:
    return Draft202012Validator(key.step.schema, format_checker=_formats)


def _validator(step: FormStep) -> Draft202012Validator:
    return _compiled(_BySchema(step))


def _told(error: ValidationError, values: Mapping[str, Any], fields: Mapping[str, FormField]) -> list[tuple[str, str]]:
    """The fields an error is about, with a sentence each."""
    if error.validator == "required":
        return [(name, NEEDED) for name in error.validator_value if name not in values and name in fields]
    name = str(error.absolute_path[0]) if error.absolute_path else ""
    return [(name, _sentence(error, fields[name]))] if name in fields else []


def _sentence(error: ValidationError, field: FormField) -> str:
    limit = error.validator_value
    inside = len(error.absolute_path) > 1
    match error.validator:
        case "format":
            return _format_sentence(str(limit), inside=inside)
        case "type":
            return _type_sentence(str(limit))
        case "minItems":
            return "Choose at least one." if field.control == "choices" else NEEDED
        case "maxLength" if inside:
            return f"Write at most {limit} characters on each line."
        case _:
            return _LIMITS.get(str(error.validator), "This does not fit.").format(limit)


_LIMITS = {
    "minLength": "Write at least {} characters.",
    "maxLength": "Write at most {} characters.",
    "minimum": "Must be {:,} or more.",
    "maximum": "Must be {:,} or less.",
    "maxItems": "At most {}.",
    "uniqueItems": "Each one once.",
    "enum": "Choose one of the list.",
}


def _format_sentence(name: str, *, inside: bool) -> str:
    words = {"date": "Choose a date.", "time-of-day": "Choose a time, like 18:30."}
    link = (
        "Write links that begin with https://, one on each line."
        if inside
        else "Write a link that begins with https://."
    )
    return words.get(name, link)


def _type_sentence(name: str) -> str:
    words = {"integer": "Write a whole number.", "number": "Write a number.", "boolean": "Say yes or no."}
    return words.get(name, "This does not fit.")
