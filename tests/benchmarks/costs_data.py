"""A year of ledger rows with the drafts and versions they paid for, and their sums, written in bulk into either database.

60 people in six groups, each beginning a draft every ten days, on three models; two of three attempts make a version, one in
500 has no known price at first, half of those get it by an adjustment. In every third draft the line is gone back on by ten versions
after every twenty, and every third of those lines is merged again later.
"""

import hashlib
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlmodel import Session

from app.store.db import Database
from app.store.finance.proof import sums_statement
from app.store.finance.sums import COUNTED, GRAINS, MONTHLY, NAMED, midnight

PEOPLE = 60
PEOPLE_A_GROUP = 10
MODELS = (("anthropic", "claude-sonnet"), ("anthropic", "claude-haiku"), ("openai", "gpt"))
DAYS = 365
BEGUN = date(2026, 1, 1)

ENTRY = (
    "id", "at", "turn_id", "attempt", "draft_id", "conversation_id", "version_id", "user_id", "group_id", "cost_centre",
    "provider", "model", "outcome", "status", "input_tokens", "cache_read_tokens", "cache_write_5m_tokens",
    "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "requests", "amount_nano", "adjusts_id",
)  # fmt: skip
VERSION = (
    "id", "draft_id", "number", "parent_id", "merged_from_id", "seq", "source", "words", "words_delta", "depth", "hash",
    "created_at", "full",
)  # fmt: skip
STREAM = (
    "id", "kind", "owner_id", "title", "excerpt", "seq", "head_hash", "status", "words", "completion", "autosaves",
    "manual_saves", "rebuilds", "saved_at", "created_at",
)  # fmt: skip
_DRAFT = ("id", "user_id", "title", "current_version_id", "created_at", "updated_at", "text")
_USER = ("id", "email", "name", "roles", "created_at")
_AT_ONCE = 20_000
_FROM_ROWS = ("day", "version", "loose_day")
_BULKY = ("ledger_entries", "cost_sums", "version_sums", "versions")


class Line:
    """The versions of one draft as they are made."""

    def __init__(self, owner: Any, parts: bool) -> None:
        self.owner = owner
        self.parts = parts
        self.ids: list[Any] = []

    def add(self, id_: Any) -> tuple[int, Any, Any]:
        """Number, parent and what is merged into this one."""
        self.ids.append(id_)
        number = len(self.ids)
        if number == 1:
            return 1, None, None
        if self.parts and number % 20 == 0:
            return number, self.ids[number - 11], None
        merged = self.ids[number - 4] if self.parts and number % 60 == 2 and number > 60 else None
        return number, self.ids[number - 2], merged


@dataclass(frozen=True, slots=True)
class Forms:
    """How a driver takes an id, and a moment given by its day and second."""

    id_of: Callable[[int], Any]
    at: Callable[[date, int], Any]


def _at_text(day: date, second: int) -> str:
    return f"{day} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000"


OBJECTS = Forms(lambda number: uuid.UUID(int=number), lambda day, second: midnight(day) + timedelta(seconds=second))
FORMS = {
    "sqlite": Forms(lambda number: number.to_bytes(16, "big"), _at_text),
    "postgresql": Forms(lambda number: f"{number:032x}", lambda day, second: _at_text(day, second) + "+00"),
}


