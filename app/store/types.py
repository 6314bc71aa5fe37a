"""Column types that mean the same on SQLite and PostgreSQL. No tables here.

Times need no type of their own: SQLModel stores an aware `datetime` in UTC and gives it back aware.
"""

import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import LargeBinary, String, Text, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect

from app.core.text.utf16 import has_unstorable
from app.store.errors import InvalidText

_UUID_BYTES = 16
_encode_json = msgspec.json.Encoder(order=None).encode
_decode_json = msgspec.json.Decoder().decode


def _uuid_bytes(value: uuid.UUID | None) -> bytes | None:
    return None if value is None else value.bytes


def _uuid_of(value: bytes | None) -> uuid.UUID | None:
    return None if value is None else uuid.UUID(bytes=value)


class BinaryUuid(types.TypeDecorator[uuid.UUID]):
    """A `uuid.UUID`: 16 bytes on SQLite (half of what text takes in every row and index), native on PostgreSQL."""

    impl = LargeBinary(_UUID_BYTES)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(LargeBinary(_UUID_BYTES))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def bind_processor(self, dialect: Dialect) -> Any:
        """On SQLite without the layers in between: ids are half of what hot statements bind."""
        return super().bind_processor(dialect) if dialect.name == "postgresql" else _uuid_bytes

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        return super().result_processor(dialect, coltype) if dialect.name == "postgresql" else _uuid_of

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        if value is None or isinstance(value, uuid.UUID):
            return value
        return uuid.UUID(bytes=bytes(value))

    def __repr__(self) -> str:
        return "BinaryUuid()"


class PlainText(types.TypeDecorator[str]):
    """Text that both databases can store. Others would fail on one of them only: PostgreSQL refuses a NUL and whatever is
    longer than the column, SQLite takes both; half a character stops either driver. Here all three are InvalidText.

    `length` counts characters. A comparison may be with a longer text: nothing equals it.
    """

    impl: types.TypeEngine[Any] | type[types.TypeEngine[Any]] = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length
        if length is None:
            self.impl = Text()

    def coerce_compared_value(self, op: Any, value: Any) -> types.TypeEngine[Any]:
        return PlainText()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _checked_text(self.length)(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        return _checked_text(self.length)

    def __repr__(self) -> str:
        return f"PlainText({self.length or ''})"


def _checked_text(length: int | None) -> Callable[[str | None], str | None]:
    def checked(value: str | None) -> str | None:
        if value is None:
            return None
        if length is not None and len(value) > length:
            raise InvalidText(f"A text is longer than the {length} characters there is room for.", most=length)
        if has_unstorable(value):
            raise InvalidText("A text holds a NUL or half a character, which cannot be saved.")
        return value

    return checked


def _json_text(value: Any) -> str | None:
    if value is None:
        return None
    try:
        return _encode_json(value).decode()
    except UnicodeEncodeError as error:
        raise InvalidText("A text holds half a character, which cannot be saved.") from error


def _json_value(value: str | None) -> Any:
    return None if value is None else _decode_json(value)


class JsonText(types.TypeDecorator[Any]):
    """JSON kept as text on both databases, so that what was hashed is what is stored, byte for byte."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return _json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return _json_value(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        return _json_text

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        return _json_value

    def __repr__(self) -> str:
        return "JsonText()"
