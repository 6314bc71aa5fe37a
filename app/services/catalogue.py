"""The providers and models people can ask: from the environment, from an administrator's settings, and built in.

Keys entered in the page are encrypted before they are stored and never leave again. An address entered in the page is
vetted: only http(s), and a private one only where the administrator said so.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec
import structlog
from msgspec import UNSET, UnsetType
from providers.base import ModelInfo, Provider
from providers.configuration import Kind, ProviderConfig
from providers.pricing import Override, rates
from providers.registry import Registry, UnknownProvider
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.addresses import vet_address
from app.services.assistant.requests import per_million
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput
from app.services.relay import Relay
from app.services.secrets import SecretBox, SecretUnreadable
from app.store import audit
from app.store import provider_settings as settings_store
from app.store.db import Database
from app.store.provider_settings import ProviderValues
from app.store.tables import ProviderSetting

log = structlog.get_logger()

T = TypeVar("T")

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,48}")
_KINDS = ("anthropic", "openai", "compatible")


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """A model and what it costs per million tokens; a null price is unknown, not free."""

    id: str
    label: str
    context_tokens: int | None
    max_output_tokens: int | None
    tools: bool
    input_usd_per_million: str | None
    output_usd_per_million: str | None
    free: bool


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    label: str
    kind: str
    configured: bool
    problem: str | None
    models: list[ModelView]


class DefaultModel(msgspec.Struct, frozen=True):
    provider: str
    model: str


class ProviderList(msgspec.Struct, frozen=True):
    items: list[ProviderView]
    default: DefaultModel


class ProviderSettingView(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider is set up. The key itself is write-only; `key_set` says whether there is one."""

    id: str
    kind: str
    label: str
    base_url: str | None
    key_set: bool
    key_source: str | None
    models: list[str]
    context: int | None
    enabled: bool
    allow_private: bool
    source: str
    problem: str | None


class ProviderSettings(msgspec.Struct, frozen=True):
    items: list[ProviderSettingView]


class ProviderChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator sets; a field left out stays as it is, `api_key: null` removes the key."""

    kind: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    api_key: str | UnsetType | None = UNSET
    base_url: str | UnsetType | None = UNSET
    models: list[str] | UnsetType = UNSET
    context: int | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    allow_private: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider and one of its models, ready to be asked."""

    provider: Provider
    model: ModelInfo
    base_url: str | None


