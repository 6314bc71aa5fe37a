"""Prices: an administrator's own beside the built-in list, with dates; and the queue of what has no price yet."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from providers.base import Usage
from providers.formats.messages import parts_of
from providers.pricing import Override, price
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.assistant.attempts import BUCKETS, possible
from app.services.catalogue import Catalogue
from app.services.clock import Clock
from app.services.errors import Conflict, Missing
from app.services.finance.price_lists import (
    CheckedPrice,
    NewPrice,
    PriceView,
    checked_price,
    gaps,
    override_of,
    price_view,
)
from app.services.finance.price_tables import price_lines, read_prices
from app.services.finance.reports import csv_bytes
from app.services.relay import Relay
from app.services.views import usd
from app.store import audit
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound, StoreUnavailable
from app.store.finance import prices as price_store
from app.store.finance.prices import Valued
from app.store.tables import LedgerEntry, PriceOverride

log = structlog.get_logger()

_MOST_LOOKED_AT = 200


class PriceList(msgspec.Struct, frozen=True):
    """`warnings` tell of days on which none of a model's prices holds, and of models nobody offers."""

    items: list[PriceView]
    warnings: list[str]


class PricesAdded(msgspec.Struct, frozen=True):
    """What was kept, and how many rows that had no price got one by an adjustment."""

    items: list[PriceView]
    warnings: list[str]
    adjusted: int
    adjusted_usd: str


class UnpricedModel(msgspec.Struct, frozen=True):
    """`waits_for` names models consumed inside its answers, where those have no price and it has one itself; the newest 200
    attempts are looked at."""

    provider: str
    model: str
    attempts: int
    tokens: int
    first: datetime
    last: datetime
    waits_for: list[str]


class UnpricedQueue(msgspec.Struct, frozen=True):
    items: list[UnpricedModel]


class Prices:
    """Use cases of prices."""

    def __init__(
        self, db: Database, clock: Clock, catalogue: Catalogue, relay: Relay, *, check_seconds: float = 5.0
    ) -> None:
        """`check_seconds`: how long prices that were set elsewhere may go unnoticed where nobody told."""
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._check_seconds = check_seconds
        self._known: list[UUID] = []
        self._watch: asyncio.Task[None] | None = None
        self._reloading = asyncio.Lock()
        self._relay = relay
        relay.on("prices", lambda *_: self._reload())

    async def start(self) -> None:
        """What answers cost from now on."""
        await self._reload()
        self._watch = asyncio.create_task(self._keep_watch(), name="price watch")

    async def stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _keep_watch(self) -> None:
        """Prices never change, they come and go: their ids tell whether another worker set some."""
        while True:
            await asyncio.sleep(self._check_seconds)
            try:
                if await self._db.read(price_store.price_ids) != self._known:
                    await self._reload()
            except StoreUnavailable as error:
                log.warning("prices not checked", reason=error.message)

    async def all(self) -> PriceList:
        rows = await self._db.read(price_store.list_prices)
        return PriceList([price_view(row) for row in rows], [*gaps(rows), *await self._unknown(rows)])

    async def table(self, by: Principal) -> bytes:
        """All prices as CSV."""
        await self._db.write(audit.record, action="prices.exported", at=self._clock(), actor_id=by.id)
        return csv_bytes(price_lines(await self._db.read(price_store.list_prices)))

    async def unpriced(self) -> UnpricedQueue:
        """Which models have been used without a known price."""
        return UnpricedQueue(await self._db.read(self._unpriced))

    def _unpriced(self, session: Session) -> list[UnpricedModel]:
        overrides = self._catalogue.overrides
        found = []
        for row in price_store.unpriced_models(session):
            waits_for: list[str] = []
            # Rows are looked at only where their own model's price does not tell what is missing.
            if _has_price(row.provider, row.model, row.last, overrides):
                rows = price_store.unpriced_rows(session, row.provider, row.model, limit=_MOST_LOOKED_AT)
                waits_for = sorted({model for each in rows for model in _without_price(each, overrides)})
            found.append(
                UnpricedModel(row.provider, row.model, row.attempts, row.tokens, row.first, row.last, waits_for)
            )
        return found

    async def add(self, by: Principal, new: NewPrice) -> PricesAdded:
        """Keep a price and give it to the rows it holds for that have none. Raises `InvalidInput` and `Conflict`."""
        return await self._keep(by, [checked_price(new)])

    async def read_table(self, by: Principal, text: str) -> PricesAdded:
        """Keep all prices of a table, or none of them."""
        return await self._keep(by, read_prices(text))

    async def remove(self, by: Principal, price_id: UUID) -> None:
        """Forget a price; what was booked by it stays booked. Raises `Missing`."""
        now = self._clock()

        def unit(session: Session) -> None:
            row = price_store.delete_price(session, price_id)
            audit.record(session, at=now, actor_id=by.id, action="price.removed", target=_told(row))

        try:
            await self._db.write(unit)
        except NotFound as error:
            raise Missing from error
        await self._changed()

    async def _keep(self, by: Principal, prices: Sequence[CheckedPrice]) -> PricesAdded:
        now = self._clock()

        def unit(session: Session) -> list[PriceOverride]:
            kept = []
            for new in prices:
                fields = msgspec.structs.asdict(new)
                row = price_store.add_price(session, by=by.id, at=now, **fields)
                audit.record(
                    session, at=now, actor_id=by.id, action="price.added", target=_told(row), details=row.rates
                )
                kept.append(row)
            return kept

        try:
            kept = await self._db.write(unit)
        except AlreadyExists as error:
            raise Conflict("price_exists", error.message) from error
        await self._changed()
        adjusted, amount = 0, 0
        for provider in sorted({row.provider for row in kept}):
            count, nano = await self._price_rows(provider)
            adjusted, amount = adjusted + count, amount + nano
        rows = await self._db.read(price_store.list_prices)
        warnings = [*gaps(rows), *await self._unknown(kept)]
        return PricesAdded([price_view(row) for row in kept], warnings, adjusted, usd(amount) or "0")

    async def _price_rows(self, provider: str) -> tuple[int, int]:
        """In batches, each a transaction of its own: stopping between two leaves both halves right."""
        overrides = self._catalogue.overrides

        def value(row: LedgerEntry) -> Valued | None:
            return _valued(row, overrides)

        adjusted, amount, after = 0, 0, None
        while True:
            done = await self._db.write(price_store.price_batch, provider, value, after=after, at=self._clock())
            adjusted, amount, after = adjusted + done.adjusted, amount + done.amount_nano, done.last
            if after is None:
                return adjusted, amount

    async def _changed(self) -> None:
        await self._reload()
        self._relay.tell("prices", None)

    async def _reload(self) -> None:
        """One at a time: what was read last is used last."""
        async with self._reloading:
            rows = await self._db.read(price_store.list_prices)
            self._known = sorted(row.id for row in rows)
            self._catalogue.overrides = tuple(override_of(row) for row in rows)

    async def _unknown(self, rows: Sequence[PriceOverride]) -> list[str]:
        offered = {(item.id, model.id) for item in (await self._catalogue.list()).items for model in item.models}

        def fits(row: PriceOverride) -> Iterator[bool]:
            override = override_of(row)
            return (override.applies(provider, model, row.since) for provider, model in offered)

        return [
            f"No provider offers {row.model} of {row.provider} at the moment; its price is kept for when one does."
            for row in rows
            if not any(fits(row))
        ]


