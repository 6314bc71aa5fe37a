"""Reading exports of the old tables `gig_drafts` and `campaign_drafts`, and moving them, person by person."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.errors import CoreError
from app.services.clock import Clock
from app.services.errors import InvalidInput, ServiceError
from app.services.forms.definitions import FormDefinition
from app.services.forms.moving import OldDraft, move, moved_subject
from app.store import accounts as account_store
from app.store.db import Database
from app.store.errors import StoreError


class BadExport(ServiceError):
    """The file is not an export of old drafts."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_export", message)


class Report(msgspec.Struct):
    """What became of the rows: `moved`, `there` already, `trashed` beside another unfinished draft; and why others were
    left out, by row number from 1."""

    counts: Counter[str] = msgspec.field(default_factory=Counter)
    problems: list[tuple[int, str]] = msgspec.field(default_factory=list)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON (a list, or one object a line) or CSV export. Raises BadExport."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            return [dict(row) for row in csv.DictReader(io.StringIO(text))]
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=list[dict[str, Any]])
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in text.splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError, csv.Error) as error:
        raise BadExport(f"{path} is not a JSON or CSV export: {error}") from error


def move_rows(
    db: Database,
    form: FormDefinition,
    rows: Iterable[Mapping[str, Any]],
    *,
    table: str,
    people: Mapping[str, str],
    clock: Clock,
    dry_run: bool,
) -> Report:
    """Moves each row in a transaction of its own, the last saved first, so that it is the one that stays open.

    `people` maps old user ids to e-mail addresses. A row's own `email`, or an account with the old id, does as well.
    """
    report = Report()
    numbered = sorted(enumerate(rows, start=1), key=lambda row: _saved(row[1]), reverse=True)
    for number, row in numbered:
        try:
            with db.transaction() as session:
                outcome = move(session, form, _old(table, row), owner_id=_owner(session, row, people), clock=clock)
                if dry_run:
                    raise _Undo(outcome)
        except _Undo as undone:
            report.counts[undone.outcome] += 1
        except (ServiceError, CoreError, StoreError) as error:
            report.counts["left out"] += 1
            report.problems.append((number, _why(error)))
        else:
            report.counts[outcome] += 1
    report.problems.sort()
    return report


class _Undo(Exception):
    """Rolls a dry run's transaction back."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def _saved(row: Mapping[str, Any]) -> str:
    return str(row.get("last_saved_at") or row.get("last_modified_at") or row.get("updated_at") or "")


def _old(table: str, row: Mapping[str, Any]) -> OldDraft:
    if not row.get("id"):
        raise InvalidInput("id", "The row has no id.")
    data = _json(row, "form_data", dict)
    if row.get("title") and not data.get("title"):
        data["title"] = row["title"]
    subject = row.get("gig_id") or row.get("campaign_id") or row.get("subject_id")
    step = row.get("current_step")
    return OldDraft(
        source=f"{table} {row['id']}",
        data=data,
        subject=moved_subject(table, str(subject)) if subject else None,
        step=int(step) if isinstance(step, str) and step.isdigit() else step,
        completed=tuple(str(name) for name in _json(row, "completed_steps", list)),
    )


def _json(row: Mapping[str, Any], column: str, type_: type[Any]) -> Any:
    """A column of JSON; as text in CSV, where a list may also be PostgreSQL's `{a,b}`."""
    value = row.get(column)
    if value in (None, ""):
        return type_()
    if isinstance(value, str):
        if type_ is list and re.fullmatch(r"\{.*\}", value):
            return [name.strip('"') for name in value[1:-1].split(",") if name]
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise InvalidInput(column, "This is not JSON.") from error
    if not isinstance(value, type_):
        raise InvalidInput(column, "This does not hold what it should.")
    return dict(value) if type_ is dict else value


def _owner(session: Session, row: Mapping[str, Any], people: Mapping[str, str]) -> UUID:
    old_id = str(row.get("user_id") or "")
    email = row.get("email") or row.get("user_email") or people.get(old_id)
    if email:
        user = account_store.find_user(session, str(email))
        if user is not None:
            return user.id
        raise InvalidInput("email", f"Nobody here has the address {email}.")
    try:
        return account_store.get_user(session, UUID(old_id)).id
    except (ValueError, StoreError) as error:
        raise InvalidInput("user_id", f"Nobody here is {old_id or 'named'}; map old ids with --people.") from error


def _why(error: Exception) -> str:
    errors = getattr(error, "values", {}).get("errors")
    if errors:
        return "; ".join(f"{one['field']}: {one['message']}" for one in errors)
    return str(getattr(error, "message", error))
