"""Ask mode: answers about the document by counting and by finding sentences; says what it is and what it cannot do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from providers.offline.transforms import tighten
from providers.offline.words import (
    headings,
    important_sentences,
    key_terms,
    paragraphs,
    plain,
    reading_minutes,
    related_sentences,
    sentences,
    words,
)  # fmt: skip

WHAT_IT_IS = (
    "I am the offline demo: I follow rules and have no language model behind me. I run on this server, cost nothing and "
    "send nothing anywhere."
)
WHAT_IT_DOES = """\
- **Ask:** count words, sum up, list the main terms or headings, find a word, point out long sentences and repetitions.
- **Write:** a structured first draft from your prompt, with [brackets] where only you know the facts.
- **Edit:** shorten, tighten, simplify, make formal or casual, fix typos and typography, turn text into bullets and back, \
add a title, headings or a summary, continue an outline, replace "one thing" with "another", delete a paragraph."""


Reference = tuple[str, str]
"""Title and text of material the writer added."""

_MOST_REFERENCES = 3
_OF_REFERENCES = re.compile(r"\b(?:references?|sources?|materials?|attachments?)\b", re.IGNORECASE)


def answer(prompt: str, *, document: str, selection: str | None = None, references: Sequence[Reference] = ()) -> str:
    """The answer to a question about the document, about the selection if there is one, or about reference material:
    where the question names it, and where the document has nothing to say."""
    named = _asked_about(prompt, references)
    if named:
        return "\n\n".join(f"From “{title}”:\n\n{_answer(prompt, text)}" for title, text in named)
    text = selection or document
    free = not any(re.search(pattern, prompt.lower()) for pattern, _ in _QUESTIONS)
    if free and not related_sentences(text, prompt, number=1):
        return _quoted_from(references, prompt) or _answer(prompt, text)
    return _answer(prompt, text)


def _quoted_from(references: Sequence[Reference], prompt: str) -> str:
    """The sentences of references that share words with the question; "" for none."""
    found = [(title, related_sentences(body, prompt, number=2)) for title, body in references]
    quoted = [f"From “{title}”:\n\n{_quoted(related)}" for title, related in found if related]
    return "\n\n".join([*quoted[:_MOST_REFERENCES], WHAT_IT_IS]) if quoted else ""


def _asked_about(prompt: str, references: Sequence[Reference]) -> list[Reference]:
    """The references whose title the question says; all of them where it only speaks of references."""
    asked = prompt.casefold()
    titled = [one for one in references if (name := one[0].rsplit(".", 1)[0].strip().casefold()) and name in asked]
    if titled or not _OF_REFERENCES.search(prompt):
        return titled[:_MOST_REFERENCES]
    return list(references[:_MOST_REFERENCES])


def _quoted(found: Sequence[str]) -> str:
    return "\n".join(f"> {sentence}" for sentence in found)


def _answer(prompt: str, text: str) -> str:
    asked = prompt.lower()
    for pattern, respond in _QUESTIONS:
        if re.search(pattern, asked):
            return respond(text, prompt) if text.strip() or respond is _introduce else _empty()
    return _search(text, prompt) if text.strip() else _empty()


def critique(text: str) -> str:
    """What can be measured about a text, with the places."""
    found = sentences(plain(text))
    long = [sentence for sentence in found if len(words(sentence)) > 28]
    passive = [s for s in found if re.search(r"\b(?:is|are|was|were|been|being)\s+\w+(?:ed|en)\b", s)]
    fillers = re.findall(r"\b(?:very|really|quite|basically|actually|just|simply|literally)\b", text, re.I)
    repeated = [term for term in key_terms(text, 5) if len(re.findall(rf"\b{re.escape(term)}\b", text, re.I)) > 4]
    points = [f"- **Length:** {_measures(text)}"]
    if long:
        points.append(f"- **Long sentences:** {len(long)} have more than 28 words, the first: “{_brief(long[0])}”")
    if len(passive) * 4 > len(found):
        points.append(
            f"- **Passive voice:** in {len(passive)} of {len(found)} sentences, such as “{_brief(passive[0])}”"
        )
    if fillers:
        points.append(f"- **Filler words:** {len(fillers)} ({', '.join(sorted({f.lower() for f in fillers}))}).")
    if repeated:
        points.append(f"- **Repeated often:** {', '.join(repeated)}.")
    if not headings(text) and len(words(text)) > 400:
        points.append("- **Structure:** the text is long and has no headings.")
    gaps = re.findall(r"\[[^\]\n]{3,}\](?!\()", text)
    if gaps:
        points.append(f"- **Open places:** {len(gaps)} in brackets, the first: {gaps[0]}")
    if len(points) == 1:
        points.append("- I found nothing else to measure. Whether it convinces, a rule cannot tell.")
    return "\n".join(points)


def _introduce(text: str, prompt: str) -> str:
    return f"{WHAT_IT_IS} This is what I can do:\n\n{WHAT_IT_DOES}"


def _empty() -> str:
    return f"The document is empty, so there is nothing I could look at. {WHAT_IT_IS}\n\n{WHAT_IT_DOES}"


def _count(text: str, prompt: str) -> str:
    return f"{_measures(text)} Reading takes about {reading_minutes(text)} min."


def _measures(text: str) -> str:
    prose = plain(text)
    numbers = (
        (len(words(text)), "word"),
        (len(sentences(prose)), "sentence"),
        (len(paragraphs(text)), "paragraph"),
        (len(text), "character"),
    )
    return ", ".join(f"{number:,} {name}{'' if number == 1 else 's'}" for number, name in numbers) + "."


def _sum_up(text: str, prompt: str) -> str:
    total = len(sentences(plain(text)))
    best = important_sentences(text, min(4, max(1, total // 3)))
    return "The sentences that carry most of the text:\n\n" + "\n".join(f"> {sentence}" for sentence in best)


def _about(text: str, prompt: str) -> str:
    terms = key_terms(text, 6)
    first = important_sentences(text, 1)
    quote = f"\n\nIts most telling sentence:\n\n> {first[0]}" if first else ""
    return f"By its words the text is about **{', '.join(terms) or 'nothing that repeats'}**.{quote}"


def _contents(text: str, prompt: str) -> str:
    found = headings(text)
    if found:
        top = min(level for level, _ in found)
        return "\n".join(f"{'  ' * (level - top)}- {name}" for level, name in found)
    firsts = [sentences(paragraph)[0] for paragraph in paragraphs(text) if sentences(paragraph)]
    listed = "\n".join(f"{place}. {_brief(sentence)}" for place, sentence in enumerate(firsts[:12], start=1))
    return f"The text has no headings. Its paragraphs begin:\n\n{listed}"


def _titles(text: str, prompt: str) -> str:
    return "Titles made of the text's own words:\n\n" + "\n".join(f"- {title}" for title in titles(text))


def titles(text: str) -> list[str]:
    """Up to three titles from a text's main terms and its most telling sentence."""
    terms = key_terms(text, 2)
    best = important_sentences(text, 1)
    found = []
    if len(terms) > 1:
        found.append(f"{terms[0][:1].upper()}{terms[0][1:]} and {terms[1]}")
    if best:
        found.append(" ".join(tighten(best[0]).rstrip(".!?…").split()[:8]).rstrip(",;:"))
    if terms:
        found.append(f"On {terms[0]}")
    return found or ["Untitled"]


