"""Sharing: links by which somebody without an account reads a document, commenters, and comments on passages."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, PlainText

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


SHARED = "draft_id, user_id, role, created_at"


def upgrade() -> None:
    _create_links()
    _allow_roles("viewer", "commenter", "editor")
    _create_threads()
    _create_comments()


def downgrade() -> None:
    for table in ("comments", "comment_threads", "share_links"):
        op.drop_table(table)
    # Who could comment could read, and still can.
    op.execute("UPDATE draft_shares SET role = 'viewer' WHERE role = 'commenter'")
    _allow_roles("viewer", "editor")


def _allow_roles(*roles: str) -> None:
    check = "role IN ({})".format(", ".join(f"'{role}'" for role in roles))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_draft_shares_role"), "draft_shares")
        op.create_check_constraint(op.f("ck_draft_shares_role"), "draft_shares", check)
        return
    # SQLite changes no constraint; nothing refers to this table, so it is written anew.
    op.create_table(
        "draft_shares_anew",
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("role", PlainText(10), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(check, name=op.f("ck_draft_shares_role")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft_streams.id"], name=op.f("fk_draft_shares_draft_id_draft_streams"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_draft_shares_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_draft_shares")),
    )
    op.execute(f"INSERT INTO draft_shares_anew ({SHARED}) SELECT {SHARED} FROM draft_shares")  # noqa: S608 - constants of this file
    op.drop_table("draft_shares")
    op.rename_table("draft_shares_anew", "draft_shares")
    op.create_index(op.f("ix_draft_shares_user_id"), "draft_shares", ["user_id"])


def _create_links() -> None:
    op.create_table(
        "share_links",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("name", PlainText(120), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("last_used_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("expires_at IS NULL OR expires_at > created_at", name=op.f("ck_share_links_expiry")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_share_links_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_share_links_token_hash")),
    )
    op.create_index(op.f("ix_share_links_draft_id"), "share_links", ["draft_id"])


def _create_threads() -> None:
    op.create_table(
        "comment_threads",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("begun_by", BinaryUuid(), nullable=True),
        sa.Column("placed_seq", sa.Integer(), nullable=False),
        sa.Column("range_from", sa.Integer(), nullable=False),
        sa.Column("range_to", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("resolved_at", UTCDateTime(), nullable=True),
        sa.Column("resolved_by", BinaryUuid(), nullable=True),
        sa.CheckConstraint("placed_seq >= 1", name=op.f("ck_comment_threads_placed_seq")),
        sa.CheckConstraint("0 <= range_from AND range_from <= range_to", name=op.f("ck_comment_threads_range")),
        sa.CheckConstraint("quote <> ''", name=op.f("ck_comment_threads_quote")),
        sa.CheckConstraint("resolved_by IS NULL OR resolved_at IS NOT NULL", name=op.f("ck_comment_threads_resolved")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_comment_threads_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["begun_by"], ["users.id"], name=op.f("fk_comment_threads_begun_by_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by"], ["users.id"], name=op.f("fk_comment_threads_resolved_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_threads")),
    )
    for column in ("draft_id", "begun_by", "resolved_by"):
        op.create_index(op.f(f"ix_comment_threads_{column}"), "comment_threads", [column])


def _create_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("thread_id", BinaryUuid(), nullable=False),
        sa.Column("author_id", BinaryUuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("edited_at", UTCDateTime(), nullable=True),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(deleted_at IS NULL) = (body <> '')", name=op.f("ck_comments_deleted")),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["comment_threads.id"],
            name=op.f("fk_comments_thread_id_comment_threads"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_comments_author_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    for column in ("thread_id", "author_id"):
        op.create_index(op.f(f"ix_comments_{column}"), "comments", [column])
