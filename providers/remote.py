"""What a provider that is reached over HTTP has in common: settings, key and address handling, lazy connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.base import ModelInfo
from providers.errors import NotConfigured
from providers.tokens import TokenCounter

if TYPE_CHECKING:
    from providers.transport import TransportName


@dataclass(frozen=True, slots=True)
class Remote:
    """How to reach one endpoint.

    `base_url` None is the vendor's own address. `models` replaces the built-in list. `allow_private`: the address may
    lead into a private network (a local server); addresses typed into the page may not, unless an administrator said so.
    `silence_seconds`: see `transport.Timeouts`.
    """

    id: str
    label: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    models: tuple[ModelInfo, ...] = ()
    allow_private: bool = True
    transport: TransportName = "aiohttp"
    connect_seconds: float = 10.0
    silence_seconds: float = 300.0
    counter: TokenCounter = field(default_factory=TokenCounter)


def require(value: str | None, *, provider: str, what: str) -> str:
    """`value`, or `NotConfigured` saying what is missing."""
    if not value:
        raise NotConfigured(f"No {what} is set for this provider.", provider=provider)
    return value
