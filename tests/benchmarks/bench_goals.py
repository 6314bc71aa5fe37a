"""Goal conversations through HTTP: a page of 50 messages read, messages sent, and what it takes until the other page has one.

The floor of reading is a route of the same server that answers the same page without a database.
Run: python -m tests.benchmarks goals
"""

import asyncio
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import websockets
from sqlmodel import Session

from app.services.clock import system_clock
from app.services.secrets import token_hash
from app.store import accounts as account_store
from app.store.db import Database
from app.store.drafts import load_draft
from app.store.goals import conversations as store
from app.store.goals.messages import begin, publish
from app.store.tables import MessageAttachment, User
from tests.benchmarks.load import Load, http_request, run_load
from tests.benchmarks.server import served

STUDENT, TEACHER = "dl_student", "dl_teacher"
CONVERSATIONS = 40
MESSAGES = 60
SECONDS = 4.0
DELIVERIES = 200
LISTENERS = 200
WORDS = "Twelve bars today, hands apart; bar five **still stumbles**, so slower tomorrow.\n\n- left hand steady\n- right hand not\n"


def beginnings(session: Session, talks: int, now: datetime) -> tuple[User, User, list[UUID]]:
    """A student and an instructor with tokens, in so many conversations, each with a goal of its own."""
    student, teacher = (
        account_store.create_user(session, email=f"{role}@example.org", name=role.title(), roles=[role], at=now)
        for role in ("student", "instructor")
    )
    for person, token in ((student, STUDENT), (teacher, TEACHER)):
        account_store.create_api_token(session, user_id=person.id, name="b", token_hash=token_hash(token), at=now)
    begun = []
    for number in range(talks):
        goal = store.add_goal(session, student_id=student.id, title=f"Goal {number}", created_by=student.id, at=now)
        talk, _ = store.add_conversation(
            session, student_id=student.id, instructor_id=teacher.id, goal_id=goal.id, at=now
        )
        begun.append(talk.id)
    return student, teacher, begun


def prepare(data: Path) -> list[str]:
    """A student and an instructor in conversations of 60 messages, every fifth with a file, every tenth with replies."""
    data.mkdir(parents=True)
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    now = system_clock()
    with db.transaction() as session:
        student, teacher, talks = beginnings(session, CONVERSATIONS, now)
        for number, talk in enumerate(talks):

            def say(person: Any, type_: str, content: str, to: UUID | None = None, talk_id: UUID = talk) -> UUID:
                head = begin(
                    session, conversation_id=talk_id, sender_id=person.id, message_type=type_, content=content,
                    reply_to_id=to, at=now,
                )  # fmt: skip
                return publish(session, load_draft(session, head.id), at=now).id

            for n in range(MESSAGES):
                root = say(student, "daily_note", f"Note {n}. {WORDS}")
                if n % 5 == 0:
                    session.add(
                        MessageAttachment(
                            message_id=root, uploader_id=student.id, state="clean", filename="bar5.png",
                            original_filename="bar5.png", file_size=80_000, mime_type="image/png", sha256=b"x" * 32,
                            storage_key=f"{number}-{n}", created_at=now,
                        )
                    )  # fmt: skip
                if n % 10 == 0:
                    for reply in range(3):
                        say(teacher, "instructor_response", f"Reply {reply}", root)
    asyncio.run(db.close())
    return [str(talk) for talk in talks]


def show(name: str, load: Load, floor: Load | None = None) -> None:
    beside = (
        f" · floor {floor.per_second:,.0f}/s, p50 {floor.p50:.2f} ms: {load.per_second / floor.per_second:.0%} of it"
        if floor
        else ""
    )
    print(
        f"{name}: {load.per_second:,.0f}/s, p50 {load.p50:.2f} ms, p99 {load.p99:.2f} ms, {load.failures} failed{beside}",
        flush=True,
    )


async def reading(port: int, talks: list[str]) -> None:
    def page(base: str) -> Any:
        return lambda connection, n: http_request(
            "GET", f"{base}/{talks[(connection * 7 + n) % len(talks)]}", STUDENT, b""
        )

    for connections in (1, 32):
        floor = await run_load(port, connections=connections, seconds=SECONDS, request=page("/api/bench/conversations"))
        load = await run_load(port, connections=connections, seconds=SECONDS, request=page("/api/goals/conversations"))
        show(f"a page of 50 messages, {connections} connections", load, floor)


async def sending(port: int, talks: list[str]) -> None:
    body = msgspec.json.encode({"content": WORDS})
    for connections in (1, 32):
        load = await run_load(
            port, connections=connections, seconds=SECONDS, expect=b" 201 ",
            request=lambda connection, _: http_request(
                "POST", f"/api/goals/conversations/{talks[connection % len(talks)]}/messages", STUDENT, body
            ),
        )  # fmt: skip
        show(f"messages sent, {connections} connections", load)


async def delivering(port: int, talks: list[str]) -> None:
    """From the request that sends a message until the other page has its words, with many more pages open."""
    headers = {"Authorization": f"Bearer {TEACHER}"}
    sockets = [
        await websockets.connect(f"ws://127.0.0.1:{port}/api/live", additional_headers=headers)
        for _ in range(LISTENERS)
    ]
    for number, socket in enumerate(sockets):
        await socket.send(msgspec.json.encode({"subscribe": [talks[number % len(talks)]]}).decode())
        await heard(socket, "seq")
    path, body = f"/api/goals/conversations/{talks[0]}", msgspec.json.encode({"content": WORDS})
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    hinted, told = [], []
    for _ in range(DELIVERIES):
        started = time.perf_counter()
        writer.write(http_request("POST", f"{path}/messages", STUDENT, body))
        hint = await heard(sockets[0], "message")
        hinted.append((time.perf_counter() - started) * 1000)
        message = msgspec.json.decode(await answer(reader))
        writer.write(http_request("GET", f"{path}/changes?after={message['changed_seq'] - 1}", TEACHER, b""))
        changes = msgspec.json.decode(await answer(reader))
        assert changes["items"][-1]["id"] == hint["message"]
        told.append((time.perf_counter() - started) * 1000)
    for name, taken in (("the hint is there", hinted), ("the words are there", told)):
        taken.sort()
        p99 = taken[int(len(taken) * 0.99)]
        print(
            f"sent until {name}, {LISTENERS} pages open: p50 {statistics.median(taken):.2f} ms, p99 {p99:.2f} ms",
            flush=True,
        )
    for socket in sockets:
        await socket.close()


async def heard(socket: Any, key: str) -> dict[str, Any]:
    while True:
        hint: dict[str, Any] = msgspec.json.decode(await socket.recv())
        if key in hint:
            return hint


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0]))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        talks = prepare(data)
        with served(data) as (port, _):
            asyncio.run(reading(port, talks))
            asyncio.run(sending(port, talks))
            asyncio.run(delivering(port, talks))


if __name__ == "__main__":
    main()
