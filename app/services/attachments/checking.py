"""Looking into files before anybody can fetch them: what they are, the rules, the scanner; one worker per process.

`pending` becomes `clean`, `infected` or `rejected`; `error` where no verdict could be had, which is tried again after a
growing pause and never becomes clean by waiting. What is infected or rejected is deleted at once, its row says why.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import structlog
from sqlmodel import Session

from app.services.attachments.inspecting import Inspected, Order
from app.services.attachments.intake import Changed
from app.services.attachments.policy import Policy
from app.services.attachments.rules import FileInHand, RuleFailed, Rules
from app.services.attachments.scanner import Scanner, ScannerUnavailable
from app.services.attachments.storage import CHUNK_BYTES, NotStored, Storage, StorageUnavailable
from app.services.attachments.sweeping import Sweeper
from app.services.clock import Clock
from app.services.files.processes import GaveUp, run_apart
from app.store import attachments as store
from app.store.db import Database
from app.store.errors import NotFound
from app.store.tables import MessageAttachment

log = structlog.get_logger()

_AT_ONCE = 2
"""Each is a process that wants a processor."""
_CLAIMED = timedelta(minutes=15)
"""A worker that dies in the middle loses its claim after this long."""
_INSPECT_SECONDS = 300
_LOOK_SECONDS = 5.0
"""Between looks for what other processes left."""
_LONGEST_PAUSE = 600
_MOST_REASON = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check came to. `reason` is for people, `detail` for operators."""

    state: str
    reason: str | None = None
    detail: str = ""
    found: Inspected | None = None


class Checker:
    """Checks what waits, when woken and now and then."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        storage: Storage,
        policy: Policy,
        *,
        scanner: Scanner | None,
        rules: Rules,
        changed: Changed,
        sweeper: Sweeper,
    ) -> None:
        self._db = db
        self._clock = clock
        self._storage = storage
        self._policy = policy
        self._scanner = scanner
        self._rules = rules
        self._changed = changed
        self._sweeper = sweeper
        self._woken = asyncio.Event()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._woken.set()

    async def start(self) -> None:
        if self._db.dialect == "sqlite":
            # It has one process: whatever is claimed was so by one that died.
            await self._db.write(store.release_check)
        self._task = asyncio.create_task(self._run(), name="attachment checks")

    async def stop(self) -> None:
        """Unfinished checks are made again later."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def check_waiting(self) -> int:
        """Checks all that is due; how many that were."""
        due = await self._db.read(store.due_checks, at=self._clock(), limit=100)
        done = await asyncio.gather(*(self._check(attachment_id) for attachment_id in due))
        return sum(done)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self.check_waiting()
                await self._sweeper.sweep_leftovers()
                await self._sweeper.sweep_when_due()
            except Exception as error:
                log.error("attachments not checked", exc_info=error)
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _check(self, attachment_id: UUID) -> bool:
        async with self._places:
            at = self._clock()
            row = await self._db.write(store.claim_check, attachment_id, at=at, until=at + _CLAIMED)
            if row is None:
                return False
            try:
                outcome = await self._outcome(row)
            except asyncio.CancelledError:
                await self._db.write(store.release_check, attachment_id)
                raise
            message_id = await self._db.write(self._settle, attachment_id, outcome, self._clock())
        log.info("attachment checked", attachment=str(attachment_id), state=outcome.state, why=outcome.detail)
        if message_id is not None:
            await self._changed(message_id)
        return True

    async def _outcome(self, row: MessageAttachment) -> Outcome:
        try:
            async with self._storage.at_hand(row.storage_key) as path:
                return await self._looked_into(path, row)
        except NotStored:
            return Outcome("rejected", "The file was lost on its way. Please attach it again.", "not stored")
        except (StorageUnavailable, ScannerUnavailable, RuleFailed) as error:
            return Outcome("error", detail=str(error))

    async def _looked_into(self, path: Path, row: MessageAttachment) -> Outcome:
        order = Order(str(path), row.filename, self._policy.most_unpacked, self._policy.most_pixels)
        try:
            found = await asyncio.to_thread(_inspected, order)
        except GaveUp as error:
            return Outcome("rejected", "This file is broken, or takes too much time to be checked.", str(error))
        if found.problem:
            return Outcome("rejected", found.problem, found.problem_code, found)
        if found.size != row.file_size:
            return Outcome("rejected", "The file did not arrive whole. Please attach it again.", "size", found)
        if self._scanner is not None:
            async with aclosing(_chunks(path)) as chunks:
                verdict = await self._scanner.scan(chunks)
            if verdict.infected:
                return Outcome(
                    "infected", f"Malware was found in this file: {verdict.signature}", verdict.signature, found
                )
        in_hand = FileInHand(
            path, row.filename, found.media_type, found.size, found.sha256, found.width, found.height
        )  # fmt: skip
        objection = await asyncio.to_thread(self._rules.objection, in_hand)
        if objection is not None:
            return Outcome("rejected", objection.message, objection.code, found)
        return Outcome("clean", found=found)

    def _settle(self, session: Session, attachment_id: UUID, outcome: Outcome, at: datetime) -> UUID | None:
        """Writes the verdict; the message it is for, None if the attachment was deleted meanwhile."""
        try:
            row = store.get_attachment(session, attachment_id)
        except NotFound:
            return None
        before = row.state
        row.state = outcome.state
        row.reason = None if outcome.reason is None else outcome.reason[:_MOST_REASON]
        row.check_after = at + _pause(row.attempts) if outcome.state == "error" else None
        row.checked_at = at
        if outcome.found is not None:
            row.sha256 = bytes.fromhex(outcome.found.sha256)
            row.mime_type = outcome.found.media_type or row.mime_type
            row.width, row.height = outcome.found.width, outcome.found.height
        store.add_attachment(session, row)
        if outcome.state in ("infected", "rejected"):
            store.leave_over(session, row.storage_key)
        if outcome.state == before:
            return None
        store.show_change(session, row.message_id, at=at)
        return row.message_id


def _pause(attempts: int) -> timedelta:
    """5 s after the first failure, then twice as long each time, up to ten minutes."""
    return timedelta(seconds=min(_LONGEST_PAUSE, 5 * 2 ** min(attempts - 1, 10)))


def _inspected(order: Order) -> Inspected:
    answer = run_apart(
        "inspecting",
        msgspec.json.encode(order).decode(),
        b"",
        seconds=_INSPECT_SECONDS,
        package="app.services.attachments",
    )
    try:
        return msgspec.json.decode(answer, type=Inspected)
    except msgspec.MsgspecError as error:
        raise GaveUp("no readable answer") from error


async def _chunks(path: Path) -> AsyncGenerator[bytes, None]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
