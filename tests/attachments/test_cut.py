"""A connection that ends in the middle of a file, and a file announced too long, against the product as it is served."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attachments.serving import FORM, FORM_END, Raw, call, form_start, prepared
from tests.forked import forked
from tests.running import serving

MEGABYTE = b"words and words " * 65536


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """Address, message, and the folder of files."""
    message = prepared(tmp_path / "data")
    with serving(tmp_path / "data", start=forked) as (url, _):
        yield url, message, tmp_path / "data" / "attachments"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def until(condition: object) -> None:
    ends = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_form_that_is_cut_leaves_nothing(server: tuple[str, str, Path]) -> None:
    url, message, folder = server
    raw = Raw(url, "POST", f"/api/messages/{message}/attachments", 9 << 20, **FORM)
    raw.send(form_start("long.txt") + MEGABYTE * 3)
    until(lambda: files(folder))
    raw.cut()
    until(lambda: not files(folder))
    assert call(url, "GET", f"/api/messages/{message}/attachments")["items"] == []


def test_what_had_come_of_a_part_is_kept_and_the_rest_follows(server: tuple[str, str, Path]) -> None:
    url, message, folder = server
    upload = call(url, "POST", f"/api/messages/{message}/uploads", {"name": "long.txt", "size": 5 << 20})
    path = f"/api/uploads/{upload['id']}"
    raw = Raw(url, "PUT", path, 5 << 20, **{"Upload-Offset": "0"})
    raw.send(MEGABYTE * 3)
    until(lambda: files(folder))
    raw.cut()
    until(lambda: call(url, "GET", path)["offset"] > 0)
    offset = call(url, "GET", path)["offset"]
    assert 0 < offset <= 3 << 20
    rest = (MEGABYTE * 5)[offset:]
    raw = Raw(url, "PUT", path, len(rest), **{"Upload-Offset": str(offset)})
    raw.send(rest)
    assert raw.answer()[0] == 200
    attached = call(url, "POST", f"{path}/finish")
    state = f"/api/attachments/{attached['id']}"
    until(lambda: call(url, "GET", state)["state"] == "clean")
    until(lambda: len(files(folder)) == 1)
    assert files(folder)[0].read_bytes() == MEGABYTE * 5


def test_a_file_that_is_too_long_is_refused_before_it_is_sent(server: tuple[str, str, Path]) -> None:
    url, message, folder = server
    raw = Raw(url, "POST", f"/api/messages/{message}/attachments", 1 << 30, **FORM)
    raw.send(form_start("long.txt") + MEGABYTE[:1000])
    status, problem = raw.answer()
    assert (status, problem["code"], problem["limit"]) == (413, "too_large", 25 << 20)
    assert files(folder) == []


def test_a_form_without_a_length_is_refused_once_it_is_too_long(server: tuple[str, str, Path]) -> None:
    url, message, folder = server
    content = form_start("long.txt") + MEGABYTE * 25 + b"x" + FORM_END
    raw = Raw(url, "POST", f"/api/messages/{message}/attachments", len(content), **FORM)
    raw.send(content)
    assert raw.answer()[0] == 413
    assert files(folder) == []
