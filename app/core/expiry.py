"""When drafts expire: by kind, counted from the last change, and how long the trash keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from app.core.kinds import KINDS

_BY_KIND: Final[Mapping[str, int | None]] = MappingProxyType({name: kind.expires_days for name, kind in KINDS.items()})


@dataclass(frozen=True, slots=True)
class ExpiryRules:
    """`days` by kind: days without a change after which an open draft goes into the trash, None for never.
    `trash_days`: how long it can be taken out of there again before its words are erased."""

    days: Mapping[str, int | None] = field(default_factory=lambda: _BY_KIND)
    trash_days: int = 30

    def with_days(self, days: Mapping[str, int | None]) -> ExpiryRules:
        """The same rules with other times for some kinds."""
        return ExpiryRules(MappingProxyType({**self.days, **days}), self.trash_days)

    def expires_at(self, kind: str, *, status: str, saved_at: datetime, deleted_at: datetime | None) -> datetime | None:
        """When the draft expires if nobody changes it; when it is erased if it is in the trash. None for never."""
        if deleted_at is not None:
            return deleted_at + timedelta(days=self.trash_days)
        days = self.days.get(kind)
        return None if days is None or status != "open" else saved_at + timedelta(days=days)
