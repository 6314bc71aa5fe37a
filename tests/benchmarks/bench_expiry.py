"""100,000 expired drafts, and how long an ordinary save waits while they go: into the trash, and for good.

Printed beside saves of the same run without the job. `piece`: the longest own work of one piece while it held the
writer, its COMMIT not included. Run: python -m tests.benchmarks expiry
"""

import asyncio
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from app.core.drafts import Actor
from app.core.expiry import ExpiryRules
from app.server import settle_garbage
from app.services.expiry import Expiry
from app.services.fanout import Fanout
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.drafting import expiry as store

DRAFTS = 100_000
ERASED = 2_000
_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
_RULES = ExpiryRules().with_days({"document": 30})
_PROMISED_MS = 50


def main() -> None:
    asyncio.run(_run())


async def _run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "bench.db")
        owner, busy = _prepare(db)
        settle_garbage()  # as the server does
        longest = _watch()
        saves = _Saves(db, owner, busy)
        alone = await saves.during(lambda: asyncio.sleep(3))
        now = _BEFORE + timedelta(days=60)
        expiry = Expiry(db, lambda: now, Fanout(), _RULES)
        started = time.perf_counter()
        expiring = await saves.during(expiry.sweep)
        seconds = time.perf_counter() - started
        print(f"  {DRAFTS:,} drafts into the trash in {seconds:.0f} s; longest piece {longest['expire_some']:.1f} ms")
        _print("saves without the job", alone)
        _print("saves beside it", expiring)
        await _erase(db, saves, longest)
        await db.close()


async def _erase(db: Database, saves: "_Saves", longest: dict[str, float]) -> None:
    """Of the drafts in the trash so many as a day may bring, one of them large."""
    with db.transaction() as session:
        session.connection().exec_driver_sql(
            "UPDATE draft_streams SET deleted_at = '2026-01-02 00:00:00.000000' WHERE id IN "
            f"(SELECT id FROM draft_streams WHERE deleted_at IS NOT NULL ORDER BY seq DESC LIMIT {ERASED})"
        )
    expiry = Expiry(db, lambda: datetime(2026, 2, 5, tzinfo=UTC), Fanout(), _RULES)
    started = time.perf_counter()
    erasing = await saves.during(expiry.sweep)
    seconds = time.perf_counter() - started
    piece = max(longest["begin_erasing_some"], longest["erase_some"])
    print(f"  {ERASED:,} drafts erased in {seconds:.0f} s, one with 20,000 events; longest piece {piece:.1f} ms")
    _print("saves beside it", erasing)


def _prepare(db: Database) -> tuple[uuid.UUID, uuid.UUID]:
    with db.transaction() as session:
        owner = account_store.create_user(session, email="b@example.org", name="B", roles=["writer"], at=_BEFORE).id
        actor = Actor("user", owner)
        for number in range(DRAFTS):
            large = number == 0
            head = draft_store.create_stream(
                session, kind="document", owner_id=owner, actor=actor, at=_BEFORE, fields={"text": f"Draft {number}. "}
            )
            if large:
                _grow(session, head.id, owner)
        busy = draft_store.create_stream(
            session, kind="document", owner_id=owner, actor=actor, at=_BEFORE + timedelta(days=59), fields={"text": ""}
        )
    return owner, busy.id


def _grow(session: Session, draft_id: uuid.UUID, owner: uuid.UUID) -> None:
    length = len("Draft 0. ")
    for n in range(1, 20_001):
        change = {"field": "text", "changes": [length, [0, "w "]] if n % 50 else [[length], 0][:1]}
        length = length + 2 if n % 50 else 0
        json = {"replica": "r", "n": n, "base_seq": n, "ops": [change]}
        appended = draft_store.receive_command(
            session, draft_id=draft_id, user_id=owner, json=json, actor=Actor("user", owner), at=_BEFORE
        )
        if n % 10 == 0:
            text: str = appended.head.state.fields["text"]
            version_store.add_version(session, draft_id, text=text, seq=n, source="user", author_id=owner, at=_BEFORE)


def _watch() -> dict[str, float]:
    """The longest run of each piece, in milliseconds of its own work: other programs of the machine are not its fault."""
    longest: dict[str, float] = {}

    def timed(name: str, unit: Callable[..., Any]) -> Callable[..., Any]:
        longest[name] = 0.0

        def run(*args: Any, **options: Any) -> Any:
            started = time.thread_time()
            try:
                return unit(*args, **options)
            finally:
                longest[name] = max(longest[name], (time.thread_time() - started) * 1000)

        return run

    for name in ("expire_some", "begin_erasing_some", "erase_some"):
        setattr(store, name, timed(name, getattr(store, name)))
    return longest


class _Saves:
    """One person who saves about 50 times a second."""

    def __init__(self, db: Database, owner: uuid.UUID, draft_id: uuid.UUID) -> None:
        self._db, self._owner, self._draft = db, owner, draft_id
        self._n = 0

    async def during(self, work: Callable[[], Awaitable[Any]]) -> list[float]:
        """How long each save took while `work` ran, in milliseconds."""
        taken: list[float] = []
        task = asyncio.ensure_future(work())
        while not task.done():
            await asyncio.sleep(0.02)
            taken.append(await self._save())
        await task
        return taken

    async def _save(self) -> float:
        self._n += 1
        change = {"field": "text", "changes": [[0, "x"]] if self._n == 1 else [[0, "x"], self._n - 1]}
        json = {"replica": "r", "n": self._n, "base_seq": self._n, "ops": [change]}
        started = time.perf_counter()
        await self._db.write(
            draft_store.receive_command,
            draft_id=self._draft,
            user_id=self._owner,
            json=json,
            actor=Actor("user", self._owner),
            at=_BEFORE + timedelta(days=59),
        )
        return (time.perf_counter() - started) * 1000


def _print(name: str, taken: list[float]) -> None:
    ordered = sorted(taken)
    p99 = ordered[int(len(ordered) * 0.99)]
    verdict = "" if ordered[-1] <= _PROMISED_MS else f" (promised: {_PROMISED_MS})"
    print(
        f"    {name:<24} p50 {ordered[len(ordered) // 2]:6.1f} ms  p99 {p99:6.1f} ms  longest {ordered[-1]:6.1f} ms{verdict}"
    )


if __name__ == "__main__":
    main()
