"""Putting a model's operations into a text: exactly where they belong, or not at all.

Quoted words are placed only if they stand in one place (see `quotations.py`). What cannot be placed is returned with
the reason, never put elsewhere. Every operation counts in the text the model saw; none overlaps another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, assert_never

from app.core.edits.guards import touches
from app.core.edits.operations import (
    DeleteBlock,
    InsertAfter,
    InvalidOperation,
    Operation,
    ReplaceBlock,
    ReplaceText,
    RewriteDocument,
)
from app.core.edits.quotations import excerpt, places_of
from app.core.text.blocks import Block, parse_blocks
from app.core.text.changes import ChangeSet, Edit
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length

UnplacedReason = Literal[
    "unknown_block", "not_found", "ambiguous", "overlaps", "outside_selection", "locked", "unchanged", "invalid"
]

_CANDIDATES: Final = 3

_ID_AT_START = re.compile(r"^\[b\d+\] ?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Placed:
    """Operation `index` changes `from_..to` of the text the model saw; an insertion has an empty range."""

    index: int
    from_: int
    to: int


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An operation that changed nothing, and why. `candidates` are excerpts where it might have been meant."""

    index: int
    operation: Operation | InvalidOperation
    reason_code: str
    message: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditResult:
    """All placed operations as one change of the text, and what became of each of them."""

    changes: ChangeSet
    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]


def apply_operations(
    text: str,
    operations: Sequence[Operation | InvalidOperation],
    *,
    selection: tuple[int, int] | None = None,
    locked: Sequence[tuple[int, int]] = (),
) -> EditResult:
    """Place operations in a text. With a `selection` (UTF-16 units) only what lies inside may change; no operation on a
    block changes a `locked` passage. (Whether a rewrite of the whole text may, the writer is asked where a turn ends.)

    A later operation that meets an earlier one is not placed. Blocks stay separated by blank lines.
    """
    return _Placing(text, selection, locked).result(operations)


@dataclass(slots=True)
class _Plan:
    """What becomes of one block."""

    edits: list[Edit] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)
    inserted: list[str] = field(default_factory=list)
    deleted: bool = False


