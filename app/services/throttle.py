"""Limits how often sign-in may fail, per e-mail and per address, without a table: attempts are few and forgetful on restart."""

from collections import OrderedDict
from datetime import datetime, timedelta

from app.services.errors import TooManyRequests

_MOST_KEYS = 10_000


class SignInThrottle:
    """At most `limit` failures per key inside `window`; the next try is refused until the oldest has aged out."""

    def __init__(self, *, limit: int = 8, window: timedelta = timedelta(minutes=5)) -> None:
        self._limit = limit
        self._window = window
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()

    def check(self, keys: tuple[str, ...], now: datetime) -> None:
        """Raises `TooManyRequests` with the seconds to wait."""
        for key in keys:
            recent = [at for at in self._failures.get(key, ()) if now - at < self._window]
            if len(recent) >= self._limit:
                wait = int((recent[0] + self._window - now).total_seconds()) + 1
                raise TooManyRequests(
                    f"Too many attempts to sign in. Try again in {wait} seconds.",
                    retry_after=wait,
                )

    def failed(self, keys: tuple[str, ...], now: datetime) -> None:
        for key in keys:
            recent = [at for at in self._failures.pop(key, []) if now - at < self._window]
            self._failures[key] = [*recent, now]
        while len(self._failures) > _MOST_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            self._failures.pop(key, None)
