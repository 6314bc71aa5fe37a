"""Streaming through a whole saved turn, beside a direct connection to the same fake model server in the same run.

Every token of the fake server carries the time it was written, so its way to the client can be measured. The fake server
lies outside the project (`DRAFTLOOM_BENCH`, or `../shared/bench` beside it).
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
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


async def direct(port: int, model: str, result: Streamed) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "x"}],
    }
    started = time.monotonic()
    writer.write(http_request("POST", "/v1/chat/completions", "x", json.dumps(body).encode()))
    await read_stream(reader, result, started, b"data: [DONE]")
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


def report(name: str, result: Streamed, seconds: float, cpu: float, expected: int) -> None:
    print(
        f"{name}: first text p50 {percentile(result.first, 0.5):.1f} ms · transit p50 {percentile(result.transit, 0.5):.2f} "
        f"p99 {percentile(result.transit, 0.99):.2f} ms · {result.tokens / seconds:,.0f} tokens/s · "
        f"CPU {cpu / max(1, result.tokens) * 1000:.3f} s per 1,000 · missing {expected - result.tokens}, "
        f"reordered {result.reordered}"
    )


def main() -> None:
    if not (BENCH / "fake_sse.py").exists():
        print("streaming: no fake model server beside the project; DRAFTLOOM_BENCH names its folder")
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        fake_port = int(free.getsockname()[1])
    fake = subprocess.Popen(
        [sys.executable, "fake_sse.py", "--port", str(fake_port)], cwd=BENCH, stdout=subprocess.PIPE
    )
    assert fake.stdout is not None
    fake.stdout.readline()
    models = ["fake-150-20", "fake-500-0"]
    endpoints = json.dumps([{"name": "fake", "base_url": f"http://127.0.0.1:{fake_port}/v1", "models": models}])
    try:
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            ids = prepare(data, 64, 200)
            with served(data, DRAFTLOOM_ENDPOINTS=endpoints) as (port, pid):
                asyncio.run(through_product(port, ids[-1], "fake-150-20", Streamed()))  # loads tokenizer and SDK
                for model, stagger in (("fake-150-20", 0.15), ("fake-500-0", 0.0)):
                    tokens = int(model.split("-")[1]) * 20
                    for round_ in range(2):
                        plain = Streamed()
                        began, used = time.monotonic(), cpu_seconds(fake.pid)
                        asyncio.run(many(lambda _, m=model, r=plain: direct(fake_port, m, r), 20, stagger))
                        report(
                            f"{model} ×20 direct", plain, time.monotonic() - began, cpu_seconds(fake.pid) - used, tokens
                        )
                        saved = Streamed()
                        began, used = time.monotonic(), cpu_seconds(pid)
                        asyncio.run(
                            many(
                                lambda n, m=model, r=saved, o=round_ * 20: through_product(port, ids[o + n], m, r),
                                20,
                                stagger,
                            )
                        )
                        report(
                            f"{model} ×20 saved turn", saved, time.monotonic() - began, cpu_seconds(pid) - used, tokens
                        )
                        print(
                            f"  first text {percentile(saved.first, 0.5) - percentile(plain.first, 0.5):+.1f} ms over direct"
                        )
    finally:
        fake.terminate()
        fake.wait()
        fake.stdout.close()


if __name__ == "__main__":
    main()
