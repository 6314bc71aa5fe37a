"""`make bench`: every benchmark, or those whose names contain one of the words given (`make bench BENCH_ARGS=autosave`)."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks import (
    bench_attachments,
    bench_autosave,
    bench_costs,
    bench_dashboard,
    bench_edits,
    bench_expiry,
    bench_footprint,
    bench_forms,
    bench_goals,
    bench_goals_live,
    bench_offline,
    bench_proposals,
    bench_replay,
    bench_search,
    bench_streaming,
    bench_workers,
)

SCRIPTS = {
    "autosave": bench_autosave.main,
    "streaming": bench_streaming.main,
    "footprint": bench_footprint.main,
    "forms": bench_forms.main,
    "edits": bench_edits.main,
    "expiry": bench_expiry.main,
    "search": bench_search.main,
    "offline": bench_offline.main,
    "proposals": bench_proposals.main,
    "replay": bench_replay.main,
    "costs": bench_costs.main,
    "dashboard": bench_dashboard.main,
    "goals": bench_goals.main,
    "goals_live": bench_goals_live.main,
    "workers": bench_workers.main,
    "attachments": bench_attachments.main,
}
MEASURED_BY_PYTEST = ("store_append", "store_versions", "store_goals", "versions_tree", "history_page", "providers")


def main(words: list[str]) -> int:
    def wanted(name: str) -> bool:
        return not words or any(word in name for word in words)

    for name, run in SCRIPTS.items():
        if wanted(name):
            print(f"── {name}", flush=True)
            run()
    folder = Path(__file__).parent
    files = [str(folder / f"bench_{name}.py") for name in MEASURED_BY_PYTEST if wanted(name)]
    if not files:
        return 0
    return subprocess.run([sys.executable, "-m", "pytest", "-s", "-q", "--confcutdir", str(folder), *files]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
