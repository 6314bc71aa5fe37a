"""How bytes travel: an httpx2 transport over aiohttp for the SDK clients, and the guard against private addresses.

Why our own transport beside the SDKs' `DefaultAioHttpClient`: that one reports a refused connection as a timeout
(openai 3.51) and has no place for the guard; the copies in the two SDKs also differ. Streaming through aiohttp costs a
fraction of httpx2's CPU (`tests/benchmarks/bench_providers.py` prints the ratio). ``httpx2`` stays selectable: cassettes
are recorded through it.
"""

from __future__ import annotations

import asyncio
import io
import ipaddress
import socket
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from providers.wire import BODY

_SPARE_SECONDS = 1.0
"""How long a connection may take to say that its answer is over, after the model said so."""

TransportName = Literal["aiohttp", "httpx2"]

_LARGE_BODY_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `connect`: until a connection stands. `silence`: without a single byte, before or inside an answer;
    long, because a reasoning model may think for minutes before its first word."""

    connect: float = 10.0
    silence: float = 300.0


class PrivateAddress(OSError):
    """The name or address leads into a private network, and this endpoint may not go there."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet: not loopback, private, link-local, shared or reserved,
    also not when wrapped into IPv6 (mapped, 6to4, Teredo, NAT64)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


class PublicResolver(AbstractResolver):
    """Resolves names and refuses those that lead to a private address.

    The addresses that were checked are the ones that are connected to, so a name that changes its answer between a
    check and the connection gains nothing.
    """

    def __init__(self) -> None:
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not found or not all(is_public(result["host"]) for result in found):
            raise PrivateAddress("this address leads into a private network")
        return found

    async def close(self) -> None:
        await self._inner.close()


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """One aiohttp session, made at the first request because it belongs to the running event loop."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None
        self._tls = httpx2.create_ssl_context()  # reads the certificates: slow, so not on the event loop

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if not self._allow_private:
            _refuse_private_literal(request.url.host)
        session = self._session
        if session is None:
            session = self._session = self._new_session()
        limits: dict[str, Any] = request.extensions.get("timeout", {})
        connect, silence = limits.get("connect"), limits.get("read")
        try:
            # Not aiohttp's `sock_read`: it sets a timer anew for each piece that arrives, a twentieth of what a token costs.
            async with asyncio.timeout(None if silence is None else silence + (connect or 0)):
                response = await session.request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    headers=request.headers.multi_items(),
                    data=_sendable(await request.aread()),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
                )
        except (aiohttp.ClientError, OSError) as error:
            raise _as_httpx(error) from error
        body = Body(response, silence=silence)
        return httpx2.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=body,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (response.reason or "").encode("latin-1"),
                BODY: body,
            },
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _new_session(self) -> aiohttp.ClientSession:
        resolver = None if self._allow_private else PublicResolver()
        connector = aiohttp.TCPConnector(ssl=self._tls, resolver=resolver, limit=0, keepalive_timeout=30.0)
        return aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Only when a proxy is set: it would also read ~/.netrc for passwords.
            trust_env=self._allow_private and bool(urllib.request.getproxies()),
        )


def _sendable(body: bytes) -> bytes | io.BytesIO | None:
    """aiohttp writes bytes in one go, which for large ones holds the event loop up."""
    return io.BytesIO(body) if len(body) > _LARGE_BODY_BYTES else body or None


class Body(httpx2.AsyncByteStream):
    """The answer's bytes. Whoever reads many small pieces takes them with `read` (it is in the response's extensions
    under `BODY`): the iterators that httpx2 wraps around a stream cost more than the reading."""

    def __init__(self, response: aiohttp.ClientResponse, *, silence: float | None = None) -> None:
        """`silence`: seconds without a byte after which a read fails, None for never."""
        self._response = response
        self._readany = response.content.readany
        self._sparing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._silence = silence
        self._waiting_since: float | None = None
        self._watch = loop.call_later(silence, self._look) if silence is not None else None

    async def read(self) -> bytes:
        """What has arrived, at least one byte; empty at the end. Raises httpx2's exceptions."""
        self._waiting_since = self._now()
        try:
            return await self._readany()
        except (aiohttp.ClientError, OSError) as error:
            raise _as_httpx(error) from error
        finally:
            self._waiting_since = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read():
            yield piece

    def spare(self) -> None:
        """The answer is understood to its end: what little may follow is read beside, and the connection kept for the next
        request, which then need not be connected and encrypted anew."""
        if not self._response.content.at_eof():
            self._sparing = asyncio.create_task(self._read_on(), name="spare connection")

    async def _read_on(self) -> None:
        try:
            async with asyncio.timeout(_SPARE_SECONDS):
                while await self._readany():
                    pass
        except (aiohttp.ClientError, OSError):
            pass  # Whatever is wrong with this connection, nobody waits for it any more.
        finally:
            self._response.close()

    async def aclose(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._sparing is None:
            self._response.close()

    def _look(self) -> None:
        """One timer for the whole answer: whoever waits now has not waited for longer than this since it was set."""
        assert self._silence is not None
        waited = 0.0 if self._waiting_since is None else self._now() - self._waiting_since
        if waited >= self._silence:
            self._response.content.set_exception(aiohttp.SocketTimeoutError("the provider sent nothing for too long"))
        else:
            self._watch = asyncio.get_running_loop().call_later(self._silence - waited, self._look)


def _as_httpx(error: Exception) -> Exception:
    """One of aiohttp's exceptions as the httpx2 one that SDKs and `connection.py` know."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx2.ConnectTimeout(str(error))
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return httpx2.ReadTimeout(str(error))
        case aiohttp.ClientConnectorError() | aiohttp.InvalidURL():
            return httpx2.ConnectError(str(error))
        case aiohttp.ServerDisconnectedError():
            return httpx2.RemoteProtocolError(str(error))
        case _:
            return httpx2.ReadError(str(error))


def _refuse_private_literal(host: str) -> None:
    """Addresses written as numbers never reach the resolver."""
    try:
        public = is_public(host)
    except ValueError:
        return  # a name
    if not public:
        raise httpx2.ConnectError("this address leads into a private network") from PrivateAddress()


def http_client(name: TransportName, *, timeouts: Timeouts, allow_private: bool) -> httpx2.AsyncClient:
    """An HTTP client for an SDK. Redirects are not followed: a key must not travel to another host.

    An endpoint that may not reach private networks always gets the aiohttp transport, which holds the guard.
    """
    timeout = httpx2.Timeout(timeouts.silence, connect=timeouts.connect)
    if name == "httpx2" and allow_private:
        return httpx2.AsyncClient(timeout=timeout, follow_redirects=False)
    return httpx2.AsyncClient(
        transport=AiohttpTransport(allow_private=allow_private), timeout=timeout, follow_redirects=False
    )
