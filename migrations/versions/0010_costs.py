"""Costs: sums of the ledger, prices, budgets, closed months."""

import hashlib
import uuid
from collections import defaultdict
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TOKENS = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens",
)  # fmt: skip
COUNTED = (*TOKENS, "amount_nano", "priced", "unpriced", "estimated", "attempts", "adjustments")
NAMED = ("user_id", "draft_id", "conversation_id", "provider", "model", "cost_centre")
LEFT_OUT = {"day": (), "person": ("draft_id", "conversation_id"), "month": ("conversation_id",)}


def upgrade() -> None:
    op.create_table(
        "cost_sums",
        sa.Column("grain", sa.String(10), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=True),
        sa.Column("draft_id", BinaryUuid(), nullable=True),
        sa.Column("conversation_id", BinaryUuid(), nullable=True),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("cost_centre", sa.String(100), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTED),
        sa.CheckConstraint("grain IN ('day', 'person', 'month')", name=op.f("ck_cost_sums_grain")),
        sa.PrimaryKeyConstraint("grain", "start", "id", name=op.f("pk_cost_sums")),
        sqlite_with_rowid=False,
    )
    _sum_what_is_there()
    op.drop_index("ix_ledger_entries_adjusts_id", "ledger_entries")
    op.create_index("uq_ledger_entries_adjusts_id", "ledger_entries", ["adjusts_id"], unique=True)
    unpriced = sa.text("amount_nano IS NULL")
    op.create_index(
        "ix_ledger_entries_unpriced", "ledger_entries", ["provider", "id"],
        sqlite_where=unpriced, postgresql_where=unpriced,
    )  # fmt: skip
    op.create_table(
        "cost_centres",
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_cost_centres_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_cost_centres")),
    )
    _create_prices()
    _create_budgets()
    _create_closings()
    for statement in _rules(op.get_bind().dialect.name):
        op.execute(sa.text(statement.replace(":", r"\:")))


