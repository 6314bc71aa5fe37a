"""Write mode: a structured first draft from the prompt alone. Deterministic; the same prompt gives the same draft.

It arranges what the prompt says and marks what only the writer knows in square brackets. It states no facts of its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum

from providers.offline.words import key_terms, words


class Genre(Enum):
    """What kind of text the prompt asks for."""

    ARTICLE = "article"
    LETTER = "letter"
    REPORT = "report"
    STORY = "story"
    NOTES = "notes"


_GENRES: tuple[tuple[Genre, str], ...] = (
    (Genre.LETTER, r"letter|e-?mail|reply|invitation|message|cover letter|application|complaint|apology"),
    (Genre.REPORT, r"report|proposal|plan|brief|memo|analysis|case study|specification|summary|readme|documentation"),
    (Genre.STORY, r"story|tale|scene|fairy tale|novel|narrative|poem|script"),
    (Genre.NOTES, r"minutes|agenda|notes|checklist|outline|to-?do|list"),
    (
        Genre.ARTICLE,
        r"article|blog post|post|essay|column|guide|tutorial|newsletter|press release|speech|review|page|text",
    ),
)
_LEADING = re.compile(
    r"^(?:please\s+|can you\s+|could you\s+|i(?:'d| would) like (?:you to\s+)?|i need\s+|help me (?:to\s+)?)*"
    r"(?:(?:write|draft|compose|create|generate|prepare|make|give|produce)\b)?\s*(?:(?:me|us)\b)?\s*",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\b(?:about|on the (?:topic|subject) of|on|describing|explaining|regarding|concerning)\s+", re.I)
_POINTS = re.compile(
    r"\b(?:including|covering|cover(?:s)?|with sections? (?:on|about|for)|mention(?:ing)?|points?)\b\s*:?\s*|:\s*", re.I
)


@dataclass(frozen=True, slots=True)
class Brief:
    """What the prompt was understood to ask. `points` are the parts it named; `length` is a number of sections."""

    genre: Genre
    topic: str
    points: tuple[str, ...]
    length: int
    recipient: str


def draft(prompt: str, *, document: str = "") -> str:
    """A Markdown draft for `prompt`. An existing document is kept whole and continued with a new section: rules cannot
    judge what in it should stay."""
    brief = understand(prompt)
    if not document.strip():
        return _compose(brief, prompt)
    return f"{document.rstrip()}\n\n## {_title(brief.topic)}\n\n" + "\n\n".join(_body(brief, prompt)) + "\n"


def passage(prompt: str) -> str:
    """Paragraphs for a place inside of a document: no title, nothing before or after."""
    return "\n\n".join(piece for piece in _body(understand(prompt), prompt) if not piece.startswith("#"))


def understand(prompt: str) -> Brief:
    """Genre, topic and points of a prompt, by its words."""
    flat = " ".join(prompt.split())
    lowered = flat.lower()
    genre = next((genre for genre, names in _GENRES if re.search(rf"\b(?:{names})s?\b", lowered)), Genre.ARTICLE)
    topic, points = _topic_and_points(prompt)
    recipient = re.search(r"\b(?:letter|e-?mail|reply|message|invitation)\b.*?\bto\s+((?:my |our |the )?[\w' ]{2,30}?)"
                          r"(?=\s+(?:about|on|regarding|concerning|because|that|for|asking|to)\b|[,.:;]|$)", flat, re.I)  # fmt: skip
    name = re.sub(r"^(?:my|our)\s+", "", recipient.group(1).strip(), flags=re.IGNORECASE) if recipient else ""
    return Brief(genre, topic, points, _length(lowered), name)


def _topic_and_points(prompt: str) -> tuple[str, tuple[str, ...]]:
    bullets = re.findall(r"^\s*(?:[-*+•]|\d+[.)])\s+(.+)$", prompt, re.MULTILINE)
    flat = " ".join(re.sub(r"^\s*(?:[-*+•]|\d+[.)])\s+.+$", "", prompt, flags=re.MULTILINE).split())
    main = _LEADING.sub("", flat, count=1)
    main = re.sub(r"\s*\b(?:in|of|with)? ?(?:about |around |at most )?\d+[- ]words?\b", "", main).strip()
    found = _ABOUT.search(main)
    rest = main[found.end() :] if found else re.sub(r"^(?:an?|the|some)\s+", "", main)
    parts = _POINTS.split(rest, maxsplit=1)
    topic = re.split(r"[.!?;]\s|,\s+(?:and|in|with|for)\b", parts[0])[0].strip(" ,.:;\"'“”") or "the subject"
    points = bullets
    if not points and len(parts) > 1:
        points = re.split(r",\s*(?:and\s+)?|;\s*|\s+and\s+", parts[1].strip(" ."))
    return topic, tuple(point.strip(" .,;") for point in points if point.strip(" .,;"))[:8]


def _length(lowered: str) -> int:
    number = re.search(r"(\d{2,5})[- ]words?", lowered)
    if number:
        return max(1, min(8, int(number.group(1)) // 110))
    if re.search(r"\b(?:short|brief|quick|one[- ]paragraph)\b", lowered):
        return 2
    return 5 if re.search(r"\b(?:long|detailed|in[- ]depth|comprehensive)\b", lowered) else 3


def _compose(brief: Brief, prompt: str) -> str:
    title = f"# {_title(brief.topic)}"
    match brief.genre:
        case Genre.LETTER:
            pieces = _letter(brief, prompt)
        case Genre.NOTES:
            pieces = [title, *_notes(brief)]
        case Genre.STORY:
            pieces = [title, *_story(brief)]
        case Genre.ARTICLE | Genre.REPORT:
            pieces = [title, *_body(brief, prompt)]
    return "\n\n".join(pieces) + "\n"


def _body(brief: Brief, prompt: str) -> list[str]:
    """Introduction, one section for each point, and a close."""
    topic = _inside(brief.topic)
    sections = list(brief.points) or _default_sections(brief)[: brief.length]
    level = "##"
    opening = _pick(prompt, "opening", (
        f"This text is about {topic}. It sets out what matters, why it matters now, and what follows from it.",
        f"Anyone who deals with {topic} meets the same few questions. This text takes them one at a time.",
        f"There is more to {topic} than first appears. The sections below go from the general to the particular.",
    ))  # fmt: skip
    named = ", ".join(_inside(section) for section in sections[:-1]) + (" and " if len(sections) > 1 else "")
    pieces = [f"{opening} It looks at {named}{_inside(sections[-1])}."]
    for place, section in enumerate(sections):
        pieces.append(f"{level} {_title(section)}")
        pieces.append(_section(brief, section, seed=prompt, place=place))
    closing = _pick(prompt, "closing", (
        f"In short, {topic} rewards a second look. The next step is [what the reader should do].",
        f"What remains is to decide. On {topic}, the most useful thing to do first is [first step].",
        f"None of this settles {topic} for good, but it gives a place to begin: [first step].",
    ))  # fmt: skip
    heading = "Recommendation" if brief.genre is Genre.REPORT else "Conclusion"
    return [*pieces, f"{level} {heading}", closing]


def _section(brief: Brief, section: str, *, seed: str, place: int) -> str:
    topic, name = _inside(brief.topic), _inside(section)
    first = _pick(seed, "first", (
        f"To understand {topic}, start with {name}.",
        f"The part of {topic} that is easiest to overlook is {name}.",
        f"Much of {topic} comes down to {name}.",
        f"When people talk about {topic}, they often mean {name}.",
    ), place)  # fmt: skip
    second = _pick(seed, "second", (
        "An example shows it best: [a concrete example, with a name, a place or a number].",
        "The evidence is this: [a figure or an observation, with its source].",
        "In practice it looks like this: [what happens, step by step].",
    ), place)  # fmt: skip
    third = _pick(seed, "third", (
        f"This matters because it decides what {topic} means for [the reader].",
        "Not everybody agrees: [the strongest objection, and your answer].",
        "It follows that [the consequence you want the reader to remember].",
    ), place)  # fmt: skip
    return f"{first} {second} {third}"


def _default_sections(brief: Brief) -> list[str]:
    if brief.genre is Genre.REPORT:
        return ["background", "findings", "options", "costs and risks", "timetable", "open questions"]
    terms = [term for term in key_terms(brief.topic, 2) if len(words(brief.topic)) > 3]
    named = [f"the role of {term}" for term in terms[:1]]
    return [
        "what it is about",
        "why it matters",
        *named,
        "how it works in practice",
        "where it falls short",
        "what comes next",
    ]


def _letter(brief: Brief, prompt: str) -> list[str]:
    topic = _inside(brief.topic)
    recipient = brief.recipient or "[name]"
    points = "\n".join(f"- {point[:1].upper() + point[1:]}" for point in brief.points)
    reason = _pick(prompt, "reason", (
        f"I am writing about {topic}. [Say in one sentence what happened or what you need.]",
        f"Thank you for your time. I would like to talk about {topic}. [Say in one sentence what you need.]",
    ))  # fmt: skip
    pieces = [f"**Subject:** {_title(brief.topic)}", f"Dear {recipient},", reason]
    if points:
        pieces += ["These are the points that matter to me:", points]
    pieces.append(f"The background is short: [two or three facts about {topic}, with dates].")
    pieces.append("Could you let me know by [date] whether this works for you? I am glad to explain more.")
    return [*pieces, "Kind regards,", "[your name]"]


def _story(brief: Brief) -> list[str]:
    topic = _inside(brief.topic)
    return [
        f"It began on an ordinary morning, and nobody would have thought of {topic}. [Where are we? Who is there?]",
        "Then something small was different. [What does the main character notice, and what do they want?]",
        f"By noon it could not be ignored. What stood between them and {topic} was [the obstacle].",
        "They tried the obvious thing first, and it failed. [What does the failure cost?]",
        f"In the end it was not what they had planned. {topic[:1].upper() + topic[1:]} had changed, or they had. [How?]",
    ]


def _notes(brief: Brief) -> list[str]:
    points = brief.points or ("where we stand", "what is open", "what was decided")
    parts = [f"## {_title(point)}\n\n- [what was said]\n- [what is still open]" for point in points]
    return ["**Date:** [date]  \n**Present:** [names]", *parts, "## Next steps\n\n- [ ] [who] – [what] – [by when]"]


def _title(topic: str) -> str:
    cut = " ".join(topic.split()[:10])
    return cut[:1].upper() + cut[1:]


def _inside(topic: str) -> str:
    """A topic as it stands inside a sentence: a lone leading article or plain word loses its capital."""
    first = topic.split(" ", 1)[0]
    return topic[:1].lower() + topic[1:] if first in {"The", "A", "An", "How", "Why", "What", "Our", "My"} else topic


def _pick(seed: str, purpose: str, choices: tuple[str, ...], place: int = 0) -> str:
    """One of the choices, the same for the same prompt; the next one at the next place, so that nothing repeats."""
    start = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()[0]
    return choices[(start + place) % len(choices)]
