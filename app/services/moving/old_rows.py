"""What rows of the six old tables, and of `drafts` of the old types, mean as messages. Pure: rows in, messages out.

Columns had several names over the years; each meaning lists those it is looked for under. What no meaning claims is kept
in the message's metadata. A row that cannot become a message is listed with the reason, never passed over.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from app.services.moving.sources import Row

_ID = ("id", "uuid")
_CONTENT = ("content", "note", "note_text", "notes", "response", "response_text", "message", "text", "body", "details", "description")  # fmt: skip
_AT = ("created_at", "inserted_at", "submitted_at", "date_created", "updated_at")
_DAY = ("target_date", "note_date", "action_date", "entry_date", "date", "day")
_GOAL = ("goal_id", "track_goal_id", "user_goal_id")
_STUDENT = ("student_id", "user_id", "profile_id", "for_user_id", "recipient_id")
_INSTRUCTOR = ("instructor_id", "responder_id", "sender_id", "author_id", "created_by", "user_id")
_NOTE = ("daily_note_id", "note_id", "user_daily_note_id", "reply_to_id", "parent_id")
_RESPONSE = ("response_id", "instructor_response_id", "instructor_goal_response_id")
_ACTION_TYPE = ("action_type_id", "type_id", "action_type")
_NAME = ("name", "label", "title", "full_name", "display_name", "action_name")
_FILE_OF = {"daily_note_files": ("user_daily_notes", _NOTE), "instructor_response_files": ("instructor_goal_responses", _RESPONSE)}  # fmt: skip
_OLD_DRAFTS = ("daily_note", "instructor_response")


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that was not moved, and why."""

    table: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file of an old message: where its bytes may be found, by any of `names`."""

    table: str
    id: str
    filename: str
    names: tuple[str, ...]
    digest: bytes


@dataclass(frozen=True, slots=True)
class OldMessage:
    """A message to be. People and goals are named by the ids they have in the source."""

    table: str
    id: str
    message_type: str
    student: str
    sender: str
    goal: str
    content: str
    at: datetime
    day: date | None
    reply_to: tuple[str, str] | None
    draft: bool
    metadata: dict[str, Any]
    digest: bytes
    files: list[OldFile] = field(default_factory=list)


class _Unusable(Exception):
    pass


def old_messages(tables: Mapping[str, Sequence[Row]]) -> tuple[list[OldMessage], list[Bad]]:
    """All messages in the order they were written, and the rows that make none."""
    found: dict[tuple[str, str], OldMessage] = {}
    bad: list[Bad] = []
    types = {_text(row, _ID): row for row in tables.get("action_types", ())}
    readers = {
        "user_daily_notes": _note,
        "user_actions": lambda row, _: _action(row, types),
        "instructor_goal_responses": _response,
        "drafts": _draft,
    }
    for table, read in readers.items():
        for row in tables.get(table, ()):
            if table == "drafts" and row.get("type") not in _OLD_DRAFTS:
                continue
            try:
                message = read(row, found)
                if (table, message.id) in found:
                    raise _Unusable("another row has the same id")
                found[table, message.id] = message
            except _Unusable as problem:
                bad.append(Bad(table, _text(row, _ID), str(problem)))
    for table, (owner, keys) in _FILE_OF.items():
        for row in tables.get(table, ()):
            _hang(table, row, found.get((owner, _text(row, keys))), bad)
    messages = []
    for message in found.values():
        if message.content.strip() or message.files or message.draft:
            messages.append(message)
        else:
            bad.append(Bad(message.table, message.id, "there is nothing in it"))
    return sorted(messages, key=lambda message: (message.at, message.table, message.id)), bad


def _note(row: Row, _: Mapping[tuple[str, str], OldMessage]) -> OldMessage:
    student = _text(row, _STUDENT)
    return _message("user_daily_notes", row, "daily_note", student=student, sender=student)


def _action(row: Row, types: Mapping[str, Row]) -> OldMessage:
    """An action says by its type what was done; its own words, if any, come after."""
    student = _text(row, _STUDENT)
    kind = types.get(_text(row, _ACTION_TYPE), {})
    name = _text(kind, _NAME) or (_text(row, ("action_type", "type", "name")) if not types else "")
    milestone = "milestone" in f"{name} {kind.get('category') or ''}".lower() or kind.get("is_milestone") in (
        1,
        True,
        "true",
        "t",
    )
    words = "\n\n".join(part for part in (name, _text(row, _CONTENT)) if part)
    type_ = "milestone" if milestone else "activity"
    return _message("user_actions", row, type_, student=student, sender=student, content=words, more={"action": name})


def _response(row: Row, found: Mapping[tuple[str, str], OldMessage]) -> OldMessage:
    note_id = _text(row, _NOTE)
    note = found.get(("user_daily_notes", note_id))
    sender = _text(row, _INSTRUCTOR)
    others = tuple(name for name in _STUDENT if name != "user_id")
    student = _text(row, others) or (note.student if note else "")
    if note_id and note is None and not student:
        raise _Unusable(f"it answers a note {note_id} that is not there")
    reply = ("user_daily_notes", note_id) if note else None
    goal = _text(row, _GOAL) or (note.goal if note else "")
    return _message(
        "instructor_goal_responses", row, "instructor_response", student=student, sender=sender, goal=goal, reply=reply
    )


def _draft(row: Row, found: Mapping[tuple[str, str], OldMessage]) -> OldMessage:
    """Drafts of the old types: what they are about is in their metadata."""
    more = _object(row.get("metadata"))
    plain = {_snake(name): value for name, value in more.items()}
    writer, type_ = _text(row, ("user_id",)), str(row["type"])
    note = found.get(("user_daily_notes", _text(plain, _NOTE)))
    student = writer if type_ == "daily_note" else _text(plain, ("student_id", "for_user_id", "recipient_id"))
    student = student or (note.student if note else "")
    joined = {**plain, **{name: value for name, value in row.items() if value is not None}}
    reply = ("user_daily_notes", note.id) if note and type_ == "instructor_response" else None
    goal = _text(joined, _GOAL) or (note.goal if note and reply else "")
    return _message("drafts", joined, type_, student=student, sender=writer, goal=goal, reply=reply, draft=True, original=row)  # fmt: skip


def _message(
    table: str,
    row: Row,
    type_: str,
    *,
    student: str,
    sender: str,
    content: str | None = None,
    goal: str = "",
    reply: tuple[str, str] | None = None,
    draft: bool = False,
    more: Mapping[str, Any] | None = None,
    original: Row | None = None,
) -> OldMessage:
    id_ = _text(row, _ID)
    if not id_:
        raise _Unusable("it has no id")
    if not student or not sender:
        raise _Unusable("it does not say whose it is")
    at = _time(row)
    if at is None:
        raise _Unusable("it does not say when it was written")
    words_in = next((name for name in _CONTENT if row.get(name) is not None and str(row[name]).strip()), "")
    rest = {name: _plain(value) for name, value in row.items() if name not in ("id", words_in) and value is not None}
    metadata = {"moved_from": {"table": table, "id": id_}, "row": rest, **(more or {})}
    words = _text(row, _CONTENT) if content is None else content
    words = words.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return OldMessage(
        table, id_, type_, student, sender, goal or _text(row, _GOAL), words, at, _day(row), reply, draft, metadata,
        digest_of(original or row),
    )  # fmt: skip


def _hang(table: str, row: Row, message: OldMessage | None, bad: list[Bad]) -> None:
    """Files the record of a file with its message; the bytes are looked for when it is moved."""
    id_ = _text(row, _ID)
    if not id_:
        bad.append(Bad(table, "", "it has no id"))
        return
    if message is None:
        bad.append(Bad(table, id_, "its message is not there, or could not be moved"))
        return
    original = _text(row, ("original_filename", "original_name", "filename", "file_name", "name")) or id_
    places = [str(row[name]) for name in ("filename", "file_name", "cdn_url", "file_url", "url", "path", "backblaze_file_id") if row.get(name)]  # fmt: skip
    names = (id_, *(place.partition("?")[0].rpartition("/")[2] for place in places), original)
    message.files.append(OldFile(table, id_, original, tuple(dict.fromkeys(names)), digest_of(row)))
    message.metadata.setdefault("files", []).append(
        {name: _plain(value) for name, value in row.items() if value is not None}
    )


def digest_of(row: Row) -> bytes:
    """Changes when the row does, whatever it was read from."""
    plain = {name: _plain(value) for name, value in row.items() if value is not None}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).digest()


def person_name(row: Row) -> str:
    return _text(row, _NAME)


def row_id(row: Row) -> str:
    return _text(row, _ID)


def _text(row: Row, names: Sequence[str]) -> str:
    """The first of these columns that holds something."""
    for name in names:
        value = row.get(name)
        if value is not None and str(value).strip():
            return str(value) if name in _CONTENT else str(value).strip()
    return ""


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError as error:
            raise _Unusable("its metadata is not readable") from error
    return value if isinstance(value, dict) else {}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _time(row: Row) -> datetime | None:
    for name in (*_AT, *_DAY):
        value = row.get(name)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                continue
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None


def _day(row: Row) -> date | None:
    for name in _DAY:
        value = row.get(name)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, str):
            try:
                return date.fromisoformat(value.strip()[:10])
            except ValueError:
                continue
    return None
