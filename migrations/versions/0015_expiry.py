"""Erasing drafts whose time is over: since when their words are going, and whether some are left.

Versions of such a draft may be deleted before their draft's row is, so that a draft with very many of them goes in small
steps instead of one that keeps every writer waiting.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0015"
down_revision = "0010"
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


def downgrade() -> None:
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
