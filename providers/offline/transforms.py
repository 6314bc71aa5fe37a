"""Rewriting a passage by rule: shorter, tidier, plainer, more formal. Pure functions from passage to passage.

A passage keeps its Markdown; code spans, links and addresses are never touched.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from providers.offline.words import ABBREVIATION, important_sentences, sentences, words

_PROTECTED = re.compile(r"`[^`]*`|\]\([^)]*\)|https?://\S+|<[^>\n]+>")
_LIST = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
_MARKER = re.compile(r"^(\s*(?:[-*+]\s+|\d+[.)]\s+|>\s+|#{1,6}\s+)?)(.*)$", re.DOTALL)

_FILLERS: tuple[tuple[str, str], ...] = (
    (r"in order to", "to"),
    (r"due to the fact that", "because"),
    (r"in spite of the fact that", "although"),
    (r"at this point in time", "now"),
    (r"at the present time", "now"),
    (r"in the event that", "if"),
    (r"for the purpose of", "for"),
    (r"with regard to|with respect to|in terms of", "about"),
    (r"a large number of|a great many", "many"),
    (r"the majority of", "most"),
    (r"has the ability to|is able to", "can"),
    (r"have the ability to|are able to", "can"),
    (r"make a decision", "decide"),
    (r"take into consideration", "consider"),
    (r"each and every", "every"),
    (r"(?:it is|it's) (?:important|worth|interesting) (?:to note|noting|mentioning) that\s*", ""),
    (r"(?:as a matter of fact|needless to say|it goes without saying that|to be honest|in my opinion),?\s*", ""),
    (r"(?:basically|actually|literally|essentially|obviously|clearly),\s*", ""),
    (r"\b(?:very|really|quite|basically|actually|literally|essentially|simply|just|truly|extremely)\s+", ""),
    (r"there (?:is|are) (?:a )?(?:number of )?(\w+) (?:who|that|which)\b", r"\1"),
)
_PLAIN: dict[str, str] = {
    "utilize": "use", "utilise": "use", "utilizes": "uses", "utilized": "used", "utilization": "use",
    "commence": "begin", "commences": "begins", "commenced": "began", "terminate": "end", "terminated": "ended",
    "facilitate": "help", "facilitates": "helps", "demonstrate": "show", "demonstrates": "shows",
    "demonstrated": "showed", "approximately": "about", "subsequently": "later", "additionally": "also",
    "furthermore": "also", "nevertheless": "still", "consequently": "so", "therefore": "so", "purchase": "buy",
    "purchased": "bought", "assist": "help", "assistance": "help", "endeavour": "try", "endeavor": "try",
    "ascertain": "find out", "sufficient": "enough", "numerous": "many", "prior to": "before",
    "subsequent to": "after", "regarding": "about", "concerning": "about", "methodology": "method",
    "optimal": "best", "implement": "carry out", "implemented": "carried out", "leverage": "use", "require": "need",
    "requires": "needs", "required": "needed", "obtain": "get", "obtained": "got", "initiate": "start",
    "initiated": "started", "attempt": "try", "attempted": "tried", "modify": "change", "modified": "changed",
    "individuals": "people", "in addition": "also", "a variety of": "many",
}  # fmt: skip
_FORMAL: dict[str, str] = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "can't": "cannot", "couldn't": "could not",
    "won't": "will not", "wouldn't": "would not", "shouldn't": "should not", "isn't": "is not", "aren't": "are not",
    "wasn't": "was not", "weren't": "were not", "haven't": "have not", "hasn't": "has not", "hadn't": "had not",
    "i'm": "I am", "i've": "I have", "i'll": "I will", "i'd": "I would", "we're": "we are", "we've": "we have",
    "we'll": "we will", "you're": "you are", "you've": "you have", "you'll": "you will", "they're": "they are",
    "they've": "they have", "they'll": "they will", "it's": "it is", "that's": "that is", "there's": "there is",
    "let's": "let us", "what's": "what is", "gonna": "going to", "wanna": "want to", "gotta": "have to",
    "kids": "children", "guys": "everyone", "stuff": "material", "lots of": "many", "a lot of": "much",
    "really": "truly", "okay": "acceptable", "ok": "acceptable", "hi": "Dear reader", "thanks": "thank you",
    "asap": "as soon as possible", "awesome": "excellent", "cool": "good", "big": "considerable",
}  # fmt: skip
_TYPOS: dict[str, str] = {
    "teh": "the", "recieve": "receive", "recieved": "received", "seperate": "separate", "definately": "definitely",
    "occured": "occurred", "untill": "until", "wich": "which", "becuase": "because", "adress": "address",
    "beleive": "believe", "acheive": "achieve", "enviroment": "environment", "goverment": "government",
    "neccessary": "necessary", "publically": "publicly", "tommorow": "tomorrow", "writting": "writing",
    "alot": "a lot", "thier": "their", "freind": "friend", "accomodate": "accommodate", "arguement": "argument",
    "calender": "calendar", "concensus": "consensus", "embarass": "embarrass", "existance": "existence",
    "independant": "independent", "knowlege": "knowledge", "maintainance": "maintenance", "occurence": "occurrence",
    "succesful": "successful", "truely": "truly", "wierd": "weird", "dont": "don't", "doesnt": "doesn't",
    "cant": "can't", "wont": "won't", "didnt": "didn't", "isnt": "isn't", "im": "I'm", "ive": "I've", "i": "I",
}  # fmt: skip
_CASUAL: dict[str, str] = {
    formal: short
    for short, formal in _FORMAL.items()
    if "'" in short and formal.lower() not in ("i would", "what is", "let us")
}


def tighten(passage: str) -> str:
    """Without filler words and roundabout phrases; nothing that carries meaning goes."""
    return _by_prose(passage, _without_fillers)


def shorten(passage: str) -> str:
    """About three fifths of the sentences, the most important ones, tightened. One sentence is only tightened."""

    def shorter(prose: str) -> str:
        found = sentences(prose)
        if len(found) < 2:
            return _without_fillers(prose)
        kept = important_sentences(prose, max(1, math.floor(len(found) * 0.6)))
        return _without_fillers(" ".join(kept))

    return _by_prose(passage, shorter)


def simplify(passage: str) -> str:
    """Plainer words, no fillers, long sentences divided at semicolons and before "but", "so" and "which"."""
    return _by_prose(passage, lambda prose: _divided(_replaced(_without_fillers(prose), _PLAIN)))


def formal(passage: str) -> str:
    """Without contractions and slang."""
    return _by_prose(passage, lambda prose: _replaced(prose, _FORMAL).replace("!", "."))


def casual(passage: str) -> str:
    """With contractions and plainer words."""
    return _by_prose(passage, lambda prose: _replaced(_replaced(prose, _PLAIN), _CASUAL))


def correct(passage: str) -> str:
    """Common misspellings, doubled words, missing capitals, a/an, and typography."""

    def corrected(prose: str) -> str:
        prose = _replaced(prose, _TYPOS)
        prose = re.sub(r"\b(\w+)(\s+)\1\b(?!')", r"\1", prose, flags=re.IGNORECASE)
        prose = re.sub(r"\b([Aa]) (?=[aeio]\w)", r"\1n ", prose)
        return _capitals(prose) if prose.rstrip().endswith((".", "!", "?", "…")) else prose  # not a list of notions

    return typography(_by_prose(passage, corrected))


def typography(passage: str) -> str:
    """Curly quotes, real dashes and ellipses, single spaces, none before punctuation."""

    def set_right(prose: str) -> str:
        prose = re.sub(r"(?<=\S) {2,}(?=\S)", " ", prose)
        prose = re.sub(r" +([,;:.!?])(?=\s|$)", r"\1", prose)
        prose = prose.replace("...", "…")
        prose = re.sub(r"(?<=\w) ?--+ ?(?=\w)", " – ", prose)
        prose = re.sub(r"(?<=\S) - (?=\S)", " – ", prose)
        prose = re.sub(r"(?<![\w-])(\d+)-(\d+)(?![\w-])", r"\1–\2", prose)  # not in dates and numbers of parts
        prose = re.sub(r"(^|[\s(\[{–—])\"", r"\1“", prose)
        prose = prose.replace('"', "”")
        prose = re.sub(r"(^|[\s(\[{–—“])'", r"\1‘", prose)
        return prose.replace("'", "’")

    return _outside_protected(passage, set_right)


def as_bullets(passage: str) -> str:
    """One bullet for each sentence, or for each item of a sentence that lists them after a colon."""
    return _listed(passage, lambda place: "-")


def as_numbers(passage: str) -> str:
    """Like bullets, numbered."""
    return _listed(passage, lambda place: f"{place}.")


def as_prose(passage: str) -> str:
    """A list as one paragraph."""
    lines = [_MARKER.sub(r"\2", line).strip() for line in passage.splitlines() if line.strip()]
    ended = [line if line.endswith((".", "!", "?", "…", ":")) else line + "." for line in lines]
    return " ".join(line[:1].upper() + line[1:] for line in ended)


def sorted_lines(passage: str) -> str:
    """A list in alphabetical order; numbers stay in place."""
    lines = [line for line in passage.splitlines() if line.strip()]
    split = [_MARKER.match(line) for line in lines]
    markers = [match.group(1) if match else "" for match in split]
    bodies = sorted((match.group(2) if match else "" for match in split), key=str.casefold)
    return "\n".join(marker + body for marker, body in zip(markers, bodies, strict=True))


def _listed(passage: str, marker: Callable[[int], str]) -> str:
    before, colon, after = passage.partition(":")
    lead = ""
    if _LIST.match(passage):
        items = [_MARKER.sub(r"\2", line) for line in passage.splitlines()]
    else:
        items = re.split(r",\s+(?:and\s+|or\s+)?|;\s*|\s+and\s+(?=\w+\.?$)", after.strip().rstrip("."))
        if colon and len(items) > 2 and len(sentences(passage)) == 1:
            lead = before.strip() + ":\n\n"
        else:
            items = sentences(as_prose(passage))
    kept = [item.strip() for item in items if item.strip()]
    return lead + "\n".join(f"{marker(place)} {item}" for place, item in enumerate(kept, start=1))


def _by_prose(passage: str, change: Callable[[str], str]) -> str:
    """Applies `change` to each paragraph or list item, its marker kept; headings and code stay as they are."""
    if passage.lstrip().startswith(("```", "~~~", "#", "|")):
        return passage
    if re.match(r"\s*(?:[-*+]|\d+[.)]|>)\s", passage):
        pieces = passage.splitlines()
    else:
        pieces = [" ".join(line.strip() for line in passage.splitlines())]
    changed = []
    for piece in pieces:
        match = _MARKER.match(piece)
        marker, body = (match.group(1), match.group(2)) if match else ("", piece)
        changed.append(marker + _outside_protected(body, change) if body.strip() else piece)
    return "\n".join(changed)


def _outside_protected(text: str, change: Callable[[str], str]) -> str:
    """Hides code, links and addresses behind marks while `change` works, so sentences stay whole."""
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match.group(0))
        return f"\ue000{len(hidden) - 1}\ue001"

    changed = change(_PROTECTED.sub(hide, text))
    return re.sub("\ue000(\\d+)\ue001", lambda match: hidden[int(match.group(1))], changed)


def _without_fillers(prose: str) -> str:
    """Where a removed word began a sentence, the next one gets the capital."""
    changed = prose
    for pattern, better in _FILLERS:
        changed = re.sub(rf"(?i)(?<!\w)(?:{pattern})", better, changed)
    changed = re.sub(r" {2,}", " ", changed).strip()
    return changed if prose[:1].islower() else _capitals(changed)


def _capitals(prose: str) -> str:
    """A capital at the start of every sentence; not after an abbreviation."""

    def capital(match: re.Match[str]) -> str:
        if ABBREVIATION.search(prose[: match.start() + 1]):
            return match.group(0)
        return match.group(1) + match.group(2).upper()

    return re.sub(r"(^|[.!?]\s+)([a-zß-öø-ÿ])", capital, prose)


def _replaced(prose: str, table: dict[str, str]) -> str:
    longest_first = sorted(map(re.escape, table), key=len, reverse=True)
    pattern = r"(?<![\w’'])(?:" + "|".join(longest_first).replace("'", "['’]") + r")(?![\w’'])"

    def better(match: re.Match[str]) -> str:
        found = match.group(0)
        new = table[found.lower().replace("’", "'")]
        return new[:1].upper() + new[1:] if found[:1].isupper() and len(found) > 1 else new

    return re.sub(pattern, better, prose, flags=re.IGNORECASE)


def _divided(prose: str) -> str:
    divided = []
    for sentence in sentences(prose):
        if len(words(sentence)) > 22:
            sentence = re.sub(r";\s+(\w)", lambda m: ". " + m.group(1).upper(), sentence)
            sentence = re.sub(r",\s+(but|so)\s+", lambda m: f". {m.group(1).capitalize()} ", sentence, count=1)
            sentence = re.sub(r",\s+which\s+", ". This ", sentence, count=1)
        divided.append(sentence)
    return " ".join(divided)
