"""What a device does when it is back: 1,000 commands over loopback, and 2,000 edits of its own over 2,000 of others.

A page joins what waits of one draft into one command (and one that was under way), so that a thousand are of as many drafts, or
of pages that died; ten drafts are measured as well. The page's part runs the page's own code in Node. Floors: as many plain requests to the same server, and reading the same events without rebasing. Run: python -m tests.benchmarks offline
"""

import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from app.settings import ROOT
from tests.running import HEADERS, prepare, serving

COMMANDS = 1_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        drafts = prepare(data, 10 + COMMANDS)
        with serving(data) as (url, _):
            host = urlsplit(url).netloc
            floor = _timed(host, lambda connection, n: _ask(connection, "GET", "/api/me", None))

            def of_ten(connection: http.client.HTTPConnection, n: int) -> None:
                draft, of_draft = drafts[n // 100], n % 100 + 1
                _ask(connection, "POST", f"/api/drafts/{draft}/commands", _command(of_draft))

            def of_many(connection: http.client.HTTPConnection, n: int) -> None:
                _ask(connection, "POST", f"/api/drafts/{drafts[10 + n]}/commands", _command(1))

            drained = {"of ten drafts": _timed(host, of_ten), "of as many drafts": _timed(host, of_many)}
    print(f"  {COMMANDS:,} plain requests (floor)            {floor:7.2f} s")
    for name, seconds in drained.items():
        missed = "" if seconds <= 3 else ": missed"
        print(
            f"  {COMMANDS:,} commands {name:<18} drained {seconds:7.2f} s  {seconds / floor:.1f}× (promised 3 s{missed})"
        )
    script = ROOT / "web" / "bench" / "rebase.mjs"
    node = ROOT / ".venv" / "bin" / "node"
    subprocess.run([str(node) if node.exists() else "node", str(script)], check=True, cwd=ROOT / "web")


def _timed(host: str, ask: Callable[[http.client.HTTPConnection, int], None]) -> float:
    """Seconds for all, a hundred in a row for each of ten drafts, six drafts at a time, as a page drains its outbox."""

    def hundred(first: int) -> None:
        connection = http.client.HTTPConnection(host)
        for n in range(first, first + 100):
            ask(connection, n)
        connection.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(hundred, range(0, COMMANDS, 100)))
    return time.perf_counter() - started


def _command(n: int) -> dict[str, object]:
    change = [[0, "word "]] if n == 1 else [5 * (n - 1), [0, "word "]]
    return {"replica": "device", "n": n, "base_seq": n, "ops": [{"field": "text", "changes": change}]}


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: dict[str, object] | None) -> None:
    connection.request(method, path, None if body is None else json.dumps(body), HEADERS)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content


if __name__ == "__main__":
    main()
