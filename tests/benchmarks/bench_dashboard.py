"""The dashboard of a person with 1,000 drafts among 20,000 of others: its first page, a search, its statistics.

Floor: the same 50 rows by one plain statement. Times are those of the thread's own work. Run: python -m tests.benchmarks dashboard
"""

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import text
from sqlmodel import Session

from app.core.drafts import Actor
from app.core.expiry import ExpiryRules
from app.services.draft_lists import summary
from app.services.views import Page
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.drafting import draft_lists

OWN, OTHERS = 1_000, 20_000
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_TEXT = "The boats came home late and nobody had lit the lamps on the quay. " * 60


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "bench.db")
        with db.transaction() as session:
            owner = _fill(session, "a@example.org", OWN, _TEXT)
            _fill(session, "b@example.org", OTHERS, "Something of somebody else.")
        rules = ExpiryRules()

        def page(session: Session, **asked: str) -> bytes:
            found = draft_lists.list_drafts(session, owner, limit=50, **asked)  # type: ignore[arg-type]
            return msgspec.json.encode(Page([summary(row, rules) for row in found.items], found.next))

        plain = text("SELECT * FROM draft_streams WHERE owner_id = :owner ORDER BY saved_at DESC LIMIT 50")
        with db.transaction() as session:
            floor = _ms(lambda: session.execute(plain, {"owner": owner.bytes}).all())
            print(f"  50 rows by a plain statement {floor:9.2f} ms")
            _print("first page, rendered as JSON", _ms(lambda: page(session)), floor, promised=5)
            _print("first page by title", _ms(lambda: page(session, sort="title")), floor)
            _print("search in 4 MB of texts", _ms(lambda: page(session, q="lamps on")), floor)
            _print("statistics", _ms(lambda: draft_lists.stats(session, owner)), floor)
        asyncio.run(db.close())


def _fill(session: Session, email: str, drafts: int, words: str) -> uuid.UUID:
    owner = account_store.create_user(session, email=email, name="B", roles=["writer"], at=_AT).id
    for number in range(drafts):
        draft_store.create_stream(
            session,
            kind="document",
            owner_id=owner,
            actor=Actor("user", owner),
            at=_AT + timedelta(minutes=number),
            fields={"title": f"Draft {number}", "text": words},
        )
    return owner


def _ms(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(15):
        started = time.thread_time()
        run()
        taken.append((time.thread_time() - started) * 1000)
    return statistics.median(taken)


def _print(name: str, taken: float, floor: float, *, promised: float | None = None) -> None:
    verdict = "" if promised is None else f"  (promised {promised:g} ms{'' if taken <= promised else ': missed'})"
    print(f"  {name:<28} {taken:9.2f} ms  {taken / floor:.1f}× the floor{verdict}")


if __name__ == "__main__":
    main()
