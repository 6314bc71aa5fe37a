"""Errors of the use cases, each with a stable `code`; routes render them in one place.

ServiceError
├── SignInStale            400  what comes back from an identity provider is no answer to what this browser began
├── NotSignedIn            401  no session or token, or one that ended
├── WrongCredentials       401  e-mail and password do not match
├── BudgetReached          402  a budget does not allow it; says which, whom to ask and when it starts anew
├── SignInRefused          403  proven by an identity provider, but not let in
├── NotAllowed             403  signed in, but this needs another role (existence is public)
├── Missing                404  not there, or not yours: nobody can tell which
├── Conflict               409  the state does not allow it
├── TooLarge               413  more than is accepted; `limit` and `length` say how much
├── InvalidInput           422  a field's value can't be used; `errors` lists field and message
├── InvalidFields          422  the same for several fields at once
├── TooManyRequests        429  with `retry_after` seconds
└── SignInFailed           502  an identity provider cannot be reached, or its answer cannot be believed
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class ServiceError(Exception):
    """A use case was refused. `code` is stable, `message` is for people, `values` explain."""

    status: ClassVar[int] = 400

    def __init__(self, code: str, message: str, **values: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.values: Mapping[str, Any] = values


class NotSignedIn(ServiceError):
    status = 401

    def __init__(self, message: str = "Sign in to continue.") -> None:
        super().__init__("not_signed_in", message)


class WrongCredentials(ServiceError):
    status = 401

    def __init__(self) -> None:
        super().__init__("wrong_credentials", "E-mail and password do not match an account.")


class SignInStale(ServiceError):
    status = 400


class SignInRefused(ServiceError):
    status = 403


class SignInFailed(ServiceError):
    status = 502


class BudgetReached(ServiceError):
    status = 402

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__("budget_reached", message, **values)


class NotAllowed(ServiceError):
    status = 403


class Missing(ServiceError):
    status = 404

    def __init__(self, message: str = "There is nothing here, or it is not yours.") -> None:
        super().__init__("not_found", message)


class Conflict(ServiceError):
    status = 409


class TooLarge(ServiceError):
    status = 413

    def __init__(self, message: str, *, limit: int, length: int) -> None:
        super().__init__("too_large", message, limit=limit, length=length)


class InvalidInput(ServiceError):
    status = 422

    def __init__(self, field: str, message: str, code: str = "invalid_field") -> None:
        super().__init__(code, message, errors=[{"field": field, "message": message}])


class InvalidFields(ServiceError):
    status = 422

    def __init__(self, wrong: Sequence[tuple[str, str]], code: str = "invalid_field") -> None:
        named = ", ".join(field for field, _ in wrong[:5]) + (" …" if len(wrong) > 5 else "")
        errors = [{"field": field, "message": message} for field, message in wrong]
        super().__init__(code, f"Some of it needs another look: {named}.", errors=errors)


class TooManyRequests(ServiceError):
    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__("too_many_requests", message, retry_after=retry_after)
        self.retry_after = retry_after
