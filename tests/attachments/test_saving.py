"""Backups hold the files of messages; verifying tells a file that is gone or was altered."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from litestar.testing import TestClient

from app.application import application
from app.cli import main
from app.main import furnish
from app.settings import Settings
from tests.attachments.places import attach, settled, talk_in
from tests.attachments.samples import png
from tests.conftest import TurnableClock, World


def run(settings: Settings, *arguments: str) -> Result:
    environment = {"DRAFTLOOM_DATA": str(settings.data), "DRAFTLOOM_DATABASE_URL": "", "DRAFTLOOM_SECRET": "s" * 20}
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


@pytest.fixture
def used(tmp_path: Path, clock: TurnableClock) -> Settings:
    """An installation that held a message with two files, stopped."""
    settings = Settings(data=tmp_path / "data", secret="s" * 20)
    with TestClient(application(furnish(settings, clock=clock)), raise_server_exceptions=False) as client:
        talk = talk_in(World(client, clock, None, settings))  # type: ignore[arg-type]
        for name, content in (("a.png", png()), ("b.txt", b"words" * 500_000)):
            assert (
                settled(talk.student, attach(talk.student, talk.published, name, content).json()["id"])["state"]
                == "clean"
            )
    return settings


def files(settings: Settings) -> dict[str, bytes]:
    folder = settings.data / "attachments"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_brings_the_files_back(used: Settings, tmp_path: Path) -> None:
    backup = str(tmp_path / "backup.zip")
    assert run(used, "backup", backup).exit_code == 0
    other = replace(used, data=tmp_path / "other")
    assert run(other, "restore", backup).exit_code == 0
    assert len(files(used)) == 2
    assert files(other) == files(used)
    verified = run(other, "verify", "--files")
    assert (verified.exit_code, "and 2 files" in verified.output) == (0, True), verified.output


def test_verifying_tells_what_is_gone_and_what_was_altered(used: Settings) -> None:
    paths = sorted((used.data / "attachments").glob("files/*/*"), key=lambda path: path.stat().st_size)
    paths[0].unlink()
    altered = bytearray(paths[1].read_bytes())
    altered[0] ^= 1
    paths[1].write_bytes(altered)
    quick = run(used, "verify")
    assert quick.exit_code == 1
    assert quick.output.count("its file is not there") == 1
    assert "not the one that was checked" not in quick.output
    assert "its file is not the one that was checked" in run(used, "verify", "--files").output
