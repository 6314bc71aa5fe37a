"""Both stores keep the same promises: whole or not at all, in order, gone when deleted, told when they fail."""

import asyncio
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from app.services.attachments.s3 import S3Storage
from app.services.attachments.storage import LocalStorage, NotStored, Storage, StorageUnavailable
from app.settings import Settings
from providers.scripted import ScriptedProvider
from tests.attachments.places import attach, settled, talk_in
from tests.conftest import TurnableClock, World


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """The address of an S3-compatible server with a bucket named `files`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{address}/files", method="PUT")).close()
                break
            except OSError:
                assert time.monotonic() < ends, "the S3 server did not start"
                time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "attachments")
    return S3Storage(
        "files", prefix=tmp_path.name, endpoint=request.getfixturevalue("bucket"), access_key="a", secret_key="b"
    )


async def pieces(*contents: bytes, fails: bool = False) -> AsyncIterator[bytes]:
    for content in contents:
        yield content
    if fails:
        raise ValueError("cut")


async def all_of(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def run(story: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def test_what_is_written_is_read_whole_or_in_part(storage: Storage) -> None:
    content = bytes(range(256)) * 12_000  # more than one piece of what either store handles at a time

    async def story() -> None:
        assert await storage.write("files/one", pieces(content[:100], content[100:], b"")) == len(content)
        assert await storage.size("files/one") == len(content)
        assert await all_of(storage.read("files/one")) == content
        assert await all_of(storage.read("files/one", 10, 2_000_010)) == content[10:2_000_010]
        assert await all_of(storage.read("files/one", len(content) - 5)) == content[-5:]
        assert await all_of(storage.read("files/one", 7, 7)) == b""
        async with storage.at_hand("files/one") as path:
            assert path.read_bytes() == content

    run(story)


def test_what_fails_in_the_middle_is_not_there(storage: Storage) -> None:
    async def story() -> None:
        with pytest.raises(ValueError, match="cut"):
            await storage.write("files/one", pieces(b"a" * 3_000_000, fails=True))
        with pytest.raises(NotStored):
            await storage.size("files/one")
        assert [stored async for stored in storage.listed("files/")] == []
        assert [stored async for stored in storage.listed("unfinished/")] == []

    run(story)


def test_several_are_joined_in_order(storage: Storage) -> None:
    async def story() -> None:
        for number in range(3):
            await storage.write(f"parts/{number}", pieces(bytes([number]) * 1000))
        assert await storage.join(["parts/2", "parts/0", "parts/1"], "files/whole") == 3000
        assert await all_of(storage.read("files/whole")) == b"\2" * 1000 + b"\0" * 1000 + b"\1" * 1000
        assert {stored.key async for stored in storage.listed("parts/")} == {"parts/0", "parts/1", "parts/2"}

    run(story)


def test_what_is_deleted_is_gone_and_may_be_deleted_again(storage: Storage) -> None:
    async def story() -> None:
        await storage.write("files/one", pieces(b"words"))
        for _ in range(2):
            await storage.delete("files/one")
        for missing in (storage.size("files/one"), all_of(storage.read("files/one"))):
            with pytest.raises(NotStored):
                await missing
        with pytest.raises(NotStored):
            async with storage.at_hand("files/one"):
                pass

    run(story)


def test_a_listing_tells_size_and_age(storage: Storage) -> None:
    async def story() -> None:
        await storage.write("files/one", pieces(b"words"))
        (found,) = [stored async for stored in storage.listed("files/")]
        assert (found.key, found.size) == ("files/one", 5)
        assert -5 < found.age < 60

    run(story)


def test_a_store_that_is_down_is_told(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        away = S3Storage("files", endpoint=nobody, access_key="a", secret_key="b")
        (tmp_path / "attachments").write_text("a file where the folder should be")
        blocked = LocalStorage(tmp_path / "attachments")

        async def story() -> None:
            for storage in (away, blocked):
                with pytest.raises(StorageUnavailable):
                    await storage.write("files/one", pieces(b"words"))
            with pytest.raises(StorageUnavailable):
                await away.size("files/one")
            with pytest.raises(StorageUnavailable):
                await away.delete("files/one")

        run(story)


def test_files_go_through_an_s3_store_from_end_to_end(bucket: str, tmp_path: Path, clock: TurnableClock) -> None:
    settings = Settings(
        data=tmp_path / "data", secret="s" * 20, attachments="s3://files/end-to-end", s3_endpoint=bucket,
        environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
    )  # fmt: skip
    app = application(furnish(settings, clock=clock))
    content = b"words and words " * 600_000
    with TestClient(app, raise_server_exceptions=False) as client:
        talk = talk_in(World(client, clock, ScriptedProvider(offered=()), settings))
        sent = attach(talk.student, talk.published, "long.txt", content).json()
        found = settled(talk.student, sent["id"])
        assert found["state"] == "clean", found
        assert client.get(found["url"]).content == content
        assert client.get(found["url"], headers={"Range": "bytes=5-8"}).content == content[5:9]
        assert talk.student.delete(f"/api/attachments/{sent['id']}").status_code == 204
        client.blocking_portal.call(app.state["attachment_sweeper"].sweep_leftovers)
        assert client.get(found["url"]).status_code == 404
    assert not (tmp_path / "data" / "attachments").exists()
