"""Room behind the text of a document, so that SQLite changes its row where it lies."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("room", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("drafts", "room")
