"""Goals, the conversations about them with messages, attachments and receipts; reply templates."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "goals", "goal_conversations", "conversation_messages", "message_attachments", "message_reads", "reply_templates",
)  # fmt: skip


def upgrade() -> None:
    _create_conversations()
    _create_messages()
    _create_what_hangs_on_them()
    for statement in _rules(op.get_bind().dialect.name):
        op.execute(statement)


def _create_conversations() -> None:
    op.create_table(
        "goals",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("student_id", BinaryUuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'paused', 'reached', 'archived')", name=op.f("ck_goals_status")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_goals_progress")),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 200", name=op.f("ck_goals_title_length")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["users.id"], name=op.f("fk_goals_student_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_goals_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
        sa.UniqueConstraint("id", "student_id", name=op.f("uq_goals_id_student_id")),
    )
    op.create_index(op.f("ix_goals_student_id"), "goals", ["student_id"])
    op.create_table(
        "goal_conversations",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("student_id", BinaryUuid(), nullable=False),
        sa.Column("instructor_id", BinaryUuid(), nullable=True),
        sa.Column("goal_id", BinaryUuid(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_goal_conversations_status")),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_goal_conversations_seq")),
        sa.CheckConstraint("student_id <> instructor_id", name=op.f("ck_goal_conversations_two_people")),
        sa.ForeignKeyConstraint(
            ["student_id"], ["users.id"], name=op.f("fk_goal_conversations_student_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["instructor_id"], ["users.id"], name=op.f("fk_goal_conversations_instructor_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["goal_id", "student_id"], ["goals.id", "goals.student_id"],
            name=op.f("fk_goal_conversations_goal_id_student_id_goals"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_conversations")),
    )  # fmt: skip
    for column in ("student_id", "instructor_id", "goal_id"):
        op.create_index(op.f(f"ix_goal_conversations_{column}"), "goal_conversations", [column])


def _create_messages() -> None:
    op.create_table(
        "conversation_messages",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("sender_id", BinaryUuid(), nullable=False),
        sa.Column("message_type", sa.String(30), nullable=False),
        sa.Column("reply_to_id", BinaryUuid(), nullable=True),
        sa.Column("target_date", sa.Date(), nullable=True),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("changed_seq", sa.Integer(), nullable=True),
        sa.Column("edited_at", UTCDateTime(), nullable=True),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("metadata", JsonText(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "message_type IN ('daily_note', 'instructor_response', 'activity', 'milestone')",
            name=op.f("ck_conversation_messages_message_type"),
        ),
        sa.CheckConstraint("is_draft = (position IS NULL)", name=op.f("ck_conversation_messages_position")),
        sa.CheckConstraint("is_draft = (changed_seq IS NULL)", name=op.f("ck_conversation_messages_changed")),
        sa.CheckConstraint("reply_to_id <> id", name=op.f("ck_conversation_messages_reply_to")),
        sa.ForeignKeyConstraint(
            ["id", "sender_id"], ["draft_streams.id", "draft_streams.owner_id"],
            name=op.f("fk_conversation_messages_id_sender_id_draft_streams"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id", "reply_to_id"], ["conversation_messages.conversation_id", "conversation_messages.id"],
            name="fk_conversation_messages_reply_to",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["goal_conversations.id"],
            name=op.f("fk_conversation_messages_conversation_id_goal_conversations"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["users.id"], name=op.f("fk_conversation_messages_sender_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_messages")),
        sa.UniqueConstraint("conversation_id", "id", name=op.f("uq_conversation_messages_conversation_id_id")),
        sa.UniqueConstraint("conversation_id", "position", name=op.f("uq_conversation_messages_conversation_id_position")),
    )  # fmt: skip
    op.create_index(
        "ix_conversation_messages_conversation_id_changed_seq", "conversation_messages",
        ["conversation_id", "changed_seq"],
    )  # fmt: skip
    # SQLite knows no NULLS LAST in an index, and needs none: it sorts NULL below everything.
    last = "" if op.get_bind().dialect.name == "sqlite" else " NULLS LAST"
    op.create_index(
        "ix_conversation_messages_conversation_date", "conversation_messages",
        ["conversation_id", sa.text(f"target_date DESC{last}"), sa.text("created_at DESC")],
    )  # fmt: skip
    op.create_index("ix_conversation_messages_type_sender", "conversation_messages", ["message_type", "sender_id"])
    op.create_index("ix_conversation_messages_sender_id", "conversation_messages", ["sender_id"])
    op.create_index(
        "ix_conversation_messages_reply_thread", "conversation_messages", ["reply_to_id", "position"],
        sqlite_where=sa.text("reply_to_id IS NOT NULL"), postgresql_where=sa.text("reply_to_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_conversation_messages_drafts", "conversation_messages", ["conversation_id", "sender_id"],
        sqlite_where=sa.text("is_draft = 1"), postgresql_where=sa.text("is_draft"),
    )  # fmt: skip


def _create_what_hangs_on_them() -> None:
    op.create_table(
        "message_attachments",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("message_id", BinaryUuid(), nullable=False),
        sa.Column("uploader_id", BinaryUuid(), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("filename", sa.String(255), nullable=False),
        sa.Column("original_filename", sa.String(500), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("mime_type", sa.String(200), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("storage_key", sa.String(200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("checked_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'clean', 'infected', 'rejected', 'error')", name=op.f("ck_message_attachments_state")
        ),
        sa.CheckConstraint("file_size >= 0", name=op.f("ck_message_attachments_file_size")),
        sa.CheckConstraint("state <> 'clean' OR sha256 IS NOT NULL", name=op.f("ck_message_attachments_sha256")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["conversation_messages.id"],
            name=op.f("fk_message_attachments_message_id_conversation_messages"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["uploader_id"], ["users.id"], name=op.f("fk_message_attachments_uploader_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_attachments")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_message_attachments_storage_key")),
    )  # fmt: skip
    op.create_index(op.f("ix_message_attachments_message_id"), "message_attachments", ["message_id"])
    for name, columns, where in (
        ("unfinished", ["state", "created_at"], "state IN ('pending', 'error')"),
        ("uploader_id", ["uploader_id"], "uploader_id IS NOT NULL"),
    ):
        op.create_index(
            f"ix_message_attachments_{name}", "message_attachments", columns,
            sqlite_where=sa.text(where), postgresql_where=sa.text(where),
        )  # fmt: skip
    op.create_table(
        "message_reads",
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("position >= 0", name=op.f("ck_message_reads_position")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["goal_conversations.id"],
            name=op.f("fk_message_reads_conversation_id_goal_conversations"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_message_reads_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_message_reads")),
    )  # fmt: skip
    op.create_index(op.f("ix_message_reads_user_id"), "message_reads", ["user_id"])
    op.create_table(
        "reply_templates",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_reply_templates_name_length")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reply_templates_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_templates")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_reply_templates_user_id_name")),
    )


def _rules(dialect: str) -> list[str]:
    """A message that was published stays published; one that goes with its conversation takes its log with it."""
    message = "conversation_messages: what was published stays published"
    if dialect == "sqlite":
        return [
            "CREATE TRIGGER conversation_messages_published BEFORE UPDATE ON conversation_messages "
            "WHEN NEW.is_draft AND NOT OLD.is_draft OR NEW.conversation_id IS NOT OLD.conversation_id "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
            "CREATE TRIGGER conversation_messages_gone AFTER DELETE ON conversation_messages "
            "BEGIN DELETE FROM draft_streams WHERE id = OLD.id; END",
        ]
    return [
        "CREATE FUNCTION conversation_messages_published() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.is_draft AND NOT OLD.is_draft OR NEW.conversation_id <> OLD.conversation_id THEN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER conversation_messages_published BEFORE UPDATE ON conversation_messages "
        "FOR EACH ROW EXECUTE FUNCTION conversation_messages_published()",
        "CREATE FUNCTION conversation_messages_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "DELETE FROM draft_streams WHERE id = OLD.id; RETURN NULL; END $$",
        "CREATE TRIGGER conversation_messages_gone AFTER DELETE ON conversation_messages "
        "FOR EACH ROW EXECUTE FUNCTION conversation_messages_gone()",
    ]


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for name in ("conversation_messages_published", "conversation_messages_gone"):
            op.execute(f"DROP FUNCTION {name}")
