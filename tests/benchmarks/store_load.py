"""A small closed-loop HTTP client for `bench_store_append.py`: raw asyncio, so that it takes less of the two cores than the server.

usage: store_load.py PORT PATH CONNECTIONS SECONDS < draft ids, one per line
Prints one JSON line: {"per_second", "p50_ms", "p99_ms", "errors"}.
"""

import asyncio
import json
import sys
import time
import uuid

import uvloop

TEXT_LENGTH = 20_000


class Connection(asyncio.Protocol):
    """One request at a time; the answer has a Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""
        self.answer: asyncio.Future[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) >= length and self.answer is not None:
            answer, self.answer, whole, self.buffer = self.answer, None, self.buffer, b""
            answer.set_result(whole)

    def send(self, request: bytes) -> asyncio.Future[bytes]:
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answer


async def client(port: int, path: str, draft: str, *, until: float, latencies: list[float]) -> int:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    replica, n, seq, errors = uuid.uuid4().hex, 0, 1, 0
    while (started := time.perf_counter()) < until:
        n += 1
        # A word in, a word out, at changing places: the text stays as long as it was.
        place = 37 + (n * 911) % (TEXT_LENGTH - 100)
        changes = [place, [9, f"word{n % 10000:05d}"], TEXT_LENGTH - place - 9]
        command = {"replica": replica, "n": n, "base_seq": seq, "ops": [{"field": "text", "changes": changes}]}
        body = json.dumps(command).encode()
        head = f"POST {path}/{draft} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        answer = await connection.send(head + body)
        latencies.append(time.perf_counter() - started)
        if answer.startswith(b"HTTP/1.1 200"):
            seq = int(answer.rpartition(b"\r\n\r\n")[2].split(b'"seq":', 1)[1].split(b",", 1)[0])
        else:
            errors += 1
    connection.transport.close()
    return errors


async def main() -> None:
    port, path, connections, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    drafts = sys.stdin.read().split()
    latencies: list[float] = []
    started = time.perf_counter()
    errors = await asyncio.gather(
        *(
            client(port, path, drafts[i % len(drafts)], until=started + seconds, latencies=latencies)
            for i in range(connections)
        )
    )
    elapsed = time.perf_counter() - started
    ordered = sorted(latencies)
    print(
        json.dumps(
            {
                "per_second": round(len(ordered) / elapsed),
                "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
                "p99_ms": round(ordered[len(ordered) * 99 // 100] * 1000, 2),
                "errors": sum(errors),
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(main())
