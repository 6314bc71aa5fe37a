"""Passwords: argon2id, hashed and verified in threads, few at a time."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from app.services.errors import InvalidInput
from app.services.secrets import new_token

_LEAST = 10
_MOST = 1024
_AT_ONCE = 2


def check_password(password: str) -> None:
    """Raises `InvalidInput` for one that is too short or too long to be kept."""
    if not _LEAST <= len(password) <= _MOST:
        raise InvalidInput("password", f"A password has {_LEAST} to {_MOST} characters.")


@cache
def _nobodys() -> str:
    """The hash of a password that nobody knows."""
    return PasswordHasher().hash(new_token())


class Passwords:
    """Hashes and verifies. One run takes 64 MiB and tens of milliseconds of a core, so that no more than two run at
    once: guessing must not take the memory and the cores from those who write."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._absent = _nobodys()

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def proves(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password. Without a hash the answer is no, and takes as long."""
        async with self._turns:
            right = await asyncio.to_thread(self._verified, hashed or self._absent, password[: _MOST + 1])
        return right and bool(hashed)

    def _verified(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False
