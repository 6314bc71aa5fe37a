"""Provider settings: read from the environment, merged with an administrator's, turned into `Remote`.

The environment: ``ANTHROPIC_API_KEY``, ``ANTHROPIC_BASE_URL``, ``OPENAI_API_KEY``, ``OPENAI_BASE_URL``;
``DRAFTLOOM_ENDPOINTS``, a JSON list of ``{"name", "base_url", "api_key"?, "models": […], "context"?}``;
``DRAFTLOOM_PROVIDER_TRANSPORT`` (``aiohttp`` or ``httpx2``), ``DRAFTLOOM_PROVIDER_TIMEOUT`` (seconds of silence, 300),
``DRAFTLOOM_PROVIDER_CONNECT_TIMEOUT`` (seconds, 10).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from providers.base import ModelInfo
from providers.remote import Remote
from providers.tokens import TokenCounter

Kind = Literal["anthropic", "openai", "compatible"]
Source = Literal["environment", "settings"]
_KINDS: tuple[Kind, ...] = ("anthropic", "openai", "compatible")


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One provider's settings. `models` may be empty: then the built-in list counts, or none for an endpoint.

    `context_tokens` is the context size of models that state none. `allow_private`: the address may lead into a private
    network. `source` says where the provider comes from, `key_source` where its key and address do.
    """

    id: str
    kind: Kind
    label: str = ""
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    models: tuple[ModelInfo, ...] = ()
    context_tokens: int | None = None
    enabled: bool = True
    allow_private: bool = False
    source: Source = "settings"
    key_source: Source = "settings"


def from_environment(environ: Mapping[str, str]) -> tuple[list[ProviderConfig], list[str]]:
    """Configurations of the environment, and what is wrong with it, for people. Addresses set there are trusted.

    The two vendors are always among them, so that they can be listed as not configured.
    """
    found = [
        _vendor("anthropic", "Anthropic", environ=environ, prefix="ANTHROPIC"),
        _vendor("openai", "OpenAI", environ=environ, prefix="OPENAI"),
    ]
    listed = environ.get("DRAFTLOOM_ENDPOINTS", "").strip()
    if not listed:
        return found, []
    try:
        endpoints = json.loads(listed)
    except ValueError as error:
        return found, [f"DRAFTLOOM_ENDPOINTS is not valid JSON: {error}"]
    if not isinstance(endpoints, list):
        return found, ["DRAFTLOOM_ENDPOINTS must be a JSON list"]
    problems = []
    for number, endpoint in enumerate(endpoints, start=1):
        try:
            found.append(_endpoint(endpoint, taken={config.id for config in found}))
        except ValueError as error:
            problems.append(f"DRAFTLOOM_ENDPOINTS, entry {number}: {error}")
    return found, problems


def merged(environment: Sequence[ProviderConfig], settings: Iterable[ProviderConfig]) -> list[ProviderConfig]:
    """Environment first, then what only the settings know.

    Where both name a provider, key and address come as a pair from the environment if it has either: a key of the
    environment is never sent to an address typed into the page. Label, models, context and `enabled` follow the page.
    """
    by_id = {config.id: config for config in environment}
    for config in settings:
        if config.id == "offline" or config.kind not in _KINDS:
            continue
        known = by_id.get(config.id)
        by_id[config.id] = config if known is None else _merge_one(known, config)
    return list(by_id.values())


def remote_of(config: ProviderConfig, environ: Mapping[str, str], *, counter: TokenCounter) -> Remote:
    """The connection settings of `config`, with what the environment says for all providers."""
    models = tuple(
        model if model.context_tokens is not None else replace(model, context_tokens=config.context_tokens)
        for model in config.models
    )
    labels = {"anthropic": "Anthropic", "openai": "OpenAI"}
    return Remote(
        config.id,
        config.label or labels.get(config.id, config.id),
        api_key=config.api_key or None,
        base_url=config.base_url or None,
        models=models,
        allow_private=config.allow_private,
        transport="httpx2" if environ.get("DRAFTLOOM_PROVIDER_TRANSPORT") == "httpx2" else "aiohttp",
        connect_seconds=_seconds(environ.get("DRAFTLOOM_PROVIDER_CONNECT_TIMEOUT"), 10.0),
        silence_seconds=_seconds(environ.get("DRAFTLOOM_PROVIDER_TIMEOUT"), 300.0),
        counter=counter,
    )


def parse_models(listed: object) -> tuple[ModelInfo, ...]:
    """Models as settings name them: ids, or objects ``{"id", "label"?, "context"?, "max_output"?, "tools"?}``.

    Raises `ValueError` with a message for people.
    """
    if not isinstance(listed, list):
        raise ValueError("models must be a list")
    return tuple(_model(entry) for entry in listed)


def _model(entry: object) -> ModelInfo:
    if isinstance(entry, str) and entry:
        return ModelInfo(entry, entry)
    if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry["id"]:
        label = entry.get("label")
        return ModelInfo(
            entry["id"],
            label if isinstance(label, str) and label else entry["id"],
            _size(entry.get("context")),
            _size(entry.get("max_output")),
            tools=entry.get("tools") is not False,
        )
    raise ValueError("a model must be an id or an object with an id")


def _vendor(kind: Kind, label: str, *, environ: Mapping[str, str], prefix: str) -> ProviderConfig:
    return ProviderConfig(
        kind,
        kind,
        label,
        api_key=environ.get(f"{prefix}_API_KEY") or None,
        base_url=environ.get(f"{prefix}_BASE_URL") or None,
        allow_private=True,
        source="environment",
        key_source="environment",
    )


def _endpoint(entry: Any, *, taken: set[str]) -> ProviderConfig:
    if not isinstance(entry, dict):
        raise ValueError("must be an object")
    name, base_url, key = entry.get("name"), entry.get("base_url"), entry.get("api_key")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("has no name")
    if name in taken or name == "offline":
        raise ValueError(f"the name {name!r} is taken")
    if not isinstance(base_url, str) or not base_url.startswith(("http://", "https://")):
        raise ValueError("base_url must be an http or https address")
    if key is not None and not isinstance(key, str):
        raise ValueError("api_key must be text")
    return ProviderConfig(
        name,
        "compatible",
        name,
        api_key=key or None,
        base_url=base_url,
        models=parse_models(entry.get("models", [])),
        context_tokens=_size(entry.get("context")),
        allow_private=True,
        source="environment",
        key_source="environment",
    )


def _merge_one(environment: ProviderConfig, settings: ProviderConfig) -> ProviderConfig:
    told_by_environment = bool(environment.api_key or environment.base_url)
    connection = environment if told_by_environment else settings
    return replace(
        environment,
        label=settings.label or environment.label,
        models=settings.models or environment.models,
        context_tokens=settings.context_tokens or environment.context_tokens,
        enabled=settings.enabled,
        api_key=connection.api_key,
        base_url=connection.base_url,
        allow_private=connection.allow_private,
        key_source=connection.key_source,
    )


def _size(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _seconds(value: str | None, otherwise: float) -> float:
    try:
        seconds = float(value) if value else otherwise
    except ValueError:
        return otherwise
    return seconds if seconds > 0 else otherwise
