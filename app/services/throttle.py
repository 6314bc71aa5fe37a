"""Limits how often proving oneself may fail, without a table: attempts are few and forgetful on restart."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.services.errors import TooManyRequests

_MOST_KEYS = 10_000


class _Failures:
    """The recent failures of each key."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._at: OrderedDict[str, list[datetime]] = OrderedDict()

    def wait(self, key: str, limit: int, now: datetime) -> int:
        """How many seconds until one of the last `limit` failures ages out; 0 where there were fewer."""
        recent = self._recent(key, now)
        if len(recent) < limit:
            return 0
        return int((recent[-limit] + self._window - now).total_seconds()) + 1

    def add(self, key: str, now: datetime) -> None:
        recent = [*self._recent(key, now), now]
        self._at.pop(key, None)
        self._at[key] = recent
        while len(self._at) > _MOST_KEYS:
            self._at.popitem(last=False)

    def take_back(self, key: str, at: datetime) -> None:
        others = self._at.get(key, [])
        if at in others:
            others.remove(at)

    def forget(self, key: str) -> None:
        self._at.pop(key, None)

    def _recent(self, key: str, now: datetime) -> list[datetime]:
        return [at for at in self._at.get(key, ()) if now - at < self._window]


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
        self._failures = _Failures(window)

    def begin(self, *, email: str, address: str, now: datetime) -> Attempt:
        """Count a try as failed until `succeeded` says otherwise. Raises `TooManyRequests` with the seconds to wait."""
        attempt = Attempt(f"email:{email}", f"address:{address}", now)
        keys = (attempt.email, attempt.address)
        for key, limit in zip(keys, self._limits, strict=True):
            if wait := self._failures.wait(key, limit, now):
                raise TooManyRequests(
                    f"Too many attempts to sign in. Try again in {wait} seconds.",
                    retry_after=wait,
                )
        for key in keys:
            self._failures.add(key, now)
        return attempt

    def succeeded(self, attempt: Attempt) -> None:
        """The e-mail starts anew; at the address only this try is taken back."""
        self._failures.forget(attempt.email)
        self._failures.take_back(attempt.address, attempt.at)


class GuessThrottle:
    """At most `per_address` secret addresses that lead nowhere inside `window`. Nobody guesses 256 bits: it keeps those
    who try from keeping the database busy, and is wide enough for an office that follows old links."""

    def __init__(self, *, per_address: int = 120, window: timedelta = timedelta(minutes=5)) -> None:
        self._limit = per_address
        self._failures = _Failures(window)

    def check(self, address: str, now: datetime) -> None:
        """Raises `TooManyRequests` with the seconds to wait."""
        if wait := self._failures.wait(address, self._limit, now):
            raise TooManyRequests(
                f"Too many links that lead nowhere. Try again in {wait} seconds.",
                retry_after=wait,
            )

    def failed(self, address: str, now: datetime) -> None:
        self._failures.add(address, now)
