"""What the store can refuse. Rules of drafts raise `core.errors.CoreError`; the two trees share no class.

StoreError
├── NotFound            the row does not exist, or belongs to somebody else: the caller cannot tell which
├── ReadOnly            the person may see it, not change it
├── AlreadyExists       a unique value is taken (`field`)
├── StaleWrite          the row is no longer in the state the caller saw
├── BadCursor           a list was asked to go on from a place it never gave out
├── InvalidText         a text no database can store, or longer than its column
├── StoreUnavailable    nothing was saved: disk full, database locked, server gone
├── NotEmpty            a backup is only restored into an empty database
├── BadBackup           the file is not a backup, is damaged, or is of another schema
└── Corrupt             stored data does not agree with its own hash
"""

from sqlalchemy.exc import DontWrapMixin


class StoreError(Exception):
    """`code` is stable and meant for programs, the message for people, `values` explain the case."""

    code = "store_error"

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class NotFound(StoreError):
    code = "not_found"

    def __init__(self, what: str, **values: object) -> None:
        super().__init__(f"This {what} does not exist.", what=what, **values)


class ReadOnly(StoreError):
    code = "read_only"


class AlreadyExists(StoreError):
    code = "already_exists"


class StaleWrite(StoreError):
    code = "stale_write"


class BadCursor(StoreError):
    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__("This cursor does not come from this list.")


class InvalidText(StoreError, DontWrapMixin):
    """Raised while a statement is being bound; the mixin keeps SQLAlchemy from wrapping it in an error of its own."""

    code = "invalid_text"


class StoreUnavailable(StoreError):
    """Retrying later is safe: the unit was rolled back as a whole. `reason` is the driver's own short text: never a
    detail line, which could hold somebody's words."""

    code = "store_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__("The database cannot save at the moment; nothing was changed.", reason=reason)


class NotEmpty(StoreError):
    code = "not_empty"


class BadBackup(StoreError):
    code = "bad_backup"


class Corrupt(StoreError):
    code = "corrupt"
