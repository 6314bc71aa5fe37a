"""One attempt at a provider: what came back, what it cost, and the ledger row that says so.

Every attempt gets its row, also a failed, stopped or interrupted one. Tokens are the provider's own numbers where it
sent them, otherwise counted here and marked estimated; an unknown price stays unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from providers.base import Request, Started, Stopped, StreamEvent, Usage, UsageReport
from providers.pricing import Override, price
from providers.tokens import TokenCounter

from app.services.views import UsageView, usd
from app.store.ids import new_id
from app.store.tables import LedgerEntry

_MOST_TOKENS = 1_000_000_000
BUCKETS = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip
"""Of one bucket of one attempt: a thousand times the longest context there is."""

_LONGEST_TIER = 50

Outcome = Literal["done", "stopped", "failed", "interrupted"]


@dataclass(slots=True)
class Attempt:
    """What one call to a provider yielded so far."""

    number: int
    started_at: datetime
    request: Request
    model_answered: str | None = None
    output: list[str] = field(default_factory=list)
    """Everything the model produced (text, reasoning, arguments): counted when the provider reports no usage."""
    usage: Usage | None = None
    stop_reason: str | None = None
    stop_raw: str | None = None
    first_text_at: datetime | None = None
    reached: bool = False
    """The provider began to answer; before that nothing is billed."""

    def note(self, event: StreamEvent) -> None:
        """Keep what an event says about the attempt as a whole; later usage reports replace earlier ones."""
        match event:
            case UsageReport(usage):
                self.usage = usage
            case Started(model=model):
                self.model_answered = model or None
            case Stopped(reason, raw):
                self.stop_reason, self.stop_raw = reason, raw
            case _:
                pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom and what an attempt is booked to."""

    turn_id: UUID
    draft_id: UUID
    conversation_id: UUID
    message_id: UUID | None
    user_id: UUID | None
    provider: str
    base_url: str | None = None
    overrides: Sequence[Override] = ()


def final_usage(attempt: Attempt, counter: TokenCounter, outcome: Outcome) -> Usage:
    """The provider's numbers if the answer was complete; otherwise the best estimate.

    Zero when the provider refused before it began to answer; one that was stopped by us may have read the prompt.
    """
    if not attempt.reached and outcome == "failed":
        return Usage(status="estimated")
    known = attempt.usage
    if known is not None and not possible(known):
        # Numbers nobody can have used are no report; they are kept beside the estimate, for whoever asks the provider.
        estimated = counter.estimate(attempt.request, "".join(attempt.output))
        return msgspec.structs.replace(estimated, raw=known.raw)
    if known is not None and known.status == "reported":
        return known
    return counter.estimate(attempt.request, "".join(attempt.output), known=known)


def trace_attributes(attempt: Attempt, account: Account) -> dict[str, str | int | None]:
    """What a trace says of an attempt, by the conventions for generative models; nothing of what was asked or answered."""
    usage = attempt.usage
    return {
        "gen_ai__operation__name": "chat",
        "gen_ai__provider__name": account.provider,
        "gen_ai__request__model": attempt.request.model,
        "gen_ai__response__model": attempt.model_answered,
        "gen_ai__usage__input_tokens": None if usage is None else usage.input_tokens,
        "gen_ai__usage__output_tokens": None if usage is None else usage.output_tokens,
        "draftloom__turn__id": str(account.turn_id),
        "draftloom__attempt": attempt.number,
        "draftloom__stop_reason": attempt.stop_reason,
    }


def possible(usage: Usage) -> bool:
    """Whether an answer can have used so much."""
    counts = [*bucket_totals(usage).values(), *usage.requests.values()]
    return all(0 <= count <= _MOST_TOKENS for count in counts) and usage.reasoning_tokens <= usage.output_tokens


