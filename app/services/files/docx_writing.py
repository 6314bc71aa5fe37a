"""Blocks as a Word document: the archive, its body and its numbering. How it looks is in `docx_parts.py`."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import assert_never
from xml.sax.saxutils import escape, quoteattr

from app.services.files import docx_parts
from app.services.files.document import Block, Code, Heading, Items, Paragraph, Quote, Rule, Run, Runs, Table

_BULLETS = 1
_DEEPEST_LIST = 8
_TWIPS_PER_LEVEL = 360
_PAGE_TWIPS = 9_070


def docx_of(title: str, blocks: Iterable[Block], *, show_title: bool) -> bytes:
    """The document as the bytes of a docx file; with `show_title`, the title stands above the text."""
    body = _Body()
    parts = [body.paragraph((Run(title),), "Title")] if show_title else []
    parts += body.blocks(blocks)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in docx_parts.FIXED.items():
            archive.writestr(name, content)
        archive.writestr("docProps/core.xml", docx_parts.core(escape(title)))
        archive.writestr("word/numbering.xml", docx_parts.numbering(body.starts))
        archive.writestr("word/_rels/document.xml.rels", docx_parts.relations(body.links))
        archive.writestr("word/document.xml", docx_parts.document("".join(parts)))
    return buffer.getvalue()


class _Body:
    """Writes paragraphs, and collects what they refer to: links, and the numbered lists with their first number."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}
        self.starts: list[int] = []

    def blocks(self, blocks: Iterable[Block], *, style: str = "", indent: int = 0) -> Iterator[str]:
        for block in blocks:
            yield from self._block(block, style, indent)

    def _block(self, block: Block, style: str, indent: int) -> Iterator[str]:
        match block:
            case Heading():
                yield self.paragraph(block.runs, f"Heading{block.level}", indent=indent)
            case Paragraph():
                yield self.paragraph(block.runs, style, indent=indent)
            case Code():
                for line in block.lines:
                    yield self.paragraph((Run(line),), "Code", indent=indent)
            case Quote():
                yield from self.blocks(block.blocks, style="Quote", indent=indent + 1)
            case Items():
                yield from self._items(block, indent)
            case Table():
                yield self._table(block)
            case Rule():
                yield '<w:p><w:pPr><w:pStyle w:val="Rule"/></w:pPr></w:p>'
            case _:
                assert_never(block)

    def _items(self, block: Items, indent: int) -> Iterator[str]:
        number = _BULLETS
        if block.start is not None:
            self.starts.append(block.start)
            number = _BULLETS + len(self.starts)
        for item in block.items:
            first, rest = (item[0], item[1:]) if item and isinstance(item[0], Paragraph) else (Paragraph(()), item)
            assert isinstance(first, Paragraph)
            yield self.paragraph(
                first.runs, "ListParagraph", indent=indent + 1, numbered=(min(indent, _DEEPEST_LIST), number)
            )
            yield from self.blocks(rest, style="ListParagraph", indent=indent + 1)

    def paragraph(
        self, runs: Runs, style: str = "", *, indent: int = 0, numbered: tuple[int, int] | None = None, align: str = ""
    ) -> str:
        """A paragraph. `numbered`: level and number of its list; `indent`: how many levels it is moved in."""
        properties = f'<w:pStyle w:val="{style}"/>' if style else ""
        if numbered:
            properties += f'<w:numPr><w:ilvl w:val="{numbered[0]}"/><w:numId w:val="{numbered[1]}"/></w:numPr>'
        if indent:
            hanging = f' w:hanging="{_TWIPS_PER_LEVEL}"' if numbered else ""
            properties += f'<w:ind w:left="{indent * _TWIPS_PER_LEVEL}"{hanging}/>'
        if align:
            properties += f'<w:jc w:val="{align}"/>'
        return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(self._run(run) for run in runs)}</w:p>"

    def _run(self, run: Run) -> str:
        if run.text == "\n":
            return "<w:r><w:br/></w:r>"
        look = '<w:rStyle w:val="CodeChar"/>' if run.code else '<w:rStyle w:val="Hyperlink"/>' if run.link else ""
        look += "<w:b/>" * run.bold + "<w:i/>" * run.italic + "<w:strike/>" * run.strike
        words = "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in run.text.split("\t"))
        written = f"<w:r><w:rPr>{look}</w:rPr>{words}</w:r>"
        if not run.link:
            return written
        relation = self.links.setdefault(run.link, f"link{len(self.links) + 1}")
        return f"<w:hyperlink r:id={quoteattr(relation)}>{written}</w:hyperlink>"

    def _table(self, table: Table) -> str:
        width = _PAGE_TWIPS // max(1, len(table.align))
        columns = f'<w:gridCol w:w="{width}"/>' * len(table.align)
        rows = "".join(self._row(row, table.align, width, head=not place) for place, row in enumerate(table.rows))
        # A paragraph after it keeps two tables in a row apart.
        return f"<w:tbl>{docx_parts.TABLE_LOOK}<w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl><w:p/>"

    def _row(self, row: tuple[Runs, ...], align: tuple[str, ...], width: int, *, head: bool) -> str:
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
            f"{self.paragraph(_bold(runs) if head else runs, 'TableText', align=side)}</w:tc>"
            for runs, side in zip(row, align, strict=False)
        )
        return f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' if head else ''}{cells}</w:tr>"


def _bold(runs: Runs) -> Runs:
    return tuple(Run(run.text, True, run.italic, run.strike, run.code, run.link) for run in runs)
