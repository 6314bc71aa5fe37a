"""Runs one turn: calls the provider, retries what may be retried, and ends in exactly one state with everything kept.

The order at the end matters: what was streamed is committed, then the outcome (answer, version, draft event, ledger
row, state) in one transaction, then everybody is told.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from providers.base import (
    Message,
    Provider,
    ReasoningDelta,
    Refusal,
    Request,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    ToolCallDone,
    ToolResult,
)
from providers.errors import ProviderError
from providers.retry import delay
from providers.tokens import TokenCounter

from app.metrics import Metrics
from app.services.assistant.attempts import Account, Attempt, Outcome, final_usage, ledger_entry, usage_data
from app.services.assistant.ending import Ending, TurnEnd, end_turn
from app.services.assistant.output import TurnOutput
from app.services.assistant.prompts import Prompts
from app.services.assistant.requests import TurnPlan, build_request
from app.services.assistant.run_log import RunLog, RunLogs
from app.services.clock import Clock
from app.services.problems import problem_of
from app.store import ledger as ledger_store
from app.store import turns as turn_store
from app.store.db import Database
from app.store.tables import LedgerEntry

log = structlog.get_logger()

Interruption = Literal["stopped", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerTools:
    """What every turn needs from the application."""

    db: Database
    clock: Clock
    run_logs: RunLogs
    prompts: Prompts
    counter: TokenCounter
    metrics: Metrics
    history_tokens: int
    pause: Callable[[float], Awaitable[None]]
    """Waits some seconds before another attempt."""
    publish: Callable[[UUID, int], None]
    """Tells open pages that a draft's log now ends at this position."""


