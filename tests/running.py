"""The product as people start it: in a process of its own, on a free port, on the data of a test."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.drafts import Actor
from app.services.clock import system_clock
from app.services.secrets import token_hash
from app.settings import ROOT
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store.db import Database

TOKEN = "dl_kill"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from app.cli import main; main()", *arguments]


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


@contextmanager
def serving(data: Path, **more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The product on a free port; killed without warning at the end if it still runs."""
    with serving_and_greeting(data, **more) as (url, process, _):
        yield url, process


@contextmanager
def serving_and_greeting(
    data: Path, *, lines: int = 1, **more: str
) -> Iterator[tuple[str, subprocess.Popen[bytes], str]]:
    """The same with the first `lines` it printed: its address, and on a fresh installation the administrator's link."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        command_line("serve"), cwd=ROOT, env=environment(data, port, **more), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        greeting = "".join(process.stdout.readline().decode() for _ in range(lines))
        assert "is at" in greeting, greeting
        yield f"http://127.0.0.1:{port}", process, greeting
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
