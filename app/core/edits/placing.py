"""Putting a model's operations into a text: exactly where they belong, or not at all.

Quoted words are placed only if they stand in one place (see `quotations.py`). What cannot be placed is returned with
the reason, never put elsewhere. Every operation counts in the text the model saw; none overlaps another.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, Literal, assert_never

from app.core.edits.guards import touches
from app.core.edits.operations import (
    START,
    DeleteBlock,
    InsertAfter,
    InvalidOperation,
    Operation,
    ReplaceBlock,
    ReplaceText,
    RewriteDocument,
)
from app.core.edits.quotations import alike, excerpt, occurrences, places_of
from app.core.edits.rewriting import rewrite_changes
from app.core.edits.weaving import BlockPlan, weave, with_separators_of
from app.core.text.blocks import Block, parse_blocks
from app.core.text.changes import ChangeSet, Edit
from app.core.text.diff import diff_changes
from app.core.text.utf16 import utf16_length

UnplacedReason = Literal[
    "unknown_block", "not_found", "ambiguous", "overlaps", "outside_selection", "locked", "unchanged", "invalid"
]

_CANDIDATES: Final = 3
_CANDIDATE_LENGTH: Final = 600
"""Characters of a block that are shown where the words were not found anywhere."""

_ID_AT_START = re.compile(r"(?:\A|(?<=\n\n))\[b\d+\](?:[ \t]+|\n|\Z)")
"""A block id as a model sees it: where a block begins, never the name of a link."""


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
    """Place all operations of an answer at once; see `Placing`."""
    placing = Placing(text, selection=selection, locked=locked)
    for operation in operations:
        placing.add(operation)
    return placing.result()


class _NotPlaced(Exception):
    def __init__(self, reason: UnplacedReason, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.candidates = candidates


class Placing:
    """Places operations in a text one by one, as they come, and makes one change of them.

    With a `selection` (UTF-16 units) only what lies inside may change; no operation on a block changes a `locked`
    passage. (What a rewrite of the whole text would do to one is left out where a turn ends.) A later operation that meets
    an earlier one is not placed. Blocks stay separated: only line breaks beside a changed block come or go with it.
    """

    def __init__(
        self, text: str, *, selection: tuple[int, int] | None = None, locked: Sequence[tuple[int, int]] = ()
    ) -> None:
        self._locked = locked
        self._text = text
        self._selection = selection
        self._blocks = parse_blocks(text)
        self._numbers = {block.id: number for number, block in enumerate(self._blocks)}
        self._plans: defaultdict[int, BlockPlan] = defaultdict(BlockPlan)
        self._start: list[str] = []
        self._rewrite: ChangeSet | None = None
        self._shows_ids = any(_ID_AT_START.search(block.text) for block in self._blocks)
        self._placed: list[Placed] = []
        self._unplaced: list[Unplaced] = []

    def add(self, operation: Operation | InvalidOperation) -> Placed | Unplaced:
        """Place the next operation, or tell why not."""
        index = len(self._placed) + len(self._unplaced)
        try:
            placed = Placed(index, *self._place(operation))
        except _NotPlaced as failure:
            unplaced = Unplaced(index, operation, failure.reason, failure.message, failure.candidates)
            self._unplaced.append(unplaced)
            return unplaced
        self._placed.append(placed)
        return placed

    def result(self) -> EditResult:
        """What became of all operations so far."""
        changes = self._rewrite or weave(self._text, self._blocks, self._plans, self._start)
        return EditResult(changes, tuple(self._placed), tuple(self._unplaced))

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
        if id_ == START or not self._blocks:
            return self._insert_at_start(text)
        number = self._number(id_)
        place = self._blocks[number].to
        self._require_allowed([(place, place, "\n\n" + text)])
        self._plans[number].inserted.append(text)
        return place, place

    def _insert_at_start(self, text: str) -> tuple[int, int]:
        if self._blocks and self._blocks[0].kind == "front_matter":
            return self._insert_after(self._blocks[0].id, text)
        # Where there is no block, the text takes the place of whatever blanks there are.
        start, end = (self._blocks[0].from_,) * 2 if self._blocks else (0, utf16_length(self._text))
        self._require_allowed([(start, end, text + "\n\n")])
        self._start.append(text)
        return start, end

    def _replace_text(self, id_: str, old: str, new: str) -> tuple[int, int]:
        number = self._number(id_)
        block, plan = self._blocks[number], self._plans[number]
        start, old, new = self._find(block, old, new)
        found = block.text[start : start + len(old)]
        if found == block.text and not new.strip():
            return self._delete_block(id_)
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
        if self._placed:
            raise _NotPlaced("overlaps", "Earlier operations already change parts of the document.")
        if not text:
            raise _NotPlaced("unchanged", "The new document is empty; delete its blocks instead.")
        changes = rewrite_changes(self._text, with_separators_of(self._text, text), self._locked)
        edits = _shifted(0, changes)
        self._require_change(edits)
        self._require_selected(edits)
        self._rewrite = changes
        return 0, changes.before

    # -- finding -----------------------------------------------------------------------------------------------------

    def _number(self, id_: str) -> int:
        number = self._numbers.get(id_)
        if number is not None:
            return number
        if not self._blocks:
            raise _NotPlaced("unknown_block", 'The document is empty; insert text after "start".')
        raise _NotPlaced("unknown_block", f"There is no block {id_!r}; the last one is b{len(self._blocks)}.")

    def _free_block(self, id_: str) -> tuple[Block, BlockPlan]:
        number = self._number(id_)
        plan = self._plans[number]
        if plan.claimed:
            raise _NotPlaced("overlaps", f"An earlier operation already changes {id_}.")
        return self._blocks[number], plan

    def _find(self, block: Block, old: str, new: str) -> tuple[int, str, str]:
        """The index of the quoted words in the block's text, with the quoted and the new words as they are to be read."""
        new = self._without_ids(new)
        places = places_of(old, block.text)
        if len(places) == 1:
            return places[0], old, new
        if places:
            excerpts = tuple(excerpt(block.text, place, len(old)) for place in places[:_CANDIDATES])
            message = f"These words occur {len(places)} times in {block.id}; quote more of them."
            raise _NotPlaced("ambiguous", message, excerpts)
        for words, replacement, at_start, at_end in self._readings_at_edges(old, new):
            for place in places_of(words, block.text):
                if (not at_start or place == 0) and (not at_end or place + len(words) == len(block.text)):
                    return place, words, replacement
        raise _NotPlaced("not_found", f"These words do not occur in {block.id}.", self._elsewhere(block, old))

    def _readings_at_edges(self, old: str, new: str) -> Iterator[tuple[str, str, bool, bool]]:
        """Words quoted together with what stands around a block, its id or line breaks, without that; and whether they
        must therefore stand at the start and at the end of the block."""
        words = self._without_ids(old)
        has_id = words != old
        if has_id:
            yield words, new, True, False
        if words.endswith("\n") and new.endswith("\n"):
            yield words[:-1], new[:-1], has_id, True
        if words.startswith("\n") and new.startswith("\n"):
            yield words[1:], new[1:], True, False
            if len(words) > 1 < len(new) and words.endswith("\n") and new.endswith("\n"):
                yield words[1:-1], new[1:-1], True, True
        if words.endswith("\n") and not new:
            # A line that is to go is quoted with its end, which the last line of a block does not have.
            yield "\n" + words[:-1], new, False, True
            yield words[:-1], new, True, True

    @cached_property
    def _alike_text(self) -> str:
        return alike(self._text)

    @cached_property
    def _starts(self) -> list[int]:
        """The Python indexes where the blocks start."""
        starts: list[int] = []
        end = 0
        for block in self._blocks:
            starts.append(self._text.index(block.text, end))
            end = starts[-1] + len(block.text)
        return starts

    def _elsewhere(self, block: Block, old: str) -> tuple[str, ...]:
        """Other blocks that hold the words, else the beginning of the block as it really reads."""
        others = (
            f"[{other.id}] {excerpt(other.text, place, len(old))}"
            for other, place in self._places_in_blocks(old)
            if other is not block
        )
        return tuple(islice(others, _CANDIDATES)) or (f"[{block.id}] {excerpt(block.text, 0, _CANDIDATE_LENGTH)}",)

    def _places_in_blocks(self, words: str) -> Iterator[tuple[Block, int]]:
        # One search through all of the text: block by block, a thousand wrong quotations would take seconds.
        for place in occurrences(alike(words), self._alike_text):
            number = max(0, bisect_right(self._starts, place) - 1)
            block, place = self._blocks[number], place - self._starts[number]
            if 0 <= place <= len(block.text) - len(words):
                yield block, place

    def _clean(self, text: str) -> str:
        """Without blank lines around it and without block ids that a model copied into it."""
        return self._without_ids(text.strip("\n")) if text.strip() else ""

    def _without_ids(self, text: str) -> str:
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


def _shifted(offset: int, changes: ChangeSet) -> list[Edit]:
    return [(offset + change.from_a, offset + change.to_a, change.inserted) for change in changes.ranges()]
