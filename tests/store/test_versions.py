"""Versions: numbered, immutable, read back exactly, stored small. On both databases."""

import random
import uuid
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.drafts import Actor
from app.core.text.changes import ChangeSet
from app.core.text.utf16 import utf16_length
from app.store import versions
from app.store.db import Database
from app.store.deltas import apply_deltas, decode_full, encode_delta, encode_full
from app.store.drafts import Head, create_stream
from app.store.errors import BadCursor, Corrupt, NotFound
from app.store.ledger import add_entry
from app.store.tables import LedgerEntry, User, Version
from app.store.versions import (
    VersionRow,
    add_version,
    current_version,
    get_version,
    list_versions,
    read_text,
    set_current,
    set_label,
)
from tests.store.rows import create_conversation, create_turn


@pytest.fixture
def add(database: Database, draft: Head, now: datetime):
    def add(body: str, **values) -> VersionRow:
        with database.transaction() as session:
            return add_version(session, draft.id, text=body, seq=1, at=now, **({"source": "user"} | values))

    return add


def texts(database: Database, *rows: VersionRow) -> list[str]:
    with database.transaction() as session:
        return [read_text(session, row.id) for row in rows]


def test_the_first_version_is_number_one_and_current(
    database: Database, draft: Head, writer: User, add, now: datetime
) -> None:
    with database.transaction() as session:
        assert current_version(session, draft.id) is None
    row = add("One two.", author_id=writer.id, label="start")
    assert (row.number, row.parent_id, row.current, row.words, row.words_delta) == (1, None, True, 2, 2)
    assert (row.author_name, row.label, row.source, row.created_at, row.seq) == (writer.name, "start", "user", now, 1)
    assert (row.cost_nano, row.unpriced, row.model, row.merged_from_id) == (None, 0, None, None)
    assert texts(database, row) == ["One two."]
    with database.transaction() as session:
        assert current_version(session, draft.id) == row == get_version(session, row.id)


def test_a_version_follows_the_current_one_unless_told_otherwise(database: Database, draft: Head, add) -> None:
    first = add("One.")
    second = add("One. Two.")
    branch = add("One. Three.", parent_id=first.id, make_current=False)
    merged = add("One. Two. Three.", merged_from_id=branch.id)
    assert [row.parent_id for row in (second, branch, merged)] == [first.id, first.id, second.id]
    assert [row.number for row in (first, second, branch, merged)] == [1, 2, 3, 4]
    assert [row.words_delta for row in (second, branch, merged)] == [1, 1, 1]
    assert merged.merged_from_id == branch.id
    assert texts(database, first, second, branch, merged) == [
        "One.",
        "One. Two.",
        "One. Three.",
        "One. Two. Three.",
    ]
    with database.transaction() as session:
        assert current_version(session, draft.id).id == merged.id
        set_current(session, draft.id, branch.id)
        assert current_version(session, draft.id).id == branch.id


def test_a_foreign_parent_is_refused(database: Database, draft: Head, writer: User, actor: Actor, now, add) -> None:
    with database.transaction() as session:
        other = create_stream(session, kind="document", owner_id=writer.id, actor=actor, at=now)
        foreign = add_version(session, other.id, text="x", seq=1, source="user", at=now)
    with pytest.raises(NotFound):
        add("y", parent_id=foreign.id)
    with pytest.raises(IntegrityError):
        add("y", merged_from_id=foreign.id)
    with pytest.raises(IntegrityError), database.transaction() as session:
        set_current(session, draft.id, foreign.id)


def test_missing_drafts_and_versions_are_not_found(database: Database, now: datetime) -> None:
    missing = uuid.uuid4()
    with database.transaction() as session:
        with pytest.raises(NotFound):
            add_version(session, missing, text="x", seq=1, source="user", at=now)
        for read in (read_text, get_version):
            with pytest.raises(NotFound):
                read(session, missing)
        with pytest.raises(NotFound):
            set_label(session, missing, "x")


def test_known_changes_are_used_and_wrong_ones_are_noticed(database: Database, add) -> None:
    add("The boats came home.")
    right = add("The old boats came home.", changes=ChangeSet.replace(20, 4, 4, "old "))
    wrong = add("The old ships came home.", changes=ChangeSet.replace(24, 0, 24, "Something else."))
    assert texts(database, right, wrong) == ["The old boats came home.", "The old ships came home."]


def paragraphs(count: int) -> str:
    return "".join(
        f"Paragraph {number} has a few words of its own, number {number * 7919 % 1000}.\n\n" for number in range(count)
    )


def test_a_long_chain_has_a_full_text_every_64_steps(database: Database, draft: Head, add) -> None:
    body = paragraphs(40)
    rows, bodies = [], []
    for number in range(150):
        body = body.replace(f"Paragraph {number % 40} ", f"Part {number} ", 1) + f"{number}\n"
        rows.append(add(body))
        bodies.append(body)
    assert texts(database, *rows) == bodies
    with database.transaction() as session:
        depths = session.scalars(select(Version.depth).order_by(Version.number)).all()
        sizes = session.execute(select(Version.delta, Version.full).order_by(Version.number)).all()
    assert list(depths) == [number % 65 for number in range(150)]
    assert [full is not None for _, full in sizes] == [depth == 0 for depth in depths]
    assert all(len(delta) < 120 for delta, _ in sizes if delta is not None)


