"""A server that is killed between a provider's whole answer and the row that books it, where a budget holds."""

import asyncio
import json
import signal
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from app.services.clock import system_clock
from app.store.accounts import list_users
from app.store.db import Database
from app.store.finance import budgets as budget_store
from app.store.finance import prices as price_store
from tests.forked import forked
from tests.providers.raw_server import DONE, END, EVENTS, STOP, USAGE, Conversation, delta, raw_server
from tests.running import HEADERS, prepare, serving


def test_an_answer_nobody_could_book_is_booked_as_estimated_and_its_reservation_settled(tmp_path: Path) -> None:
    asyncio.run(_story(tmp_path / "data"))


async def _story(data: Path) -> None:
    [draft] = await asyncio.to_thread(prepare, data, 1)
    await asyncio.to_thread(_limit, data)
    may_end, answered = asyncio.Event(), asyncio.Event()

    async def speak(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("The sea is wide and the ships are small."))
        await may_end.wait()
        await talk.send(STOP, USAGE, DONE, END)
        answered.set()

    async with raw_server(speak) as provider, httpx.AsyncClient(headers=HEADERS, timeout=30) as client:
        endpoint = {"name": "mill", "base_url": provider.address, "api_key": "k", "models": ["m1"]}
        product = {"DRAFTLOOM_ENDPOINTS": json.dumps([endpoint])}
        with serving(data, start=forked, **product) as (url, process):
            order = {"mode": "ask", "prompt": "How is the sea?", "provider": "mill", "model": "m1"}
            begun = await client.post(f"{url}/api/drafts/{draft}/turns", json=order)
            assert begun.status_code == 202, begun.text
            turn = begun.json()["id"]
            await _text_arrives(client, f"{url}/api/turns/{turn}/events")
            [running] = (await client.get(f"{url}/api/budgets")).json()["items"]
            assert Decimal(running["reserved_usd"]) > 0
            # Whoever holds the one writer of SQLite keeps the answer from being booked.
            holder = sqlite3.connect(data / "draftloom.db", isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            may_end.set()
            await answered.wait()
            process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(process.wait)
            assert holder.execute("SELECT count(*) FROM ledger_entries").fetchone() == (0,)
            assert holder.execute("SELECT count(*) FROM budget_reservations").fetchone() == (1,)
            holder.execute("ROLLBACK")
            holder.close()
        with serving(data, start=forked, **product) as (url, _):
            await _settled(client, url, turn)


async def _text_arrives(client: httpx.AsyncClient, url: str) -> None:
    async with client.stream("GET", url) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: ") and "The sea is wide" in line:
                return


async def _settled(client: httpx.AsyncClient, url: str, turn: str) -> None:
    view: dict[str, Any] = (await client.get(f"{url}/api/turns/{turn}")).json()
    assert view["state"] == "interrupted"
    assert view["text"].startswith("The sea is wide")
    [row] = (await client.get(f"{url}/api/ledger", params={"turn_id": turn})).json()["items"]
    assert (row["outcome"], row["status"]) == ("interrupted", "estimated")
    assert row["input_tokens"] > 0
    assert row["output_tokens"] > 0
    assert Decimal(row["cost_usd"]) > 0
    [budget] = (await client.get(f"{url}/api/budgets")).json()["items"]
    assert (budget["reserved_usd"], budget["spent_usd"]) == ("0", row["cost_usd"])
    total = (await client.get(f"{url}/api/costs")).json()["total"]
    assert (total["cost_usd"], total["estimated"], total["attempts"]) == (row["cost_usd"], 1, 1)


def _limit(data: Path) -> None:
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    now = system_clock()
    with db.transaction() as session:
        [person] = list_users(session)
        price_store.add_price(
            session, provider="mill", model="m1", since=now.date().replace(day=1), until=None,
            rates={"input_usd": "5", "output_usd": "25"}, by=person.id, at=now,
        )  # fmt: skip
        budget_store.add_budget(
            session, scope="user", period="month", user_id=person.id, hard_nano=50 * 10**9, created_by=person.id,
            created_at=now,
        )  # fmt: skip
    db.engine.dispose()
