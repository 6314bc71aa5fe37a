"""What was given up, worked out for all drafts at once, is what looking at each draft's whole tree gives."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlmodel import Session, col

from app.core.lines import ancestry
from app.store.branches import read_tree
from app.store.db import Database
from app.store.finance.by_version import by_number
from app.store.finance.given_up import GivenUp, given_up
from app.store.finance.proof import rebuild_sums, wrong_sums
from app.store.finance.reports import Filters
from app.store.tables import Branch, Draft, DraftStream, LedgerEntry, User, Version
from tests.benchmarks.costs_data import load

YEAR = Filters(first=date(2026, 1, 1), last=date(2026, 12, 31))
PERIODS = (
    YEAR,
    Filters(first=date(2026, 2, 10), last=date(2026, 5, 10)),
    Filters(first=date(2026, 3, 5), last=date(2026, 3, 20)),
    replace(YEAR, user_id=uuid.UUID(int=1)),
    replace(YEAR, first=date(2026, 6, 20), model="gpt"),
    replace(YEAR, last=date(2026, 4, 9), draft_id=uuid.UUID(int=1)),
)


def one_by_one(session: Session, filters: Filters) -> GivenUp:
    amount = unpriced = 0
    for draft_id in session.scalars(select(col(Draft.id))).all():
        tree = read_tree(session, draft_id)
        favourites = select(col(Branch.tip_version_id)).where(col(Branch.draft_id) == draft_id, col(Branch.favourite))
        current = select(col(Draft.current_version_id)).where(col(Draft.id) == draft_id)
        tips = session.scalars(
            select(col(Version.number)).where(col(Version.id).in_(favourites) | col(Version.id).in_(current))
        )
        kept = ancestry(tree.parents, tree.merged, tips)
        if filters.draft_id in (None, draft_id):
            for number, sums in by_number(session, replace(filters, draft_id=draft_id)).items():
                if number is not None and number not in kept:
                    amount += sums.amount_nano
                    unpriced += sums.unpriced
    return GivenUp(amount, unpriced)


def grow(session: Session, chance: random.Random) -> None:
    """People with a few drafts whose lines part, are merged, gone back on and marked, and attempts of which some made them."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    number = 0
    for person in range(1, 3):
        session.add(User(id=uuid.UUID(int=person), email=f"{person}@example.org", name="N", created_at=at))
    session.flush()
    for draft_number in range(1, 9):
        draft_id, owner = uuid.UUID(int=draft_number), uuid.UUID(int=1 + draft_number % 2)
        versions: list[Version] = []
        _add(session, draft_id, owner, at)
        for _ in range(chance.randrange(1, 25)):
            parent = versions[-1 if chance.random() < 0.7 else chance.randrange(len(versions))] if versions else None
            merged = versions[chance.randrange(len(versions))] if versions and chance.random() < 0.15 else None
            version = Version(
                draft_id=draft_id, number=len(versions) + 1, parent_id=parent and parent.id,
                merged_from_id=merged and merged.id, seq=len(versions) + 1, source="ai_edit", words=1, words_delta=1,
                depth=0, hash=b"h" * 32, created_at=at, full=b"x",
            )  # fmt: skip
            session.add(version)
            session.flush()
            versions.append(version)
        for tip in chance.sample(versions, chance.randrange(min(3, len(versions) + 1))):
            session.add(
                Branch(
                    draft_id=draft_id, name=f"B {tip.number}", start_version_id=tip.id, tip_version_id=tip.id,
                    favourite=chance.random() < 0.5, created_at=at,
                )
            )  # fmt: skip
        draft = session.get(Draft, draft_id)
        assert draft is not None
        draft.current_version_id = (versions[-1] if chance.random() < 0.5 else chance.choice(versions)).id
        for _ in range(60):
            number += 1
            _book(session, chance, number, draft_id, owner, versions)
    session.flush()
    rebuild_sums(session)


def _add(session: Session, draft_id: uuid.UUID, owner: uuid.UUID, at: datetime) -> None:
    session.add(
        DraftStream(id=draft_id, kind="document", owner_id=owner, head_hash=b"h" * 32, saved_at=at, created_at=at)
    )
    session.flush()
    session.add(Draft(id=draft_id, user_id=owner, created_at=at, updated_at=at))
    session.flush()


def _book(
    session: Session,
    chance: random.Random,
    number: int,
    draft_id: uuid.UUID,
    owner: uuid.UUID,
    versions: Sequence[Version],
) -> None:
    unknown = chance.random() < 0.2
    common: dict[str, Any] = {
        "at": datetime(2026, chance.randrange(1, 13), chance.randrange(1, 29), tzinfo=UTC), "draft_id": draft_id,
        "user_id": owner, "provider": "p", "model": chance.choice(("gpt", "other")),
        "version_id": chance.choice(versions).id if chance.random() < 0.8 else None,
    }  # fmt: skip
    row = LedgerEntry(
        id=uuid.UUID(int=number * 2), turn_id=uuid.UUID(int=number), attempt=1, outcome="done",
        status="unknown" if unknown else "reported", amount_nano=None if unknown else number, **common,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if unknown and chance.random() < 0.5:
        late = common | {"at": datetime(2026, chance.randrange(1, 13), 5, tzinfo=UTC)}
        session.add(
            LedgerEntry(
                id=uuid.UUID(int=number * 2 + 1), outcome="adjustment", status="reported", amount_nano=number,
                adjusts_id=row.id, **late,
            )
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_all_at_once_is_what_one_by_one_gives_in_a_few_statements(database: Database, seed: int) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with database.transaction() as session:
        grow(session, random.Random(seed))
        for filters in PERIODS:
            asked.clear()
            found = given_up(session, filters)
            assert len(asked) <= 7
            assert found == one_by_one(session, filters), filters


def test_the_sums_of_the_benchmark_are_those_of_its_rows(database: Database) -> None:
    load(database, 5_000)
    with database.transaction() as session:
        assert wrong_sums(session) == []
