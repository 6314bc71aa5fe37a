"""Autosave through HTTP: one command, its event and the projection committed with synchronous=FULL, then the answer.

The floor is a route of the same server that reads the same command and answers the same body without a database.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import msgspec

from app.core.drafts import Actor
from app.services.clock import system_clock
from app.services.search import Search
from app.services.secrets import token_hash
from app.store import accounts as account_store
from app.store import drafts as draft_store
from app.store.db import Database
from tests.benchmarks.load import Load, http_request, run_load
from tests.benchmarks.server import served

TOKEN = "dl_bench"
ROUNDS = 5
DRAFTS = 2_000
COMMANDS_EACH = 80
WORDS = "The quick brown fox jumps over the lazy dog and writes it down again. "


def prepare(data: Path, drafts: int, size: int) -> list[str]:
    """A person and drafts of `size` characters; the drafts' ids."""
    data.mkdir(parents=True)
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    text = (WORDS * (size // len(WORDS) + 1))[:size]
    now = system_clock()
    with db.transaction() as session:
        user = account_store.create_user(session, email="b@example.org", name="B", roles=["writer"], at=now)
        account_store.create_api_token(session, user_id=user.id, name="b", token_hash=token_hash(TOKEN), at=now)
        heads = [
            draft_store.create_stream(
                session, kind="document", owner_id=user.id, actor=Actor("user", user.id), at=now, fields={"text": text}
            )
            for _ in range(drafts)
        ]
    asyncio.run(indexed(db))
    return [str(head.id) for head in heads]


async def indexed(db: Database) -> None:
    """Search has caught up, as it has in an installation that did not begin a second ago."""
    search = Search(db, system_clock)
    while await search.index():
        pass
    await db.close()


def command(replica: str, n: int, size: int) -> bytes:
    """The n-th keystroke of a page: a few words in the middle, about 200 bytes in all."""
    insert = f"word {n:06d} and some more words typed here to fill the body. "
    at = size // 2
    length = size + (n - 1) * len(insert)
    return msgspec.json.encode(
        {
            "replica": replica, "n": n, "base_seq": n,
            "ops": [{"field": "text", "changes": [at, [0, insert], length - at]}],
        }
    )  # fmt: skip


def show(name: str, rounds: list[tuple[Load, Load]]) -> None:
    """The middle of the rounds, figure by figure; each ratio is of two runs one right after the other."""

    def middle(figure: Callable[[Load, Load], float]) -> float:
        return median(figure(load, floor) for load, floor in rounds)

    print(
        f"{name}: {middle(lambda load, _: load.per_second):,.0f}/s, p50 {middle(lambda load, _: load.p50):.2f} ms, "
        f"p99 {middle(lambda load, _: load.p99):.2f} ms · "
        f"floor {middle(lambda _, floor: floor.per_second):,.0f}/s, p50 {middle(lambda _, floor: floor.p50):.2f} ms · "
        f"ratio {middle(lambda load, floor: load.per_second / floor.per_second):.2f}×, "
        f"p50 {middle(lambda load, floor: load.p50 / floor.p50):.2f}× "
        f"({', '.join(f'{load.p50 / floor.p50:.2f}' for load, floor in rounds)}) · "
        f"failures {sum(load.failures + floor.failures for load, floor in rounds)}"
    )


class Pages:
    """Open pages, one for each connection. A page that has written a quarter more into its document goes on with a fresh
    one, so that thousands of commands are all of documents of 20 to 25 KB."""

    def __init__(self, connections: int, ids: Iterator[str], size: int) -> None:
        self._ids = ids
        self._size = size
        self._open = [(next(ids), 0) for _ in range(connections)]

    def request(self, connection: int, path: str) -> bytes:
        """The next keystroke of a page; `path` with the id of its draft."""
        draft_id, n = self._open[connection]
        if n == COMMANDS_EACH:
            draft_id, n = next(self._ids), 0
        self._open[connection] = (draft_id, n + 1)
        body = command(f"r{connection}", n + 1, self._size)
        return http_request("POST", path.format(draft_id), TOKEN, body)


def measured(port: int, connections: int, ids: Iterator[str], size: int) -> list[tuple[Load, Load]]:
    """Rounds of the product and of the floor, after one that warms the server up."""
    pages, others = Pages(connections, ids, size), Pages(connections, cycle(islice(ids, 2 * connections)), size)

    def run(pages: Pages, path: str) -> Load:
        return asyncio.run(
            run_load(port, connections=connections, seconds=2, request=lambda c, _: pages.request(c, path))
        )

    rounds = [(run(pages, "/api/drafts/{}/commands"), run(others, "/api/bench/{}/floor")) for _ in range(ROUNDS + 1)]
    return rounds[1:]


def main() -> None:
    size = 20_000
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        ids = iter(prepare(data, DRAFTS, size))
        with served(data) as (port, _):
            show("autosave, 1 connection", measured(port, 1, ids, size))
            show("autosave, 100 connections", measured(port, 100, ids, size))


if __name__ == "__main__":
    main()