def _valued(row: LedgerEntry, overrides: Sequence[Override]) -> Valued | None:
    """What a row costs by the prices known now, as on the day it was booked."""
    for model in dict.fromkeys((row.model_answered or row.model, row.model)):
        found = price(row.provider, model, usage=_usage(row, model), at=row.at, overrides=overrides)
        if found.amount_nano is not None:
            return Valued(found.amount_nano, found.status == "free", found.source, found.date)
    return None


def _usage(row: LedgerEntry, model: str) -> Usage:
    """What a row's tokens were used for. They include those of other models inside the answer, which the provider's own
    usage tells apart: each is priced as its own model, and what is left as the row's."""
    own = {name: getattr(row, name) for name in BUCKETS}
    parts = parts_of(row.raw_usage, model=model) if isinstance(row.raw_usage, dict) else ()
    left = {name: count - sum(getattr(part, name) for _, part in parts) for name, count in own.items()}
    if not (possible(Usage(**left)) and all(possible(part) for _, part in parts)):
        # Numbers nobody can have used were not counted in the row, and so they cannot be taken out of it.
        left, parts = own, ()
    return Usage(**left, requests=row.requests, service_tier=row.service_tier or _tier_sent(row.raw_usage), parts=parts)


def _has_price(provider: str, model: str, at: datetime, overrides: Sequence[Override]) -> bool:
    return price(provider, model, usage=Usage(), at=at, overrides=overrides).amount_nano is not None


def _without_price(row: LedgerEntry, overrides: Sequence[Override]) -> Iterator[str]:
    """The models inside an answer that have none."""
    for model, _ in _usage(row, row.model).parts:
        if not _has_price(row.provider, model, row.at, overrides):
            yield model


def _tier_sent(raw_usage: object) -> str:
    """The service tier of a row that was booked before rows kept it, where the provider's own usage names it."""
    sent = raw_usage.get("service_tier") if isinstance(raw_usage, dict) else None
    return sent if isinstance(sent, str) else ""


def _told(row: PriceOverride) -> str:
    return f"{row.provider} {row.model} from {row.since}"
