"""What can be said by rule about how somebody writes, from how they change a model's text. Pure.

Each rule looks at one revision, the model's text and what the writer made of it, and says which way it went. A habit is
told when at least two revisions show it and at most a third as many show the opposite.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_SENTENCE = re.compile(r"[.!?…]+[\"”’)]*\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CONTRACTION = re.compile(r"\b\w+['’](?:t|re|ve|ll|m|d)\b", re.IGNORECASE)
_LONG_FORM = re.compile(
    r"\b(?:do|does|did|is|are|was|were|can|could|should|would|will|have|has) ?not\b"
    r"|\b(?:I am|you are|we are|they are|it is|that is|I have|I will)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
# “ also closes „…, and ” ends some of those; so ” stands for the curly pair, and comes last.
_QUOTES = {"straight": '"', "low": "„", "angled": "«", "curly": "”"}
_QUOTES_SHOWN = {"straight": 'straight quotation marks ("…")', "curly": "curly quotation marks (“…”)",
                 "low": "low-high quotation marks („…“)", "angled": "angle quotation marks («…»)"}  # fmt: skip
_BRITISH = re.compile(
    r"\b(?:colour|favour|honour|labour|behaviour|centre|theatre|grey|travell|cancell|organis|realis|recognis|analys)\w*",
    re.IGNORECASE,
)
_AMERICAN = re.compile(
    r"\b(?:color|favor|honor|labor|behavior|center|theater|gray|travel(?:ed|ing)|cancel(?:ed|ing)|organiz|realiz|recogniz|analyz)\w*",
    re.IGNORECASE,
)

_LEAST_REVISIONS = 2


@dataclass(frozen=True, slots=True)
class Revision:
    """A model's text, and what the writer made of it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A habit: `key` is stable, `text` a line for the style card, `evidence` what it rests on."""

    key: str
    text: str
    evidence: str


def observations(revisions: Iterable[Revision]) -> tuple[Observation, ...]:
    """The habits the revisions show, at most one each of those that exclude each other."""
    known = tuple(revisions)
    found = []
    for rule, opposites in _RULES:
        seen = Counter(key for revision in known if (key := rule(revision)) is not None)
        for key, times in seen.most_common(1):
            against = sum(seen.values()) - times
            if times >= _LEAST_REVISIONS and against * 3 <= times:
                found.append(Observation(key, opposites[key], _evidence(times, len(known))))
    return tuple(found)


def _evidence(times: int, all_: int) -> str:
    return f"You changed the assistant's text this way in {times} of {all_} revisions."


def _sentences(revision: Revision) -> str | None:
    before, after = _sentence_length(revision.before), _sentence_length(revision.after)
    if before is None or after is None:
        return None
    if after <= before * 0.85:
        return "sentences:short"
    return "sentences:long" if after >= before * 1.2 else None


def _sentence_length(text: str) -> float | None:
    """Words per sentence; None for what is too short to tell."""
    lengths = [len(_WORD.findall(sentence)) for sentence in _SENTENCE.split(text)]
    lengths = [length for length in lengths if length]
    return sum(lengths) / len(lengths) if len(lengths) >= 3 else None


def _dashes(revision: Revision) -> str | None:
    before, after = revision.before.count("—"), revision.after.count("—")
    if before and after <= before / 2:
        return "dashes:none"
    return "dashes:em" if after > before else None


def _quotes(revision: Revision) -> str | None:
    gained = {
        name: revision.after.count(mark) - revision.before.count(mark) for name, mark in _QUOTES.items()
    }  # fmt: skip
    most = max(gained, key=lambda name: gained[name])
    replaced = any(number < 0 for number in gained.values())
    return f"quotes:{most}" if gained[most] > 0 and replaced else None


def _contractions(revision: Revision) -> str | None:
    short = _difference(_CONTRACTION, revision)
    long = _difference(_LONG_FORM, revision)
    if short > 0 and long < 0:
        return "contractions:yes"
    return "contractions:no" if short < 0 and long > 0 else None


def _spelling(revision: Revision) -> str | None:
    british, american = _difference(_BRITISH, revision), _difference(_AMERICAN, revision)
    if british > 0 and american < 0:
        return "spelling:british"
    return "spelling:american" if american > 0 and british < 0 else None


def _lists(revision: Revision) -> str | None:
    return _fewer_or_more(_LIST, revision, "lists", least=2)


def _headings(revision: Revision) -> str | None:
    return _fewer_or_more(_HEADING, revision, "headings", least=1)


def _fewer_or_more(pattern: re.Pattern[str], revision: Revision, name: str, *, least: int) -> str | None:
    gained = _difference(pattern, revision)
    if abs(gained) < least:
        return None
    return f"{name}:more" if gained > 0 else f"{name}:fewer"


def _difference(pattern: re.Pattern[str], revision: Revision) -> int:
    return len(pattern.findall(revision.after)) - len(pattern.findall(revision.before))


_RULES: tuple[tuple[Callable[[Revision], str | None], dict[str, str]], ...] = (
    (_sentences, {"sentences:short": "I write short sentences.", "sentences:long": "I let sentences run long."}),
    (_dashes, {"dashes:none": "I avoid em dashes (—).", "dashes:em": "I use em dashes (—)."}),
    (_quotes, {f"quotes:{name}": f"I use {shown}." for name, shown in _QUOTES_SHOWN.items()}),
    (_contractions, {"contractions:yes": "I use contractions (don't, it's).",
                     "contractions:no": "I write words out and avoid contractions."}),
    (_spelling, {"spelling:british": "I use British spelling.", "spelling:american": "I use American spelling."}),
    (_lists, {"lists:fewer": "I prefer running text to lists.", "lists:more": "I like lists."}),
    (_headings, {"headings:fewer": "I use few headings.", "headings:more": "I like headings."}),
)  # fmt: skip

KEYS = frozenset(key for _, texts in _RULES for key in texts)
"""Every observation there can be."""
