"""A draft of 100,000 events: its state at any of them, its whole replay, its activity and the time spent on it.

Floor: reading the same rows without doing anything with them. Times are those of the thread's own work, so that other
programs of the machine don't count. Run: python -m tests.benchmarks replay
"""

import asyncio
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from app.core.drafts import Actor, initial
from app.services.activity import _sittings
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting import activity, event_log

EVENTS = 100_000
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = ["the", "boats", "came", "home", "late", "and", "nobody", "had", "lit", "the", "lamps", "on", "the", "quay"]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "bench.db")
        draft_id = _write(db)
        with db.transaction() as session:
            kind = "document"
            random_seq = random.Random(1)
            places = [random_seq.randint(1, EVENTS + 1) for _ in range(200)]
            taken = [_ms(lambda at=at: event_log.state_at(session, draft_id, at, kind=kind)) for at in places]
            _print("state at any event, p50", statistics.median(taken))
            _print("state at any event, worst", max(taken), promised=20)
            rows = text("SELECT * FROM draft_events WHERE draft_id = :id ORDER BY seq")
            floor = _ms(lambda: session.execute(rows, {"id": draft_id.bytes}).all())
            _print("reading all rows (floor)", floor)
            whole = _ms(lambda: event_log.replayed(session, draft_id, initial(kind), up_to=EVENTS + 1))
            _print(f"replay of {EVENTS:,} events", whole, promised=2_000, floor=floor)
            _print("first page of activity", _ms(lambda: _sittings(session, draft_id, EVENTS + 2, None, None)))
            _print("time spent", _ms(lambda: activity.seconds_spent(session, draft_id)))
        asyncio.run(db.close())


def _write(db: Database) -> uuid.UUID:
    """A document that grows to 20 KB and is edited there, as autosaves do it."""
    chance = random.Random(7)
    with db.transaction() as session:
        owner = account_store.create_user(session, email="b@example.org", name="B", roles=["writer"], at=_AT).id
        actor = Actor("user", owner)
        head = draft_store.create_stream(
            session, kind="document", owner_id=owner, actor=actor, at=_AT, fields={"text": ""}
        )
        length = 0
        for n in range(1, EVENTS + 1):
            at = chance.randint(0, length)
            if length > 20_000:
                gone = min(8, length - at)
                change = [part for part in (at, [gone], length - at - gone) if part] if gone else [[1], length - 1]
                length -= gone or 1
            else:
                word = chance.choice(_WORDS) + " "
                change = [part for part in (at, [0, word], length - at) if part]
                length += len(word)
            json = {"replica": "r", "n": n, "base_seq": n, "ops": [{"field": "text", "changes": change}]}
            draft_store.receive_command(
                session, draft_id=head.id, user_id=owner, json=json, actor=actor, at=_AT + timedelta(seconds=2 * n)
            )
    return head.id


def _ms(run: Callable[[], object]) -> float:
    started = time.thread_time()
    run()
    return (time.thread_time() - started) * 1000


def _print(name: str, taken: float, *, promised: float | None = None, floor: float | None = None) -> None:
    ratio = "" if floor is None else f"  {taken / floor:.1f}× the floor"
    verdict = "" if promised is None else f"  (promised {promised:g} ms{'' if taken <= promised else ': missed'})"
    print(f"  {name:<28} {taken:9.1f} ms{ratio}{verdict}")


if __name__ == "__main__":
    main()
