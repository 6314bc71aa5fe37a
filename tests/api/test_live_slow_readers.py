"""Pages that do not read what they are told: put up with for a while, then closed, without anybody else noticing."""

import asyncio
import base64
import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import uvicorn
from websockets.sync.client import connect

from app import server as http_server
from app.main import furnish
from app.services import fanout as fanout_module
from app.services.fanout import Fanout, Listener
from app.settings import Settings
from providers.scripted import ScriptedProvider
from tests.conftest import COUNTER, Person, TurnableClock, World
from tests.conftest import served as served_in_tests

PAD = "x" * 20_000


@dataclass
class Served:
    """The product on a port of its own, its insides in reach."""

    port: int
    person: Person
    draft: UUID
    fanout: Fanout
    server: uvicorn.Server
    loop: Any

    def flood(self, hints: int) -> None:
        """Tells whoever has the draft open a lot, with pauses in which it can be sent."""
        for n in range(hints):
            self.loop.call_soon_threadsafe(self._offer, n)
            time.sleep(0.0005)

    def _offer(self, n: int) -> None:
        for listener in self.fanout.listeners(self.draft):
            listener.offer({"draft": str(self.draft), "seq": n, "pad": PAD})


@pytest.fixture
def served(
    settings: Settings, clock: TurnableClock, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    monkeypatch.setattr(fanout_module, "BEHIND_SECONDS", 1.0)
    monkeypatch.setattr(http_server, "LAST_WORD_SECONDS", 0.5)
    house = furnish(settings, clock=clock, extra_providers=(scripted,), counter=COUNTER)
    server = uvicorn.Server(http_server.configuration(settings, served_in_tests(house)))
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    loops: list[Any] = []

    def run() -> None:
        with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            loops.append(runner.get_loop())
            runner.run(server.serve([listening]))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            ada = World(client, clock, scripted, settings).person("ada")
            yield Served(port, ada, UUID(ada.draft()["id"]), house.services["fanout"], server, loops[0])
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


def wait_until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "It did not come to pass."
        time.sleep(0.02)


def deaf(served: Served) -> socket.socket:
    """A page that opens the draft and reads nothing of what it is told."""
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    page.connect(("127.0.0.1", served.port))
    key = base64.b64encode(os.urandom(16)).decode()
    page.sendall(
        f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {served.person.token}\r\n\r\n"
        .encode()
    )  # fmt: skip
    page.settimeout(10)
    assert page.recv(4096).startswith(b"HTTP/1.1 101 ")
    words = msgspec.json.encode({"subscribe": [served.draft]})
    before = len(served.fanout.listeners(served.draft))
    # A client's frame is masked; with zeros it reads as it is.
    page.sendall(bytes([0x81, 0x80 | len(words)]) + bytes(4) + words)
    wait_until(lambda: len(served.fanout.listeners(served.draft)) == before + 1)
    return page


def seen_by_the_server(served: Served) -> tuple[socket.socket, Callable[[], bool]]:
    """The same page, and whether the server still holds its connection."""
    before = set(served.server.server_state.connections)
    page = deaf(served)
    [connection] = set(served.server.server_state.connections) - before
    return page, lambda: connection in served.server.server_state.connections


def listeners() -> int:
    gc.collect()
    return sum(isinstance(thing, Listener) for thing in gc.get_objects())


def test_who_never_reads_is_closed_and_forgotten_and_others_miss_nothing(served: Served) -> None:
    known = listeners()
    address, headers = f"ws://127.0.0.1:{served.port}/api/live", {"Authorization": f"Bearer {served.person.token}"}
    with connect(address, additional_headers=headers, compression=None, max_queue=None) as good:
        good.send(msgspec.json.encode({"subscribe": [served.draft]}).decode())
        assert msgspec.json.decode(good.recv(10)) == {"draft": str(served.draft), "seq": 1}
        page, is_open = seen_by_the_server(served)
        served.flood(1_000)
        wait_until(lambda: len(served.fanout.listeners(served.draft)) == 1)
        wait_until(lambda: not is_open())
        wait_until(lambda: listeners() == known + 1)
        heard = [msgspec.json.decode(good.recv(10))["seq"] for _ in range(1_000)]
        assert heard == list(range(1_000))
        answer = served.person.post(
            f"/api/drafts/{served.draft}/commands",
            {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "title", "set": "Still here"}]},
        )
        assert answer.status_code == 200
        assert msgspec.json.decode(good.recv(10)) == {"draft": str(served.draft), "seq": answer.json()["seq"]}
        page.close()


def test_who_reads_again_in_time_is_told_why_it_was_closed(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "LAST_WORD_SECONDS", 10.0)
    page = deaf(served)
    served.flood(1_000)
    wait_until(lambda: served.fanout.listeners(served.draft) == ())
    code, reason = (1013).to_bytes(2, "big"), b"Too far behind. Connect again."
    heard = b""
    while not heard.endswith(bytes([0x88, 2 + len(reason)]) + code + reason):
        piece = page.recv(1 << 20)
        assert piece, "The connection ended without a reason."
        heard = heard[-100:] + piece
    page.sendall(bytes([0x88, 0x80 | 2]) + bytes(4) + code)
    assert page.recv(1) == b""
    page.close()


def test_a_full_connection_that_answers_no_ping_is_cut(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout_module, "BEHIND_SECONDS", 600.0)
    monkeypatch.setattr(served.server.config, "ws_ping_interval", 1.5)
    monkeypatch.setattr(served.server.config, "ws_ping_timeout", 0.5)
    page, is_open = seen_by_the_server(served)
    served.flood(1_000)
    wait_until(lambda: served.fanout.listeners(served.draft) == ())
    wait_until(lambda: not is_open())
    page.close()


def test_who_only_falls_behind_for_a_moment_is_told_to_look_again(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "BEHIND_SECONDS", 2.0)
    page = deaf(served)
    served.flood(1_000)
    page.settimeout(0.2)
    heard, until = b"", time.monotonic() + 4
    while time.monotonic() < until:
        try:
            heard += page.recv(1 << 20)
        except TimeoutError:
            continue
    assert b'{"resync":true}' in heard
    assert len(served.fanout.listeners(served.draft)) == 1
    page.close()
    wait_until(lambda: served.fanout.listeners(served.draft) == ())
