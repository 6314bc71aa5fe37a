"""Moves old messages in: one transaction for all of it, which a dry run takes back; again, and nothing is done twice.

Every row has its place in `moved_rows`, from which the move can be undone, and a message's id follows from its row. Files are
stored first and are `pending` like any other: they are checked before anybody can fetch them.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from app.core.attachments.kinds import HEAD_BYTES, Refused, kind_of
from app.core.attachments.names import cleaned_name, original_name
from app.core.errors import CoreError
from app.services.moving.old_rows import (  # fmt: skip
    Bad,
    OldFile,
    OldMessage,
    digest_of,
    old_messages,
    person_name,
    row_id,
)
from app.services.moving.sources import Row
from app.store import accounts as account_store
from app.store import attachments as attachment_store
from app.store import audit
from app.store import moved as store
from app.store.drafting.heads import load_head
from app.store.errors import StoreError
from app.store.goals import conversations as conversation_store
from app.store.goals import messages as message_store
from app.store.tables import MessageAttachment

_NAMESPACE = uuid.UUID("6f5ac9f0-6d0c-4b67-9d43-6e6f8e0f4a51")
_FILE_TABLES = ("daily_note_files", "instructor_response_files")
_PEOPLE_TABLES = ("profiles", "users")


@dataclass(slots=True)
class TableReport:
    """One old table: rows read, moved now, there already, not moved."""

    read: int = 0
    moved: int = 0
    already: int = 0
    bad: int = 0

    @property
    def adds_up(self) -> bool:
        return self.read == self.moved + self.already + self.bad


@dataclass(slots=True)
class Report:
    """What a move did. `checksum_there` and `checksum_here` are over the words of all rows that are moved, as the source and as
    this installation has them; rows in `changed` have other words in the source by now, and are told instead."""

    tables: dict[str, TableReport] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    checksum_there: str = ""
    checksum_here: str = ""

    @property
    def proven(self) -> bool:
        return self.checksum_there == self.checksum_here and all(table.adds_up for table in self.tables.values())

    def refuse(self, bad: Bad) -> None:
        self.bad.append(bad)
        self.table(bad.table).bad += 1

    def table(self, name: str) -> TableReport:
        return self.tables.setdefault(name, TableReport())


@dataclass(frozen=True, slots=True)
class FileAtHand:
    """An old file whose bytes were found, and the key under which they are stored."""

    path: Path
    key: str


def files_at_hand(
    messages: Sequence[OldMessage], folder: Path | None, new_key: object
) -> dict[tuple[str, str], FileAtHand]:
    """Where the bytes of files are, by table and id; only names directly in the folder, or in folders by id."""
    found: dict[tuple[str, str], FileAtHand] = {}
    if folder is None or not callable(new_key):
        return found
    for message in messages:
        for file in message.files:
            for name in file.names:
                path = folder / Path(name).name
                if name and path.is_file() and path.stat().st_size:
                    found[file.table, file.id] = FileAtHand(path, str(new_key()))
                    break
    return found


def message_id_of(source: str, message: OldMessage) -> uuid.UUID:
    """The same row becomes the same message, whenever it is moved."""
    return uuid.uuid5(_NAMESPACE, f"{source}\n{message.table}\n{message.id}")


class Move:
    """One move of one source, inside one transaction."""

    def __init__(
        self,
        session: Session,
        source: str,
        tables: Mapping[str, Sequence[Row]],
        *,
        files: Mapping[tuple[str, str], FileAtHand],
        create_people: bool,
        at: datetime,
    ) -> None:
        self._session = session
        self._source = source
        self._tables = tables
        self._files = files
        self._create_people = create_people
        self._at = at
        self._people: dict[str, uuid.UUID | None] = {}
        self._conversations: dict[tuple[str, str], uuid.UUID] = {}
        self.used: set[str] = set()
        """Keys of stored files that became attachments."""
        self.report = Report()

    def run(self) -> Report:
        messages, bad = old_messages(self._tables)
        self._count(messages, bad)
        self._instructors = _instructors(messages)
        there, here = hashlib.sha256(), hashlib.sha256()
        for message in messages:
            message_id = self._moved(message)
            if message_id is None:
                for file in message.files:
                    self.report.refuse(Bad(file.table, file.id, "its message could not be moved"))
                continue
            if (message.table, message.id) not in self.report.changed:
                there.update(_words(message.id, message.content))
                here.update(_words(message.id, store.first_words(self._session, message_id)))
            for file in message.files:
                self._hang(file, message, message_id)
        self.report.checksum_there, self.report.checksum_here = there.hexdigest(), here.hexdigest()
        return self.report

    def _count(self, messages: Sequence[OldMessage], bad: Sequence[Bad]) -> None:
        for message in messages:
            self.report.table(message.table).read += 1
            for file in message.files:
                self.report.table(file.table).read += 1
        for problem in bad:
            self.report.table(problem.table).read += 1
            self.report.refuse(problem)

    def _moved(self, message: OldMessage) -> uuid.UUID | None:
        """The message's id here; None for one that cannot be moved, which is in the report then."""
        table = self.report.table(message.table)
        known = store.find(self._session, self._source, message.table, message.id)
        if known is not None:
            table.already += 1
            if known.digest != message.digest:
                self.report.changed.append((message.table, message.id))
            return known.target_id
        try:
            with self._session.begin_nested():
                made = self._make(message)
        except (_NotHere, CoreError, StoreError) as problem:
            self._people.clear()  # Accounts and conversations made for it are gone with it.
            self._conversations.clear()
            self.report.refuse(Bad(message.table, message.id, getattr(problem, "message", str(problem))))
            return None
        table.moved += 1
        return made

    def _make(self, message: OldMessage) -> uuid.UUID:
        sender = self._person(message.sender)
        conversation = self._conversation(message)
        message_id = message_id_of(self._source, message)
        head = message_store.begin(
            self._session,
            conversation_id=conversation,
            sender_id=sender,
            message_type=message.message_type,
            at=message.at,
            content=message.content,
            reply_to_id=self._answered(message, conversation),
            target_date=message.day,
            metadata={"source": self._source, **message.metadata},
            draft_id=message_id,
            device="moved",
        )
        if not message.draft:
            message_store.publish(self._session, head, at=message.at, device="moved")
        self._note(message.table, message.id, "message", message_id, message.digest)
        return message_id

    def _answered(self, message: OldMessage, conversation: uuid.UUID) -> uuid.UUID | None:
        """The message it answers, if that is in the same conversation; otherwise its metadata still says."""
        if message.reply_to is None:
            return None
        known = store.find(self._session, self._source, *message.reply_to)
        if known is None or attachment_store.message_of(self._session, known.target_id)[0] != conversation:
            return None
        return known.target_id

    def _person(self, old_id: str) -> uuid.UUID:
        if old_id not in self._people:
            self._people[old_id] = self._find_person(old_id)
        found = self._people[old_id]
        if found is None:
            raise _NotHere(f"there is no account for the person {old_id}")
        return found

    def _find_person(self, old_id: str) -> uuid.UUID | None:
        known = store.find(self._session, self._source, "person", old_id)
        if known is not None:
            return known.target_id
        row = next(
            (row for name in _PEOPLE_TABLES for row in self._tables.get(name, ()) if row_id(row) == old_id), None
        )
        email = str((row or {}).get("email") or "").strip()
        user = account_store.find_user(self._session, email) if email else None
        if user is not None:
            return user.id
        if email and row is not None and self._create_people:
            role = str(row.get("role") or "student")
            roles = [role if role in ("student", "instructor") else "student"]
            user = account_store.create_user(
                self._session, email=email, name=person_name(row) or email.partition("@")[0], roles=roles, at=self._at
            )
            audit.record(
                self._session, at=self._at, action="user.created", target=str(user.id),
                details={"email": user.email, "roles": roles},
            )  # fmt: skip
            self._note("person", old_id, "person", user.id, digest_of(row))
            return user.id
        return store.user_of_id(self._session, old_id)

    def _conversation(self, message: OldMessage) -> uuid.UUID:
        key = (message.student, message.goal)
        if key not in self._conversations:
            origin = f"{message.student} {message.goal}".strip()
            known = store.find(self._session, self._source, "conversation", origin)
            if known is not None:
                self._conversations[key] = known.target_id
                return known.target_id
            student = self._person(message.student)
            teacher = self._instructors.get(key)
            instructor = self._person(teacher) if teacher else None
            conversation, new = conversation_store.add_conversation(
                self._session,
                student_id=student,
                instructor_id=None if instructor == student else instructor,
                goal_id=self._goal(message.goal, student) if message.goal else None,
                at=message.at,
            )
            if new:
                self._note("conversation", origin, "conversation", conversation.id, b"")
            self._conversations[key] = conversation.id
        return self._conversations[key]

    def _goal(self, old_id: str, student: uuid.UUID) -> uuid.UUID:
        origin = f"{old_id} {student}"
        known = store.find(self._session, self._source, "goal", origin)
        if known is not None:
            return known.target_id
        row = next((row for row in self._tables.get("track_goals", ()) if row_id(row) == old_id), None)
        title = (person_name(row) if row is not None else "") or f"Goal {old_id}"
        goal = conversation_store.add_goal(
            self._session, student_id=student, title=title[:200], created_by=student, at=self._at
        )
        self._note("goal", origin, "goal", goal.id, b"" if row is None else digest_of(row))
        return goal.id

    def _hang(self, file: OldFile, message: OldMessage, message_id: uuid.UUID) -> None:
        """A file whose bytes are there becomes an attachment; of others the record stays in the message's metadata."""
        table = self.report.table(file.table)
        if store.find(self._session, self._source, file.table, file.id) is not None:
            table.already += 1
            return
        at_hand = self._files.get((file.table, file.id))
        if at_hand is None:
            self.report.refuse(Bad(file.table, file.id, f"its bytes are not at hand ({file.filename})"))
            return
        name = cleaned_name(file.filename)
        with at_hand.path.open("rb") as content:
            head = content.read(HEAD_BYTES)
        try:
            kind = kind_of(name, head)
        except Refused as refusal:
            self.report.refuse(Bad(file.table, file.id, f"{refusal.message} ({file.filename})"))
            return
        row = MessageAttachment(
            message_id=message_id,
            uploader_id=self._person(message.sender),
            filename=name,
            original_filename=original_name(file.filename),
            file_size=at_hand.path.stat().st_size,
            mime_type=kind.media_type,
            storage_key=at_hand.key,
            created_at=message.at,
        )
        attachment_store.add_attachment(self._session, row)
        self._note(file.table, file.id, "attachment", row.id, file.digest)
        self.used.add(at_hand.key)
        table.moved += 1

    def _note(self, origin: str, origin_id: str, kind: str, target: uuid.UUID, digest: bytes) -> None:
        store.note(
            self._session, self._source, origin, origin_id, kind=kind, target_id=target, digest=digest, at=self._at
        )


