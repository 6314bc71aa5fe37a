"""Triage of submissions, webhooks that hear of them, and sites that may embed the report form."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WAITING = sa.text("state = 'waiting'")


NUMBER_THOSE_THAT_ARE = """
INSERT INTO submission_tickets (submission_id, number, assignee_id, updated_at, terms)
SELECT id, row_number() OVER (ORDER BY submitted_at, id), NULL, submitted_at, '' FROM submissions
"""


def upgrade() -> None:
    op.create_table(
        "submission_tickets",
        sa.Column("submission_id", BinaryUuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("assignee_id", BinaryUuid(), nullable=True),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_submission_tickets_number")),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_submission_tickets_submission_id_submissions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["users.id"], name=op.f("fk_submission_tickets_assignee_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_submission_tickets_number")),
    )
    op.create_index("ix_submission_tickets_assignee_id", "submission_tickets", ["assignee_id"])
    op.execute(NUMBER_THOSE_THAT_ARE)
    _webhooks()
    _deliveries()
    op.create_table(
        "embed_origins",
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("added_by", BinaryUuid(), nullable=True),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by"], ["users.id"], name=op.f("fk_embed_origins_added_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_embed_origins")),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("kinds", JsonText(), nullable=False),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", BinaryUuid(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_webhooks_created_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("webhook_id", BinaryUuid(), nullable=False),
        sa.Column("submission_id", BinaryUuid(), nullable=True),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "event IN ('submission.created', 'ping')",
            name=op.f("ck_webhook_deliveries_event"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
        sa.CheckConstraint("(event = 'ping') = (submission_id IS NULL)", name=op.f("ck_webhook_deliveries_submission")),
        sa.CheckConstraint(
            "(state = 'waiting') = (finished_at IS NULL)", name=op.f("ck_webhook_deliveries_finished_at")
        ),
        sa.CheckConstraint("attempts >= 0 AND tries_left >= 0", name=op.f("ck_webhook_deliveries_attempts")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id_webhooks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_webhook_deliveries_submission_id_submissions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "webhook_id",
            "submission_id",
            "event",
            name=op.f("uq_webhook_deliveries_webhook_id_submission_id_event"),
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index("ix_webhook_deliveries_webhook_id", "webhook_deliveries", ["webhook_id", "id"])
    op.create_index("ix_webhook_deliveries_submission_id", "webhook_deliveries", ["submission_id"])
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", BinaryUuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(40), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_webhook_attempts_number")),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_delivery_id_webhook_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempts")),
    )


def downgrade() -> None:
    for table in ("embed_origins", "webhook_attempts", "webhook_deliveries", "webhooks", "submission_tickets"):
        op.drop_table(table)
