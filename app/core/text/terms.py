"""Words as they are searched for: without regard to case and accents, in any script, the same on every database.

Scripts that put no spaces between words are searched by pairs of neighbouring characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]+|(?:(?![{_CJK}])[^\W_])+")
_PLAIN_WORD = re.compile(r"[^\W_]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_LONGEST_TERM = 64
_MOST_BYTES = 600_000
_MOST_QUERY_CHARACTERS = 500
_MOST_QUERY_TERMS = 12
_SHORTEST_PREFIX = 2
# Accents may stand as characters of their own behind their letter; they belong to the word.
_SHOWN_WORD = re.compile(rf"[{_CJK}]+|(?:(?![{_CJK}])[^\W_][\u0300-\u036f]*)+")
_STRETCH, _OVERLAP = 2_000, 80
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
    folded = _folded(text)
    if len(folded) < _MOST_BYTES // 5 and not _IS_CJK.search(folded):
        # Nearly every text. Nothing is taken apart or counted, so the words need not pass through Python one by one.
        words = dict.fromkeys(_PLAIN_WORD.findall(folded))
        return list(dict.fromkeys([word[:_LONGEST_TERM] for word in words]))
    found: dict[str, None] = {}
    size = 0
    for word in _WORD.findall(folded):
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
    first = _first_hit(text[:_MOST_SCANNED], query)
    start = _word_start(text, max(0, first - _BEFORE))
    end = min(len(text), first + _AFTER)
    while end < len(text) and text[end].isalnum() and end < first + _AFTER + 30:
        end += 1
    pieces: list[tuple[str, bool]] = []
    at = start
    for hit_start, hit_end in _hits(text, query, start, end):
        pieces += [(text[at:hit_start], False), (text[hit_start:hit_end], True)]
        at = hit_end
    pieces.append((text[at:end], False))
    pieces[0] = (("… " if start else "") + pieces[0][0].lstrip(), pieces[0][1])
    pieces[-1] = (pieces[-1][0].rstrip() + (" …" if end < len(text) else ""), False)
    return [(re.sub(r"\s+", " ", words), hit) for words, hit in pieces if words]


def _first_hit(text: str, query: Query) -> int:
    """Where the first found word begins. Stretches are folded and searched as a whole; only one with a hit is looked at
    word by word (a page of results would take 100 ms otherwise)."""
    wanted = re.compile("|".join(map(re.escape, query.terms)))
    for start in range(0, len(text), _STRETCH):
        end = min(len(text), start + _STRETCH + _OVERLAP)
        if wanted.search(_folded(text[start:end])):
            # A stretch may begin inside a word.
            hit = next(_hits(text, query, _word_start(text, start), end), None)
            if hit is not None:
                return hit[0]
    return 0


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


def _hits(text: str, query: Query, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in _SHOWN_WORD.finditer(text, start, end):
        word = found[0]
        if not _IS_CJK.match(word):
            if query.matches(_folded(word)[:_LONGEST_TERM]):
                yield found.start(), found.end()
            continue
        for place in range(len(word)):
            size = next((size for size in (2, 1) if word[place : place + size] in query.terms), 0)
            if size:
                yield found.start() + place, min(found.end(), found.start() + place + size)
                break


def _word_start(text: str, at: int) -> int:
    while at > 0 and text[at - 1].isalnum() and text[at].isalnum():
        at -= 1
        if at % 64 == 0:
            break
    return at
