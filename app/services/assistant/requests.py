"""From a writer's prompt to the request a provider gets: document, history within a token budget, tools, estimate.

Pure but for the tokenizer. The document reaches the model as data inside a template; earlier messages without their
documents, newest first until the budget is spent.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from providers.base import Message, ModelInfo, Request, Tool
from providers.pricing import Override, estimate, rates
from providers.tokens import TokenCounter

from app.core.edits.operations import TOOL_SCHEMAS
from app.core.text.blocks import parse_blocks, render_for_model
from app.core.text.utf16 import utf16_length
from app.services.assistant.prompts import Prompts
from app.services.views import NANO, Estimate, usd

Mode = Literal["ask", "write", "edit"]

_MOST_OUTPUT = {"ask": 4_096, "write": 16_384, "edit": 16_384}
"""Tokens an answer may have at most, within what the model allows."""

_LEAST_OUTPUT = 256
"""Tokens an answer needs to be worth asking for."""

_USUAL_OUTPUT = {"ask": 400, "write": 1_200, "edit": 300}
"""Tokens an answer usually has: a guess for the price shown before sending, replaced by what is reported after."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One earlier prompt and its answer, as the chat shows them."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Material:
    """One reference of the draft, as the model is shown it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """A published message of a goal conversation. `part`: student or instructor."""

    part: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The conversation that a message is written for: what the person sees who writes it. `answered`: it is a reply."""

    goal: str
    description: str
    writer: str
    messages: Sequence[Said]
    answered: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPlan:
    """Everything about a turn that does not change while it runs."""

    mode: Mode
    prompt: str
    title: str
    text: str
    selection: tuple[int, int] | None
    selected_text: str
    instructions: str
    history: Sequence[Exchange]
    provider: str
    model: ModelInfo
    tools: bool
    locked: tuple[tuple[int, int], ...] = ()
    """Blocks of the text that the writer has locked."""
    suggestion: str | None = None
    """What was proposed for the selected place before and is to be made anew; "" proposed to take the words away."""
    action: str | None = None
    """The label of the quick action the prompt was made of."""
    style: str = ""
    """How the writer writes, where they switched it on."""
    references: Sequence[Material] = ()
    talk: Talk | None = None
    """Set where the text is a message."""


def build_request(plan: TurnPlan, prompts: Prompts, counter: TokenCounter, *, history_tokens: int) -> Request:
    """The request for the first attempt of a turn."""
    document = render_for_model(parse_blocks(plan.text)) if plan.mode == "edit" else plan.text
    tagged = plan.mode == "edit" and not plan.tools
    values: dict[str, object] = {
        "document": document,
        "title": plan.title,
        "selection": plan.selected_text,
        "prompt": plan.prompt,
        "mark": _mark(plan),
        "references": plan.references,
    }
    locked = (
        [block for block in parse_blocks(plan.text) if (block.from_, block.to) in plan.locked] if plan.locked else []
    )
    if plan.mode == "edit":
        values |= {"tagged": tagged, "locked": [block.id for block in locked], "suggestion": plan.suggestion}
    elif plan.mode == "write":
        start, end = plan.selection or (0, utf16_length(plan.text))
        values["locked"] = [block.text for block in locked if block.from_ < end and block.to > start]
    template: str = plan.mode
    if plan.talk is not None:
        template = "reply"
        values |= {"talk": plan.talk, "messages": _latest(plan.talk, counter, plan.model.id, history_tokens)}
    user = Message.of("user", prompts.render(template, **values))
    history = _within_budget(plan.history, counter, plan.model.id, history_tokens)
    return Request(
        plan.model.id,
        prompts.render("system", instructions=plan.instructions, style=plan.style),
        messages=(*history, user),
        tools=tuple(Tool(name, description, schema) for name, description, schema in TOOL_SCHEMAS)
        if plan.mode == "edit" and plan.tools
        else (),
        max_output_tokens=min(_MOST_OUTPUT[plan.mode], plan.model.max_output_tokens or _MOST_OUTPUT[plan.mode]),
        metadata={
            "mode": plan.mode,
            "document": plan.text,
            "selection": plan.selected_text or None,
            "prompt": plan.prompt,
            "references": [(reference.title, reference.text) for reference in plan.references],
            "said": _said_last(plan.talk),
        },
    )


