"""Alembic's entry. Connections come from `app.store.migrate`, which is the only way migrations are run."""

from alembic import context

from app.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run migrations through `draftloom` or app.store.migrate: they pass the connection")

context.configure(connection=connection, target_metadata=metadata, compare_type=True, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