class _NotPlaced(Exception):
    def __init__(self, reason: UnplacedReason, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.candidates = candidates


class _Placing:
    """Collects what happens to each block, then writes it as one change set. Lives for one call."""

    def __init__(self, text: str, selection: tuple[int, int] | None, locked: Sequence[tuple[int, int]] = ()) -> None:
        self._locked = locked
        self._text = text
        self._length = utf16_length(text)
        self._selection = selection
        self._blocks = parse_blocks(text)
        self._numbers = {block.id: number for number, block in enumerate(self._blocks)}
        self._plans: defaultdict[int, _Plan] = defaultdict(_Plan)
        self._start: list[str] = []
        self._rewrite: ChangeSet | None = None
        self._shows_ids = _ID_AT_START.search(text) is not None

    def result(self, operations: Sequence[Operation | InvalidOperation]) -> EditResult:
        placed: list[Placed] = []
        unplaced: list[Unplaced] = []
        for index, operation in enumerate(operations):
            try:
                placed.append(Placed(index, *self._place(operation)))
            except _NotPlaced as failure:
                unplaced.append(Unplaced(index, operation, failure.reason, failure.message, failure.candidates))
        changes = self._rewrite or ChangeSet.of(self._length, sorted(self._edits(), key=lambda edit: edit[:2]))
        return EditResult(changes, tuple(placed), tuple(unplaced))

    def _place(self, operation: Operation | InvalidOperation) -> tuple[int, int]:
        if isinstance(operation, InvalidOperation):
            raise _NotPlaced("invalid", operation.message)
        if self._rewrite is not None:
            raise _NotPlaced("overlaps", "The whole document was already rewritten by an earlier operation.")
        match operation:
            case ReplaceBlock(block, text):
                return self._replace_block(block, self._clean(text))
            case InsertAfter(block, text):
                return self._insert_after(block, self._clean(text))
            case DeleteBlock(block):
                return self._delete_block(block)
            case ReplaceText(block, old, new):
                return self._replace_text(block, old, new)
            case RewriteDocument(text):
                return self._rewrite_document(self._clean(text))
            case _:
                assert_never(operation)

    # -- the operations ----------------------------------------------------------------------------------------------

    def _replace_block(self, id_: str, text: str) -> tuple[int, int]:
        if not text:
            return self._delete_block(id_)
        block, plan = self._free_block(id_)
        edits = _shifted(block.from_, diff_changes(block.text, text))
        self._require_change(edits)
        self._require_allowed(edits)
        plan.edits = edits
        plan.claimed.append((block.from_, block.to))
        return block.from_, block.to

    def _delete_block(self, id_: str) -> tuple[int, int]:
        block, plan = self._free_block(id_)
        self._require_allowed([(block.from_, block.to, "")])
        plan.deleted = True
        plan.claimed.append((block.from_, block.to))
        return block.from_, block.to

    def _insert_after(self, id_: str, text: str) -> tuple[int, int]:
        if not text:
            raise _NotPlaced("unchanged", "There is no text to insert.")
        if id_ == "start" or not self._blocks:
            return self._insert_at_start(text)
        number = self._number(id_)
        place = self._blocks[number].to
        self._require_allowed([(place, place, "\n\n" + text)])
        self._plans[number].inserted.append(text)
        return place, place

    def _insert_at_start(self, text: str) -> tuple[int, int]:
        if self._blocks and self._blocks[0].kind == "front_matter":
            return self._insert_after(self._blocks[0].id, text)
        place = self._blocks[0].from_ if self._blocks else 0
        self._require_allowed([(place, place, text + "\n\n")])
        self._start.append(text)
        return place, place

    def _replace_text(self, id_: str, old: str, new: str) -> tuple[int, int]:
        number = self._number(id_)
        block, plan = self._blocks[number], self._plans[number]
        start = self._find(block, old)
        found = block.text[start : start + len(old)]
        from_ = block.from_ + utf16_length(block.text[:start])
        to = from_ + utf16_length(found)
        if plan.deleted or any(from_ < end and begin < to for begin, end in plan.claimed):
            raise _NotPlaced("overlaps", f"An earlier operation already changes these words of {id_}.")
        # Where only the kind of quote or blank differs, the writer's own stays.
        edits = _shifted(from_, diff_changes(found, diff_changes(old, new).apply(found)))
        self._require_change(edits)
        self._require_allowed(edits)
        plan.edits += edits
        plan.claimed.append((from_, to))
        return from_, to

    def _rewrite_document(self, text: str) -> tuple[int, int]:
        if self._start or any(plan.claimed or plan.inserted for plan in self._plans.values()):
            raise _NotPlaced("overlaps", "Earlier operations already change parts of the document.")
        if not text:
            raise _NotPlaced("unchanged", "The new document is empty; delete its blocks instead.")
        if self._text.endswith("\n"):
            text += "\n"
        changes = diff_changes(self._text, text)
        edits = _shifted(0, changes)
        self._require_change(edits)
        self._require_selected(edits)
        self._rewrite = changes
        return 0, self._length

    # -- finding -----------------------------------------------------------------------------------------------------

    def _number(self, id_: str) -> int:
        number = self._numbers.get(id_)
        if number is None:
            raise _NotPlaced("unknown_block", f"There is no block {id_!r}; the last one is b{len(self._blocks)}.")
        return number

    def _free_block(self, id_: str) -> tuple[Block, _Plan]:
        number = self._number(id_)
        plan = self._plans[number]
        if plan.claimed:
            raise _NotPlaced("overlaps", f"An earlier operation already changes {id_}.")
        return self._blocks[number], plan

    def _find(self, block: Block, old: str) -> int:
        """The index of `old` in the block's text."""
        places = places_of(old, block.text)
        if len(places) == 1:
            return places[0]
        if places:
            excerpts = tuple(excerpt(block.text, place, len(old)) for place in places[:_CANDIDATES])
            message = f"These words occur {len(places)} times in {block.id}; quote more of them."
            raise _NotPlaced("ambiguous", message, excerpts)
        raise _NotPlaced("not_found", f"These words do not occur in {block.id}.", self._elsewhere(block, old))

    def _elsewhere(self, block: Block, old: str) -> tuple[str, ...]:
        """Other blocks that hold the words, else the block itself as it really reads."""
        others = [
            f"[{other.id}] {excerpt(other.text, place, len(old))}"
            for other in self._blocks
            if other is not block
            for place in places_of(old, other.text)
        ]
        return tuple(others[:_CANDIDATES]) or (f"[{block.id}] {block.text}",)

    def _clean(self, text: str) -> str:
        """Without blank lines around it and without block ids that a model copied into it."""
        text = text.strip("\n")
        return text if self._shows_ids else _ID_AT_START.sub("", text)

    def _require_selected(self, edits: Sequence[Edit]) -> None:
        if self._selection is None:
            return
        start, end = self._selection
        if any(from_ < start or to > end for from_, to, _text in edits):
            raise _NotPlaced("outside_selection", "This would change text outside of the selected passage.")

    def _require_allowed(self, edits: Sequence[Edit]) -> None:
        self._require_selected(edits)
        if any(touches(edit, self._locked) for edit in edits):
            raise _NotPlaced("locked", "The writer has locked this paragraph.")

    def _require_change(self, edits: Sequence[Edit]) -> None:
        if not edits:
            raise _NotPlaced("unchanged", "This is what the text says already.")

    # -- writing -----------------------------------------------------------------------------------------------------

    def _edits(self) -> Iterator[Edit]:
        if self._start:
            opening = "\n\n".join(self._start)
            if not self._blocks:
                yield 0, self._length, opening
                return
            yield self._blocks[0].from_, self._blocks[0].from_, opening + "\n\n"
        gone = [self._plans[number].deleted and not self._plans[number].inserted for number in self._numbers.values()]
        for number, block in enumerate(self._blocks):
            plan = self._plans[number]
            if plan.deleted and plan.inserted:
                yield block.from_, block.to, "\n\n".join(plan.inserted)
            elif plan.inserted:
                yield from plan.edits
                yield (
                    block.to,
                    block.to,
                    "".join("\n\n" + text for text in plan.inserted) + self._gap_behind(number, gone),
                )
            else:
                yield from plan.edits
        yield from self._deletions(gone)

    def _gap_behind(self, number: int, gone: Sequence[bool]) -> str:
        """What is missing to a blank line between new text and the block behind it."""
        if number + 1 == len(self._blocks) or gone[number + 1]:
            return ""
        return "" if self._blocks[number + 1].from_ - self._blocks[number].to > 1 else "\n"

    def _deletions(self, gone: Sequence[bool]) -> Iterator[Edit]:
        """Take away runs of blocks, each with the separator on one side, so that the rest stays apart."""
        number = 0
        while number < len(gone):
            if not gone[number]:
                number += 1
                continue
            first = number
            while number < len(gone) and gone[number]:
                number += 1
            yield self._deletion(first, number)

    def _deletion(self, first: int, end: int) -> Edit:
        blocks = self._blocks
        if first == 0:
            return blocks[0].from_, blocks[end].from_ if end < len(blocks) else blocks[end - 1].to, ""
        if end == len(blocks):
            return blocks[first - 1].to, blocks[end - 1].to, ""
        before = blocks[first].from_ - blocks[first - 1].to
        behind = blocks[end].from_ - blocks[end - 1].to
        if before > 1:
            return blocks[first].from_, blocks[end].from_, ""
        # Two paragraphs that were kept apart only by what stood between them must not become one.
        return blocks[first - 1].to, blocks[end - 1].to, "" if behind > 1 else "\n"


def _shifted(offset: int, changes: ChangeSet) -> list[Edit]:
    return [(offset + change.from_a, offset + change.to_a, change.inserted) for change in changes.ranges()]
