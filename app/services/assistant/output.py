"""What a model's stream amounts to, collected piece by piece: chat text, document text or edit operations. Pure.

Operations are placed against the text the model saw, never against anything later; whether the outcome may enter the
draft is decided where the turn ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from providers.base import ToolCall
from sqlmodel import Session

from app.core.edits.operations import (
    InvalidOperation,
    Operation,
    RewriteDocument,
    describe_operation,
    operation_described,
    operation_from_tool,
)
from app.core.edits.placing import EditResult, Placed, Placing, Unplaced
from app.core.edits.rewriting import rewrite_changes
from app.core.edits.tagged import Prose, TaggedParser
from app.core.text.changes import ChangeSet
from app.core.text.diff import diff_changes
from app.core.text.utf16 import normalise_text, utf16_length, utf16_slicer
from app.services.assistant.requests import TurnPlan
from app.store import turns as turn_store

_MOST_OPERATIONS = 1_000
"""More operations in one turn are a model gone astray; they are reported and not carried out."""

Streamed = tuple[str, dict[str, Any]]
"""Type and data of a run-log entry."""


def text_so_far(session: Session, turn_id: UUID) -> str:
    """What a turn's committed run log says so far."""
    texts = [row for row in turn_store.run_events_after(session, turn_id, 0) if row.type == "text"]
    return "".join(msgspec.json.decode(row.data)["delta"] for row in texts)


@dataclass(frozen=True, slots=True)
class Result:
    """The text a turn made, as a change of the text it was based on."""

    text: str
    changes: ChangeSet
    title: str | None = None
    whole: bool = False
    """The model wrote the whole text anew, so that it may have left something out."""