def _said_last(talk: Talk | None) -> str | None:
    """What a message answers, "" for the first of a conversation; None where no message is written."""
    if talk is None:
        return None
    last = talk.answered or next((said for said in reversed(talk.messages) if said.part != talk.writer), None)
    return "" if last is None else last.text


def _mark(plan: TurnPlan) -> str:
    """Part of the tags around the document: no text can hold the digest of itself, so none can close them early."""
    digest = hashlib.sha256(f"{plan.title}\0{plan.text}\0{plan.prompt}".encode())
    for reference in plan.references:
        digest.update(f"\0{reference.title}\0{reference.text}".encode())
    if plan.talk is not None:
        digest.update(f"\0{plan.talk.goal}\0{plan.talk.description}".encode())
        for said in plan.talk.messages:
            digest.update(f"\0{said.name}\0{said.text}".encode())
    return digest.hexdigest()[:8]


def within_context(request: Request, plan: TurnPlan, counter: TokenCounter) -> Request:
    """The same request, asking for no more output than the model's context leaves beside the input."""
    if plan.model.context_tokens is None:
        return request
    left = plan.model.context_tokens - counter.count_request(request)
    return replace(request, max_output_tokens=max(_LEAST_OUTPUT, min(request.max_output_tokens, left)))


def estimate_request(
    plan: TurnPlan,
    request: Request,
    counter: TokenCounter,
    at: datetime,
    *,
    overrides: Sequence[Override] = (),
    base_url: str | None = None,
) -> Estimate:
    """Tokens and price before sending. An unknown price stays null."""
    input_tokens = counter.count_request(request)
    expected = min(_USUAL_OUTPUT[plan.mode], request.max_output_tokens)
    free = rates(plan.provider, plan.model.id, at=at, overrides=overrides, base_url=base_url).free

    def amount(output_tokens: int) -> int | None:
        return estimate(
            plan.provider,
            plan.model.id,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            at=at,
            overrides=overrides,
            base_url=base_url,
        ).amount_nano

    context = plan.model.context_tokens
    return Estimate(
        input_tokens=input_tokens,
        max_output_tokens=request.max_output_tokens,
        expected_output_tokens=expected,
        cost_usd=usd(amount(expected)),
        max_cost_usd=usd(amount(request.max_output_tokens)),
        free=free,
        method=counter.method(plan.model.id),
        fits=context is None or input_tokens + _LEAST_OUTPUT <= context,
    )


def _within_budget(history: Sequence[Exchange], counter: TokenCounter, model: str, budget: int) -> tuple[Message, ...]:
    kept: list[Message] = []
    for exchange in reversed(history):
        if not exchange.prompt or not exchange.answer:
            continue
        budget -= counter.count(exchange.prompt, model) + counter.count(exchange.answer, model)
        if budget < 0:
            break
        kept[:0] = [Message.of("user", exchange.prompt), Message.of("assistant", exchange.answer)]
    return tuple(kept)


def _latest(talk: Talk, counter: TokenCounter, model: str, budget: int) -> tuple[Said, ...]:
    """The last messages that fit the budget together."""
    kept: list[Said] = []
    for said in reversed(talk.messages):
        budget -= counter.count(said.text, model)
        if budget < 0:
            break
        kept.insert(0, said)
    return tuple(kept)


def per_million(rate: Decimal | None) -> str | None:
    """A price per million tokens as a decimal string of US dollars."""
    return None if rate is None else usd(int(rate * NANO))