@dataclass(slots=True)
class Undone:
    """`kept`: messages that were changed or answered since, and stay."""

    removed: int = 0
    kept: list[tuple[str, str]] = field(default_factory=list)


def undo(session: Session, source: str) -> Undone:
    """Takes a source's rows out again, with their files; what people have added since stays, and is told."""
    undone = Undone()
    rows = store.all_of(session, source)
    for row in reversed([row for row in rows if row.kind == "message"]):
        head = load_head(session, row.target_id, lock=True)
        if head is None:
            store.forget(session, row)
        elif head.seq > store.UNTOUCHED_SEQ[head.state.fields["published"] is not None] or store.is_answered(
            session, row.target_id
        ):
            undone.kept.append((row.origin, row.origin_id))
        else:
            store.remove_message(session, row.target_id)
            store.forget(session, row)
            undone.removed += 1
    for row in rows:
        if row.kind == "attachment" and attachment_store.find_attachment(session, row.target_id) is None:
            store.forget(session, row)
    for kind in ("conversation", "goal", "person"):
        for row in rows:
            if row.kind == kind and store.remove_if_unused(session, kind, row.target_id):
                store.forget(session, row)
    return undone


class _NotHere(Exception):
    pass


def _instructors(messages: Sequence[OldMessage]) -> dict[tuple[str, str], str]:
    """Who answered last about each student's goal: a conversation has one instructor."""
    return {
        (message.student, message.goal): message.sender
        for message in messages
        if message.message_type == "instructor_response" and message.sender != message.student
    }


def _words(id_: str, content: str) -> bytes:
    return f"{id_}\0{content}\0".encode("utf-8", "surrogatepass")
