"""Blocks as a PDF: what stands on the page and in which order. Letters and their fonts are in `pdf_fonts.py`."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, HRFlowable, PageTemplate, Spacer, XPreformatted
from reportlab.platypus import Paragraph as Printed
from reportlab.platypus import Table as PrintedTable

from app.services.files.document import (
    Block,
    Code,
    Heading,
    Items,
    Paragraph,
    Quote,
    Rule,
    Run,
    Runs,
    Table,
    plain,
    words_of,
)
from app.services.files.pdf_fonts import BODY, BOLD, MONO, Letters

_MARGIN = 25 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_STEP = 16.0
_MOST_INDENT = 14 * _STEP
_MOST_COLUMNS = 14
_CODE_COLUMNS = 84
_LONG_HEADING = 300
_INK, _SOFT, _LINE, _SUNK = HexColor("#211E1A"), HexColor("#57524A"), HexColor("#C9C2B4"), HexColor("#F4F1EA")
_SIZES = {1: 20, 2: 16, 3: 13.5, 4: 12, 5: 11, 6: 11}
_SIDES = {"center": TA_CENTER, "right": TA_RIGHT}


def pdf_of(title: str, blocks: Iterable[Block], *, show_title: bool) -> bytes:
    """The document as the bytes of a PDF, A4 with page numbers and an outline of its headings."""
    buffer = io.BytesIO()
    page = _Pages(buffer, title)
    blocks = tuple(blocks)
    story = _Story(Letters((title, *words_of(blocks))))
    flowables = list(story.title(title)) if show_title and title else []
    flowables += story.blocks(blocks)
    page.build(flowables or [Spacer(1, 1)])
    return buffer.getvalue()


class _Pages(BaseDocTemplate):
    """Numbers the pages and keeps the headings as an outline."""

    def __init__(self, buffer: io.BytesIO, title: str) -> None:
        super().__init__(buffer, pagesize=A4, title=title, author="", creator="Draftloom")
        frame = Frame(_MARGIN, _MARGIN, _WIDTH, A4[1] - 2 * _MARGIN, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate(frames=[frame], onPage=_number_page)])
        self._level = -1
        self._headings = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802  # the library's name
        heading = getattr(flowable, "outline", None)
        if heading is None:
            return
        level, words = heading
        self._headings += 1
        # An outline may not skip a level.
        self._level = min(level - 1, self._level + 1)
        key = f"h{self._headings}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(words, key, self._level, closed=self._level > 0)


def _number_page(canvas: Canvas, _document: Any) -> None:
    canvas.setFont(BODY, 9)
    canvas.setFillColor(_SOFT)
    canvas.drawCentredString(A4[0] / 2, _MARGIN / 2, str(canvas.getPageNumber()))


class _Quoted(Printed):
    """A paragraph with a line along its left side."""

    def draw(self) -> None:
        self.canv.setStrokeColor(_LINE)
        self.canv.setLineWidth(2)
        left = self.style.bar
        self.canv.line(left, -2, left, self.height + 2)
        super().draw()


class _Story:
    """Turns blocks into what reportlab places on pages."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters
        self._styles: dict[tuple[Any, ...], ParagraphStyle] = {}

    def title(self, title: str) -> Iterator[Flowable]:
        look = self._style("title", fontName=BOLD, fontSize=26, leading=32, spaceAfter=20)
        yield Printed(self._letters.markup((Run(title),), bold=True), look)

    def blocks(self, blocks: Sequence[Block], *, indent: float = 0, bar: float | None = None) -> Iterator[Flowable]:
        for place, block in enumerate(blocks):
            follows_heading = place + 1 < len(blocks) and isinstance(blocks[place + 1], Heading)
            yield from self._block(block, min(indent, _MOST_INDENT), bar, keep=not follows_heading)

    def _block(self, block: Block, indent: float, bar: float | None, *, keep: bool) -> Iterator[Flowable]:
        match block:
            case Heading():
                yield self._heading(block, indent, keep=keep)
            case Paragraph():
                yield self._paragraph(block.runs, indent, bar)
            case Code():
                yield self._code(block, indent)
            case Quote():
                yield from self.blocks(block.blocks, indent=indent + _STEP, bar=indent + _STEP - 9)
            case Items():
                yield from self._items(block, indent, bar)
            case Table():
                yield from self._table(block)
            case Rule():
                yield HRFlowable(width="100%", color=_LINE, thickness=0.7, spaceBefore=10, spaceAfter=14)
            case _:
                assert_never(block)

    def _heading(self, block: Heading, indent: float, *, keep: bool) -> Flowable:
        size = _SIZES[block.level]
        # One that fills a page can't be kept beside what follows: the library would try for ever.
        keep = keep and sum(len(run.text) for run in block.runs) < _LONG_HEADING
        before = size if block.level < 3 else 0.8 * size
        look = self._style(
            "heading", block.level, keep, indent, fontName=BOLD, fontSize=size, leading=1.3 * size, spaceBefore=before,
            spaceAfter=0.4 * size, keepWithNext=int(keep), leftIndent=indent,
        )  # fmt: skip
        printed = Printed(self._letters.markup(block.runs, bold=True), look)
        printed.outline = (block.level, plain(block.runs)[:200])  # type: ignore[attr-defined]
        return printed

    def _paragraph(self, runs: Runs, indent: float, bar: float | None, mark: str | None = None) -> Flowable:
        look = self._style(
            "text", indent, bar, mark is None, bulletFontName=BODY, bulletFontSize=11, leftIndent=indent, bulletIndent=max(0.0, indent - _STEP + 2),
            spaceAfter=8 if mark is None else 4, textColor=_INK if bar is None else _SOFT, bar=bar,
        )  # fmt: skip
        kind = Printed if bar is None else _Quoted
        return kind(self._letters.markup(runs), look, bulletText=mark)

    def _items(self, block: Items, indent: float, bar: float | None) -> Iterator[Flowable]:
        inner = min(indent + _STEP * (1 if block.start is None else 1.4), _MOST_INDENT)
        for place, item in enumerate(block.items):
            mark = "•" if block.start is None else f"{block.start + place}."
            first, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (Paragraph(()), item)
            assert isinstance(first, Paragraph)
            yield self._paragraph(first.runs, inner, bar, mark)
            yield from self.blocks(rest, indent=inner, bar=bar)
        yield Spacer(1, 4)

    def _code(self, block: Code, indent: float) -> Flowable:
        columns = int(_CODE_COLUMNS * (_WIDTH - indent) / _WIDTH)
        lines = [
            line[start : start + columns]
            for line in (line.expandtabs(4) for line in block.lines)
            for start in range(0, max(1, len(line)), columns)
        ]
        look = self._style(
            "code", indent, fontName=MONO, fontSize=8.5, leading=12.5, leftIndent=indent + 6, rightIndent=6,
            backColor=_SUNK, borderPadding=6, spaceBefore=8, spaceAfter=14,
        )  # fmt: skip
        return XPreformatted("\n".join(self._letters.markup((Run(line, code=True),)) for line in lines), look)

    def _table(self, table: Table) -> Iterator[Flowable]:
        if len(table.align) > _MOST_COLUMNS:
            # No page is wide enough: each row becomes a paragraph.
            for row in table.rows:
                yield self._paragraph(tuple(run for cell in row for run in (*cell, Run("  ·  "))), 0, None)
            return
        rows = [
            [self._cell(cell, side, head=not place) for cell, side in zip(row, table.align, strict=True)]
            for place, row in enumerate(table.rows)
        ]
        look: Any = [
            ("GRID", (0, 0), (-1, -1), 0.5, _LINE),
            ("BACKGROUND", (0, 0), (-1, 0), _SUNK),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
        yield PrintedTable(
            rows, colWidths=_widths(table), repeatRows=1 if len(rows) > 1 else 0, style=look, splitInRow=1,
            spaceBefore=4, spaceAfter=14,
        )  # fmt: skip

    def _cell(self, runs: Runs, side: str, *, head: bool) -> Flowable:
        look = self._style("cell", side, head, fontSize=9.5, leading=13, alignment=_SIDES.get(side, TA_LEFT))
        return Printed(self._letters.markup(runs, bold=head), look)

    def _style(self, *key: Any, **values: Any) -> ParagraphStyle:
        found = self._styles.get(key)
        if found is None:
            plain_look: dict[str, Any] = {"fontName": BODY, "fontSize": 11, "leading": 16.5, "textColor": _INK}
            found = self._styles[key] = ParagraphStyle(str(key), **(plain_look | values))
        return found


def _widths(table: Table) -> list[float]:
    """Column widths by how much their cells hold, none narrower than a word or so."""
    weights = [
        max(6.0, min(60.0, max(len(plain(row[column])) for row in table.rows))) for column in range(len(table.align))
    ]
    return [_WIDTH * weight / sum(weights) for weight in weights]
