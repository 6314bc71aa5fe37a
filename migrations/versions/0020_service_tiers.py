"""The service tier that served an attempt: a price that is set later may depend on it."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entries", sa.Column("service_tier", sa.String(50), nullable=True))


def downgrade() -> None:
    op.drop_column("ledger_entries", "service_tier")
