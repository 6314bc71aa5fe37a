"""Uploads of attachments in parts, stored files left over, and what rows of other systems became."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEPT = ("message_attachments", "attachment_parts")
"""Tables whose rows name a stored file."""


def upgrade() -> None:
    op.create_table(
        "attachment_uploads",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("message_id", BinaryUuid(), nullable=False),
        sa.Column("uploader_id", BinaryUuid(), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("original_filename", sa.String(500), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("file_size > 0", name=op.f("ck_attachment_uploads_file_size")),
        sa.CheckConstraint("received BETWEEN 0 AND file_size", name=op.f("ck_attachment_uploads_received")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["conversation_messages.id"],
            name=op.f("fk_attachment_uploads_message_id_conversation_messages"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name=op.f("fk_attachment_uploads_uploader_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_uploads")),
    )  # fmt: skip
    for column in ("message_id", "uploader_id", "updated_at"):
        op.create_index(f"ix_attachment_uploads_{column}", "attachment_uploads", [column])
    op.create_table(
        "attachment_parts",
        sa.Column("upload_id", BinaryUuid(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("storage_key", sa.String(200), nullable=False),
        sa.CheckConstraint("length > 0", name=op.f("ck_attachment_parts_length")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["attachment_uploads.id"],
            name=op.f("fk_attachment_parts_upload_id_attachment_uploads"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "start", name=op.f("pk_attachment_parts")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_attachment_parts_storage_key")),
    )  # fmt: skip
    op.create_table(
        "stored_leftovers",
        sa.Column("storage_key", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("storage_key", name=op.f("pk_stored_leftovers")),
    )
    op.create_table(
        "moved_rows",
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("origin", sa.String(60), nullable=False),
        sa.Column("origin_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("target_id", BinaryUuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("moved_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "origin", "origin_id", name=op.f("pk_moved_rows")),
    )
    op.create_index("ix_moved_rows_target_id", "moved_rows", ["target_id"])
    op.add_column("message_attachments", sa.Column("check_after", UTCDateTime(), nullable=True))
    for statement in _rules(op.get_bind().dialect.name):
        op.execute(statement)


def _rules(dialect: str) -> list[str]:
    """Whose row goes, its file follows; however the row was deleted."""
    noted = "INSERT OR IGNORE INTO stored_leftovers (storage_key) VALUES (OLD.storage_key)"
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {table}_gone AFTER DELETE ON {table} BEGIN {noted}; END" for table in KEPT]
    return [
        "CREATE FUNCTION stored_file_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO stored_leftovers (storage_key) VALUES (OLD.storage_key) ON CONFLICT DO NOTHING; RETURN NULL; END $$",
        *(
            f"CREATE TRIGGER {table}_gone AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION stored_file_gone()"
            for table in KEPT
        ),
    ]


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER message_attachments_gone")
    else:
        op.execute("DROP FUNCTION stored_file_gone CASCADE")
    op.drop_column("message_attachments", "check_after")
    for table in ("moved_rows", "stored_leftovers", "attachment_parts", "attachment_uploads"):
        op.drop_table(table)