def _create_prices() -> None:
    op.create_table(
        "price_overrides",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("rates", JsonText(), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("until IS NULL OR since < until", name=op.f("ck_price_overrides_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_overrides")),
    )
    op.create_index(
        "uq_price_overrides_provider_model_since", "price_overrides",
        ["provider", "model", "since"], unique=True,
    )  # fmt: skip


def _create_budgets() -> None:
    op.create_table(
        "budgets",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=True),
        sa.Column("conversation_id", BinaryUuid(), nullable=True),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("soft_nano", sa.BigInteger(), nullable=True),
        sa.Column("hard_nano", sa.BigInteger(), nullable=True),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("scope IN ('installation', 'user', 'conversation')", name=op.f("ck_budgets_scope")),
        sa.CheckConstraint("period IN ('day', 'month')", name=op.f("ck_budgets_period")),
        sa.CheckConstraint("(scope = 'user') = (user_id IS NOT NULL)", name=op.f("ck_budgets_user")),
        sa.CheckConstraint(
            "(scope = 'conversation') = (conversation_id IS NOT NULL)", name=op.f("ck_budgets_conversation")
        ),
        sa.CheckConstraint(
            "coalesce(soft_nano, hard_nano) IS NOT NULL AND coalesce(soft_nano, 0) >= 0 AND coalesce(hard_nano, 0) >= 0 "
            "AND (soft_nano IS NULL OR hard_nano IS NULL OR soft_nano <= hard_nano)",
            name=op.f("ck_budgets_limits"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_budgets_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["ai_conversations.id"],
            name=op.f("fk_budgets_conversation_id_ai_conversations"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )  # fmt: skip
    for scope, columns in (("installation", []), ("user", ["user_id"]), ("conversation", ["conversation_id"])):
        only = sa.text(f"scope = '{scope}'")
        op.create_index(
            f"uq_budgets_{scope}",
            "budgets",
            [*columns, "period"],
            unique=True,
            sqlite_where=only,
            postgresql_where=only,
        )
    op.create_table(
        "budget_reservations",
        sa.Column("turn_id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("amount_nano >= 0", name=op.f("ck_budget_reservations_amount")),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name=op.f("fk_budget_reservations_turn_id_turns"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn_id", name=op.f("pk_budget_reservations")),
    )


def _create_closings() -> None:
    op.create_table(
        "month_closings",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("totals", JsonText(), nullable=False),
        sa.Column("rows_hash", sa.String(64), nullable=False),
        sa.Column("closed_by", BinaryUuid(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=False),
        sa.Column("reopened_by", BinaryUuid(), nullable=True),
        sa.Column("reopened_at", UTCDateTime(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.CheckConstraint("(reopened_at IS NULL) = (reason IS NULL)", name=op.f("ck_month_closings_reason")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_month_closings")),
    )
    closed = sa.text("reopened_at IS NULL")
    op.create_index(
        "uq_month_closings_closed",
        "month_closings",
        ["month"],
        unique=True,
        sqlite_where=closed,
        postgresql_where=closed,
    )


def _rules(dialect: str) -> list[str]:
    """A closed month takes no further row; a closing itself only ever changes by being reopened, once."""
    columns = ("id", "month", "totals", "rows_hash", "closed_by", "closed_at")
    if dialect == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)
        return [
            "CREATE TRIGGER ledger_entries_closed BEFORE INSERT ON ledger_entries WHEN EXISTS (SELECT 1 FROM "
            "month_closings WHERE reopened_at IS NULL AND month = substr(NEW.at, 1, 7) || '-01') "
            "BEGIN SELECT RAISE(ABORT, 'ledger_entries: this month is closed'); END",
            f"CREATE TRIGGER month_closings_update BEFORE UPDATE ON month_closings WHEN OLD.reopened_at IS NOT NULL OR {changed} "
            "BEGIN SELECT RAISE(ABORT, 'month_closings: a closing can only be reopened'); END",
            "CREATE TRIGGER month_closings_delete BEFORE DELETE ON month_closings "
            "BEGIN SELECT RAISE(ABORT, 'month_closings are kept'); END",
        ]
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in columns)

    def rule(name: str, when: str, condition: str, message: str) -> list[str]:
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]

    return [
        *rule("ledger_entries_closed", "BEFORE INSERT ON ledger_entries",
              "EXISTS (SELECT 1 FROM month_closings WHERE reopened_at IS NULL "
              "AND month = date_trunc('month', NEW.at AT TIME ZONE 'UTC')::date)",
              "ledger_entries: this month is closed"),
        *rule("month_closings_update", "BEFORE UPDATE ON month_closings", f"OLD.reopened_at IS NOT NULL OR {changed}",
              "month_closings: a closing can only be reopened"),
        *rule("month_closings_delete", "BEFORE DELETE ON month_closings", "true", "month_closings are kept"),
    ]  # fmt: skip


def _sum_what_is_there() -> None:
    """The sums of the rows written before there were sums; among those are no adjustments."""
    ledger = sa.table(
        "ledger_entries", sa.column("at", UTCDateTime()), sa.column("status", sa.String()),
        *(sa.column(name, BinaryUuid()) for name in NAMED[:3]), *(sa.column(name, sa.String()) for name in NAMED[3:]),
        *(sa.column(name, sa.BigInteger()) for name in (*TOKENS, "amount_nano")),
    )  # fmt: skip
    summed: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(COUNTED))
    for row in op.get_bind().execute(sa.select(ledger)).mappings():
        day = row["at"].astimezone(UTC).date()
        known = row["amount_nano"] is not None
        counted = [
            *(row[name] for name in TOKENS),
            row["amount_nano"] or 0,
            known,
            not known,
            row["status"] == "estimated",
            1,
            0,
        ]
        for grain, left_out in LEFT_OUT.items():
            names = tuple(None if name in left_out else row[name] for name in NAMED)
            kept = summed[grain, day.replace(day=1) if grain == "month" else day, *names]
            kept[:] = [a + int(b) for a, b in zip(kept, counted, strict=True)]
    sums = sa.table(
        "cost_sums", sa.column("grain", sa.String()), sa.column("start", sa.Date()), sa.column("id", BinaryUuid()),
        *(sa.column(name, BinaryUuid()) for name in NAMED[:3]), *(sa.column(name, sa.String()) for name in NAMED[3:]),
        *(sa.column(name, sa.BigInteger()) for name in COUNTED),
    )  # fmt: skip
    rows = [
        {"grain": grain, "start": start, "id": _digest(names), **dict(zip(NAMED, names, strict=True)),
         **dict(zip(COUNTED, counted, strict=True))}
        for (grain, start, *names), counted in summed.items()
    ]  # fmt: skip
    if rows:
        op.bulk_insert(sums, rows)


def _digest(names: list[Any]) -> uuid.UUID:
    key = "\0".join("" if value is None else f"={value}" for value in names)
    return uuid.UUID(bytes=hashlib.blake2b(key.encode(), digest_size=16).digest())


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER ledger_entries_closed")
    else:
        for name in ("ledger_entries_closed", "month_closings_update", "month_closings_delete"):
            op.execute(f"DROP FUNCTION {name} CASCADE")
    op.drop_index("ix_ledger_entries_unpriced", "ledger_entries")
    op.drop_index("uq_ledger_entries_adjusts_id", "ledger_entries")
    op.create_index("ix_ledger_entries_adjusts_id", "ledger_entries", ["adjusts_id"])
    for table in ("cost_centres", "month_closings", "budget_reservations", "budgets", "price_overrides", "cost_sums"):
        op.drop_table(table)
