"""How units and queries are run on either database. `db.Database` is the only door; nothing here knows a table."""
