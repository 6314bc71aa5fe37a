"""The recordings again, over real connections: the recordings' own server in a process of its own, both transports."""

import gzip
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.providers.answers import Answer, collect, provider, request, run
from tests.providers.conftest import recorded_interactions
from tests.providers.playback import recorded_response
from tests.providers.test_recordings import STREAMED, check, stop_position

FILES = [(file, [row for _, row in rows]) for file, rows in groupby(recorded_interactions(), key=lambda pair: pair[0])]
CUTS = (1, 333, 900, 2_000)


@contextmanager
def playing(folder: Path, *arguments: str) -> Iterator[str]:
    """The address of a server that plays the recordings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(folder / "serve.py"), "--port", str(port), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("listening")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def whole(recordings: Path) -> Iterator[str]:
    with playing(recordings) as address:
        yield address


@pytest.fixture(scope="module")
def in_small_pieces(recordings: Path) -> Iterator[str]:
    with playing(recordings, "--split", "7") as address:
        yield address


@pytest.fixture(scope="module", params=CUTS)
def cut(request: pytest.FixtureRequest, recordings: Path) -> Iterator[tuple[str, int]]:
    with playing(recordings, "--cut", str(request.param)) as address:
        yield address, request.param


def play(address: str, file: str, row: dict[str, Any], **settings: Any) -> Answer:
    """One answer of a recording; the server plays the interactions of a file in order."""
    base = f"{address}/r/{file.removesuffix('.yaml')}"
    return run(collect(provider(row["api"], base if row["api"] == "messages" else f"{base}/v1", **settings)))


def start_over(address: str) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /reset HTTP/1.1\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 204")


@pytest.mark.parametrize("transport", ["aiohttp", "httpx2"])
@pytest.mark.parametrize("file,rows", FILES, ids=[file for file, _ in FILES])
def test_a_recording_over_http_gives_exactly_what_was_recorded(
    whole: str, file: str, rows: list[dict[str, Any]], transport: str
) -> None:
    start_over(whole)
    for row in rows:
        answer = play(whole, file, row, transport=transport)
        check(answer, file, row)
        if answer.error is not None and row["status"] >= 400:
            assert answer.error.status == row["status"]
            told = row.get("headers", {})
            assert answer.error.request_id == told.get("request-id", told.get("x-request-id"))
            if "retry-after" in told:
                assert answer.error.retry_after == float(told["retry-after"])


@pytest.mark.parametrize("file,rows", FILES, ids=[file for file, _ in FILES])
def test_small_pieces_over_http_change_nothing(in_small_pieces: str, file: str, rows: list[dict[str, Any]]) -> None:
    start_over(in_small_pieces)
    for row in rows:
        check(play(in_small_pieces, file, row), file, row)


@pytest.mark.parametrize("transport", ["aiohttp", "httpx2"])
def test_a_connection_that_is_cut_leaves_a_broken_stream_and_its_text(
    cut: tuple[str, int], recordings: Path, transport: str
) -> None:
    address, position = cut
    broken = 0
    for file, row in STREAMED:
        if row["i"]:
            continue
        start_over(address)
        body = recorded_response(recordings, file, row["i"])[2]
        body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        answer = play(address, file, row, transport=transport)
        if position < stop_position(row["api"], body):
            assert answer.code == "broken_stream", file
            assert row["text"].startswith(answer.text)
            broken += 1
        else:
            assert answer.text == row["text"], file
    assert broken >= 5


def test_input_tokens_are_counted_by_the_provider(whole: str) -> None:
    start_over(whole)
    counted = []
    for _ in range(2):
        source = provider("messages", f"{whole}/r/anthropic/count_tokens")
        counted.append(run(_count(source)))
    assert counted == [11, 36]


async def _count(source: Any) -> int:
    try:
        found: int = await source.count_input(request())
        return found
    finally:
        await source.aclose()
