"""Turns: a writer asks, a model answers, writes or edits; started here, followed live or later, stopped, recovered.

Starting pins the text: a checkpoint of what was typed, the prompt, the empty answer and the running turn are one
transaction. The running itself is `assistant.runner`, the end `assistant.ending`.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

import structlog
from providers.tokens import TokenCounter
from sqlmodel import Session

from app.metrics import Metrics
from app.services.access import owned_draft, owned_turn, text_of
from app.services.accounts import Principal
from app.services.actions import BuiltinActions
from app.services.assistant.attempts import Account
from app.services.assistant.ending import Ending
from app.services.assistant.prompts import Prompts
from app.services.assistant.recovery import recover_turn
from app.services.assistant.run_log import RunLogs, encode_event
from app.services.assistant.runner import RunnerTools, TurnRunner
from app.services.catalogue import Catalogue
from app.services.clock import Clock
from app.services.conversations import running_turn_view, turn_view
from app.services.errors import Conflict, InvalidInput
from app.services.fanout import Fanout
from app.services.finance.budgets import Budgets, reserve_for_turn
from app.services.goals.replies import open_to_assistant
from app.services.relay import Relay
from app.services.turn_orders import Preparation, Prepared, TurnOrder, require_fitting
from app.services.turns_abroad import TurnsAbroad
from app.services.versions import base_of
from app.services.views import Estimate, TurnStarted, TurnView
from app.store import turns as turn_store
from app.store.db import Database, quick
from app.store.drafting.heads import Head
from app.store.engine.journal import RunEvent
from app.store.errors import AlreadyExists
from app.store.proposals import refine_by
from app.store.turn_beginnings import BegunTurn, TurnBeginning, begin_turn

log = structlog.get_logger()

_HEARTBEAT_SECONDS = 5.0
_DEAD_AFTER = timedelta(seconds=30)
_STOPPED_WITHIN_SECONDS = 10.0


class Turns:
    """Starts, follows, stops and recovers turns; runs those of this process."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        catalogue: Catalogue,
        run_logs: RunLogs,
        prompts: Prompts,
        actions: BuiltinActions,
        counter: TokenCounter,
        metrics: Metrics,
        fanout: Fanout,
        relay: Relay,
        abroad: TurnsAbroad,
        budgets: Budgets,
        history_tokens: int,
        most_dropped: float,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._run_logs = run_logs
        self._prompts = prompts
        self._counter = counter
        self._metrics = metrics
        self._fanout = fanout
        self._abroad = abroad
        relay.on("stop", self._stop_here)
        self._budgets = budgets
        self._history_tokens = history_tokens
        self._most_dropped = most_dropped
        self._pause = pause
        self._preparation = Preparation(
            db=db,
            clock=clock,
            catalogue=catalogue,
            prompts=prompts,
            actions=actions,
            counter=counter,
            history_tokens=history_tokens,
        )
        self._worker_id = f"{socket.gethostname()[:60]}:{os.getpid()}"
        self._running: dict[UUID, tuple[TurnRunner, asyncio.Task[None]]] = {}
        self._watch: asyncio.Task[None] | None = None

    async def prepare(self, person: Principal, draft_id: UUID, order: TurnOrder) -> Prepared:
        """Everything an order needs, looked up; nothing is written. Raises `Missing`, `Conflict` and `InvalidInput`."""
        return await self._preparation.prepare(person, draft_id, order)

    async def estimate(self, person: Principal, draft_id: UUID, order: TurnOrder) -> Estimate:
        """Tokens and price before sending, and what a budget says about it."""
        prepared = await self.prepare(person, draft_id, order)
        return await self._budgets.noted(person, order.conversation_id, prepared.estimate, mode=prepared.plan.mode)

    async def start(self, person: Principal, draft_id: UUID, order: TurnOrder) -> TurnStarted:
        """Start a turn. Raises `Conflict` when the draft runs one already or the text does not fit the model, and
        `BudgetReached` when it could cost more than a budget leaves."""
        if not order.prompt.strip() and order.action is None:
            raise InvalidInput("prompt", "Say what you would like.")
        prepared = await self.prepare(person, draft_id, order)
        require_fitting(prepared)
        try:
            ending = await self._db.write(self._begin, person, draft_id, order, prepared)
        except AlreadyExists as error:
            raise turn_running() from error
        self.launch(person, ending, prepared)
        return TurnStarted(
            id=ending.turn_id,
            conversation_id=ending.conversation_id,
            message_id=ending.answer_message_id,
            estimate=prepared.estimate,
        )

    async def get(self, person: Principal, turn_id: UUID) -> TurnView:
        """The turn as committed so far. Raises `Missing`."""

        def query(session: Session) -> TurnView:
            turn = owned_turn(session, person.id, turn_id)
            if turn.state != "running":
                return turn_view(session, turn)
            return running_turn_view(session, turn, owned_draft(session, person.id, turn.draft_id))

        await self._run_logs.save(turn_id)
        return await self._db.read(query)

    async def stop(self, person: Principal, turn_id: UUID) -> TurnView:
        """Stop a running turn; one that ended already is left as it is."""
        view = await self.get(person, turn_id)
        if view.state != "running":
            return view
        running = self._running.get(turn_id)
        if running is not None:
            running[0].interrupt("stopped")
            await asyncio.wait([running[1]], timeout=_STOPPED_WITHIN_SECONDS)
        else:
            await self._abroad.stop(turn_id, within=_STOPPED_WITHIN_SECONDS)
        return await self.get(person, turn_id)

    def _stop_here(self, _: str, turn_id: str) -> None:
        running = self._running.get(UUID(turn_id))
        if running is not None:
            running[0].interrupt("stopped")

    async def follow(self, person: Principal, turn_id: UUID, *, after: int) -> AsyncIterator[bytes]:
        """The run log after entry `after` as an event stream, until the turn's last entry. Raises `Missing`."""
        run_log = self._run_logs.get(turn_id)
        if run_log is not None and run_log.owner_id == person.id:
            return run_log.follow(after)
        await self._db.read(owned_turn, person.id, turn_id)
        return self._replay(turn_id, after)

    async def start_watch(self) -> None:
        """End the turns a killed process left running, keeping their text and booking their cost; then keep watch."""
        await self._recover(silent_since=self._abandoned_before())
        self._watch = asyncio.create_task(self._keep_watch(), name="turn watch")

    async def _recover(self, *, silent_since: datetime) -> None:
        for turn in await self._db.read(turn_store.abandoned_turns, silent_since=silent_since):
            if turn.id not in self._running:
                await self._recover_one(turn.id)

    async def _recover_one(self, turn_id: UUID) -> None:
        """One turn at a time: an odd one must keep neither the others nor the service from starting."""
        for keep_result in (True, False):
            try:
                ended = await self._db.write(
                    recover_turn,
                    turn_id,
                    counter=self._counter,
                    overrides=self._catalogue.overrides,
                    most_dropped=self._most_dropped,
                    keep_result=keep_result,
                    at=self._clock(),
                )
            except Exception as error:
                log.error("turn not recovered", turn=str(turn_id), keep_result=keep_result, exc_info=error)
            else:
                if ended:
                    log.warning("turn interrupted by a stopped process", turn=str(turn_id))
                return

    async def stop_all(self) -> None:
        """At shutdown: every running turn ends as interrupted, with what it wrote."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        tasks = []
        for runner, task in tuple(self._running.values()):
            runner.interrupt("interrupted")
            tasks.append(task)
        if tasks:
            await asyncio.wait(tasks, timeout=8)

    # Starting

    @quick
    def _begin(
        self, session: Session, person: Principal, draft_id: UUID, order: TurnOrder, prepared: Prepared
    ) -> Ending:
        """One transaction: checkpoint, conversation, prompt, empty answer, running turn."""
        at = self._clock()
        head = open_to_assistant(session, person, draft_id, lock=True)
        if text_of(head) != prepared.plan.text:
            raise draft_moved()
        base_id = base_of(session, head, at=at) if head.kind == "document" else None
        begun = self.beginning(person, order, prepared, head, base_id, at=at)
        turn = begin_turn(session, begun)
        if order.refines is not None:
            refine_by(session, order.refines.proposal_id, turn.turn_id)
        reserve(session, begun, turn, prepared)
        return ending_of(begun, turn, most_dropped=self._most_dropped)

    def beginning(
        self, person: Principal, order: TurnOrder, prepared: Prepared, head: Head, base_id: UUID | None, *, at: datetime
    ) -> TurnBeginning:
        """What is written when this turn begins on the text of `head`, which version `base_id` holds."""
        estimate, plan = prepared.estimate, prepared.plan
        return TurnBeginning(
            draft_id=head.id,
            user_id=person.id,
            conversation_id=order.conversation_id,
            title=prepared.asked.partition("\n")[0][:80],
            mode=plan.mode,
            prompt=prepared.asked,
            provider=prepared.choice.provider.id,
            model=prepared.choice.model.id,
            base_version_id=base_id,
            base_seq=head.seq,
            selection=prepared.plan.selection,
            apply=order.apply,
            worker_id=self._worker_id,
            estimate={"input_tokens": estimate.input_tokens, "cost_usd": estimate.cost_usd},
            estimated_input_tokens=estimate.input_tokens,
            at=at,
            action=plan.action,
            parent_id=prepared.thread.parent_id,
            prompt_message_id=prepared.thread.asked_again,
        )

    def launch(self, person: Principal, ending: Ending, prepared: Prepared) -> None:
        runner = TurnRunner(
            RunnerTools(
                db=self._db,
                clock=self._clock,
                run_logs=self._run_logs,
                prompts=self._prompts,
                counter=self._counter,
                metrics=self._metrics,
                publish=self._fanout.publish,
                publish_review=self._fanout.publish_review,
                history_tokens=self._history_tokens,
                pause=self._pause,
            ),
            prepared.plan,
            prepared.choice.provider,
            prepared.request,
            Account(
                turn_id=ending.turn_id,
                draft_id=ending.draft_id,
                conversation_id=ending.conversation_id,
                message_id=ending.answer_message_id,
                user_id=person.id,
                provider=prepared.choice.provider.id,
                base_url=prepared.choice.base_url,
                overrides=self._catalogue.overrides,
            ),
            ending,
            self._run_logs.open(ending.turn_id, owner_id=person.id),
        )
        task = asyncio.create_task(runner.run(), name=f"turn {ending.turn_id}")
        self._running[ending.turn_id] = (runner, task)
        task.add_done_callback(lambda _: self._ended(ending.turn_id))

    def _ended(self, turn_id: UUID) -> None:
        self._running.pop(turn_id, None)
        self._abroad.tell(turn_id)

    # Following what this process does not run

    async def _replay(self, turn_id: UUID, after: int) -> AsyncIterator[bytes]:
        with self._abroad.watching(turn_id) as moved:
            while True:
                rows, running = await self._db.read(_rows_after, turn_id, after)
                if rows:
                    after = rows[-1].n
                    yield b"".join(encode_event(row.n, row.type, row.data.encode()) for row in rows)
                elif not running:
                    return
                else:
                    yield b": still running\n\n"
                    await moved()

    # Staying alive

    async def _keep_watch(self) -> None:
        """Show that this process lives, and end turns whose process does not."""
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                if self._running:
                    await self._db.write(turn_store.heartbeat, tuple(self._running), at=self._clock())
                await self._recover(silent_since=self._clock() - _DEAD_AFTER)
            except Exception as error:
                log.error("turn watch failed", exc_info=error)

    def _abandoned_before(self) -> datetime:
        """SQLite belongs to one process: whatever runs at its start is dead. Elsewhere a dead worker's heart stands still."""
        now = self._clock()
        return now + _DEAD_AFTER if self._db.dialect == "sqlite" else now - _DEAD_AFTER


