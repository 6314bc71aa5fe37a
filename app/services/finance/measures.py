"""What came of what was spent: how many of the suggestions that were paid for were accepted, and what words cost that were
kept."""

from datetime import date

import msgspec

from app.services.accounts import Principal
from app.services.finance.reports import CostQuery, Reports
from app.services.views import usd
from app.store.db import Database
from app.store.finance.given_up import given_up
from app.store.finance.measures import proposals_by_state, words_standing


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """Suggestions of the turns booked from `from` to `to`, both included, by what they are now. `accepted_percent` is the part
    of those decided (accepted or rejected), as a decimal string; null while none is. Withdrawn ones lost their place.

    `words_kept` are those that stand now in the drafts something was booked to in that time, whoever wrote them; none in
    a draft that was deleted. `cost_per_1000_words_usd` is what was booked to drafts for each thousand of them, rounded to nano-USD;
    null where none is left. Attempts without a known price are not in it.

    `given_up_usd` is the known part of what was spent on versions that were given up: neither the draft's current version nor
    the tip of a favourite branch came from them, be it by a merge. `given_up_unpriced` attempts of those have no price yet."""

    from_: date = msgspec.field(name="from")
    to: date
    accepted: int
    rejected: int
    pending: int
    withdrawn: int
    accepted_percent: str | None
    words_kept: int
    cost_per_1000_words_usd: str | None
    given_up_usd: str
    given_up_unpriced: int


class Measuring:
    """The use case of asking what came of it."""

    def __init__(self, db: Database, reports: Reports) -> None:
        self._db = db
        self._reports = reports

    async def measures(self, person: Principal, query: CostQuery) -> Measures:
        """Everybody sees their own; finance and administrators all. Raises `InvalidInput`."""
        _, filters = self._reports.checked(person, query)
        counted = await self._db.read(proposals_by_state, filters)
        amount_nano, words = await self._db.read(words_standing, filters)
        lost = await self._db.read(given_up, filters)
        accepted, rejected = counted.get("accepted", 0), counted.get("rejected", 0)
        decided = accepted + rejected
        return Measures(
            from_=filters.first,
            to=filters.last,
            accepted=accepted,
            rejected=rejected,
            pending=counted.get("pending", 0),
            withdrawn=counted.get("withdrawn", 0),
            accepted_percent=_percent(accepted, decided) if decided else None,
            words_kept=words,
            cost_per_1000_words_usd=usd((2000 * amount_nano + words) // (2 * words)) if words else None,
            given_up_usd=usd(lost.amount_nano) or "0",
            given_up_unpriced=max(0, lost.unpriced),
        )


def _percent(part: int, whole: int) -> str:
    """Rounded to one digit after the point, in whole numbers."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}".removesuffix(".0")
