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
_PIECE = re.compile(f"<(/?)(ol|ul|li)>(?:{_BEGIN}(\\d+){_END})?")
_HIGHEST = 99_999_999
"""Numbers of more digits are not read as the beginning of a list."""


@dataclass
class _List:
    """One `w:num`: which counters it uses, the first numbers it sets itself, and the levels it was used at."""

    counters: str
    starts: dict[int, int]
    used: set[int] = field(default_factory=set)


def with_numbers(document: bytes, numbering: bytes, styles: bytes | None = None) -> bytes:
    """`word/document.xml` with the number of each numbered paragraph in it. All are well-formed XML.

    A paragraph that is numbered by its style alone is told to be, which mammoth then reads.
    """
    # Entities cannot do harm: documents that declare any were refused before.
    root = ElementTree.fromstring(document)  # noqa: S314
    by_style = _ByStyle(None if styles is None else ElementTree.fromstring(styles))  # noqa: S314
    count = _Counting(ElementTree.fromstring(numbering), by_style)  # noqa: S314
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
    """HTML made of such a document: the first number of a list becomes its `start`, the others go. Lists that stand one
    right after the other, of which mammoth makes one, are two again where the numbers say so."""
    pieces: list[str] = []
    lists: list[_Open] = []
    end = 0
    for found in _PIECE.finditer(html):
        pieces.append(html[end : found.start()])
        end = found.end()
        closing, tag, number = found.groups()
        if tag == "li":
            if number and not closing and lists:
                lists[-1].number(int(number), pieces)
        elif closing:
            if lists:
                lists.pop()
        else:
            lists.append(_Open(len(pieces), ordered=tag == "ol"))
        pieces.append(f"<{closing}{tag}>")
    return _NUMBER.sub("", "".join(pieces) + html[end:])


@dataclass
class _Open:
    """A list of the HTML that is being read: where its first tag stands, and the number of its last item."""

    at: int
    ordered: bool
    last: int | None = None

    def number(self, number: int, pieces: list[str]) -> None:
        """Its next item has this number."""
        if not self.ordered:
            return
        if self.last is None:
            pieces[self.at] = f'<ol start="{number}">'
        elif number != self.last + 1:
            pieces.append(f'</ol><ol start="{number}">')
        self.last = number


class _ByStyle:
    """Which list a paragraph's style puts it into."""

    def __init__(self, styles: ElementTree.Element | None) -> None:
        self._styles = {} if styles is None else {one.get(f"{_W}styleId", ""): one for one in styles.iter(f"{_W}style")}

    def place(self, style: str) -> tuple[str, str | None, list[str]]:
        """Number of the list ("" for none) and its level as far as the style, or one that it is based on, says them; and the
        styles that were asked."""
        asked: list[str] = []
        number, level = "", None
        while style in self._styles and style not in asked:
            asked.append(style)
            place = self._styles[style].find(f"{_W}pPr/{_W}numPr")
            if place is not None:
                number = number or _text(place, "numId")
                level = level or _text(place, "ilvl") or None
            style = _text(self._styles[style], "basedOn")
        return number, level, asked


class _Counting:
    """Counts as Word does: lists of one definition go on counting, unless one of them begins anew."""

    def __init__(self, numbering: ElementTree.Element, by_style: _ByStyle) -> None:
        self._by_style = by_style
        self._of_style: dict[tuple[str, str], int] = {}
        """Level of a definition that a style stands for."""
        self._starts: dict[str, dict[int, int]] = {}
        for definition in numbering.iter(f"{_W}abstractNum"):
            levels = {
                _whole(level.get(f"{_W}ilvl"), 0): _value(level, "start", 1)
                for level in definition.iter(f"{_W}lvl")
                if _kind(level) not in ("bullet", "none")
            }
            name = definition.get(f"{_W}abstractNumId", "")
            self._starts[name] = levels
            for level in definition.iter(f"{_W}lvl"):
                if style := _text(level, "pStyle"):
                    self._of_style[name, style] = _whole(level.get(f"{_W}ilvl"), 0)
        self._lists = {one.get(f"{_W}numId", ""): _list(one) for one in numbering.iter(f"{_W}num")}
        self._counters: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def next(self, paragraph: ElementTree.Element) -> int | None:
        """The number of the next paragraph of the document; None for one that has none."""
        place = self._place(paragraph)
        found = self._lists.get(place[0]) if place is not None else None
        if place is None or found is None:
            return None
        level = place[1]
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

    def _place(self, paragraph: ElementTree.Element) -> tuple[str, int] | None:
        """Number and level of the list a paragraph is in: by its own word, else by its style's, which it then repeats."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return None
        own = properties.find(f"{_W}numPr")
        number, deep = ("", "") if own is None else (_text(own, "numId"), _text(own, "ilvl"))
        if number:
            return number, _whole(deep, 0)
        number, level, styles = self._by_style.place(_text(properties, "pStyle"))
        found = self._lists.get(number)
        if found is None:
            return None
        linked = [
            self._of_style[found.counters, style] for style in styles if (found.counters, style) in self._of_style
        ]
        place = _whole(deep or level, linked[0] if linked else 0)
        if own is not None:
            properties.remove(own)
        properties.append(_numbered(number, place))
        return number, place


def _numbered(number: str, level: int) -> ElementTree.Element:
    """What a paragraph says of the list it is in."""
    place = ElementTree.Element(f"{_W}numPr")
    for name, value in (("ilvl", str(level)), ("numId", number)):
        ElementTree.SubElement(place, f"{_W}{name}").set(f"{_W}val", value)
    return place


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
