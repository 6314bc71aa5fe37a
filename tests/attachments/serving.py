"""The product in a process of its own with a message to attach to, and raw requests that can end in the middle."""

import asyncio
import json
import socket
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.services.clock import system_clock
from app.services.secrets import token_hash
from app.store import accounts as account_store
from app.store.db import Database
from app.store.goals.conversations import add_conversation
from app.store.goals.messages import begin
from tests.running import HEADERS, TOKEN


def prepared(data: Path) -> str:
    """A student with a token, and the id of a message they write."""
    data.mkdir(parents=True)
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    at = system_clock()
    with db.transaction() as session:
        user = account_store.create_user(session, email="sam@example.org", name="Sam", roles=["student"], at=at)
        account_store.create_api_token(session, user_id=user.id, name="t", token_hash=token_hash(TOKEN), at=at)
        talk, _ = add_conversation(session, student_id=user.id, instructor_id=None, goal_id=None, at=at)
        head = begin(session, conversation_id=talk.id, sender_id=user.id, message_type="daily_note", at=at, content="x")
    asyncio.run(db.close())
    return str(head.id)


def call(url: str, method: str, path: str, body: Any = None) -> Any:
    """A whole request with JSON in and out."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url + path, method=method, data=data, headers=HEADERS | {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


class Raw:
    """One request, written by hand."""

    def __init__(self, url: str, method: str, path: str, length: int, **headers: str) -> None:
        place = urlsplit(url)
        self._socket = socket.create_connection((place.hostname or "", place.port or 0))
        lines = [f"{method} {path} HTTP/1.1", f"Host: {place.netloc}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in (HEADERS | {"Connection": "close"} | headers).items()]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def cut(self) -> None:
        self._socket.close()

    def answer(self) -> tuple[int, Any]:
        """Status and JSON, once all of it was sent."""
        received = b""
        while chunk := self._socket.recv(65536):
            received += chunk
        self._socket.close()
        head, _, body = received.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)


FORM = {"Content-Type": "multipart/form-data; boundary=edge"}
FORM_END = b"\r\n--edge--\r\n"


def form_start(name: str) -> bytes:
    return f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
