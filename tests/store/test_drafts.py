"""The write path of drafts: commands become events once, states can be had again, conflicts are kept. On both databases."""

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session

from app.core.drafts import Actor, EventBody, parse_command
from app.core.errors import (
    DraftClosed,
    InvalidChange,
    ReplicaFork,
    ReplicaGap,
    UnknownField,
    UnknownKind,
    UnknownSeq,
)
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafting import event_log
from app.store.drafting.event_log import Origin
from app.store.drafts import (
    Appended,
    Head,
    append_bodies,
    append_command,
    create_stream,
    discard,
    events_after,
    load_draft,
    owned_head,
    receive_command,
    recover,
    state_at,
)
from app.store.errors import NotFound
from app.store.tables import DraftSnapshot, User
from app.store.upkeep.verify import verify

TEXT = "The boats came home.\n"


def command(n: int, base_seq: int, *ops: dict, replica: str = "page") -> dict:
    return {"replica": replica, "n": n, "base_seq": base_seq, "ops": list(ops)}


def insert_at(position: int, words: str, length: int) -> dict:
    changes = [part for part in (position, [0, words], length - position) if part]
    return {"field": "text", "changes": changes}


@pytest.fixture
def send(database: Database, draft: Head, actor: Actor, writer: User, now: datetime):
    """Sends one command in a transaction of its own."""

    def send(json: dict, *, at: datetime = now, actor: Actor = actor, draft_id: uuid.UUID = draft.id) -> Appended:
        with database.transaction() as session:
            return receive_command(
                session, draft_id=draft_id, user_id=writer.id, json=json, actor=actor, at=at, device="laptop"
            )

    return send


def loaded(database: Database, draft_id: uuid.UUID) -> Head:
    with database.transaction() as session:
        return load_draft(session, draft_id)


def test_a_new_draft_has_its_fields_and_one_event(database: Database, draft: Head, actor: Actor, now: datetime) -> None:
    head = loaded(database, draft.id)
    assert head == draft
    assert (head.seq, head.kind, head.state.status) == (1, "document", "open")
    assert head.state.fields == {"title": "Harbour", "description": "", "text": TEXT}
    assert (head.title, head.excerpt, head.words, head.completion) == ("Harbour", "The boats came home.", 4, 100)
    assert (head.created_at, head.saved_at, head.expires_at) == (now, now, None)
    with database.transaction() as session:
        [event] = events_after(session, draft.id, 0)
    assert (event.seq, event.type, event.actor, event.at) == (1, "draft.created", actor, now)
    assert event.payload == {"kind": "document", "fields": head.state.fields}


def test_a_kind_without_a_table_is_refused(database: Database, actor: Actor, writer: User, now: datetime) -> None:
    with pytest.raises(UnknownKind), database.transaction() as session:
        create_stream(session, kind="nonsense", owner_id=writer.id, actor=actor, at=now)


def test_a_command_changes_the_draft(database: Database, draft: Head, send, now: datetime) -> None:
    later = now + timedelta(seconds=5)
    appended = send(command(1, 1, insert_at(4, "old ", 21), {"field": "title", "set": "Port"}), at=later)
    assert (appended.seq, appended.duplicate, appended.conflicts) == (2, False, ())
    head = loaded(database, draft.id)
    assert appended.head == head
    assert head.state.fields == {"title": "Port", "description": "", "text": "The old boats came home.\n"}
    assert (head.title, head.excerpt, head.words, head.seq) == ("Port", "The old boats came home.", 5, 2)
    assert (head.autosaves, head.saved_at, head.expires_at) == (1, later, None)
    [event] = appended.events
    assert (event.replica, event.n, event.base_seq, event.device) == ("page", 1, 1, "laptop")
    with database.transaction() as session:
        assert events_after(session, draft.id, 1) == [event]


def test_a_parsed_command_does_the_same(
    database: Database, draft: Head, actor: Actor, writer: User, now: datetime
) -> None:
    parsed = parse_command("document", command(1, 1, insert_at(0, "Look: ", 21)))
    with database.transaction() as session:
        appended = append_command(session, draft_id=draft.id, user_id=writer.id, command=parsed, actor=actor, at=now)
    assert appended.head.state.fields["text"] == "Look: " + TEXT


