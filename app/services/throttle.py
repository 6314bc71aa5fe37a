"""Limits how often sign-in may fail, per e-mail and per address, without a table: attempts are few and forgetful on restart."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.services.errors import TooManyRequests

_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, counted before it is known how it ends: many at once are as many as one after the other."""

    email: str
    address: str
    at: datetime


class SignInThrottle:
    """At most `per_email` and `per_address` failures inside `window`; the next try waits until the oldest aged out.

    An address may stand for a whole office, so more may fail there.
    """

    def __init__(self, *, per_email: int = 8, per_address: int = 24, window: timedelta = timedelta(minutes=5)) -> None:
        self._limits = (per_email, per_address)
        self._window = window
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()

    def begin(self, *, email: str, address: str, now: datetime) -> Attempt:
        """Count a try as failed until `succeeded` says otherwise. Raises `TooManyRequests` with the seconds to wait."""
        attempt = Attempt(f"email:{email}", f"address:{address}", now)
        keys = (attempt.email, attempt.address)
        for key, limit in zip(keys, self._limits, strict=True):
            recent = self._recent(key, now)
            if len(recent) >= limit:
                wait = int((recent[-limit] + self._window - now).total_seconds()) + 1
                raise TooManyRequests(
                    f"Too many attempts to sign in. Try again in {wait} seconds.",
                    retry_after=wait,
                )
        for key in keys:
            recent = [*self._recent(key, now), now]
            self._failures.pop(key, None)
            self._failures[key] = recent
        while len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)
        return attempt

    def succeeded(self, attempt: Attempt) -> None:
        """The e-mail starts anew; at the address only this try is taken back."""
        self._failures.pop(attempt.email, None)
        others = self._failures.get(attempt.address, [])
        if attempt.at in others:
            others.remove(attempt.at)

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(key, ()) if now - at < self._window]
