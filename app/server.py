"""The HTTP server around the application: uvicorn on uvloop, told how to start and how to stop, and how to be rid of a
websocket whose other end reads nothing."""

import gc
import socket
import sys
from typing import Any

import click
import uvicorn
from litestar import Litestar
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.main import create_app
from app.settings import Settings

_GRACE_SECONDS = 10
_SWITCH_SECONDS = 0.001
"""So long may a thread that computes (search index, tokens of a long text) keep the interpreter while the event loop has
something to send; Python's own 5 ms are what a streamed word may take in all."""

LAST_WORD_SECONDS = 5.0
"""So long may the other end of a full websocket take to read why it is closed."""


class Server(uvicorn.Server):
    """Greets once it answers, so that what is printed can be opened."""

    def __init__(self, config: uvicorn.Config, *, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            settle_garbage()
            click.echo(self._greeting)


class WebSockets(WebSocketsSansIOProtocol):
    """Websockets that end also when the other end reads nothing.

    Otherwise closing waits until what was written before has been taken, which then never happens, and keeps all of it.
    """

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and not self.writable.is_set():
            self.loop.call_later(LAST_WORD_SECONDS, self.transport.abort)
            self.writable.set()
        await super().send(message)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if not self.writable.is_set():
            self.transport.abort()


def settle_garbage() -> None:
    """Keep the collector from walking the 300,000 objects of the frameworks again and again while requests wait.

    Measured at 100 connections of autosaves: 15 % more a second, the slowest hundredth three times as fast.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def serve(settings: Settings, *, greeting: str, app: Litestar | None = None) -> bool:
    """Serve until interrupted; running turns then end as interrupted, with their text. False when it could not start."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    server = Server(configuration(settings, app or create_app(settings)), greeting=greeting)
    server.run()
    return server.started


def configuration(settings: Settings, app: Litestar) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws=WebSockets,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
        backlog=2048,
    )
