"""The scanner's protocol, against a fake that follows clamd(8) and against Debian's clamd itself."""

import asyncio
import hashlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.services.attachments.scanner import Clamd, InvalidScanner, ScannerUnavailable, Verdict
from tests.attachments.places import FakeClamd, fake_clamd
from tests.attachments.samples import EICAR, zipped


async def pieces(content: bytes, size: int = 30_000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def scan(address: str, content: bytes) -> Verdict:
    return asyncio.run(Clamd(address).scan(pieces(content)))


@pytest.fixture
def clamd() -> Iterator[FakeClamd]:
    with fake_clamd() as clamd:
        yield clamd


@pytest.fixture(scope="module")
def real_clamd() -> Iterator[str]:
    """Debian's clamd with signatures of its own: it knows the test file and nothing else, and asks no network."""
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("no clamd: install it (Debian, Ubuntu: apt-get install clamav-daemon)")
    folder = Path("/tmp") / f"draftloom-clamd-{uuid.uuid4().hex[:12]}"
    (folder / "signatures").mkdir(parents=True)
    (folder / "signatures" / "test.ndb").write_text(f"Draftloom.Test:0:0:{EICAR.hex()}\n")
    clean = hashlib.md5(b"never seen", usedforsecurity=False).hexdigest()
    (folder / "signatures" / "test.hdb").write_text(f"{clean}:10:Draftloom.Other\n")
    socket_path = folder / "clamd.sock"
    (folder / "clamd.conf").write_text(
        f"LocalSocket {socket_path}\nDatabaseDirectory {folder / 'signatures'}\nForeground yes\nStreamMaxLength 1M\n"
        f"MaxThreads 2\nConcurrentDatabaseReload no\nTemporaryDirectory {folder}\n"
    )
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program, "-c", str(folder / "clamd.conf")], stdout=log, stderr=log)
    try:
        ends = time.monotonic() + 60
        while not asyncio.run(Clamd(f"unix:{socket_path}").ready()):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < ends, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"unix:{socket_path}"
    finally:
        process.kill()
        process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_clamd_itself_tells_clean_from_infected_in_archives_too(real_clamd: str) -> None:
    assert scan(real_clamd, b"harmless words" * 1000) == Verdict()
    assert scan(real_clamd, EICAR).signature.startswith("Draftloom.Test")
    assert scan(real_clamd, zipped({"a.txt": b"words", "b.txt": EICAR})).infected
    with pytest.raises(ScannerUnavailable):
        scan(real_clamd, os.urandom(3 << 20))


def test_a_verdict_says_what_was_found(clamd: FakeClamd) -> None:
    assert scan(clamd.address, b"words" * 100_000) == Verdict()
    assert scan(clamd.address, EICAR) == Verdict("Eicar-Test")
    assert scan(clamd.address, b"") == Verdict()
    assert clamd.seen == [500_000, len(EICAR), 0]


def test_what_is_no_verdict_is_never_taken_for_clean(clamd: FakeClamd, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in (b"stream: something ERROR\0", b"\0", b"stream: OKAY\0", b"OK but\0", b"x" * 10_000 + b"\0"):
        monkeypatch.setattr(clamd, "answer", lambda _, answer=answer: answer)
        with pytest.raises(ScannerUnavailable):
            scan(clamd.address, b"words")
    clamd.down = True
    with pytest.raises(ScannerUnavailable):
        scan(clamd.address, b"words")
    assert not asyncio.run(Clamd(clamd.address).ready())
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ScannerUnavailable):
            scan(f"tcp://127.0.0.1:{closed.getsockname()[1]}", b"words")


def test_a_file_beyond_the_scanners_limit_is_not_clean(clamd: FakeClamd) -> None:
    clamd.most = 100_000
    with pytest.raises(ScannerUnavailable):
        scan(clamd.address, b"a" * 5_000_000)


@pytest.mark.parametrize("address", ["clamd.ctl", "tcp://", "tcp://host:port", "http://host"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(InvalidScanner):
        Clamd(address)
