"""How fast a search is, and what it costs a save that it is possible: 10,000 drafts of 20 KB of one person.

The floor of a search is a plain indexed read of as many drafts, with their texts, in the same run; the floor of a save is
the same save without the triggers that mark the draft for the index. Run: make bench BENCH_ARGS=search
(BENCH_DRAFTS changes the size).
"""

import asyncio
import os
import random
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, text
from sqlmodel import Session, col

from app.core.drafts import Actor
from app.services.clock import system_clock
from app.services.identity import Principal
from app.services.search import Search
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafts import create_stream, receive_command
from app.store.tables import Draft

DRAFTS = int(os.environ.get("BENCH_DRAFTS", "10000"))
TEXT_LENGTH = 20_000
SEARCHES = 300
SAVES, ROUNDS = 3_000, 10
AT = datetime(2026, 3, 1, tzinfo=UTC)


def corpus() -> str:
    from pydoc_data.topics import topics

    return " ".join(" ".join(topics[name].split()) for name in sorted(topics)).encode("ascii", "ignore").decode()


def filled(database: Database) -> tuple[Principal, list[uuid.UUID]]:
    chance, words = random.Random(3), corpus()
    ids: list[uuid.UUID] = []
    with database.transaction() as session:
        user = create_user(session, email="bench@example.org", name="Bench", roles=["writer"], at=AT)
        person = Principal(user.id, user.email, user.name, ("writer",))
    for start in range(0, DRAFTS, 500):
        with database.transaction() as session:
            for number in range(start, min(start + 500, DRAFTS)):
                at = chance.randrange(len(words) - TEXT_LENGTH)
                # A word of its own in each, one in a hundred, and those of the corpus in most.
                rare = f" unique{number} " + (" harbour " if number % 100 == 0 else "")
                fields = {"title": f"Draft {number}", "text": words[at : at + TEXT_LENGTH - 20] + rare}
                actor = Actor("user", user.id)
                ids.append(
                    create_stream(session, kind="document", owner_id=user.id, actor=actor, at=AT, fields=fields).id
                )
    return person, ids


async def timed(run: Callable[[int], Awaitable[object]], count: int) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds."""
    times = []
    for number in range(count):
        started = time.perf_counter()
        await run(number)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return times[len(times) // 2], times[len(times) * 95 // 100]


def saving(
    database: Database, person: Principal, draft_id: uuid.UUID, replica: str
) -> Callable[[int], Awaitable[object]]:
    async def save(number: int) -> None:
        ops = [{"field": "title", "set": f"Draft {number}"}]
        command = {"replica": replica, "n": number + 1, "base_seq": number + 1, "ops": ops}
        actor = Actor("user", person.id)
        await database.write(receive_command, draft_id=draft_id, user_id=person.id, json=command, actor=actor, at=AT)

    return save


async def saves_with_and_without(database: Database, person: Principal, draft_id: uuid.UUID) -> tuple[float, float]:
    """Median of a save in milliseconds; rounds alternate, so that both meet the same machine."""
    save = saving(database, person, draft_id, "bench")
    with database.transaction() as session:
        trigger = session.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'search_draft_update'"))
    times: dict[bool, list[float]] = {True: [], False: []}
    number = 0
    for turn in range(ROUNDS):
        marks = turn % 2 == 0
        with database.transaction() as session:
            session.execute(text("DROP TRIGGER IF EXISTS search_draft_update"))
            if marks:
                session.execute(text(trigger))
        for _ in range(SAVES // ROUNDS):
            started = time.perf_counter()
            await save(number)
            times[marks].append((time.perf_counter() - started) * 1000)
            number += 1
    return sorted(times[True])[len(times[True]) // 2], sorted(times[False])[len(times[False]) // 2]


async def measured(path: Path) -> None:
    database = Database.open(path)
    person, ids = filled(database)
    search = Search(database, system_clock)
    started = time.perf_counter()
    while await search.index():
        pass
    took = time.perf_counter() - started
    print(f"indexing {DRAFTS} drafts of {TEXT_LENGTH} characters: {took:.1f} s, {took / DRAFTS * 1000:.2f} ms each")
    with database.transaction() as session:
        sizes = session.execute(
            text("SELECT sum(length(terms)), (SELECT sum(length(block)) FROM search_index_data) FROM search_entries")
        ).one()
    print(f"size: terms {sizes[0] / DRAFTS:.0f} B and index {sizes[1] / DRAFTS:.0f} B for each")

    def plain(session: Session, start: int) -> list[str]:
        wanted = ids[start : start + 20]
        return [session.scalars(select(col(Draft.text)).where(col(Draft.id) == id_)).one() for id_ in wanted]

    chance = random.Random(5)
    floor = await timed(lambda _n: database.read(plain, chance.randrange(DRAFTS)), SEARCHES)
    print(f"floor, read 20 drafts by key: p50 {floor[0]:.2f} ms, p95 {floor[1]:.2f} ms")
    queries: dict[str, Callable[[int], str]] = {
        "one of its own": lambda _n: f"unique{chance.randrange(DRAFTS)}",
        "one in a hundred": lambda _n: "harbour",
        "in most": lambda _n: "function value",
        "unfinished": lambda _n: "func",
        "two letters": lambda _n: "st",
        "none": lambda _n: "walrus penguin",
    }
    for name, query in queries.items():
        p50, p95 = await timed(lambda n, query=query: search.search(person, query(n)), SEARCHES)  # type: ignore[misc]
        print(f"search, words {name}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, ratio to floor {p95 / floor[1]:.1f}")

    marked, bare = await saves_with_and_without(database, person, ids[0])
    print(f"save: p50 {marked:.3f} ms; not marked for search {bare:.3f} ms; ratio {marked / bare:.3f}")
    await database.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measured(Path(folder) / "search.db"))
