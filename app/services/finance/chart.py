"""Geometry of the chart of costs: stacked bars over time in a box of 1000 by 100, the largest model at the bottom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.store.finance.reports import next_month

_MOST_SERIES = 5
_GAP = 0.22
"""Of a bar's place, left free."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One model's part of a bar."""

    series: int
    model: str
    y: float
    height: float
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Bar:
    start: date
    x: float
    width: float
    amount_nano: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`top_nano` is what the upper edge means; `line` the height of the budget's line, None where it has no place."""

    bars: tuple[Bar, ...]
    series: tuple[str, ...]
    months: bool
    top_nano: int
    line: float | None


def chart(
    amounts: Mapping[tuple[date, str], int], first: date, last: date, *, months: bool, budget_nano: int | None
) -> Chart | None:
    """None when nothing was spent."""
    by_model: dict[str, int] = {}
    for (_, model), amount in amounts.items():
        by_model[model] = by_model.get(model, 0) + amount
    ranked = sorted((model for model, amount in by_model.items() if amount > 0), key=lambda model: -by_model[model])
    if not ranked:
        return None
    named, rest = ranked[:_MOST_SERIES], set(ranked[_MOST_SERIES:])
    series = (*named, *(["Other models"] if rest else []))
    starts = _starts(first, last, months=months)
    stacks = [[max(0, amounts.get((start, model), 0)) for model in named] for start in starts]
    for start, stack in zip(starts, stacks, strict=True):
        if rest:
            stack.append(sum(max(0, amounts.get((start, model), 0)) for model in rest))
    top = max(sum(stack) for stack in stacks)
    if budget_nano is not None and top < budget_nano <= 2 * top:
        top = budget_nano
    place = 1000 / len(starts)
    bars = tuple(
        _bar(start, index * place, place, stack, series, top)
        for index, (start, stack) in enumerate(zip(starts, stacks, strict=True))
    )
    line = 100 - 100 * budget_nano / top if budget_nano is not None and budget_nano <= top else None
    return Chart(bars, series, months, top, line)


def _bar(start: date, x: float, place: float, stack: list[int], series: tuple[str, ...], top: int) -> Bar:
    pieces, y = [], 100.0
    for index, amount in enumerate(stack):
        if amount:
            height = 100 * amount / top
            y -= height
            pieces.append(Piece(index, series[index], round(y, 3), round(height, 3), amount))
    return Bar(start, round(x + place * _GAP / 2, 3), round(place * (1 - _GAP), 3), sum(stack), tuple(pieces))


def _starts(first: date, last: date, *, months: bool) -> list[date]:
    starts, day = [], first.replace(day=1) if months else first
    while day <= last:
        starts.append(day)
        day = next_month(day) if months else day + timedelta(days=1)
    return starts
