"""Which providers there are, where their keys may go, and that one that breaks harms no other."""

import json
from collections.abc import AsyncGenerator, Mapping
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from providers.base import ModelInfo, Request, Started, Stopped, StreamEvent, Usage, UsageReport
from providers.configuration import ProviderConfig, from_environment, merged, parse_models
from providers.registry import Registry, UnknownProvider
from providers.scripted import ScriptedProvider
from providers.transport import is_public
from tests.providers.answers import collect, run
from tests.providers.raw_server import Conversation, raw_server
from tests.providers.wire_server import speak

ENDPOINT = {
    "name": "local",
    "base_url": "http://127.0.0.1:1/v1",
    "models": ["llama", {"id": "qwen", "tools": False}],
    "context": 8192,
}


class AcmeProvider:
    """What a third party's package would bring."""

    id, label, kind, configured = "acme", "Acme", "acme", True

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.greeting = environ.get("ACME_GREETING", "")

    async def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        yield Started("acme-1", self.greeting)
        yield UsageReport(Usage(input_tokens=1))
        yield Stopped("end", "end")

    def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("acme-1", "Acme 1"),)

    def supports_tools(self, model: str) -> bool:
        return False

    async def aclose(self) -> None:
        return None


def crashing(environ: Mapping[str, str]) -> AcmeProvider:
    raise RuntimeError("acme licence expired")


def not_a_provider(environ: Mapping[str, str]) -> str:
    return "surprise"


def point(name: str, function: str) -> EntryPoint:
    return EntryPoint(name, f"tests.providers.test_registry:{function}", "draftloom.providers")


def build(environ: Mapping[str, str] | None = None, *configs: ProviderConfig, **more: Any) -> Registry:
    return Registry.build(environ or {}, configs, find_packages=more.pop("find_packages", list), **more)


def listed(registry: Registry) -> dict[str, Any]:
    return {entry.id: entry for entry in registry.entries()}


def test_without_any_setting_the_offline_demo_is_the_default() -> None:
    registry = build()
    assert registry.default() == ("offline", "offline-demo")
    entries = listed(registry)
    assert list(entries) == ["anthropic", "openai", "offline"]
    assert not entries["anthropic"].configured
    assert entries["anthropic"].key_source is None
    run(registry.aclose())


def test_keys_and_endpoints_of_the_environment_make_providers() -> None:
    registry = build({"ANTHROPIC_API_KEY": "k", "DRAFTLOOM_ENDPOINTS": json.dumps([ENDPOINT])})
    entries = listed(registry)
    assert (entries["anthropic"].configured, entries["anthropic"].key_source) == (True, "environment")
    assert registry.default()[0] == "anthropic"
    local = registry.get("local")
    assert [(model.id, model.context_tokens) for model in local.models()] == [("llama", 8192), ("qwen", 8192)]
    assert (local.supports_tools("llama"), local.supports_tools("qwen")) == (True, False)
    assert entries["local"].base_url == "http://127.0.0.1:1/v1"


def test_the_default_can_be_chosen() -> None:
    registry = build({"ANTHROPIC_API_KEY": "k", "DRAFTLOOM_DEFAULT_MODEL": "offline/offline-demo"})
    assert registry.default() == ("offline", "offline-demo")
    missing = build({"ANTHROPIC_API_KEY": "k", "DRAFTLOOM_DEFAULT_MODEL": "nowhere/model"})
    assert missing.default()[0] == "anthropic"


@pytest.mark.parametrize(
    "value,problem",
    [
        ("{not json", "not valid JSON"),
        ('{"name": "x"}', "must be a JSON list"),
        ('[{"base_url": "http://x"}]', "has no name"),
        ('[{"name": "x", "base_url": "ftp://x"}]', "http or https"),
        ('[{"name": "anthropic", "base_url": "http://x"}]', "is taken"),
        ('[{"name": "x", "base_url": "http://x", "models": "llama"}]', "must be a list"),
        ('[{"name": "x", "base_url": "http://x", "models": [5]}]', "must be an id"),
    ],
)
def test_a_mistake_in_the_endpoints_is_told_and_harms_nothing_else(value: str, problem: str) -> None:
    registry = build({"DRAFTLOOM_ENDPOINTS": value})
    told = [entry.problem for entry in registry.entries() if entry.problem]
    assert len(told) == 1
    assert problem in told[0]
    assert registry.default() == ("offline", "offline-demo")


def test_a_package_adds_a_provider_by_its_entry_point() -> None:
    registry = build({"ACME_GREETING": "hello"}, find_packages=lambda: [point("acme", "AcmeProvider")])
    answer = run(collect(registry.get("acme")))
    assert answer.started[0].id == "hello"
    assert listed(registry)["acme"].source == "package"


