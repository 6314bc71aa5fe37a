"""Indexes of the audit log for what it is looked through by: whom something was done to, and what was done."""

from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_audit_log_action"), "audit_log", ["action"])
    op.create_index(op.f("ix_audit_log_target"), "audit_log", ["target"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_log_target"), "audit_log")
    op.drop_index(op.f("ix_audit_log_action"), "audit_log")
