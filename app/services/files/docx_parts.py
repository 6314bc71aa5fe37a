"""The parts of a Word document that are the same for all, and the small ones around its body."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_LEVELS = 9
_HALF_POINTS = {1: 36, 2: 30, 3: 26, 4: 24, 5: 22, 6: 22}


def document(body: str) -> str:
    """`word/document.xml` around the body: A4, 25 mm margins, page numbers."""
    section = (
        '<w:sectPr><w:footerReference w:type="default" r:id="footer"/><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1418" w:right="1418" w:bottom="1418" w:left="1418" w:header="709" w:footer="709" w:gutter="0"/>'
        "</w:sectPr>"
    )
    return f"{_HEAD}<w:document {_W}><w:body>{body}{section}</w:body></w:document>"


def relations(links: Mapping[str, str]) -> str:
    """What the body refers to: styles, numbering, footer, and addresses by the id of their relation."""
    fixed = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/{name}" Target="{name}.xml"/>'
        for name in ("styles", "numbering", "footer")
    )
    outside = "".join(
        f'<Relationship Id="{name}" Type="{_OFFICE}/hyperlink" Target={quoteattr(address)} TargetMode="External"/>'
        for address, name in links.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{fixed}{outside}</Relationships>'


def numbering(starts: Sequence[int]) -> str:
    """Number 1 are dots; each numbered list has a number of its own, so that it begins where it says."""
    dots = "".join(_level(level, "bullet", "•◦▪"[level % 3]) for level in range(_LEVELS))
    numbers = "".join(_level(level, "decimal", f"%{level + 1}.") for level in range(_LEVELS))
    lists = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    for number, start in enumerate(starts, 2):
        overrides = "".join(
            f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>'
            for level in range(_LEVELS)
        )
        lists += f'<w:num w:numId="{number}"><w:abstractNumId w:val="1"/>{overrides}</w:num>'
    kinds = "".join(
        f'<w:abstractNum w:abstractNumId="{id_}"><w:multiLevelType w:val="hybridMultilevel"/>{levels}</w:abstractNum>'
        for id_, levels in enumerate((dots, numbers))
    )
    return f"{_HEAD}<w:numbering {_W}>{kinds}{lists}</w:numbering>"


def _level(level: int, kind: str, mark: str) -> str:
    return (
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{mark}"/>'
        f'<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="{360 * (level + 1)}" w:hanging="360"/></w:pPr></w:lvl>'
    )


def core(title: str) -> str:
    """`docProps/core.xml`; the title is escaped already."""
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>'
    )


def _style(id_: str, name: str, paragraph: str = "", run: str = "", *, based: str = "Normal", next_: str = "") -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{id_}"><w:name w:val="{name}"/><w:basedOn w:val="{based}"/>'
        + (f'<w:next w:val="{next_}"/>' if next_ else "")
        + f"<w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _fonts(name: str) -> str:
    return f'<w:rFonts w:ascii="{name}" w:hAnsi="{name}" w:cs="{name}"/>'


def _styles() -> str:
    normal = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{_fonts("Georgia")}<w:sz w:val="22"/></w:rPr></w:rPrDefault>'
        "<w:pPrDefault/></w:docDefaults>"
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        '<w:pPr><w:spacing w:after="160" w:line="300" w:lineRule="auto"/></w:pPr></w:style>'
    )
    headings = "".join(
        _style(
            f"Heading{level}",
            f"heading {level}",
            f'<w:keepNext/><w:spacing w:before="{360 if level < 3 else 240}" w:after="120"/><w:outlineLvl w:val="{level - 1}"/>',
            f'<w:b/><w:sz w:val="{size}"/>',
            next_="Normal",
        )
        for level, size in _HALF_POINTS.items()
    )
    mono = f'{_fonts("Consolas")}<w:sz w:val="19"/>'
    gray = '<w:pBdr><w:left w:val="single" w:sz="12" w:space="8" w:color="B7AFA0"/></w:pBdr>'
    line = '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="B7AFA0"/></w:pBdr>'
    return (
        f"{_HEAD}<w:styles {_W}>{normal}{headings}"
        + _style(
            "Title", "Title", '<w:keepNext/><w:spacing w:after="280"/>', '<w:b/><w:sz w:val="48"/>', next_="Normal"
        )
        + _style("Quote", "Quote", gray, '<w:color w:val="57524A"/>')
        + _style("Code", "Code", '<w:shd w:val="clear" w:fill="F1EEE7"/><w:spacing w:after="0" w:line="260"/>', mono)
        + _style("ListParagraph", "List Paragraph", '<w:spacing w:after="80"/>')
        + _style("TableText", "Table Text", '<w:spacing w:before="40" w:after="40" w:line="264"/>')
        + _style("Rule", "Rule", line)
        + f'<w:style w:type="character" w:styleId="CodeChar"><w:name w:val="Code Char"/><w:rPr>{mono}</w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/>'
        '<w:rPr><w:color w:val="1C5D5A"/><w:u w:val="single"/></w:rPr></w:style></w:styles>'
    )


def _edge(side: str) -> str:
    return f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="B7AFA0"/>'


TABLE_LOOK = (
    '<w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>'
    + "".join(_edge(side) for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    + "</w:tblBorders></w:tblPr>"
)

FIXED: Mapping[str, str] = {
    "[Content_Types].xml": (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/>'
        f'<Override PartName="/word/numbering.xml" ContentType="{_MAIN}.numbering+xml"/>'
        f'<Override PartName="/word/footer.xml" ContentType="{_MAIN}.footer+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>"
    ),
    "word/styles.xml": _styles(),
    "word/footer.xml": (
        f'{_HEAD}<w:ftr {_W}><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
        '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple></w:p></w:ftr>'
    ),
}
"""Parts by their name in the archive."""
