"""Playing cases through the code that serves turns, and judging what became of each operation.

Two peers do what editing tools commonly do with "search and replace" answers: put the new text at the first place where the
old one stands, or else at the place that looks most like it. They get the true words of a block where an operation names one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from app.core.text.blocks import Block, parse_blocks
from app.core.text.changes import Edit
from app.core.text.utf16 import normalise_text, utf16_length
from app.services.assistant.output import TurnOutput
from app.services.assistant.requests import TurnPlan
from providers.base import ModelInfo, ToolCall
from tests.benchmarks.edits.case import Becomes, Case, Refused, Step

PIECES = range(1, 8)
"""Sizes of the pieces, in characters, in which a tagged answer arrives; besides all at once."""

_SIMILAR = 80
"""Percent of likeness from which the fuzzy peer takes a place, as such tools usually do."""


@dataclass(slots=True)
class Outcome:
    """What became of an answer: the text, the reasons of what was not placed by index, how many operations were heard of,
    and what the writer reads."""

    text: str
    reasons: dict[int, str]
    operations: int
    said: str


@dataclass(slots=True)
class Tally:
    """Operations by what became of them, and characters that changed although nobody asked for it."""

    placed_rightly: int = 0
    placed_wrongly: int = 0
    reported_rightly: int = 0
    reported_wrongly: int = 0
    characters_outside: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def operations(self) -> int:
        return self.placed_rightly + self.placed_wrongly + self.reported_rightly + self.reported_wrongly

    def add(self, other: Tally) -> None:
        self.placed_rightly += other.placed_rightly
        self.placed_wrongly += other.placed_wrongly
        self.reported_rightly += other.reported_rightly
        self.reported_wrongly += other.reported_wrongly
        self.characters_outside += other.characters_outside
        self.mistakes += other.mistakes


# -- what should become of a case --------------------------------------------------------------------------------------


def document_of(case: Case) -> str:
    """The document as a draft keeps it."""
    return normalise_text(case.document)


def target_of(document: str, outcome: Becomes) -> Edit:
    """Where exactly an operation changes the document, in Python indexes, and the text it puts there."""
    place = document.find(outcome.before)
    if place < 0 or (outcome.before and document.find(outcome.before, place + 1) >= 0):
        raise ValueError(f"{outcome.before!r} must stand once in the document")
    before, after = outcome.before, outcome.after
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return place + start, place + len(before) - end, after[start : len(after) - end]


def targets_of(case: Case) -> list[Edit]:
    """All targets in order; of those at one place the ones of earlier operations first."""
    document = document_of(case)
    targets = [target_of(document, step.outcome) for step in case.steps if isinstance(step.outcome, Becomes)]
    return sorted(targets, key=lambda target: target[:2])


def expected_text(document: str, targets: Sequence[Edit]) -> str:
    pieces, place = [], 0
    for from_, to, text in sorted(targets, key=lambda target: target[:2]):
        pieces += [document[place:from_], text]
        place = to
    return "".join([*pieces, document[place:]])


def characters_lost(document: str, targets: Sequence[Edit], text: str) -> int:
    """How many characters outside of the targets are gone from a text, at least."""
    rest = expected_text(document, [(from_, to, "") for from_, to, _text in targets])
    return len(rest) - LCSseq.similarity(rest, text)


# -- playing -----------------------------------------------------------------------------------------------------------


def play_tools(case: Case) -> Outcome:
    output = TurnOutput(_plan(case, tools=True))
    for number, step in enumerate(case.steps):
        output.feed_call(ToolCall(f"call{number}", step.op, step.as_json()))
    return _outcome(output)


def play_tagged(case: Case, size: int) -> Outcome:
    """With the answer in pieces of `size` characters; 0 is all at once."""
    output = TurnOutput(_plan(case, tools=False))
    answer = case.tagged_answer
    for place in range(0, len(answer), size or len(answer)):
        output.feed_text(answer[place : place + (size or len(answer))])
    output.end_of_stream()
    return _outcome(output)


def plays(case: Case) -> Iterator[tuple[str, Outcome]]:
    """Every way the case is played, by name."""
    if "tools" in case.forms:
        yield "tools", play_tools(case)
    if "tagged" in case.forms:
        yield "tagged", play_tagged(case, 0)
        for size in PIECES:
            yield f"tagged by {size}", play_tagged(case, size)


def _plan(case: Case, *, tools: bool) -> TurnPlan:
    text = document_of(case)
    selection = None
    if case.selection is not None:
        start = text.index(case.selection)
        selection = utf16_length(text[:start]), utf16_length(text[: start + len(case.selection)])
    return TurnPlan(
        mode="edit",
        prompt=case.request,
        title="",
        text=text,
        selection=selection,
        selected_text=case.selection or "",
        instructions="",
        history=(),
        provider="scripted",
        model=ModelInfo("scripted", "Scripted"),
        tools=tools,
    )


def _outcome(output: TurnOutput) -> Outcome:
    result = output.result()
    rows = output.report()
    reasons = {row["index"]: row["reason"] for row in rows if not row["placed"]}
    return Outcome(output.plan.text if result is None else result.text, reasons, len(rows), output.text)


def judge(case: Case, outcome: Outcome) -> Tally:
    """An operation is right if it did what it should; if the text is wrong, all that were placed count as wrong."""
    tally = Tally()
    document, targets = document_of(case), targets_of(case)
    text_is_right = outcome.text == expected_text(document, targets)
    for index, step in enumerate(case.steps):
        reason = outcome.reasons.get(index) if index < outcome.operations else "never heard of"
        wanted = step.outcome.reason if isinstance(step.outcome, Refused) else None
        if reason is None:
            tally.placed_rightly += wanted is None and text_is_right
            tally.placed_wrongly += wanted is not None or not text_is_right
        else:
            tally.reported_rightly += reason == wanted
            tally.reported_wrongly += reason != wanted
        if reason != wanted:
            tally.mistakes.append(f"operation {index}: {reason or 'placed'}, should be {wanted or 'placed'}")
    if not text_is_right:
        tally.mistakes.append(f"reads {outcome.text[:400]!r}, should read {expected_text(document, targets)[:400]!r}")
    if outcome.operations != len(case.steps):
        tally.mistakes.append(f"{outcome.operations} operations were heard of, {len(case.steps)} were made")
    if case.said is not None and outcome.said != case.said:
        tally.mistakes.append(f"said {outcome.said!r}")
    tally.characters_outside = characters_lost(document, targets, outcome.text)
    return tally


# -- peers -------------------------------------------------------------------------------------------------------------

Search = Callable[[str, str, str], str | None]
"""Document, old and new words to the new document, or None where the old words are not found."""


def first_place(document: str, old: str, new: str) -> str | None:
    return document.replace(old, new, 1) if old in document else None


def most_similar_place(document: str, old: str, new: str) -> str | None:
    if old in document:
        return first_place(document, old, new)
    found = fuzz.partial_ratio_alignment(old, document, score_cutoff=_SIMILAR)
    return document[: found.dest_start] + new + document[found.dest_end :] if found else None


def judge_peer(case: Case, search: Search) -> Tally:
    """Each operation on the text as it should stand by then, so that no mistake counts twice. How many blank lines are
    left and which quotes are written does not count against a peer."""
    tally = Tally()
    document = document_of(case)
    targets: list[Edit] = []
    for step in case.steps:
        before = expected_text(document, targets)
        words = _as_search(document, step)
        after = search(before, *words) if words else None
        if isinstance(step.outcome, Becomes):
            targets.append(target_of(document, step.outcome))
        wanted = expected_text(document, targets)
        if after is None or after == before:
            tally.reported_rightly += isinstance(step.outcome, Refused)
            tally.reported_wrongly += isinstance(step.outcome, Becomes)
        elif _loosely(after) == _loosely(wanted):
            tally.placed_rightly += 1
        else:
            tally.placed_wrongly += 1
            tally.characters_outside += characters_lost(document, targets, after)
    return tally


def _as_search(document: str, step: Step) -> tuple[str, str] | None:
    """An operation as old and new words, as far as its arguments can be read."""
    blocks = _blocks_by_id(document)
    block, text = blocks.get(step.argument("block").strip(" []").lower()), step.argument("text").strip("\n")
    match step.op:
        case "replace_text" if step.argument("old"):
            return step.argument("old"), step.argument("new")
        case "replace_block" if block and text:
            return block.text, text
        case "insert_after" if block:
            return block.text, f"{block.text}\n\n{text}"
        case "insert_after" if step.argument("block").lower() == "start":
            first = blocks.get("b1")
            return (first.text, f"{text}\n\n{first.text}") if first else None
        case "delete_block" if block:
            return block.text, ""
        case "rewrite_document" if text and document:
            return document.strip("\n"), text
    return None


@lru_cache(maxsize=4)
def _blocks_by_id(document: str) -> dict[str, Block]:
    return {block.id: block for block in parse_blocks(document)}


def _loosely(text: str) -> str:
    text = text.translate(str.maketrans("‘’“”–—\u00a0\u202f", "''\"\"-- \u0020"))
    return re.sub(r"\s+", " ", text).strip()
