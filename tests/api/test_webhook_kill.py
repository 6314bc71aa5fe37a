"""A server that is killed while it calls a webhook: the call is still owed, and made again under the same name."""

import asyncio
import json
import signal
import threading
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from app.services.clock import system_clock
from app.services.secrets import token_hash
from app.store import accounts as account_store
from app.store.db import Database
from app.store.tables import WebhookDelivery
from tests.forked import forked
from tests.hook_server import hook_server, silent
from tests.running import serving

HOOKS = "/api/settings/webhooks"
HEADERS = {"Authorization": "Bearer dl_root"}


def administrator(data: Path) -> None:
    data.mkdir()
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    now = system_clock()
    with db.transaction() as session:
        user = account_store.create_user(session, email="root@example.org", name="Root", roles=["admin"], at=now)
        account_store.create_api_token(session, user_id=user.id, name="t", token_hash=token_hash("dl_root"), at=now)
    asyncio.run(db.close())


def let_the_lease_end(data: Path) -> None:
    """As if a minute had passed."""
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    with db.transaction() as session:
        session.execute(sa.update(WebhookDelivery).values(due_at=system_clock()))
    asyncio.run(db.close())


def test_a_call_under_way_when_the_server_is_killed_is_made_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    administrator(data)
    released = threading.Event()
    with hook_server() as receiver:
        receiver.answers.append(silent(released))
        with serving(data, start=forked) as (url, process), calling(url) as client:
            hook = client.post(HOOKS, json={"url": receiver.url(), "allow_private": True}).json()["webhook"]
            fields = {"title": "T", "description": "D"}
            draft = client.post("/api/drafts", json={"kind": "bug_report", "fields": fields}).json()
            assert client.post(f"/api/drafts/{draft['id']}/submit").status_code == 200
            first = receiver.wait()
            process.send_signal(signal.SIGKILL)
        released.set()
        let_the_lease_end(data)
        with serving(data, start=forked) as (url, _), calling(url) as client:
            again = receiver.wait()
            assert json.loads(again.body)["submission"]["id"] == draft["id"]
            assert again.headers["draftloom-delivery"] == first.headers["draftloom-delivery"]
            noted = delivered(client, hook["id"])
            assert [(attempt["status"], attempt["problem"]) for attempt in noted["attempts"]] == [
                (None, "interrupted"),
                (204, None),
            ]


def calling(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers=HEADERS, timeout=30)


def delivered(client: httpx.Client, hook: str) -> dict[str, Any]:
    """The one delivery, once its outcome is written down, which is after the receiver has answered."""
    for _ in range(2_000):
        (row,) = client.get(f"{HOOKS}/{hook}/deliveries").json()["items"]
        if row["state"] == "delivered":
            found: dict[str, Any] = row
            return found
    raise AssertionError(row)
