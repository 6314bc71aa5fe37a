"""What the service did, counted by day: no draft, no person and no words in it."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters


class UsageDay(SQLModel, table=True):
    """How often one thing happened on one UTC day. `kind` is a kind of draft, "" for what belongs to none.

    Measures: `save.accepted`, `save.conflict`, `save.duplicate`; `answer.2xx` … `answer.5xx`; `latency.N`, answers whose first
    byte came within N milliseconds, but not within the next smaller N (`latency.inf`: later than all).
    """

    __tablename__ = "usage_days"
    __table_args__ = (CheckConstraint("amount >= 0", name="amount"),)

    day: date = Field(primary_key=True)
    kind: str = characters(40, primary_key=True)
    measure: str = characters(40, primary_key=True)
    amount: int = Field(sa_type=BigInteger)