def test_a_text_that_shares_nothing_is_stored_whole(database: Database, add) -> None:
    add(paragraphs(30))
    row = add("".join(random.Random(1).choices("abcdefghij klmnop\n", k=3000)))
    with database.transaction() as session:
        stored = session.get_one(Version, row.id)
        assert (stored.depth, stored.delta) == (0, None)


@pytest.mark.parametrize("body", ["", "\n", "Привет 🙂🙂 мир\n", "é" * 5000, "a\u0000".replace("\u0000", "\ufffd")])
def test_any_text_is_read_back_exactly(database: Database, add, body: str) -> None:
    rows = [add(body), add(body + "🙂 end"), add("start 🙂 " + body), add(body)]
    assert texts(database, *rows) == [body, body + "🙂 end", "start 🙂 " + body, body]


def test_a_damaged_text_is_noticed(database: Database, add) -> None:
    rows = [add(paragraphs(20)), add(paragraphs(21))]
    trigger = "versions_update"
    with database.transaction() as session:
        if database.dialect == "sqlite":
            session.execute(text(f"DROP TRIGGER {trigger}"))
            session.execute(text("UPDATE versions SET hash = zeroblob(32) WHERE number = 2"))
        else:
            session.execute(text(f"ALTER TABLE versions DISABLE TRIGGER {trigger}"))
            session.execute(text("UPDATE versions SET hash = '\\x00' WHERE number = 2"))
    with database.transaction() as session:
        assert read_text(session, rows[0].id) == paragraphs(20)
        with pytest.raises(Corrupt):
            read_text(session, rows[1].id)


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_versions_are_listed_newest_first_page_by_page(database: Database, draft: Head, add, limit: int) -> None:
    for number in range(7):
        add(f"Text {number}.")
    listed, cursor = [], None
    with database.transaction() as session:
        while True:
            page = list_versions(session, draft.id, cursor=cursor, limit=limit)
            listed += page.items
            if (cursor := page.next) is None:
                break
        with pytest.raises(BadCursor):
            list_versions(session, draft.id, cursor="nonsense")
    assert [row.number for row in listed] == [7, 6, 5, 4, 3, 2, 1]
    assert [row.current for row in listed] == [True] + [False] * 6


def test_a_version_costs_what_its_attempts_cost(database: Database, draft: Head, add, now: datetime) -> None:
    with database.transaction() as session:
        conversation = create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now)
        turn = create_turn(
            session,
            draft_id=draft.id,
            conversation_id=conversation.id,
            user_id=draft.owner_id,
            mode="write",
            provider="p",
            model="m",
            base_seq=1,
            worker_id="w",
            at=now,
        )
    by_hand, by_model = add("One."), add("Two.", source="ai_generation", turn_id=turn.id, model="m")

    def attempt(session: Session, amount: int | None) -> None:
        add_entry(
            session,
            LedgerEntry(
                at=now,
                draft_id=draft.id,
                version_id=by_model.id,
                turn_id=turn.id,
                provider="p",
                model="m",
                outcome="done",
                status="reported" if amount is not None else "unknown",
                amount_nano=amount,
            ),
        )

    with database.transaction() as session:
        attempt(session, 3_000_000_000_000)
        attempt(session, 5)
        attempt(session, None)
        costs = {row.id: (row.cost_nano, row.unpriced) for row in list_versions(session, draft.id).items}
    assert costs == {by_hand.id: (None, 0), by_model.id: (3_000_000_000_005, 1)}


def test_a_version_can_be_named_and_unnamed(database: Database, add) -> None:
    row = add("One.")
    with database.transaction() as session:
        assert set_label(session, row.id, "final").label == "final"
        assert set_label(session, row.id, None).label is None


# The stored form


words = st.text(st.sampled_from("ab 🙂é\n日"), max_size=12)


@given(words, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8), words), max_size=4))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_delta_does_what_its_change_set_does(body: str, edits: list[tuple[int, int, str]]) -> None:
    changed = body
    changes = ChangeSet.identity(utf16_length(body))
    for position, deleted, inserted in edits:
        start = min(position, len(changed))
        end = min(start + deleted, len(changed))
        step = ChangeSet.replace(
            utf16_length(changed), utf16_length(changed[:start]), utf16_length(changed[:end]), inserted
        )
        changed, changes = step.apply(changed), changes.compose(step)
    assert apply_deltas(body, [encode_delta(body, changes)]) == changed
    assert decode_full(encode_full(changed)) == changed


@pytest.mark.parametrize(
    "delta", [b"", b"\1garbage", b"\0\xff", b"\0\x93\x01\x02\x03", b"\0\x92\x01\x02", b"\0\x93\x01\xa1x\x02"]
)
def test_a_damaged_delta_is_noticed(delta: bytes) -> None:
    with pytest.raises(Corrupt):
        apply_deltas("some text", [delta])


def test_a_damaged_full_text_is_noticed() -> None:
    with pytest.raises(Corrupt):
        decode_full(b"not compressed")


def test_the_bound_is_what_the_database_allows() -> None:
    assert versions.FULL_TEXT_EVERY == 64
