"""Word documents as HTML, by mammoth, after a look at what the archive would unpack to."""

import io
import zipfile
from xml.parsers import expat

import mammoth

from app.services.files.docx_numbers import as_starts, with_numbers
from app.services.files.refusals import Refused

_MOST_ENTRIES = 2_000
_MOST_BYTES = 120 * 1024 * 1024
_MOST_XML_BYTES = 40 * 1024 * 1024
_MOST_RATIO = 300
_SMALL = 1024 * 1024
_MOST_DEPTH = 200
_DOCUMENT, _NUMBERING, _CORE = "word/document.xml", "word/numbering.xml", "docProps/core.xml"
_STYLE_SHEET = "word/styles.xml"
_DC_TITLE = "http://purl.org/dc/elements/1.1/ title"
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p > em
p[style-name='Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
r[style-name='Code Char'] => code
comment-reference =>
"""


def docx_as_html(data: bytes) -> tuple[str, str]:
    """The document's title property and its body as HTML; pictures are left out. Raises `Refused`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            title = _checked(archive)
            data = _numbered(archive) or data
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Refused("This is not a Word document (docx), or it is broken or protected.") from error
    no_pictures = mammoth.images.img_element(lambda _image: {"src": ""})
    html = mammoth.convert_to_html(io.BytesIO(data), style_map=_STYLES, convert_image=no_pictures).value
    return title, as_starts(str(html))


def _numbered(archive: zipfile.ZipFile) -> bytes | None:
    """The same document with the numbers of its lists in the text; None for one without lists."""
    if _NUMBERING not in archive.namelist():
        return None
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as written:
        for name in archive.namelist():
            content = archive.read(name)
            if name == _DOCUMENT:
                styles = archive.read(_STYLE_SHEET) if _STYLE_SHEET in archive.namelist() else None
                content = with_numbers(content, archive.read(_NUMBERING), styles)
            if name.endswith((".xml", ".rels")):
                written.writestr(name, content)
    return buffer.getvalue()


def _checked(archive: zipfile.ZipFile) -> str:
    """Refuses what would unpack to too much, and XML with a document type. Returns the title property."""
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if _DOCUMENT not in names:
        raise Refused("This is not a Word document (docx).")
    # An entry never yields more than it declares, so the declared sizes are bounds.
    if len(entries) > _MOST_ENTRIES or len(names) != len(entries) or sum(e.file_size for e in entries) > _MOST_BYTES:
        raise Refused("This document unpacks to more than is accepted.")
    title = ""
    for entry in entries:
        if entry.file_size > _SMALL and entry.file_size > _MOST_RATIO * max(1, entry.compress_size):
            raise Refused("This document unpacks to more than is accepted.")
        if entry.filename.endswith((".xml", ".rels")):
            if entry.file_size > _MOST_XML_BYTES:
                raise Refused("This document unpacks to more than is accepted.")
            found = _scan(archive.read(entry))
            title = found if entry.filename == _CORE else title
    return title


def _scan(xml: bytes) -> str:
    """Reads XML without building anything; the text of its `dc:title`, if any."""
    title: list[str] = []
    path: list[str] = []

    def doctype(*_: object) -> None:
        raise Refused("This document holds a document type declaration, which Word documents never do.")

    def start(name: str, _attributes: object) -> None:
        path.append(name)
        if len(path) > _MOST_DEPTH:
            raise Refused("This document is nested deeper than is accepted.")

    def end(_name: str) -> None:
        path.pop()

    def characters(text: str) -> None:
        if path and path[-1] == _DC_TITLE:
            title.append(text)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise Refused("This document is broken.") from error
    return "".join(title).strip()
