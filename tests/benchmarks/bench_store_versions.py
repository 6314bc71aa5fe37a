"""How small versions are stored and how fast they are read: a 20 KB document that is edited again and again.

The floor is the file with nothing but full texts, zlib-compressed, in one table: what a store without deltas would do.
Run: pytest -m bench -s tests/benchmarks/bench_store_versions.py   (BENCH_VERSIONS=100000 for the large case)
"""

import os
import random
import sqlite3
import statistics
import time
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.drafts import Actor
from app.core.text.changes import ChangeSet
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafts import create_stream
from app.store.versions import add_version, list_versions, read_text

VERSIONS = int(os.environ.get("BENCH_VERSIONS", "1000"))
TEXT_LENGTH = 20_000
READS = 500


def corpus() -> str:
    from pydoc_data.topics import topics

    return " ".join(" ".join(topics[name].split()) for name in sorted(topics)).encode("ascii", "ignore").decode()


def edited(text: str, chance: random.Random, words: str) -> ChangeSet:
    """Mostly one to three small edits, every fifth time a paragraph written anew; the length stays about the same."""
    rewrite = chance.random() < 0.2
    changes = ChangeSet.identity(len(text))
    for _ in range(1 if rewrite else chance.randint(1, 3)):
        size = chance.randint(300, 800) if rewrite else chance.randint(5, 80)
        at = chance.randrange(changes.after - size)
        source = chance.randrange(len(words) - size)
        grows = changes.after < TEXT_LENGTH
        deleted = size if rewrite or not grows else 0
        inserted = words[source : source + size] if rewrite or grows else ""
        changes = changes.compose(ChangeSet.replace(changes.after, at, at + deleted, inserted))
    return changes


def history(count: int) -> Iterator[tuple[int, int | None, str, ChangeSet | None]]:
    """(number, parent, text, changes from the parent); one in twenty branches off one of the last 200."""
    chance, words = random.Random(3), corpus()
    recent: list[tuple[int, str]] = [(0, words[1000 : 1000 + TEXT_LENGTH])]
    yield 0, None, recent[0][1], None
    parent, text = recent[0]
    for number in range(1, count):
        if chance.random() < 0.05:
            parent, text = chance.choice(recent)
        changes = edited(text, chance, words)
        yield number, parent, (new_text := changes.apply(text)), changes
        parent, text = number, new_text
        recent = [*recent[-199:], (number, new_text)]


def file_size(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.stat().st_size


def milliseconds(times: list[float]) -> str:
    ordered = sorted(times)
    return f"p50 {statistics.median(ordered) * 1000:.3f} ms, p99 {ordered[len(ordered) * 99 // 100] * 1000:.3f} ms"


def floor_size(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE versions (id INTEGER PRIMARY KEY, body BLOB)")
        for number, _parent, text, _changes in history(min(VERSIONS, 1000)):
            connection.execute("INSERT INTO versions VALUES (?, ?)", (number, zlib.compress(text.encode())))
    connection.close()
    return file_size(path) // min(VERSIONS, 1000)


@pytest.mark.bench
def test_versions_are_small_and_quick(tmp_path: Path) -> None:
    path = tmp_path / "versions.db"
    database = Database.open(path)
    at = datetime.now(UTC)
    with database.transaction() as session:
        owner = create_user(session, email="bench@example.org", name="Bench", roles=[], at=at).id
        actor = Actor("user", owner)
        draft = create_stream(
            session, kind="document", owner_id=owner, actor=actor, at=at, fields={"title": "Bench"}
        ).id
    database.engine.dispose()
    empty = file_size(path)

    ids: list[uuid.UUID] = []
    kept: dict[int, str] = {}
    sample = set(random.Random(5).sample(range(VERSIONS), min(READS, VERSIONS)))
    writing: list[float] = []
    made = history(VERSIONS)
    done = False
    while not done:
        with database.transaction() as session:
            for _ in range(200):
                version = next(made, None)
                if version is None:
                    done = True
                    break
                number, parent, text, changes = version
                started = time.perf_counter()
                row = add_version(
                    session,
                    draft,
                    text=text,
                    seq=1,
                    source="user",
                    at=at + timedelta(seconds=number),
                    author_id=owner,
                    parent_id=None if parent is None else ids[parent],
                    changes=changes,
                    words=3400,
                )
                writing.append(time.perf_counter() - started)
                ids.append(row.id)
                if number in sample:
                    kept[number] = text
    database.engine.dispose()
    size = file_size(path) - empty
    each = size / VERSIONS
    floor = floor_size(tmp_path / "floor.db")

    reading: list[float] = []
    listing: list[float] = []
    with database.transaction() as session:
        for number in random.Random(7).sample(sorted(kept), len(kept)):
            started = time.perf_counter()
            text = read_text(session, ids[number])
            reading.append(time.perf_counter() - started)
            assert text == kept[number]
        for _ in range(100):
            started = time.perf_counter()
            page = list_versions(session, draft, limit=50)
            listing.append(time.perf_counter() - started)
            assert len(page.items) == 50
    database.engine.dispose()

    print(f"\n{VERSIONS} versions of {TEXT_LENGTH} characters: {size / 1e6:.1f} MB, {each:.0f} B each")
    print(f"full texts: {floor} B each; ratio {each / floor:.3f}")
    print(f"add (in a transaction of 200): {milliseconds(writing)}")
    print(f"read one: {milliseconds(reading)}")
    print(f"first page of 50: {milliseconds(listing)}")
