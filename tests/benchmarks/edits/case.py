"""What a case is: a document, an answer of a model, and what must become of each of its operations.

The cases are data in `cases/`, told apart by what makes them hard. An operation is written once, as a tool call; the same
operations are also played as tagged text, unless a case brings its own words for that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["tools", "tagged"]


@dataclass(frozen=True, slots=True)
class Becomes:
    """The operation is placed: `before`, which stands once in the document, reads `after` then."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The operation changes nothing and is reported with this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of an answer and its outcome. `arguments` may be no object at all, as models have it."""

    op: str
    arguments: Any
    outcome: Becomes | Refused

    def argument(self, name: str) -> str:
        value = self.arguments.get(name, "") if isinstance(self.arguments, dict) else ""
        return value if isinstance(value, str) else ""

    def as_json(self) -> str:
        """The arguments as a tool call carries them; a string is taken as it is, so that it may be cut off."""
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)

    def as_tag(self) -> str:
        block = f' block="{self.argument("block")}"' if "block" in self.arguments else ""
        if self.op == "replace_text":
            content = f"<old>{self.argument('old')}</old><new>{self.argument('new')}</new>"
        else:
            content = self.argument("text")
        return f'<edit op="{self.op}"{block}>{content}</edit>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`document` is as somebody typed or imported it. `selection` are words that stand in it once, or None.

    `tagged` is the answer as text where it is more than the operations in a row. `said` are the words of a tagged answer
    that the writer must read in the chat, or None where they do not matter.
    """

    name: str
    request: str
    document: str
    steps: Sequence[Step]
    selection: str | None = None
    tagged: str | None = None
    said: str | None = None
    forms: tuple[Form, ...] = ("tools", "tagged")

    @property
    def tagged_answer(self) -> str:
        return "\n".join(step.as_tag() for step in self.steps) if self.tagged is None else self.tagged


def replace_text(block: str, old: str, new: str, outcome: Becomes | Refused | None = None) -> Step:
    """Without an outcome, exactly the words are replaced, which therefore stand once in the document."""
    return Step("replace_text", {"block": block, "old": old, "new": new}, outcome or Becomes(old, new))


def replace_block(block: str, text: str, outcome: Becomes | Refused) -> Step:
    return Step("replace_block", {"block": block, "text": text}, outcome)


def insert_after(block: str, text: str, outcome: Becomes | Refused) -> Step:
    return Step("insert_after", {"block": block, "text": text}, outcome)


def delete_block(block: str, outcome: Becomes | Refused) -> Step:
    return Step("delete_block", {"block": block}, outcome)


def rewrite_document(text: str, outcome: Becomes | Refused) -> Step:
    return Step("rewrite_document", {"text": text}, outcome)
