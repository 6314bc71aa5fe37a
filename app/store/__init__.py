"""Tables and queries: plain functions of a Session, run by `db.Database`. Knows the core, nothing above it."""
