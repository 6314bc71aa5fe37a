"""What streaming through a provider costs, as a ratio to bare read loops measured in the same run.

``pytest tests/benchmarks/bench_providers.py -m bench -s``. A server in a process of its own sends chat completions
tokens to 20 streams at once, as fast as they are read and paced at 1,000 tokens a second each (one token a read). The
bare loops only read bytes; ours also frames, decodes and gives events. CPU is this process's own.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import aiohttp
import httpx2
import openai
import pytest

from providers.base import TextDelta
from providers.openai_chat import OpenAIChatProvider
from providers.remote import Remote
from tests.providers.answers import request

pytestmark = pytest.mark.bench

STREAMS = 20
TOKENS = 1_000
SERVER = """
import asyncio, json, sys
HEAD = b"HTTP/1.1 200 OK\\r\\ncontent-type: text/event-stream\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"
def chunk(value):
    data = b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\\n\\n"
    return b"%x\\r\\n%b\\r\\n" % (len(data), data)
def token(delta, finish=None):
    return chunk({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
                  "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
async def talk(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\\r\\n")[0])
            count, gap = json.loads(await reader.readexactly(length))["model"].split("-")
            writer.write(HEAD)
            piece, clock = token({"content": "token "}), asyncio.get_running_loop().time
            begun = clock()
            for number in range(int(count)):
                await asyncio.sleep(max(0.0, begun + number * float(gap) - clock()))
                writer.write(piece)
                await writer.drain()
            usage = {"prompt_tokens": 1, "completion_tokens": int(count)}
            writer.write(token({}, "stop") + chunk({"id": "c", "choices": [], "usage": usage}) + chunk(b"[DONE]") + b"0\\r\\n\\r\\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
async def main():
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

Read = Callable[[str], Awaitable[int]]


@dataclass
class Cost:
    """`cpu`: milliseconds of this process for 1,000 tokens; `rate`: tokens a second of all streams together."""

    cpu: float
    rate: float


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


async def measure(read: Read, model: str) -> Cost:
    await read(model)
    begun, cpu = time.perf_counter(), time.process_time()
    counts = await asyncio.gather(*(read(model) for _ in range(STREAMS)))
    used, took = time.process_time() - cpu, time.perf_counter() - begun
    assert counts == [TOKENS] * STREAMS
    return Cost(used / sum(counts) * 1_000_000, sum(counts) / took)


def body(model: str) -> bytes:
    return json.dumps({"model": model, "stream": True, "messages": []}).encode()


async def bare_aiohttp(address: str, model: str) -> Cost:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def read(model: str) -> int:
            async with session.post(f"{address}/chat/completions", data=body(model)) as response:
                return sum([piece.count(b"token ") async for piece in response.content.iter_any()])

        return await measure(read, model)


async def bare_httpx2(address: str, model: str) -> Cost:
    async with httpx2.AsyncClient(timeout=60) as client:

        async def read(model: str) -> int:
            async with client.stream("POST", f"{address}/chat/completions", content=body(model)) as response:
                return sum([piece.count(b"token ") async for piece in response.aiter_raw()])

        return await measure(read, model)


async def sdk_objects(address: str, model: str) -> Cost:
    async with openai.AsyncOpenAI(api_key="none", base_url=address) as client:

        async def read(model: str) -> int:
            chunks = await client.chat.completions.create(model=model, messages=[], stream=True)
            return sum([1 async for chunk in chunks if chunk.choices and chunk.choices[0].delta.content])

        return await measure(read, model)


async def ours(address: str, model: str, *, transport: str) -> Cost:
    provider = OpenAIChatProvider(Remote("bench", "bench", base_url=address, transport=transport))  # type: ignore[arg-type]

    async def read(model: str) -> int:
        return sum(
            [
                event.text.count("token ")
                async for event in provider.stream(request(model))
                if isinstance(event, TextDelta)
            ]
        )

    try:
        return await measure(read, model)
    finally:
        await provider.aclose()


@pytest.mark.parametrize("gap", [0.0, 0.001], ids=["as fast as read", "one token a read"])
def test_streaming_cost(address: str, gap: float, capsys: pytest.CaptureFixture[str]) -> None:
    model = f"{TOKENS}-{gap}"

    async def all_of_them() -> dict[str, Cost]:
        return {
            "bare aiohttp loop (floor)": await bare_aiohttp(address, model),
            "providers, aiohttp transport": await ours(address, model, transport="aiohttp"),
            "bare httpx2 loop": await bare_httpx2(address, model),
            "providers, httpx2 transport": await ours(address, model, transport="httpx2"),
            "SDK stream objects": await sdk_objects(address, model),
        }

    costs = asyncio.run(all_of_them())
    floor = costs["bare aiohttp loop (floor)"].cpu
    with capsys.disabled():
        print(f"\n{STREAMS} streams, {TOKENS} tokens each, gap {gap * 1000:g} ms")
        for name, cost in costs.items():
            print(
                f"  {name:30} {cost.cpu:7.2f} ms CPU/1,000 tokens  x{cost.cpu / floor:5.2f} of floor  "
                f"{1_000_000 / cost.cpu:9,.0f} tokens/s/core  {cost.rate:9,.0f} tokens/s"
            )
