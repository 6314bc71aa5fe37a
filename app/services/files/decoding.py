"""Bytes of a text file as characters: by its byte order mark, its nature, or what such bytes most often are."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MOST_CONTROLS = 0.02
_FEW_CONTROLS = 3
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LATIN = re.compile(rb"[A-Za-z]")
_HIGH = re.compile(rb"[\xc0-\xff]")


class NotText(ValueError):
    """The bytes are of something else: a picture, a program, an archive."""


def decoded(data: bytes, *, declared: str | None = None) -> str:
    """The text. `declared`: what the file itself says its encoding is, believed after a byte order mark and UTF-8.

    Raises `NotText`. Single bytes that do not fit become U+FFFD; NULs are left out.
    """
    text = _by_mark(data)
    if text is None:
        text = _by_nature(data, declared)
    sample = text[:20_000]
    if len(_CONTROL.findall(sample)) > max(_FEW_CONTROLS, _MOST_CONTROLS * len(sample)):
        raise NotText
    return text.replace("\0", "")


def _by_mark(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    return None


def _by_nature(data: bytes, declared: str | None) -> str:
    wide = _wide_encoding(data[:4_000])
    if wide is not None:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_single_byte(data, declared), "replace")


def _wide_encoding(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a western text is zero."""
    if len(start) < 4:
        return None
    even, odd = start[::2].count(0) / len(start[::2]), start[1::2].count(0) / len(start[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    if even > 0.4 and odd < 0.05:
        return "utf-16-be"
    return None


def _single_byte(data: bytes, declared: str | None) -> str:
    if declared is not None:
        try:
            info = codecs.lookup(declared)
        except (LookupError, ValueError):
            info = None
        # The registry also names codecs that unpack archives (`zip_codec`): those are none of a text's.
        if info is not None and info._is_text_encoding:
            return info.name
    # Cyrillic words are all high bytes, western words have a few among many plain letters.
    return "cp1251" if len(_HIGH.findall(data)) > len(_LATIN.findall(data)) else "cp1252"
