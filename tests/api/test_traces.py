"""Traces as a collector gets them: what hangs together, what is left out, and what happens when nobody listens."""

import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.logs import _with_trace
from app.settings import ROOT, InvalidSetting, Settings, TraceSettings, settings_from
from app.traces import Span, Tracer, function_name, open_span, span
from providers.errors import Overloaded
from providers.scripted import Reply, ScriptedProvider
from tests.conftest import Person, World

SECRET = "The heron keeps the harbour's secret"


@dataclass
class Collector:
    """`answers` are statuses, used up one by one; then it takes everything."""

    port: int = 0
    answers: deque[int] = field(default_factory=deque)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    calls: int = 0

    def spans(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for body in self.bodies:
            for resource in json.loads(body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found += scope["spans"]
        return found

    def wait_for(self, name: str, *, count: int = 1) -> list[dict[str, Any]]:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            found = [one for one in self.spans() if one["name"] == name]
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{name} did not come; these did: {[one['name'] for one in self.spans()]}")


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.calls += 1
            status = collector.answers.popleft() if collector.answers else 200
            if status == 200:
                collector.bodies.append(body)
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield collector
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(settings: Settings, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("app.services.trace_export._EVERY_SECONDS", 0.05)
    traces = TraceSettings(
        endpoint=f"http://127.0.0.1:{collector.port}/v1/traces", headers={"X-Key": "k"}, service_name="looms"
    )
    return replace(settings, traces=traces)


def attributes(of: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in of["attributes"]}


def test_a_turn_is_one_trace_from_the_request_to_the_model(
    world: World, ada: Person, scripted: ScriptedProvider, collector: Collector
) -> None:
    draft = ada.draft(SECRET, title=SECRET)
    scripted.enqueue(Reply(f"Answer: {SECRET}"))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": SECRET}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    [request] = collector.wait_for("POST /api/drafts/{draft_id}/turns")
    [whole] = collector.wait_for("turn ask")
    [call] = collector.wait_for("chat script-1")
    assert request["kind"] == 2
    assert "parentSpanId" not in request
    assert whole["parentSpanId"] == request["spanId"]
    assert call["parentSpanId"] == whole["spanId"]
    assert {request["traceId"], whole["traceId"], call["traceId"]} == {request["traceId"]}
    assert attributes(request) == {
        "http.request.method": "POST", "http.route": "/api/drafts/{draft_id}/turns", "http.response.status_code": "202",
    }  # fmt: skip
    asked = attributes(call)
    assert (asked["gen_ai.provider.name"], asked["gen_ai.request.model"]) == ("scripted", "script-1")
    assert (asked["draftloom.turn.id"], attributes(whole)["draftloom.turn.state"]) == (turn["id"], "done")
    saved = [
        one for one in collector.spans() if one["name"].startswith("write ") and one["traceId"] == request["traceId"]
    ]
    assert {one["parentSpanId"] for one in saved} == {request["spanId"], whole["spanId"]}
    assert all(int(one["endTimeUnixNano"]) >= int(one["startTimeUnixNano"]) for one in collector.spans())
    everything = b"".join(collector.bodies)
    for word in ("heron", ada.token, draft["id"]):
        assert word.encode() not in everything
    assert collector.headers[0]["x-key"] == "k"
    assert b'"looms"' in everything


def test_a_provider_that_fails_is_told_by_its_code(
    world: World, ada: Person, scripted: ScriptedProvider, collector: Collector
) -> None:
    draft = ada.draft("Words")
    scripted.enqueue(*(Reply(error=Overloaded(f"no: {SECRET}", provider="scripted")) for _ in range(1)), Reply("Yes"))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": "x"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    failed, answered = sorted(collector.wait_for("chat script-1", count=2), key=lambda one: one["startTimeUnixNano"])
    assert (failed["status"], attributes(failed)["error.type"]) == ({"code": 2}, "overloaded")
    assert "status" not in answered
    assert b"heron" not in b"".join(collector.bodies)


def test_the_trace_of_the_caller_goes_on_here(ada: Person, collector: Collector) -> None:
    trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    ada.get("/api/me", headers={"traceparent": f"00-{trace}-{caller}-00"})
    ada.get("/api/tokens", headers={"traceparent": f"00-{trace}-{caller}-01"})
    ada.get("/api/drafts", headers={"traceparent": f"00-{'0' * 32}-{caller}-01"})
    ada.get("/api/actions", headers={"traceparent": "nonsense"})
    [taken] = collector.wait_for("GET /api/tokens")
    assert (taken["traceId"], taken["parentSpanId"]) == (trace, caller)
    for name in ("GET /api/drafts", "GET /api/actions"):
        [own] = collector.wait_for(name)
        assert own["traceId"] not in (trace, "0" * 32)
        assert "parentSpanId" not in own
    assert "GET /api/me" not in {one["name"] for one in collector.spans()}  # the caller did not sample it


def test_the_secret_of_a_link_is_in_no_name(world: World, ada: Person, collector: Collector) -> None:
    world.client.get("/welcome/very-secret-token")
    [request] = collector.wait_for("GET /welcome/{token}")
    assert attributes(request)["http.response.status_code"] == "404"
    assert b"very-secret-token" not in b"".join(collector.bodies)


def test_a_collector_that_is_down_loses_nothing_and_holds_nobody_up(
    world: World, ada: Person, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.trace_export._LONGEST_PAUSE", 0.05)
    collector.answers.extend([503, 429])
    assert ada.get("/api/me").status_code == 200
    assert collector.wait_for("GET /api/me")
    assert collector.calls == 3
    assert 'draftloom_spans_total{outcome="dropped"}' not in world.client.get("/metrics").text


def test_what_the_collector_refuses_is_counted_and_forgotten(world: World, ada: Person, collector: Collector) -> None:
    collector.answers.append(400)
    ada.get("/api/me")
    until = time.monotonic() + 20
    while 'draftloom_spans_total{outcome="dropped"}' not in world.client.get("/metrics").text:
        assert time.monotonic() < until
        time.sleep(0.02)
    ada.get("/api/tokens")
    assert collector.wait_for("GET /api/tokens")


def test_lines_of_the_log_say_their_trace() -> None:
    ended: list[Span] = []
    assert _with_trace(None, "", {}) == {}
    with Tracer(ended.append).request("GET /x") as request, span("inner") as inner:
        assert inner is not None
        assert _with_trace(None, "", {}) == {"trace_id": request.trace_id, "span_id": inner.id}
    assert [one.name for one in ended] == ["inner", "GET /x"]
    assert request.ended_ns >= request.started_ns


def test_nothing_happens_outside_of_a_trace() -> None:
    with span("alone") as nothing:
        assert nothing is None
        assert open_span() is None


def test_a_share_of_requests_is_sampled() -> None:
    ended: list[Span] = []
    with Tracer(ended.append, share=0).request("x"):
        pass
    with Tracer(ended.append, share=0).request("y", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        pass
    assert [one.name for one in ended] == ["y"]


def test_units_are_named_after_what_they_are_part_of() -> None:
    def unit() -> None: ...

    assert function_name(unit) == "test_units_are_named_after_what_they_are_part_of"
    assert function_name(Tracer.request) == "Tracer.request"


def test_nothing_of_it_is_loaded_where_it_is_not_set_up() -> None:
    program = (
        "import sys, app.main, app.server, tempfile, pathlib\n"
        "from app.settings import Settings\n"
        "app.main.furnish(Settings(data=pathlib.Path(tempfile.mkdtemp())))\n"
        "print([name for name in ('app.services.trace_export', 'joserfc', 'opentelemetry') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_settings_go_by_opentelemetrys_own_names() -> None:
    assert settings_from({}).traces is None
    found = settings_from(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x, a=b",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
        }
    ).traces
    assert found == TraceSettings(
        endpoint="http://collector:4318/v1/traces", headers={"authorization": "Bearer x", "a": "b"}, share=0.25
    )
    assert "Bearer" not in repr(found)


@pytest.mark.parametrize(
    "name, value",
    [("EXPORTER_OTLP_ENDPOINT", "collector:4317"), ("EXPORTER_OTLP_PROTOCOL", "grpc"), ("TRACES_SAMPLER_ARG", "often")],
)
def test_settings_that_cannot_be_used_stop_the_start(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=f"OTEL_{name}"):
        settings_from({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", f"OTEL_{name}": value})
