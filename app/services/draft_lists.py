"""The list of drafts and the numbers above it."""

from collections.abc import Collection
from dataclasses import replace

import msgspec

from app.core.expiry import ExpiryRules
from app.core.kinds import KINDS
from app.services.accounts import Principal
from app.services.errors import InvalidInput
from app.services.views import DraftSummary, Page
from app.store.db import Database
from app.store.drafting import draft_lists

_MOST_PER_PAGE = 200
_SORTS: dict[str, draft_lists.Sort] = {
    "-saved_at": "saved",
    "-created_at": "created",
    "title": "title",
    "-words": "words",
    "-completion": "completion",
}
_STATUSES = ("open", "submitted", "discarded", "complete", "conflict")


class DraftStatistics(msgspec.Struct, frozen=True):
    """Over all drafts outside the trash: counts, words in total, completion in percent."""

    total: int
    completed: int
    average_completion: float
    words: int
    synced: int
    in_conflict: int


class DraftLists:
    """Use cases of lists of drafts."""

    def __init__(self, db: Database, expiry: ExpiryRules) -> None:
        self._db = db
        self._expiry = expiry

    async def list(
        self,
        person: Principal,
        *,
        kind: str | None = None,
        status: str | None = None,
        query: str = "",
        sort: str = "-saved_at",
        cursor: str | None = None,
        limit: int = 50,
        trash: bool = False,
        shared: bool = False,
    ) -> Page[DraftSummary]:
        """One page of a person's drafts, or of the open ones others share with them. Raises `InvalidInput` for an unknown
        kind, sort or status."""
        _check_choice("kind", kind, KINDS)
        _check_choice("status", status, _STATUSES)
        page = await self._db.read(
            draft_lists.list_drafts,
            person.id,
            kind=kind,
            status=status,
            q=query.strip(),
            sort=_sort(sort),
            cursor=cursor,
            limit=max(1, min(limit, _MOST_PER_PAGE)),
            trash=trash,
            shared=shared,
        )
        return Page([summary(row, self._expiry) for row in page.items], page.next)

    async def statistics(self, person: Principal) -> DraftStatistics:
        """The numbers above the list."""
        found = await self._db.read(draft_lists.stats, person.id)
        return msgspec.convert(found, DraftStatistics, from_attributes=True)


def _check_choice(field: str, value: str | None, choices: Collection[str]) -> None:
    if value is not None and value not in choices:
        raise InvalidInput(field, f"This is one of {', '.join(choices)}.")


def _sort(name: str) -> draft_lists.Sort:
    found = _SORTS.get(name)
    if found is None:
        raise InvalidInput("sort", f"Lists are sorted by {', '.join(_SORTS)}.")
    return found


def summary(row: draft_lists.DraftSummary, expiry: ExpiryRules) -> DraftSummary:
    due = expiry.expires_at(row.kind, status=row.status, saved_at=row.saved_at, deleted_at=row.deleted_at)
    return msgspec.convert(replace(row, expires_at=due), DraftSummary, from_attributes=True)
