"""How much of a text a rewrite may take away before its writer is asked: each writer's own bound."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "writer_loss_bounds",
        sa.Column("user_id", BinaryUuid(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_writer_loss_bounds_percent")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_writer_loss_bounds_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_writer_loss_bounds")),
    )


def downgrade() -> None:
    op.drop_table("writer_loss_bounds")
