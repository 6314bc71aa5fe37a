"""Two workers on one PostgreSQL database: how long until a page at the other one hears of a keystroke, beside a page at
the same one, in one run.

From the moment the command is sent to the moment the hint is read; the answer to the sender beside it.
Run: python -m tests.benchmarks workers
"""

import asyncio
import tempfile
import time
from pathlib import Path

import msgspec
import websockets

from app.core.drafts import Actor
from app.services.clock import system_clock
from app.services.secrets import token_hash
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store.db import Database
from tests.benchmarks.bench_autosave import TOKEN, WORDS, command
from tests.benchmarks.bench_goals import answer
from tests.benchmarks.load import http_request
from tests.benchmarks.server import served
from tests.postgres import new_postgres, running_server

COMMANDS = 500
PAUSE_SECONDS = 0.02
SIZE = 20_000


def prepare(address: str) -> str:
    db = Database.open(address)
    now = system_clock()
    with db.transaction() as session:
        user = account_store.create_user(session, email="b@example.org", name="B", roles=["writer"], at=now)
        account_store.create_api_token(session, user_id=user.id, name="b", token_hash=token_hash(TOKEN), at=now)
        head = draft_store.create_stream(
            session,
            kind="document",
            owner_id=user.id,
            actor=Actor("user", user.id),
            at=now,
            fields={"text": (WORDS * (SIZE // len(WORDS) + 1))[:SIZE]},
        )
    db.engine.dispose()
    return str(head.id)


async def measured(ports: tuple[int, int], draft: str) -> None:
    sent: dict[int, float] = {}
    told: tuple[list[float], list[float]] = ([], [])
    answered: list[float] = []

    async def listen(port: int, into: list[float]) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/api/live", additional_headers=headers, compression=None
        ) as socket:
            await socket.send(msgspec.json.encode({"subscribe": [draft]}).decode())
            async for words in socket:
                now = time.perf_counter()
                seq = msgspec.json.decode(words).get("seq")
                if seq in sent:
                    into.append((now - sent[seq]) * 1000)

    pages = [asyncio.create_task(listen(port, into)) for port, into in zip(ports, told, strict=True)]
    await asyncio.sleep(1)
    reader, writer = await asyncio.open_connection("127.0.0.1", ports[0])
    for n in range(1, COMMANDS + 1):
        began = sent[n + 1] = time.perf_counter()
        writer.write(http_request("POST", f"/api/drafts/{draft}/commands", TOKEN, command("r", n, SIZE)))
        await answer(reader)
        answered.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    await asyncio.sleep(1)
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    for name, values in (("the sender is answered", answered), ("same worker", told[0]), ("other worker", told[1])):
        values.sort()
        print(
            f"{name}: p50 {values[len(values) // 2]:.2f} ms, p99 {values[int(len(values) * 0.99)]:.2f} ms · "
            f"{len(values)} of {COMMANDS}"
        )


def main() -> None:
    with running_server(options="-c fsync=on") as folder, tempfile.TemporaryDirectory() as data:
        for address in new_postgres(folder):
            draft = prepare(address)
            shared = {"DRAFTLOOM_DATABASE_URL": address, "DRAFTLOOM_SECRET": "the same for both"}
            with (
                served(Path(data) / "a", **shared) as (first, _),
                served(Path(data) / "b", **shared) as (second, _),
            ):
                asyncio.run(measured((first, second), draft))


if __name__ == "__main__":
    main()
