"""A million messages: what reading a page of 50 costs inside the database, on both.

A thousand conversations of a thousand messages, every tenth a reply, every hundredth with a file; the pages are anywhere in
them. Run: pytest -m bench -s tests/benchmarks/bench_store_goals.py   (BENCH_MESSAGES=100000 for a quick look)
"""

import os
import random
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import Session

from app.store.accounts import create_user
from app.store.db import Database
from app.store.goals.conversations import list_conversations
from app.store.goals.pages import read_changes, read_page, read_thread
from app.store.tables import GoalConversation
from tests.postgres import migrated_postgres, postgres_folder

__all__ = ["migrated_postgres", "postgres_folder"]

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "1000000"))
EACH = 1_000
READINGS = 1_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = "Twelve bars today, hands apart; bar five still stumbles, so slower tomorrow. " * 3
STREAM = (
    "id", "kind", "owner_id", "title", "excerpt", "seq", "head_hash", "status", "words", "completion", "autosaves",
    "manual_saves", "rebuilds", "saved_at", "created_at",
)  # fmt: skip
MESSAGE = (
    "id", "conversation_id", "sender_id", "message_type", "reply_to_id", "target_date", "is_draft", "position",
    "changed_seq", "created_at", "updated_at", "metadata", "content",
)  # fmt: skip
FILE = (
    "id", "message_id", "state", "filename", "original_filename", "file_size", "mime_type", "sha256", "storage_key",
    "attempts", "created_at",
)  # fmt: skip


def talk_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=(1 << 80) + number)


def message_id(number: int, position: int) -> uuid.UUID:
    return uuid.UUID(int=(1 << 90) + number * EACH + position)


def rows(
    people: tuple[uuid.UUID, uuid.UUID], as_id: Callable[[uuid.UUID | None], Any], at: Any
) -> Iterator[tuple[Any, ...]]:
    """(stream, message, file or None) for every message."""
    for number in range(MESSAGES // EACH):
        for position in range(1, EACH + 1):
            id_, sender = as_id(message_id(number, position)), as_id(people[position % 2])
            day = NOW.date() + timedelta(days=position // 20)
            root = message_id(number, position - 9) if position % 10 == 0 else None
            stream = (
                id_, "message", sender, "Daily note", WORDS[:200], 3, b"x" * 32, "submitted", 30, 100, 0, 1, 0, at, at,
            )  # fmt: skip
            message = (
                id_, as_id(talk_id(number)), sender, "daily_note", as_id(root), str(day) if position % 2 else None,
                False, position, position, at, at, "{}", WORDS,
            )  # fmt: skip
            file = None
            if position % 100 == 0:
                key = f"{number}-{position}"
                file = (as_id(uuid.uuid4()), id_, "clean", "a.png", "a.png", 9, "image/png", b"x" * 32, key, 0, at)
            yield stream, message, file


def fill_sqlite(path: Path, people: tuple[uuid.UUID, uuid.UUID]) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    statements = [
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for table, columns in (
            ("draft_streams", STREAM),
            ("conversation_messages", MESSAGE),
            ("message_attachments", FILE),
        )
    ]
    at = NOW.strftime("%Y-%m-%d %H:%M:%S.000000")
    for batch in batches(rows(people, lambda id_: None if id_ is None else id_.bytes, at)):
        for index, statement in enumerate(statements):
            connection.executemany(statement, [row[index] for row in batch if row[index] is not None])
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


def fill_postgresql(address: str, people: tuple[uuid.UUID, uuid.UUID]) -> None:
    with psycopg.connect(address) as connection:
        connection.execute("SET session_replication_role = replica")
        for batch in batches(rows(people, lambda id_: id_, NOW)):
            for index, (table, columns) in enumerate(
                (("draft_streams", STREAM), ("conversation_messages", MESSAGE), ("message_attachments", FILE))
            ):
                with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in batch:
                        if row[index] is not None:
                            copy.write_row(row[index])
        connection.execute("ANALYZE")


def batches(found: Iterator[tuple[Any, ...]], size: int = 20_000) -> Iterator[list[tuple[Any, ...]]]:
    batch: list[tuple[Any, ...]] = []
    for row in found:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


@pytest.mark.bench
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_reading_among_a_million_messages(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    address = str(tmp_path / "bench.db") if kind == "sqlite" else str(request.getfixturevalue("migrated_postgres"))
    database = Database.open(address)
    with database.transaction() as session:
        people = (
            create_user(session, email="s@example.org", name="S", roles=["student"], at=NOW).id,
            create_user(session, email="i@example.org", name="I", roles=["instructor"], at=NOW).id,
        )
        for number in range(MESSAGES // EACH):
            session.add(
                GoalConversation(
                    id=talk_id(number), student_id=people[0], instructor_id=people[1], seq=EACH, created_at=NOW,
                    updated_at=NOW + timedelta(seconds=number),
                )
            )  # fmt: skip
    started = time.perf_counter()
    if kind == "sqlite":
        fill_sqlite(tmp_path / "bench.db", people)
    else:
        fill_postgresql(address, people)
    print(f"\n── {kind}: {MESSAGES:,} messages in {time.perf_counter() - started:.0f} s")
    chance = random.Random(1)

    def anywhere() -> uuid.UUID:
        return talk_id(chance.randrange(MESSAGES // EACH))

    cases: dict[str, Callable[[Session], Any]] = {
        "the latest 50": lambda session: read_page(session, anywhere(), people[0]),
        "50 further up": lambda session: read_page(session, anywhere(), people[0], before=chance.randrange(60, EACH)),
        "what changed since": lambda session: read_changes(session, anywhere(), after=EACH - 5, limit=100),
        "a thread": lambda session: read_thread(
            session, (talk := anywhere()), message_id(talk.int - (1 << 80), 1), after=0, limit=100
        ),
    }
    with database.transaction() as session:
        for name, run in cases.items():
            report(name, run, session, READINGS)
        report(
            "50 conversations with unread counts",
            lambda session: list_conversations(
                session, people[0], everything=False, status="active", cursor=None, limit=50
            ),
            session, 50,
        )  # fmt: skip
    database.engine.dispose()


def report(name: str, run: Callable[[Session], Any], session: Session, times: int) -> None:
    run(session)
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run(session)
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    print(f"   {name}: p50 {taken[times // 2]:.2f} ms, p99 {taken[int(times * 0.99)]:.2f} ms")