@pytest.mark.parametrize("later_commands", [0, 2])
def test_a_repeated_command_gets_its_first_answer_again(
    database: Database, draft: Head, send, now: datetime, later_commands: int
) -> None:
    first = send(command(1, 1, insert_at(4, "old ", 21)))
    for number in range(later_commands):
        send(command(2 + number, 2 + number, {"field": "title", "set": f"Port {number}"}))
    head = loaded(database, draft.id)
    again = send(command(1, 1, insert_at(4, "old ", 21)), at=now + timedelta(hours=1))
    assert again.duplicate
    assert (again.seq, again.events, again.conflicts) == (first.seq, first.events, first.conflicts)
    assert loaded(database, draft.id) == head


@pytest.mark.parametrize("later_commands", [0, 1])
def test_other_content_under_the_same_number_is_a_fork(send, later_commands: int) -> None:
    send(command(1, 1, insert_at(4, "old ", 21)))
    if later_commands:
        send(command(2, 2, {"field": "title", "set": "Port"}))
    with pytest.raises(ReplicaFork):
        send(command(1, 1, insert_at(4, "new ", 21)))


def test_a_skipped_number_says_which_was_expected(send) -> None:
    send(command(1, 1, insert_at(4, "old ", 21)))
    with pytest.raises(ReplicaGap) as caught:
        send(command(3, 2, insert_at(4, "old ", 25)))
    assert caught.value.expected == 2
    with pytest.raises(ReplicaGap) as caught:
        send(command(9, 2, insert_at(4, "old ", 25), replica="another page"))
    assert caught.value.expected == 1
    with pytest.raises(ReplicaGap):
        send(command(2**53 - 1, 2, insert_at(4, "old ", 25)))


def test_strangers_and_missing_drafts_look_the_same(
    database: Database, draft: Head, actor: Actor, now: datetime
) -> None:
    with database.transaction() as session:
        stranger = create_user(session, email="stranger@example.org", name="S", roles=[], at=now).id
    json = command(1, 1, insert_at(4, "old ", 21))
    messages = []
    for draft_id, user_id in ((draft.id, stranger), (uuid.uuid4(), stranger)):
        with pytest.raises(NotFound) as caught, database.transaction() as session:
            receive_command(session, draft_id=draft_id, user_id=user_id, json=json, actor=actor, at=now)
        messages.append((caught.value.message, caught.value.values))
        with pytest.raises(NotFound), database.transaction() as session:
            owned_head(session, draft_id, user_id)
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    "json, error",
    [
        (command(1, 1, {"field": "text", "changes": [3]}), InvalidChange),
        (command(1, 1, {"field": "colour", "set": "red"}), UnknownField),
        (command(1, 7, insert_at(4, "old ", 21)), UnknownSeq),
    ],
)
def test_a_refused_command_changes_nothing(database: Database, draft: Head, send, json: dict, error: type) -> None:
    with pytest.raises(error):
        send(json)
    assert loaded(database, draft.id) == draft
    send(command(1, 1, insert_at(4, "old ", 21)))


def test_a_command_on_an_older_state_is_rebased(database: Database, draft: Head, send) -> None:
    send(command(1, 1, insert_at(0, "Look! ", 21), replica="phone"))
    appended = send(command(1, 1, insert_at(20, " At last.", 21), replica="laptop"))
    assert appended.conflicts == ()
    assert loaded(database, draft.id).state.fields["text"] == "Look! The boats came home. At last.\n"
    assert loaded(database, draft.id).words == 7


def test_a_whole_text_on_an_older_state_is_merged(database: Database, draft: Head, send) -> None:
    send(command(1, 1, insert_at(0, "Look! ", 21), replica="phone"))
    send(command(1, 1, {"field": "text", "replace": "The boats came home at night.\n"}, replica="client"))
    assert loaded(database, draft.id).state.fields["text"] == "Look! The boats came home at night.\n"


