"""What operators ask: does it work, does the log still say what the drafts say."""

from typing import Literal

import msgspec

from app.settings import VERSION
from app.store.db import Database


class Health(msgspec.Struct, frozen=True):
    status: Literal["ok", "failing"]
    database: Literal["ok", "failing"]
    version: str


class Maintenance:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def health(self) -> Health:
        """Asks the database."""
        works = await self._db.health()
        state: Literal["ok", "failing"] = "ok" if works else "failing"
        return Health(state, state, VERSION)
