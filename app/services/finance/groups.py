"""Groups of people for finance: each person is in one group at a time, from a day on. What is booked keeps its own."""

from datetime import date
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.store import audit
from app.store.accounts import get_user, list_users
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.finance import groups as group_store

_MOST_GROUPS = 500


class GroupPlan(msgspec.Struct, frozen=True):
    """From `since` (a UTC day) on, the person is in this group, or in none."""

    since: date
    group_id: UUID | None


class GroupPerson(msgspec.Struct, frozen=True, kw_only=True):
    """`group_id` is today's group; `next` what is planned."""

    user_id: UUID
    label: str
    group_id: UUID | None
    since: date | None
    next: list[GroupPlan]


class GroupView(msgspec.Struct, frozen=True):
    """`people` counts who is in it today."""

    id: UUID
    name: str
    people: int


class GroupList(msgspec.Struct, frozen=True):
    items: list[GroupView]
    people: list[GroupPerson]


class Groups:
    """Use cases of groups."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def all(self) -> GroupList:
        """The groups, and everybody with theirs."""
        today = self._clock().date()

        def query(session: Session) -> GroupList:
            plans = group_store.list_members(session)
            people = [
                _person(user.id, user.name or user.email, plans.get(user.id, []), today) for user in list_users(session)
            ]
            groups = [
                GroupView(row.id, row.name, sum(person.group_id == row.id for person in people))
                for row in group_store.list_groups(session)
            ]
            return GroupList(groups, people)

        return await self._db.read(query)

    async def save(self, by: Principal, name: str, *, group_id: UUID | None = None) -> GroupView:
        """Makes a group or renames one. Raises `InvalidInput`, `Conflict` for a taken name, and `Missing`."""
        now, name = self._clock(), checked_line("name", name, least=1, most=100)

        def unit(session: Session) -> UUID:
            if group_id is None and len(group_store.list_groups(session)) >= _MOST_GROUPS:
                raise Conflict("too_many_groups", f"There are {_MOST_GROUPS} groups already.")
            row = group_store.save_group(session, name, by=by.id, at=now, group_id=group_id)
            action = "group.added" if group_id is None else "group.renamed"
            audit.record(session, at=now, actor_id=by.id, action=action, target=str(row.id), details={"name": name})
            return row.id

        try:
            saved = await self._db.write(unit)
        except AlreadyExists as error:
            raise Conflict("name_taken", error.message) from error
        except NotFound as error:
            raise Missing from error
        return next(group for group in (await self.all()).items if group.id == saved)

    async def remove(self, by: Principal, group_id: UUID) -> None:
        """Its people are in no group then, and its budgets go; what is booked to it stays so. Raises `Missing`."""
        now = self._clock()

        def unit(session: Session) -> None:
            row = group_store.delete_group(session, group_id)
            audit.record(
                session, at=now, actor_id=by.id, action="group.removed", target=str(row.id), details={"name": row.name}
            )

        try:
            await self._db.write(unit)
        except NotFound as error:
            raise Missing from error

    async def put(self, by: Principal, user_id: UUID, group_id: UUID | None, *, since: str | None) -> GroupPerson:
        """The person is in this group, or in none, from a day on: today or later, since rows keep the group they were
        booked with. What was planned from that day on is forgotten. Raises `InvalidInput` and `Missing`."""
        now = self._clock()
        day = _since(since, now.date())

        def unit(session: Session) -> GroupPerson:
            user = get_user(session, user_id)
            group = None
            if group_id is not None:
                try:
                    group = group_store.get_group(session, group_id)
                except NotFound as error:
                    raise InvalidInput("group_id", "There is no such group.") from error
            group_store.set_group(session, user_id, group_id, day)
            details = {
                "group_id": None if group_id is None else str(group_id),
                "group": None if group is None else group.name,
                "since": day.isoformat(),
            }
            audit.record(session, at=now, actor_id=by.id, action="group.set", target=str(user_id), details=details)
            plans = group_store.list_members(session).get(user_id, [])
            return _person(user.id, user.name or user.email, plans, now.date())

        try:
            return await self._db.write(unit)
        except NotFound as error:
            raise Missing from error


def _since(value: str | None, today: date) -> date:
    if not value:
        return today
    try:
        day = date.fromisoformat(value.strip())
    except ValueError as error:
        raise InvalidInput("since", "This is not a day, such as 2026-03-31.") from error
    if day < today:
        raise InvalidInput("since", "What is booked keeps its group: choose today or a later day (UTC).")
    if day.year > 2999:
        raise InvalidInput("since", "The year is 2999 at most.")
    return day


def _person(user_id: UUID, label: str, plans: list[tuple[date, UUID | None]], today: date) -> GroupPerson:
    begun = [(since, group_id) for since, group_id in plans if since <= today]
    since, group_id = begun[-1] if begun else (None, None)
    later = [GroupPlan(day, planned) for day, planned in plans if day > today]
    return GroupPerson(
        user_id=user_id,
        label=label,
        group_id=group_id,
        since=since if group_id is not None else None,
        next=later,
    )
