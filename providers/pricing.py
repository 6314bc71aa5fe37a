"""What an answer costs, in whole nano-USD.

Prices come from the genai-prices data set that is installed (never updated over the network at run time), under
overrides an administrator keeps. Every bucket that was consumed must have a price, else the amount is unknown (None):
an unknown price is never 0. Arithmetic is Decimal; the sum is rounded once, half up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from providers.base import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice
    from genai_prices.types import Provider as PricedProvider

PriceStatus = Literal["known", "unknown", "free"]
_NANO = 10**9
_BUCKET_PRICES = ("input_usd", "output_usd", "cache_read_usd", "cache_write_5m_usd", "cache_write_1h_usd")
_MILLION = Decimal(10**6)
_FREE_PROVIDERS = frozenset({"offline", "scripted"})
# Billed server-side calls by the provider's name for them -> the data set's price per thousand. Web fetches cost
# nothing beside their tokens (Anthropic's pricing page, 2026-11).
_REQUEST_PRICES: dict[str, str | None] = {"web_search_requests": "web_searches_kcount", "web_fetch_requests": None}


@dataclass(frozen=True, slots=True)
class Price:
    """`amount_nano`: nano-USD, None when unknown. `source`: what the price was taken from. `date`: the day from which
    this price holds, as the source states it (None: it does not say)."""

    amount_nano: int | None
    status: PriceStatus
    source: str
    date: date | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """Other prices, for all tokens of a request that was served by `service_tier` ("" for the usual one) and whose whole
    input is above a number of tokens; 0 means a request of any length."""

    above_input_tokens: int
    input_usd: Decimal
    output_usd: Decimal
    cache_read_usd: Decimal | None = None
    cache_write_5m_usd: Decimal | None = None
    cache_write_1h_usd: Decimal | None = None
    service_tier: str = ""

    def holds(self, usage: Usage) -> bool:
        """Whether that much input was used; the service tier is not looked at."""
        return not self.above_input_tokens or usage.total_input_tokens > self.above_input_tokens


@dataclass(frozen=True, slots=True)
class Override:
    """An administrator's price, in USD per million tokens, from `since` on (inclusive) until before `until`.

    `provider` is a provider id, `model` a pattern (``*`` and ``?``). A cache price that is not given: reading costs
    what fresh input costs, writing too; that is how providers without a cache price bill. `per_request` holds USD per
    single server-side call by its name in `Usage.requests`. All prices 0 means: free. `tiers` are the prices of requests
    with a long input, or of another service tier; one that no tier names costs what the usual one costs.
    """

    provider: str
    model: str
    input_usd: Decimal
    output_usd: Decimal
    cache_read_usd: Decimal | None = None
    cache_write_5m_usd: Decimal | None = None
    cache_write_1h_usd: Decimal | None = None
    per_request: Mapping[str, Decimal] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    tiers: tuple[Tier, ...] = ()

    def applies(self, provider: str, model: str, on: date) -> bool:
        """Whether this is the price of `model` at `provider` on that day."""
        within = (self.since is None or self.since <= on) and (self.until is None or on < self.until)
        return within and self.provider == provider and fnmatchcase(model, self.model)

    def rates_for(self, usage: Usage) -> Override | Tier:
        """The prices of a request with that usage: those of the highest tier it is above, among the tiers of the service
        tier that served it where it has some, else among those of the usual one."""
        served = usage.service_tier.lower()
        named = served if any(tier.service_tier == served for tier in self.tiers) else ""
        reached = [tier for tier in self.tiers if tier.service_tier == named and tier.holds(usage)]
        return max(reached, key=lambda tier: tier.above_input_tokens, default=self)

    @property
    def free(self) -> bool:
        """Whether nothing this price knows costs anything."""
        rates_of = (self, *self.tiers)
        tokens = [getattr(rates, name) for rates in rates_of for name in _BUCKET_PRICES]
        return not any(tokens) and not any(self.per_request.values())


@dataclass(frozen=True, slots=True)
class Rates:
    """List prices for showing beside a model: USD per million tokens, below any long-context threshold."""

    input_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None
    free: bool = False


_UNKNOWN = Price(None, "unknown", "")


def price(
    provider: str,
    model: str,
    *,
    usage: Usage,
    at: datetime,
    overrides: Sequence[Override] = (),
    base_url: str | None = None,
) -> Price:
    """What `usage` of `model` cost at `at` (aware). `base_url` finds the price list of a named endpoint by its address.

    `usage.parts` are priced each at its own model's price, in the service tier of the whole where they name none; one part
    without a price makes the whole amount unknown.
    When overrides overlap, the one that began last wins.
    """
    if provider in _FREE_PROVIDERS:
        return Price(0, "free", provider)
    total = Decimal(0)
    answer: Price | None = None
    for part_model, part in ((model, usage), *usage.parts):
        if not part.service_tier:
            part = msgspec.structs.replace(part, service_tier=usage.service_tier)
        amount, found = _price_one(provider, part_model, usage=part, at=at, overrides=overrides, base_url=base_url)
        if amount is None:
            return Price(None, "unknown", found.source)
        total += amount
        answer = answer or found
    nano = int((total * _NANO).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if answer is None or (nano == 0 and answer.status == "free"):
        return answer or _UNKNOWN
    return Price(nano, "known", answer.source, answer.date)


def estimate(
    provider: str,
    model: str,
    *,
    input_tokens: int,
    output_tokens: int,
    at: datetime,
    overrides: Sequence[Override] = (),
    base_url: str | None = None,
) -> Price:
    """What a call would cost if nothing came from a cache and `output_tokens` were generated."""
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens, status="estimated")
    return price(provider, model, usage=usage, at=at, overrides=overrides, base_url=base_url)


def rates(
    provider: str, model: str, *, at: datetime, overrides: Sequence[Override] = (), base_url: str | None = None
) -> Rates:
    """The list prices of a model; None for what is unknown."""
    if provider in _FREE_PROVIDERS:
        return Rates(Decimal(0), Decimal(0), free=True)
    override = _override(overrides, provider, model=model, at=at)
    if override is not None:
        return Rates(override.input_usd, override.output_usd, free=override.free)
    listed = _listed(provider, model, base_url=base_url)
    if listed is None:
        return Rates(None, None)
    prices = listed[1].get_prices(at)
    return Rates(_base(prices.input_mtok), _base(prices.output_mtok))


def _price_one(
    provider: str, model: str, *, usage: Usage, at: datetime, overrides: Sequence[Override], base_url: str | None
) -> tuple[Decimal | None, Price]:
    """The amount in USD for one model's own buckets, and where the price comes from (its amount is not used)."""
    override = _override(overrides, provider, model=model, at=at)
    if override is not None:
        amount = _overridden(override, usage)
        free = amount == 0 and override.free
        return amount, Price(0 if free else None, "free" if free else "known", "override", override.since)
    source = _data_set()
    listed = _listed(provider, model, base_url=base_url)
    if listed is None:
        return None, Price(None, "unknown", source)
    owner, info = listed
    context = {"service_tier": usage.service_tier} if usage.service_tier else None
    prices = info.get_prices(at, context)
    if not _covers(prices, usage):
        return None, Price(None, "unknown", source)
    try:
        calculated = info.calc_price(
            _priced_usage(usage), owner, genai_request_timestamp=at, price_context=context
        ).total_price
    except ValueError:  # the data set refuses usage that contradicts itself
        return None, Price(None, "unknown", source)
    return calculated, Price(None, "known", source, _since(info, at))


