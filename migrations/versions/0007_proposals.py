"""Proposals, hunk by hunk, and locked passages."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("turn_id", BinaryUuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("placed_seq", sa.Integer(), nullable=False),
        sa.Column("range_from", sa.Integer(), nullable=False),
        sa.Column("range_to", sa.Integer(), nullable=False),
        sa.Column("old_text", sa.Text(), nullable=False),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("refined_by", BinaryUuid(), nullable=True),
        sa.Column("accepted_text", sa.Text(), nullable=True),
        sa.Column("decided_seq", sa.Integer(), nullable=True),
        sa.Column("version_id", BinaryUuid(), nullable=True),
        sa.Column("decided_by", BinaryUuid(), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'accepted', 'rejected', 'withdrawn')", name=op.f("ck_proposals_state")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_proposals_number")),
        sa.CheckConstraint("placed_seq >= 0", name=op.f("ck_proposals_placed_seq")),
        sa.CheckConstraint("0 <= range_from AND range_from <= range_to", name=op.f("ck_proposals_range")),
        sa.CheckConstraint("old_text <> new_text", name=op.f("ck_proposals_change")),
        sa.CheckConstraint("(range_from = range_to) = (old_text = '')", name=op.f("ck_proposals_old_text")),
        sa.CheckConstraint("(state = 'pending') = (decided_at IS NULL)", name=op.f("ck_proposals_decided")),
        sa.CheckConstraint("(state = 'accepted') = (decided_seq IS NOT NULL)", name=op.f("ck_proposals_accepted")),
        sa.CheckConstraint("accepted_text IS NULL OR state = 'accepted'", name=op.f("ck_proposals_accepted_text")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_proposals_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "turn_id"], ["turns.draft_id", "turns.id"], name="fk_proposals_turn", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "version_id"], ["versions.draft_id", "versions.id"], name="fk_proposals_version"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["users.id"], name=op.f("fk_proposals_decided_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint("turn_id", "number", name=op.f("uq_proposals_turn_id_number")),
    )
    pending = sa.text("state = 'pending'")
    decided = sa.text("decided_by IS NOT NULL")
    op.create_index("ix_proposals_pending", "proposals", ["draft_id"], sqlite_where=pending, postgresql_where=pending)
    op.create_index("ix_proposals_draft_id_turn_id", "proposals", ["draft_id", "turn_id"])
    op.create_index("ix_proposals_draft_id_version_id", "proposals", ["draft_id", "version_id"])
    op.create_index(
        "ix_proposals_decided_by", "proposals", ["decided_by"], sqlite_where=decided, postgresql_where=decided
    )

    op.create_table(
        "locks",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("placed_seq", sa.Integer(), nullable=False),
        sa.Column("range_from", sa.Integer(), nullable=False),
        sa.Column("range_to", sa.Integer(), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("placed_seq >= 0", name=op.f("ck_locks_placed_seq")),
        sa.CheckConstraint("0 <= range_from AND range_from < range_to", name=op.f("ck_locks_range")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_locks_draft_id_drafts"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_locks_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locks")),
    )
    op.create_index(op.f("ix_locks_draft_id"), "locks", ["draft_id"])
    op.create_index(op.f("ix_locks_created_by"), "locks", ["created_by"])


def downgrade() -> None:
    op.drop_table("locks")
    op.drop_table("proposals")