def test_a_conflict_is_stored_with_the_draft_and_repeated_with_a_repeated_command(
    database: Database, draft: Head, send, actor: Actor
) -> None:
    theirs = [4, [5, "ships"], 12]
    mine = [4, [5, "yachts"], 12]
    other = Actor("user", uuid.uuid4())
    send(command(1, 1, {"field": "text", "changes": theirs}, replica="phone"), actor=other)
    appended = send(command(1, 1, {"field": "text", "changes": mine}, replica="laptop"))
    [conflict] = appended.conflicts
    assert (conflict.base, conflict.theirs, conflict.mine) == ("boats", "ships", "yachts")
    assert [event.type for event in appended.events] == ["fields.edited", "conflict.opened"]
    assert appended.seq == 4
    assert loaded(database, draft.id).state.conflicts == (conflict,)
    again = send(command(1, 1, {"field": "text", "changes": mine}, replica="laptop"))
    assert again.duplicate
    assert again.conflicts == (conflict,)


def test_server_made_events_continue_the_same_log(
    database: Database, draft: Head, writer: User, now: datetime, send
) -> None:
    model = Actor("model", None)
    body = EventBody("fields.edited", {"ops": [{"field": "title", "set": "By a model"}]})
    with database.transaction() as session:
        head = owned_head(session, draft.id, writer.id, lock=True)
        head, events = append_bodies(session, head, [body], origin=Origin(model, now), manual_saves=1)
    assert (events[0].seq, events[0].replica, events[0].actor) == (2, None, model)
    assert (head.title, head.autosaves, head.manual_saves) == ("By a model", 0, 1)
    assert send(command(1, 2, {"field": "title", "set": "Mine"})).seq == 3
    with database.transaction() as session:
        assert verify(session).ok


def test_any_past_state_can_be_had_again(
    database: Database, draft: Head, send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.drafts.SNAPSHOT_EVERY", 8)
    texts = [TEXT]
    for n in range(1, 31):
        send(command(n, n, insert_at(len(texts[-1]) - 1, f" {n}", len(texts[-1]))))
        texts.append(texts[-1][:-1] + f" {n}\n")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(DraftSnapshot)) == 3
        for seq, expected in enumerate(texts, start=1):
            state = state_at(session, draft.id, seq)
            assert (state.seq, state.fields["text"]) == (seq, expected)


def test_a_state_that_never_was_is_unknown(database: Database, draft: Head) -> None:
    with pytest.raises(UnknownSeq), database.transaction() as session:
        state_at(session, draft.id, 5)


def test_events_come_in_pages(database: Database, draft: Head, send) -> None:
    for n in range(1, 8):
        send(command(n, n, {"field": "title", "set": f"Title {n}"}))
    with database.transaction() as session:
        assert [event.seq for event in events_after(session, draft.id, 2, limit=3)] == [3, 4, 5]
        assert [event.seq for event in events_after(session, draft.id, 6, limit=100)] == [7, 8]
        assert events_after(session, draft.id, 8) == []


def test_the_trash_is_entered_and_left_by_events(
    database: Database, draft: Head, writer: User, actor: Actor, now: datetime, send
) -> None:
    later = now + timedelta(days=1)
    with database.transaction() as session:
        head = discard(session, draft_id=draft.id, user_id=writer.id, actor=actor, at=later)
        assert discard(session, draft_id=draft.id, user_id=writer.id, actor=actor, at=later) == head
    assert (head.deleted_at, head.state.status, head.seq) == (later, "discarded", 2)
    with pytest.raises(DraftClosed):
        send(command(1, 2, {"field": "title", "set": "Too late"}))
    with database.transaction() as session:
        head = recover(session, draft_id=draft.id, user_id=writer.id, actor=actor, at=later)
        assert recover(session, draft_id=draft.id, user_id=writer.id, actor=actor, at=later) == head
    assert (head.deleted_at, head.state.status, head.seq) == (None, "open", 3)
    assert send(command(1, 3, {"field": "title", "set": "Back"})).seq == 4


