"""Reading text by rule: sentences, terms, counts, the sentences that matter. Pure functions of text."""

from __future__ import annotations

import re
from collections import Counter

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])([\"'”’»)\]]*)\s+(?=[\"'“‘«(\[]?[^\Wa-zß-öø-ÿ_])")
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|Prof|St|No|Fig|approx|z\.B|d\.h|bzw|[A-Z])\.$")
_COMMON_WORDS = (
    "a able about above actually after again all als also although always am an and any are as at auch auf "
    "basically be because been before bei being below between both but by can cannot could das dem den der "
    "des did die do document does doing done down draft during each edit ein eine einen einer er es even "
    "every few first for from further für get gets give given go had has have having he her here hers him his "
    "how however i if ihr im important in into is ist it its itself just last least less let like literally "
    "made main make makes many may me might mit more most much must my nach near need new nicht no nor not "
    "note now oder of off often on once one only or other our ours out over own paragraph people per please "
    "popular put quite rather really same see seem sentence several she should sie simply since sind so some "
    "still such take tell text than that the their theirs them then there therefore these they thing things "
    "this those through to too two und under until up upon us use used using very von want war was way we "
    "well werden were what when where whether which while who whom whose why wie will wir wird with within "
    "without would write yes yet you your yours zu "
)
_STOP_WORDS = frozenset(_COMMON_WORDS.split())


def sentences(text: str) -> list[str]:
    """The sentences of running text, markup stripped from line starts, common abbreviations not mistaken for ends."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        begun = len(found)
        for piece in _split(" ".join(line.strip() for line in block.splitlines())):
            if len(found) > begun and ABBREVIATION.search(found[-1]):
                found[-1] += " " + piece
            else:
                found.append(piece)
    return found


def _split(flat: str) -> list[str]:
    pieces, start = [], 0
    for match in _SENTENCE_END.finditer(flat):
        pieces.append(flat[start : match.start()] + match.group(1))
        start = match.end()
    return [piece.strip() for piece in [*pieces, flat[start:]] if piece.strip()]


def words(text: str) -> list[str]:
    """The words of a text, as written."""
    return WORD.findall(text)


def plain(markdown: str) -> str:
    """Markdown without its markers: prose only; headings and fenced code are left out."""
    kept, fenced = [], False
    for line in markdown.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        if fenced or re.match(r"\s{0,3}#{1,6}\s", line) or re.fullmatch(r"\s*([-*_]\s*){3,}", line):
            continue
        body = re.sub(r"^\s*(?:[-*+]|\d+[.)]|>)\s+", "", line)
        if body != line and not line.lstrip().startswith(">"):
            kept.append("")  # a list item is a sentence of its own
        kept.append(body)
    prose = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", "\n".join(kept))
    return re.sub(r"(\*\*|__|\*|`)", "", prose)


def headings(markdown: str) -> list[tuple[int, str]]:
    """(level, text) of the headings, in order."""
    found = re.findall(r"^\s{0,3}(#{1,6})\s+(.+?)\s*#*\s*$", markdown, re.MULTILINE)
    return [(len(marks), text) for marks, text in found]


def paragraphs(markdown: str) -> list[str]:
    """Blocks of prose between blank lines."""
    prose = (plain(block).strip() for block in re.split(r"\n\s*\n", markdown))
    return [block for block in prose if block]


def key_terms(text: str, number: int) -> list[str]:
    """The words the text is about: frequent, not common, as they are mostly written; ties in order of appearance."""
    found = [word for word in words(plain(text)) if len(word) > 3 and word.lower() not in _STOP_WORDS]
    counted = Counter(word.lower() for word in found)
    spelled = {word.lower(): word for word in reversed(found)}
    order = {word: place for place, word in reversed(list(enumerate(word.lower() for word in found)))}
    ranked = sorted(counted, key=lambda word: (-counted[word], order[word]))
    return [spelled[word] for word in ranked[:number]]


def important_sentences(text: str, number: int) -> list[str]:
    """The sentences that hold most of what the text is about, in the text's order. The first one of the text and those
    that open a paragraph weigh more."""
    weights = {term.lower(): 12 - place for place, term in enumerate(key_terms(text, 12))}
    ranked = []
    place = 0
    for paragraph in paragraphs(text):
        for position, sentence in enumerate(sentences(paragraph)):
            found = [word.lower() for word in words(sentence)]
            score = sum(weights.get(word, 0) for word in set(found)) / (len(found) + 6)
            ranked.append((score * (1.3 if position == 0 else 1.0) * (1.2 if place == 0 else 1.0), place, sentence))
            place += 1
    best = sorted(ranked, key=lambda entry: (-entry[0], entry[1]))[:number]
    return [sentence for _, _, sentence in sorted(best, key=lambda entry: entry[1])]


def related_sentences(text: str, question: str, *, number: int) -> list[str]:
    """Sentences that share the question's own words, best first; empty when none does."""
    asked = {stem(word) for word in words(question) if word.lower() not in _STOP_WORDS and len(word) > 2}
    scored = []
    for place, sentence in enumerate(s for p in paragraphs(text) for s in sentences(p)):
        shared = len(asked & {stem(word) for word in words(sentence)})
        if shared:
            scored.append((-shared, place, sentence))
    return [sentence for _, _, sentence in sorted(scored)[:number]]


def stem(word: str) -> str:
    """A crude common form: lower case, without the commonest English endings."""
    lowered = word.lower()
    for ending in ("ations", "ation", "ings", "ing", "ies", "es", "ed", "s"):
        if lowered.endswith(ending) and len(lowered) - len(ending) >= 4:
            return lowered[: -len(ending)]
    return lowered


def reading_minutes(text: str) -> int:
    """Whole minutes at 230 words a minute, at least one."""
    return max(1, round(len(words(text)) / 230))
