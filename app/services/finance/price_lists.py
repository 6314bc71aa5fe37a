"""What a price may be, its form in the API, and how the pricing of answers gets it. Tables of prices have a file of their own."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from providers.pricing import Override, Tier

from app.services.checks import checked_line
from app.services.errors import InvalidInput
from app.store.tables import PriceOverride

RATES = ("input_usd", "output_usd", "cache_read_usd", "cache_write_5m_usd", "cache_write_1h_usd")
REQUIRED_RATES = frozenset({"input_usd", "output_usd"})
_MOST_USD = Decimal(1_000_000)
_MOST_TIERS = 10
_MOST_FEES = 20
_DIGITS = {6: "six", 9: "nine"}
_MOST_TOKENS = 1_000_000_000
_USUAL = frozenset({"default", "standard", "auto"})
_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,49}")


class TierPrice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Prices of requests that were served by this service tier (the usual one where it is left out) and whose whole input
    is above so many tokens (any length where it is 0)."""

    above_input_tokens: int
    service_tier: str | None = None
    input_usd: str
    output_usd: str
    cache_read_usd: str | None = None
    cache_write_5m_usd: str | None = None
    cache_write_1h_usd: str | None = None


class ToolFee(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's own tool costs for a thousand calls, beside the tokens; `tool` as the usage of an answer names it,
    such as `web_search_requests`."""

    tool: str
    usd_per_1000: str


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price in USD per million tokens, as decimal strings, from the day `since` on until before `until`. `model` may hold
    ``*`` and ``?``. A cache price left out: cached tokens cost what fresh input costs. A service tier that no tier names
    costs what the usual one costs; calls of a tool without a fee leave the amount unknown."""

    provider: str
    model: str
    since: str
    until: str | None = None
    input_usd: str
    output_usd: str
    cache_read_usd: str | None = None
    cache_write_5m_usd: str | None = None
    cache_write_1h_usd: str | None = None
    tiers: list[TierPrice] = []
    tool_fees: list[ToolFee] = []


class PriceView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    provider: str
    model: str
    since: str
    until: str | None
    input_usd: str
    output_usd: str
    cache_read_usd: str | None
    cache_write_5m_usd: str | None
    cache_write_1h_usd: str | None
    tiers: list[TierPrice]
    tool_fees: list[ToolFee]


class CheckedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price that can be kept."""

    provider: str
    model: str
    since: date
    until: date | None
    rates: dict[str, Any]


def checked_price(new: NewPrice) -> CheckedPrice:
    """Raises `InvalidInput`, naming the field."""
    since, until = _day("since", new.since), _day("until", new.until) if new.until else None
    if until is not None and until <= since:
        raise InvalidInput("until", "A price ends after the day it begins.")
    rates: dict[str, Any] = _checked_rates(new)
    if new.tiers:
        rates["tiers"] = _checked_tiers(new.tiers)
    if new.tool_fees:
        rates["tool_fees"] = _checked_fees(new.tool_fees)
    return CheckedPrice(
        provider=checked_line("provider", new.provider, least=1, most=50),
        model=checked_line("model", new.model, least=1, most=200),
        since=since,
        until=until,
        rates=rates,
    )


def _checked_tiers(tiers: Sequence[TierPrice]) -> list[dict[str, Any]]:
    """Fields are named by their place, such as `tiers.0.input_usd`."""
    if len(tiers) > _MOST_TIERS:
        raise InvalidInput("tiers", f"A price has at most {_MOST_TIERS} tiers.")
    found: list[dict[str, Any]] = []
    whole = {""}
    for place, tier in enumerate(tiers):
        at = f"tiers.{place}."
        service_tier = _service_tier(at + "service_tier", tier.service_tier)
        above = tier.above_input_tokens
        if not 0 <= above <= _MOST_TOKENS or (not above and not service_tier):
            raise InvalidInput(at + "above_input_tokens", "Say above how many tokens: 1 or more, 0 for another tier.")
        if any((one["above_input_tokens"], one.get("service_tier", "")) == (above, service_tier) for one in found):
            raise InvalidInput(at + "above_input_tokens", "Another tier begins there already.")
        if not above:
            whole.add(service_tier)
        named = {"service_tier": service_tier} if service_tier else {}
        found.append({"above_input_tokens": above, **named, **_checked_rates(tier, at)})
    for place, one in enumerate(found):
        if one.get("service_tier", "") not in whole:
            at = f"tiers.{place}.above_input_tokens"
            raise InvalidInput(at, f"Say first what {one['service_tier']} costs for any length, above 0 tokens.")
    return found


def _service_tier(field: str, value: str | None) -> str:
    name = (value or "").strip().lower()
    if name and not _WORD.fullmatch(name):
        raise InvalidInput(field, "A service tier is one word as the provider names it, such as priority.")
    if name in _USUAL:
        raise InvalidInput(field, "This is the usual tier: its prices are those above.")
    return name


def _checked_fees(fees: Sequence[ToolFee]) -> dict[str, str]:
    """Fields are named by their place, such as `tool_fees.0.tool`."""
    if len(fees) > _MOST_FEES:
        raise InvalidInput("tool_fees", f"A price has at most {_MOST_FEES} tool fees.")
    found: dict[str, str] = {}
    for place, fee in enumerate(fees):
        tool = fee.tool.strip()
        if not _WORD.fullmatch(tool.lower()):
            raise InvalidInput(
                f"tool_fees.{place}.tool", "A tool is one word as the provider names it, such as web_search_requests."
            )
        if tool in found:
            raise InvalidInput(f"tool_fees.{place}.tool", "This tool has a fee already.")
        found[tool] = _usd(f"tool_fees.{place}.usd_per_1000", fee.usd_per_1000, most_digits=6)
    return found


def _checked_rates(of: NewPrice | TierPrice, at: str = "") -> dict[str, str]:
    given = {name: getattr(of, name) for name in RATES}
    return {
        name: _usd(at + name, value) for name, value in given.items() if value is not None or name in REQUIRED_RATES
    }


def _usd(field: str, value: str, *, most_digits: int = 9) -> str:
    """A decimal string of 0 or more. A nano-USD is the least there is: nine digits after the point, six for a thousand."""
    try:
        amount = Decimal(value.strip())
    except InvalidOperation as error:
        raise InvalidInput(field, "This is an amount in USD, such as 2.50.") from error
    if not amount.is_finite() or not 0 <= amount <= _MOST_USD or amount != round(amount, most_digits):
        raise InvalidInput(
            field, f"An amount is from 0 to 1000000 USD with at most {_DIGITS[most_digits]} digits after the point."
        )
    return format(amount, "f")


def _day(field: str, value: str) -> date:
    try:
        day = date.fromisoformat(value.strip())
    except ValueError as error:
        raise InvalidInput(field, "This is not a day, such as 2026-03-31.") from error
    if not 2000 <= day.year <= 2999:
        raise InvalidInput(field, "The year is one from 2000 to 2999.")
    return day


def price_view(row: PriceOverride) -> PriceView:
    tiers = [msgspec.convert(tier, TierPrice) for tier in row.rates.get("tiers", [])]
    rates = {name: row.rates.get(name) for name in RATES}
    since, until = row.since.isoformat(), row.until.isoformat() if row.until else None
    fees = [ToolFee(tool=tool, usd_per_1000=usd) for tool, usd in row.rates.get("tool_fees", {}).items()]
    whole: dict[str, Any] = {"since": since, "until": until, "tiers": tiers, "tool_fees": fees, **rates}
    return PriceView(id=row.id, provider=row.provider, model=row.model, **whole)


def override_of(row: PriceOverride) -> Override:
    """The same as answers are priced with."""

    def decimals(rates: dict[str, Any]) -> dict[str, Any]:
        return {name: Decimal(rates[name]) for name in RATES if rates.get(name) is not None}

    tiers = tuple(
        Tier(tier["above_input_tokens"], service_tier=tier.get("service_tier", ""), **decimals(tier))
        for tier in row.rates.get("tiers", [])
    )
    fees = {tool: Decimal(usd) / 1000 for tool, usd in row.rates.get("tool_fees", {}).items()}
    return Override(
        row.provider,
        row.model,
        since=row.since,
        until=row.until,
        tiers=tiers,
        per_request=fees,
        **decimals(row.rates),
    )


def gaps(rows: Sequence[PriceOverride]) -> list[str]:
    """Days between two prices of the same model on which none of them holds, told in sentences."""
    found = []
    ordered = sorted(rows, key=lambda row: (row.provider, row.model, row.since))
    for earlier, later in pairwise(ordered):
        same = (earlier.provider, earlier.model) == (later.provider, later.model)
        if same and earlier.until is not None and earlier.until < later.since:
            found.append(
                f"{earlier.model} of {earlier.provider} has no price of yours from {earlier.until} until before "
                f"{later.since}: there the built-in list holds, or the price is unknown."
            )
    return found
