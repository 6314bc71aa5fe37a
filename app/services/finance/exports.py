"""Reading what a provider exported about use and cost, as CSV: the tolerant part, which knows columns by their names.

Names as documented by OpenAI (usage and costs export; the Usage and Costs API, 2026-11) and Anthropic (usage and cost export of
the console; the Admin API, 2026-11), with spellings seen in older exports.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from app.services.errors import InvalidInput

_DAY = ("usage_date_utc", "start_time_iso", "start_time", "starting_at", "usage_date", "date", "day")
_MODEL = ("model_version", "model", "snapshot_id", "line_item")
_FRESH = ("usage_input_tokens_no_cache", "uncached_input_tokens", "input_uncached_tokens")
_WHOLE = ("input_tokens", "n_context_tokens_total", "prompt_tokens")
"""Input with what was read from or written to a cache in it."""
_CACHED = (
    "usage_input_tokens_cache_read", "usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_write", "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip
_OUTPUT = ("usage_output_tokens", "output_tokens", "n_generated_tokens_total", "completion_tokens")
_AMOUNT = ("cost_usd", "amount_usd", "amount_value", "amount", "cost")
_CURRENCY = ("amount_currency", "currency")
_MARKS = {
    "anthropic": {"usage_date_utc", "usage_input_tokens_no_cache", "usage_output_tokens", "model_version", "token_type"},
    "openai": {"num_model_requests", "input_cached_tokens", "amount_value", "line_item", "snapshot_id", "project_id",
               "organization_id", "n_context_tokens_total"},
}  # fmt: skip
"""Columns that only this provider's exports have."""
_NAMES = {"anthropic": "Anthropic", "openai": "OpenAI"}
_DATED = re.compile(r"-(20\d{2}-?\d{2}-?\d{2}|latest)$")
_MOST_LINES = 200_000
_MOST_TOKENS = 10**15
_MOST_USD = Decimal(10**9)
_NANO = 10**9


@dataclass(slots=True)
class Used:
    """What one model used on one UTC day. None: this side does not say. `input_tokens` is all input, also from caches."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    amount_nano: int | None = None

    def add(self, other: "Used") -> None:
        for name in ("input_tokens", "output_tokens", "amount_nano"):
            more = getattr(other, name)
            if more is not None:
                setattr(self, name, (getattr(self, name) or 0) + more)


DayModel = tuple[date, str]


def model_name(text: str) -> str:
    """One spelling for a model: providers add the day of the snapshot in one export and leave it out in another, and name
    the kind of token behind a comma."""
    name = re.sub(r"[\s_]+", "-", text.split(",")[0].strip().lower())
    return _DATED.sub("", name) or name


def read_export(text: str, provider: str) -> dict[DayModel, Used]:
    """Use by day and model. Raises `InvalidInput`: another provider's export, no such columns, or a line that cannot be read."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), strict=True)
    found: dict[DayModel, Used] = {}
    try:
        names = [(name or "").strip().lower().replace(" ", "_") for name in reader.fieldnames or []]
        reader.fieldnames = names
        columns = _columns(names, provider)
        for line in reader:
            if reader.line_num > _MOST_LINES:
                raise InvalidInput("csv", f"An export has {_MOST_LINES} lines at most: take a shorter period.")
            try:
                key, used = _line(line, columns)
            except ValueError as error:
                raise InvalidInput("csv", f"Line {reader.line_num}: {error}") from error
            if key is not None:
                found.setdefault(key, Used()).add(used)
    except csv.Error as error:
        raise InvalidInput("csv", f"Line {reader.line_num}: this is not CSV ({error}).") from error
    if not found:
        raise InvalidInput("csv", "This export has no line with a day and a model.")
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the columns of this file are called; an empty name for one it lacks."""

    day: str
    model: str
    fresh: str
    whole: str
    cached: tuple[str, ...]
    output: str
    amount: str
    currency: str


def _columns(names: Iterable[str], provider: str) -> _Columns:
    present = set(names)
    for vendor, marks in _MARKS.items():
        if provider in _MARKS and vendor != provider and present & marks and not present & _MARKS[provider]:
            raise InvalidInput("csv", f"This looks like an export of {_NAMES[vendor]}, not of {_NAMES[provider]}.")

    def first(wanted: tuple[str, ...]) -> str:
        return next((name for name in wanted if name in present), "")

    fresh = first(_FRESH)
    columns = _Columns(
        day=first(_DAY),
        model=first(_MODEL),
        fresh=fresh,
        whole="" if fresh else first(_WHOLE),
        cached=tuple(name for name in _CACHED if name in present) if fresh else (),
        output=first(_OUTPUT),
        amount=first(_AMOUNT),
        currency=first(_CURRENCY),
    )
    missing = [] if columns.day else [f"a day ({', '.join(_DAY[:3])})"]
    missing += [] if columns.model else [f"a model ({', '.join(_MODEL)})"]
    if not (columns.amount or columns.output):
        missing.append("tokens (usage_output_tokens, output_tokens) or an amount (cost_usd, amount_value)")
    if missing:
        raise InvalidInput("csv", f"The first line names no column for {', and none for '.join(missing)}.")
    return columns


def _line(line: Mapping[str, str | None], columns: _Columns) -> tuple[DayModel | None, Used]:
    def cell(name: str) -> str:
        return (line.get(name) or "").strip() if name else ""

    model = model_name(cell(columns.model))
    if not cell(columns.day) or not model:
        return None, Used()  # a sum at the end, or cost that belongs to no model
    inputs = [name for name in (columns.fresh, columns.whole, *columns.cached) if name]
    used = Used(
        input_tokens=sum(_tokens(cell(name)) for name in inputs) if inputs else None,
        output_tokens=_tokens(cell(columns.output)) if columns.output else None,
        amount_nano=_nano(cell(columns.amount), cell(columns.currency)) if columns.amount else None,
    )
    return (_day(cell(columns.day)), model[:200]), used


def _day(text: str) -> date:
    try:
        if text.isdigit() and len(text) >= 9:
            return datetime.fromtimestamp(int(text), UTC).date()
        if len(text) == 10:
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text[:40]!r} is not a day, such as 2026-03-31.") from error


def _tokens(text: str) -> int:
    try:
        count = Decimal(text.replace(",", "") or "0")
    except InvalidOperation as error:
        raise ValueError(f"{text[:40]!r} is not a number of tokens.") from error
    if not count.is_finite() or not 0 <= count <= _MOST_TOKENS or count != int(count):
        raise ValueError(f"{text[:40]!r} is not a number of tokens.")
    return int(count)


def _nano(text: str, currency: str) -> int:
    if currency and currency.upper() != "USD":
        raise ValueError(f"amounts are compared in USD, not in {currency[:10]!r}.")
    try:
        amount = Decimal(text.replace(",", "").lstrip("$") or "0")
    except InvalidOperation as error:
        raise ValueError(f"{text[:40]!r} is not an amount.") from error
    if not amount.is_finite() or abs(amount) > _MOST_USD:
        raise ValueError(f"{text[:40]!r} is not an amount.")
    return int((amount * _NANO).to_integral_value())
