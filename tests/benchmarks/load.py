"""A small HTTP/1.1 load client: keep-alive connections in a closed loop, latencies by percentile."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a run of requests took; latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failures: int

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


async def run_load(
    port: int, *, connections: int, seconds: float, request: Callable[[int, int], bytes], expect: bytes = b" 200 "
) -> Load:
    """`request(connection, n)` gives the whole n-th request (from 1) of a connection; each waits for its answer."""
    latencies: list[float] = []
    failures = 0
    deadline = time.perf_counter() + seconds

    async def one(connection: int) -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        n = 0
        while time.perf_counter() < deadline:
            n += 1
            message = request(connection, n)
            started = time.perf_counter()
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            latencies.append((time.perf_counter() - started) * 1000)
            if expect not in head.split(b"\r\n", 1)[0]:
                failures += 1
                if failures < 3:
                    print(head.split(b"\r\n", 1)[0], body[:200])
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(connections)))
    taken = time.perf_counter() - started
    latencies.sort()
    return Load(
        len(latencies),
        taken,
        latencies[len(latencies) // 2],
        latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))],
        failures,
    )


def http_request(method: str, path: str, token: str, body: bytes) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