def entry(chance: random.Random, number: int, rows: int, forms: Forms) -> tuple[Any, ...]:
    """Values of `ENTRY`, of one in so many rows of the year."""
    at_random, id_of = chance.random, forms.id_of
    person = int(at_random() * PEOPLE)
    provider, model = MODELS[int(at_random() * 3)]
    day = number * DAYS // rows
    draft = (person << 64) + day // 10 + 1
    unknown = number % 500 == 0
    return (
        id_of((1 << 120) + number), forms.at(BEGUN + timedelta(days=day), int(at_random() * 86_400)),
        id_of((2 << 120) + number), 1, id_of(draft), id_of(draft + (1 << 100)),
        id_of((3 << 120) + number) if number % 3 else None, id_of(person + 1),
        id_of(person // PEOPLE_A_GROUP + 1), None, provider, model, "done", "unknown" if unknown else "reported",
        int(at_random() * 5_000), 0, 0, 0, int(at_random() * 1_000), 0, "{}",
        None if unknown else int(at_random() * 1e8), None,
    )  # fmt: skip


def entries(rows: int, forms: Forms) -> Iterator[tuple[Any, ...]]:
    """All rows of the year in their order."""
    chance, before = random.Random(7), None
    for number in range(rows):
        if number % 1_000 == 1 and before is not None:
            # The adjustment that gives the row before its price.
            before = (
                forms.id_of((1 << 120) + number), before[1], None, None, *before[4:12], "adjustment", "reported",
                0, 0, 0, 0, 0, 0, "{}", 7_000_000, before[0],
            )  # fmt: skip
        else:
            before = entry(chance, number, rows, forms)
        yield before


class Bulk:
    """Writes whole tables past SQLAlchemy: `COPY` on PostgreSQL, `executemany` on SQLite."""

    def __init__(self, driver: Any, dialect: str) -> None:
        self.driver = driver
        self.sqlite = dialect == "sqlite"
        self.forms = FORMS[dialect]

    def add(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Rows of values in the driver's forms."""
        named = ", ".join(f'"{name}"' for name in columns)
        if self.sqlite:
            self.driver.executemany(f"INSERT INTO {table} ({named}) VALUES ({', '.join('?' * len(columns))})", rows)
            return
        lines = ["\t".join(["\\N" if value is None else str(value) for value in row]) for row in rows]
        self.copy_in(f"COPY {table} ({named}) FROM STDIN", lines)

    def copy_in(self, statement: str, lines: Sequence[str]) -> None:
        """Lines of COPY's text form, without their ends."""
        with self.driver.cursor() as cursor, cursor.copy(statement) as copy:
            for start in range(0, len(lines), _AT_ONCE):
                copy.write("".join(f"{line}\n" for line in lines[start : start + _AT_ONCE]))

    def octets(self, value: bytes) -> Any:
        return value if self.sqlite else "\\\\x" + value.hex()

    @contextmanager
    def without_rules(self) -> Iterator[None]:
        """Indexes of the large tables are made when the rows are there; triggers and foreign keys do not look at each row."""
        listed = ", ".join(f"'{table}'" for table in _BULKY)
        if self.sqlite:
            found = self.driver.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
                f" AND tbl_name IN ({listed}) ORDER BY type"
            ).fetchall()
        else:
            self.driver.execute("SET LOCAL session_replication_role = replica")
            self.driver.execute("SET LOCAL maintenance_work_mem = '256MB'")
            self.driver.execute("SET LOCAL work_mem = '256MB'")
            found = self.driver.execute(
                f"SELECT 'index', indexname, indexdef FROM pg_indexes WHERE tablename IN ({listed}) AND NOT EXISTS"
                " (SELECT 1 FROM pg_constraint WHERE conname = indexname)"
            ).fetchall()
        for kind, name, _statement in found:
            self.driver.execute(f'DROP {kind} "{name}"')
        yield
        for _kind, _name, statement in found:
            self.driver.execute(statement)


def load(database: Database, rows: int) -> None:
    """So many rows with everything that belongs to them."""
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        if database.dialect == "sqlite":
            # A load that is lost is begun anew.
            for setting in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-1000000"):
                driver.execute(f"PRAGMA {setting}")  # type: ignore[union-attr]
        with Session(connection) as session:
            session.connection()
            bulk = Bulk(driver, database.dialect)
            with bulk.without_rules():
                _add_rows(bulk, rows)
                _add_sums(session, bulk)
            session.commit()
        connection.invalidate()
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    # SQLite keeps no statistics unless it is told to, and no installation tells it to.


def _add_rows(bulk: Bulk, rows: int) -> None:
    """The ledger's rows, and the people, drafts and versions they are about."""
    id_of, begun = bulk.forms.id_of, bulk.forms.at(BEGUN, 0)
    hashed, full, lines = bulk.octets(b"h" * 32), bulk.octets(b"text"), dict[Any, Line]()
    people = [(id_of(n + 1), f"{n}@example.org", f"Person {n}", "[]", begun) for n in range(PEOPLE)]
    bulk.add("users", _USER, people)
    every = entries(rows, bulk.forms)
    while some := list(islice(every, _AT_ONCE)):
        bulk.add("ledger_entries", ENTRY, some)
        made = []
        for row in some:
            at, draft_id, version_id, owner = row[1], row[4], row[6], row[7]
            line = lines.get(draft_id)
            if line is None:
                line = lines[draft_id] = Line(owner, len(lines) % 3 == 0)
            if version_id is not None and row[-1] is None:
                place, parent, merged = line.add(version_id)
                made.append(
                    (version_id, draft_id, place, parent, merged, place, "ai_edit", 300, 1, 0, hashed, at, full)
                )
        bulk.add("versions", VERSION, made)
    streams = [
        (id_, "document", line.owner, "A draft", "", len(line.ids), hashed, "open", 300, 0, 0, 0, 0, begun, begun)
        for id_, line in lines.items()
    ]
    bulk.add("draft_streams", STREAM, streams)
    drafts = [
        (id_, line.owner, "A draft", line.ids[-1] if line.ids else None, begun, begun, "")
        for id_, line in lines.items()
    ]
    bulk.add("drafts", _DRAFT, drafts)


# Sums


def _add_sums(session: Session, bulk: Bulk) -> None:
    """Added up by the database: the finest grains in the words `costs check` adds rows up in, the others from the days'. Only
    the digest of a key is made here."""
    dialect = session.get_bind().dialect
    for grain, apart in GRAINS.items():
        if grain in _FROM_ROWS:
            source = sums_statement(session, grain).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        else:
            month = "date(start, 'start of month')" if bulk.sqlite else "date_trunc('month', start)::date"
            start = month if grain in MONTHLY else "start"
            added = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in COUNTED)
            names = ", ".join(apart)
            finer = "loose_day" if grain == "loose" else "day"
            source = (
                f"SELECT {start}, {names}, {added} FROM cost_sums WHERE grain = '{finer}' GROUP BY {start}, {names}"
            )
        _write_sums(bulk, grain, str(source))