def ledger_entry(
    attempt: Attempt,
    account: Account,
    usage: Usage,
    at: datetime,
    *,
    outcome: Outcome,
    version_id: UUID | None = None,
) -> LedgerEntry:
    """The row of one attempt, priced by what is known on the day it ran."""
    model = attempt.model_answered or attempt.request.model
    amount_nano, status, source, dated = priced(account, model, usage, attempt, at)
    first = attempt.first_text_at
    return LedgerEntry(
        id=new_id(),
        at=at,
        turn_id=account.turn_id,
        attempt=attempt.number,
        draft_id=account.draft_id,
        conversation_id=account.conversation_id,
        message_id=account.message_id,
        version_id=version_id,
        user_id=account.user_id,
        provider=account.provider,
        model=attempt.request.model,
        model_answered=attempt.model_answered,
        outcome=outcome,
        status=status,
        **bucket_totals(usage),
        requests=dict(usage.requests),
        service_tier=usage.service_tier[:_LONGEST_TIER] or None,
        amount_nano=amount_nano,
        price_source=source,
        price_date=dated,
        raw_usage=dict(usage.raw) or None,
        first_text_ms=None if first is None else _milliseconds(attempt.started_at, first),
        duration_ms=_milliseconds(attempt.started_at, at),
    )


def priced(
    account: Account, model: str, usage: Usage, attempt: Attempt, at: datetime
) -> tuple[int | None, str, str | None, Any]:
    """Amount in nano-USD or None, the row's status, and the price's source and date."""
    if not usage.total_tokens and not attempt.reached:
        return 0, usage.status, None, None
    found = price(account.provider, model, usage=usage, at=at, overrides=account.overrides, base_url=account.base_url)
    if found.status == "unknown" and model != attempt.request.model:
        found = price(
            account.provider,
            attempt.request.model,
            usage=usage,
            at=at,
            overrides=account.overrides,
            base_url=account.base_url,
        )
    status = found.status if found.status in ("free", "unknown") else usage.status
    return found.amount_nano, status, found.source or None, found.date


def bucket_totals(usage: Usage) -> dict[str, Any]:
    """The disjoint buckets, those of other models used inside the answer included."""
    return {name: getattr(usage, name) + sum(getattr(part, name) for _, part in usage.parts) for name in BUCKETS}


def usage_data(entries: Sequence[LedgerEntry]) -> dict[str, Any]:
    """The `usage` entry of the run log: all attempts of the turn together."""
    view = usage_view(entries)
    data = {name: getattr(view, name) for name in view.__struct_fields__} if view is not None else {}
    return data | {"cost_usd": usd(cost_nano(entries))}


def usage_view(entries: Sequence[LedgerEntry]) -> UsageView | None:
    """Tokens of a turn over all its attempts; the weakest status names the whole."""
    if not entries:
        return None
    weakest = max(
        (entry.status for entry in _in_force(entries)), key=("free", "reported", "estimated", "unknown").index
    )
    return UsageView(
        input_tokens=sum(entry.input_tokens for entry in entries),
        cache_read_tokens=sum(entry.cache_read_tokens for entry in entries),
        cache_write_tokens=sum(entry.cache_write_5m_tokens + entry.cache_write_1h_tokens for entry in entries),
        output_tokens=sum(entry.output_tokens for entry in entries),
        reasoning_tokens=sum(entry.reasoning_tokens for entry in entries),
        status=weakest,
    )


def cost_nano(entries: Sequence[LedgerEntry]) -> int | None:
    """The sum in nano-USD, None as soon as one amount is unknown and was not priced later."""
    amounts = [entry.amount_nano for entry in _in_force(entries)]
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if amounts and len(known) == len(amounts) else None


def _in_force(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Without the rows an adjustment gave a price to."""
    adjusted = {entry.adjusts_id for entry in entries}
    return [entry for entry in entries if entry.amount_nano is not None or entry.id not in adjusted]


def _milliseconds(start: datetime, end: datetime) -> int:
    return max(0, round((end - start).total_seconds() * 1000))
