"""Prices as a CSV table: one line a price, whose last cells list its tiers and tool fees in words.

A cell of tiers: ``above 200000: input 4, output 20; flex: input 1, output 5, cache_read 0.1; flex above 200000: …``
A cell of tool fees, in USD for a thousand calls: ``web_search_requests 10; code_execution_requests 5``
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from app.services.errors import InvalidInput
from app.services.finance.price_lists import (
    RATES,
    REQUIRED_RATES,
    CheckedPrice,
    NewPrice,
    TierPrice,
    ToolFee,
    checked_price,
    price_view,
)
from app.store.tables import PriceOverride

_PLAIN = ("provider", "model", "since", "until", *RATES)
CSV_COLUMNS = (*_PLAIN, "tiers", "tool_fees")
"""New columns are added behind these."""
_MOST_LINES = 5_000
_HEAD = re.compile(r"(?:(?P<tier>(?!above\s)\S+?))?\s*(?:above\s+(?P<above>[0-9]{1,12}))?\s*:(?P<prices>.*)", re.DOTALL)
_RATE_NAMES = {name.removesuffix("_usd"): name for name in RATES}


def price_lines(rows: Iterable[PriceOverride]) -> list[list[object]]:
    """The table, its header first."""
    lines: list[list[object]] = [list(CSV_COLUMNS)]
    for view in map(price_view, rows):
        tiers = "; ".join(map(_tier_text, view.tiers))
        fees = "; ".join(f"{fee.tool} {fee.usd_per_1000}" for fee in view.tool_fees)
        lines.append([*(getattr(view, name) for name in _PLAIN), tiers, fees])
    return lines


def read_prices(text: str) -> list[CheckedPrice]:
    """The prices of a table whose first line names the columns. Raises `InvalidInput`, naming the line; then none is kept."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), strict=True)
    try:
        lines = list(reader)
    except csv.Error as error:
        raise InvalidInput("csv", f"Line {reader.line_num}: this is not CSV ({error}).") from error
    needed = ("provider", "model", "since", *sorted(REQUIRED_RATES))
    missing = [name for name in needed if name not in (reader.fieldnames or [])]
    if missing:
        raise InvalidInput("csv", f"The first line lacks the columns {', '.join(missing)}.")
    if not 1 <= len(lines) <= _MOST_LINES:
        raise InvalidInput("csv", f"A table has 1 to {_MOST_LINES} lines of prices.")
    found = []
    for number, line in enumerate(lines, start=2):
        cells: dict[str, Any] = {name: (line.get(name) or "").strip() or None for name in _PLAIN}
        try:
            cells["tiers"] = list(_tiers(line.get("tiers") or ""))
            cells["tool_fees"] = list(_fees(line.get("tool_fees") or ""))
            found.append(checked_price(msgspec.convert(cells, NewPrice)))
        except InvalidInput as error:
            wrong = error.values["errors"][0]
            raise InvalidInput("csv", f"Line {number}, {wrong['field']}: {wrong['message']}") from error
        except msgspec.ValidationError as error:
            raise InvalidInput("csv", f"Line {number}: {error}") from error
    return found


def _tier_text(tier: TierPrice) -> str:
    named = [tier.service_tier] if tier.service_tier else []
    named += [f"above {tier.above_input_tokens}"] if tier.above_input_tokens else []
    prices = [f"{short} {value}" for short, name in _RATE_NAMES.items() if (value := getattr(tier, name)) is not None]
    return f"{' '.join(named)}: {', '.join(prices)}"


def _tiers(cell: str) -> Iterator[TierPrice]:
    for text in _listed(cell, ";"):
        head = _HEAD.fullmatch(text)
        pairs = [_pair("tiers", pair) for pair in _listed(head["prices"], ",")] if head else []
        prices = dict(pairs)
        known = prices.keys() <= _RATE_NAMES.keys() and {"input", "output"} <= prices.keys()
        if head is None or not known or len(prices) != len(pairs):
            raise InvalidInput(
                "tiers", f"{text[:60]!r} is no tier, such as: above 200000: input 4, output 20; flex: input 1, output 5"
            )
        yield TierPrice(
            above_input_tokens=int(head["above"] or 0),
            service_tier=head["tier"],
            **{_RATE_NAMES[name]: value for name, value in pairs},
        )


def _fees(cell: str) -> Iterator[ToolFee]:
    for text in _listed(cell, ";"):
        tool, usd = _pair("tool_fees", text)
        yield ToolFee(tool=tool, usd_per_1000=usd)


def _pair(field: str, text: str) -> tuple[str, str]:
    words = text.split()
    if len(words) != 2:
        raise InvalidInput(field, f"{text[:60]!r} is not a name and an amount in USD, such as: input 4")
    return words[0], words[1]


def _listed(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]
