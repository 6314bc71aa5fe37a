"""Which font shows which letter in a PDF, and runs as the markup reportlab reads."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from app.services.files.document import Runs
from app.settings import ROOT

_FOLDER = ROOT / "web" / "dist" / "print"
BODY, BOLD, _ITALIC, _BOLD_ITALIC, MONO = "Body", "Body-Bold", "Body-Italic", "Body-BoldItalic", "Mono"
_OTHER = "Other"
_FILES = {
    BODY: "Literata_400Regular.ttf",
    BOLD: "Literata_700Bold.ttf",
    _ITALIC: "Literata_400Regular_Italic.ttf",
    _BOLD_ITALIC: "Literata_700Bold_Italic.ttf",
    MONO: "JetBrainsMono_400Regular.ttf",
    _OTHER: "DejaVuSans.ttf",
}
_CJK = re.compile("[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]")
_KANA = re.compile("[\u3040-\u30ff]")
# Joiners, direction marks and variation selectors steer letters; alone they have no shape.
_SHAPELESS = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)


@cache
def _fonts() -> dict[str, TTFont]:
    fonts = {name: TTFont(name, str(_FOLDER / file)) for name, file in _FILES.items()}
    for font in fonts.values():
        pdfmetrics.registerFont(font)
    return fonts


@cache
def _cjk_font(name: str) -> str:
    """Fonts every PDF reader brings itself, so that no file of many megabytes has to be put in."""
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


class Letters:
    """Writes runs as markup. A letter the text's font has not is taken from another, or shown as missing."""

    def __init__(self) -> None:
        self._fonts = _fonts()
        self._han = "STSong-Light"

    def markup(self, runs: Runs, *, bold: bool = False) -> str:
        return "".join(
            "<br/>"
            if run.text == "\n"
            else self._run(run.text, _face(bold or run.bold, run.italic, run.code), run.strike, run.link)
            for run in runs
        )

    def _run(self, text: str, face: str, strike: bool, link: str) -> str:
        written = "".join(f'<font name="{font}">{escape(words)}</font>' for font, words in self._parts(text, face))
        if strike:
            written = f"<strike>{written}</strike>"
        return f'<a href={quoteattr(link)} color="#1C5D5A">{written}</a>' if link else written

    def _parts(self, text: str, face: str) -> Iterator[tuple[str, str]]:
        known = self._fonts[face].face.charToGlyph
        if text.isascii():
            yield face, text
            return
        if _KANA.search(text):
            self._han = "HeiseiMin-W3"
        text = _SHAPELESS.sub("", text)
        for font, letters in groupby(text, key=lambda letter: face if ord(letter) in known else self._other(letter)):
            words = "".join(letters)
            yield (_OTHER, "\ufffd" * len(words)) if font == "" else (font, words)

    def _other(self, letter: str) -> str:
        if ord(letter) in self._fonts[_OTHER].face.charToGlyph:
            return _OTHER
        if _HANGUL.match(letter):
            return _cjk_font("HYSMyeongJo-Medium")
        return _cjk_font(self._han) if _CJK.match(letter) else ""


def _face(bold: bool, italic: bool, code: bool) -> str:
    if code:
        return MONO
    if bold:
        return _BOLD_ITALIC if italic else BOLD
    return _ITALIC if italic else BODY
