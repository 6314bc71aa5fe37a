"""What the API answers: the shapes of drafts, versions, turns, conversations and costs as msgspec Structs.

Positions are UTF-16 code units, money is a decimal string of US dollars or null when unknown, times are UTC.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

T = TypeVar("T")

NANO = 1_000_000_000


def usd(amount_nano: int | None) -> str | None:
    """Nano-USD as an exact decimal string without trailing zeros: 13887000 → "0.013887"; None stays None (unknown)."""
    if amount_nano is None:
        return None
    text = format(Decimal(amount_nano) / NANO, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; `next` is the cursor of the following one, null at the end."""

    items: list[T]
    next: str | None = None


class VersionName(msgspec.Struct, frozen=True):
    id: UUID
    number: int
    label: str | None = None


class ConflictView(msgspec.Struct, frozen=True):
    """Two answers to one question: what stood there, what the other side made of it, and what this side made."""

    id: UUID
    field: str
    base: Any
    theirs: Any
    mine: Any
    from_: int | None = msgspec.field(name="from", default=None)
    """Where the passage stands in the text now; null for a value."""
    to: int | None = None


class DraftView(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    title: str
    fields: dict[str, Any]
    text: str | None
    seq: int
    status: str
    current_version: VersionName | None
    words: int
    completion: int
    conflicts: list[ConflictView]
    saved_at: datetime
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    deleted_at: datetime | None
    conversation_id: UUID | None = None
    running_turn_id: UUID | None = None
    autosaves: int = 0
    manual_saves: int = 0


class StateView(msgspec.Struct, frozen=True):
    """A draft as it was after event `seq`."""

    id: UUID
    kind: str
    title: str
    fields: dict[str, Any]
    text: str | None
    seq: int
    status: str
    conflicts: list[ConflictView]


class DraftSummary(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    title: str
    excerpt: str
    words: int
    completion: int
    status: str
    saved_at: datetime
    created_at: datetime
    expires_at: datetime | None
    deleted_at: datetime | None
    versions: int
    conflicts: int
    edited_by: str
    """Who made the last change: user, model or system."""
    device: str
    """What the device calls itself that made it; empty when it did not say."""
    owner_name: str | None = None
    """Whose it is, where somebody else shares it."""


class ActorView(msgspec.Struct, frozen=True):
    kind: str
    id: UUID | None = None
    name: str = ""


class EventView(msgspec.Struct, frozen=True):
    seq: int
    type: str
    payload: Any
    actor: ActorView
    device: str
    replica: str | None
    n: int | None
    base_seq: int | None
    at: datetime


class Events(msgspec.Struct, frozen=True):
    items: list[EventView]
    head: int


class CommandAnswer(msgspec.Struct, frozen=True):
    seq: int
    events: list[EventView]
    conflicts: list[ConflictView]


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    draft_id: UUID
    number: int
    parent_id: UUID | None
    merged_from_id: UUID | None
    source: str
    author: ActorView
    model: str | None
    turn_id: UUID | None
    label: str | None
    words: int
    words_delta: int
    cost_usd: str | None
    seq: int
    created_at: datetime
    current: bool
    branches: list[str] = []
    """Names of the branches whose tip this is; only in lists."""
    text: str | None = None
    """Only where one version is asked for."""


class HunkView(msgspec.Struct, frozen=True):
    """A stretch of a comparison; `a` and `b` are ranges in the two texts."""

    kind: str
    a: tuple[int, int]
    b: tuple[int, int]
    a_text: str
    b_text: str


class Comparison(msgspec.Struct, frozen=True):
    hunks: list[HunkView]


class Restored(msgspec.Struct, frozen=True):
    version: VersionView
    seq: int


class UsageView(msgspec.Struct, frozen=True):
    """Tokens of an answer in disjoint buckets: `input_tokens` is fresh input only; reasoning is part of output."""

    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    status: str


class Confirmation(msgspec.Struct, frozen=True):
    """The paragraphs a rewrite would take away, which a person must confirm."""

    dropped: list[str]


class ProposalCounts(msgspec.Struct, frozen=True):
    """How many hunks of a turn are in which state; a pending one may be stale."""

    pending: int = 0
    accepted: int = 0
    rejected: int = 0
    withdrawn: int = 0


class TurnVersion(msgspec.Struct, frozen=True):
    id: UUID
    number: int
    applied: bool


class TurnError(msgspec.Struct, frozen=True):
    code: str
    message: str
    retryable: bool


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a draft's text as it was after event `seq`."""

    from_: int = msgspec.field(name="from")
    to: int
    seq: int


class TurnView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    draft_id: UUID
    conversation_id: UUID
    mode: str
    state: str
    text: str
    stop_reason: str | None
    provider: str
    model: str
    usage: UsageView | None
    cost_usd: str | None
    attempts: int
    version: TurnVersion | None
    operations: list[dict[str, Any]]
    proposals: ProposalCounts | None
    """None for a turn that proposed nothing."""
    needs_confirmation: Confirmation | None
    error: TurnError | None
    created_at: datetime
    finished_at: datetime | None
    alternatives_id: UUID | None = None
    """The group this turn is one alternative of."""
    selected: bool = False
    """Whether it was limited to a selected passage."""
    passage: Passage | None = None
    """Where that passage is now; only while the turn runs, and only where one turn is asked for. Null also when the
    words written since were erased."""


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    role: str
    content: str
    html: str
    created_at: datetime
    mode: str | None
    turn: TurnView | None
    action: str | None = None
    """The label of the quick action a prompt was made of."""
    parent_id: UUID | None = None
    siblings: list[UUID] = []
    """The messages that hang on the same one, this among them, in the order they were written."""
    index: int = 0
    """The place among the siblings, from 0."""
    current: bool = True
    """On the branch that is shown and goes on."""


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    draft_id: UUID
    title: str
    provider: str
    model: str
    system_prompt: str
    total_tokens: int
    total_cost_usd: str | None
    unpriced: int
    """Attempts whose price is unknown; they are not in the total."""
    current_message_id: UUID | None
    """The end of the branch that is shown: the next prompt hangs here unless it says otherwise."""
    messages: list[MessageView]


class ConversationSummary(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    provider: str
    model: str
    total_tokens: int
    total_cost_usd: str | None
    unpriced: int
    created_at: datetime


class BudgetNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a budget says about sending: `ok`, `warning` (a soft limit, or 80 % of the hard one), or `reached`: it would be
    refused. `left_usd` is beside what running turns reserved."""

    state: str
    scope: str
    period: str
    limit_usd: str
    left_usd: str
    used_percent: int
    resets_at: datetime
    reason: str | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Before sending: tokens by the tokenizer (an estimate), the likely price, and the price if the answer is as long as allowed."""

    input_tokens: int
    max_output_tokens: int
    expected_output_tokens: int
    cost_usd: str | None
    max_cost_usd: str | None
    free: bool
    method: str
    fits: bool
    budget: BudgetNote | None = None
    """The tightest budget this would count against, if there is one."""


class TurnStarted(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    conversation_id: UUID
    message_id: UUID
    estimate: Estimate


class AlternativeStarted(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    label: str
    provider: str
    model: str
    message_id: UUID
    estimate: Estimate


class AlternativesStarted(msgspec.Struct, frozen=True, kw_only=True):
    """`estimate` sums those of the turns; it has no price while one of them has none."""

    id: UUID
    conversation_id: UUID
    turns: list[AlternativeStarted]
    estimate: Estimate


class AlternativeView(msgspec.Struct, frozen=True, kw_only=True):
    """One alternative: what it was asked beside the prompt, and its turn. `words` are those of its version."""

    id: UUID
    number: int
    label: str
    instruction: str
    words: int | None
    turn: TurnView


class AlternativesView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    draft_id: UUID
    conversation_id: UUID
    mode: str
    prompt: str
    state: str
    """`running` while one of the turns runs, then `done`."""
    base_version_id: UUID | None
    taken_version_id: UUID | None
    cost_usd: str | None
    unpriced: int
    turns: list[AlternativeView]
    created_at: datetime


class Taken(msgspec.Struct, frozen=True):
    """What was taken, as a version. `applied`: it is in the text; otherwise it stands beside it."""

    version: VersionView
    seq: int
    applied: bool


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a provider: who, what for, tokens in disjoint buckets, the amount and where the price is from."""

    id: UUID
    at: datetime
    turn_id: UUID | None
    attempt: int | None
    draft_id: UUID | None
    conversation_id: UUID | None
    message_id: UUID | None
    version_id: UUID | None
    user_id: UUID | None
    cost_centre: str | None
    group_id: UUID | None
    provider: str
    model: str
    model_answered: str | None
    outcome: str
    status: str
    input_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: str | None
    price_source: str | None
    price_date: str | None
    service_tier: str | None
