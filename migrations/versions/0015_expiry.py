"""Erasing drafts whose time is over: since when their words are going, and whether some are left; and usage by day.

Versions of such a draft may be deleted before their draft's row is, so that a draft with very many of them goes in small
steps instead of one that keeps every writer waiting.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEPT = "EXISTS (SELECT 1 FROM drafts WHERE id = OLD.draft_id)"
ERASING = "EXISTS (SELECT 1 FROM draft_streams WHERE id = OLD.draft_id AND erased_at IS NOT NULL)"
MESSAGE = "versions are kept as long as their draft"


def upgrade() -> None:
    op.add_column("draft_streams", sa.Column("erased_at", UTCDateTime(), nullable=True))
    op.add_column("draft_streams", sa.Column("erasing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_draft_streams_erasing",
        "draft_streams",
        ["id"],
        sqlite_where=sa.text("erasing"),
        postgresql_where=sa.text("erasing"),
    )
    _guard_versions(f"{KEPT} AND NOT {ERASING}")
    op.create_table(
        "usage_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("measure", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_usage_days_amount")),
        sa.PrimaryKeyConstraint("day", "kind", "measure", name=op.f("pk_usage_days")),
    )


def downgrade() -> None:
    op.drop_table("usage_days")
    _guard_versions(KEPT)
    op.drop_index("ix_draft_streams_erasing", "draft_streams")
    op.drop_column("draft_streams", "erasing")
    op.drop_column("draft_streams", "erased_at")


def _guard_versions(condition: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER versions_delete")
        op.execute(
            f"CREATE TRIGGER versions_delete BEFORE DELETE ON versions WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION versions_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN OLD; END $$"
    )
