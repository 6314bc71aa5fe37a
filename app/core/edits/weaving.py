"""From what happens to each block to one change of the text, in which blocks stay apart and separators stay as they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rapidfuzz.distance import Indel

from app.core.text.blocks import Block, parse_blocks
from app.core.text.changes import ChangeSet, Edit
from app.core.text.utf16 import utf16_length, utf16_slicer


@dataclass(slots=True)
class BlockPlan:
    """What becomes of one block: `edits` inside it, `claimed` ranges that nothing else may touch, and texts `inserted`
    behind it. All positions count in the whole text."""

    edits: list[Edit] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)
    inserted: list[str] = field(default_factory=list)
    deleted: bool = False

    @property
    def gone(self) -> bool:
        """Whether nothing stands at the block's place any more."""
        return self.deleted and not self.inserted


def weave(text: str, blocks: Sequence[Block], plans: Mapping[int, BlockPlan], opening: Sequence[str]) -> ChangeSet:
    """One change of the text. `plans` are by index of the block, `opening` are the texts that come before all blocks."""
    return _Weaving(text, blocks, plans, opening).changes()


class _Weaving:
    def __init__(
        self, text: str, blocks: Sequence[Block], plans: Mapping[int, BlockPlan], opening: Sequence[str]
    ) -> None:
        self._length = utf16_length(text)
        self._blocks = blocks
        self._plans = plans
        self._opening = "\n\n".join(opening)
        self._gone = [number in plans and plans[number].gone for number in range(len(blocks))]

    def changes(self) -> ChangeSet:
        if self._opening and all(self._gone):
            # Line breaks at the end stay; without any block there is nothing worth keeping apart.
            end = self._blocks[-1].to if self._blocks else self._length
            return ChangeSet.of(self._length, [(self._blocks[0].from_ if self._blocks else 0, end, self._opening)])
        # Stable: what is put at one place stays in the order it is made here.
        return ChangeSet.of(self._length, sorted(self._edits(), key=lambda edit: edit[:2]))

    def _edits(self) -> Iterator[Edit]:
        if self._opening:
            start = self._blocks[0].from_
            yield start, start, self._opening + "\n\n"
        for number in sorted(self._plans):
            yield from self._block_edits(number)
        yield from self._deletions()
        yield from self._missing_breaks()

    def _block_edits(self, number: int) -> Iterator[Edit]:
        block, plan = self._blocks[number], self._plans[number]
        if plan.deleted and plan.inserted:
            yield block.from_, block.to, "\n\n".join(plan.inserted)
            return
        yield from plan.edits
        if plan.inserted:
            added = "".join("\n\n" + text for text in plan.inserted)
            yield block.to, block.to, added + ("\n" if self._is_tight(number) and not self._gone[number + 1] else "")

    # -- keeping apart -----------------------------------------------------------------------------------------------

    def _is_tight(self, number: int) -> bool:
        """Whether another block follows in the very next line."""
        blocks = self._blocks
        return number + 1 < len(blocks) and blocks[number + 1].from_ - blocks[number].to == 1

    def _missing_breaks(self) -> Iterator[Edit]:
        """Blank lines where a changed block would be read as one with its neighbour."""
        beside_changes = {place for number in self._plans for place in (number - 1, number) if place >= 0}
        for number in sorted(beside_changes):
            if not self._is_tight(number) or self._gone[number] or self._gone[number + 1]:
                continue
            plan = self._plans.get(number)
            if plan and plan.inserted and not plan.deleted:
                continue  # the inserted text brings its own
            first, second = self._new_text(number), self._new_text(number + 1)
            if (first, second) == (self._blocks[number].text, self._blocks[number + 1].text):
                continue
            if _run_together(first, second, on_top=not self._blocks[number].from_ and not self._opening):
                yield self._blocks[number].to, self._blocks[number].to, "\n"

    def _new_text(self, number: int) -> str:
        """How a block reads once it is changed, without what is inserted behind it."""
        block, plan = self._blocks[number], self._plans.get(number)
        if plan is None:
            return block.text
        if plan.deleted:
            return "\n\n".join(plan.inserted)
        edits = [(from_ - block.from_, to - block.from_, text) for from_, to, text in plan.edits]
        return ChangeSet.of(block.to - block.from_, sorted(edits, key=lambda edit: edit[:2])).apply(block.text)

    # -- deleting ----------------------------------------------------------------------------------------------------

    def _deletions(self) -> Iterator[Edit]:
        """Take away runs of blocks, each with the separator on one side, so that the rest stays apart."""
        number = 0
        while number < len(self._gone):
            if not self._gone[number]:
                number += 1
                continue
            first = number
            while number < len(self._gone) and self._gone[number]:
                number += 1
            yield self._deletion(first, number)

    def _deletion(self, first: int, end: int) -> Edit:
        blocks = self._blocks
        if first == 0:
            return blocks[0].from_, blocks[end].from_ if end < len(blocks) else blocks[end - 1].to, ""
        if end == len(blocks):
            return blocks[first - 1].to, blocks[end - 1].to, ""
        if not self._is_tight(first - 1):
            return blocks[first].from_, blocks[end].from_, ""
        # Two paragraphs that were kept apart only by what stood between them must not become one.
        return blocks[first - 1].to, blocks[end - 1].to, "\n" if self._is_tight(end - 1) else ""


def _run_together(text: str, following: str, *, on_top: bool) -> bool:
    """Whether two texts, one in the line after the other, are other blocks than each by itself. `on_top`: the first one
    begins the document, so that it may be front matter."""
    above = "" if on_top else ".\n\n"
    joined, apart = f"{above}{text}\n{following}", f"{above}{text}\n\n{following}"
    return [block.text for block in parse_blocks(joined)] != [block.text for block in parse_blocks(apart)]


def with_separators_of(text: str, rewritten: str) -> str:
    """A rewritten document with the text's own breaks between blocks that follow each other in both.

    A model sees every block behind one blank line, so it cannot know where the writer left none or several.
    """
    old, new = parse_blocks(text), parse_blocks(rewritten)
    if not old or not new:
        return rewritten
    old_slice, new_slice = utf16_slicer(text), utf16_slicer(rewritten)
    counterparts = _counterparts([block.text for block in old], [block.text for block in new])
    pieces = [old_slice(0, old[0].from_), new[0].text]
    for number, (block, following) in enumerate(pairwise(new)):
        separator = new_slice(block.to, following.from_)
        place = counterparts.get(number)
        if place is not None and counterparts.get(number + 1) == place + 1:
            written = old_slice(old[place].to, old[place + 1].from_)
            unchanged = (block.text, following.text) == (old[place].text, old[place + 1].text)
            on_top = number == 0 and not old[0].from_
            if unchanged or written != "\n" or not _run_together(block.text, following.text, on_top=on_top):
                separator = written
        pieces += [separator, following.text]
    return "".join([*pieces, old_slice(old[-1].to, utf16_length(text))])


def _counterparts(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """By index of a new block the old one it stands for: equal ones, and between those as many on both sides."""
    found: dict[int, int] = {}
    end_old = end_new = 0
    for block in Indel.editops(old, new).as_matching_blocks():
        if block.a - end_old == block.b - end_new:
            found.update(zip(range(end_new, block.b), range(end_old, block.a), strict=True))
        end_old, end_new = block.a + block.size, block.b + block.size
        found.update(zip(range(block.b, end_new), range(block.a, end_old), strict=True))
    return found
