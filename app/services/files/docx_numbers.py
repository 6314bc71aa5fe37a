"""The numbers of a Word document's lists, which mammoth does not read: each numbered paragraph carries its own through it.

The number stands between two signs that Unicode gives no meaning to, at the beginning of the paragraph's words.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from xml.etree import ElementTree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BEGIN, _END = "\ufdd0", "\ufdd1"
_NUMBER = re.compile(f"{_BEGIN}(\\d+){_END}")
_FIRST = re.compile(f"<ol><li>{_BEGIN}(\\d+){_END}")
_HIGHEST = 99_999_999
"""Numbers of more digits are not read as the beginning of a list."""


@dataclass
class _List:
    """One `w:num`: which counters it uses, the first numbers it sets itself, and the levels it was used at."""

    counters: str
    starts: dict[int, int]
    used: set[int] = field(default_factory=set)


def with_numbers(document: bytes, numbering: bytes) -> bytes:
    """`word/document.xml` with the number of each numbered paragraph in it. Both are well-formed XML."""
    # Entities cannot do harm: documents that declare any were refused before.
    root = ElementTree.fromstring(document)  # noqa: S314
    count = _Counting(ElementTree.fromstring(numbering))  # noqa: S314
    for paragraph in root.iter(f"{_W}p"):
        number = count.next(paragraph)
        if number is None or next(paragraph.iter(f"{_W}t"), None) is None:
            continue
        run = ElementTree.Element(f"{_W}r")
        ElementTree.SubElement(run, f"{_W}t").text = f"{_BEGIN}{number}{_END}"
        has_properties = len(paragraph) > 0 and paragraph[0].tag == f"{_W}pPr"
        paragraph.insert(int(has_properties), run)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def as_starts(html: str) -> str:
    """HTML made of such a document: the first number of a list becomes its `start`, the others go."""
    return _NUMBER.sub("", _FIRST.sub(r'<ol start="\1"><li>', html))


class _Counting:
    """Counts as Word does: lists of one definition go on counting, unless one of them begins anew."""

    def __init__(self, numbering: ElementTree.Element) -> None:
        self._starts: dict[str, dict[int, int]] = {}
        for definition in numbering.iter(f"{_W}abstractNum"):
            levels = {
                _whole(level.get(f"{_W}ilvl"), 0): _value(level, "start", 1)
                for level in definition.iter(f"{_W}lvl")
                if _kind(level) not in ("bullet", "none")
            }
            self._starts[definition.get(f"{_W}abstractNumId", "")] = levels
        self._lists = {one.get(f"{_W}numId", ""): _list(one) for one in numbering.iter(f"{_W}num")}
        self._counters: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def next(self, paragraph: ElementTree.Element) -> int | None:
        """The number of the next paragraph of the document; None for one that has none."""
        place = paragraph.find(f"{_W}pPr/{_W}numPr")
        found = self._lists.get(_text(place, "numId")) if place is not None else None
        if place is None or found is None:
            return None
        level = _value(place, "ilvl", 0)
        first = self._starts.get(found.counters, {}).get(level)
        counters = self._counters[found.counters]
        for deeper in [one for one in counters if one > level]:
            del counters[deeper]
        if first is None:
            return None
        if level in found.starts and level not in found.used:
            counters[level] = found.starts[level]
        else:
            counters[level] = counters[level] + 1 if level in counters else found.starts.get(level, first)
        found.used.add(level)
        return min(counters[level], _HIGHEST)


def _list(number: ElementTree.Element) -> _List:
    overrides = {
        _whole(one.get(f"{_W}ilvl"), 0): _value(one, "startOverride", 1)
        for one in number.iter(f"{_W}lvlOverride")
        if one.find(f"{_W}startOverride") is not None
    }
    return _List(_text(number, "abstractNumId"), overrides)


def _kind(level: ElementTree.Element) -> str:
    return _text(level, "numFmt")


def _text(parent: ElementTree.Element, name: str) -> str:
    found = parent.find(f"{_W}{name}")
    return "" if found is None else found.get(f"{_W}val", "")


def _value(parent: ElementTree.Element, name: str, otherwise: int) -> int:
    return _whole(_text(parent, name), otherwise)


def _whole(text: str | None, otherwise: int) -> int:
    """A number as Word writes one; what is none, or has more digits than a list can need, counts as not given."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else otherwise
