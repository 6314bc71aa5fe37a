"""Streaming through a whole saved turn, beside a direct connection to the same fake model server and beside a bare
reference in the same run.

Every token of the fake server carries the time it was written, so its way to the client can be measured. The reference is
the least a server of the same stack can do: it passes the tokens on and saves question, answer and usage, but has no
accounts, prompts, run log, prices or sums. Both lie outside the project (`DRAFTLOOM_BENCH`, or `../shared/bench` beside it).
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.settings import ROOT
from tests.benchmarks.bench_autosave import TOKEN, prepare
from tests.benchmarks.load import http_request
from tests.benchmarks.server import served

BENCH = Path(os.environ.get("DRAFTLOOM_BENCH", ROOT.parent / "shared" / "bench"))
STAMP = re.compile(rb"@(\d{9,17}) ")


@dataclass
class Streamed:
    """What one or many streams took: milliseconds to the first text, of each token's transit, and tokens seen."""

    first: list[float] = field(default_factory=list)
    transit: list[float] = field(default_factory=list)
    tokens: int = 0
    reordered: int = 0

    def add(self, data: bytes, started: float, last: list[int], tail: bytes) -> bytes:
        now = time.monotonic()
        data = tail + data
        end = 0
        for match in STAMP.finditer(data):
            stamp = int(match[1])
            if not last:
                self.first.append((now - started) * 1000)
            elif stamp < last[-1]:
                self.reordered += 1
            last[:] = [stamp]
            self.transit.append(now * 1000 - stamp / 1000)
            self.tokens += 1
            end = match.end()
        return data[max(end, len(data) - 40) :]


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def read_stream(reader: asyncio.StreamReader, result: Streamed, started: float, end: bytes) -> None:
    last: list[int] = []
    tail = b""
    seen = b""
    while end not in seen:
        data = await reader.read(65536)
        if not data:
            return
        tail = result.add(data, started, last, tail)
        seen = (seen + data)[-200:]


async def direct(port: int, model: str, result: Streamed, end: bytes = b"data: [DONE]") -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "x"}],
    }
    started = time.monotonic()
    writer.write(http_request("POST", "/v1/chat/completions", "x", json.dumps(body).encode()))
    await read_stream(reader, result, started, end)
    writer.close()


async def through_product(port: int, draft: str, model: str, result: Streamed) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    order = {"mode": "ask", "prompt": "Say something long.", "provider": "fake", "model": model}
    started = time.monotonic()
    writer.write(http_request("POST", f"/api/drafts/{draft}/turns", TOKEN, json.dumps(order).encode()))
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0]))
    turn = json.loads(body)["id"]
    writer.write(http_request("GET", f"/api/turns/{turn}/events", TOKEN, b""))
    await read_stream(reader, result, started, b"event: done")
    writer.close()


async def many(make: object, count: int, stagger: float) -> None:
    async def one(number: int) -> None:
        await asyncio.sleep(number * stagger)
        await make(number)  # type: ignore[operator]

    await asyncio.gather(*(one(number) for number in range(count)))


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round of streams: first text and slowest hundredth of transits in ms, processor seconds per 1,000 tokens."""

    first: float
    p99: float
    cpu: float


def report(name: str, result: Streamed, seconds: float, cpu: float, expected: int) -> Figures:
    figures = Figures(
        percentile(result.first, 0.5), percentile(result.transit, 0.99), cpu / max(1, result.tokens) * 1000
    )
    print(
        f"{name}: first text p50 {figures.first:.1f} ms · transit p50 {percentile(result.transit, 0.5):.2f} "
        f"p99 {figures.p99:.2f} ms · {result.tokens / seconds:,.0f} tokens/s · "
        f"CPU {figures.cpu:.3f} s per 1,000 · missing {expected - result.tokens}, reordered {result.reordered}"
    )
    return figures


def compare(plain: Figures, bare: Figures, saved: Figures) -> None:
    over, over_bare = saved.first - plain.first, bare.first - plain.first
    print(
        f"  first text {over:+.1f} ms over direct, the reference {over_bare:+.1f}: {over / over_bare:.2f}× · "
        f"transit p99 {saved.p99 / bare.p99:.2f}× · CPU {saved.cpu / bare.cpu:.2f}× of the reference"
    )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def beside(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server from outside the project, for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=BENCH, env=os.environ | environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("a server beside the product did not start")


def run(
    name: str, pid: int, tokens: int, stagger: float, stream: Callable[[int, Streamed], Awaitable[None]]
) -> Figures:
    """Twenty streams through one target; `pid` is the process whose time is counted."""
    result = Streamed()
    began, used = time.monotonic(), cpu_seconds(pid)
    asyncio.run(many(lambda number: stream(number, result), 20, stagger))
    return report(name, result, time.monotonic() - began, cpu_seconds(pid) - used, tokens)


def main() -> None:
    if not (BENCH / "fake_sse.py").exists():
        print("streaming: no fake model server beside the project; DRAFTLOOM_BENCH names its folder")
        return
    fake_port, bare_port = free_port(), free_port()
    upstream = f"http://127.0.0.1:{fake_port}/v1"
    models = ["fake-150-20", "fake-500-0"]
    endpoints = json.dumps([{"name": "fake", "base_url": upstream, "models": models}])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fake = stack.enter_context(beside("fake_sse.py", "--port", str(fake_port)))
        bare = stack.enter_context(
            beside(
                "proxies.py", "litestar-aiohttp", "save", f"{upstream}/chat/completions", str(bare_port),
                DB=str(folder / "reference.db"),
            )
        )  # fmt: skip
        wait_for(fake_port)
        wait_for(bare_port)
        ids = prepare(folder / "data", 128, 200)
        port, pid = stack.enter_context(served(folder / "data", DRAFTLOOM_ENDPOINTS=endpoints))
        asyncio.run(through_product(port, ids[-1], "fake-150-20", Streamed()))  # loads tokenizer and SDK
        asyncio.run(direct(bare_port, "fake-150-20", Streamed(), b"event: done"))
        used = 0
        for model, stagger, rounds in (("fake-150-20", 0.15, 3), ("fake-500-0", 0.0, 2)):
            tokens = int(model.split("-")[1]) * 20
            for _ in range(rounds):
                drafts = ids[used : used + 20]
                used += 20
                plain = run(
                    f"{model} ×20 direct", fake.pid, tokens, stagger,
                    lambda _, into, m=model: direct(fake_port, m, into),
                )  # fmt: skip
                least = run(
                    f"{model} ×20 reference", bare.pid, tokens, stagger,
                    lambda _, into, m=model: direct(bare_port, m, into, b"event: done"),
                )  # fmt: skip
                saved = run(
                    f"{model} ×20 saved turn", pid, tokens, stagger,
                    lambda number, into, m=model, d=drafts: through_product(port, d[number], m, into),
                )  # fmt: skip
                compare(plain, least, saved)


if __name__ == "__main__":
    main()
