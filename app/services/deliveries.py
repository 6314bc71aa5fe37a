"""Calls webhooks: signs, sends, and tries again until delivered or given up. What is owed is in the database, so a process
that dies loses nothing; a receiver may then hear of the same delivery twice, and knows it by its id.

The answer's body is never read, and nothing that is sent is ever logged.
"""

import asyncio
import hashlib
import hmac
import random
import time
from collections.abc import Awaitable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import httpx2
import msgspec
import structlog
from providers.transport import PrivateAddress, Timeouts, http_client
from sqlmodel import Session

from app.services.clock import Clock
from app.services.secrets import SecretBox, SecretUnreadable
from app.settings import VERSION
from app.store import webhooks as webhook_store
from app.store.db import Database
from app.store.webhooks import Claimed, Outcome

log = structlog.get_logger()

_TIMEOUTS = Timeouts(connect=5.0, silence=10.0)
_WHOLE_CALL_SECONDS = 15.0
_LEASE = timedelta(seconds=60)
"""Longer than a call can take: a try without an outcome after that belongs to a process that is gone."""
_MOST_AT_ONCE = 8
_LONGEST_REST_SECONDS = 30.0
_WAITS = (10, 60, 300, 1_800, 7_200, 21_600, 43_200)
"""Seconds before the second, third, … try; the last one holds for all further."""
_KEPT = timedelta(days=90)
_FORGET_EVERY = timedelta(hours=1)
_GONE = 410


class Payload(Protocol):
    """What a call says about a submission; None when it is not there any more."""

    def __call__(self, session: Session, submission_id: UUID) -> dict[str, Any] | None: ...


