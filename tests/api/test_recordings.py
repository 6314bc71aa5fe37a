"""The running product against real recorded provider traffic, over loopback: what was recorded is what is stored.

The recordings lie outside the project (`DRAFTLOOM_RECORDINGS`, or `../shared/recordings` beside it) with a server that
plays them in pieces, with delays and cuts, and with the results an independent reader found in them.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from app.settings import ROOT, Settings
from providers.scripted import ScriptedProvider
from tests.api.test_turns import follow, start, text_of
from tests.conftest import TurnableClock, World

RECORDINGS = Path(os.environ.get("DRAFTLOOM_RECORDINGS", ROOT.parent / "shared" / "recordings"))

pytestmark = pytest.mark.skipif(
    not (RECORDINGS / "serve.py").exists() and os.environ.get("CI") != "true",
    reason="no recordings beside the project; DRAFTLOOM_RECORDINGS names the folder",
)

KINDS = {"messages": "anthropic", "responses": "openai", "chat": "compatible"}


def expected() -> dict[str, list[dict[str, Any]]]:
    path = RECORDINGS / "expected.json"
    return json.loads(path.read_text()) if path.exists() else {}


COMPLETE = [
    name
    for name, interactions in expected().items()
    if interactions[0]["status"] == 200 and interactions[0]["api"] in KINDS and not interactions[0]["error_in_stream"]
]


class Recorded:
    """A server that plays the recordings in one way, and a product that talks to it."""

    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self.port = port
        self.root = world.person("root", "admin", "writer")

    def ask(self, name: str, provider: str = "", index: int = 0) -> tuple[dict[str, Any], list[tuple[int, str, Any]]]:
        """One turn against a recording, from its beginning: the turn as stored, and its events."""
        httpx.post(f"http://127.0.0.1:{self.port}/reset").raise_for_status()
        wanted = expected()[name][index]
        stem = name.removesuffix(".yaml")
        kind = KINDS[wanted["api"]]
        provider = provider or "p-" + stem.replace("/", "-").replace("_", "-")[:40]
        suffix = "" if kind == "anthropic" else "/v1"
        made = self.root.put(
            f"/api/settings/providers/{provider}",
            {
                "kind": kind, "api_key": "test-key", "allow_private": True,
                "base_url": f"http://127.0.0.1:{self.port}/r/{stem}{suffix}",
                "models": [wanted["req_model"]],
            },
        )  # fmt: skip
        assert made.status_code == 200, made.text
        turn = start(self.root, self.root.draft("A text."), "ask", provider=provider, model=wanted["req_model"])
        events = follow(self.root, turn)
        view: dict[str, Any] = self.root.get(f"/api/turns/{turn['id']}").json()
        return view, events

    def ledger(self, view: dict[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.root.get(f"/api/ledger?turn_id={view['id']}").json()["items"]
        return rows


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


def served(options: list[str], tmp_path: Path) -> Iterator[Recorded]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "serve.py", "--port", str(port), *options], cwd=RECORDINGS, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(b"listening")
        clock = TurnableClock()
        settings = Settings(data=tmp_path / "data", secret="test", offline_words_per_second=0)
        app = application(furnish(settings, clock=clock, pause=no_pause))
        with TestClient(app) as client:
            yield Recorded(World(client, clock, ScriptedProvider(), settings), port)
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


@pytest.fixture(scope="module", params=[[], ["--split", "7"]], ids=["whole events", "7-byte pieces"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    yield from served(request.param, tmp_path_factory.mktemp("recorded"))


def expected_tokens(wanted: dict[str, Any]) -> dict[str, int] | None:
    """Fresh input, cache reads, cache writes, output and reasoning by each format's own rules."""
    usage = wanted["usage"]
    if not usage:
        return None
    if wanted["api"] == "messages":
        others = [part for part in usage.get("iterations") or [] if part.get("model")]
        return {
            "input_tokens": usage["input_tokens"] + sum(part["input_tokens"] for part in others),
            "cache_read_tokens": usage.get("cache_read_input_tokens") or 0,
            "cache_write_tokens": usage.get("cache_creation_input_tokens") or 0,
            "output_tokens": usage["output_tokens"] + sum(part["output_tokens"] for part in others),
        }
    read_from, details = ("input_tokens", "input_tokens_details")
    if wanted["api"] == "chat":
        read_from, details = ("prompt_tokens", "prompt_tokens_details")
    cached = (usage.get(details) or {}).get("cached_tokens") or 0
    written = (usage.get(details) or {}).get("cache_write_tokens") or 0
    return {
        "input_tokens": usage[read_from] - cached - written,
        "cache_read_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": usage["output_tokens" if wanted["api"] == "responses" else "completion_tokens"],
    }