@pytest.mark.parametrize("text", ["", "Привет, мир\n", "a 🙂 b", "日本語\n" * 50, "x" * 70_000])
def test_any_text_is_kept(database: Database, writer: User, actor: Actor, now: datetime, send, text: str) -> None:
    with database.transaction() as session:
        head = create_stream(
            session, kind="document", owner_id=writer.id, actor=actor, at=now, fields={"text": text, "title": text[:50]}
        )
    length = len(text.encode("utf-16-le")) // 2
    appended = send(command(1, 1, insert_at(length, "🙂!", length)), draft_id=head.id)
    assert loaded(database, head.id).state.fields["text"] == text + "🙂!"
    assert appended.head == loaded(database, head.id)
    with database.transaction() as session:
        assert verify(session).ok


def test_commands_of_many_pages_at_once_are_all_kept_in_one_order(
    database_address: str, draft: Head, writer: User, actor: Actor, now: datetime
) -> None:
    """Every page sends its words one after another, all pages together, from bases that are behind."""
    pages, words = 8, 12

    async def page(database: Database, number: int) -> None:
        for n in range(1, words + 1):
            json = command(n, 1, {"field": "text", "changes": [[0, f"p{number}w{n} "], 21]}, replica=f"page {number}")
            await database.write(receive_command, draft_id=draft.id, user_id=writer.id, json=json, actor=actor, at=now)

    async def main() -> Head:
        database = Database.open(database_address, migrate_schema=False)
        await asyncio.gather(*(page(database, number) for number in range(pages)))
        head = await database.read(load_draft, draft.id)
        report = await database.read(verify)
        assert report.ok, report.problems
        await database.close()
        return head

    head = asyncio.run(main())
    assert head.seq == 1 + pages * words
    assert set(head.state.fields["text"].split()) == set(TEXT.split()) | {
        f"p{number}w{n}" for number in range(pages) for n in range(1, words + 1)
    }


def test_a_remembered_head_is_not_used_once_somebody_else_wrote(
    database_address: str, draft: Head, writer: User, actor: Actor, now: datetime
) -> None:
    async def main() -> None:
        one, two = (Database.open(database_address, migrate_schema=False) for _ in range(2))
        for n in range(1, 6):
            for database, replica in ((one, "one"), (two, "two")):
                head = await database.read(load_draft, draft.id)
                length = len(head.state.fields["text"])
                json = command(n, head.seq, insert_at(length, f"{replica}{n} ", length), replica=replica)
                appended = await database.write(
                    receive_command, draft_id=draft.id, user_id=writer.id, json=json, actor=actor, at=now
                )
                assert appended.head == await database.read(load_draft, draft.id)
        text = (await one.read(load_draft, draft.id)).state.fields["text"]
        assert text == TEXT + "".join(f"one{n} two{n} " for n in range(1, 6))
        await one.close()
        await two.close()

    asyncio.run(main())


def test_a_rolled_back_command_is_not_remembered(
    database_address: str, draft: Head, writer: User, actor: Actor, now: datetime
) -> None:
    def append_and_fail(session: Session, json: dict) -> None:
        receive_command(session, draft_id=draft.id, user_id=writer.id, json=json, actor=actor, at=now)
        raise LookupError("after the append")

    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        with pytest.raises(LookupError):
            await database.write(append_and_fail, command(1, 1, insert_at(0, "lost ", 21)))
        appended = await database.write(
            receive_command,
            draft_id=draft.id,
            user_id=writer.id,
            json=command(1, 1, insert_at(0, "kept ", 21)),
            actor=actor,
            at=now,
        )
        assert appended.head.state.fields["text"] == "kept " + TEXT
        await database.close()

    asyncio.run(main())


def test_a_command_far_behind_leaves_the_event_loop(
    database_address: str, draft: Head, writer: User, actor: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    threads: list[str] = []
    past_events = event_log.past_events

    def watched(*args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread().name)
        return past_events(*args, **kwargs)

    monkeypatch.setattr(event_log, "past_events", watched)

    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)

        async def send(json: dict) -> Appended:
            return await database.write(
                receive_command, draft_id=draft.id, user_id=writer.id, json=json, actor=actor, at=now
            )

        for n in range(1, 80):
            await send(command(n, n, {"field": "title", "set": f"Title {n}"}))
        appended = await send(command(1, 1, insert_at(0, "late ", 21), replica="train"))
        assert appended.head.state.fields["text"] == "late " + TEXT
        await database.close()

    asyncio.run(main())
    assert threads
    assert threading.main_thread().name not in threads
