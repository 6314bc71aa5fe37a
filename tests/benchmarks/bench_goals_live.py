"""Conversations while they are open: a thousand of them, both sides watching, a hundred messages a second.

Measured from the moment a message should be sent (also when its sender is late) until each of the two pages was told of
it; beside it, in the same run, how long the answer to its sender took, and the same with only two pages open.
Run: python -m tests.benchmarks goals_live
"""

import asyncio
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import websockets

from app.services.clock import system_clock
from app.store.db import Database
from tests.benchmarks.bench_goals import STUDENT, TEACHER, WORDS, answer, beginnings, heard
from tests.benchmarks.load import http_request
from tests.benchmarks.server import served

TALKS = 1_000
PER_SECOND = 100
SECONDS = 20
SENDERS = 16
_LOOKS = 200


def prepare(data: Path) -> list[str]:
    """A student and an instructor in a thousand conversations, each with a goal of its own."""
    data.mkdir(parents=True)
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    now = system_clock()
    with db.transaction() as session:
        _, _, talks = beginnings(session, TALKS, now)
    asyncio.run(db.close())
    return [str(talk) for talk in talks]


@dataclass
class Told:
    """When messages were due, and how many milliseconds later each page was told and each sender answered."""

    due: dict[str, float] = field(default_factory=dict)
    hints: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)

    def hear(self, hint: dict[str, Any]) -> None:
        due = self.due.get(hint.get("message", ""))
        if due is not None and hint["change"] == "created":
            self.hints.append((time.perf_counter() - due) * 1000)


async def watch(port: int, talk: str, token: str, told: Told) -> tuple[Any, asyncio.Task[None]]:
    """A page that has a conversation open, once the server has let it in."""
    address, headers = f"ws://127.0.0.1:{port}/api/live", {"Authorization": f"Bearer {token}"}
    socket = await websockets.connect(address, additional_headers=headers, compression=None, ping_interval=None)
    await socket.send(msgspec.json.encode({"subscribe": [talk]}).decode())
    await heard(socket, "seq")

    async def listen() -> None:
        async for words in socket:
            told.hear(msgspec.json.decode(words))

    return socket, asyncio.create_task(listen())


async def talking(port: int, talks: list[str], told: Told) -> None:
    """Sends at a steady pace, whatever the answers take, over a few connections."""
    began = time.perf_counter()

    async def send(sender: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for n in range(sender, PER_SECOND * SECONDS, SENDERS):
            due = began + n / PER_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            message = str(uuid.uuid4())
            told.due[message] = due
            body = msgspec.json.encode({"id": message, "content": WORDS})
            path = f"/api/goals/conversations/{talks[(n * 7) % len(talks)]}/messages"
            writer.write(http_request("POST", path, STUDENT, body))
            await answer(reader)
            told.answers.append((time.perf_counter() - due) * 1000)
        writer.close()

    await asyncio.gather(*(send(sender) for sender in range(SENDERS)))


async def measured(port: int, pid: int, talks: list[str]) -> None:
    told = Told()
    pages = []
    for start in range(0, len(talks), 50):
        opening = (watch(port, talk, token, told) for talk in talks[start : start + 50] for token in (STUDENT, TEACHER))
        pages += await asyncio.gather(*opening)
    await talking(port, talks, told)
    expected = 2 * len(told.due)
    for _ in range(_LOOKS):
        if len(told.hints) >= expected:
            break
        await asyncio.sleep(0.05)
    show(f"{len(pages):,} pages open, {PER_SECOND} messages a second", told, expected, memory(pid))
    for socket, listening in pages:
        listening.cancel()
        await socket.close()


def show(name: str, told: Told, expected: int, megabytes: float) -> None:
    def percentile(values: list[float], share: float) -> float:
        return sorted(values)[min(len(values) - 1, int(len(values) * share))]

    print(
        f"{name}: told p50 {percentile(told.hints, 0.5):.2f} ms, p99 {percentile(told.hints, 0.99):.2f} ms · "
        f"the sender answered p50 {percentile(told.answers, 0.5):.2f} ms, p99 {percentile(told.answers, 0.99):.2f} ms · "
        f"lost {expected - len(told.hints)} of {expected:,} · {megabytes:.0f} MB",
        flush=True,
    )


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        talks = prepare(data)
        with served(data) as (port, pid):
            asyncio.run(measured(port, pid, talks[:1]))
            asyncio.run(measured(port, pid, talks))


if __name__ == "__main__":
    main()