@pytest.mark.parametrize("name", COMPLETE)
def test_a_recorded_answer_is_stored_exactly(recorded: Recorded, name: str) -> None:
    wanted = expected()[name][0]
    view, events = recorded.ask(name)
    assert view["state"] == "done", view["error"]
    assert view["text"] == text_of(events) == wanted["text"] + wanted["refusal"]
    assert view["stop_reason"] == wanted["stop"]
    tokens = expected_tokens(wanted)
    if tokens is not None:
        assert {key: view["usage"][key] for key in tokens} == tokens
        assert view["usage"]["status"] in ("reported", "unknown")
    else:
        assert view["usage"]["status"] in ("estimated", "unknown")
    rows = recorded.ledger(view)
    assert len(rows) == 1
    assert rows[0]["model_answered"] == wanted["model"]
    assert rows[0]["cost_usd"] == view["cost_usd"]
    assert (view["cost_usd"] is None) == (rows[0]["status"] == "unknown")


def test_prices_are_exact_to_the_nano_dollar(recorded: Recorded) -> None:
    # claude-sonnet-4: $3 and $15 per million, cache write for five minutes $3.75, cache read $0.30 (Anthropic, 2025).
    view, _ = recorded.ask("anthropic/cache_write_stream.yaml", provider="anthropic")
    assert view["cost_usd"] == "0.00542025"  # 18 × 3 + 1031 × 3.75 + 100 × 15, per million


ERRORS = {
    "anthropic/err400_invalid_request.yaml": "bad_request",
    "anthropic/err401_authentication.yaml": "auth",
    "anthropic/err404_model.yaml": "not_found_model",
    "openai/responses_err400_context_length.yaml": "context_too_long",
    "openai/responses_err429_insufficient_quota.yaml": "quota",
    "openai/responses_sse_error_quota_midstream.yaml": "quota",
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_becomes_a_clear_message(recorded: Recorded, name: str) -> None:
    first = next(index for index, item in enumerate(expected()[name]) if item["api"] in KINDS)
    view, events = recorded.ask(name, index=first)
    assert view["state"] == "failed"
    assert view["error"]["code"] == ERRORS[name]
    assert len(view["error"]["message"]) > 20
    assert events[-1][1] == "failed"
    assert "test-key" not in json.dumps(view)
    rows = recorded.ledger(view)
    assert [row["outcome"] for row in rows] == ["failed"]


def test_rate_limits_and_overload_are_waited_out(recorded: Recorded) -> None:
    name = "anthropic/err429_then_529_then_200.yaml"
    view, events = recorded.ask(name)
    waits = [data for _, kind, data in events if kind == "waiting"]
    assert [wait["code"] for wait in waits] == ["rate_limited", "overloaded"]
    assert waits[0]["seconds"] >= 7
    assert (view["state"], view["text"]) == ("done", expected()[name][2]["text"])
    assert sorted((row["attempt"], row["outcome"]) for row in recorded.ledger(view)) == [
        (1, "failed"), (2, "failed"), (3, "done"),
    ]  # fmt: skip


@pytest.mark.parametrize("cut", [900, 2500])
def test_a_connection_cut_in_the_middle_keeps_what_came(tmp_path: Path, cut: int) -> None:
    for recorded in served(["--cut", str(cut), "--split", "7"], tmp_path):
        for name in ("anthropic/cache_read_stream.yaml", "openai/responses_reasoning_summary_stream_gpt54.yaml"):
            view, events = recorded.ask(name)
            assert view["state"] == "failed"
            assert expected()[name][0]["text"].startswith(view["text"])
            assert view["text"] == text_of(events)
            # Where nothing had come yet it was tried again, and the recordings have no second answer.
            told = [data["code"] for _, kind, data in events if kind in ("waiting", "failed")]
            assert told[0] == "broken_stream"
            first = min(recorded.ledger(view), key=lambda row: row["attempt"])
            assert first["outcome"] == "failed"
            assert first["input_tokens"] > 0


def test_a_slow_answer_arrives_whole(tmp_path: Path) -> None:
    for recorded in served(["--delay", "0.01"], tmp_path):
        view, _ = recorded.ask("anthropic/text_stream_opus46.yaml")
        assert view["text"] == expected()["anthropic/text_stream_opus46.yaml"][0]["text"]
