"""What provider tests share: the recordings, a server that plays them, a socket server that misbehaves on purpose."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parent.parent.parent


def recordings_folder() -> Path | None:
    """The folder of real provider traffic: ``DRAFTLOOM_RECORDINGS``, else the sibling of the project."""
    named = os.environ.get("DRAFTLOOM_RECORDINGS")
    folder = Path(named) if named else PROJECT.parent / "shared" / "recordings"
    return folder if (folder / "expected.json").is_file() else None


def recorded_interactions() -> list[tuple[str, dict[str, Any]]]:
    """(file, what the independent reader expects) of every recorded model call; empty without recordings."""
    folder = recordings_folder()
    if folder is None:
        return []
    expected = json.loads((folder / "expected.json").read_text())
    return [
        (file, row)
        for file, rows in expected.items()
        for row in rows
        if row["api"] in ("messages", "chat", "responses")
    ]


@pytest.fixture(scope="session")
def recordings() -> Path:
    folder = recordings_folder()
    if folder is None:
        pytest.skip("no recordings: set DRAFTLOOM_RECORDINGS")
    return folder
