"""The product in a process of its own, on a free port, on the data of a test: as people start it, or quicker."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from app.core.drafts import Actor
from app.services.clock import system_clock
from app.services.secrets import token_hash
from app.settings import ROOT
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store.db import Database


class Process(Protocol):
    """What tests need of one."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> Any: ...


Start = Callable[[list[str], dict[str, str]], Process]
"""Starts the command with these arguments in this environment: `by_command`, or `tests.forked.forked`."""

TOKEN = "dl_kill"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from app.cli import main; main()", *arguments]


def by_command(arguments: list[str], environment: dict[str, str]) -> Process:
    """As people start it."""
    return subprocess.Popen(command_line(*arguments), cwd=ROOT, env=environment, stdout=subprocess.PIPE)


def environment(data: Path, port: int = 0, **more: str) -> dict[str, str]:
    return (
        os.environ | {"DRAFTLOOM_DATA": str(data), "DRAFTLOOM_PORT": str(port or 8000), "PYTHONPATH": str(ROOT)} | more
    )


def prepare(data: Path, drafts: int) -> list[str]:
    """A person with a token, and empty drafts."""
    data.mkdir()
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    now = system_clock()
    with db.transaction() as session:
        user = account_store.create_user(session, email="a@example.org", name="A", roles=["writer"], at=now)
        account_store.create_api_token(session, user_id=user.id, name="t", token_hash=token_hash(TOKEN), at=now)
        heads = [
            draft_store.create_stream(session, kind="document", owner_id=user.id, actor=Actor("user", user.id), at=now)
            for _ in range(drafts)
        ]
    asyncio.run(db.close())
    return [str(head.id) for head in heads]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(data: Path, *, start: Start = by_command, **more: str) -> Iterator[tuple[str, Process]]:
    """The product on a free port; killed without warning at the end if it still runs."""
    with serving_and_greeting(data, start=start, **more) as (url, process, _):
        yield url, process


@contextmanager
def serving_and_greeting(
    data: Path, *, lines: int = 1, start: Start = by_command, **more: str
) -> Iterator[tuple[str, Process, str]]:
    """The same with the first `lines` it printed: its address, and on a fresh installation the administrator's link."""
    port = free_port()
    process = start(["serve"], environment(data, port, **more))
    assert process.stdout is not None
    try:
        greeting = "".join(process.stdout.readline().decode() for _ in range(lines))
        assert "is at" in greeting, greeting
        yield f"http://127.0.0.1:{port}", process, greeting
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
