"""Conversations with models, turns, and the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("ai_conversations", "chat_messages", "turns", "turn_events", "turn_attempts", "ledger_entries")


# Constraints that close a circle. SQLite takes them with the table, PostgreSQL only once both tables exist.
CIRCULAR = (
    ("fk_drafts_current_version", "drafts", ["id", "current_version_id"], "versions"),
    ("fk_versions_turn", "versions", ["draft_id", "turn_id"], "turns"),
    ("fk_chat_messages_turn", "chat_messages", ["draft_id", "turn_id"], "turns"),
)


def upgrade() -> None:
    op.create_table(
        "ai_conversations",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=True),
        sa.Column("total_tokens", sa.BigInteger(), nullable=False),
        sa.Column("total_cost_nano", sa.BigInteger(), nullable=True),
        sa.Column("unpriced", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_ai_conversations_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_conversations")),
        sa.UniqueConstraint("draft_id", "id", name=op.f("uq_ai_conversations_draft_id_id")),
    )
    op.create_index(
        "ix_ai_conversations_draft_id_created_at", "ai_conversations", ["draft_id", "created_at"], unique=False
    )

    op.create_table(
        "chat_messages",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("parent_id", BinaryUuid(), nullable=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("metadata", JsonText(), nullable=False),
        sa.Column("turn_id", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('user', 'assistant')", name=op.f("ck_chat_messages_role")),
        sa.ForeignKeyConstraint(
            ["conversation_id", "parent_id"],
            ["chat_messages.conversation_id", "chat_messages.id"],
            name="fk_chat_messages_parent",
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "conversation_id"],
            ["ai_conversations.draft_id", "ai_conversations.id"],
            name="fk_chat_messages_conversation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "turn_id"],
            ["turns.draft_id", "turns.id"],
            name="fk_chat_messages_turn",
            initially="DEFERRED",
            deferrable=True,
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_chat_messages_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
        sa.UniqueConstraint("conversation_id", "id", name=op.f("uq_chat_messages_conversation_id_id")),
        sa.UniqueConstraint("draft_id", "id", name=op.f("uq_chat_messages_draft_id_id")),
    )
    op.create_index(
        "ix_chat_messages_conversation_id_parent_id", "chat_messages", ["conversation_id", "parent_id"], unique=False
    )
    op.create_index("ix_chat_messages_draft_id_turn_id", "chat_messages", ["draft_id", "turn_id"], unique=False)

    op.create_table(
        "turns",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("user_id", BinaryUuid(), nullable=True),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("prompt_message_id", BinaryUuid(), nullable=True),
        sa.Column("answer_message_id", BinaryUuid(), nullable=True),
        sa.Column("base_version_id", BinaryUuid(), nullable=True),
        sa.Column("base_seq", sa.Integer(), nullable=False),
        sa.Column("selection_from", sa.Integer(), nullable=True),
        sa.Column("selection_to", sa.Integer(), nullable=True),
        sa.Column("apply", sa.String(20), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("version_id", BinaryUuid(), nullable=True),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("stop_reason", sa.String(100), nullable=True),
        sa.Column("error_code", sa.String(100), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_retryable", sa.Boolean(), nullable=True),
        sa.Column("worker_id", sa.String(100), nullable=False),
        sa.Column("heartbeat_at", UTCDateTime(), nullable=False),
        sa.Column("estimate", JsonText(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (finished_at IS NULL)", name=op.f("ck_turns_finished")),
        sa.CheckConstraint("mode IN ('ask', 'write', 'edit')", name=op.f("ck_turns_mode")),
        sa.CheckConstraint(
            "state IN ('running', 'done', 'stopped', 'failed', 'interrupted')", name=op.f("ck_turns_state")
        ),
        sa.CheckConstraint("(selection_from IS NULL) = (selection_to IS NULL)", name=op.f("ck_turns_selection")),
        sa.ForeignKeyConstraint(
            ["draft_id", "answer_message_id"],
            ["chat_messages.draft_id", "chat_messages.id"],
            name="fk_turns_answer_message",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "base_version_id"],
            ["versions.draft_id", "versions.id"],
            name="fk_turns_base_version",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "conversation_id"],
            ["ai_conversations.draft_id", "ai_conversations.id"],
            name="fk_turns_conversation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "prompt_message_id"],
            ["chat_messages.draft_id", "chat_messages.id"],
            name="fk_turns_prompt_message",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "version_id"],
            ["versions.draft_id", "versions.id"],
            name="fk_turns_version",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_turns_draft_id_drafts"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_turns_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("draft_id", "id", name=op.f("uq_turns_draft_id_id")),
    )
    op.create_index("ix_turns_conversation_id", "turns", ["conversation_id", "created_at"], unique=False)
    op.create_index("ix_turns_draft_id_answer_message_id", "turns", ["draft_id", "answer_message_id"], unique=False)
    op.create_index("ix_turns_draft_id_base_version_id", "turns", ["draft_id", "base_version_id"], unique=False)
    op.create_index("ix_turns_draft_id_prompt_message_id", "turns", ["draft_id", "prompt_message_id"], unique=False)
    op.create_index("ix_turns_draft_id_version_id", "turns", ["draft_id", "version_id"], unique=False)
    op.create_index(
        "ix_turns_heartbeat_at",
        "turns",
        ["heartbeat_at"],
        unique=False,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(op.f("ix_turns_user_id"), "turns", ["user_id"], unique=False)
    op.create_index(
        "uq_turns_running",
        "turns",
        ["draft_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )

    op.create_table(
        "turn_events",
        sa.Column("turn_id", BinaryUuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(30), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name=op.f("fk_turn_events_turn_id_turns"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn_id", "n", name=op.f("pk_turn_events")),
    )

    op.create_table(
        "turn_attempts",
        sa.Column("turn_id", BinaryUuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("answered_model", sa.String(200), nullable=True),
        sa.Column("estimated_input_tokens", sa.Integer(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["turn_id"], ["turns.id"], name=op.f("fk_turn_attempts_turn_id_turns"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("turn_id", "attempt", name=op.f("pk_turn_attempts")),
    )

    op.create_table(
        "ledger_entries",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("turn_id", BinaryUuid(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("draft_id", BinaryUuid(), nullable=True),
        sa.Column("conversation_id", BinaryUuid(), nullable=True),
        sa.Column("message_id", BinaryUuid(), nullable=True),
        sa.Column("version_id", BinaryUuid(), nullable=True),
        sa.Column("user_id", BinaryUuid(), nullable=True),
        sa.Column("cost_centre", sa.String(100), nullable=True),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("model_answered", sa.String(200), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_read_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_write_5m_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_write_1h_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False),
        sa.Column("requests", JsonText(), nullable=False),
        sa.Column("amount_nano", sa.BigInteger(), nullable=True),
        sa.Column("price_source", sa.String(100), nullable=True),
        sa.Column("price_date", sa.Date(), nullable=True),
        sa.Column("adjusts_id", BinaryUuid(), nullable=True),
        sa.Column("raw_usage", JsonText(), nullable=True),
        sa.Column("first_text_ms", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'adjustment') = (adjusts_id IS NOT NULL)", name=op.f("ck_ledger_entries_adjusts")
        ),
        sa.CheckConstraint(
            "outcome IN ('done', 'stopped', 'failed', 'interrupted', 'adjustment')",
            name=op.f("ck_ledger_entries_outcome"),
        ),
        sa.CheckConstraint(
            "status IN ('reported', 'estimated', 'unknown', 'free')", name=op.f("ck_ledger_entries_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index("ix_ledger_entries_adjusts_id", "ledger_entries", ["adjusts_id"], unique=False)
    op.create_index("ix_ledger_entries_at", "ledger_entries", ["at"], unique=False)
    op.create_index("ix_ledger_entries_conversation_id", "ledger_entries", ["conversation_id"], unique=False)
    op.create_index("ix_ledger_entries_draft_id", "ledger_entries", ["draft_id"], unique=False)
    op.create_index("ix_ledger_entries_message_id", "ledger_entries", ["message_id"], unique=False)
    op.create_index("ix_ledger_entries_turn_id", "ledger_entries", ["turn_id"], unique=False)
    op.create_index("ix_ledger_entries_user_id_at", "ledger_entries", ["user_id", "at"], unique=False)
    op.create_index(
        "uq_ledger_entries_turn_id_attempt",
        "ledger_entries",
        ["turn_id", "attempt"],
        unique=True,
        sqlite_where=sa.text("adjusts_id IS NULL AND turn_id IS NOT NULL"),
        postgresql_where=sa.text("adjusts_id IS NULL AND turn_id IS NOT NULL"),
    )

    if op.get_bind().dialect.name == "postgresql":
        for name, table, columns, target in CIRCULAR:
            op.create_foreign_key(
                name, table, target, columns, ["draft_id", "id"], deferrable=True, initially="DEFERRED"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name, table, _, _ in CIRCULAR:
            op.drop_constraint(name, table)
    for table in reversed(TABLES):
        op.drop_table(table)
