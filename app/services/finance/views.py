"""What the API answers about costs. Money is a decimal string of US dollars, null when nothing is known; days are UTC days."""

from datetime import date

import msgspec

from app.services.finance.rates import Conversion
from app.services.views import usd
from app.store.finance.sums import Sums


class CostRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sum of ledger rows. The token buckets are disjoint, `reasoning_tokens` is part of output. `cost_usd` is the known
    part: `unpriced` attempts have no price yet and are not in it. `estimated` attempts were counted here, since the provider
    did not report. `adjustments` are corrections, which are no attempts."""

    key: str | None
    label: str
    input_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: str | None
    unpriced: int
    estimated: int
    attempts: int
    adjustments: int
    cost_converted: str | None = None
    """In the currency that was asked for."""

    @property
    def tokens(self) -> int:
        """All buckets together."""
        return (
            self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
            + self.output_tokens
        )


class CostReport(msgspec.Struct, frozen=True, kw_only=True):
    """Sums from `from` to `to`, both days included. `total` is over all rows, also those beyond the `limit`."""

    from_: date = msgspec.field(name="from")
    to: date
    group_by: str
    rows: list[CostRow]
    total: CostRow
    conversion: Conversion | None = None
    more: int = 0
    """Rows left out by the limit: the cheapest ones."""


def cost_row(key: str | None, label: str, sums: Sums) -> CostRow:
    return CostRow(
        key=key,
        label=label,
        input_tokens=sums.input_tokens,
        cache_read_tokens=sums.cache_read_tokens,
        cache_write_5m_tokens=sums.cache_write_5m_tokens,
        cache_write_1h_tokens=sums.cache_write_1h_tokens,
        output_tokens=sums.output_tokens,
        reasoning_tokens=sums.reasoning_tokens,
        cost_usd=usd(sums.cost_nano),
        unpriced=max(0, sums.unpriced),
        estimated=sums.estimated,
        attempts=sums.attempts,
        adjustments=sums.adjustments,
    )
