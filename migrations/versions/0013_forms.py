"""Forms and modals: their open drafts, submissions, shares and templates."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText, PlainText

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("modal_drafts", "form_drafts", "submissions", "draft_shares", "form_templates")
NEW = sa.text("subject_id IS NULL")


def upgrade() -> None:
    _create_open_drafts()
    _create_submissions()
    _create_shares()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        methods = connection.scalar(
            sa.text("SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
        )
        if methods and "lz4" in methods:
            op.execute("ALTER TABLE modal_drafts ALTER COLUMN description SET COMPRESSION lz4")
            op.execute("ALTER TABLE form_drafts ALTER COLUMN form_data SET COMPRESSION lz4")


def _of_a_stream(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint, sa.PrimaryKeyConstraint]:
    return (
        sa.ForeignKeyConstraint(
            ["id", "user_id"], ["draft_streams.id", "draft_streams.owner_id"],
            name=op.f(f"fk_{table}_id_user_id_draft_streams"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )  # fmt: skip


def _create_open_drafts() -> None:
    op.create_table(
        "modal_drafts",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("type", PlainText(20), nullable=False),
        sa.Column("title", PlainText(255), nullable=False),
        sa.Column("metadata", JsonText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.CheckConstraint("type IN ('bug_report', 'feature_request')", name=op.f("ck_modal_drafts_type")),
        sa.CheckConstraint("length(title) <= 255", name=op.f("ck_modal_drafts_title_length")),
        *_of_a_stream("modal_drafts"),
    )
    op.create_index(op.f("ix_modal_drafts_user_id"), "modal_drafts", ["user_id"])
    op.create_table(
        "form_drafts",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("form", PlainText(100), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("subject_id", BinaryUuid(), nullable=True),
        sa.Column("current_step", PlainText(100), nullable=False),
        sa.Column("completed_steps", JsonText(), nullable=False),
        sa.Column("required", JsonText(), nullable=False),
        sa.Column("last_saved_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("form_data", JsonText(), nullable=False),
        *_of_a_stream("form_drafts"),
    )
    op.create_index("uq_form_drafts_subject", "form_drafts", ["user_id", "form", "subject_id"], unique=True)
    op.create_index(
        "uq_form_drafts_new", "form_drafts", ["user_id", "form"], unique=True, sqlite_where=NEW, postgresql_where=NEW
    )


def _create_submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("kind", PlainText(40), nullable=False),
        sa.Column("form", PlainText(100), nullable=True),
        sa.Column("user_id", BinaryUuid(), nullable=True),
        sa.Column("subject_id", BinaryUuid(), nullable=True),
        sa.Column("title", PlainText(255), nullable=False),
        sa.Column("fields", JsonText(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=False),
        sa.Column("state", PlainText(20), nullable=False),
        sa.Column("note", PlainText(4_000), nullable=False),
        sa.CheckConstraint("state IN ('new', 'triaged', 'closed')", name=op.f("ck_submissions_state")),
        sa.CheckConstraint("(kind = 'form') = (form IS NOT NULL)", name=op.f("ck_submissions_form")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_submissions_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    op.create_index(op.f("ix_submissions_user_id"), "submissions", ["user_id"])
    op.create_index("ix_submissions_kind_state_submitted_at", "submissions", ["kind", "state", "submitted_at"])


def _create_shares() -> None:
    op.create_table(
        "draft_shares",
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("role", PlainText(10), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor')", name=op.f("ck_draft_shares_role")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft_streams.id"], name=op.f("fk_draft_shares_draft_id_draft_streams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_draft_shares_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_draft_shares")),
    )
    op.create_index(op.f("ix_draft_shares_user_id"), "draft_shares", ["user_id"])
    op.create_table(
        "form_templates",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("form", PlainText(100), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("name", PlainText(120), nullable=False),
        sa.Column("fields", JsonText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_form_templates_name")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_form_templates_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_templates")),
        sa.UniqueConstraint("user_id", "form", "name", name=op.f("uq_form_templates_user_id_form_name")),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
