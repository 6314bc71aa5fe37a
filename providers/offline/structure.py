"""Operations on the document as a whole: title, headings, summary, outline, continuation, and the replacing of a passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from providers.offline.asking import titles
from providers.offline.blocks import Block, Passage
from providers.offline.transforms import tighten
from providers.offline.words import important_sentences, key_terms, plain, sentences, words


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of an edit tool: its name and arguments."""

    name: str
    arguments: dict[str, str]


def replacement(passage: Passage, new: str) -> Operation:
    """Puts `new` in the place of a passage: the whole block, or the words inside it where they stand only once."""
    block = passage.block
    if not passage.whole and block.text.count(passage.text) == 1:
        return Operation("replace_text", {"block": block.id, "old": passage.text, "new": new})
    text = new if passage.whole else block.text.replace(passage.text, new, 1)
    return Operation("replace_block", {"block": block.id, "text": text})


def title(blocks: Sequence[Block], *, wanted: str | None) -> Operation:
    """A first-level heading: replaces the one that opens the document, or goes to its start."""
    text = wanted or titles("\n\n".join(block.text for block in blocks if not block.is_heading))[0]
    first = blocks[0]
    if first.text.lstrip().startswith("# "):
        return Operation("replace_block", {"block": first.id, "text": f"# {text}"})
    return Operation("insert_after", {"block": "start", "text": f"# {text}"})


def summary(blocks: Sequence[Block]) -> list[Operation]:
    """A quote with the most important sentences, below the title; nothing for a text of one or two sentences."""
    text = "\n\n".join(block.text for block in blocks if block.is_prose)
    total = len(sentences(plain(text)))
    if total < 3 or len(words(text)) < 40:
        return []
    best = [tighten(sentence) for sentence in important_sentences(text, min(4, max(1, total // 3)))]
    opening = blocks[0]
    place = opening.id if opening.text.lstrip().startswith("# ") else "start"
    return [Operation("insert_after", {"block": place, "text": f"> **Summary.** {' '.join(best)}"})]


def outline(blocks: Sequence[Block]) -> list[Operation]:
    """A list of the headings, or of what the paragraphs begin with, at the start or below the title."""
    found = [block.text.lstrip("# ").strip() for block in blocks[1:] if block.is_heading]
    if len(found) < 2:
        found = [" ".join(words(block.text)[:8]) + " …" for block in blocks if block.is_prose]
    if len(found) < 2:
        return []
    opening = blocks[0]
    place = opening.id if opening.text.lstrip().startswith("# ") else "start"
    return [Operation("insert_after", {"block": place, "text": "\n".join(f"- {entry}" for entry in found)})]


def headings(blocks: Sequence[Block]) -> list[Operation]:
    """A second-level heading before every second paragraph that has none, named after what is special in it."""
    whole = {term.lower() for term in key_terms("\n\n".join(block.text for block in blocks), 3)}
    operations: list[Operation] = []
    since_heading = 2
    for before, block in zip((None, *blocks), blocks, strict=False):
        if block.is_heading:
            since_heading = 0 if block.text.startswith("##") else 2
            continue
        if not block.is_prose or len(words(block.text)) < 12:
            continue
        if since_heading >= 2 and not (before is not None and before.text.startswith("##")):
            own = [term for term in key_terms(block.text, 5) if term.lower() not in whole] or key_terms(block.text, 2)
            name = " and ".join(own[:2])
            place = before.id if before is not None else "start"
            operations.append(Operation("insert_after", {"block": place, "text": f"## {name[:1].upper() + name[1:]}"}))
            since_heading = 0
        since_heading += 1
    return operations


def continuation(blocks: Sequence[Block]) -> list[Operation]:
    """A beginning under every heading that has no text yet, and under every bullet list that ends the document; else
    one paragraph that takes up the last one."""
    operations = []
    for block, following in zip_longest(blocks, blocks[1:]):
        deeper = following is not None and following.is_heading and _level(following) > _level(block)
        if block.is_heading and _level(block) > 1 and (following is None or (following.is_heading and not deeper)):
            name = block.text.lstrip("# ").strip()
            operations.append(Operation("insert_after", {"block": block.id, "text": _paragraph(name)}))
    if operations:
        return operations
    last = blocks[-1]
    if last.is_list:
        entries = [line.lstrip("-*+0123456789.) ").strip() for line in last.text.splitlines() if line.strip()]
        text = "\n\n".join(f"## {entry}\n\n{_paragraph(entry)}" for entry in entries)
        return [Operation("insert_after", {"block": last.id, "text": text})]
    terms = key_terms(last.text, 2)
    subject = " and ".join(terms) or "this"
    follow_up = f"What follows from this for {subject}? [Your next point, and the example that shows it.]"
    return [Operation("insert_after", {"block": last.id, "text": follow_up})]


def places_to_say_more(chosen: Sequence[Passage]) -> list[Operation]:
    """A note in brackets after each of the (at most four) longest paragraphs, naming what could be developed."""
    prose = [passage.block for passage in chosen if passage.block.is_prose and sentences(passage.block.text)]
    longest = sorted(prose, key=lambda block: -len(block.text))[:4]
    operations = []
    for block in prose:
        terms = key_terms(block.text, 2)
        if block in longest and terms:
            note = f"[Say more about {' and '.join(terms)}: an example, a number with its source, or who it concerns.]"
            operations.append(Operation("insert_after", {"block": block.id, "text": note}))
    return operations


def _level(block: Block) -> int:
    stripped = block.text.lstrip()
    return len(stripped) - len(stripped.lstrip("#"))


def _paragraph(name: str) -> str:
    if name.lower().split()[0] in ("conclusion", "conclusions", "summary", "outlook", "closing"):
        return "In short, [what the reader should remember]. The next step is [the first thing to do]."
    if name.lower().split()[0] in ("introduction", "intro", "overview", "background"):
        return "This text is about [the subject]. It matters because [the reason], and it ends with [the result]."
    subject = name[:1].lower() + name[1:] if not name[:2].isupper() else name
    return (
        f"The first thing to know about {subject} is [the main point]. It shows in [a concrete example]. "
        "It follows that [what the reader should remember]."
    )
