"""Which font shows which letter in a PDF, and runs as the markup reportlab reads."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from app.services.files.document import Runs
from app.settings import ROOT

_FOLDER = ROOT / "web" / "dist" / "print"
BODY, BOLD, _ITALIC, _BOLD_ITALIC, MONO = "Body", "Body-Bold", "Body-Italic", "Body-BoldItalic", "Mono"
_OTHER, _EMOJI = "Other", "Emoji"
_CHINESE, _TRADITIONAL, _JAPANESE, _KOREAN = "Chinese", "Traditional", "Japanese", "Korean"
_FILES = {
    BODY: "Literata_400Regular.ttf",
    BOLD: "Literata_700Bold.ttf",
    _ITALIC: "Literata_400Regular_Italic.ttf",
    _BOLD_ITALIC: "Literata_700Bold_Italic.ttf",
    MONO: "JetBrainsMono_400Regular.ttf",
    _OTHER: "DejaVuSans.ttf",
    _EMOJI: "NotoEmoji_400Regular.ttf",
    _CHINESE: "ZCOOLXiaoWei_400Regular.ttf",
    _TRADITIONAL: "ChocolateClassicalSans_400Regular.ttf",
    _JAPANESE: "SawarabiMincho_400Regular.ttf",
    _KOREAN: "NanumMyeongjo_400Regular.ttf",
}
# Readers bring these fonts themselves, or have others for them: the last resort, for what no font of ours has.
_READERS_CHINESE, _READERS_JAPANESE = "STSong-Light", "HeiseiMin-W3"
_CJK = re.compile("[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
# Beyond what readers can be left to: their fonts are named by a code of two bytes.
_RARE_HAN = re.compile("[\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3040-\u30ff]")
# A letter together with the selector that asks for it as a picture.
_LETTER = re.compile(".\ufe0f?", re.DOTALL)
# Joiners, direction marks and other selectors steer letters; alone they have no shape.
_SHAPELESS = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0e\ufeff\U000e0000-\U000e01ef]"
)
# A skin tone has no shape in ink, and the frame of a key would stand beside its digit.
_UNINKED = re.compile("\ufe0f?[\U0001f3fb-\U0001f3ff]|(?<=[0-9#*])\ufe0f?\u20e3")
# Signs of old that Unicode shows as pictures unless a text asks otherwise (Emoji_Presentation below U+10000).
_PICTURES = re.compile(
    "[\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab"
    "\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001ffff]"
)
_BEYOND = re.compile("<([1-9A-F][0-9A-F]{4,5})>")
_FEW = 0.1
"""The share of a text's Chinese characters that may come from another font than the rest."""


class _Font(TTFont):
    """Its letters beyond U+FFFF can be copied out of the file: the library writes them as no reader reads them."""

    def addObjects(self, doc: Any) -> None:  # noqa: N802  # the library's name
        super().addObjects(doc)
        for name, written in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                written.content = _BEYOND.sub(_as_utf16, written.content)


def _as_utf16(found: re.Match[str]) -> str:
    return f"<{chr(int(found[1], 16)).encode('utf-16-be').hex().upper()}>"


@cache
def _font(name: str) -> TTFont:
    """A font is read when a text needs it: most need no Chinese."""
    font = _Font(name, str(_FOLDER / _FILES[name]))
    pdfmetrics.registerFont(font)
    return font


@cache
def _readers_font(name: str) -> str:
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


def _has(name: str, letter: str) -> bool:
    return ord(letter) in _font(name).face.charToGlyph


class Letters:
    """Writes runs as markup. A letter the text's font has not is taken from another, or shown as missing."""

    def __init__(self, words: Iterable[str]) -> None:
        """`words` is all that will be written: Japanese and Chinese share characters and write them differently."""
        for name in (BODY, BOLD, _ITALIC, _BOLD_ITALIC, MONO):
            _font(name)
        words = list(words)
        self._japanese = any(_KANA.search(text) for text in words)
        self._traditional = self._looks_traditional(words)
        self._chosen: dict[tuple[str, str, bool], str] = {}

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
        if text.isascii():
            yield face, text
            return
        text = _SHAPELESS.sub("", _UNINKED.sub("", unicodedata.normalize("NFC", text)))
        traditional = self._traditional or self._looks_traditional([text])
        for font, letters in groupby(_LETTER.findall(text), key=lambda letter: self._choice(letter, face, traditional)):
            words = "".join(letter[0] for letter in letters if letter[0] != "\ufe0f")
            if font == "":
                yield _font(_OTHER).fontName, "\ufffd" * len(words)
            else:
                yield font, words

    def _looks_traditional(self, words: Iterable[str]) -> bool:
        """Where the font of simplified Chinese lacks many characters, all come from the other one: no patchwork."""
        if self._japanese:
            return False
        han = Counter(letter for text in words for letter in _HAN.findall(text))
        lacking = sum(times for letter, times in han.items() if not _has(_CHINESE, letter))
        return lacking > _FEW * han.total()

    def _choice(self, letter: str, face: str, traditional: bool) -> str:
        chosen = self._chosen.get((face, letter, traditional))
        if chosen is None:
            chosen = self._chosen[face, letter, traditional] = self._font_for(letter, face, traditional)
        return chosen

    def _font_for(self, letter: str, face: str, traditional: bool) -> str:
        """The first font that has the letter; "" if there is none."""
        sign = letter[0]
        if len(letter) > 1 or _PICTURES.match(sign):
            fonts: tuple[str, ...] = (_EMOJI, face, _OTHER)
        elif _CJK.match(sign):
            fonts = (face, *self._eastern(traditional), _KOREAN, _OTHER)
        elif _RARE_HAN.match(sign):
            fonts = (_TRADITIONAL, _OTHER)
        else:
            fonts = (face, _OTHER, _EMOJI)
        for font in fonts:
            if _has(font, sign):
                return font
        if not _CJK.match(sign):
            return ""
        return _readers_font(_READERS_JAPANESE if self._japanese else _READERS_CHINESE)

    def _eastern(self, traditional: bool) -> tuple[str, ...]:
        if self._japanese:
            return (_JAPANESE, _CHINESE, _TRADITIONAL)
        return (_TRADITIONAL, _CHINESE, _JAPANESE) if traditional else (_CHINESE, _JAPANESE, _TRADITIONAL)


def _face(bold: bool, italic: bool, code: bool) -> str:
    if code:
        return MONO
    if bold:
        return _BOLD_ITALIC if italic else BOLD
    return _ITALIC if italic else BODY
