"""Sums of versions: by day, and in a table of their own, so that adding to the other sums writes no index; what made no version by day."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TOKENS = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip
COUNTED = (*TOKENS, "amount_nano", "priced", "unpriced", "estimated", "attempts", "adjustments")
NAMED = ("user_id", "draft_id", "conversation_id", "version_id", "group_id", "provider", "model", "cost_centre")
OF_A_SUM = tuple(name for name in NAMED if name != "version_id")
PERSON = ("user_id", "group_id", "provider", "model", "cost_centre")
TEXTS = {"provider": 50, "model": 200, "cost_centre": 100}
GRAINS = ("day", "person", "total", "month", "people", "loose")
KNOWN = ("user_id", "draft_id", "conversation_id")
VERSION = "version_id IS NOT NULL"
AT_ONCE = 2_000


def _columns(names: Iterable[str]) -> list[Any]:
    return [
        *(
            sa.Column(
                name,
                sa.String(TEXTS[name]) if name in TEXTS else BinaryUuid(),
                nullable=name not in ("provider", "model"),
            )
            for name in names
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTED),
    ]


def _create_sums(grains: Iterable[str], names: Iterable[str], **options: Any) -> None:
    listed = ", ".join(f"'{grain}'" for grain in grains)
    op.create_table(
        "cost_sums",
        sa.Column("grain", sa.String(10), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("id", BinaryUuid(), nullable=False),
        *_columns(names),
        sa.CheckConstraint(f"grain IN ({listed})", name=op.f("ck_cost_sums_grain")),
        sa.PrimaryKeyConstraint("grain", "start", "id", name=op.f("pk_cost_sums")),
        sqlite_with_rowid=False,
        **options,
    )


def _index(name: str, table: str, columns: list[str], sqlite: str, postgresql: str | None = None) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(sqlite), postgresql_where=sa.text(postgresql or sqlite))


def _set_aside(condition: str) -> None:
    op.execute(f"CREATE TEMPORARY TABLE kept_sums AS SELECT * FROM cost_sums WHERE {condition}")  # noqa: S608
    op.drop_table("cost_sums")


def _bring_back() -> None:
    listed = ", ".join(("grain", "start", "id", *OF_A_SUM, *COUNTED))
    op.execute(f"INSERT INTO cost_sums ({listed}) SELECT {listed} FROM kept_sums ORDER BY grain, start, id")  # noqa: S608
    op.execute("DROP TABLE kept_sums")


def upgrade() -> None:
    _set_aside("grain <> 'version'")
    _create_sums((*GRAINS, "loose_day"), OF_A_SUM, postgresql_with={"fillfactor": 60})
    _bring_back()
    _create_version_sums()
    _write("cost_sums", ({"grain": "loose_day", **row} for row in _summed(PERSON, made=False)), OF_A_SUM)
    _write("version_sums", _marked(_summed(NAMED, made=True)), NAMED)
    for name in KNOWN:
        _index(f"ix_cost_sums_{name}", "cost_sums", [name, "grain", "start"], f"{name} IS NOT NULL")
    ordered = [
        "month",
        "amount_nano",
        "unpriced",
        "version_id",
        "start",
        "group_id",
        "provider",
        "model",
        "cost_centre",
    ]
    op.create_index("ix_version_sums_dearest", "version_sums", ordered)
    _index("ix_version_sums_dearest_of_user", "version_sums", ["user_id", *ordered], "user_id IS NOT NULL")
    _index("ix_version_sums_further", "version_sums", ["start", "version_id"], "further = 1", "further")


def _create_version_sums() -> None:
    op.create_table(
        "version_sums",
        sa.Column("version_id", BinaryUuid(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("further", sa.Boolean(), nullable=False),
        *_columns(OF_A_SUM),
        sa.PrimaryKeyConstraint("version_id", "start", "id", name=op.f("pk_version_sums")),
        sqlite_with_rowid=False,
    )


def _ledger() -> Any:
    uuids = ("id", "adjusts_id", *(name for name in NAMED if name not in TEXTS))
    return sa.table(
        "ledger_entries", sa.column("at", UTCDateTime()), sa.column("status", sa.String()),
        *(sa.column(name, BinaryUuid()) for name in uuids), *(sa.column(name, sa.String()) for name in TEXTS),
        *(sa.column(name, sa.BigInteger()) for name in (*TOKENS, "amount_nano")),
    )  # fmt: skip


def _summed(names: tuple[str, ...], *, made: bool) -> Iterator[dict[str, Any]]:
    """The sums by day and these names of the rows that made a version, or of those that made none."""
    ledger, original = _ledger(), _ledger().alias("original")
    start = (
        sa.func.date(ledger.c.at)
        if op.get_bind().dialect.name == "sqlite"
        else sa.cast(sa.func.timezone(sa.literal_column("'UTC'"), ledger.c.at), sa.Date)
    )

    def counted(condition: Any) -> Any:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    keys = [ledger.c[name] for name in names]
    amount, adjusts, version = ledger.c.amount_nano, ledger.c.adjusts_id, ledger.c.version_id
    sums = [
        *(sa.cast(sa.func.sum(ledger.c[name]), sa.BigInteger) for name in TOKENS),
        sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger),
        sa.func.count(amount),
        counted(amount.is_(None)) - sa.func.count(original.c.id),
        counted((ledger.c.status == "estimated") & adjusts.is_(None)),
        counted(adjusts.is_(None)),
        counted(adjusts.is_not(None)),
    ]
    joined = ledger.outerjoin(original, (original.c.id == adjusts) & original.c.amount_nano.is_(None))
    statement = (
        sa.select(start, *keys, *sums)
        .select_from(joined)
        .where(version.is_not(None) if made else version.is_(None))
        .group_by(start, *keys)
        .order_by(*([version] if made else []), start)
    )
    for row in op.get_bind().execute(statement, execution_options={"yield_per": AT_ONCE}):
        day = row[0] if isinstance(row[0], date) else date.fromisoformat(row[0])
        told = dict.fromkeys(NAMED) | dict(zip(names, row[1 : 1 + len(names)], strict=True))
        id_ = _digest([told[name] for name in NAMED])
        yield {"start": day, "id": id_} | told | dict(zip(COUNTED, row[1 + len(names) :], strict=True))


def _marked(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same, all but the first of a version as further ones."""
    before = None
    for row in rows:
        yield {"month": row["start"].replace(day=1), "further": row["version_id"] == before, **row}
        before = row["version_id"]


