"""Sends spans to a collector: OTLP over HTTP in its JSON encoding (OpenTelemetry protocol 1.x), in the background and in batches.

A collector that is slow or down costs nobody anything: the queue is bounded, what does not fit is counted and forgotten.
Imported only where an endpoint is set.
"""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import msgspec
import structlog
from providers.transport import Timeouts, http_client

from app.metrics import Metrics
from app.settings import VERSION, TraceSettings
from app.traces import Span, Tracer, Value

log = structlog.get_logger()

_MOST_WAITING = 8_192
_BATCH = 512
_EVERY_SECONDS = 2.0
_LAST_SECONDS = 3.0
_LONGEST_PAUSE = 60.0
_TIMEOUTS = Timeouts(connect=5.0, silence=10.0)
_LATER = frozenset({429, 502, 503, 504})
"""Answers after which the protocol has the same batch sent again."""
_ERROR = 2


class TraceExport:
    """Takes spans by `add` and sends them from `start` to `stop`."""

    def __init__(self, settings: TraceSettings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._waiting: deque[Span] = deque()
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    def tracer(self) -> Tracer:
        return Tracer(self.add, share=self._settings.share)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="traces")

    async def stop(self) -> None:
        """What waits is sent once more, if the collector takes it within seconds."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(_LAST_SECONDS), self._client() as client:
                while self._waiting and await self._send_batch(client):
                    pass
        except TimeoutError:
            log.warning("traces not exported", left=len(self._waiting))

    def add(self, span: Span) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._metrics.spans.labels("dropped").inc()
            return
        self._waiting.append(span)
        if len(self._waiting) >= _BATCH:
            self._full.set()

    def _client(self) -> httpx2.AsyncClient:
        return http_client("httpx2", timeouts=_TIMEOUTS, allow_private=True)

    async def _run(self) -> None:
        pause = _EVERY_SECONDS
        async with self._client() as client:
            while True:
                try:
                    async with asyncio.timeout(pause):
                        await self._full.wait()
                except TimeoutError:
                    pass
                self._full.clear()
                sent = True
                while sent and self._waiting:
                    sent = await self._send_batch(client)
                pause = _EVERY_SECONDS if sent else min(max(1.0, pause) * 2, _LONGEST_PAUSE)
                if not sent:
                    await asyncio.sleep(pause)

    async def _send_batch(self, client: httpx2.AsyncClient) -> bool:
        """Whether the collector has them, or will never take them; otherwise they wait on."""
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        try:
            answer = await client.post(
                self._settings.endpoint,
                content=msgspec.json.encode(payload(self._settings.service_name, batch)),
                headers={"Content-Type": "application/json", **self._settings.headers},
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            self._wait_on(batch, type(error).__name__)
            return False
        except asyncio.CancelledError:  # at the stop, which sends once more
            self._waiting.extendleft(reversed(batch))
            raise
        if answer.status_code in _LATER:
            self._wait_on(batch, str(answer.status_code))
            return False
        if answer.is_success:
            if self._failing:
                log.info("traces are exported again")
            self._failing = False
            self._metrics.spans.labels("exported").inc(len(batch))
        else:
            self._metrics.spans.labels("dropped").inc(len(batch))
            self._say("traces refused by the collector", str(answer.status_code))
        return True

    def _wait_on(self, batch: list[Span], reason: str) -> None:
        self._waiting.extendleft(reversed(batch))
        self._say("traces not exported; they are sent again", reason)

    def _say(self, message: str, reason: str) -> None:
        """Once, not for each batch of an outage."""
        if not self._failing:
            log.warning(message, reason=reason)
        self._failing = True


def payload(service_name: str, spans: Sequence[Span]) -> dict[str, Any]:
    """The request of the protocol: ids in hex, times in nanoseconds as text."""
    resource = {"service.name": service_name, "service.version": VERSION}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [
                    {"scope": {"name": "draftloom", "version": VERSION}, "spans": [_span(span) for span in spans]}
                ],
            }
        ]
    }


def _span(span: Span) -> dict[str, Any]:
    attributes: dict[str, Value] = dict(span.attributes)
    if span.error:
        attributes["error.type"] = span.error
    told: dict[str, Any] = {
        "traceId": span.trace_id,
        "spanId": span.id,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.started_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": _attributes(attributes),
    }
    if span.parent_id:
        told["parentSpanId"] = span.parent_id
    if span.error:
        told["status"] = {"code": _ERROR}
    return told


def _attributes(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": value}