@dataclass(slots=True)
class TurnOutput:
    """Grows while the turn runs. `feed_…` answer the run-log entries that the piece amounts to."""

    plan: TurnPlan
    answer: list[str] = field(default_factory=list)
    operations: list[Operation | InvalidOperation] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    settled: int = 0
    """Operations before this index were reported to the model once; those not placed are replaced by what follows."""
    refused: str = ""
    told: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What an earlier process had told of operations by their index, where that stays as it was."""
    _parser: TaggedParser | None = None
    _placing: Placing | None = None
    _placed: EditResult | None = None

    @property
    def tagged(self) -> bool:
        return self.plan.mode == "edit" and not self.plan.tools

    @property
    def text(self) -> str:
        return "".join(self.answer)

    def feed_text(self, delta: str) -> list[Streamed]:
        # A line break may be cut between two deltas; models have no use for a lone carriage return.
        delta = normalise_text(delta.replace("\r", ""))
        if not self.tagged:
            self.answer.append(delta)
            return [("text", {"delta": delta})]
        if self._parser is None:
            self._parser = TaggedParser()
        return self._tagged(self._parser.feed(delta))

    def feed_refusal(self, delta: str) -> list[Streamed]:
        """Words with which the model declines: an answer in the chat, never text of the document."""
        delta = normalise_text(delta)
        self.refused += delta
        if self.plan.mode != "ask":
            return []
        self.answer.append(delta)
        return [("text", {"delta": delta})]

    def feed_call(self, call: ToolCall) -> list[Streamed]:
        if self.plan.mode != "edit":
            return []  # no tools were offered
        self.calls.append(call)
        try:
            arguments = msgspec.json.decode(call.arguments or "{}")
        except msgspec.DecodeError:
            arguments = None
        return [self._add(operation_from_tool(call.name, arguments if isinstance(arguments, dict) else {}))]

    def end_of_stream(self) -> list[Streamed]:
        """Whatever a tagged answer left open is over: prose is told, a half operation is reported as not placed."""
        if self._parser is None:
            return []
        pieces, self._parser = self._parser.close(), None
        return self._tagged(pieces)

    def _tagged(self, pieces: Any) -> list[Streamed]:
        streamed: list[Streamed] = []
        for piece in pieces:
            if isinstance(piece, Prose):
                self.answer.append(piece.text)
                streamed.append(("text", {"delta": piece.text}))
            else:
                streamed.append(self._add(piece))
        return streamed

    def take_up(self, rows: Sequence[dict[str, Any]], settled: int) -> None:
        """Goes on from the operations that an earlier process had received whole, and from where it had placed them.

        What it had not placed stays so, with the reason it told; `settled` as the attribute.
        """
        for index, row in enumerate(rows):
            if row["placed"]:
                self.operations.append(operation_described(row))
            else:
                self.operations.append(
                    InvalidOperation(row["op"], "invalid", row.get("message") or "", text=row["text"] or "")
                )
                self.told[index] = row
            self._placements().add(self.operations[-1])
        self.settled = settled

    def _add(self, operation: Operation | InvalidOperation) -> Streamed:
        index = len(self.operations)
        if index >= _MOST_OPERATIONS:
            message = f"More than {_MOST_OPERATIONS} operations in one turn are not carried out."
            told = describe_operation(operation)
            operation = InvalidOperation(operation.op, "too_many", message, told["block"] or "", told["text"] or "")
        self.operations.append(operation)
        self._placed = None
        became = self._placements().add(operation)
        return "operation", _row(index, operation, became)

    def _placements(self) -> Placing:
        if self._placing is None:
            self._placing = Placing(self.plan.text, selection=self.plan.selection, locked=self.plan.locked)
        return self._placing

    def edit(self) -> EditResult:
        """All operations so far, placed against the base text."""
        if self._placed is None:
            self._placed = self._placements().result()
        return self._placed

    def failures(self) -> tuple[Unplaced, ...]:
        return self.edit().unplaced

    def report(self) -> list[dict[str, Any]]:
        """Every operation with what became of it; those that were sent again count by their second try."""
        unplaced = {failure.index: failure for failure in self.failures()}
        placed = {place.index: place for place in self.edit().placed}
        superseded = self.settled if len(self.operations) > self.settled else 0
        rows = []
        for index, operation in enumerate(self.operations):
            failure = unplaced.get(index)
            if failure is not None and index < superseded:
                continue
            rows.append(self.told.get(index) or _row(index, operation, failure or placed.get(index)))
        return rows

    def result(self) -> Result | None:
        """The text this turn made so far, or None when it made none or changed nothing."""
        match self.plan.mode:
            case "ask":
                return None
            case "write":
                return self._written()
            case "edit":
                edited = self.edit()
                if edited.changes.is_identity:
                    return None
                whole = any(isinstance(self.operations[placed.index], RewriteDocument) for placed in edited.placed)
                return Result(edited.changes.apply(self.plan.text), edited.changes, whole=whole)

    def _written(self) -> Result | None:
        """What was written in place of the text, or of the selected passage and nothing outside of it."""
        before, passage, behind = self._around()
        written = _without_fence(self.text.strip("\n"))
        new = _with_edges_of(passage, written)
        if not written.strip() or new == passage:
            return None
        text, start = before + new + behind, utf16_length(before)
        if not before and not behind:
            return Result(text, rewrite_changes(passage, new, self.plan.locked), self._title(text), whole=True)
        edits = [
            (start + part.from_a, start + part.to_a, part.inserted) for part in diff_changes(passage, new).ranges()
        ]
        return Result(text, ChangeSet.of(utf16_length(self.plan.text), edits))

    def _around(self) -> tuple[str, str, str]:
        """What stands before the place to write in, in it, and behind it."""
        text, selection = self.plan.text, self.plan.selection
        if selection is None:
            return "", text, ""
        slice_ = utf16_slicer(text)
        return slice_(0, selection[0]), slice_(*selection), slice_(selection[1], utf16_length(text))

    def _title(self, text: str) -> str | None:
        """An untitled draft takes its first heading as its title."""
        first = text.lstrip().partition("\n")[0]
        if self.plan.title or not first.startswith("#"):
            return None
        return first.lstrip("# ").strip()[:255] or None


def _row(index: int, operation: Operation | InvalidOperation, became: Placed | Unplaced | None) -> dict[str, Any]:
    """An operation and what became of it, as the run log tells it. `range`: the UTF-16 units of the base it changes."""
    row: dict[str, Any] = {"index": index, **describe_operation(operation), "placed": not isinstance(became, Unplaced)}
    match became:
        case Placed():
            row["range"] = [became.from_, became.to]
        case Unplaced():
            row |= {"reason": became.reason_code, "message": became.message}
    return row


def _with_edges_of(text: str, written: str) -> str:
    """What was written, with the line breaks that stood before and behind the text: a model has no say in those."""
    if not text.strip("\n"):
        return written
    before, behind = len(text) - len(text.lstrip("\n")), len(text.rstrip("\n"))
    return text[:before] + written + text[behind:]


def _without_fence(text: str) -> str:
    """Some models wrap the whole document in a Markdown fence in spite of being asked not to."""
    lines = text.split("\n")
    fenced = len(lines) > 2 and lines[0].strip() in {"```", "```markdown", "```md"} and lines[-1].strip() == "```"
    return "\n".join(lines[1:-1]).strip("\n") if fenced and "```" not in "\n".join(lines[1:-1]) else text
