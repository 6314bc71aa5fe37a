"""Conversations with messages to hang files on, and a scanner that knows one signature."""

import socketserver
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

from app.store.db import Database
from app.store.drafting.heads import load_head
from app.store.goals.conversations import add_conversation
from app.store.goals.messages import begin, publish, take_back
from tests.attachments.samples import EICAR
from tests.conftest import Person, World


@dataclass
class Talk:
    """A student and an instructor with a message of the student's that is still a draft, and one that is published."""

    world: World
    student: Person
    instructor: Person
    conversation: UUID
    draft: UUID
    published: UUID

    @contextmanager
    def session(self) -> Iterator[Any]:
        db = Database.open(self.world.settings.database, migrate_schema=False)
        try:
            with db.transaction() as session:
                yield session
        finally:
            db.engine.dispose()

    def publish(self, message_id: UUID) -> None:
        with self.session() as session:
            publish(session, load_head(session, message_id, lock=True), at=self.world.clock())

    def take_back(self, message_id: UUID) -> None:
        with self.session() as session:
            take_back(session, load_head(session, message_id, lock=True), at=self.world.clock())


def talk_in(world: World) -> Talk:
    student, instructor = world.person("sam", "student"), world.person("ines", "instructor")
    db = Database.open(world.settings.database, migrate_schema=False)
    at = world.clock()
    try:
        with db.transaction() as session:
            conversation, _ = add_conversation(
                session, student_id=UUID(student.id), instructor_id=UUID(instructor.id), goal_id=None, at=at
            )
            place = {"conversation_id": conversation.id, "sender_id": UUID(student.id), "message_type": "daily_note"}
            draft = begin(session, **place, at=at, content="Secret words")
            published = publish(session, begin(session, **place, at=at, content="Twelve bars"), at=at)
            return Talk(world, student, instructor, conversation.id, draft.id, published.id)
    finally:
        db.engine.dispose()


def attach(person: Person, message_id: Any, name: str, content: bytes) -> Any:
    return person.client.post(
        f"/api/messages/{message_id}/attachments", files={"file": (name, content)}, headers=person.headers
    )


def settled(person: Person, attachment_id: str, *, but: str = "pending") -> dict[str, Any]:
    """The attachment once it has a verdict."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        found: dict[str, Any] = person.get(f"/api/attachments/{attachment_id}").json()
        if found["state"] != but:
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {but} after 30 seconds")


@dataclass
class FakeClamd:
    """A clamd that finds the test signature, in zips too. `down` closes connections unanswered."""

    address: str = ""
    down: bool = False
    most: int = 1 << 30
    seen: list[int] = field(default_factory=list)

    def answer(self, content: bytes) -> bytes:
        self.seen.append(len(content))
        contents = [content]
        if zipfile.is_zipfile(BytesIO(content)):
            with zipfile.ZipFile(BytesIO(content)) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        return b"stream: Eicar-Test FOUND\0" if any(EICAR in one for one in contents) else b"stream: OK\0"


@contextmanager
def fake_clamd() -> Iterator[FakeClamd]:
    """Speaks INSTREAM as clamd(8) describes it, over TCP."""
    clamd = FakeClamd()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if clamd.down:
                return
            command = b""
            while not command.endswith(b"\0"):
                command += self.rfile.read(1)
            if command == b"zPING\0":
                self.wfile.write(b"PONG\0")
                return
            assert command == b"zINSTREAM\0"
            content = b""
            while length := struct.unpack("!I", self.rfile.read(4))[0]:
                content += self.rfile.read(length)
                if len(content) > clamd.most:
                    self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            self.wfile.write(clamd.answer(content))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        clamd.address = f"tcp://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield clamd
        finally:
            server.shutdown()
            thread.join()
