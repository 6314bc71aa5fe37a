"""One error for each thing that can go wrong, with the provider's own advice and nobody's key."""

import pytest

from providers.errors import Overloaded, ProviderError, RateLimited, error_from_body, shorten
from providers.retry import Policy, delay


def error(body: object, status: int | None = None, **headers: str) -> ProviderError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from_body(body, status=status, headers=named, provider="p")


@pytest.mark.parametrize(
    "body,status,code",
    [
        (
            {"error": {"type": "invalid_request_error", "message": "prompt is too long: 300000 tokens"}},
            400,
            "context_too_long",
        ),
        ({"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}, 413, "too_large"),
        ({"error": {"type": "permission_error", "message": "no"}}, 403, "permission"),
        ({"error": {"type": "billing_error", "message": "no credit"}}, 402, "quota"),
        ({"error": {"type": "invalid_request_error", "message": "no such model"}}, 404, "not_found_model"),
        ({"error": "model 'x' not found, try pulling it first"}, 404, "not_found_model"),
        ([{"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}], 503, "overloaded"),
        ({"error": {"code": "content_filter", "message": "filtered"}}, 400, "content_refused"),
        ({"error": {"code": 502, "message": "upstream"}}, None, "server_error"),
        ({"error": {"code": "429", "message": "slow"}}, None, "rate_limited"),
        ("", 500, "server_error"),
        ("upstream connect error", 503, "overloaded"),
        ({"detail": "Not authenticated"}, 401, "auth"),
        ({}, 418, "bad_request"),
        (None, 529, "overloaded"),
        ({"error": {"type": "timeout_error", "message": "late"}}, 504, "timeout"),
    ],
)
def test_a_status_and_a_body_become_one_error(body: object, status: int | None, code: str) -> None:
    assert error(body, status).code == code


def test_an_exhausted_quota_is_never_worth_retrying() -> None:
    spent = error({"error": {"code": "insufficient_quota", "type": "insufficient_quota"}}, 429, x_should_retry="true")
    assert (spent.code, spent.retryable) == ("quota", False)


def test_the_provider_s_advice_on_retrying_is_followed() -> None:
    assert not error({}, 529, x_should_retry="false").retryable
    assert error({}, 400, x_should_retry="true").retryable


@pytest.mark.parametrize(
    "headers,wait",
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_wait_a_provider_asks_for_is_read(headers: dict[str, str], wait: float | None) -> None:
    assert error_from_body({}, status=429, headers=headers, provider="p").retry_after == wait


@pytest.mark.parametrize(
    "key", ["sk-proj-abc123def456", "sk-ant-api03-XYZ_abc-123", "Bearer eyJhbGciOi", "org-AbCdEf123", "xai-0123456789"]
)
def test_keys_and_account_ids_do_not_reach_people(key: str) -> None:
    said = error({"error": {"message": f"Incorrect API key provided: {key}."}}, 401).message
    assert key not in said
    assert key.split(" ")[-1] not in said
    assert "Incorrect API key provided" in said


def test_long_messages_are_cut() -> None:
    assert len(shorten("word " * 500)) == 300


def test_the_wait_grows_is_spread_and_ends() -> None:
    busy = Overloaded("busy")
    assert [delay(n, busy, random=0.0) for n in (1, 2, 3, 4)] == [0.5, 1.0, 2.0, None]
    assert delay(1, busy, random=0.999) == pytest.approx(1.0, abs=0.01)
    assert delay(9, busy, random=0.0, policy=Policy(attempts=20)) == 15.0


def test_a_wait_that_was_asked_for_is_not_undercut_and_a_long_one_is_not_waited_for() -> None:
    assert delay(1, RateLimited("slow", retry_after=7), random=0.5) == pytest.approx(7.35)
    assert delay(1, RateLimited("slow", retry_after=0), random=0.5) == 0.5
    assert delay(1, RateLimited("slow", retry_after=61), random=0.5) is None


def test_what_cannot_be_retried_is_not() -> None:
    assert delay(1, ProviderError("no"), random=0.5) is None
