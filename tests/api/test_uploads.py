"""Uploads in parts: they go on where they stopped, whatever stopped them, and leave nothing when they are given up."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.store.tables import AttachmentPart, StoredLeftover
from tests.api.test_attachments import stored
from tests.attachments.places import Talk, attach, settled, talk_in
from tests.attachments.samples import png
from tests.conftest import Person, World

TEXT = b"words and more words, " * 2000


@pytest.fixture
def talk(world: World) -> Talk:
    return talk_in(world)


def begun(person: Person, message_id: Any, name: str = "long.txt", size: int = len(TEXT)) -> dict[str, Any]:
    answer = person.post(f"/api/messages/{message_id}/uploads", {"name": name, "size": size})
    assert answer.status_code == 201, answer.text
    upload: dict[str, Any] = answer.json()
    return upload


def put(person: Person, upload: dict[str, Any], offset: Any, content: bytes) -> Any:
    headers = person.headers | {"Upload-Offset": str(offset)}
    return person.client.put(f"/api/uploads/{upload['id']}", content=content, headers=headers)


def swept(talk: Talk) -> list[Path]:
    """What the store holds after the worker has had its turn."""
    client = talk.world.client
    client.blocking_portal.call(client.app.state["attachment_sweeper"].sweep_leftovers)
    return stored(talk.world.settings)


def test_parts_become_one_file(talk: Talk) -> None:
    upload = begun(talk.student, talk.draft, "../long.txt")
    assert (upload["name"], upload["offset"], upload["size"]) == ("long.txt", 0, len(TEXT))
    assert put(talk.student, upload, 0, TEXT[:5000]).json()["offset"] == 5000
    assert put(talk.student, upload, 5000, TEXT[5000:5001]).headers["upload-offset"] == "5001"
    early = talk.student.post(f"/api/uploads/{upload['id']}/finish")
    assert (early.status_code, early.json()["code"], early.json()["offset"]) == (409, "upload_incomplete", 5001)
    head = talk.world.client.head(f"/api/uploads/{upload['id']}", headers=talk.student.headers)
    assert (head.status_code, head.headers["upload-offset"]) == (200, "5001")
    assert put(talk.student, upload, 5001, TEXT[5001:]).json()["offset"] == len(TEXT)
    finished = talk.student.post(f"/api/uploads/{upload['id']}/finish")
    assert finished.status_code == 201, finished.text
    again = talk.student.post(f"/api/uploads/{upload['id']}/finish")
    assert again.json()["id"] == finished.json()["id"] == upload["id"]
    found = settled(talk.student, upload["id"])
    assert found["state"] == "clean"
    assert talk.world.client.get(found["url"]).content == TEXT
    assert len(swept(talk)) == 1


def test_a_file_in_a_single_part_is_not_copied(talk: Talk) -> None:
    upload = begun(talk.student, talk.draft, "photo.png", len(png()))
    put(talk.student, upload, 0, png())
    before = stored(talk.world.settings)
    assert talk.student.post(f"/api/uploads/{upload['id']}/finish").status_code == 201
    assert settled(talk.student, upload["id"])["state"] == "clean"
    assert swept(talk) == before


def test_a_part_that_does_not_continue_is_told_where_to_go_on(talk: Talk) -> None:
    upload = begun(talk.student, talk.draft)
    put(talk.student, upload, 0, TEXT[:100])
    for offset in (0, 50, 101):
        refused = put(talk.student, upload, offset, b"again")
        assert (refused.status_code, refused.json()["code"]) == (409, "offset_mismatch")
        assert refused.json()["offset"] == 100
    for offset in ("", "-1", "x", "1" * 30):
        assert put(talk.student, upload, offset, b"x").status_code == 422
    assert put(talk.student, upload, 100, b"").json()["offset"] == 100
    beyond = put(talk.student, upload, 100, TEXT)
    assert (beyond.status_code, beyond.json()["code"]) == (413, "too_large")
    assert len(swept(talk)) == 1


def test_a_content_that_is_not_accepted_ends_an_upload(talk: Talk) -> None:
    early = begun(talk.student, talk.draft, "photo.png", 9000)
    refused = put(talk.student, early, 0, b"\xff\xd8\xff" + bytes(8997))
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_extension")
    late = begun(talk.student, talk.draft, "photo.png", 6)
    put(talk.student, late, 0, b"\xff\xd8\xff")
    put(talk.student, late, 3, b"\0\0\0")
    refused = talk.student.post(f"/api/uploads/{late['id']}/finish")
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_extension")
    assert talk.student.get(f"/api/uploads/{late['id']}").status_code == 404
    assert swept(talk) == []


def test_an_upload_that_is_cancelled_or_left_alone_leaves_nothing(talk: Talk) -> None:
    cancelled, forgotten = begun(talk.student, talk.draft), begun(talk.student, talk.draft)
    for upload in (cancelled, forgotten):
        put(talk.student, upload, 0, TEXT[:100])
    assert talk.student.delete(f"/api/uploads/{cancelled['id']}").status_code == 204
    assert len(swept(talk)) == 1
    talk.world.clock.turn(hours=25)
    sweeper = talk.world.client.app.state["attachment_sweeper"]
    assert talk.world.client.blocking_portal.call(sweeper.sweep_uploads) == 1
    assert swept(talk) == []
    assert talk.student.get(f"/api/uploads/{forgotten['id']}").status_code == 404
    with talk.session() as session:
        assert session.scalars(select(AttachmentPart)).all() == []
        assert session.scalars(select(StoredLeftover)).all() == []


@pytest.mark.parametrize(
    "body,status,code",
    [
        ({"name": "a.txt", "size": 0}, 422, "empty_file"),
        ({"name": "a.txt", "size": -1}, 422, "empty_file"),
        ({"name": "a.txt", "size": 1 << 40}, 413, "too_large"),
        ({"name": "a.txt"}, 422, "invalid_field"),
    ],
)
def test_an_upload_that_cannot_end_well_is_not_begun(talk: Talk, body: Any, status: int, code: str) -> None:
    answer = talk.student.post(f"/api/messages/{talk.draft}/uploads", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_an_upload_is_its_persons_alone(talk: Talk, mallory: Person) -> None:
    assert mallory.post(f"/api/messages/{talk.published}/uploads", {"name": "a.txt", "size": 5}).status_code == 404
    upload = begun(talk.student, talk.published)
    for stranger in (mallory, talk.instructor):
        assert stranger.get(f"/api/uploads/{upload['id']}").status_code == 404
        assert put(stranger, upload, 0, b"x").status_code == 404
        assert stranger.post(f"/api/uploads/{upload['id']}/finish").status_code == 404
        assert stranger.delete(f"/api/uploads/{upload['id']}").status_code == 404


def test_files_without_a_row_are_deleted_once_they_are_old(talk: Talk) -> None:
    sent = attach(talk.student, talk.draft, "photo.png", png()).json()
    settled(talk.student, sent["id"])
    folder = talk.world.settings.data / "attachments"
    orphans = [folder / "files" / "ab" / ("ab" + "0" * 30), folder / "unfinished" / "cd" / ("cd" + "0" * 30)]
    young = folder / "parts" / "ef" / ("ef" + "0" * 30)
    day = 25 * 3600
    for path in (*orphans, young):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    for path in (*orphans, *folder.glob("files/*/*")):
        os.utime(path, (time.time() - day, time.time() - day))
    sweeper = talk.world.client.app.state["attachment_sweeper"]
    assert talk.world.client.blocking_portal.call(sweeper.sweep_orphans) == 2
    left = stored(talk.world.settings)
    assert young in left
    assert len(left) == 2