class Catalogue:
    """Lists, finds and sets up providers."""

    def __init__(self, db: Database, clock: Clock, secrets: SecretBox, registry: Registry, relay: Relay) -> None:
        self._db = db
        self._clock = clock
        self._secrets = secrets
        self._registry = registry
        self.overrides: tuple[Override, ...] = ()
        self._reloading = asyncio.Lock()
        self._relay = relay
        relay.on("providers", lambda *_: self._reload())
        relay.on_missed(self._reload)

    async def start(self) -> None:
        await self._reload()

    async def stop(self) -> None:
        await self._registry.aclose()

    async def list(self) -> ProviderList:
        now = self._clock()
        items = []
        for entry in self._registry.entries():
            if not entry.enabled:
                continue
            models: list[ModelView] = []
            if entry.problem is None:
                provider = self._registry.get(entry.id)
                for model in provider.models():
                    price = rates(entry.id, model.id, at=now, overrides=self.overrides, base_url=entry.base_url)
                    models.append(
                        ModelView(
                            id=model.id,
                            label=model.label,
                            context_tokens=model.context_tokens,
                            max_output_tokens=model.max_output_tokens,
                            tools=model.tools,
                            input_usd_per_million=per_million(price.input_usd_per_million),
                            output_usd_per_million=per_million(price.output_usd_per_million),
                            free=price.free,
                        )
                    )
            items.append(
                ProviderView(
                    id=entry.id,
                    label=entry.label,
                    kind=entry.kind,
                    configured=entry.configured,
                    problem=entry.problem,
                    models=models,
                )
            )
        provider_id, model_id = self._registry.default()
        return ProviderList(items, DefaultModel(provider_id, model_id))

    def choose(self, provider_id: str | None, model_id: str | None) -> Choice:
        """The provider and model that were asked for, or the defaults. Raises `InvalidInput` and `Conflict`."""
        default_provider, default_model = self._registry.default()
        if provider_id is None:
            provider_id = default_provider
            model_id = model_id or default_model
        try:
            provider = self._registry.get(provider_id)
        except UnknownProvider as error:
            raise InvalidInput("provider", f"There is no provider named {provider_id}.", "unknown_provider") from error
        if not provider.configured:
            raise Conflict(
                "provider_not_configured",
                f"{provider.label} has no key yet. An administrator can add one under Settings.",
            )
        models = provider.models()
        if model_id is None:
            if not models:
                raise InvalidInput("model", f"Name a model of {provider.label}.", "unknown_model")
            return Choice(provider, models[0], self._base_url(provider_id))
        known = next((model for model in models if model.id == model_id), None)
        if known is None:
            if not 1 <= len(model_id) <= 200:
                raise InvalidInput("model", "A model's name has 1 to 200 characters.", "unknown_model")
            if provider.kind == "offline":
                raise InvalidInput("model", f"{provider.label} has no model {model_id}.", "unknown_model")
            # Providers add models faster than lists are kept: the provider decides, its refusal is told in the chat.
            known = ModelInfo(model_id, model_id, tools=provider.supports_tools(model_id))
        return Choice(provider, known, self._base_url(provider_id))

    async def settings(self) -> ProviderSettings:
        rows = {row.provider: row for row in await self._db.read(settings_store.list_providers)}
        items = []
        for entry in self._registry.entries():
            row = rows.pop(entry.id, None)
            key_in_settings = row is not None and row.key_encrypted is not None
            source = None
            if key_in_settings:
                source = "settings"
            elif entry.source == "environment" and entry.configured:
                source = "environment"
            items.append(
                ProviderSettingView(
                    id=entry.id,
                    kind=entry.kind,
                    label=entry.label,
                    base_url=row.base_url if row is not None else entry.base_url,
                    key_set=source is not None,
                    key_source=source,
                    models=list(row.models) if row is not None else [],
                    context=row.context if row is not None else None,
                    enabled=row.enabled if row is not None else True,
                    allow_private=row.allow_private if row is not None else False,
                    source=entry.source,
                    problem=entry.problem,
                )
            )
        items += [_setting_view(row) for row in rows.values()]
        return ProviderSettings(items)

    async def change(self, by: Principal, provider_id: str, change: ProviderChange) -> ProviderSettings:
        """Set up or change one provider and use it at once. Raises `InvalidInput`."""
        if not _ID.fullmatch(provider_id) or provider_id in ("offline", "scripted"):
            raise InvalidInput("id", "A provider's id is up to 49 of a-z, 0-9, - and _, and not a built-in one.")
        now = self._clock()

        def unit(session: Session) -> None:
            row = settings_store.find_provider(session, provider_id)
            values, details = self._changed(provider_id, row, change), _told(row, change)
            settings_store.save_provider(session, provider_id, values, user_id=by.id, at=now)
            audit.record(
                session, at=now, actor_id=by.id, action="provider.changed", target=provider_id, details=details
            )

        await self._db.write(unit)
        await self._changed_now()
        return await self.settings()

    async def remove(self, by: Principal, provider_id: str) -> None:
        now = self._clock()

        def unit(session: Session) -> None:
            settings_store.delete_provider(session, provider_id)
            audit.record(session, at=now, actor_id=by.id, action="provider.removed", target=provider_id)

        await self._db.write(unit)
        await self._changed_now()

    async def _changed_now(self) -> None:
        await self._reload()
        self._relay.tell("providers", None)

    def _changed(self, provider_id: str, row: ProviderSetting | None, change: ProviderChange) -> ProviderValues:
        """What is kept after a change. Raises `InvalidInput` for what cannot be used."""
        own_kind = provider_id if provider_id in _KINDS else "compatible"
        kind = _or(change.kind, row.kind if row is not None else own_kind)
        if kind not in _KINDS:
            raise InvalidInput("kind", f"Kinds are {', '.join(_KINDS)}.")
        base_url = _or(change.base_url, row.base_url if row is not None else None)
        base_url = base_url.strip().rstrip("/") if base_url else None
        allow_private = _or(change.allow_private, row.allow_private if row is not None else False)
        if base_url is not None:
            vet_address(base_url, field="base_url", allow_private=allow_private)
        elif kind == "compatible":
            raise InvalidInput("base_url", "A compatible endpoint needs its address, such as https://host/v1.")
        key = row.key_encrypted if row is not None else None
        if change.api_key is not UNSET:
            key = self._secrets.encrypt(change.api_key.strip()) if change.api_key else None
        models = _or(change.models, list(row.models) if row is not None else [])
        return ProviderValues(
            kind=kind,
            label=_or(change.label, row.label if row is not None else "").strip()[:200] or provider_id,
            base_url=base_url,
            key_encrypted=key,
            models=[model.strip() for model in models if model.strip()],
            context=_or(change.context, row.context if row is not None else None),
            allow_private=allow_private,
            enabled=_or(change.enabled, row.enabled if row is not None else True),
        )

    def _base_url(self, provider_id: str) -> str | None:
        return next((entry.base_url for entry in self._registry.entries() if entry.id == provider_id), None)

    async def _reload(self) -> None:
        """One at a time: what was read last is used last."""
        async with self._reloading:
            rows = await self._db.read(settings_store.list_providers)
            self._registry.replace([self._config(row) for row in rows if row.enabled])

    def _config(self, row: ProviderSetting) -> ProviderConfig:
        key: str | None = None
        if row.key_encrypted is not None:
            try:
                key = self._secrets.decrypt(row.key_encrypted)
            except SecretUnreadable:
                log.warning("provider key unreadable: the installation's secret changed", provider=row.provider)
        return ProviderConfig(
            id=row.provider,
            kind=cast(Kind, row.kind),
            label=row.label,
            api_key=key,
            base_url=row.base_url,
            models=tuple(ModelInfo(model, model) for model in row.models),
            context_tokens=row.context,
            allow_private=row.allow_private,
        )


def _told(row: ProviderSetting | None, change: ProviderChange) -> dict[str, Any]:
    """What the audit log says of a change: which fields, and what became of the key; never the key."""
    fields = msgspec.structs.asdict(change)
    details: dict[str, Any] = {"changed": sorted(name for name, value in fields.items() if value is not UNSET)}
    if change.api_key is not UNSET:
        had = row is not None and row.key_encrypted is not None
        details["key"] = ("replaced" if had else "set") if change.api_key else ("removed" if had else "none")
    return details


def _or(given: T | UnsetType, otherwise: T) -> T:
    return otherwise if isinstance(given, UnsetType) else given


def _setting_view(row: ProviderSetting) -> ProviderSettingView:
    return ProviderSettingView(
        id=row.provider,
        kind=row.kind,
        label=row.label,
        base_url=row.base_url,
        key_set=row.key_encrypted is not None,
        key_source="settings" if row.key_encrypted is not None else None,
        models=list(row.models),
        context=row.context,
        enabled=row.enabled,
        allow_private=row.allow_private,
        source="settings",
        problem=None,
    )
