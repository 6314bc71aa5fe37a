"""Quick actions: a named request with gaps, and how the gaps are filled. No template language: gaps are found, never run.

A gap is `{{name}}`, or `{{name: one | another}}` with values to offer. `{{passage}}` fills itself: the selected
passage, or the text. What a gap is filled with is never looked at again, so it can open no further gap.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ActionMode = Literal["ask", "write", "edit"]
Selection = Literal["none", "optional", "required"]

PASSAGE = "passage"
MOST_VARIABLES = 10

_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_GAP = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*(?::([^{}\n]{1,500}))?\s*", re.IGNORECASE)
_BLOCK = re.compile(r"\{%|%\}|\{#|#\}")


class BadTemplate(ValueError):
    """The template holds something in braces that is no gap; the message says what."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A gap the writer fills. `choices` are offered; other values are taken too."""

    name: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A request that can be made with one press. `selection`: whether it works on the selected passage."""

    id: str
    label: str
    mode: ActionMode
    template: str
    selection: Selection = "optional"
    builtin: bool = False

    @property
    def variables(self) -> tuple[Variable, ...]:
        return variables_of(self.template)


def variables_of(template: str) -> tuple[Variable, ...]:
    """The gaps the writer is asked for, in the order they stand. Raises `BadTemplate`."""
    found: dict[str, Variable] = {}
    for inner in _BRACES.findall(template):
        name, choices = _gap(inner)
        if name != PASSAGE and (name not in found or choices):
            found[name] = Variable(name, choices)
    rest = _BRACES.sub("", template)
    if "{{" in rest or "}}" in rest:
        raise BadTemplate("A placeholder is not closed: write it as {{name}}.")
    if _BLOCK.search(rest):
        raise BadTemplate("Only placeholders such as {{name}} can be used, no other instructions in braces.")
    if len(found) > MOST_VARIABLES:
        raise BadTemplate(f"An action asks for at most {MOST_VARIABLES} things.")
    return tuple(found.values())


def filled(template: str, values: Mapping[str, str], *, selected: bool) -> str:
    """The template with every gap filled. Raises `KeyError` with the name of a gap nothing is given for."""
    known = {**values, PASSAGE: "this passage" if selected else "the text"}
    return _BRACES.sub(lambda match: known[_gap(match.group(1))[0]], template).strip()


def _gap(inner: str) -> tuple[str, tuple[str, ...]]:
    match = _GAP.fullmatch(inner)
    if match is None:
        shown = " ".join(inner.split())[:40]
        raise BadTemplate(f"“{{{{{shown}}}}}” is no placeholder: use one word, such as {{{{language}}}}.")
    choices = tuple(choice.strip() for choice in (match.group(2) or "").split("|") if choice.strip())
    return match.group(1).lower(), choices