def turn_running() -> Conflict:
    return Conflict("turn_running", "The assistant is still busy with this draft. Stop it first.")


def draft_moved() -> Conflict:
    return Conflict("draft_moved", "The draft changed at this very moment. Please send again.")


def reserve(session: Session, begun: TurnBeginning, turn: BegunTurn, prepared: Prepared) -> None:
    """Sets aside what a turn may cost at most. Raises `BudgetReached`."""
    reserve_for_turn(
        session,
        turn_id=turn.turn_id,
        user_id=begun.user_id,
        conversation_id=turn.conversation_id,
        estimate=prepared.estimate,
        mode=prepared.plan.mode,
        at=begun.at,
    )


def ending_of(begun: TurnBeginning, turn: BegunTurn, *, most_dropped: float) -> Ending:
    """What the end of a turn needs to know of its beginning. `most_dropped`: see `Ending`."""
    apply: Literal["review", "at_once", "beside"] = "review"
    if begun.apply in ("at_once", "beside"):
        apply = cast(Literal["at_once", "beside"], begun.apply)
    return Ending(
        turn_id=turn.turn_id,
        draft_id=begun.draft_id,
        conversation_id=turn.conversation_id,
        user_id=begun.user_id,
        answer_message_id=turn.answer_message_id,
        base_version_id=begun.base_version_id,
        base_seq=begun.base_seq,
        apply=apply,
        model=begun.model,
        estimated_input_tokens=begun.estimated_input_tokens,
        most_dropped=most_dropped,
    )


def _rows_after(session: Session, turn_id: UUID, after: int) -> tuple[list[RunEvent], bool]:
    """Run-log entries after `after`, and whether more may come."""
    running = turn_store.is_running(session, turn_id)
    return turn_store.run_events_after(session, turn_id, after), running
