"""Alembic's entry. Connections come from `app.store.migrate`, which is the only way migrations are run."""

from typing import Any

from alembic import context

from app.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run migrations through `draftloom` or app.store.migrate: they pass the connection")


def declared(name: str | None, kind: str, _parents: Any) -> bool:
    """Search has tables that only its migration and `app.store.search` know: each database searches in its own way. An
    index over descending columns is its migration's too: what SQLite reports of it cannot be compared."""
    if kind == "index":
        return name != "ix_conversation_messages_conversation_date"
    return not (kind == "table" and name is not None and name.startswith("search_"))


context.configure(
    connection=connection, target_metadata=metadata, compare_type=True, render_as_batch=False, include_name=declared
)
with context.begin_transaction():
    context.run_migrations()
