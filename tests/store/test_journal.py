"""The journal of run logs beside a SQLite file: what was written is read again, whatever ended the process or filled the disk."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.settings import ROOT
from app.store.engine.journal import Journal, RunEvent
from app.store.errors import StoreUnavailable

A, B = uuid.UUID(int=1), uuid.UUID(int=2)


def text(n: int, at: datetime) -> RunEvent:
    return RunEvent(n, "text", f'{{"delta":"two words, é {n}"}}', at)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "draftloom.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal.open(path)
    assert journal is not None
    yield journal
    journal.close()


def after_a_crash(journal: Journal, path: Path) -> dict[uuid.UUID, list[RunEvent]]:
    """What the next process finds; the lock of this one is let go as the kernel would."""
    journal.close()
    following = Journal.open(path)
    assert following is not None
    found = following.left()
    journal._writing, journal._resting = following._writing, following._resting  # for the fixture to close
    return found


def test_entries_are_found_again_in_order(journal: Journal, path: Path, now: datetime) -> None:
    journal.append({A: [text(1, now), text(2, now)], B: [text(1, now)]})
    journal.append({A: [text(3, now)]})
    assert after_a_crash(journal, path) == {A: [text(1, now), text(2, now), text(3, now)], B: [text(1, now)]}


def test_what_the_database_took_over_is_gone_and_what_came_meanwhile_is_not(
    journal: Journal, path: Path, now: datetime
) -> None:
    journal.clear()
    journal.append({A: [text(1, now)]})
    journal.turn_over()
    journal.append({A: [text(2, now)]})
    journal.emptied()
    assert after_a_crash(journal, path) == {A: [text(2, now)]}


def test_both_files_keep_what_the_database_did_not_take(journal: Journal, path: Path, now: datetime) -> None:
    journal.clear()
    for n in range(1, 5):
        journal.append({A: [text(n, now)]})
        journal.turn_over()  # and the database fails each time
    assert after_a_crash(journal, path) == {A: [text(n, now) for n in range(1, 5)]}


def test_nothing_stays_when_all_is_in_the_database(journal: Journal, path: Path, now: datetime) -> None:
    journal.append({A: [text(1, now)]})
    journal.turn_over()
    journal.append({A: [text(2, now)]})
    journal.clear()
    assert [file.read_bytes().strip(b"\0") for file in path.parent.glob("draftloom.db-runs-*")] == [b"", b""]
    journal.append({A: [text(3, now)]})
    assert after_a_crash(journal, path) == {A: [text(3, now)]}


@pytest.mark.parametrize("cut", range(1, 90, 11))
@pytest.mark.parametrize("stale", [b"\0", b"x"])
def test_a_line_cut_off_by_a_crash_is_no_entry(
    journal: Journal, path: Path, now: datetime, cut: int, stale: bytes
) -> None:
    journal.append({A: [text(1, now)]})
    whole = journal._writing.used
    journal.append({A: [text(2, now)]})
    torn, end = whole + cut, journal._writing.used
    journal._writing._map[torn:end] = stale * (end - torn)
    assert after_a_crash(journal, path) == {A: [text(1, now)]}


def test_a_line_of_two_ages_is_no_entry(journal: Journal, path: Path, now: datetime) -> None:
    journal.append({A: [RunEvent(1, "text", '{"delta":"new words"}', now)]})
    page = journal._writing._map
    at = page.find(b"new")
    page[at : at + 3] = b"old"
    assert after_a_crash(journal, path) == {}


def test_files_grow_and_are_emptied_whatever_their_size(journal: Journal, path: Path, now: datetime) -> None:
    long = [RunEvent(n, "text", '{"delta":"' + "x" * 100_000 + '"}', now) for n in range(1, 9)]
    for event in long:
        journal.append({A: [event]})
    journal.clear()
    for event in long:
        journal.append({B: [event]})
    assert after_a_crash(journal, path) == {B: long}


def test_a_full_disk_is_said_and_what_was_written_before_stays(
    journal: Journal, path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite

    def full(file: int, data: bytes, offset: int) -> int:
        return pwrite(file, data[:100], offset)

    journal.append({A: [text(1, now)]})
    with monkeypatch.context() as crowded:
        crowded.setattr(os, "pwrite", full)
        with pytest.raises(StoreUnavailable):
            journal.append({A: [RunEvent(2, "text", '"' + "x" * 2**20 + '"', now)]})
        journal.append({B: [text(1, now)]})  # for which there is room
    assert after_a_crash(journal, path) == {A: [text(1, now)], B: [text(1, now)]}
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StoreUnavailable):
        Journal.open(path.with_name("other.db"))


def test_one_process_has_it_at_a_time_and_a_killed_one_lets_go(path: Path, now: datetime) -> None:
    held = (
        "import os, sys, uuid; from datetime import UTC, datetime; from pathlib import Path\n"
        "from app.store.engine.journal import Journal, RunEvent\n"
        f"journal = Journal.open(Path({str(path)!r}))\n"
        f"journal.append({{uuid.UUID(int=1): [RunEvent(1, 'text', '{{}}', datetime.fromisoformat({now.isoformat()!r}))]}})\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    with subprocess.Popen([sys.executable, "-c", held], **options) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert Journal.open(path) is None
        other.kill()
    journal = Journal.open(path)
    assert journal is not None
    assert journal.left() == {A: [RunEvent(1, "text", "{}", now)]}
    journal.close()


def test_a_folder_that_cannot_be_written_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        Journal.open(tmp_path / "no folder" / "draftloom.db")
