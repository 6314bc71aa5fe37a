"""The calls that are recorded as cassettes, and how they are recorded and played: one definition for both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import vcr
from vcr.cassette import Cassette

from providers.base import Request
from tests.providers.answers import WEATHER, request
from tests.providers.wire_server import UNKNOWN_MODEL, WRONG_KEY

FOLDER = Path(__file__).parent.parent.parent / "cassettes"
NEUTRAL_HOST = "provider.test"
_KEPT_HEADERS = ("content-type", "request-id", "x-request-id", "retry-after", "retry-after-ms", "x-should-retry")
_MODELS = {"messages": "claude-haiku-4-5", "responses": "gpt-5-nano", "chat": "gpt-4.1-nano"}


@dataclass(frozen=True)
class Scenario:
    """One call: its wire format, what is sent, and the error it must end in (None: it succeeds)."""

    api: str
    name: str
    asked: Request
    error: str | None = None
    wrong_key: bool = False

    @property
    def file(self) -> str:
        return f"{self.api}_{self.name}.yaml"

    @property
    def base_url(self) -> str:
        """The neutral address in the cassette."""
        return f"http://{NEUTRAL_HOST}" if self.api == "messages" else f"http://{NEUTRAL_HOST}/v1"

    def key(self, real: str | None) -> str:
        return WRONG_KEY if self.wrong_key else real or "no-real-key"


def _text(api: str) -> Scenario:
    return Scenario(api, "text", request(_MODELS[api], "Say one short sentence.", max_output_tokens=300))


def _tool(api: str) -> Scenario:
    asked = request(_MODELS[api], "Use the tool: what is the weather in Oslo?", max_output_tokens=600, tools=(WEATHER,))
    return Scenario(api, "tool", asked)


SCENARIOS = (
    _text("messages"),
    _tool("messages"),
    Scenario("messages", "wrong_key", request(_MODELS["messages"]), "auth", wrong_key=True),
    _text("responses"),
    _tool("responses"),
    Scenario("responses", "unknown_model", request(UNKNOWN_MODEL), "not_found_model"),
    _text("chat"),
    _tool("chat"),
    Scenario("chat", "wrong_key", request(_MODELS["chat"]), "auth", wrong_key=True),
)


@contextmanager
def cassette(scenario: Scenario, *, record: bool) -> Iterator[Cassette]:
    """Records into, or plays from, the scenario's file. While playing, a request that is not in it, or that is no
    longer sent like this, raises."""
    recorder = vcr.VCR(
        record_mode="all" if record else "none",
        match_on=("method", "scheme", "host", "path", "body"),
        before_record_request=_neutral_request,
        before_record_response=_bare_response,
        decode_compressed_response=True,
    )
    with recorder.use_cassette(str(FOLDER / scenario.file)) as playing:
        yield playing


def _neutral_request(sent: Any) -> Any:
    """Without key, organisation and machine: only the content type stays, and the host becomes a neutral name."""
    parts = urlsplit(sent.uri)
    path = parts.path if parts.path.startswith("/v1/") else "/v1/" + parts.path.rsplit("/v1/", 1)[-1]
    sent.uri = urlunsplit(("http", NEUTRAL_HOST, path, "", ""))
    sent.headers = {name: value for name, value in sent.headers.items() if name.lower() == "content-type"}
    return sent


def _bare_response(response: dict[str, Any]) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in response["headers"].items()}
    return {**response, "headers": {name: headers[name] for name in _KEPT_HEADERS if name in headers}}