@dataclass(slots=True)
class TurnRunner:
    """One running turn."""

    tools: RunnerTools
    plan: TurnPlan
    provider: Provider
    request: Request
    account: Account
    ending: Ending
    run_log: RunLog
    output: TurnOutput = field(init=False)
    attempts: list[Attempt] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    interruption: Interruption | None = None
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.output = TurnOutput(self.plan)

    def interrupt(self, how: Interruption) -> None:
        """End the turn as soon as possible, keeping what came so far."""
        if self.interruption is None and self._task is not None:
            self.interruption = how
            self._task.cancel()

    async def run(self) -> None:
        """Never raises: whatever happens ends the turn in a state that says so."""
        self._task = asyncio.current_task()
        self.tools.metrics.running_turns.inc()
        try:
            end = await self._answer()
            await self._finish(end)
        finally:
            self.tools.metrics.running_turns.dec()
            self.tools.run_logs.close(self.run_log)

    async def _answer(self) -> TurnEnd:
        try:
            await self._converse()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            return TurnEnd(self.interruption or "interrupted")
        except ProviderError as error:
            return TurnEnd("failed", error_code=error.code, error_message=error.message, retryable=error.retryable)
        except Exception as error:
            problem = problem_of(error)
            log.error("turn failed", turn=str(self.account.turn_id), code=problem.code, exc_info=error)
            return TurnEnd("failed", error_code=problem.code, error_message=problem.detail, retryable=True)
        last = self.attempts[-1]
        return TurnEnd("done", stop_reason=last.stop_raw or last.stop_reason)

    async def _converse(self) -> None:
        """The request; and once more for operations that found no place."""
        await self._attempt_until_answered(self.request)
        self._tell(self.output.end_of_stream())
        if self.plan.mode != "edit" or not self.output.failures():
            return
        await self._book("done")
        second = self._second_request()
        self.output.settled = len(self.output.operations)
        try:
            await self._attempt_until_answered(second)
        except ProviderError as error:
            # What was placed stands; what was not is said either way.
            log.info("operations not sent again", turn=str(self.account.turn_id), code=error.code)
            await self._book("failed")
        self._tell(self.output.end_of_stream())

    async def _attempt_until_answered(self, request: Request) -> None:
        failures = 0
        while True:
            produced = len(self.output.answer) + len(self.output.operations)
            try:
                await self._attempt(request)
            except ProviderError as error:
                # The provider had accepted the request and may bill it, though nothing readable came back.
                self.attempts[-1].reached |= error.code in ("broken_stream", "timeout")
                if error.code == "tools_unsupported" and self.plan.tools:
                    await self._book("failed")
                    request = self._without_tools()
                    continue
                failures += 1
                self.tools.metrics.provider_errors.labels(self.account.provider, error.code).inc()
                nothing_yet = produced == len(self.output.answer) + len(self.output.operations)
                wait = delay(failures, error, random=random.random()) if nothing_yet else None  # noqa: S311 — jitter
                if wait is None:
                    raise
                await self._book("failed")
                self._log("waiting", {"seconds": round(wait, 1), "code": error.code, "message": error.message})
                await self.tools.pause(wait)
            else:
                return

    async def _attempt(self, request: Request) -> None:
        attempt = Attempt(len(self.attempts) + 1, self.tools.clock(), request)
        self.attempts.append(attempt)
        if attempt.number > 1:  # the first one was noted when the turn began
            await self.tools.db.write(
                turn_store.start_attempt,
                turn_id=self.account.turn_id,
                attempt=attempt.number,
                provider=self.account.provider,
                model=request.model,
                estimated_input_tokens=self.ending.estimated_input_tokens,
                at=attempt.started_at,
            )
        started = {"attempt": attempt.number, "provider": self.account.provider, "model": request.model}
        self.tools.run_logs.add(self.run_log, "started", started, urgent=False)
        async with aclosing(self.provider.stream(request)) as events:
            async for event in events:
                self._receive(attempt, event)
                if self.run_log.finished:
                    raise RuntimeError("the run log could not be saved")

    def _receive(self, attempt: Attempt, event: StreamEvent) -> None:
        attempt.reached = True
        match event:
            case TextDelta(text) | Refusal(text):
                if attempt.first_text_at is None:
                    attempt.first_text_at = self.tools.clock()
                attempt.output.append(text)
                self._tell(self.output.feed_text(text))
            case ReasoningDelta(text):
                if not attempt.output:
                    self._log("reasoning", {})
                attempt.output.append(text)
            case ToolCallDelta():
                attempt.output.append(event.arguments_delta)
            case ToolCallDone(call, by_provider=False):
                self._tell(self.output.feed_call(call))
            case _:
                attempt.note(event)

    def _without_tools(self) -> Request:
        """The endpoint knows no tools for this model: the same operations in tagged text."""
        self.plan = self.output.plan = replace(self.plan, tools=False)
        self.request = build_request(
            self.plan, self.tools.prompts, self.tools.counter, history_tokens=self.tools.history_tokens
        )
        return self.request

    def _second_request(self) -> Request:
        """The same conversation, with what became of each operation."""
        failures = self.output.failures()
        failed = {failure.index: failure for failure in failures}
        retry = self.tools.prompts.render(
            "retry_operations",
            failures=[
                {**row, "operation": row["op"], "candidates": failed[row["index"]].candidates}
                for row in self.output.report()
                if row["index"] in failed
            ],
        )
        answered = self.request.messages
        if self.output.calls:
            results = tuple(
                ToolResult(call.id, "placed" if index not in failed else "not placed", is_error=index in failed)
                for index, call in enumerate(self.output.calls)
            )
            said = Message.of("assistant", self.output.text).parts if self.output.text else ()
            answered = (
                *answered,
                Message("assistant", (*said, *self.output.calls)),
                Message("user", (*results, *Message.of("user", retry).parts)),
            )
        else:
            answered = (
                *answered,
                Message.of("assistant", "".join(self.attempts[-1].output)),
                Message.of("user", retry),
            )
        return replace(self.request, messages=answered)

    async def _book(self, outcome: Outcome) -> None:
        """The ledger row of an attempt that is over while the turn goes on."""
        entry = self._entry(outcome, self.tools.clock())
        await self.tools.db.write(ledger_store.add_entry, entry)
        self.entries.append(entry)

    def _entry(self, outcome: Outcome, at: datetime) -> LedgerEntry:
        attempt = self.attempts[-1]
        usage = final_usage(attempt, self.tools.counter, outcome)
        return ledger_entry(attempt, self.account, usage, at, outcome=outcome)

    async def _finish(self, end: TurnEnd) -> None:
        now = self.tools.clock()
        if end.state != "done":
            self._tell(self.output.end_of_stream())
        if len(self.attempts) > len(self.entries):
            self.entries.append(self._entry(end.state, now))
            unbooked = self.entries[-1]
        else:
            unbooked = None
        try:
            await self.tools.run_logs.flush()
            ended = await self.tools.db.write(
                end_turn, ending=self.ending, end=end, output=self.output, entry=unbooked, at=now,
                usage=usage_data(self.entries), first_entry=self.run_log.last + 1,
            )  # fmt: skip
        except Exception as error:
            log.error("turn not saved", turn=str(self.account.turn_id), exc_info=error)
            return
        self.run_log.last += len(ended.entries)
        self.run_log.published(ended.entries)
        self.tools.metrics.turns.labels(self.plan.mode, end.state).inc()
        if ended.seq is not None:
            self.tools.publish(self.account.draft_id, ended.seq)

    def _tell(self, streamed: list[tuple[str, dict[str, object]]]) -> None:
        for type_, data in streamed:
            self._log(type_, data)

    def _log(self, type_: str, data: dict[str, object]) -> None:
        self.tools.run_logs.add(self.run_log, type_, data)
