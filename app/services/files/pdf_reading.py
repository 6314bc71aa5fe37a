"""The text of a PDF, its lines joined to paragraphs again."""

import io
import re

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from app.services.files.markdown_text import escape_line_start
from app.services.files.refusals import Refused

_MOST_PAGES = 2_000
_BULLET = re.compile(r"^[•◦▪‣●○–]\s+")
_NUMBERED = re.compile(r"^\d{1,3}[.)]\s+")
_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’»)]*$")
_TELLING_TITLE = re.compile(
    r"^(?!untitled|microsoft word|document\d*$|.*\.(?:docx?|pdf|tex|indd|odt)$).{3,}", re.IGNORECASE
)


def text_of_pdf(data: bytes) -> tuple[str, str]:
    """Title, where the file names one worth having, and text. Raises `Refused`."""
    if b"%PDF-" not in data[:1024]:
        raise Refused("This is not a PDF file.")
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("This PDF is protected by a password.")
        if len(reader.pages) > _MOST_PAGES:
            raise Refused(f"A PDF has at most {_MOST_PAGES:,} pages.")
        pages = [page.extract_text() for page in reader.pages]
        title = str((reader.metadata and reader.metadata.title) or "").strip()
    except PyPdfError as error:
        raise Refused("This PDF is broken.") from error
    text = _paragraphs("\n".join(_without_page_numbers(pages)))
    if not text:
        raise Refused("There is no text in this PDF; its pages seem to be pictures.")
    return (title if _TELLING_TITLE.match(title) else ""), text


def _without_page_numbers(pages: list[str]) -> list[str]:
    """Pages whose first or last line is their own number lose that line."""
    kept = []
    for number, page in enumerate(pages, 1):
        lines = page.strip().split("\n")
        for place in (0, -1):
            if lines and lines[place].strip(" -–—") == str(number):
                lines.pop(place)
        kept.append("\n".join(lines))
    return kept


def _paragraphs(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.split("\n")]
    lengths = sorted(len(line) for line in lines if line)
    usual = lengths[len(lengths) * 3 // 4] if lengths else 0
    paragraphs: list[str] = []
    open_ = False
    for line in lines:
        if not line:
            open_ = False
            continue
        listed = _BULLET.match(line) or _NUMBERED.match(line)
        if open_ and not listed:
            paragraphs[-1] = _joined(paragraphs[-1], line)
        else:
            paragraphs.append(line)
        # A full line goes on in the next; a short one that ends a sentence ends its paragraph too.
        open_ = len(line) > 0.75 * usual or not (_SENTENCE_END.search(line) or len(line) < 0.5 * usual)
    return "\n\n".join(_marked(paragraph) for paragraph in paragraphs)


def _joined(before: str, line: str) -> str:
    if before.endswith("-") and len(before) > 1 and before[-2].isalpha() and line[0].islower():
        return before[:-1] + line
    return f"{before} {line}"


def _marked(paragraph: str) -> str:
    if _BULLET.match(paragraph):
        return _BULLET.sub("- ", paragraph, count=1)
    return paragraph if _NUMBERED.match(paragraph) else escape_line_start(paragraph)
