"""A file somebody brought, as a title and Markdown text.

Plain text is read here. Formats that need a parser are read in a process of their own with little memory and little
time (`parsing.py`): a hostile file can end that process and nothing else.
"""

import re
from pathlib import PurePath

import msgspec

from app.core.kinds import TEXT_LIMIT
from app.core.text.utf16 import normalise_text, utf16_length
from app.services.errors import InvalidInput, TooLarge
from app.services.files.decoding import NotText, decoded
from app.services.files.processes import GaveUp, run_apart

LARGEST_FILE = 15 * 1024 * 1024
"""Bytes of a file that is accepted."""
_LONGEST_TITLE = 200
_SECONDS = 40
_CONTROL = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")
_PLAIN = {".md": "md", ".markdown": "md", ".mdown": "md", ".txt": "txt", ".text": "txt"}
_PARSED = {".docx": "docx", ".html": "html", ".htm": "html", ".xhtml": "html", ".pdf": "pdf"}

SUFFIXES = (*_PLAIN, *_PARSED)


class ReadFile(msgspec.Struct, frozen=True):
    """What was found in a file. `title`: the document's own, else its name without the ending; `text`: Markdown."""

    title: str
    text: str


class _Parsed(msgspec.Struct, frozen=True):
    """The answer of the parsing process: a text, or why there is none."""

    title: str = ""
    text: str = ""
    problem: str = ""


def read_file(name: str, data: bytes) -> ReadFile:
    """The file's title and text. Takes up to a minute of hostile input: call it from a thread.

    Raises `TooLarge` (`too_large`), and `InvalidInput` with code `unsupported_file` for a format that is not read, or
    `unreadable_file` where the content is broken, protected, or not what its name says.
    """
    path = PurePath(name.replace("\\", "/"))
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput(
            "file",
            "This kind of file can't be read. Markdown, text, Word (docx), HTML and PDF can.",
            "unsupported_file",
        )
    if len(data) > LARGEST_FILE:
        raise TooLarge(f"A file has at most {LARGEST_FILE >> 20} MB.", limit=LARGEST_FILE, length=len(data))
    found = _plain(data, _PLAIN[suffix]) if suffix in _PLAIN else _parsed(data, _PARSED[suffix])
    text = _cleaned(found.text)
    length = utf16_length(text)
    if length > TEXT_LIMIT:
        raise TooLarge(f"A text has at most {TEXT_LIMIT:,} characters.", limit=TEXT_LIMIT, length=length)
    return ReadFile(_line(found.title) or _line(path.stem) or "Untitled", text)


def _plain(data: bytes, kind: str) -> _Parsed:
    try:
        text = decoded(data)
    except NotText as error:
        raise _unreadable("This is not a text file, whatever its name says.") from error
    return _Parsed(_first_heading(text) if kind == "md" else "", text)


def _parsed(data: bytes, kind: str) -> _Parsed:
    try:
        found = msgspec.json.decode(run_apart("parsing", kind, data, seconds=_SECONDS), type=_Parsed)
    except (GaveUp, msgspec.MsgspecError) as error:
        raise _unreadable("This file is broken, or needs too much time and memory to be read.") from error
    if found.problem:
        raise _unreadable(found.problem)
    return found


def _unreadable(message: str) -> InvalidInput:
    return InvalidInput("file", message, "unreadable_file")


def _first_heading(text: str) -> str:
    """The heading a Markdown text begins with, if it does."""
    start = text.lstrip().split("\n", 1)[0]
    return start[2:].strip().rstrip("#").rstrip() if start.startswith("# ") else ""


def _cleaned(text: str) -> str:
    return _CONTROL.sub("", normalise_text(text.replace("\0", "")))


def _line(text: str) -> str:
    return _cleaned(" ".join(text.split()))[:_LONGEST_TITLE].strip()
