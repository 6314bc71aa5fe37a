"""Indexes of the sums: the dearest versions of a person, and none of a version where other grains are looked up."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAMES = ("user_id", "draft_id", "conversation_id")
VERSION = "version_id IS NOT NULL"
DEAREST = {"dearest": ["start", "amount_nano"], "dearest_of_user": ["user_id", "start", "amount_nano"]}


def _create(name: str, columns: list[str], condition: str) -> None:
    only = sa.text(condition)
    op.create_index(f"ix_cost_sums_{name}", "cost_sums", columns, sqlite_where=only, postgresql_where=only)


def upgrade() -> None:
    for name in (*NAMES, "version_id", "dearest"):
        op.drop_index(f"ix_cost_sums_{name}", "cost_sums")
    for name in NAMES:
        _create(name, [name, "grain", "start"], f"{name} IS NOT NULL AND version_id IS NULL")
    for name, columns in DEAREST.items():
        _create(name, [*columns, "version_id"], VERSION)
    _create("version_id", ["version_id", "start", "amount_nano", "unpriced"], VERSION)


def downgrade() -> None:
    for name in (*NAMES, "version_id", *DEAREST):
        op.drop_index(f"ix_cost_sums_{name}", "cost_sums")
    for name in NAMES:
        _create(name, [name, "grain", "start"], f"{name} IS NOT NULL")
    _create("version_id", ["version_id", "start"], VERSION)
    _create("dearest", DEAREST["dearest"], VERSION)
