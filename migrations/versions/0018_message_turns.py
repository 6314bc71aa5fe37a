"""Chats and turns beside any kind of draft: they hang on the stream of a draft, no longer on the row of a document.

A document has the same id in both tables, and its row goes only with its stream, so what is deleted stays what it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("ai_conversations", "chat_messages", "turns")


def upgrade() -> None:
    _point(old="drafts", new="draft_streams")


def downgrade() -> None:
    for table in ("turns", "chat_messages", "ai_conversations"):
        op.execute(f"DELETE FROM {table} WHERE draft_id NOT IN (SELECT id FROM drafts)")  # noqa: S608
    _point(old="draft_streams", new="drafts")


def _point(*, old: str, new: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        return _rewrite(old, new)
    # What a deletion left to be checked at the end keeps a table from being altered.
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in TABLES:
        op.drop_constraint(f"fk_{table}_draft_id_{old}", table)
        op.create_foreign_key(op.f(f"fk_{table}_draft_id_{new}"), table, new, ["draft_id"], ["id"], ondelete="CASCADE")


def _rewrite(old: str, new: str) -> None:
    """Changes the declarations alone, as https://sqlite.org/lang_altertable.html describes for constraints.

    Copying the tables is no way: to drop one deletes its rows first, and with them, by their references, those of the
    others; references cannot be switched off within the transaction that keeps a failing migration from leaving a half.
    """
    connection = op.get_bind()
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    op.execute("PRAGMA writable_schema=ON")
    try:
        for table in TABLES:
            named = f"CONSTRAINT fk_{table}_draft_id_{{0}} FOREIGN KEY(draft_id) REFERENCES {{0}} (id)"
            changed = connection.execute(
                sa.text(
                    "UPDATE sqlite_master SET sql = replace(sql, :old, :new) "
                    "WHERE type = 'table' AND name = :name AND instr(sql, :old) > 0"
                ),
                {"old": named.format(old), "new": named.format(new), "name": table},
            )
            if changed.rowcount != 1:
                raise RuntimeError(f"{table} is not declared as expected")
        op.execute(f"PRAGMA schema_version={version + 1}")
    finally:
        op.execute("PRAGMA writable_schema=RESET")
    if connection.execute(sa.text("PRAGMA foreign_key_check")).first() is not None:
        raise RuntimeError("a reference points at nothing")
