"""What an idle server takes, and how long until it is healthy again on data it knows."""

import tempfile
import time
from pathlib import Path

from tests.benchmarks.bench_autosave import prepare
from tests.benchmarks.server import served


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        prepare(data, 1, 1000)
        for round_ in ("first", "second"):
            began = time.monotonic()
            with served(data) as (_, pid):
                healthy = time.monotonic() - began
                time.sleep(1)
                status = Path(f"/proc/{pid}/status").read_text()
                resident = int(status.partition("VmRSS:")[2].split()[0]) / 1024
            print(
                f"{round_} start: healthy after {healthy:.2f} s (at most 3), idle at {resident:.0f} MB resident (at most 150)"
            )


if __name__ == "__main__":
    main()
