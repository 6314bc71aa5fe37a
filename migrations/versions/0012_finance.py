"""Finance: groups of people and their budgets, reconciliations, exchange rates, and sums in finer grains."""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

TOKENS = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip
COUNTED = (*TOKENS, "amount_nano", "priced", "unpriced", "estimated", "attempts", "adjustments")
NAMED = ("user_id", "draft_id", "conversation_id", "version_id", "group_id", "provider", "model", "cost_centre")
SHARED = ("group_id", "provider", "model", "cost_centre")
PERSON = ("user_id", *SHARED)
CHAT = ("user_id", "draft_id", "conversation_id", *SHARED)
GRAINS = {
    "day": CHAT, "person": PERSON, "total": SHARED,
    "month": CHAT, "people": PERSON, "version": NAMED, "loose": PERSON,
}  # fmt: skip
MONTHLY = ("month", "people", "version", "loose")
NAMED_BEFORE = ("user_id", "draft_id", "conversation_id", "provider", "model", "cost_centre")
GRAINS_BEFORE = {
    "day": NAMED_BEFORE,
    "person": ("user_id", "provider", "model", "cost_centre"),
    "month": ("user_id", "draft_id", "provider", "model", "cost_centre"),
}


def upgrade() -> None:
    op.create_table(
        "cost_groups",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_cost_groups_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_cost_groups_name")),
    )
    op.create_table(
        "cost_group_members",
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("group_id", BinaryUuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_cost_group_members_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["cost_groups.id"], name=op.f("fk_cost_group_members_group_id_cost_groups"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("user_id", "since", name=op.f("pk_cost_group_members")),
    )  # fmt: skip
    op.create_index("ix_cost_group_members_group_id", "cost_group_members", ["group_id"])
    _create_reconciliations()
    _create_rates()
    op.add_column("ledger_entries", sa.Column("group_id", BinaryUuid(), nullable=True))
    op.add_column("budget_reservations", sa.Column("group_id", BinaryUuid(), nullable=True))
    _make_budgets("group")
    op.drop_table("cost_sums")
    _create_sums(NAMED, tuple(GRAINS))
    _write_sums(GRAINS, NAMED)
    _create_sum_indexes()


def _create_reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("tolerance_percent", sa.String(10), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("matched", "differing", "missing_here", "missing_there")
        ),
        sa.Column("lines", JsonText(), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_reconciliations_days")),
        sa.CheckConstraint(
            "matched >= 0 AND differing >= 0 AND missing_here >= 0 AND missing_there >= 0",
            name=op.f("ck_reconciliations_counts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index("ix_reconciliations_created_at", "reconciliations", ["created_at"])


def _create_rates() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.String(30), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(currency) = 3 AND currency <> 'USD'", name=op.f("ck_exchange_rates_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint("currency", "day", name=op.f("uq_exchange_rates_currency_day")),
    )


# Budgets


def _make_budgets(*more: str) -> None:
    """The table with other scopes; its rows are kept. SQLite cannot change a check."""
    columns = ("id", "user_id", "conversation_id", "created_by")
    budgets = sa.table(
        "budgets", *(sa.column(name, BinaryUuid()) for name in columns), sa.column("scope"), sa.column("period"),
        sa.column("soft_nano"), sa.column("hard_nano"), sa.column("created_at", UTCDateTime()),
    )  # fmt: skip
    rows = [dict(row) for row in op.get_bind().execute(sa.select(budgets)).mappings()]
    op.drop_table("budgets")
    scopes = {"user": ("user_id", "users"), "conversation": ("conversation_id", "ai_conversations")}
    scopes |= {"group": ("group_id", "cost_groups")} if "group" in more else {}
    ordered = ("installation", "group", "user", "conversation") if more else ("installation", "user", "conversation")
    listed = ", ".join(f"'{scope}'" for scope in ordered)
    op.create_table(
        "budgets",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        *(sa.Column(column, BinaryUuid(), nullable=True) for column, _table in scopes.values()),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("soft_nano", sa.BigInteger(), nullable=True),
        sa.Column("hard_nano", sa.BigInteger(), nullable=True),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(f"scope IN ({listed})", name=op.f("ck_budgets_scope")),
        sa.CheckConstraint("period IN ('day', 'month')", name=op.f("ck_budgets_period")),
        *(
            sa.CheckConstraint(f"(scope = '{scope}') = ({column} IS NOT NULL)", name=op.f(f"ck_budgets_{scope}"))
            for scope, (column, _table) in scopes.items()
        ),
        sa.CheckConstraint(
            "coalesce(soft_nano, hard_nano) IS NOT NULL AND coalesce(soft_nano, 0) >= 0 AND coalesce(hard_nano, 0) >= 0 "
            "AND (soft_nano IS NULL OR hard_nano IS NULL OR soft_nano <= hard_nano)",
            name=op.f("ck_budgets_limits"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_budgets_{column}_{table}"), ondelete="CASCADE"
            )
            for column, table in scopes.values()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )
    for scope in ordered:
        only = sa.text(f"scope = '{scope}'")
        named = [scopes[scope][0]] if scope in scopes else []
        op.create_index(
            f"uq_budgets_{scope}", "budgets", [*named, "period"],
            unique=True, sqlite_where=only, postgresql_where=only,
        )  # fmt: skip
    if rows:
        op.bulk_insert(budgets, rows)


def _refuse_to_lose_budgets() -> None:
    """Raises RuntimeError: the older tables have no place for a group's budget, and a limit must not vanish unnoticed."""
    budgets = sa.table("budgets", sa.column("scope"))
    count = op.get_bind().scalar(sa.select(sa.func.count()).select_from(budgets).where(budgets.c.scope == "group"))
    if count:
        raise RuntimeError(
            f"{count} {'budget' if count == 1 else 'budgets'} of groups cannot be kept before revision 0012. Remove them "
            "first, on the page of costs or with DELETE /api/budgets/ID, and set others in their place; nothing was changed."
        )


# Sums


def _create_sums(named: tuple[str, ...], grains: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{grain}'" for grain in grains)
    texts = {"provider": sa.String(50), "model": sa.String(200), "cost_centre": sa.String(100)}
    op.create_table(
        "cost_sums",
        sa.Column("grain", sa.String(10), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("id", BinaryUuid(), nullable=False),
        *(sa.Column(name, texts.get(name, BinaryUuid()), nullable=name not in ("provider", "model")) for name in named),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTED),
        sa.CheckConstraint(f"grain IN ({listed})", name=op.f("ck_cost_sums_grain")),
        sa.PrimaryKeyConstraint("grain", "start", "id", name=op.f("pk_cost_sums")),
        sqlite_with_rowid=False,
    )


def _create_sum_indexes() -> None:
    known = sa.text("version_id IS NOT NULL")
    for name in ("user_id", "draft_id", "conversation_id"):
        only = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_cost_sums_{name}", "cost_sums", [name, "grain", "start"], sqlite_where=only, postgresql_where=only
        )
    for name, columns, only in (
        ("version_id", ["version_id", "start"], known),
        ("dearest", ["start", "amount_nano"], known),
    ):
        op.create_index(f"ix_cost_sums_{name}", "cost_sums", columns, sqlite_where=only, postgresql_where=only)


def _ledger() -> Any:
    uuids = ("id", "adjusts_id", "user_id", "draft_id", "conversation_id", "version_id", "group_id")
    return sa.table(
        "ledger_entries", sa.column("at", UTCDateTime()), sa.column("status", sa.String()),
        *(sa.column(name, BinaryUuid()) for name in uuids),
        *(sa.column(name, sa.String()) for name in ("provider", "model", "cost_centre")),
        *(sa.column(name, sa.BigInteger()) for name in (*TOKENS, "amount_nano")),
    )  # fmt: skip


def _summed(grain: str, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    ledger = _ledger()
    original = _ledger().alias("original")
    sqlite = op.get_bind().dialect.name == "sqlite"
    monthly = grain in MONTHLY
    start: Any
    if sqlite:
        start = (
            sa.func.date(ledger.c.at, sa.literal_column("'start of month'")) if monthly else sa.func.date(ledger.c.at)
        )
    else:
        day = sa.func.timezone(sa.literal_column("'UTC'"), ledger.c.at)
        start = sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), day) if monthly else day, sa.Date)

    def counted(condition: Any) -> Any:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    keys = [ledger.c[name] for name in names]
    amount, adjusts = ledger.c.amount_nano, ledger.c.adjusts_id
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
    statement = sa.select(start, *keys, *sums).select_from(joined).group_by(start, *keys)
    if grain in ("version", "loose"):
        known = ledger.c.version_id.is_not(None)
        statement = statement.where(known if grain == "version" else sa.not_(known))
    for row in op.get_bind().execute(statement):
        first = row[0] if isinstance(row[0], date) else date.fromisoformat(row[0])
        told = dict(zip(names, row[1 : 1 + len(names)], strict=True))
        yield {"grain": grain, "start": first} | told | dict(zip(COUNTED, row[1 + len(names) :], strict=True))


def _write_sums(grains: dict[str, tuple[str, ...]], named: tuple[str, ...]) -> None:
    texts = ("grain", "provider", "model", "cost_centre")
    sums = sa.table(
        "cost_sums", sa.column("start", sa.Date()), sa.column("id", BinaryUuid()), sa.column("grain", sa.String()),
        *(sa.column(name, sa.String() if name in texts else BinaryUuid()) for name in named),
        *(sa.column(name, sa.BigInteger()) for name in COUNTED),
    )  # fmt: skip
    for grain, names in grains.items():
        rows = []
        for found in _summed(grain, names):
            row = dict.fromkeys(named) | found
            rows.append(row | {"id": _digest([row[name] for name in named])})
        for start in range(0, len(rows), 2_000):
            op.bulk_insert(sums, rows[start : start + 2_000])


def _digest(names: list[Any]) -> uuid.UUID:
    key = "\0".join("" if value is None else f"={value}" for value in names)
    return uuid.UUID(bytes=hashlib.blake2b(key.encode(), digest_size=16).digest())


def downgrade() -> None:
    _refuse_to_lose_budgets()
    op.drop_table("cost_sums")
    _create_sums(NAMED_BEFORE, tuple(GRAINS_BEFORE))
    _write_sums(GRAINS_BEFORE, NAMED_BEFORE)
    _make_budgets()
    op.drop_column("budget_reservations", "group_id")
    op.drop_column("ledger_entries", "group_id")
    for table in ("exchange_rates", "reconciliations"):
        op.drop_table(table)
    op.drop_table("cost_group_members")
    op.drop_table("cost_groups")
