"""Content rules: what must be true of a file besides its type, each a small object; packages may add more.

A package adds one with an entry point in the group `draftloom.attachment_rules`. A rule that fails or cannot be loaded
lets nothing through: files wait until it works.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

import structlog

GROUP = "draftloom.attachment_rules"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FileInHand:
    """A file a rule looks at. `path` is readable while the rule runs and must not be changed; `size` in bytes."""

    path: Path
    name: str
    media_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a rule refuses a file. `code` is stable, the message is for people."""

    code: str
    message: str


class Rule(Protocol):
    """Called in a thread. Returns None where it has nothing to object; raises where it cannot tell."""

    def __call__(self, file: FileInHand) -> Objection | None: ...


class RuleFailed(Exception):
    """A rule could not decide."""


class Rules:
    """All rules of an installation."""

    def __init__(self, rules: Sequence[Rule] = (), *, unusable: Sequence[str] = ()) -> None:
        self._rules = tuple(rules)
        self._unusable = tuple(unusable)

    @classmethod
    def installed(cls) -> "Rules":
        """Those that packages bring."""
        rules, unusable = [], []
        for point in entry_points(group=GROUP):
            try:
                rules.append(point.load())
            except Exception as error:  # Somebody else's code; what it broke is told and holds files back.
                log.error("attachment rule not loaded", rule=point.name, exc_info=error)
                unusable.append(point.name)
        return cls(rules, unusable=unusable)

    def objection(self, file: FileInHand) -> Objection | None:
        """The first one; blocks the calling thread. Raises `RuleFailed`."""
        if self._unusable:
            raise RuleFailed(f"not loaded: {', '.join(self._unusable)}")
        for rule in self._rules:
            try:
                objection = rule(file)
            except Exception as error:
                raise RuleFailed(getattr(rule, "__name__", type(rule).__name__)) from error
            if objection is not None:
                return objection
        return None
