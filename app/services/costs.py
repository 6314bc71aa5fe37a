"""The ledger as people read it: their own rows; finance and administrators everybody's."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from app.services.accounts import Principal
from app.services.views import LedgerRow, Page, usd
from app.store import ledger as ledger_store
from app.store.db import Database
from app.store.finance.sums import midnight
from app.store.tables import LedgerEntry

_MOST_PER_PAGE = 500
_SEES_ALL = frozenset({"finance", "admin"})


class Costs:
    """Use cases of costs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def rows(
        self,
        person: Principal,
        *,
        conversation_id: UUID | None = None,
        turn_id: UUID | None = None,
        draft_id: UUID | None = None,
        first: date | None = None,
        last: date | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[LedgerRow]:
        """Ledger rows, newest first, of the UTC days `first` to `last`, both included. A foreign id gives an empty page, as one that never existed."""
        user_id = None if _SEES_ALL & set(person.roles) else person.id

        def query(session: Session) -> Page[LedgerRow]:
            page = ledger_store.list_entries(
                session,
                user_id=user_id,
                conversation_id=conversation_id,
                turn_id=turn_id,
                draft_id=draft_id,
                from_=midnight(first) if first is not None else None,
                to=midnight(last + timedelta(days=1)) if last is not None else None,
                cursor=cursor,
                limit=max(1, min(limit, _MOST_PER_PAGE)),
            )
            return Page([_row(entry) for entry in page.items], page.next)

        return await self._db.read(query)


def _row(entry: LedgerEntry) -> LedgerRow:
    return LedgerRow(
        id=entry.id,
        at=entry.at,
        turn_id=entry.turn_id,
        attempt=entry.attempt,
        draft_id=entry.draft_id,
        conversation_id=entry.conversation_id,
        message_id=entry.message_id,
        version_id=entry.version_id,
        user_id=entry.user_id,
        cost_centre=entry.cost_centre,
        group_id=entry.group_id,
        provider=entry.provider,
        model=entry.model,
        model_answered=entry.model_answered,
        outcome=entry.outcome,
        status=entry.status,
        input_tokens=entry.input_tokens,
        cache_read_tokens=entry.cache_read_tokens,
        cache_write_5m_tokens=entry.cache_write_5m_tokens,
        cache_write_1h_tokens=entry.cache_write_1h_tokens,
        output_tokens=entry.output_tokens,
        reasoning_tokens=entry.reasoning_tokens,
        cost_usd=usd(entry.amount_nano),
        price_source=entry.price_source,
        price_date=entry.price_date.isoformat() if entry.price_date is not None else None,
        service_tier=entry.service_tier,
    )
