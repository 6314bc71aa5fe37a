"""A writer's own actions and style, and reference material of drafts."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "writer_actions",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("selection", sa.String(10), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("mode IN ('ask', 'write', 'edit')", name=op.f("ck_writer_actions_mode")),
        sa.CheckConstraint("selection IN ('none', 'optional', 'required')", name=op.f("ck_writer_actions_selection")),
        sa.CheckConstraint("length(name) >= 1", name=op.f("ck_writer_actions_name")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_writer_actions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_writer_actions")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_writer_actions_user_id_name")),
    )
    op.create_table(
        "writer_styles",
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("decided", JsonText(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_writer_styles_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_writer_styles")),
    )
    op.create_table(
        "draft_references",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("length(title) >= 1", name=op.f("ck_draft_references_title")),
        sa.CheckConstraint("tokens >= 0", name=op.f("ck_draft_references_tokens")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_draft_references_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_references")),
    )
    op.create_index("ix_draft_references_draft_id", "draft_references", ["draft_id"], unique=False)


def downgrade() -> None:
    for table in ("draft_references", "writer_styles", "writer_actions"):
        op.drop_table(table)
