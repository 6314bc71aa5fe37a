"""Which providers there are: from the environment, from an administrator's settings, from installed packages.

Lives here: building, finding and closing them. What they do is their own business; where settings are stored is the
application's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from providers.anthropic import AnthropicProvider
from providers.base import ModelInfo, Provider
from providers.configuration import Kind, ProviderConfig, Source, from_environment, merged, remote_of
from providers.offline import OfflineProvider, words_per_second
from providers.openai_chat import OpenAIChatProvider
from providers.openai_responses import OpenAIResponsesProvider
from providers.tokens import TokenCounter

GROUP = "draftloom.providers"

EntrySource = Literal["environment", "settings", "package", "built-in"]


class UnknownProvider(KeyError):
    """No provider of this id is there and enabled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A provider as it is listed. `problem` says, for people, why it could not be loaded; then it cannot be got.
    `key_set` and `key_source` never say more about a key than that it is there."""

    id: str
    label: str
    kind: str
    configured: bool
    source: EntrySource
    enabled: bool = True
    base_url: str | None = None
    key_set: bool = False
    key_source: Source | None = None
    problem: str | None = None


@dataclass
class _Held:
    entry: Entry
    provider: Provider | None
    config: ProviderConfig | None = None


@dataclass
class Registry:
    """All providers. Build it with `Registry.build`."""

    environ: Mapping[str, str]
    counter: TokenCounter
    extra: tuple[Provider, ...] = ()
    _packages: list[_Held] = field(default_factory=list)
    _held: dict[str, _Held] = field(default_factory=dict)
    _retired: list[Provider] = field(default_factory=list)

    @classmethod
    def build(
        cls,
        environ: Mapping[str, str],
        configs: Sequence[ProviderConfig] = (),
        *,
        counter: TokenCounter | None = None,
        extra: Sequence[Provider] = (),
        find_packages: Callable[[], Iterable[EntryPoint]] | None = None,
    ) -> Registry:
        """Providers of `environ` (see `configuration`), `configs` (an administrator's), `extra` (given as they are),
        installed packages, and the offline demo, which is always there. Does no I/O beyond importing packages."""
        registry = cls(environ, counter or TokenCounter(), tuple(extra))
        found = find_packages() if find_packages is not None else entry_points(group=GROUP)
        registry._packages = [_load(point, environ) for point in found]
        registry.replace(configs)
        return registry

    def get(self, provider_id: str) -> Provider:
        """The provider, configured or not. Raises `UnknownProvider`."""
        held = self._held.get(provider_id)
        if held is None or held.provider is None or not held.entry.enabled:
            raise UnknownProvider(provider_id)
        return held.provider

    def entries(self) -> tuple[Entry, ...]:
        """All providers, those that failed to load included, best first."""
        return tuple(held.entry for held in self._held.values())

    def default(self) -> tuple[str, str]:
        """Provider and model for somebody who chose none: the first that is configured. ``DRAFTLOOM_DEFAULT_MODEL``
        (``provider/model``) decides where it names one that is there."""
        chosen, _, model = self.environ.get("DRAFTLOOM_DEFAULT_MODEL", "").partition("/")
        if model and (held := self._held.get(chosen)) is not None and held.entry.configured and held.entry.enabled:
            return chosen, model
        for held in self._held.values():
            models: tuple[ModelInfo, ...] = held.provider.models() if held.provider is not None else ()
            if held.entry.enabled and held.entry.configured and models:
                return held.entry.id, models[0].id
        raise UnknownProvider("no provider is enabled")

    def replace(self, configs: Sequence[ProviderConfig]) -> None:
        """Takes over an administrator's new settings.

        Providers whose settings did not change stay; the others go on for answers that are running and are closed with
        the registry.
        """
        before = self._held
        after: dict[str, _Held] = {}
        environment, problems = from_environment(self.environ)
        for config in merged(environment, configs):
            known = before.get(config.id)
            after[config.id] = known if known is not None and known.config == config else self._make(config)
        for provider in self.extra:
            after[provider.id] = _Held(_entry(provider, "built-in"), provider)
        for package in self._packages:
            if package.entry.id in after:
                taken = Entry(
                    package.entry.id + " (package)", package.entry.label, package.entry.kind, False, "package",
                    problem=f"the id {package.entry.id!r} is taken",
                )  # fmt: skip
                after[taken.id] = _Held(taken, None)
            else:
                after[package.entry.id] = package
        self._add_offline(before, after, configs=configs)
        for number, problem in enumerate(problems, start=1):
            entry = Entry(
                f"endpoints-{number}", "DRAFTLOOM_ENDPOINTS", "compatible", False, "environment", problem=problem
            )
            after[entry.id] = _Held(entry, None)
        kept = {id(held.provider) for held in after.values()}
        self._retired += [h.provider for h in before.values() if h.provider is not None and id(h.provider) not in kept]
        self._held = after

    async def aclose(self) -> None:
        """Closes every provider. Idempotent."""
        closing = [held.provider for held in self._held.values() if held.provider is not None] + self._retired
        self._held, self._retired = {}, []
        for provider in closing:
            await provider.aclose()

    def _make(self, config: ProviderConfig) -> _Held:
        makers: dict[Kind, Callable[..., Provider]] = {
            "anthropic": AnthropicProvider,
            "openai": OpenAIResponsesProvider,
            "compatible": OpenAIChatProvider,
        }
        provider = makers[config.kind](remote_of(config, self.environ, counter=self.counter))
        entry = Entry(
            config.id,
            provider.label,
            config.kind,
            provider.configured,
            config.source,
            enabled=config.enabled,
            base_url=config.base_url,
            key_set=bool(config.api_key),
            key_source=config.key_source if config.api_key else None,
        )
        return _Held(entry, provider, config)

    def _add_offline(
        self, before: Mapping[str, _Held], after: dict[str, _Held], *, configs: Sequence[ProviderConfig]
    ) -> None:
        held = before.get("offline")
        provider = held.provider if held is not None else None
        if provider is None:
            provider = OfflineProvider(words_per_second=words_per_second(self.environ), counter=self.counter)
        enabled = all(config.enabled for config in configs if config.id == "offline")
        entry = Entry("offline", provider.label, provider.kind, True, "built-in", enabled=enabled)
        after["offline"] = _Held(entry, provider)


def _entry(provider: Provider, source: EntrySource) -> Entry:
    base_url = getattr(provider, "base_url", None)
    return Entry(provider.id, provider.label, provider.kind, bool(provider.configured), source, base_url=base_url)


def _load(point: EntryPoint, environ: Mapping[str, str]) -> _Held:
    """A package's provider, or what went wrong: other people's code may raise anything and must harm nothing else."""
    try:
        provider = point.load()(environ)
        if not isinstance(provider, Provider):
            raise TypeError(f"{point.value} did not return a provider")
        return _Held(_entry(provider, "package"), provider)
    except Exception as error:  # noqa: BLE001 # see above; the failure is listed
        problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _Held(Entry(point.name, point.name, "package", False, "package", problem=problem), None)