@pytest.mark.parametrize(
    "function,problem",
    [
        ("crashing", "RuntimeError: acme licence expired"),
        ("not_a_provider", "did not return a provider"),
        ("missing", "missing"),
    ],
)
def test_a_package_that_breaks_is_reported_and_harms_nothing_else(function: str, problem: str) -> None:
    registry = build(find_packages=lambda: [point("broken", function), point("acme", "AcmeProvider")])
    entries = listed(registry)
    assert problem in (entries["broken"].problem or "")
    assert entries["acme"].problem is None
    with pytest.raises(UnknownProvider):
        registry.get("broken")


def test_a_package_may_not_take_the_place_of_another_provider() -> None:
    registry = build(
        {"DRAFTLOOM_ENDPOINTS": '[{"name":"acme","base_url":"http://127.0.0.1:1"}]'},
        find_packages=lambda: [point("acme", "AcmeProvider")],
    )
    assert registry.get("acme").kind == "compatible"
    assert "taken" in (listed(registry)["acme (package)"].problem or "")


def test_settings_add_change_and_disable_providers_and_running_ones_go_on() -> None:
    mine = ProviderConfig(
        "mine", "compatible", "My server", base_url="https://models.example/v1", models=(ModelInfo("m", "M"),)
    )
    registry = build({}, mine)
    before = registry.get("mine")
    assert listed(registry)["mine"].source == "settings"
    registry.replace((mine,))
    assert registry.get("mine") is before, "unchanged settings keep the provider and its connections"
    registry.replace(
        (
            ProviderConfig("mine", "compatible", base_url="https://other.example/v1"),
            ProviderConfig("offline", "compatible", enabled=False),
        )
    )
    assert registry.get("mine") is not before
    with pytest.raises(UnknownProvider):
        registry.get("offline")
    registry.replace(())
    with pytest.raises(UnknownProvider):
        registry.get("mine")
    run(registry.aclose())


def test_a_key_of_the_environment_is_never_sent_to_an_address_from_the_page() -> None:
    environment, _ = from_environment({"OPENAI_API_KEY": "operator's key"})
    page = ProviderConfig("openai", "openai", base_url="https://attacker.example/v1", label="Ours", enabled=True)
    config = next(config for config in merged(environment, [page]) if config.id == "openai")
    assert (config.api_key, config.base_url, config.label) == ("operator's key", None, "Ours")


def test_the_page_s_key_and_address_count_where_the_environment_has_none() -> None:
    environment, _ = from_environment({})
    page = ProviderConfig("openai", "openai", api_key="k", base_url="https://proxy.example/v1")
    config = next(config for config in merged(environment, [page]) if config.id == "openai")
    assert (config.api_key, config.base_url, config.allow_private, config.key_source) == (
        "k",
        "https://proxy.example/v1",
        False,
        "settings",
    )


def test_settings_never_show_a_key() -> None:
    registry = build(
        {"ANTHROPIC_API_KEY": "very-secret"},
        ProviderConfig("mine", "compatible", api_key="also-secret", base_url="https://x.example"),
    )
    assert "secret" not in repr(registry.entries())
    assert "secret" not in repr(registry._held)


def test_an_endpoint_of_the_environment_is_answered_over_http() -> None:
    async def ask() -> tuple[str, list[str]]:
        async def speaks(talk: Conversation) -> None:
            await speak(talk)

        async with raw_server(speaks) as server:
            registry = build(
                {"DRAFTLOOM_ENDPOINTS": json.dumps([{"name": "wire", "base_url": server.address, "models": ["m"]}])}
            )
            answer = await collect(registry.get("wire"))
            await registry.aclose()
            return answer.text, [asked.path for asked in server.asked]

    text, paths = run(ask())
    assert text == "This answer comes from a local server made for tests."
    assert paths == ["/v1/chat/completions"]


def test_given_providers_come_before_the_offline_demo_and_are_closed_with_the_rest() -> None:
    scripted = ScriptedProvider()
    registry = build(extra=[scripted])
    assert registry.default() == ("scripted", "scripted-1")
    run(registry.aclose())
    assert scripted.closed
    assert registry.entries() == ()


def test_models_of_settings_are_checked() -> None:
    assert parse_models([{"id": "a", "label": "A", "context": 10, "max_output": 5}]) == (ModelInfo("a", "A", 10, 5),)
    assert parse_models([{"id": "a", "context": -1}]) == (ModelInfo("a", "a"),)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "1.1.1.1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1%eth0", "fc00::1",
     "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "255.255.255.255"],
)  # fmt: skip
def test_private_and_special_addresses_are_not(address: str) -> None:
    assert not is_public(address)
