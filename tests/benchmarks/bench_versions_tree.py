"""The tree of versions at its promised sizes: comparing, tracing words, the first page, the shape of 100,000 versions.

Floors: rapidfuzz on the words alone for comparing, a plain indexed read of the same rows for the first page.
Run: pytest -m bench -s tests/benchmarks/bench_versions_tree.py
"""

import hashlib
import random
import statistics
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rapidfuzz.distance import Indel
from sqlalchemy import insert, text
from sqlmodel import Session

from app.core.drafts import Actor
from app.core.text.diff import diff_words
from app.services.versions import listed_versions
from app.store.accounts import create_user
from app.store.blame import blame
from app.store.branches import read_tree
from app.store.db import Database
from app.store.deltas import encode_full
from app.store.drafts import create_stream
from app.store.ids import new_id
from app.store.tables import Version
from app.store.versions import VersionFilter, add_version, set_current
from tests.benchmarks.bench_store_versions import TEXT_LENGTH, corpus, edited, history

MANY = 100_000


def best(run: Callable[[], object], times: int = 7) -> float:
    """Milliseconds of the middle run."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def document(database: Database) -> tuple[uuid.UUID, uuid.UUID]:
    at = datetime.now(UTC)
    with database.transaction() as session:
        owner = create_user(session, email="bench@example.org", name="Bench", roles=[], at=at).id
        draft = create_stream(
            session, kind="document", owner_id=owner, actor=Actor("user", owner), at=at, fields={"title": "Bench"}
        )
    return draft.id, owner


def far_apart() -> tuple[str, str]:
    """The first and the last text of a 20 KB document that was edited 1,000 times."""
    first = last = ""
    for number, _parent, made, _changes in history(1_000):
        first, last = first or made, made
        assert number < 1_000
    return first, last


def long_text(words: int) -> tuple[str, str]:
    """A text of so many words in paragraphs, and the same with one word in 50 changed and one paragraph in 40 moved."""
    chance, source = random.Random(9), corpus().split()
    every = [source[index % len(source)] for index in range(words)]
    paragraphs = [every[index : index + 80] for index in range(0, words, 80)]
    changed = [[word if chance.random() > 0.02 else f"{word}x" for word in paragraph] for paragraph in paragraphs]
    for _ in range(len(changed) // 40):
        changed.insert(chance.randrange(len(changed)), changed.pop(chance.randrange(len(changed))))
    before, after = ("\n\n".join(map(" ".join, side)) for side in (paragraphs, changed))
    return before, after


@pytest.mark.bench
def test_comparing_far_apart_and_long_texts() -> None:
    print()
    for name, (a, b), promised in (
        ("two 20 KB texts, 1,000 versions apart", far_apart(), 10),
        ("two texts of 200,000 words", long_text(200_000), 1_000),
    ):
        taken = best(lambda a=a, b=b: diff_words(a, b), 5)
        line = f"{name}: {taken:.1f} ms (promised {promised})"
        if len(a) < 100_000:
            floor = best(lambda a=a, b=b: Indel.opcodes(a.split(), b.split()), 5)
            line += f", words alone {floor:.1f} ms, ratio {taken / floor:.2f}"
        print(line)


@pytest.mark.bench
def test_tracing_words_through_a_thousand_ancestors(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "blame.db")
    draft, owner = document(database)
    at, ids, chance, words = datetime.now(UTC), [], random.Random(3), corpus()
    last = words[1_000 : 1_000 + TEXT_LENGTH]
    with database.transaction() as session:
        for number in range(1_001):
            changes = edited(last, chance, words) if ids else None
            last = changes.apply(last) if changes else last
            row = add_version(
                session, draft, text=last, seq=1, source="user", at=at + timedelta(seconds=number), author_id=owner,
                changes=changes, words=3_400,
            )  # fmt: skip
            ids.append(row.id)
        taken = best(lambda: blame(session, ids[-1], 0, len(last)))
        runs = len(blame(session, ids[-1], 0, len(last)))
    database.engine.dispose()
    print(f"\nwho wrote 20 KB with 1,000 ancestors: {taken:.0f} ms, {runs} runs")


def many_versions(session: Session, draft: uuid.UUID, owner: uuid.UUID, many: int = MANY) -> None:
    """So many versions, one in twenty off an earlier one; the text is the same in all of them."""
    chance, at, full, hash_ = random.Random(4), datetime.now(UTC), encode_full("text"), hashlib.sha256(b"text").digest()
    ids: list[uuid.UUID] = []
    for start in range(0, many, 5_000):
        rows = []
        for number in range(start + 1, min(many, start + 5_000) + 1):
            parent = None if not ids else ids[-1] if chance.random() > 0.05 else chance.choice(ids[-200:])
            ids.append(new_id())
            rows.append(
                {
                    "id": ids[-1], "draft_id": draft, "number": number, "parent_id": parent, "merged_from_id": None,
                    "seq": 1, "source": "user", "author_id": owner, "words": 1, "words_delta": 0, "depth": 0,
                    "hash": hash_, "created_at": at + timedelta(seconds=number), "delta": None, "full": full,
                }
            )  # fmt: skip
        session.execute(insert(Version), rows)
    set_current(session, draft, ids[-1])


@pytest.mark.bench
def test_the_first_page_and_the_shape_of_100_000_versions(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "many.db")
    draft, owner = document(database)
    with database.transaction() as session:
        many_versions(session, draft, owner)
    plain = text("SELECT * FROM versions WHERE draft_id = :draft ORDER BY number DESC LIMIT 101")
    with database.transaction() as session:
        page = best(lambda: listed_versions(session, draft, cursor=None, limit=100, only=VersionFilter()), 50)
        floor = best(lambda: session.execute(plain, {"draft": draft.bytes}).all(), 50)
        shape = best(lambda: read_tree(session, draft), 3)
    database.engine.dispose()
    print(
        f"\nfirst page of {MANY:,} versions: {page:.2f} ms (promised 5), plain read {floor:.2f} ms, ratio {page / floor:.1f}"
    )
    print(f"shape of the whole tree: {shape:.0f} ms")
