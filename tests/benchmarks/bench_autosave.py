"""Autosave through HTTP: one command, its event and the projection committed with synchronous=FULL, then the answer.

The floor is a route of the same server that reads the same command and answers the same body without a database.
"""

import asyncio
import tempfile
from pathlib import Path

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
DRAFTS = 100
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


def show(name: str, load: Load, floor: Load) -> None:
    print(
        f"{name}: {load.per_second:,.0f}/s, p50 {load.p50:.2f} ms, p99 {load.p99:.2f} ms · "
        f"floor {floor.per_second:,.0f}/s, p50 {floor.p50:.2f} ms · "
        f"ratio {load.per_second / floor.per_second:.2f}×, p50 {load.p50 / floor.p50:.2f}× · failures {load.failures}"
    )


def main() -> None:
    size = 20_000
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        ids = prepare(data, DRAFTS * 4, size)
        with served(data) as (port, _):
            for connections in (1, 100):
                for round_ in (1, 2):
                    floor = asyncio.run(
                        run_load(
                            port, connections=connections, seconds=4,
                            request=lambda c, n: http_request(
                                "POST", f"/api/bench/{ids[c]}/floor", TOKEN, command(f"f{c}", n, size)
                            ),
                        )
                    )  # fmt: skip
                    offset = (0 if connections == 100 else 200) + (round_ - 1) * 100
                    load = asyncio.run(
                        run_load(
                            port, connections=connections, seconds=4,
                            request=lambda c, n, offset=offset: http_request(
                                "POST", f"/api/drafts/{ids[offset + c]}/commands", TOKEN, command(f"r{c}", n, size)
                            ),
                        )
                    )  # fmt: skip
                    show(f"autosave, {connections} connections, round {round_}", load, floor)


if __name__ == "__main__":
    main()