def signature(secret: str, body: bytes, *, at: int) -> str:
    """``t=…,v1=…``: HMAC-SHA256 in hex over the seconds since 1970, a dot, and the body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Deliveries:
    """Sends what is owed to webhooks in the background."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        secrets: SecretBox,
        payload: Payload,
        *,
        call_seconds: float = _WHOLE_CALL_SECONDS,
    ) -> None:
        self._db = db
        self._clock = clock
        self._secrets = secrets
        self._payload = payload
        self._call_seconds = call_seconds
        self._owed = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._busy: dict[UUID, asyncio.Task[None]] = {}
        self._clients: dict[bool, httpx2.AsyncClient] = {}
        self._task: asyncio.Task[None] | None = None
        self._forgot: datetime | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """A call under way is broken off; it is tried again after the next start."""
        tasks = [*self._busy.values(), *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()

    def wake(self) -> None:
        """Something new is owed, and committed."""
        self._owed.set()

    async def deliver_due(self) -> None:
        """Begin the calls that are due now, one for each webhook, and wait for all that are under way."""
        await self._begin()
        await asyncio.gather(*self._busy.values())

    async def _run(self) -> None:
        while True:
            self._owed.clear()
            rest = _LONGEST_REST_SECONDS
            try:
                if not await self._begin():
                    await self._forget_old()
                    rest = await self._rest()
            except Exception as error:
                log.error("webhooks not called", exc_info=error)
            await _waited(self._owed.wait(), rest)

    async def _forget_old(self) -> None:
        now = self._clock()
        if self._forgot is None or now - self._forgot >= _FORGET_EVERY:
            self._forgot = now
            await self._db.write(webhook_store.forget_finished, before=now - _KEPT)

    async def _rest(self) -> float:
        due = await self._db.read(webhook_store.next_due)
        if due is None or self._busy:
            return _LONGEST_REST_SECONDS
        return min(_LONGEST_REST_SECONDS, max(0.5, (due - self._clock()).total_seconds()))

    async def _begin(self) -> int:
        """Begin calls that are due; how many."""
        async with self._beginning:
            free = _MOST_AT_ONCE - len(self._busy)
            due = await self._db.read(webhook_store.next_due)
            if free <= 0 or due is None or due > self._clock():
                return 0  # Mostly so; the writer is left alone then.
            claimed = await self._db.write(
                webhook_store.claim_due, at=self._clock(), lease=_LEASE, busy=tuple(self._busy), limit=free
            )
            for one in claimed:
                task = asyncio.create_task(self._deliver(one), name="webhook call")
                self._busy[one.webhook.id] = task
                task.add_done_callback(partial(self._over, one.webhook.id))
            return len(claimed)

    def _over(self, webhook_id: UUID, _: asyncio.Task[None]) -> None:
        self._busy.pop(webhook_id, None)
        self._owed.set()

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            outcome = await self._call(claimed)
            now = self._clock()
            wait = _wait_before(claimed.number) if claimed.tries_left and outcome.status != _GONE else None
            again_at = None if wait is None else now + timedelta(seconds=wait)
            await self._db.write(webhook_store.note_outcome, claimed, outcome, at=now, again_at=again_at)
        except Exception as error:
            # The try stays noted as interrupted and the delivery is due again after its lease.
            log.error("webhook call not noted", delivery=str(claimed.delivery_id), exc_info=error)
            return
        log.info(
            "webhook called",
            delivery=str(claimed.delivery_id),
            number=claimed.number,
            status=outcome.status,
            problem=outcome.problem,
            duration_ms=outcome.duration_ms,
        )

    async def _call(self, claimed: Claimed) -> Outcome:
        started = time.monotonic()

        def ended(status: int | None, problem: str | None) -> Outcome:
            return Outcome(status, problem, round((time.monotonic() - started) * 1000))

        try:
            request = await self._request(claimed)
        except SecretUnreadable:
            return ended(None, "secret_unreadable")
        except httpx2.InvalidURL:
            return ended(None, "bad_address")
        if request is None:
            return ended(None, "submission_gone")
        client = await self._client(private=claimed.webhook.allow_private)
        try:
            async with asyncio.timeout(self._call_seconds):
                response = await client.send(request, stream=True)
                await response.aclose()
        except (TimeoutError, httpx2.TimeoutException):
            return ended(None, "timeout")
        except httpx2.HTTPError as error:
            return ended(None, "private_address" if _is_private(error) else "unreachable")
        return ended(response.status_code, "redirect" if 300 <= response.status_code < 400 else None)

    async def _request(self, claimed: Claimed) -> httpx2.Request | None:
        now = self._clock()
        said: dict[str, Any] = {"id": claimed.delivery_id, "event": claimed.event, "sent_at": now}
        if claimed.submission_id is not None:
            about = await self._db.read(self._payload, claimed.submission_id)
            if about is None:
                return None
            said["submission"] = about
        body = msgspec.json.encode(said)
        secret = self._secrets.decrypt(claimed.webhook.secret_encrypted)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Draftloom/{VERSION}",
            "Draftloom-Event": claimed.event,
            "Draftloom-Delivery": str(claimed.delivery_id),
            "Draftloom-Signature": signature(secret, body, at=int(now.timestamp())),
        }
        return httpx2.Request("POST", claimed.webhook.url, content=body, headers=headers)

    async def _client(self, *, private: bool) -> httpx2.AsyncClient:
        if private not in self._clients:
            # In a thread: it reads the certificates from the disk.
            made = await asyncio.to_thread(http_client, "aiohttp", timeouts=_TIMEOUTS, allow_private=private)
            self._clients.setdefault(private, made)
        return self._clients[private]


def _wait_before(tries: int) -> float:
    """Seconds until the next try, a fifth of it by chance so that many do not come back together."""
    wait = _WAITS[min(tries, len(_WAITS)) - 1]
    return wait * random.uniform(0.9, 1.1)  # noqa: S311


def _is_private(error: BaseException | None) -> bool:
    """Whether the guard of `providers/transport.py` is somewhere below an error."""
    while error is not None:
        if isinstance(error, PrivateAddress) or isinstance(getattr(error, "os_error", None), PrivateAddress):
            return True
        error = error.__cause__ or error.__context__
    return False


async def _waited(what: Awaitable[object], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await what
    except TimeoutError:
        return
