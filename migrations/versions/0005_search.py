"""Full-text search: an index beside the texts, and a queue of what changed since it was indexed.

Triggers fill the queue in the transaction of the change; once something is queued, further changes of it cost a look-up.
Both tables follow from the others: backups leave them out, and restoring fills the queue anew.
"""

import sqlalchemy as sa
from alembic import op

from app.store.types import BinaryUuid

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

QUEUED = (
    # trigger, event, table, kind, draft's column
    ("search_draft_insert", "INSERT", "draft_streams", "draft", "id"),
    ("search_draft_update", "UPDATE OF seq", "draft_streams", "draft", "id"),
    ("search_version_insert", "INSERT", "versions", "version", "draft_id"),
    ("search_version_update", "UPDATE OF label", "versions", "version", "draft_id"),
    ("search_message_insert", "INSERT", "chat_messages", "message", "draft_id"),
    ("search_message_update", "UPDATE OF content", "chat_messages", "message", "draft_id"),
)
SQLITE_INDEX = (
    # Only columns are told apart, not places in them: a third of the size.
    "CREATE VIRTUAL TABLE search_index USING fts5(title_terms, terms, content='search_entries', content_rowid='place', "
    "tokenize='ascii', detail='column')",
    # Deleting from the index needs the terms that went in. The connection's `trusted_schema=OFF` keeps triggers off
    # virtual tables, so what a foreign key's action deletes is remembered until it is swept out of the index.
    "CREATE TABLE search_gone (place INTEGER NOT NULL, title_terms TEXT NOT NULL, terms TEXT NOT NULL, "
    "CONSTRAINT pk_search_gone PRIMARY KEY (place))",
    "CREATE TRIGGER search_entries_delete AFTER DELETE ON search_entries BEGIN "
    "INSERT INTO search_gone (place, title_terms, terms) VALUES (OLD.place, OLD.title_terms, OLD.terms); END",
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    terms = sa.Text() if sqlite else sa.dialects.postgresql.TSVECTOR()
    op.create_table(
        "search_entries",
        sa.Column("place", sa.Integer() if sqlite else sa.BigInteger(), nullable=False, autoincrement=True),
        sa.Column("source_id", BinaryUuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("title_terms", terms, nullable=False),
        sa.Column("terms", terms, nullable=False),
        sa.PrimaryKeyConstraint("place", name="pk_search_entries"),
        sa.UniqueConstraint("source_id", name="uq_search_entries_source_id"),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft_streams.id"], name="fk_search_entries_draft_id_draft_streams", ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('draft', 'version', 'message')", name="ck_search_entries_kind"),
        # A place is never given twice: the index may still know an entry that is gone.
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_queue",
        sa.Column("source_id", BinaryUuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_search_queue"),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft_streams.id"], name="fk_search_queue_draft_id_draft_streams", ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('draft', 'version', 'message')", name="ck_search_queue_kind"),
    )
    for table in ("search_entries", "search_queue"):
        op.create_index(f"ix_{table}_draft_id", table, ["draft_id"])
    if sqlite:
        for statement in SQLITE_INDEX:
            op.execute(statement)
    else:
        op.create_index("ix_search_entries_terms", "search_entries", ["terms"], postgresql_using="gin")
    for name, event, table, kind, draft in QUEUED:
        queue = (
            f"INSERT INTO search_queue (source_id, kind, draft_id) VALUES (NEW.id, '{kind}', NEW.{draft}) "  # noqa: S608
            "ON CONFLICT DO NOTHING;"
        )
        if sqlite:
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {queue} END")
        else:
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {queue} RETURN NULL; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    for name, _event, table, kind, draft in QUEUED:
        if name.endswith("_insert"):
            op.execute(
                f"INSERT INTO search_queue (source_id, kind, draft_id) SELECT id, '{kind}', {draft} FROM {table}"  # noqa: S608
            )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, _event, table, _kind, _draft in QUEUED:
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}")
    if sqlite:
        op.execute("DROP TRIGGER search_entries_delete")
        op.execute("DROP TABLE search_gone")
        op.execute("DROP TABLE search_index")
    op.drop_table("search_queue")
    op.drop_table("search_entries")
