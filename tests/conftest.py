"""What all tests share: a turnable clock, an application on a fresh database, people who are signed in.

With `CI=true` a skip is a failure: there everything a test needs can be had.
"""

import asyncio
import functools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from app.application import House, application
from app.main import VOCABULARY, furnish
from app.services.attachments import rules
from app.services.secrets import token_hash
from app.settings import Settings
from app.store import accounts as account_store
from app.store.db import Database
from providers import registry
from providers.base import ModelInfo
from providers.scripted import ScriptedProvider
from providers.tokens import TokenCounter
from tests.postgres import emptied, migrated_postgres, postgres_folder

__all__ = ["migrated_postgres", "postgres_folder"]


BROWSER = Path(__file__).parent / "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a browser first: they take longest, and of two processes that share the files neither should wait at the
    end for a long one of the other's. Next to each other, so that they share the browser too."""
    items.sort(key=lambda item: not item.path.is_relative_to(BROWSER))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A skipped test proves nothing: where everything can be installed it fails."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"


@pytest.fixture(scope="session", autouse=True)
def _packages_looked_at_once() -> Iterator[None]:
    """What is installed does not change between tests, and each application would look at all of it twice."""
    look = functools.cache(entry_points)
    with pytest.MonkeyPatch.context() as patch:
        for module in (registry, rules):
            patch.setattr(module, "entry_points", look)
        yield


@dataclass
class TurnableClock:
    """A clock that stands still until it is turned."""

    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Person:
    """Somebody with an API token: requests carry it."""

    id: str
    email: str
    client: TestClient[Litestar]
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, headers=self.headers | options.pop("headers", {}), **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return self.client.post(path, json=json, headers=self.headers | options.pop("headers", {}), **options)

    def patch(self, path: str, json: Any) -> Any:
        return self.client.patch(path, json=json, headers=self.headers)

    def put(self, path: str, json: Any) -> Any:
        return self.client.put(path, json=json, headers=self.headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers=self.headers)

    def draft(self, text: str = "", title: str = "") -> dict[str, Any]:
        answer = self.post("/api/drafts", {"kind": "document", "title": title, "text": text})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


@dataclass
class World:
    """One running application and what a test may turn in it."""

    client: TestClient[Litestar]
    clock: TurnableClock
    scripted: ScriptedProvider
    settings: Settings
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, name: str, *roles: str) -> Person:
        """The person of this name, made on first use with these roles (a writer otherwise)."""
        if name not in self.people:
            email, token = f"{name}@example.org", f"dl_{name}_token"
            db = Database.open(self.settings.database, migrate_schema=False)
            try:
                with db.transaction() as session:
                    user = account_store.create_user(
                        session, email=email, name=name.title(), roles=roles or ("writer",), at=self.clock()
                    )
                    account_store.create_api_token(
                        session, user_id=user.id, name="test", token_hash=token_hash(token), at=self.clock()
                    )
                    user_id = str(user.id)
            finally:
                db.engine.dispose()
            self.people[name] = Person(user_id, email, self.client, token)
        return self.people[name]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database to copy: the migrations of each test would take longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "draftloom.db"
    db = Database.open(path)
    asyncio.run(db.close())
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a fresh installation; each test runs once on each database."""
    plain = Settings(data=tmp_path / "data", secret="test secret", offline_words_per_second=0)
    if request.param == "sqlite":
        plain.data.mkdir()
        shutil.copy(request.getfixturevalue("migrated_sqlite"), plain.data / "draftloom.db")
        yield plain
        return
    address = request.getfixturevalue("migrated_postgres")
    yield replace(plain, database_url=address)
    emptied(address)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def scripted() -> ScriptedProvider:
    return ScriptedProvider(offered=(ModelInfo("script-1", "Script 1", 100_000, 8_000),))


COUNTER = TokenCounter(VOCABULARY)
"""Loading a vocabulary takes 0.3 s and 60 MB: once for all tests."""
_served: dict[int, tuple[Litestar, House]] = {}


def served(house: House) -> Litestar:
    """The application around a house. The same routes serve one test after another; only one may be served at a time."""
    body_size = house.settings.max_body_bytes
    if body_size not in _served:
        _served[body_size] = application(house), house
    app, first = _served[body_size]
    first.move_in(house)
    return app


@pytest.fixture
def world(settings: Settings, clock: TurnableClock, scripted: ScriptedProvider) -> Iterator[World]:
    """The application with a scripted provider, on a fresh database."""
    app = served(furnish(settings, clock=clock, extra_providers=(scripted,), counter=COUNTER))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield World(client, clock, scripted, settings)


@pytest.fixture
def ada(world: World) -> Person:
    """The owner in most tests."""
    return world.person("ada")


@pytest.fixture
def mallory(world: World) -> Person:
    """A stranger."""
    return world.person("mallory")
