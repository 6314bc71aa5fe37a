"""Chat as a tree, and alternatives: several turns at once on one text.

Prompts written before this hung on nothing; each now hangs on the answer above it.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.types import BinaryUuid, JsonText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RUNNING = "state = 'running'"
ALONE = "state = 'running' AND alternatives_id IS NULL"

CHAIN = """
UPDATE chat_messages SET parent_id = (
    SELECT earlier.id FROM chat_messages AS earlier
    WHERE earlier.conversation_id = chat_messages.conversation_id AND earlier.role = 'assistant'
      AND (earlier.created_at < chat_messages.created_at
           OR (earlier.created_at = chat_messages.created_at AND earlier.id < chat_messages.id))
    ORDER BY earlier.created_at DESC, earlier.id DESC LIMIT 1
) WHERE role = 'user' AND parent_id IS NULL
"""

# Turns of one draft run at the same time only within one group, and a group belongs to one draft.
TOGETHER = (
    "NEW.state = 'running' AND EXISTS (SELECT 1 FROM turns WHERE draft_id = NEW.draft_id AND state = 'running' "
    "AND id <> NEW.id AND alternatives_id {differs} NEW.alternatives_id)"
)
FOREIGN = (
    "NEW.alternatives_id IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM alternatives WHERE id = NEW.alternatives_id AND draft_id = NEW.draft_id)"
)
INCOMPLETE = "(NEW.alternatives_id IS NULL) <> (NEW.alternative IS NULL)"
MESSAGE = "turns: several run at once only as alternatives of one group"


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "chat_places",
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("message_id", BinaryUuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id", "message_id"],
            ["chat_messages.conversation_id", "chat_messages.id"],
            name="fk_chat_places_message",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_chat_places")),
    )
    op.create_index("ix_chat_places_conversation_id_message_id", "chat_places", ["conversation_id", "message_id"])
    op.execute(CHAIN)
    op.create_table(
        "alternatives",
        sa.Column("id", BinaryUuid(), nullable=False),
        sa.Column("draft_id", BinaryUuid(), nullable=False),
        sa.Column("conversation_id", BinaryUuid(), nullable=False),
        sa.Column("prompt_message_id", BinaryUuid(), nullable=False),
        sa.Column("base_version_id", BinaryUuid(), nullable=True),
        sa.Column("taken_version_id", BinaryUuid(), nullable=True),
        sa.Column("variants", JsonText(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_alternatives_draft_id_drafts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id", "prompt_message_id"],
            ["chat_messages.conversation_id", "chat_messages.id"],
            name="fk_alternatives_prompt_message",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "conversation_id"],
            ["ai_conversations.draft_id", "ai_conversations.id"],
            name="fk_alternatives_conversation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "base_version_id"], ["versions.draft_id", "versions.id"], name="fk_alternatives_base_version"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id", "taken_version_id"], ["versions.draft_id", "versions.id"], name="fk_alternatives_taken_version"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alternatives")),
    )
    for column in ("conversation_id", "base_version_id", "taken_version_id"):
        op.create_index(f"ix_alternatives_draft_id_{column}", "alternatives", ["draft_id", column])
    op.create_index(
        "ix_alternatives_conversation_id_prompt_message_id", "alternatives", ["conversation_id", "prompt_message_id"]
    )
    if sqlite:  # where a column and its reference come in one statement, or not at all
        op.execute(
            "ALTER TABLE turns ADD COLUMN alternatives_id BLOB CONSTRAINT fk_turns_alternatives "
            "REFERENCES alternatives (id)"
        )
    else:
        op.add_column("turns", sa.Column("alternatives_id", BinaryUuid(), nullable=True))
        op.create_foreign_key("fk_turns_alternatives", "turns", "alternatives", ["alternatives_id"], ["id"])
    op.add_column("turns", sa.Column("alternative", sa.Integer(), nullable=True))
    op.drop_index("uq_turns_running", "turns")
    _running_index(ALONE)
    op.create_index("uq_turns_alternatives_id_alternative", "turns", ["alternatives_id", "alternative"], unique=True)
    for statement in _sqlite() if sqlite else _postgresql():
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for moment in ("insert", "update"):
            op.execute(f"DROP TRIGGER turns_alternatives_{moment}")
    else:
        op.execute("DROP FUNCTION turns_alternatives() CASCADE")
        op.drop_constraint("fk_turns_alternatives", "turns")
    op.execute(f"UPDATE turns SET state = 'interrupted', finished_at = created_at WHERE {RUNNING}")  # noqa: S608
    for name in ("uq_turns_running", "uq_turns_alternatives_id_alternative"):
        op.drop_index(name, "turns")
    _running_index(RUNNING)
    for column in ("alternative", "alternatives_id"):
        op.drop_column("turns", column)
    op.drop_table("alternatives")
    op.drop_table("chat_places")


def _running_index(where: str) -> None:
    op.create_index(
        "uq_turns_running",
        "turns",
        ["draft_id"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _sqlite() -> list[str]:
    refused = f"{TOGETHER.format(differs='IS NOT')} OR {FOREIGN} OR {INCOMPLETE}"
    return [
        f"CREATE TRIGGER turns_alternatives_{name} BEFORE {when} ON turns WHEN {refused} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END".replace(":", r"\:")
        for name, when in (("insert", "INSERT"), ("update", "UPDATE OF draft_id, state, alternatives_id, alternative"))
    ]


def _postgresql() -> list[str]:
    refused = f"{TOGETHER.format(differs='IS DISTINCT FROM')} OR {FOREIGN} OR {INCOMPLETE}"
    return [
        f"CREATE FUNCTION turns_alternatives() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN "
        f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER turns_alternatives BEFORE INSERT OR UPDATE OF draft_id, state, alternatives_id, alternative "
        "ON turns FOR EACH ROW EXECUTE FUNCTION turns_alternatives()",
    ]
