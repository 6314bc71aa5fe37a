"""Words as they are searched for: without regard to case and accents, in any script, the same on every database.

Scripts that put no spaces between words are searched by pairs of neighbouring characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|(?:(?![{_CJK}])[^\W_])+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_LONGEST_TERM = 64
_MOST_BYTES = 600_000
_MOST_QUERY_CHARACTERS = 500
_MOST_QUERY_TERMS = 12
_SHORTEST_PREFIX = 2
_BEFORE, _AFTER = 50, 160
_MOST_SCANNED = 1_500_000


@dataclass(frozen=True, slots=True)
class Query:
    """All of `terms` must occur; with `prefix`, the last one may go on."""

    terms: tuple[str, ...]
    prefix: bool

    def matches(self, term: str) -> bool:
        return term in self.terms or (self.prefix and term.startswith(self.terms[-1]))


def terms_of(text: str) -> list[str]:
    """The different terms of a text in order of their first place, as many as an index takes of one text."""
    found: dict[str, None] = {}
    size = 0
    for word in _WORD.findall(_folded(text)):
        for term in _parts(word):
            if term not in found:
                found[term] = None
                size += len(term.encode()) + 1
        if size > _MOST_BYTES:
            break
    return list(found)


def query_of(typed: str) -> Query | None:
    """What somebody typed, as a query; None where there is no word in it. The last word may be unfinished."""
    typed = typed[:_MOST_QUERY_CHARACTERS]
    words = _WORD.findall(_folded(typed))
    terms = tuple(dict.fromkeys(part for word in words for part in _parts(word, whole=True)))[:_MOST_QUERY_TERMS]
    if not terms:
        return None
    unfinished = bool(re.search(r"[^\W_]$", typed)) and len(terms[-1]) >= _SHORTEST_PREFIX
    return Query(terms, unfinished and not _IS_CJK.match(terms[-1]))


def snippet_of(text: str, query: Query) -> list[tuple[str, bool]]:
    """The passage around the first word that was found, as pieces; those that were found are marked."""
    text = text[:_MOST_SCANNED]
    first = next((start for start, _end in _hits(text, query, 0)), 0)
    start = _word_start(text, max(0, first - _BEFORE))
    end = min(len(text), first + _AFTER)
    while end < len(text) and text[end].isalnum() and end < first + _AFTER + 30:
        end += 1
    pieces: list[tuple[str, bool]] = []
    at = start
    for hit_start, hit_end in _hits(text[:end], query, start):
        pieces += [(text[at:hit_start], False), (text[hit_start:hit_end], True)]
        at = hit_end
    pieces.append((text[at:end], False))
    pieces[0] = (("… " if start else "") + pieces[0][0].lstrip(), pieces[0][1])
    pieces[-1] = (pieces[-1][0].rstrip() + (" …" if end < len(text) else ""), False)
    return [(re.sub(r"\s+", " ", words), hit) for words, hit in pieces if words]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", bare)


def _parts(word: str, *, whole: bool = False) -> Iterator[str]:
    """The terms of one run of characters. `whole`: only pairs where there are any, as a query needs them."""
    if not _IS_CJK.match(word):
        yield word[:_LONGEST_TERM]
        return
    if len(word) == 1 or not whole:
        yield from word
    for place in range(len(word) - 1):
        yield word[place : place + 2]


def _hits(text: str, query: Query, start: int) -> Iterator[tuple[int, int]]:
    # Accents may stand as characters of their own behind their letter; they belong to the word.
    for found in re.finditer(rf"[{_CJK}]+|(?:(?![{_CJK}])[^\W_][\u0300-\u036f]*)+", text[start:]):
        word = found[0]
        if _IS_CJK.match(word):
            for place in range(len(word)):
                if word[place : place + 2] in query.terms:
                    yield start + found.start() + place, start + found.start() + min(len(word), place + 2)
                    return
                if word[place] in query.terms:
                    yield start + found.start() + place, start + found.start() + place + 1
                    return
        elif query.matches(_folded(word)[:_LONGEST_TERM]):
            yield start + found.start(), start + found.end()


def _word_start(text: str, at: int) -> int:
    while at > 0 and text[at - 1].isalnum() and text[at].isalnum():
        at -= 1
        if at % 64 == 0:
            break
    return at
