"""What each error means to a caller: status, code, words and values, for errors of every layer below.

The only table of its kind: routes render what it says, the run log and the chat use the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.errors import ProviderError

from app.core.errors import CoreError
from app.services.errors import ServiceError
from app.store.errors import StoreError

_CORE_STATUS = {
    "unknown_field": 422,
    "invalid_value": 422,
    "replica_fork": 409,
    "replica_gap": 409,
    "unknown_seq": 409,
    "unknown_kind": 422,
    "conflict_not_found": 404,
    "draft_closed": 409,
    "too_large": 413,
}
_STORE_STATUS = {
    "not_found": 404,
    "read_only": 403,
    "bad_cursor": 400,
    "already_exists": 409,
    "stale_write": 409,
    "store_unavailable": 503,
}
_PROVIDER_STATUS = {"timeout": 504, "overloaded": 503, "rate_limited": 503}


@dataclass(frozen=True, slots=True)
class Problem:
    """One error, ready to be told: HTTP status, stable code, a sentence for people, values that explain, headers."""

    status: int
    code: str
    detail: str
    values: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_of(error: Exception) -> Problem:
    """Translate an error of any layer; what is unknown becomes `internal_error` without its words."""
    match error:
        case ServiceError():
            headers = {"Retry-After": str(error.values["retry_after"])} if "retry_after" in error.values else {}
            return Problem(error.status, error.code, error.message, error.values, headers)
        case CoreError():
            status = _CORE_STATUS.get(error.code, 400)
            values = dict(error.values)
            if status == 422 and "field" in values:
                values["errors"] = [{"field": values["field"], "message": error.message}]
            return Problem(status, error.code, error.message, values)
        case StoreError():
            status = _STORE_STATUS.get(error.code, 409)
            if status == 404:
                return Problem(404, "not_found", "There is nothing here, or it is not yours.")
            headers = {"Retry-After": "2"} if status == 503 else {}
            return Problem(status, error.code, error.message, {}, headers)
        case ProviderError():
            return Problem(_PROVIDER_STATUS.get(error.code, 502), error.code, error.message)
        case _:
            return Problem(500, "internal_error", "Something went wrong on the server. Nothing you wrote is lost.")
