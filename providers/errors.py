"""Everything that can go wrong with a provider, as one tree.

::

    ProviderError                      code               retryable
    ├── NotConfigured                  not_configured     no    no key or address is set
    ├── AuthenticationFailed           auth               no    the key was refused
    ├── PermissionRefused              permission         no    the key may not do this
    ├── ModelNotFound                  not_found_model    no
    ├── RateLimited                    rate_limited       yes   see retry_after
    ├── QuotaExhausted                 quota              no    billing, not speed: waiting does not help
    ├── Overloaded                     overloaded         yes
    ├── ContextTooLong                 context_too_long   no
    ├── RequestTooLarge                too_large          no    the body, in bytes
    ├── BadRequest                     bad_request        no
    │   └── ToolsUnsupported           tools_unsupported  no    the model cannot call functions; use tagged text
    ├── ContentRefused                 content_refused    no    a safety filter, before or during the answer
    ├── Unreachable                    unreachable        yes   no connection could be made
    ├── TimedOut                       timeout            yes
    ├── BrokenStream                   broken_stream      yes   the answer ended without its end
    └── ServerError                    server_error       yes   5xx, or an answer nobody can read

Lives here: the classes and the mapping from a status and an error body to one of them (`error_from_body`). Messages are
for people and hold no keys. What a provider itself says is passed on, shortened and with anything like a key removed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

_KEY_LIKE = re.compile(
    r"\b(?:sk|rk|pk|key|api|org|proj|gsk|xai|hf|AIza)[-_][A-Za-z0-9*._-]{6,}|Bearer\s+\S+", re.IGNORECASE
)
_LONGEST_DETAIL = 300


class ProviderError(Exception):
    """A provider could not answer, or not completely.

    `code` is stable and machine-readable. `retryable`: the same request may succeed later. `retry_after` is the wait in
    seconds the provider asked for. `status` is the HTTP status, None when there was none (also for an error inside a
    stream that began with 200). `request_id` is the provider's own id, for its support.
    """

    code: ClassVar[str] = "server_error"
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        request_id: str | None = None,
        provider: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retryable = self.default_retryable if retryable is None else retryable
        self.retry_after = retry_after
        self.status = status
        self.request_id = request_id
        self.provider = provider


class NotConfigured(ProviderError):
    code = "not_configured"


class AuthenticationFailed(ProviderError):
    code = "auth"


class PermissionRefused(ProviderError):
    code = "permission"


class ModelNotFound(ProviderError):
    code = "not_found_model"


class RateLimited(ProviderError):
    code = "rate_limited"
    default_retryable = True


class QuotaExhausted(ProviderError):
    code = "quota"


class Overloaded(ProviderError):
    code = "overloaded"
    default_retryable = True


class ContextTooLong(ProviderError):
    code = "context_too_long"


class RequestTooLarge(ProviderError):
    code = "too_large"


class BadRequest(ProviderError):
    code = "bad_request"


class ToolsUnsupported(BadRequest):
    code = "tools_unsupported"


class ContentRefused(ProviderError):
    code = "content_refused"


class Unreachable(ProviderError):
    code = "unreachable"
    default_retryable = True


class TimedOut(ProviderError):
    code = "timeout"
    default_retryable = True


class BrokenStream(ProviderError):
    code = "broken_stream"
    default_retryable = True


class ServerError(ProviderError):
    code = "server_error"
    default_retryable = True


# What the error objects of Anthropic, OpenAI and compatible servers call themselves (`type` or `code`), 2026-11.
_BY_NAME: dict[str, type[ProviderError]] = {
    "authentication_error": AuthenticationFailed,
    "invalid_api_key": AuthenticationFailed,
    "permission_error": PermissionRefused,
    "not_found_error": ModelNotFound,
    "model_not_found": ModelNotFound,
    "rate_limit_error": RateLimited,
    "rate_limit_exceeded": RateLimited,
    "insufficient_quota": QuotaExhausted,
    "billing_error": QuotaExhausted,
    "billing_hard_limit_reached": QuotaExhausted,
    "billing_not_active": QuotaExhausted,
    "overloaded_error": Overloaded,
    "server_overloaded": Overloaded,
    "slow_down": Overloaded,
    "context_length_exceeded": ContextTooLong,
    "request_too_large": RequestTooLarge,
    "content_filter": ContentRefused,
    "content_policy_violation": ContentRefused,
    "invalid_prompt": ContentRefused,
    "timeout_error": TimedOut,
    "api_error": ServerError,
    "server_error": ServerError,
    "invalid_request_error": BadRequest,
    "bad_request_error": BadRequest,
}
_BY_STATUS: dict[int, type[ProviderError]] = {
    400: BadRequest,
    401: AuthenticationFailed,
    402: QuotaExhausted,
    403: PermissionRefused,
    404: ModelNotFound,
    408: TimedOut,
    413: RequestTooLarge,
    422: BadRequest,
    429: RateLimited,
    502: ServerError,
    503: Overloaded,
    504: TimedOut,
    529: Overloaded,
}
_CONTEXT_WORDS = (
    "prompt is too long", "context length", "context window", "maximum context", "exceeds the available context",
    "too many tokens",
)  # fmt: skip
_TOOL_WORDS = ("does not support tools", "does not support function", "tool choice requires", "tools is not supported")
_EXPLANATIONS: dict[type[ProviderError], str] = {
    AuthenticationFailed: "The provider refused the key",
    PermissionRefused: "The key is not allowed to do this",
    ModelNotFound: "The provider does not know this model or address",
    RateLimited: "The provider's rate limit is reached",
    QuotaExhausted: "The provider account has no credit left",
    Overloaded: "The provider is overloaded",
    ContextTooLong: "The text is too long for this model",
    RequestTooLarge: "The request is too large for the provider",
    BadRequest: "The provider did not accept the request",
    ToolsUnsupported: "This model cannot use tools",
    ContentRefused: "The provider's content filter stopped this",
    TimedOut: "The provider took too long",
    ServerError: "The provider failed",
}


def error_from_body(
    body: object, *, status: int | None, headers: Mapping[str, str], provider: str, request_id: str | None = None
) -> ProviderError:
    """The error that an HTTP answer or an error event inside a stream stands for.

    `body` is decoded JSON (an object with `error`, or the error itself), or text. `headers` has lower-case names; the
    wait is read from ``retry-after-ms`` and ``retry-after`` (seconds), and ``x-should-retry`` overrules our own idea of
    what is worth retrying, except for an exhausted quota, which OpenAI sends as a 429 like any other.
    """
    details = _details(body)
    message = str(details.get("message") or "") if details else (body.strip() if isinstance(body, str) else "")
    found = _class_of(details, message=message, status=status)
    retryable = found.default_retryable
    advice = headers.get("x-should-retry")
    if advice in ("true", "false") and found is not QuotaExhausted:
        retryable = advice == "true"
    said = shorten(message)
    explanation = _EXPLANATIONS.get(found, "The provider failed")
    return found(
        f"{explanation}: {said}" if said else f"{explanation}.",
        retryable=retryable,
        retry_after=retry_after_seconds(headers),
        status=status,
        request_id=request_id or headers.get("request-id") or headers.get("x-request-id"),
        provider=provider,
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait a provider asks for, in seconds. A date in ``retry-after`` is not understood (None): it would need a
    clock, and neither provider sends one."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            wait = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if 0 <= wait < 7 * 86400:
            return wait
    return None


def shorten(message: str) -> str:
    """What a provider said, on one line, bounded, with anything that looks like a key or account id removed."""
    line = _KEY_LIKE.sub("[removed]", " ".join(message.split()))
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 1] + "…"


def _details(body: object) -> dict[str, Any]:
    if isinstance(body, list) and body:  # Google's compatible endpoint wraps errors in a list
        body = body[0]
    if not isinstance(body, dict):
        return {}
    inner = body.get("error", body)
    if isinstance(inner, str):  # Ollama: {"error": "model not found"}
        return {"message": inner}
    return inner if isinstance(inner, dict) else {}


def _class_of(details: Mapping[str, Any], *, message: str, status: int | None) -> type[ProviderError]:
    lowered = message.lower()
    if any(words in lowered for words in _CONTEXT_WORDS):
        return ContextTooLong
    if any(words in lowered for words in _TOOL_WORDS):
        return ToolsUnsupported
    by_status = _from_status(status if status is not None and status != 200 else _number(details.get("code")))
    names = (text for text in (details.get("code"), details.get("type")) if isinstance(text, str))
    named = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    if named is None:
        return by_status or ServerError
    if named is BadRequest and by_status is not None:  # a vague name; the status knows more (404, 413, …)
        return by_status
    return named


def _from_status(status: int | None) -> type[ProviderError] | None:
    if status is None:
        return None
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ServerError if status >= 500 else BadRequest


def _number(value: object) -> int | None:
    """OpenRouter and Google put the HTTP status of the upstream failure into `code`."""
    if isinstance(value, int) and 400 <= value < 600:
        return value
    if isinstance(value, str) and value.isdigit() and 400 <= int(value) < 600:
        return int(value)
    return None
