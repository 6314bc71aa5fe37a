"""The draft core, documents and their versions."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("draft_streams", "draft_events", "draft_snapshots", "drafts", "versions")


def upgrade() -> None:
    op.create_table(
        "draft_streams",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("owner_id", BinaryUuid(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("excerpt", sa.String(255), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("conflicts", JsonText(), nullable=True),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("completion", sa.Integer(), nullable=False),
        sa.Column("autosaves", sa.Integer(), nullable=False),
        sa.Column("manual_saves", sa.Integer(), nullable=False),
        sa.Column("rebuilds", sa.Integer(), nullable=False),
        sa.Column("saved_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'submitted', 'discarded')", name=op.f("ck_draft_streams_status")),
        sa.CheckConstraint("completion BETWEEN 0 AND 100", name=op.f("ck_draft_streams_completion")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_draft_streams_seq")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_draft_streams_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_streams")),
        sa.UniqueConstraint("id", "owner_id", name=op.f("uq_draft_streams_id_owner_id")),
    )
    op.create_index(op.f("ix_draft_streams_owner_id"), "draft_streams", ["owner_id"], unique=False)

    op.create_table(
        "draft_events",
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", BinaryUuid(), nullable=True),
        sa.Column("device", sa.String(200), nullable=False),
        sa.Column("replica", sa.String(64), nullable=True),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("command_digest", sa.LargeBinary(), nullable=True),
        sa.Column("base_seq", sa.Integer(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("payload_digest", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.CheckConstraint("actor_kind IN ('user', 'model', 'system')", name=op.f("ck_draft_events_actor_kind")),
        sa.CheckConstraint("(replica IS NULL) = (n IS NULL)", name=op.f("ck_draft_events_replica_n")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_draft_events_seq")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft_streams.id"], name=op.f("fk_draft_events_draft_id_draft_streams"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", "seq", name=op.f("pk_draft_events")),
        sa.UniqueConstraint("draft_id", "replica", "n", "part", name=op.f("uq_draft_events_draft_id_replica_n_part")),
    )

    op.create_table(
        "draft_snapshots",
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["draft_streams.id"],
            name=op.f("fk_draft_snapshots_draft_id_draft_streams"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("draft_id", "seq", name=op.f("pk_draft_snapshots")),
    )

    op.create_table(
        "drafts",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("current_version_id", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("length(title) <= 255", name=op.f("ck_drafts_title_length")),
        sa.ForeignKeyConstraint(
            ["id", "current_version_id"],
            ["versions.draft_id", "versions.id"],
            name="fk_drafts_current_version",
            initially="DEFERRED",
            deferrable=True,
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["id", "user_id"],
            ["draft_streams.id", "draft_streams.owner_id"],
            name=op.f("fk_drafts_id_user_id_draft_streams"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_drafts_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_user_id"), "drafts", ["user_id"], unique=False)

    op.create_table(
        "versions",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent_id", BinaryUuid(), nullable=True),
        sa.Column("merged_from_id", BinaryUuid(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("author_id", BinaryUuid(), nullable=True),
        sa.Column("model", sa.String(200), nullable=True),
        sa.Column("turn_id", BinaryUuid(), nullable=True),
        sa.Column("label", sa.String(200), nullable=True),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("words_delta", sa.Integer(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("delta", sa.LargeBinary(), nullable=True),
        sa.Column("full", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("source IN ('user', 'ai_generation', 'ai_edit')", name=op.f("ck_versions_source")),
        sa.CheckConstraint('("full" IS NULL) <> (delta IS NULL)', name=op.f("ck_versions_content")),
        sa.CheckConstraint("(depth = 0) = (delta IS NULL) AND depth <= 64", name=op.f("ck_versions_depth")),
        sa.CheckConstraint("delta IS NULL OR parent_id IS NOT NULL", name=op.f("ck_versions_delta_parent")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_versions_number")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_versions_author_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "merged_from_id"], ["versions.draft_id", "versions.id"], name="fk_versions_merged_from"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "parent_id"], ["versions.draft_id", "versions.id"], name="fk_versions_parent"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "turn_id"],
            ["turns.draft_id", "turns.id"],
            name="fk_versions_turn",
            initially="DEFERRED",
            deferrable=True,
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_versions_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("draft_id", "id", name=op.f("uq_versions_draft_id_id")),
        sa.UniqueConstraint("draft_id", "number", name=op.f("uq_versions_draft_id_number")),
    )
    op.create_index(
        "ix_versions_author_id",
        "versions",
        ["author_id"],
        unique=False,
        sqlite_where=sa.text("author_id IS NOT NULL"),
        postgresql_where=sa.text("author_id IS NOT NULL"),
    )
    op.create_index(
        "ix_versions_draft_id_merged_from_id",
        "versions",
        ["draft_id", "merged_from_id"],
        unique=False,
        sqlite_where=sa.text("merged_from_id IS NOT NULL"),
        postgresql_where=sa.text("merged_from_id IS NOT NULL"),
    )
    op.create_index("ix_versions_draft_id_parent_id", "versions", ["draft_id", "parent_id"], unique=False)
    op.create_index(
        "ix_versions_draft_id_turn_id",
        "versions",
        ["draft_id", "turn_id"],
        unique=False,
        sqlite_where=sa.text("turn_id IS NOT NULL"),
        postgresql_where=sa.text("turn_id IS NOT NULL"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
