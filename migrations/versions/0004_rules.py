"""Rules that no constraint can say, as triggers: append-only tables, gapless numbers, immutable versions.

A row of an append-only table may go when its draft goes. The actions of foreign keys fire triggers on both databases,
after the parent row was deleted, so the triggers look whether the parent is still there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EVENT_COLUMNS = (
    "draft_id", "seq", "type", "actor_kind", "actor_id", "device", "replica", "n", "part", "command_digest",
    "base_seq", "at", "payload_digest", "prev_hash", "hash",
)  # fmt: skip
VERSION_COLUMNS = (
    "id", "draft_id", "number", "parent_id", "merged_from_id", "seq", "source", "model", "words", "words_delta",
    "depth", "hash", "created_at", "delta", "full",
)  # fmt: skip
APPEND_ONLY = ("ledger_entries", "audit_log")


def _different(columns: tuple[str, ...], operator: str) -> str:
    return " OR ".join(f'NEW."{column}" {operator} OLD."{column}"' for column in columns)


def _sqlite() -> list[str]:
    def refuse(name: str, when: str, condition: str, message: str) -> str:
        where = f" WHEN {condition}" if condition else ""
        return f"CREATE TRIGGER {name} {when}{where} BEGIN SELECT RAISE(ABORT, '{message}'); END"

    statements = [
        refuse("draft_events_sequential", "BEFORE INSERT ON draft_events",
               "NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM draft_events WHERE draft_id = NEW.draft_id)",
               "draft_events: seq must be the next of its draft"),
        refuse("draft_events_update", "BEFORE UPDATE ON draft_events",
               f"NEW.payload IS NOT NULL OR {_different(EVENT_COLUMNS, 'IS NOT')}",
               "draft_events is append-only: only a payload may be erased"),
        refuse("draft_events_delete", "BEFORE DELETE ON draft_events",
               "EXISTS (SELECT 1 FROM draft_streams WHERE id = OLD.draft_id)", "draft_events is append-only"),
        refuse("versions_sequential", "BEFORE INSERT ON versions",
               "NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM versions WHERE draft_id = NEW.draft_id)",
               "versions: number must be the next of its draft"),
        refuse("versions_update", "BEFORE UPDATE ON versions", _different(VERSION_COLUMNS, "IS NOT"),
               "versions are immutable"),
        refuse("versions_delete", "BEFORE DELETE ON versions",
               "EXISTS (SELECT 1 FROM drafts WHERE id = OLD.draft_id)", "versions are kept as long as their draft"),
    ]  # fmt: skip
    for table in APPEND_ONLY:
        message = f"{table} is append-only"
        statements += [
            # INSERT OR REPLACE deletes the old row without firing a delete trigger.
            refuse(f"{table}_insert", f"BEFORE INSERT ON {table}",
                   f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)", message),  # noqa: S608
            refuse(f"{table}_update", f"BEFORE UPDATE ON {table}", "", message),
            refuse(f"{table}_delete", f"BEFORE DELETE ON {table}", "", message),
        ]  # fmt: skip
    return statements


def _postgresql() -> list[str]:
    def rule(name: str, when: str, condition: str, message: str) -> list[str]:
        """`condition` runs in the function: a WHEN clause may hold no subquery."""
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
            f"CREATE TRIGGER {name} {when} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]

    changed = "IS DISTINCT FROM"
    statements = [
        *rule("draft_events_sequential", "BEFORE INSERT ON draft_events",
              "NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM draft_events WHERE draft_id = NEW.draft_id)",
              "draft_events: seq must be the next of its draft"),
        *rule("draft_events_update", "BEFORE UPDATE ON draft_events",
              f"NEW.payload IS NOT NULL OR {_different(EVENT_COLUMNS, changed)}",
              "draft_events is append-only: only a payload may be erased"),
        *rule("draft_events_delete", "BEFORE DELETE ON draft_events",
              "EXISTS (SELECT 1 FROM draft_streams WHERE id = OLD.draft_id)", "draft_events is append-only"),
        *rule("versions_sequential", "BEFORE INSERT ON versions",
              "NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM versions WHERE draft_id = NEW.draft_id)",
              "versions: number must be the next of its draft"),
        *rule("versions_update", "BEFORE UPDATE ON versions", _different(VERSION_COLUMNS, changed),
              "versions are immutable"),
        *rule("versions_delete", "BEFORE DELETE ON versions",
              "EXISTS (SELECT 1 FROM drafts WHERE id = OLD.draft_id)", "versions are kept as long as their draft"),
    ]  # fmt: skip
    for table in APPEND_ONLY:
        statements += rule(f"{table}_change", f"BEFORE UPDATE OR DELETE ON {table}", "true", f"{table} is append-only")
    for table in (*APPEND_ONLY, "draft_events", "versions"):
        statements += [
            f"CREATE FUNCTION {table}_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION {table}_truncate()",
        ]
    return statements


# Comparing without regard to case, in any script: which of these a server has depends on how it was built.
COLLATIONS = ("und-x-icu", "pg_c_utf8", "C.utf8", "en_US.utf8")


def _create_casefold(connection: sa.Connection) -> None:
    known = set(connection.scalars(sa.text("SELECT collname FROM pg_collation")))
    collation = next((f' COLLATE "{name}"' for name in COLLATIONS if name in known), "")
    op.execute(
        "CREATE FUNCTION draftloom_casefold(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE "
        f"AS $$ SELECT lower($1{collation}) $$"
    )


def _create_sha256() -> None:
    """The hash of a text as versions keep it; the server's own function takes bytes only."""
    op.execute(
        "CREATE FUNCTION draftloom_sha256(text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE "
        "AS $$ SELECT sha256(convert_to($1, 'UTF8')) $$"
    )


# Long texts that are rewritten at every save: lz4 costs a third to a half of what the default compression does.
BODIES = (("drafts", "text"), ("draft_events", "payload"))


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for statement in _sqlite():
            op.execute(sa.text(statement.replace(":", r"\:")))
        return
    for statement in _postgresql():
        op.execute(sa.text(statement.replace(":", r"\:")))
    _create_casefold(connection)
    _create_sha256()
    methods = connection.scalar(sa.text("SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'"))
    if methods and "lz4" in methods:
        for table, column in BODIES:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION lz4")


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        names = connection.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        for name in names:
            op.execute(f'DROP TRIGGER "{name}"')
        return
    op.execute("DROP FUNCTION draftloom_casefold")
    op.execute("DROP FUNCTION draftloom_sha256")
    for statement in _postgresql():
        if statement.startswith("CREATE FUNCTION"):
            op.execute(f"DROP FUNCTION {statement.split()[2]} CASCADE")
