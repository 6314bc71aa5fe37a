"""One byte form per JSON value, so that equal content has equal digests everywhere.

Keys are sorted, no blanks, UTF-8, no NaN. Digests over this form identify commands and tie the event log together, so
the form may never change.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: Any) -> bytes:
    """The canonical UTF-8 bytes of a JSON value.

    Raises ValueError for NaN and infinities and for half characters, TypeError for what JSON does not know.
    """
    return _encode(value).encode()


def canonical_digest(value: Any) -> bytes:
    """SHA-256 of the canonical form, 32 bytes."""
    return hashlib.sha256(canonical_json(value)).digest()
