"""The benchmarks are not run by `make test`; that they can still be run is seen here."""

import importlib
import subprocess
from pathlib import Path

import pytest

from app.settings import ROOT
from tests.benchmarks import __main__ as benchmarks

SCRIPTS = sorted(path.stem for path in Path(benchmarks.__file__).parent.glob("bench_*.py"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_benchmark_still_fits_the_product(name: str) -> None:
    assert importlib.import_module(f"tests.benchmarks.{name}")


def test_the_page_s_benchmark_still_fits_the_page() -> None:
    node = ROOT / ".venv" / "bin" / "node"
    command = [str(node) if node.exists() else "node", "bench/rebase.mjs", "20"]
    done = subprocess.run(command, cwd=ROOT / "web", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_make_bench_runs_all_of_them() -> None:
    run = {*benchmarks.SCRIPTS, *benchmarks.MEASURED_BY_PYTEST}
    assert {name.removeprefix("bench_") for name in SCRIPTS} <= run
