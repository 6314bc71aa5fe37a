"""The rules that hold in the database itself, whatever a program does: tried with plain SQL on both."""

import uuid
from datetime import datetime

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.core.drafts import Actor
from app.store.accounts import create_user, delete_user
from app.store.audit import record
from app.store.db import Database
from app.store.drafts import Head, create_stream
from app.store.ledger import add_entry
from app.store.tables import Alternatives, LedgerEntry, User, metadata
from app.store.turns import RunEvent, append_run_events, running_turn, start_attempt
from app.store.versions import VersionRow, add_version
from tests.store.rows import add, add_message, create_conversation, create_turn

tables = metadata.tables


def refused(database: Database, statement, message: str | None = None) -> None:
    with pytest.raises(DBAPIError, match=message), database.transaction() as session:
        session.execute(statement)


def version(session: Session, draft: Head, now: datetime, body: str = "One.", **values) -> VersionRow:
    return add_version(session, draft.id, text=body, seq=draft.seq, source="user", at=now, **values)


@pytest.fixture
def other_draft(database: Database, writer: User, actor: Actor, now: datetime) -> Head:
    with database.transaction() as session:
        return create_stream(session, kind="document", owner_id=writer.id, actor=actor, at=now)


def raw_version(draft_id: uuid.UUID, number: int, now: datetime, **values):
    row = {
        "id": uuid.uuid4(),
        "draft_id": draft_id,
        "number": number,
        "parent_id": None,
        "merged_from_id": None,
        "seq": 1,
        "source": "user",
        "words": 0,
        "words_delta": 0,
        "depth": 0,
        "hash": b"",
        "created_at": now,
        "full": b"x",
        "delta": None,
    }
    return insert(tables["versions"]).values(**(row | values))


def test_a_draft_belongs_to_an_existing_user(database: Database, draft: Head) -> None:
    stranger = uuid.uuid4()
    refused(database, update(tables["draft_streams"]).values(owner_id=stranger))
    refused(database, update(tables["drafts"]).values(user_id=stranger))


