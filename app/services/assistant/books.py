"""The ledger rows of one running turn: each attempt exactly once, whatever is cancelled or fails meanwhile."""

import asyncio
from dataclasses import dataclass, field

from providers.tokens import TokenCounter

from app.metrics import Metrics
from app.services.assistant.attempts import Account, Attempt, Outcome, final_usage, ledger_entry
from app.services.clock import Clock
from app.store import ledger as ledger_store
from app.store.db import Database
from app.store.tables import LedgerEntry


@dataclass(slots=True)
class Books:
    """Rows written while the turn goes on, and those its end still has to write."""

    db: Database
    clock: Clock
    counter: TokenCounter
    metrics: Metrics
    account: Account
    entries: list[LedgerEntry] = field(default_factory=list)
    _writing: list[tuple[LedgerEntry, asyncio.Task[LedgerEntry]]] = field(default_factory=list)

    async def book(self, attempt: Attempt, outcome: Outcome) -> None:
        """Write the row of an attempt that is over. Being cancelled here neither loses the row nor writes it twice."""
        entry = self._entry(attempt, outcome)
        task = asyncio.create_task(self.db.write(ledger_store.add_entry, entry))
        self._writing.append((entry, task))
        await asyncio.shield(task)

    async def unwritten(self, attempts: list[Attempt], outcome: Outcome) -> list[LedgerEntry]:
        """The rows the end of the turn has to write: of the last attempt, and of those whose own writing failed."""
        failed = []
        for entry, task in self._writing:
            try:
                await asyncio.shield(task)
            except Exception:  # noqa: BLE001 - whatever it was, the row is not there and is written with the end
                failed.append(entry)
        self._writing.clear()
        if len(attempts) > len(self.entries):
            failed.append(self._entry(attempts[-1], outcome))
        return failed

    def _entry(self, attempt: Attempt, outcome: Outcome) -> LedgerEntry:
        usage = final_usage(attempt, self.counter, outcome)
        entry = ledger_entry(attempt, self.account, usage, self.clock(), outcome=outcome)
        self.entries.append(entry)
        self._count(entry)
        return entry

    def _count(self, entry: LedgerEntry) -> None:
        for bucket in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output"):
            tokens = getattr(entry, f"{bucket}_tokens")
            if tokens:
                self.metrics.tokens.labels(entry.provider, bucket).inc(tokens)
        if entry.amount_nano:
            self.metrics.spent.labels(entry.provider).inc(entry.amount_nano)
