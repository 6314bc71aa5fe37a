"""A gigabyte in one form and in parts, and out again: how fast, and how much memory the server takes for it."""

import os
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attachments.serving import FORM, FORM_END, Raw, call, form_start, prepared
from tests.running import serving

GIGABYTE = 1 << 30
PART = 8 << 20
BLOCK = b"words and words " * 65536


def resident(pid: int) -> float:
    """Megabytes of the server's own memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def watched(what: str, pid: int) -> Iterator[None]:
    """Prints the pace, and the most memory above what it was before."""
    before = most = resident(pid)
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.05):
            most = max(most, resident(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    over.set()
    watcher.join()
    print(f"{what}: {GIGABYTE / seconds / 1e6:.0f} MB/s, at most {most - before:.0f} MB more resident (at most 100)")


def floor(folder: Path) -> None:
    """What writing a gigabyte to this disk takes."""
    began = time.monotonic()
    with (folder / "floor").open("wb") as file:
        for _ in range(GIGABYTE // len(BLOCK)):
            file.write(BLOCK)
        file.flush()
        os.fsync(file.fileno())
    print(f"floor, a plain write: {GIGABYTE / (time.monotonic() - began) / 1e6:.0f} MB/s")
    (folder / "floor").unlink()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        message = prepared(data)
        floor(Path(folder))
        with serving(data, DRAFTLOOM_ATTACHMENT_BYTES=str(2 * GIGABYTE)) as (url, process):
            with watched("in one form", process.pid):
                start = form_start("long.txt")
                length = len(start) + GIGABYTE + len(FORM_END)
                raw = Raw(url, "POST", f"/api/messages/{message}/attachments", length, **FORM)
                raw.send(start)
                for _ in range(GIGABYTE // len(BLOCK)):
                    raw.send(BLOCK)
                raw.send(FORM_END)
                status, attached = raw.answer()
                assert status == 201, attached
            with watched("in parts", process.pid):
                upload = call(url, "POST", f"/api/messages/{message}/uploads", {"name": "l.txt", "size": GIGABYTE})
                path = f"/api/uploads/{upload['id']}"
                for offset in range(0, GIGABYTE, PART):
                    raw = Raw(url, "PUT", path, PART, **{"Upload-Offset": str(offset)})
                    raw.send(BLOCK * (PART // len(BLOCK)))
                    assert raw.answer()[0] == 200
                call(url, "POST", f"{path}/finish")
            while (found := call(url, "GET", f"/api/attachments/{attached['id']}"))["state"] == "pending":
                time.sleep(0.1)
            with watched("out", process.pid), urllib.request.urlopen(url + found["url"]) as answer:
                while answer.read(1 << 20):
                    pass


if __name__ == "__main__":
    main()
