"""A server that is killed in mid-write, again and again: whatever it acknowledged is there, and its log verifies."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings import ROOT
from tests.forked import forked
from tests.running import HEADERS, command_line, environment, prepare, serving

KILLS = 30


class Writer(threading.Thread):
    """Types into one draft until the server is gone; remembers what was acknowledged and what may have been."""

    def __init__(self, url: str, draft: str, replica: str) -> None:
        super().__init__()
        self.url = f"{url}/api/drafts/{draft}"
        self.replica = replica
        self.acknowledged: list[tuple[int, str]] = []
        self.sent = 0

    def run(self) -> None:
        with contextlib.suppress(httpx.HTTPError), httpx.Client(headers=HEADERS, timeout=10) as client:
            head = client.get(self.url).json()
            length, seq = len(head["text"]), head["seq"]
            for n in range(1, 10_000):
                word = f"{self.replica}-{n} "
                self.sent = n
                answer = client.post(
                    f"{self.url}/commands",
                    json={
                        "replica": self.replica, "n": n, "base_seq": seq,
                        "ops": [{"field": "text", "changes": ([length] if length else []) + [[0, word]]}],
                    },
                )  # fmt: skip
                assert answer.status_code == 200, answer.text
                seq = answer.json()["seq"]
                length += len(word)
                self.acknowledged.append((seq, word))


def test_nothing_acknowledged_is_lost_however_often_the_server_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    drafts = prepare(data, 2)
    written: dict[str, list[tuple[int, str]]] = {draft: [] for draft in drafts}
    for kill in range(KILLS):
        with serving(data, start=forked) as (url, process):
            for draft in drafts:
                text = httpx.get(f"{url}/api/drafts/{draft}", headers=HEADERS).json()["text"]
                words = text.split(" ")
                missing = [word for _, word in written[draft] if word.strip() not in words]
                assert missing == []
            writers = [Writer(url, draft, f"k{kill}") for draft in drafts]
            for writer in writers:
                writer.start()
            while not all(writer.acknowledged for writer in writers):
                assert any(writer.is_alive() for writer in writers)
            time.sleep(0.003 * (kill % 7))  # so that the kill meets every phase of a write
            process.send_signal(signal.SIGKILL)
            for draft, writer in zip(drafts, writers, strict=True):
                writer.join()
                written[draft] += writer.acknowledged
    verified = subprocess.run(command_line("verify"), env=environment(data), cwd=ROOT, capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert sum(map(len, written.values())) > KILLS * 2
    with serving(data, start=forked) as (url, _):
        for draft in drafts:
            events = httpx.get(f"{url}/api/drafts/{draft}/events?limit=2000", headers=HEADERS).json()["items"]
            by_seq = {event["seq"]: event for event in events}
            for seq, word in written[draft]:
                if seq in by_seq:
                    assert word in json.dumps(by_seq[seq]["payload"])


def test_a_turn_whose_server_is_killed_is_interrupted_with_its_text_and_cost(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (draft,) = prepare(data, 1)
    with serving(data, start=forked, DRAFTLOOM_OFFLINE_PACE="20") as (url, process):
        order = {"mode": "write", "prompt": "Write about the sea", "provider": "offline"}
        turn = httpx.post(f"{url}/api/drafts/{draft}/turns", json=order, headers=HEADERS, timeout=30).json()["id"]
        seen = ""
        with httpx.stream("GET", f"{url}/api/turns/{turn}/events", headers=HEADERS, timeout=30) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: ") and "delta" in line:
                    seen += json.loads(line[6:])["delta"]
                if len(seen) > 60:
                    break
        process.send_signal(signal.SIGKILL)
    with serving(data, start=forked) as (url, _):
        view: dict[str, Any] = httpx.get(f"{url}/api/turns/{turn}", headers=HEADERS).json()
        assert view["state"] == "interrupted"
        assert view["text"].startswith(seen)
        assert view["usage"]["output_tokens"] > 0
        assert view["version"]["applied"] is True
        now = httpx.get(f"{url}/api/drafts/{draft}", headers=HEADERS).json()
        assert now["text"].startswith(seen.strip())
        events = httpx.get(f"{url}/api/turns/{turn}/events", headers=HEADERS).text
        assert "event: interrupted" in events
        rows = httpx.get(f"{url}/api/ledger?turn_id={turn}", headers=HEADERS).json()["items"]
        assert [(row["outcome"], row["status"]) for row in rows] == [("interrupted", "free")]


def test_all_alternatives_of_a_killed_server_are_kept_beside_the_text(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (draft,) = prepare(data, 1)
    with serving(data, start=forked, DRAFTLOOM_OFFLINE_PACE="20") as (url, process):
        order = {"mode": "write", "prompt": "Write about the sea", "variants": [{"provider": "offline"}] * 3}
        answer = httpx.post(f"{url}/api/drafts/{draft}/alternatives", json=order, headers=HEADERS, timeout=30)
        group: dict[str, Any] = answer.json()
        for turn in group["turns"]:
            with httpx.stream("GET", f"{url}/api/turns/{turn['id']}/events", headers=HEADERS, timeout=30) as stream:
                assert any("delta" in line for line in stream.iter_lines())
        process.send_signal(signal.SIGKILL)
    with serving(data, start=forked) as (url, _):
        view = httpx.get(f"{url}/api/alternatives/{group['id']}", headers=HEADERS).json()
        assert [one["turn"]["state"] for one in view["turns"]] == ["interrupted"] * 3
        assert [one["turn"]["version"]["applied"] for one in view["turns"]] == [False] * 3
        assert httpx.get(f"{url}/api/drafts/{draft}", headers=HEADERS).json()["text"] == ""
        rows = httpx.get(f"{url}/api/ledger?draft_id={draft}", headers=HEADERS).json()["items"]
        assert [row["outcome"] for row in rows] == ["interrupted"] * 3
        conversation = httpx.get(f"{url}/api/conversations/{group['conversation_id']}", headers=HEADERS).json()
        spent = sum(row["input_tokens"] + row["output_tokens"] for row in rows)
        assert conversation["total_tokens"] == spent > 0


def test_an_orderly_stop_ends_running_turns_and_answers_what_waits(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (draft,) = prepare(data, 1)
    with serving(data, DRAFTLOOM_OFFLINE_PACE="20") as (url, process):
        order = {"mode": "write", "prompt": "Write about the sea", "provider": "offline"}
        turn = httpx.post(f"{url}/api/drafts/{draft}/turns", json=order, headers=HEADERS, timeout=30).json()["id"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) in (0, -signal.SIGTERM)
    with serving(data) as (url, _):
        assert httpx.get(f"{url}/api/turns/{turn}", headers=HEADERS).json()["state"] == "interrupted"


@pytest.mark.parametrize("arguments", [(), ("user",), ("token",), ("serve",), ("verify",), ("rebuild",), ("backup",)])
def test_every_command_explains_itself(arguments: tuple[str, ...]) -> None:
    asked = forked([*arguments, "--help"], dict(os.environ))
    with asked.stdout as printed:
        assert b"Usage:" in printed.read()
    assert asked.wait() == 0
