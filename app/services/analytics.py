"""How the service is doing, by day: saves, conflicts, errors, latency. Counted, never about anybody's words.

The counts are the metrics' own. What was added since the last look goes into the database once a minute and when the
service stops, so that counting costs a save nothing; several workers add to the same rows. A crash loses a minute of it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

import msgspec
import structlog
from sqlmodel import Session

from app.metrics import Metrics
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.store import analytics as store
from app.store.analytics import Key
from app.store.db import Database

log = structlog.get_logger()

_LOOK_SECONDS = 60.0
_MOST_DAYS = 366
_USUAL_DAYS = 30
_ERRORS = ("answer.4xx", "answer.5xx")
_BEYOND_MS = 10_000.0
"""The largest bound that is measured; what takes longer is told as this."""


class UsageDayView(msgspec.Struct, frozen=True):
    """One UTC day. `conflicts` are among the `saves`; `errors` are refusals (`refused`, 4xx) and faults (`failed`, 5xx) of
    any request. Latencies are upper bounds in milliseconds of the time to the first byte; null without requests."""

    day: date
    saves: int
    conflicts: int
    repeated: int
    requests: int
    refused: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class KindUsage(msgspec.Struct, frozen=True):
    """One kind of drafts: saves and conflicts in the period; the others as they are now."""

    kind: str
    saves: int
    conflicts: int
    drafts: int
    submitted: int
    in_conflict: int


class Usage(msgspec.Struct, frozen=True):
    from_: date = msgspec.field(name="from")
    to: date
    days: list[UsageDayView]
    kinds: list[KindUsage]
    total: UsageDayView


class Analytics:
    def __init__(self, db: Database, clock: Clock, metrics: Metrics) -> None:
        self._db = db
        self._clock = clock
        self._metrics = metrics
        self._known: dict[Key, int] = {}
        self._keeping = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="analytics")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._keep_or_say()

    async def usage(self, first: date | None = None, last: date | None = None) -> Usage:
        """The days from `first` to `last`, up to now. Raises `InvalidInput` for a period that cannot be shown."""
        await self.keep()
        last = last or self._clock().astimezone(UTC).date()
        first = first or last - timedelta(days=_USUAL_DAYS - 1)
        if first > last:
            raise InvalidInput("from", "The period must not end before it begins.")
        if (last - first).days >= _MOST_DAYS:
            raise InvalidInput("from", f"At most {_MOST_DAYS} days are shown at once.")
        return await self._db.read(_usage, first, last)

    async def keep(self) -> None:
        """Write what was counted since the last time."""
        async with self._keeping:
            now = dict(_counted(self._metrics))
            added = {key: amount - self._known.get(key, 0) for key, amount in now.items()}
            added = {key: amount for key, amount in added.items() if amount > 0}
            if added:
                await self._db.write(store.add_counts, self._clock().astimezone(UTC).date(), added)
            self._known = now

    async def _keep_or_say(self) -> None:
        try:
            await self.keep()
        except Exception as error:
            log.error("usage not counted; it is tried again", exc_info=error)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self._keep_or_say()


def _counted(metrics: Metrics) -> Iterator[tuple[Key, int]]:
    totals: defaultdict[Key, int] = defaultdict(int)
    for sample in _samples(metrics.commands, "_total"):
        totals[sample.labels["kind"], f"save.{sample.labels['outcome']}"] += int(sample.value)
    for sample in _samples(metrics.requests, "_total"):
        totals["", f"answer.{sample.labels['status'][0]}xx"] += int(sample.value)
    below: defaultdict[str, int] = defaultdict(int)
    for sample in _samples(metrics.latency, "_bucket"):
        # Buckets come from the smallest to the largest, each with all below it.
        method, bound = sample.labels["method"], float(sample.labels["le"])
        name = "inf" if bound == float("inf") else f"{bound * 1000:g}"
        totals["", f"latency.{name}"] += int(sample.value) - below[method]
        below[method] = int(sample.value)
    yield from totals.items()


def _samples(instrument: Any, ending: str) -> Iterator[Any]:
    for family in instrument.collect():
        yield from (sample for sample in family.samples if sample.name.endswith(ending))


def _usage(session: Session, first: date, last: date) -> Usage:
    by_day: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    by_kind: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    whole: defaultdict[str, int] = defaultdict(int)
    for day, kind, measure, amount in store.counts_between(session, first, last):
        by_day[day][measure] += amount
        by_kind[kind][measure] += amount
        whole[measure] += amount
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    now = store.drafts_by_kind(session)
    kinds = sorted({kind for kind in (*by_kind, *now) if kind})
    return Usage(
        first,
        last,
        [_day(day, by_day[day]) for day in days],
        [
            KindUsage(kind, _saves(by_kind[kind]), by_kind[kind]["save.conflict"], *now.get(kind, (0, 0, 0)))
            for kind in kinds
        ],
        _day(last, whole),
    )


def _saves(counts: dict[str, int]) -> int:
    return counts["save.accepted"] + counts["save.conflict"]


def _day(day: date, counts: dict[str, int]) -> UsageDayView:
    answers = sum(amount for measure, amount in counts.items() if measure.startswith("answer."))
    refused, failed = (counts[name] for name in _ERRORS)
    p50, p95, p99 = (_percentile(counts, share) for share in (0.50, 0.95, 0.99))
    return UsageDayView(
        day, _saves(counts), counts["save.conflict"], counts["save.duplicate"], answers, refused, failed, p50, p95, p99
    )


def _percentile(counts: dict[str, int], share: float) -> float | None:
    """The smallest bound below which so many of the answers came; the largest known one where it is beyond all."""
    found = [
        (float(measure.removeprefix("latency.")), amount)
        for measure, amount in counts.items()
        if measure.startswith("latency.") and amount
    ]
    if not found:
        return None
    found.sort()
    wanted = share * sum(amount for _, amount in found)
    seen = 0
    for bound, amount in found:
        seen += amount
        if seen >= wanted:
            return bound if bound != float("inf") else _BEYOND_MS
    return _BEYOND_MS
