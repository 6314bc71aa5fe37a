"""How a writer writes: a card in their own words, and suggestions for it. Nothing is taken over unless they say so."""

import asyncio
from uuid import UUID

import msgspec
from providers.tokens import TokenCounter
from sqlmodel import Session

from app.core.style import KEYS, Observation, Revision, observations
from app.core.text.utf16 import has_unstorable, utf16_length
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import InvalidInput, Missing
from app.store import instructions as store
from app.store import versions as version_store
from app.store.db import Database
from app.store.tables import WriterStyle

_MOST_TEXT = 4_000
"""UTF-16 units of a style card: it goes with every turn."""
_MOST_REVISIONS = 30
_LONGEST_LOOKED_AT = 100_000


class SuggestionView(msgspec.Struct, frozen=True):
    key: str
    text: str
    evidence: str


class StyleView(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens`: what the card adds to each turn while it is switched on (an estimate)."""

    text: str
    enabled: bool
    tokens: int
    suggestions: list[SuggestionView]


class WritingStyle:
    """Use cases of the style card."""

    def __init__(self, db: Database, clock: Clock, counter: TokenCounter) -> None:
        self._db = db
        self._clock = clock
        self._counter = counter

    async def get(self, person: Principal) -> StyleView:
        """The card, and what the writer's changes to models' texts suggest for it."""
        style, revisions = await self._db.read(_known, person.id)
        return await asyncio.to_thread(self._view, style, revisions)

    async def set(self, person: Principal, *, text: str, enabled: bool) -> StyleView:
        """Raises `InvalidInput`."""
        text = _checked(text)

        def unit(session: Session) -> WriterStyle:
            return store.save_style(session, person.id, at=self._clock(), text=text, enabled=enabled)

        await self._db.write(unit)
        return await self.get(person)

    async def decide(self, person: Principal, key: str, *, adopt: bool) -> StyleView:
        """Takes a suggestion into the card, or dismisses it; it is not made again. Raises `Missing`."""
        known = {suggestion.key: suggestion for suggestion in (await self.get(person)).suggestions}
        if key not in KEYS or key not in known:
            raise Missing

        def unit(session: Session) -> WriterStyle:
            style = store.find_style(session, person.id)
            text = style.text if style is not None else ""
            decided = style.decided if style is not None else []
            if adopt:
                text = _checked(f"{text}\n{known[key].text}".strip())
            return store.save_style(session, person.id, at=self._clock(), text=text, decided=[*decided, key])

        await self._db.write(unit)
        return await self.get(person)

    def _view(self, style: WriterStyle | None, revisions: list[Revision]) -> StyleView:
        decided = set(style.decided) if style is not None else set()
        text = style.text if style is not None else ""
        found: list[Observation] = [seen for seen in observations(revisions) if seen.key not in decided]
        return StyleView(
            text=text,
            enabled=style.enabled if style is not None else False,
            tokens=self._counter.count(text, "") if text else 0,
            suggestions=[SuggestionView(seen.key, seen.text, seen.evidence) for seen in found],
        )


def _known(session: Session, user_id: UUID) -> tuple[WriterStyle | None, list[Revision]]:
    revisions = []
    for before, after in store.revised_versions(session, user_id, most=_MOST_REVISIONS):
        texts = version_store.read_text(session, before), version_store.read_text(session, after)
        revisions.append(Revision(*(text[:_LONGEST_LOOKED_AT] for text in texts)))
    return store.find_style(session, user_id), revisions


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if utf16_length(text) > _MOST_TEXT:
        raise InvalidInput("text", f"A style card has at most {_MOST_TEXT:,} characters.", "too_large")
    if has_unstorable(text):
        raise InvalidInput("text", "The text holds characters that cannot be stored.")
    return text
