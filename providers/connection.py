"""One provider's connection: an SDK client made at first use, requests as raw bytes, failures as `ProviderError`.

The SDKs give authentication, addresses and headers; their stream helpers and pydantic models are not used: they raise
on answers that are merely unusual, drop fields, and cost more CPU than everything else together. SDKs are imported at
the first request, in a worker thread: they take 45 MB and half a second each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from providers.base import StreamEvent
from providers.errors import BrokenStream, ProviderError, ServerError, TimedOut, Unreachable, error_from_body
from providers.formats.reader import AnswerReader
from providers.wire import BODY, EventFraming

if TYPE_CHECKING:
    import httpx2

# Both SDKs read this header to hand over the response unread (it is what their `with_streaming_response` sets).
# Tokens are not worth compressing: a compressor at the other end may hold them back.
_RAW = {"X-Stainless-Raw-Response": "stream", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Sdk:
    """An SDK client, the base class of the exceptions it raises, and headers for every request."""

    client: Any
    errors: type[Exception]
    headers: Mapping[str, Any] = field(default_factory=dict)


class Connection:
    """Opens requests for one provider. `make` builds the SDK client; it runs once, in a thread."""

    def __init__(self, provider: str, make: Callable[[], Sdk]) -> None:
        self._provider = provider
        self._make = make
        self._sdk: Sdk | None = None
        self._making = asyncio.Lock()

    async def answer(
        self, path: str, body: Mapping[str, Any], reader: AnswerReader
    ) -> AsyncGenerator[StreamEvent, None]:
        """The events of one answer. Raises `ProviderError`; closing the generator drops the connection."""
        import httpx2

        failure: ProviderError | None = None
        understanding = _Understanding(reader)
        async with self._open(path, body) as response:
            try:
                async with _reading(response) as read:
                    while piece := await read():
                        over = understanding.feed(piece)
                        if reader.events:
                            for event in reader.events:
                                yield event
                            reader.events = []
                        if over:
                            _spare(response)
                            break
                understanding.close()
            except ProviderError as error:
                failure = error
            except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
                failure = self._lost(error)
        failure = _conclude(reader, failure)
        for event in reader.events:
            yield event
        if failure is not None:
            failure.provider = self._provider
            raise failure

    async def ask(self, path: str, body: Mapping[str, Any] | None) -> Any:
        """A small JSON answer: POST `body`, or GET when it is None. Raises `ProviderError`."""
        async with self._open(path, body) as response:
            try:
                return msgspec.json.decode(await response.aread())
            except msgspec.DecodeError:
                raise ServerError("The provider sent an answer that cannot be read.", provider=self._provider) from None

    async def aclose(self) -> None:
        sdk, self._sdk = self._sdk, None
        if sdk is not None:
            await sdk.client.close()

    @asynccontextmanager
    async def _open(self, path: str, body: Mapping[str, Any] | None) -> AsyncIterator[httpx2.Response]:
        sdk = await self._ready()
        import httpx2

        options = {"headers": {**_RAW, **sdk.headers}}
        try:
            if body is None:
                answer = await sdk.client.get(path, cast_to=object, options=options)
            else:
                answer = await sdk.client.post(path, cast_to=object, body=body, options=options)
        except (sdk.errors, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise self._refused(error) from error
        try:
            yield answer.http_response
        finally:
            await answer.http_response.aclose()

    async def _ready(self) -> Sdk:
        if self._sdk is None:
            async with self._making:
                if self._sdk is None:
                    self._sdk = await asyncio.to_thread(self._make)
                    _silence_sdks()
        return self._sdk

    def _refused(self, error: Exception) -> ProviderError:
        """What happened before an answer began."""
        import httpx2

        response = getattr(error, "response", None)
        if isinstance(response, httpx2.Response):
            return self._status_error(response)
        causes = list(_causes(error))
        if any(isinstance(cause, httpx2.ConnectTimeout) for cause in causes):
            return Unreachable("The provider's server does not answer.", provider=self._provider)
        if any(isinstance(cause, (httpx2.TimeoutException, TimeoutError)) for cause in causes):
            return TimedOut("The provider did not answer in time.", provider=self._provider)
        if any(type(cause).__name__ == "PrivateAddress" for cause in causes):
            message = "This address leads into a private network, which is not allowed for this provider."
            return Unreachable(message, retryable=False, provider=self._provider)
        if any(isinstance(cause, (httpx2.InvalidURL, httpx2.UnsupportedProtocol)) for cause in causes):
            return Unreachable("The provider's address is not valid.", retryable=False, provider=self._provider)
        return Unreachable("The provider cannot be reached.", provider=self._provider)

    def _status_error(self, response: httpx2.Response) -> ProviderError:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.is_redirect:
            message = "The provider's address leads to another address; set the final one."
            return Unreachable(message, retryable=False, status=response.status_code, provider=self._provider)
        body: object
        try:
            body = msgspec.json.decode(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            body = "" if response.text.lstrip()[:1] == "<" else response.text  # a proxy's web page says nothing
        return error_from_body(body, status=response.status_code, headers=headers, provider=self._provider)

    def _lost(self, error: Exception) -> ProviderError:
        """What happened inside an answer."""
        import httpx2

        if any(isinstance(cause, (httpx2.TimeoutException, TimeoutError)) for cause in _causes(error)):
            return TimedOut("The provider fell silent in the middle of its answer.", provider=self._provider)
        return BrokenStream("The connection was lost in the middle of the answer.", provider=self._provider)


def _silence_sdks() -> None:
    """The SDKs log whole requests, prompts included, at the debug level; no logging setting may turn that on."""
    for name in ("anthropic", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)


class _Understanding:
    """Bytes to a reader: framed as events, or collected when the server answers with one JSON value."""

    def __init__(self, reader: AnswerReader) -> None:
        self._reader = reader
        self._framing = EventFraming()
        self._whole: list[bytes] | None = None
        self._undecided = True

    def feed(self, piece: bytes) -> bool:
        if self._undecided and (begun := piece.lstrip()):
            self._undecided = False
            if begun[:1] in (b"{", b"["):  # no line of an event stream begins so
                self._whole = []
            elif begun[:1] == b"<":
                raise ServerError("The address answered with a web page, not as a provider.")
        if self._whole is not None:
            self._whole.append(piece)
            return False
        read = self._reader.read
        over = False
        for name, data in self._framing.feed(piece):
            if over := read(name, data):
                break
        return over

    def close(self) -> None:
        if self._whole is not None:
            self._reader.read_whole(b"".join(self._whole))
            return
        for name, data in self._framing.close():
            self._reader.read(name, data)


@asynccontextmanager
async def _reading(response: httpx2.Response) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """A function that answers what has arrived of the body, and nothing at its end; decompressed if the server compressed
    it although it was asked not to."""
    encoded = response.headers.get("content-encoding", "identity").lower() != "identity"
    body = response.extensions.get(BODY)
    if body is not None and not encoded:
        yield body.read
        return
    async with aclosing(response.aiter_bytes() if encoded else response.aiter_raw()) as pieces:

        async def read() -> bytes:
            async for piece in pieces:
                if piece:
                    return piece
            return b""

        yield read


def _spare(response: httpx2.Response) -> None:
    if (body := response.extensions.get(BODY)) is not None:
        body.spare()


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            yield from seen.exceptions
        seen = seen.__cause__ or seen.__context__


def _conclude(reader: AnswerReader, failure: ProviderError | None) -> ProviderError | None:
    """Adds the closing events; returns the failure that remains. A mere loss after the stop reason loses nothing but
    perhaps usage; what the provider itself calls a failure is one even then."""
    told = failure is not None and not isinstance(failure, (BrokenStream, TimedOut))
    if reader.complete and not told:
        reader.finish()
        return None
    reader.give_up()
    return failure or BrokenStream("The answer ended before it was complete.")
