"""What may come in as a short line, a cursor or a number, checked before it reaches the database.

Rules of drafts are the core's, not these.
"""

import base64
import re

import msgspec

from app.services.errors import InvalidInput
from app.store.errors import BadCursor

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST_CURSOR = 8_000
_LARGEST_NUMBER = 2**31 - 1


def checked_line(field: str, value: str, *, most: int, least: int = 0) -> str:
    """The value without spaces around it. Raises `InvalidInput` for other lengths and for control characters."""
    value = value.strip()
    if not least <= len(value) <= most:
        length = f"{least} to {most}" if least else f"at most {most}"
        raise InvalidInput(field, f"This takes {length} characters.")
    if _CONTROL.search(value):
        raise InvalidInput(field, "This must not hold control characters or line breaks.")
    return value


def checked_cursor(cursor: str | None) -> str | None:
    """A cursor whose values a database can be asked for; whose list it comes from the store knows. Raises `BadCursor`."""
    if cursor is None:
        return None
    if len(cursor) > _LONGEST_CURSOR or not cursor.isascii():
        raise BadCursor
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=list[str | int])
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise BadCursor from error
    for value in place:
        if "\0" in value if isinstance(value, str) else abs(value) > _LARGEST_NUMBER:
            raise BadCursor
    return cursor
