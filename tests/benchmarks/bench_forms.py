"""One answer of a form saved through HTTP, beside the autosave of a document in the same run.

The form is filled in (14 answers and 600 characters of prose), as it is when somebody corrects it.
"""

import asyncio
import tempfile
from pathlib import Path
from uuid import UUID

import msgspec
from sqlmodel import Session, select

from app.core.drafts import Actor
from app.services.clock import system_clock
from app.services.forms.definitions import FormDefinitions
from app.services.forms.starting import first_fields
from app.settings import ROOT
from app.store import drafts as draft_store
from app.store.db import Database
from app.store.tables import User
from tests.benchmarks import bench_autosave
from tests.benchmarks.bench_autosave import TOKEN, WORDS
from tests.benchmarks.load import Load, http_request, run_load
from tests.benchmarks.server import served

CONNECTIONS = (1, 50)
SECONDS = 4
SIZE = 20_000


def prepare_forms(data: Path, count: int) -> list[str]:
    """Filled-in forms of the person that is there, each about a subject of its own."""
    form = FormDefinitions.load(ROOT / "templates" / "forms").get("gig")
    given = {field.key: "answer" for field in form.fields if not field.options and field.control != "prose"}
    given |= {field.key: WORDS * 3 for field in form.fields if field.control == "prose"}
    db = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    with db.transaction() as session:
        owner = _person(session)
        heads = [
            draft_store.create_stream(
                session,
                kind="form",
                owner_id=owner.id,
                actor=Actor("user", owner.id),
                at=system_clock(),
                fields=first_fields(form, UUID(int=number + 1)) | given,
            )
            for number in range(count)
        ]
    asyncio.run(db.close())
    return [str(head.id) for head in heads]


def _person(session: Session) -> User:
    return session.exec(select(User)).one()


def answer(replica: str, n: int) -> bytes:
    op = {"field": "data.title", "set": f"Portraits of our bakers, version {n}"}
    return msgspec.json.encode({"replica": replica, "n": n, "base_seq": n, "ops": [op]})


def prose(replica: str, n: int) -> bytes:
    length = len(WORDS * 3) + (n - 1) * 5
    op = {"field": "text.description", "changes": [length, [0, "word "]]}
    return msgspec.json.encode({"replica": replica, "n": n, "base_seq": n, "ops": [op]})


def main() -> None:
    most = max(CONNECTIONS)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        documents = bench_autosave.prepare(data, most * len(CONNECTIONS), SIZE)
        forms = prepare_forms(data, 2 * most * len(CONNECTIONS))
        with served(data) as (port, _):
            for turn, connections in enumerate(CONNECTIONS):

                def saved(ids: list[str], offset: int, make: object, connections: int = connections) -> Load:
                    return asyncio.run(
                        run_load(
                            port, connections=connections, seconds=SECONDS,
                            request=lambda c, n: http_request(
                                "POST", f"/api/drafts/{ids[offset + c]}/commands", TOKEN, make(f"r{c}", n)  # type: ignore[operator]
                            ),
                        )
                    )  # fmt: skip

                document = saved(documents, turn * most, lambda replica, n: bench_autosave.command(replica, n, SIZE))
                for name, offset, make in (("one value", 0, answer), ("a word of prose", most, prose)):
                    load = saved(forms, 2 * turn * most + offset, make)
                    print(
                        f"form, {name}, {connections} connections: {load.per_second:,.0f}/s, p50 {load.p50:.2f} ms, "
                        f"p99 {load.p99:.2f} ms · document autosave {document.per_second:,.0f}/s, "
                        f"p50 {document.p50:.2f} ms · ratio {load.per_second / document.per_second:.2f}× · "
                        f"failures {load.failures + document.failures}"
                    )


if __name__ == "__main__":
    main()
