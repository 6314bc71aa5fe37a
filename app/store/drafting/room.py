"""Room behind a document's text, so that saving it changes few pages of a SQLite file.

A text of 20 KB lies in a chain of pages. Where a changed row is as long as before, SQLite writes only the pages of the
chain that differ; where it is longer by a letter, it gives the whole chain back and takes another, and the list of free
pages changes too. So a row's length grows in steps: zeros behind the text fill it up to the next one. Of a keystroke in
the middle of 20 KB that leaves 6 of 10 pages, of one at the end 2.
"""

from typing import Any

from sqlalchemy import BindParameter, LargeBinary
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_LEAST = 64
"""From 58 to 8,185 zeros their number takes the same two bytes in a row's header, which must not change its length."""
_PAGE = 4096
_SMALL = 512


def room_behind(text: str, *others: str) -> int:
    """How many zeros go behind a text whose row also holds the `others`: at most 576, and for a text of more than two
    pages at most 4,159."""
    length = _bytes(text)
    step = _PAGE if length > 2 * _PAGE else _SMALL
    return _LEAST + -(length + sum(map(_bytes, others))) % step


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


class Room(FunctionElement[bytes]):
    """So many zeros, on SQLite; nothing on PostgreSQL, which writes a changed row anew wherever it lies."""

    type = LargeBinary()
    inherit_cache = True
    name = "room"

    def __init__(self, zeros: BindParameter[Any]) -> None:
        super().__init__(zeros)


@compiles(Room)
def _nothing(_element: Room, _compiler: Any, **_: Any) -> str:
    return "NULL"


@compiles(Room, "sqlite")
def _zeros(element: Room, compiler: Any, **options: Any) -> str:
    return f"zeroblob({compiler.process(element.clauses, **options)})"
