"""Plays recorded HTTP answers in-process, below the SDKs: in any pieces, compressed as recorded, cut anywhere."""

import base64
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def _interactions(file: Path) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.load(file.read_bytes(), Loader=_LOADER)["interactions"]
    return loaded


def recorded_response(folder: Path, file: str, index: int) -> tuple[int, dict[str, str], bytes]:
    """(status, headers with lower-case names, body bytes as they were on the wire) of one recorded interaction."""
    response = _interactions(folder / file)[index]["response"]
    status = response["status"]
    held = response.get("body")
    body = held.get("string") if isinstance(held, dict) else held
    if isinstance(held, dict) and "base64_string" in held:
        body = base64.b64decode(held["base64_string"])
    raw = body if isinstance(body, bytes) else (body or "").encode()
    headers = {
        name.lower(): value[0] if isinstance(value, list) else value
        for name, value in (response.get("headers") or {}).items()
    }
    compressed = raw[:2] == b"\x1f\x8b"
    kept = {n: v for n, v in headers.items() if n not in ("content-length", "transfer-encoding", "content-encoding")}
    return (
        status["code"] if isinstance(status, dict) else status,
        {**kept, "content-encoding": "gzip"} if compressed else kept,
        raw,
    )


class Playback(httpx2.AsyncBaseTransport):
    """Answers every request with the same recorded response. `cut`: only so many bytes, then a clean end or, with
    `lost`, a connection error."""

    def __init__(
        self, response: tuple[int, dict[str, str], bytes], *, split: int = 0, cut: int | None = None, lost: bool = False
    ) -> None:
        self._response = response
        self._split = split
        self._cut = cut
        self._lost = lost
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        status, headers, body = self._response
        return httpx2.Response(status, headers=headers, stream=_Pieces(body, self._split, self._cut, self._lost))


class _Pieces(httpx2.AsyncByteStream):
    def __init__(self, body: bytes, split: int, cut: int | None, lost: bool) -> None:
        self._body = body if cut is None else body[:cut]
        self._split = split
        self._lost = lost

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._split:
            for start in range(0, len(self._body), self._split):
                yield self._body[start : start + self._split]
        else:
            parts = self._body.split(b"\n\n")
            for place, part in enumerate(parts):
                piece = part + (b"\n\n" if place < len(parts) - 1 else b"")
                if piece:
                    yield piece
        if self._lost:
            raise httpx2.RemoteProtocolError("peer closed connection without sending complete message body")


Install = Callable[[httpx2.AsyncBaseTransport], None]


def installer(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes providers use a given transport instead of the network."""

    def install(transport: httpx2.AsyncBaseTransport) -> None:
        def client(name: str, **settings: Any) -> httpx2.AsyncClient:
            return httpx2.AsyncClient(transport=transport, follow_redirects=False)

        monkeypatch.setattr("providers.transport.http_client", client)

    return install