def _write_sums(bulk: Bulk, grain: str, source: str) -> None:
    """`source` has the start, what the grain tells apart, and what is counted. No version here has a further sum."""
    apart, of_version = GRAINS[grain], grain == "version"
    table = "version_sums" if of_version else "cost_sums"
    named = [name for name in NAMED if of_version or name != "version_id"]
    columns = (*(("month", "further") if of_version else ("grain",)), "start", "id", *named, *COUNTED)
    told = {name: f"c{1 + at}" for at, name in enumerate(apart)}
    keys = [told.get(name, "NULL") for name in NAMED]
    values = [told.get(name, "NULL") for name in named]
    values += [f"c{1 + len(apart) + at}" for at in range(len(COUNTED))]
    whole = ", ".join(f"c{at}" for at in range(1 + len(apart) + len(COUNTED)))
    found = f"WITH found({whole}) AS ({source})"
    if bulk.sqlite:
        bulk.driver.create_function("key_digest", len(NAMED), _digest_of_bytes, deterministic=True)
        first = "date(c0, 'start of month'), 0" if of_version else f"'{grain}'"
        order = f"{told['version_id']}, 3" if of_version else "2, 3"
        bulk.driver.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) {found} SELECT {first}, c0,"
            f" key_digest({', '.join(keys)}), {', '.join(values)} FROM found ORDER BY {order}"
        )
        return
    first = "date_trunc('month', c0)::date, false" if of_version else f"'{grain}'"
    reading = f"COPY ({found} SELECT {', '.join([*keys, first, 'c0', *values])} FROM found) TO STDOUT"
    with bulk.driver.cursor() as cursor, cursor.copy(reading) as copy:
        lines = [_with_digest(bytes(line), 3 if of_version else 2) for line in copy]
    bulk.copy_in(f"COPY {table} ({', '.join(columns)}) FROM STDIN", lines)


def _uuid_text(value: bytes) -> str:
    digits = value.hex()
    return f"={digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_known_uuid_text = lru_cache(maxsize=100_000)(_uuid_text)


def _digest_of_bytes(user: Any, draft: Any, chat: Any, version: Any, group: Any, *texts: Any) -> bytes:
    parts = ["" if value is None else _known_uuid_text(value) for value in (user, draft, chat)]
    parts.append("" if version is None else _uuid_text(version))
    parts.append("" if group is None else _known_uuid_text(group))
    parts += ["" if value is None else f"={value}" for value in texts]
    return _digest("\0".join(parts))


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _with_digest(line: bytes, place: int) -> str:
    """A line of COPY's text form without the names it begins with, but with their digest at a place; no name needs an escape."""
    values = line.decode().rstrip("\n").split("\t")
    names, rest = values[: len(NAMED)], values[len(NAMED) :]
    key = "\0".join(["" if name == "\\N" else f"={name}" for name in names])
    return "\t".join([*rest[:place], _digest(key).hex(), *rest[place:]])
