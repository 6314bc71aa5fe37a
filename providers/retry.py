"""How long to wait before the same request is sent again, and when to give up. Pure: no clock, no dice of its own."""

from __future__ import annotations

from dataclasses import dataclass

from providers.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Policy:
    """`attempts`: how often a request is sent in all. `base`: seconds before the second attempt, doubled for each
    further one, up to `cap`. `longest_wait`: a provider that asks for more seconds than this is not waited for; the
    writer is told instead."""

    attempts: int = 4
    base: float = 1.0
    cap: float = 30.0
    longest_wait: float = 60.0


DEFAULT_POLICY = Policy()


def delay(attempt: int, error: ProviderError, *, random: float, policy: Policy = DEFAULT_POLICY) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (the first is 1); None when it should not be repeated.

    `random` in [0, 1) spreads the waits of clients that failed together. A wait the provider asked for is never
    undercut, only lengthened by up to a tenth.
    """
    if not error.retryable or attempt >= policy.attempts:
        return None
    asked = error.retry_after
    if asked is not None and asked > policy.longest_wait:
        return None
    backoff = min(policy.cap, policy.base * float(2 ** (attempt - 1))) * (0.5 + random / 2)
    if asked is None:
        return backoff
    return max(asked * (1 + random / 10), min(backoff, 0.5))
