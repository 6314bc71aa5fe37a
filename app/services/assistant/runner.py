"""Runs one turn: calls the provider, retries what may be retried, and ends in exactly one state with everything kept.

The order at the end matters: what was streamed is committed, then the outcome (answer, version, draft event, ledger
row, state) in one transaction, then everybody is told.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
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
from providers.errors import ContentRefused, ProviderError
from providers.retry import delay
from providers.tokens import TokenCounter

from app.metrics import Metrics
from app.services.assistant.attempts import Account, Attempt, trace_attributes, usage_data
from app.services.assistant.books import Books
from app.services.assistant.ending import Ended, Ending, TurnEnd, end_turn
from app.services.assistant.output import TurnOutput
from app.services.assistant.prompts import Prompts
from app.services.assistant.requests import TurnPlan, build_request
from app.services.assistant.run_log import RunLog, RunLogs
from app.services.clock import Clock
from app.services.problems import problem_of
from app.store import turns as turn_store
from app.store.db import Database
from app.store.errors import StoreError, StoreUnavailable
from app.store.tables import LedgerEntry
from app.traces import Kind, span

log = structlog.get_logger()

Interruption = Literal["stopped", "interrupted"]

_CUT_SHORT = frozenset({"max_tokens", "context_full", "content_filter", "refusal"})
"""Stop reasons after which an answer is not whole."""

_END_WAITS = (0.2, 0.5, 1, 2, 5, 10, 20, 30)
"""Seconds between attempts to write the end of a turn while the store is unavailable."""


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
    publish_review: Callable[[UUID], None]
    """Tells open pages that a draft's proposals changed."""


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
    books: Books = field(init=False)
    attempts: list[Attempt] = field(default_factory=list)
    interruption: Interruption | None = None
    _ending: bool = False
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.output = TurnOutput(self.plan)
        tools = self.tools
        self.books = Books(tools.db, tools.clock, tools.counter, tools.metrics, self.account)

    def interrupt(self, how: Interruption) -> None:
        """End the turn as soon as possible, keeping what came so far. One that is ending already ends as it is."""
        if self.interruption is None and self._task is not None and not self._ending:
            self.interruption = how
            self._task.cancel()

    async def run(self) -> None:
        """Ends the turn in a state that says what happened. Should even that fail for long, the watch recovers it."""
        self._task = asyncio.current_task()
        self.tools.metrics.running_turns.inc()
        try:
            with span(f"turn {self.plan.mode}") as traced:
                end = await self._answer()
                await self._finish(end)
                if traced is not None:
                    traced.set(draftloom__turn__id=str(self.account.turn_id), draftloom__turn__state=end.state)
        except Exception as error:
            log.error("turn not ended", turn=str(self.account.turn_id), exc_info=error)
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
            return TurnEnd(self.interruption or "interrupted", complete=False)
        except ProviderError as error:
            return TurnEnd.failed(error.code, error.message, retryable=error.retryable)
        except Exception as error:
            problem = problem_of(error)
            log.error("turn failed", turn=str(self.account.turn_id), code=problem.code, exc_info=error)
            return TurnEnd.failed(problem.code, problem.detail, retryable=True)
        finally:
            self._ending = True
        last = self.attempts[-1]
        complete = last.stop_reason not in _CUT_SHORT
        return TurnEnd("done", stop_reason=last.stop_raw or last.stop_reason, complete=complete)

    async def _converse(self) -> None:
        """The request; and once more for operations that found no place."""
        await self._attempt_until_answered(self.request)
        self._tell(self.output.end_of_stream())
        if self.output.refused and self.plan.mode != "ask":
            raise ContentRefused(f"The model declined: {self.output.refused}", provider=self.account.provider)
        if self.plan.mode != "edit" or not self.output.failures():
            return
        await self.books.book(self.attempts[-1], "done")
        second = self._second_request()
        self.output.settled = len(self.output.operations)
        try:
            await self._attempt_until_answered(second)
        except ProviderError as error:
            # What was placed stands; what was not is said either way.
            log.info("operations not sent again", turn=str(self.account.turn_id), code=error.code)
            await self.books.book(self.attempts[-1], "failed")
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
                    await self.books.book(self.attempts[-1], "failed")
                    request = self._without_tools()
                    continue
                failures += 1
                self.tools.metrics.provider_errors.labels(self.account.provider, error.code).inc()
                nothing_yet = produced == len(self.output.answer) + len(self.output.operations)
                wait = delay(failures, error, random=random.random()) if nothing_yet else None  # noqa: S311 — jitter
                if wait is None:
                    raise
                await self.books.book(self.attempts[-1], "failed")
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
        with span(f"chat {request.model}", Kind.CLIENT) as traced:
            try:
                async with aclosing(self.provider.stream(request)) as events:
                    async for event in events:
                        self._receive(attempt, event)
                        if self.run_log.finished:
                            raise RuntimeError("the run log could not be saved")
            finally:
                if traced is not None:
                    traced.set(**trace_attributes(attempt, self.account))

    def _receive(self, attempt: Attempt, event: StreamEvent) -> None:
        attempt.reached = True
        match event:
            case TextDelta(text):
                if attempt.first_text_at is None:
                    attempt.first_text_at = self.tools.clock()
                attempt.output.append(text)
                self._tell(self.output.feed_text(text))
            case Refusal(text):
                attempt.output.append(text)
                self._tell(self.output.feed_refusal(text))
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

    async def _finish(self, end: TurnEnd) -> None:
        if end.state != "done":
            self._tell(self.output.end_of_stream())
        await self._flush()
        unwritten = await self.books.unwritten(self.attempts, end.state)
        ended = await self._end(end, unwritten)
        self.run_log.last += len(ended.entries)
        self.run_log.published(ended.entries)
        self.tools.metrics.turns.labels(self.plan.mode, end.state).inc()
        if ended.seq is not None:
            self.tools.publish(self.account.draft_id, ended.seq)
        if ended.proposed:
            self.tools.publish_review(self.account.draft_id)

    async def _flush(self) -> None:
        try:
            await self.tools.run_logs.flush()
        except StoreUnavailable:
            # What the lost entries said is in the answer, which the end writes.
            log.warning("run log incomplete", turn=str(self.account.turn_id))

    async def _end(self, end: TurnEnd, unwritten: list[LedgerEntry]) -> Ended:
        """Write the end; again while the store cannot, and without the result where the result cannot be kept."""
        waits = iter(_END_WAITS)
        keep_result = True
        while True:
            try:
                return await self.tools.db.write(
                    end_turn,
                    ending=self.ending,
                    end=end,
                    output=self.output,
                    entries=unwritten,
                    usage=usage_data(self.books.entries),
                    first_entry=self.run_log.last + 1,
                    run_events=self.tools.run_logs.unsaved(self.run_log),
                    keep_result=keep_result,
                    at=self.tools.clock(),
                )
            except StoreUnavailable:
                wait = next(waits, None)
                if wait is None:
                    raise
                await asyncio.sleep(wait)
            except StoreError:
                raise  # it ended already, or its draft is gone
            except Exception as error:
                if not keep_result:
                    raise
                problem = problem_of(error)
                log.error("result not kept", turn=str(self.account.turn_id), code=problem.code, exc_info=error)
                keep_result = False
                end = TurnEnd.failed(problem.code, problem.detail, retryable=False)

    def _tell(self, streamed: list[tuple[str, dict[str, object]]]) -> None:
        for type_, data in streamed:
            self._log(type_, data)

    def _log(self, type_: str, data: dict[str, object]) -> None:
        self.tools.run_logs.add(self.run_log, type_, data)