def _repetitions(text: str, prompt: str) -> str:
    counts = [(term, len(re.findall(rf"\b{re.escape(term)}\b", text, re.I))) for term in key_terms(text, 8)]
    return "Most frequent words: " + ", ".join(f"{term} ({number})" for term, number in counts) + "."


def _criticise(text: str, prompt: str) -> str:
    return f"What can be measured:\n\n{critique(text)}"


def _find(text: str, prompt: str) -> str:
    quoted = re.search(r"[\"“'‘]([^\"”'’]{2,60})[\"”'’]", prompt)
    if quoted is None:
        return _search(text, prompt)
    wanted = quoted.group(1)
    found = [sentence for sentence in sentences(plain(text)) if wanted.lower() in sentence.lower()]
    number = text.lower().count(wanted.lower())
    if not found:
        return f"“{wanted}” does not occur in the text."
    return f"“{wanted}” occurs {number} time{'' if number == 1 else 's'}:\n\n" + "\n".join(f"> {s}" for s in found[:5])


def _search(text: str, prompt: str) -> str:
    found = related_sentences(text, prompt, number=3)
    if found:
        return f"These places of the text share words with your question:\n\n{_quoted(found)}\n\n{WHAT_IT_IS}"
    about = ", ".join(key_terms(text, 4))
    return (
        f"I found nothing in the text that shares words with your question. The text is about {about or 'other things'}. "
        f"{WHAT_IT_IS}\n\n{WHAT_IT_DOES}"
    )


def _translate(text: str, prompt: str) -> str:
    return f"I cannot translate: that needs a language model. {WHAT_IT_IS}"


def _brief(sentence: str) -> str:
    return sentence if len(sentence) <= 90 else sentence[:88].rsplit(" ", 1)[0] + " …"


_QUESTIONS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    (r"\b(?:who|what) are you\b|what can you|how can you help|\bhelp\b$|your (?:abilities|features)|^(?:hi|hello|hey)\b", _introduce),
    (r"\btranslat", _translate),
    (r"how many|how long|word count|count (?:the )?words|reading time|\bstatistics?\b", _count),
    (r"summar|sum up|tl;?dr|in short|key points|main points|gist", _sum_up),
    (r"critiq|criticis|feedback|review|weakness|improve|what do you think|readab|strength", _criticise),
    (r"\btitles?\b|call (?:it|this)", _titles),
    (r"\boutline|structure|headings|table of contents|sections", _contents),
    (r"repeat|frequent|overuse|most used", _repetitions),
    (r"does .*(?:mention|contain|say)|where .*(?:mention|say)|\bfind\b|occur", _find),
    (r"what(?:'s| is) (?:it|this|that|(?:the|my) (?:\w+ )?(?:text|document|draft|article)) about|\btopic|\bsubject\b|keywords?|key terms|main idea", _about),
)  # fmt: skip
