"""A receiver of webhooks on a real socket: answers as it is told, and remembers what it was sent."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Heard:
    """A request as it arrived: header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HookServer:
    """`answers` are used up one by one; a status, or what to do with the connection. Without one it answers 204."""

    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    answers: deque[int | Behaviour] = field(default_factory=deque)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/hook?source=test"

    def wait(self) -> Heard:
        """The request that arrives next."""
        assert self.arrived.acquire(timeout=20), "nothing arrived"
        return self.heard[-1]


def redirect(to: str) -> Behaviour:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    """An answer whose body never ends."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65_536)
    except OSError:
        return


def silent(released: threading.Event) -> Behaviour:
    """No answer until the test is over."""
    return lambda handler: void(released.wait(30))


def void(_: Any) -> None:
    return None


@contextmanager
def hook_server() -> Iterator[HookServer]:
    state = HookServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            state.arrived.release()
            answer = state.answers.popleft() if state.answers else 204
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
