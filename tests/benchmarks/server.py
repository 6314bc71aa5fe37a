"""The product as it is served, in a process of its own, with one more route: the floor that uses no database."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.main import create_app
from app.routes.security import signed_in
from app.server import serve
from app.services.clock import system_clock
from app.services.drafts import Drafts
from app.services.goals.reading import Reading
from app.services.goals.views import GoalConversationView
from app.services.views import ActorView, CommandAnswer, EventView
from app.settings import ROOT, settings_from

_decode = msgspec.json.Decoder().decode


@post("/api/bench/{draft_id:uuid}/floor", status_code=200, guards=[signed_in])
async def floor(
    draft_id: FromPath[UUID], request: Request[Any, Any, Any], drafts: NamedDependency[Drafts]
) -> CommandAnswer:
    """The route of a command but for the database: the same address, proof and body in, the same body out."""
    command = _decode(await request.body())
    event = EventView(
        command["base_seq"] + 1, "fields.edited", {"ops": command["ops"]}, ActorView("user", request.user.id, "x"), "",
        command["replica"], command["n"], command["base_seq"], system_clock(),
    )  # fmt: skip
    return CommandAnswer(command["base_seq"] + 1, [event], [])


_pages: dict[UUID, GoalConversationView] = {}


@get("/api/bench/conversations/{conversation_id:uuid}", guards=[signed_in])
async def conversation_floor(
    conversation_id: FromPath[UUID], request: Request[Any, Any, Any], reading: NamedDependency[Reading]
) -> GoalConversationView:
    """The route of a conversation's page but for the database: read once, answered again and again."""
    if conversation_id not in _pages:
        _pages[conversation_id] = await reading.page(request.user, conversation_id)
    return _pages[conversation_id]


def main() -> None:
    settings = settings_from(os.environ)
    app = create_app(settings)
    app.register(floor)
    app.register(conversation_floor)
    serve(settings, greeting="serving", app=app)


@contextmanager
def served(data: Path, **environment: str) -> Iterator[tuple[int, int]]:
    """Starts the server on fresh data; its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = os.environ | {"DRAFTLOOM_PORT": str(port), "DRAFTLOOM_DATA": str(data)} | environment
    process = subprocess.Popen(
        [sys.executable, *(os.environ.get("BENCH_SERVER") or "-m tests.benchmarks.server").split()],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


if __name__ == "__main__":
    main()