@lru_cache(maxsize=1)
def _data_set() -> str:
    """The installed data set's name; looking its version up reads a file."""
    return f"genai-prices {version('genai-prices')}"


def _override(overrides: Iterable[Override], provider: str, *, model: str, at: datetime) -> Override | None:
    fitting = [override for override in overrides if override.applies(provider, model, at.date())]
    return max(fitting, key=lambda override: override.since or date.min, default=None)


def _overridden(override: Override, usage: Usage) -> Decimal | None:
    if any(count and name not in override.per_request for name, count in usage.requests.items()):
        return None
    rates_of = override.rates_for(usage)
    fresh = rates_of.input_usd

    def rate(given: Decimal | None) -> Decimal:
        return fresh if given is None else given

    tokens = (
        usage.input_tokens * fresh
        + usage.cache_read_tokens * rate(rates_of.cache_read_usd)
        + usage.cache_write_5m_tokens * rate(rates_of.cache_write_5m_usd)
        + usage.cache_write_1h_tokens * rate(rates_of.cache_write_1h_usd)
        + usage.output_tokens * rates_of.output_usd
    ) / _MILLION
    return tokens + sum((override.per_request[name] * count for name, count in usage.requests.items()), Decimal(0))


def _listed(provider: str, model: str, *, base_url: str | None) -> tuple[PricedProvider, ModelInfo] | None:
    """The data set's entry. A provider is found by its exact id, or by its address: a local server that happens to be
    called "my-openai" is not OpenAI."""
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    exact = provider if any(listed.id == provider for listed in snapshot.providers) else None
    if exact is None and base_url is None:
        return None
    try:
        return snapshot.find_provider_model(model, None, exact, None if exact else base_url)
    except LookupError:
        return None


def _covers(prices: ModelPrice, usage: Usage) -> bool:
    """Whether every bucket has a price. A model without cache prices bills cached tokens as fresh input, so only input,
    output and server-side calls must be listed; calls this module does not know are never free."""
    if usage.total_input_tokens and prices.input_mtok is None:
        return False
    if usage.output_tokens and prices.output_mtok is None:
        return False
    for name, count in usage.requests.items():
        if not count:
            continue
        if name not in _REQUEST_PRICES:
            return False
        key = _REQUEST_PRICES[name]
        if key is not None and getattr(prices, key, None) is None:
            return False
    return True


def _priced_usage(usage: Usage) -> Any:
    """Our disjoint buckets as the data set counts: totals that include their parts."""
    from genai_prices import Usage as Priced

    counts: dict[str, int] = {
        "input_tokens": usage.total_input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "cache_write_1h_tokens": usage.cache_write_1h_tokens,
        "output_reasoning_tokens": usage.reasoning_tokens,
        "web_searches": usage.requests.get("web_search_requests", 0),
    }
    return Priced(**counts)


def _since(info: ModelInfo, at: datetime) -> date | None:
    """The day from which the price that is valid at `at` holds, if the data set says so."""
    from genai_prices.types import StartDateConstraint

    if not isinstance(info.prices, list):
        return None
    for conditional in reversed(info.prices):
        constraint = conditional.constraint
        if isinstance(constraint, StartDateConstraint) and constraint.active(at):
            return constraint.start_date
    return None


def _base(value: Any) -> Decimal | None:
    """A price without its long-context tiers."""
    base = getattr(value, "base", value)
    return base if isinstance(base, Decimal) else None
