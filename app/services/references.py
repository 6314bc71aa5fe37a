"""Reference material beside a draft: texts and files a writer adds for models to draw on."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
from providers.pricing import estimate
from providers.tokens import TokenCounter
from sqlmodel import Session

from app.core.text.utf16 import normalise_text, utf16_length
from app.services.access import open_document, owned_draft
from app.services.accounts import Principal
from app.services.catalogue import Catalogue
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing, TooLarge
from app.services.files.reading import read_file
from app.services.views import usd
from app.store import instructions as store
from app.store.db import Database
from app.store.errors import NotFound
from app.store.tables import DraftReference

_MOST_REFERENCES = 20
_LONGEST = 400_000
"""UTF-16 units of one reference: about 100,000 tokens, half of what the largest common context holds."""
_LONGEST_TOGETHER = 1_500_000
"""UTF-16 units of all references of a draft: each estimate counts their tokens, a third of a second at this length."""
_MOST_TITLE = 200


class ReferenceView(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens` is an estimate; `cost_usd` what it adds to each turn with the model asked about, null when unknown."""

    id: UUID
    title: str
    length: int
    tokens: int
    cost_usd: str | None
    enabled: bool
    created_at: datetime


class ReferenceList(msgspec.Struct, frozen=True, kw_only=True):
    """`tokens` of those that are switched on."""

    items: list[ReferenceView]
    tokens: int
    cost_usd: str | None


class References:
    """Use cases of reference material."""

    def __init__(self, db: Database, clock: Clock, catalogue: Catalogue, counter: TokenCounter) -> None:
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._counter = counter

    async def list(
        self, person: Principal, draft_id: UUID, *, provider: str | None, model: str | None
    ) -> ReferenceList:
        """With what each costs per turn with this model, or the default one. Raises `Missing`."""

        def query(session: Session) -> list[DraftReference]:
            owned_draft(session, person.id, draft_id)
            return store.list_references(session, draft_id)

        rows = await self._db.read(query)
        price = self._price(provider, model)
        tokens = sum(row.tokens for row in rows if row.enabled)
        items = [_view(row, price(row.tokens)) for row in rows]
        return ReferenceList(items=items, tokens=tokens, cost_usd=price(tokens))

    async def add_file(self, person: Principal, draft_id: UUID, name: str, data: bytes) -> ReferenceView:
        """Reads a file and adds its text. Raises `InvalidInput` and `TooLarge` for what cannot be used."""
        await self._db.read(open_document, person.id, draft_id)
        read = await asyncio.to_thread(read_file, name, data)
        return await self.add(person, draft_id, title=read.title, text=read.text)

    async def add(self, person: Principal, draft_id: UUID, *, title: str, text: str) -> ReferenceView:
        """Raises `Missing`, `InvalidInput`, `TooLarge`, and `Conflict` where there are too many."""
        title = checked_line("title", title, least=1, most=_MOST_TITLE)
        text = normalise_text(text).strip()
        length = utf16_length(text)
        if not text:
            raise InvalidInput("text", "There is no text in it.", "empty")
        if length > _LONGEST:
            raise TooLarge(f"A reference has at most {_LONGEST:,} characters.", limit=_LONGEST, length=length)
        await self._db.read(open_document, person.id, draft_id)
        tokens = await asyncio.to_thread(self._counter.count, text, "")
        price = self._price(None, None)
        at = self._clock()

        def unit(session: Session) -> DraftReference:
            open_document(session, person.id, draft_id, lock=True)
            number, together = store.measure_references(session, draft_id)
            if number >= _MOST_REFERENCES:
                raise Conflict("too_many_references", f"A draft has at most {_MOST_REFERENCES} references.")
            if together + length > _LONGEST_TOGETHER:
                raise Conflict(
                    "references_too_long",
                    f"All references of a draft have at most {_LONGEST_TOGETHER:,} characters together. Remove one first.",
                )
            row = DraftReference(
                draft_id=draft_id, title=title, text=text, length=length, tokens=tokens, created_at=at
            )  # fmt: skip
            return store.add_reference(session, row)

        return _view(await self._db.write(unit), price(tokens))

    async def change(
        self, person: Principal, reference_id: UUID, *, title: str | None, enabled: bool | None
    ) -> ReferenceView:
        """Renames it, switches it on or off. Raises `Missing`."""
        if title is not None:
            title = checked_line("title", title, least=1, most=_MOST_TITLE)
        price = self._price(None, None)

        def unit(session: Session) -> DraftReference:
            row = _owned(session, person, reference_id)
            row.title = row.title if title is None else title
            row.enabled = row.enabled if enabled is None else enabled
            return store.add_reference(session, row)

        row = await self._db.write(unit)
        return _view(row, price(row.tokens))

    async def delete(self, person: Principal, reference_id: UUID) -> None:
        """Raises `Missing`."""

        def unit(session: Session) -> None:
            _owned(session, person, reference_id)
            store.delete_reference(session, reference_id)

        await self._db.write(unit)

    def _price(self, provider: str | None, model: str | None) -> Callable[[int], str | None]:
        choice = self._catalogue.choose(provider, model)

        def of(tokens: int) -> str | None:
            priced = estimate(
                choice.provider.id,
                choice.model.id,
                input_tokens=tokens,
                output_tokens=0,
                at=self._clock(),
                overrides=self._catalogue.overrides,
                base_url=choice.base_url,
            )
            return usd(priced.amount_nano)

        return of


def _owned(session: Session, person: Principal, reference_id: UUID) -> DraftReference:
    try:
        row = store.get_reference(session, reference_id)
    except NotFound as error:
        raise Missing from error
    owned_draft(session, person.id, row.draft_id)
    return row


def _view(row: DraftReference, cost_usd: str | None) -> ReferenceView:
    return ReferenceView(
        id=row.id,
        title=row.title,
        length=row.length,
        tokens=row.tokens,
        cost_usd=cost_usd,
        enabled=row.enabled,
        created_at=row.created_at,
    )
