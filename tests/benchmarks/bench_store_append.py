"""How fast a command is acknowledged: head, access, idempotency, decision, event, projection and COMMIT for a 20 KB document.

The floor is the same route of the same server without a database, measured in turn with it.
Run: pytest -m bench -s tests/benchmarks/bench_store_append.py
"""

import json
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.drafts import Actor
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafts import create_stream

HERE = Path(__file__).parent
TEXT_LENGTH = 20_000
CONNECTIONS = 100
ROUNDS = 3
SECONDS = 3.0


def prose(length: int) -> str:
    from pydoc_data.topics import topics

    words = "\n".join(topics[name] for name in sorted(topics)).encode("ascii", "ignore").decode()
    return words[1000 : 1000 + length]


def prepare(address: str) -> tuple[uuid.UUID, list[uuid.UUID]]:
    database = Database.open(address)
    at = datetime.now(UTC)
    with database.transaction() as session:
        owner = create_user(session, email="bench@example.org", name="Bench", roles=["writer"], at=at).id
        drafts = [
            create_stream(
                session,
                kind="document",
                owner_id=owner,
                actor=Actor("user", owner),
                at=at,
                fields={"title": f"Draft {number}", "text": prose(TEXT_LENGTH)},
            ).id
            for number in range(2 * CONNECTIONS * ROUNDS)
        ]
    database.engine.dispose()
    return owner, drafts


@contextmanager
def server(address: str, owner: uuid.UUID) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(HERE / "store_server.py"), address, str(port), str(owner)])
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def load(port: int, path: str, drafts: list[uuid.UUID], *, connections: int) -> dict[str, float]:
    result = subprocess.run(
        [sys.executable, str(HERE / "store_load.py"), str(port), path, str(connections), str(SECONDS)],
        input="\n".join(map(str, drafts)),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, float] = json.loads(result.stdout)
    return measured


@pytest.mark.bench
@pytest.mark.parametrize("connections", [1, 10, CONNECTIONS])
def test_append_against_a_route_without_database(tmp_path: Path, connections: int) -> None:
    address = str(tmp_path / "bench.db")
    owner, drafts = prepare(address)
    ratios: dict[str, list[float]] = {"/append": [], "/append-thread": []}
    with server(address, owner) as port:
        for round_ in range(ROUNDS):
            first = 2 * round_ * CONNECTIONS
            fresh = {
                "/append": drafts[first : first + CONNECTIONS],
                "/append-thread": drafts[first + CONNECTIONS : first + 2 * CONNECTIONS],
            }
            floor = load(port, "/floor", drafts, connections=connections)
            for path, found in ratios.items():
                append = load(port, path, fresh.pop(path), connections=connections)
                assert append["errors"] == 0
                found.append(append["per_second"] / floor["per_second"])
                print(f"\n{connections} connections: floor {floor}, {path} {append}, ratio {found[-1]:.2f}", end="")
    for path, found in ratios.items():
        print(f"\n{connections} connections, {path}: median ratio {statistics.median(found):.2f}", end="")
    print()