def test_a_document_belongs_to_the_owner_of_its_stream(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        other = create_user(session, email="other@example.org", name="Other", roles=[], at=now).id
    refused(database, update(tables["drafts"]).values(user_id=other))


def test_the_current_version_belongs_to_the_same_draft(
    database: Database, draft: Head, other_draft: Head, now: datetime
) -> None:
    with database.transaction() as session:
        foreign = version(session, other_draft, now)
    drafts = tables["drafts"]
    refused(database, update(drafts).where(drafts.c.id == draft.id).values(current_version_id=foreign.id))
    refused(database, update(drafts).where(drafts.c.id == draft.id).values(current_version_id=uuid.uuid4()))


def test_parents_belong_to_the_same_draft(database: Database, draft: Head, other_draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        foreign = version(session, other_draft, now)
    refused(database, raw_version(draft.id, 1, now, parent_id=foreign.id))
    refused(database, raw_version(draft.id, 1, now, merged_from_id=foreign.id))


@pytest.mark.parametrize("number", [0, 1, 3])
def test_version_numbers_have_no_gaps_and_no_doubles(
    database: Database, draft: Head, now: datetime, number: int
) -> None:
    with database.transaction() as session:
        version(session, draft, now)
    refused(database, raw_version(draft.id, number, now))


def test_the_next_version_number_is_accepted(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        version(session, draft, now)
        session.execute(raw_version(draft.id, 2, now))


@pytest.mark.parametrize(
    "values",
    [
        {"source": "robot"},
        {"full": None},
        {"delta": b"x"},
        {"depth": 1},
        {"full": None, "delta": b"x", "depth": 1},
    ],
)
def test_malformed_versions_are_refused(database: Database, draft: Head, now: datetime, values: dict) -> None:
    refused(database, raw_version(draft.id, 1, now, **values))


@pytest.mark.parametrize("values", [{"full": b"y"}, {"number": 9}, {"source": "ai_edit"}, {"hash": b"z"}])
def test_versions_never_change(database: Database, draft: Head, now: datetime, values: dict) -> None:
    with database.transaction() as session:
        version(session, draft, now)
    refused(database, update(tables["versions"]).values(**values), "immutable")


def test_a_version_may_be_named(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        version(session, draft, now)
        session.execute(update(tables["versions"]).values(label="first"))


def test_a_version_is_kept_as_long_as_its_draft(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        version(session, draft, now, make_current=False)
    refused(database, tables["versions"].delete(), "kept as long")


@pytest.mark.parametrize(
    "values",
    [
        {"type": "other"},
        {"seq": 7},
        {"payload": "{}"},
        {"hash": b"x"},
        {"at": datetime.fromisoformat("2020-01-01T00:00:00Z")},
    ],
)
def test_events_never_change(database: Database, draft: Head, values: dict) -> None:
    refused(database, update(tables["draft_events"]).values(**values), "append-only")


def test_only_the_payload_of_an_event_may_be_erased(database: Database, draft: Head) -> None:
    refused(database, update(tables["draft_events"]).values(payload=None, device="x"), "append-only")
    with database.transaction() as session:
        session.execute(update(tables["draft_events"]).values(payload=None))


def test_events_are_not_deleted(database: Database, draft: Head) -> None:
    refused(database, tables["draft_events"].delete(), "append-only")


@pytest.mark.parametrize("seq", [1, 3])
def test_event_numbers_have_no_gaps_and_no_doubles(database: Database, draft: Head, now: datetime, seq: int) -> None:
    row = {
        "draft_id": draft.id,
        "seq": seq,
        "type": "x",
        "actor_kind": "user",
        "device": "",
        "part": 0,
        "at": now,
        "payload_digest": b"",
        "prev_hash": b"",
        "hash": b"",
    }
    refused(database, insert(tables["draft_events"]).values(**row))


@pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
def test_replacing_a_row_is_no_way_around_the_rules(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        entry_id = record(session, action="user.created", at=now).id
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(
            text("INSERT OR REPLACE INTO audit_log SELECT id, at, actor_id, 'forged', target, details FROM audit_log")
        )
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(text("INSERT OR REPLACE INTO draft_events SELECT * FROM draft_events"))
    with database.transaction() as session:
        found = session.execute(select(tables["audit_log"].c.id, tables["audit_log"].c.action)).one()
    assert found == (entry_id, "user.created")


@pytest.mark.parametrize("table", ["ledger_entries", "audit_log"])
def test_ledger_and_audit_log_are_append_only(database: Database, now: datetime, table: str) -> None:
    with database.transaction() as session:
        record(session, action="user.created", at=now)
        add_entry(session, LedgerEntry(at=now, provider="p", model="m", outcome="done", status="free", amount_nano=0))
    refused(database, tables[table].update().values(at=now), "append-only")
    refused(database, tables[table].delete(), "append-only")


@pytest.mark.postgres
@pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)
def test_append_only_tables_are_not_truncated(database: Database) -> None:
    for table in ("ledger_entries", "audit_log", "draft_events", "versions"):
        refused(database, text(f"TRUNCATE {table} CASCADE"), "append-only")


@pytest.mark.parametrize(
    "table, column, value",
    [
        ("draft_streams", "status", "lost"),
        ("draft_streams", "completion", 101),
        ("drafts", "title", "x" * 256),
        ("users", "email", "Upper@Example.org"),
    ],
)
def test_values_outside_their_domain_are_refused(
    database: Database, draft: Head, table: str, column: str, value: object
) -> None:
    refused(database, text(f"UPDATE {table} SET {column} = :value").bindparams(value=value))


def test_a_draft_has_at_most_one_running_turn(database: Database, draft: Head, writer: User, now: datetime) -> None:
    with database.transaction() as session:
        conversation = create_conversation(session, draft_id=draft.id, provider="offline", model="demo", at=now)
        turn = create_turn(
            session,
            draft_id=draft.id,
            conversation_id=conversation.id,
            user_id=writer.id,
            mode="ask",
            provider="offline",
            model="demo",
            base_seq=1,
            worker_id="w",
            at=now,
        )
    turns = tables["turns"]
    with database.transaction() as session:
        row = dict(session.execute(select(turns)).mappings().one())
    refused(database, insert(turns).values(**row | {"id": uuid.uuid4()}))
    with database.transaction() as session:
        ended = {"id": uuid.uuid4(), "state": "done", "finished_at": now}
        session.execute(insert(turns).values(**row | ended))
        assert running_turn(session, draft.id).id == turn.id


def test_only_turns_of_one_group_run_at_the_same_time(
    database: Database, draft: Head, other_draft: Head, writer: User, now: datetime
) -> None:
    def group(head: Head) -> Alternatives:
        conversation = create_conversation(session, draft_id=head.id, provider="offline", model="demo", at=now)
        prompt = add_message(session, conversation=conversation, role="user", content="x", at=now)
        place = {"draft_id": head.id, "conversation_id": conversation.id, "prompt_message_id": prompt.id}
        return add(session, Alternatives(**place, created_at=now))

    with database.transaction() as session:
        first, second, foreign = group(draft), group(draft), group(other_draft)
        turn = {
            "draft_id": draft.id, "conversation_id": first.conversation_id, "user_id": writer.id, "mode": "write",
            "provider": "offline", "model": "demo", "base_seq": 1, "worker_id": "w", "at": now,
        }  # fmt: skip
        create_turn(session, **turn, alternatives_id=first.id, alternative=1)
        create_turn(session, **turn, alternatives_id=first.id, alternative=2)
        row = dict(session.execute(select(tables["turns"]).limit(1)).mappings().one())
        groups = [first.id, second.id, foreign.id]
    for group_id, number in [(groups[0], 1), (groups[1], 1), (None, None), (groups[0], None)]:
        other = {"id": uuid.uuid4(), "alternatives_id": group_id, "alternative": number}
        refused(database, insert(tables["turns"]).values(**row | other))
    ended = {"id": uuid.uuid4(), "state": "done", "finished_at": now}
    refused(database, insert(tables["turns"]).values(**row | ended | {"alternatives_id": groups[2], "alternative": 1}))
    with database.transaction() as session:
        session.execute(insert(tables["turns"]).values(**row | {"id": uuid.uuid4(), "alternative": 3}))
        session.execute(insert(tables["turns"]).values(**row | ended | {"alternatives_id": groups[1]}))


def test_a_conversation_is_left_at_a_message_of_its_own(
    database: Database, draft: Head, other_draft: Head, now: datetime
) -> None:
    with database.transaction() as session:
        own, other = (
            create_conversation(session, draft_id=head.id, provider="offline", model="demo", at=now)
            for head in (draft, other_draft)
        )
        foreign = add_message(session, conversation=other, role="user", content="x", at=now)
        place = {"conversation_id": own.id, "message_id": foreign.id}
    refused(database, insert(tables["chat_places"]).values(**place))


def test_chat_stays_within_its_draft_and_conversation(
    database: Database, draft: Head, other_draft: Head, now: datetime
) -> None:
    with database.transaction() as session:
        mine = create_conversation(session, draft_id=draft.id, provider="offline", model="demo", at=now)
        foreign = create_conversation(session, draft_id=other_draft.id, provider="offline", model="demo", at=now)
        message = add_message(session, conversation=foreign, role="user", content="hello", at=now)
    messages = tables["chat_messages"]
    row = {
        "id": uuid.uuid4(),
        "draft_id": draft.id,
        "conversation_id": mine.id,
        "role": "user",
        "content": "x",
        "metadata": {},
        "created_at": now,
    }
    refused(database, insert(messages).values(**row | {"conversation_id": foreign.id}))
    refused(database, insert(messages).values(**row | {"parent_id": message.id}))
    refused(database, insert(messages).values(**row | {"role": "tool"}))
    refused(database, insert(messages).values(**row | {"draft_id": uuid.uuid4()}))


def filled(session: Session, draft: Head, writer: User, now: datetime) -> None:
    """A row in every table that hangs on a draft, with all references set."""
    first = version(session, draft, now)
    conversation = create_conversation(session, draft_id=draft.id, provider="offline", model="demo", at=now)
    message = add_message(session, conversation=conversation, role="user", content="hello", at=now)
    turn = create_turn(
        session,
        draft_id=draft.id,
        conversation_id=conversation.id,
        user_id=writer.id,
        mode="write",
        provider="offline",
        model="demo",
        base_seq=1,
        worker_id="w",
        at=now,
        base_version_id=first.id,
        prompt_message_id=message.id,
    )
    answer = add_message(
        session, conversation=conversation, role="assistant", content="x", at=now, parent_id=message.id, turn_id=turn.id
    )
    second = version(session, draft, now, "Two.", turn_id=turn.id, author_id=writer.id)
    version(session, draft, now, "Three.", parent_id=first.id, merged_from_id=second.id)
    session.execute(
        update(tables["turns"])
        .where(tables["turns"].c.id == turn.id)
        .values(version_id=second.id, answer_message_id=answer.id)
    )
    append_run_events(session, {turn.id: [RunEvent(1, "started", "{}", now)]})
    start_attempt(session, turn_id=turn.id, attempt=1, provider="offline", model="demo", at=now)
    session.execute(insert(tables["draft_snapshots"]).values(draft_id=draft.id, seq=1, state=b"x"))
    entry = LedgerEntry(
        at=now,
        draft_id=draft.id,
        conversation_id=conversation.id,
        version_id=second.id,
        turn_id=turn.id,
        user_id=writer.id,
        provider="offline",
        model="demo",
        outcome="done",
        status="free",
        amount_nano=0,
    )
    add_entry(session, entry)
    record(session, action="draft.created", at=now, actor_id=writer.id)


HANGING_ON_A_DRAFT = [
    "draft_streams",
    "drafts",
    "draft_events",
    "draft_snapshots",
    "versions",
    "ai_conversations",
    "chat_messages",
    "turns",
    "turn_events",
    "turn_attempts",
]


def rows(session: Session, names: list[str]) -> dict[str, int]:
    return {name: session.scalar(select(func.count()).select_from(tables[name])) for name in names}


@pytest.mark.parametrize("way", ["draft", "user"])
def test_deleting_takes_everything_along_but_ledger_and_audit_log(
    database: Database, draft: Head, writer: User, now: datetime, way: str
) -> None:
    with database.transaction() as session:
        filled(session, draft, writer, now)
    with database.transaction() as session:
        assert all(rows(session, HANGING_ON_A_DRAFT).values())
    with database.transaction() as session:
        if way == "user":
            delete_user(session, writer.id)
        else:
            session.execute(tables["draft_streams"].delete())
    with database.transaction() as session:
        assert not any(rows(session, HANGING_ON_A_DRAFT).values())
        assert rows(session, ["ledger_entries", "audit_log"]) == {"ledger_entries": 1, "audit_log": 1}


def test_an_author_who_leaves_leaves_the_versions_in_others_drafts(
    database: Database, draft: Head, now: datetime
) -> None:
    with database.transaction() as session:
        guest = create_user(session, email="guest@example.org", name="Guest", roles=[], at=now)
        version(session, draft, now, author_id=guest.id)
    with database.transaction() as session:
        delete_user(session, guest.id)
    with database.transaction() as session:
        assert session.execute(select(tables["versions"].c.author_id)).all() == [(None,)]
