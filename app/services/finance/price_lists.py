"""What a price may be, its form in the API and in CSV, and how the pricing of answers gets it."""

import csv
import io
from collections.abc import Iterable, Sequence
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

_RATES = ("input_usd", "output_usd", "cache_read_usd", "cache_write_5m_usd", "cache_write_1h_usd")
_REQUIRED = frozenset({"input_usd", "output_usd"})
_MOST_USD = Decimal(1_000_000)
_MOST_TIERS = 10
_MOST_LINES = 5_000
CSV_COLUMNS = ("provider", "model", "since", "until", *_RATES)


class TierPrice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Prices of requests whose whole input is above so many tokens."""

    above_input_tokens: int
    input_usd: str
    output_usd: str
    cache_read_usd: str | None = None
    cache_write_5m_usd: str | None = None
    cache_write_1h_usd: str | None = None


class NewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price in USD per million tokens, as decimal strings, from the day `since` on until before `until`. `model` may hold
    ``*`` and ``?``. A cache price left out: cached tokens cost what fresh input costs."""

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
    if len(new.tiers) > _MOST_TIERS:
        raise InvalidInput("tiers", f"A price has at most {_MOST_TIERS} tiers.")
    above = [tier.above_input_tokens for tier in new.tiers]
    if any(count < 1 for count in above) or len(set(above)) != len(above):
        raise InvalidInput("tiers", "Each tier begins above another number of tokens, at least 1.")
    rates: dict[str, Any] = _checked_rates(new)
    if new.tiers:
        rates["tiers"] = [{"above_input_tokens": tier.above_input_tokens, **_checked_rates(tier)} for tier in new.tiers]
    return CheckedPrice(
        provider=checked_line("provider", new.provider, least=1, most=50),
        model=checked_line("model", new.model, least=1, most=200),
        since=since,
        until=until,
        rates=rates,
    )


def _checked_rates(of: NewPrice | TierPrice) -> dict[str, str]:
    given = {name: getattr(of, name) for name in _RATES}
    return {name: _usd(name, value) for name, value in given.items() if value is not None or name in _REQUIRED}


def _usd(field: str, value: str) -> str:
    """A decimal string of 0 or more, with at most nine digits after the point: a nano-USD is the least there is."""
    try:
        amount = Decimal(value.strip())
    except InvalidOperation as error:
        raise InvalidInput(field, "This is an amount in USD, such as 2.50.") from error
    if not amount.is_finite() or not 0 <= amount <= _MOST_USD or amount != round(amount, 9):
        raise InvalidInput(field, "An amount is from 0 to 1000000 USD with at most nine digits after the point.")
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
    rates = {name: row.rates.get(name) for name in _RATES}
    since, until = row.since.isoformat(), row.until.isoformat() if row.until else None
    whole: dict[str, Any] = {"since": since, "until": until, "tiers": tiers, **rates}
    return PriceView(id=row.id, provider=row.provider, model=row.model, **whole)


def override_of(row: PriceOverride) -> Override:
    """The same as answers are priced with."""

    def decimals(rates: dict[str, Any]) -> dict[str, Any]:
        return {name: Decimal(rates[name]) for name in _RATES if rates.get(name) is not None}

    tiers = tuple(Tier(tier["above_input_tokens"], **decimals(tier)) for tier in row.rates.get("tiers", []))
    return Override(row.provider, row.model, since=row.since, until=row.until, tiers=tiers, **decimals(row.rates))


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


# CSV


def price_lines(rows: Iterable[PriceOverride]) -> list[list[object]]:
    """The table, without tiers, which a line of CSV has no place for."""
    views = map(price_view, rows)
    return [list(CSV_COLUMNS), *([getattr(view, name) for name in CSV_COLUMNS] for view in views)]


def read_prices(text: str) -> list[CheckedPrice]:
    """The prices of a table whose first line names the columns. Raises `InvalidInput`, naming the line; then none is kept."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise InvalidInput("csv", f"Line {reader.line_num}: this is not CSV ({error}).") from error
    missing = [
        name for name in ("provider", "model", "since", *sorted(_REQUIRED)) if name not in (reader.fieldnames or [])
    ]
    if missing:
        raise InvalidInput("csv", f"The first line lacks the columns {', '.join(missing)}.")
    if not 1 <= len(lines) <= _MOST_LINES:
        raise InvalidInput("csv", f"A table has 1 to {_MOST_LINES} lines of prices.")
    found = []
    for number, line in enumerate(lines, start=2):
        cells = {name: (line.get(name) or "").strip() or None for name in CSV_COLUMNS}
        try:
            found.append(checked_price(msgspec.convert(cells, NewPrice)))
        except InvalidInput as error:
            wrong = error.values["errors"][0]
            raise InvalidInput("csv", f"Line {number}, {wrong['field']}: {wrong['message']}") from error
        except msgspec.ValidationError as error:
            raise InvalidInput("csv", f"Line {number}: {error}") from error
    return found