def _write(table: str, rows: Iterable[dict[str, Any]], names: Iterable[str]) -> None:
    target = sa.table(
        table, sa.column("start", sa.Date()), sa.column("id", BinaryUuid()),
        *(sa.column(name, sa.String() if name in TEXTS else BinaryUuid()) for name in names),
        *(sa.column(name, sa.BigInteger()) for name in COUNTED),
        *(
            [sa.column("grain", sa.String())]
            if table == "cost_sums"
            else [sa.column("month", sa.Date()), sa.column("further", sa.Boolean())]
        ),
    )  # fmt: skip
    columns = [column.name for column in target.columns]
    each = ({name: row[name] for name in columns} for row in rows)
    while some := list(islice(each, AT_ONCE)):
        op.bulk_insert(target, some)


def _digest(names: list[Any]) -> uuid.UUID:
    key = "\0".join("" if value is None else f"={value}" for value in names)
    return uuid.UUID(bytes=hashlib.blake2b(key.encode(), digest_size=16).digest())


def downgrade() -> None:
    _set_aside("grain <> 'loose_day'")
    _create_sums((*GRAINS[:5], "version", "loose"), NAMED)
    _bring_back()
    names, added = ", ".join(NAMED), ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in COUNTED)
    op.execute(
        f"INSERT INTO cost_sums (grain, start, id, {names}, {', '.join(COUNTED)}) "  # noqa: S608
        f"SELECT 'version', month, id, {names}, {added} FROM version_sums GROUP BY month, id, {names}"
    )
    op.drop_table("version_sums")
    for name in KNOWN:
        _index(
            f"ix_cost_sums_{name}", "cost_sums", [name, "grain", "start"], f"{name} IS NOT NULL AND version_id IS NULL"
        )
    for name, columns in (
        ("version_id", ["version_id", "start", "amount_nano", "unpriced"]),
        ("dearest", ["start", "amount_nano", "version_id"]),
        ("dearest_of_user", ["user_id", "start", "amount_nano", "version_id"]),
    ):
        _index(f"ix_cost_sums_{name}", "cost_sums", columns, VERSION)
