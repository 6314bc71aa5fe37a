"""Branches: names for lines of work in the tree of versions."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, PlainText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "branches",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("name", PlainText(120), nullable=False),
        sa.Column("start_version_id", BinaryUuid(), nullable=False),
        sa.Column("tip_version_id", BinaryUuid(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_branches_name")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_branches_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "start_version_id"], ["versions.draft_id", "versions.id"], name="fk_branches_start"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "tip_version_id"], ["versions.draft_id", "versions.id"], name="fk_branches_tip"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("draft_id", "name", name=op.f("uq_branches_draft_id_name")),
    )
    op.create_index(
        "uq_branches_current",
        "branches",
        ["draft_id"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    op.create_index("ix_branches_draft_id_start_version_id", "branches", ["draft_id", "start_version_id"])
    op.create_index("ix_branches_draft_id_tip_version_id", "branches", ["draft_id", "tip_version_id"])


def downgrade() -> None:
    op.drop_table("branches")
