"""A bare server for `bench_store_append.py`: the store behind Litestar and uvicorn, and the same route without a database.

usage: store_server.py DATABASE PORT
 POST /append/{draft}  a command, through `drafts.receive_command`, acknowledged after its COMMIT
 POST /append-thread/{draft}  the same with the unit in the writer's thread, not on the event loop
 POST /floor/{draft}   the same body, parsed and answered without a database
"""

import gc
import sys
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar, Request, Response, post
from litestar.params import FromPath
from sqlmodel import Session

from app.core.drafts import Actor
from app.store.db import Database
from app.store.drafts import Appended, receive_command

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def application(database: Database, owner: uuid.UUID) -> Litestar:
    actor = Actor("user", owner)

    @post("/append/{draft_id:uuid}", status_code=200)
    async def append(request: Request, draft_id: FromPath[uuid.UUID]) -> Response:
        command = _decode(await request.body())
        appended = await database.write(
            receive_command, draft_id=draft_id, user_id=owner, json=command, actor=actor, at=datetime.now(UTC)
        )
        events = [{"seq": event.seq, "type": event.type, "payload": event.payload} for event in appended.events]
        body = {"seq": appended.seq, "events": events, "conflicts": []}
        return Response(_encode(body), media_type="application/json")

    def in_thread(session: Session, **command: Any) -> Appended:
        return receive_command(session, **command)

    @post("/append-thread/{draft_id:uuid}", status_code=200)
    async def append_in_thread(request: Request, draft_id: FromPath[uuid.UUID]) -> Response:
        command = _decode(await request.body())
        appended = await database.write(
            in_thread, draft_id=draft_id, user_id=owner, json=command, actor=actor, at=datetime.now(UTC)
        )
        events = [{"seq": event.seq, "type": event.type, "payload": event.payload} for event in appended.events]
        body = {"seq": appended.seq, "events": events, "conflicts": []}
        return Response(_encode(body), media_type="application/json")

    @post("/floor/{draft_id:uuid}", status_code=200)
    async def floor(request: Request, draft_id: FromPath[uuid.UUID]) -> Response:
        command = _decode(await request.body())
        events = [{"seq": command["n"], "type": "fields.edited", "payload": {"ops": command["ops"]}}]
        body = {"seq": command["n"], "events": events, "conflicts": []}
        return Response(_encode(body), media_type="application/json")

    async def close() -> None:
        await database.close()

    return Litestar([append, append_in_thread, floor], openapi_config=None, on_shutdown=[close])


def main() -> None:
    address, port, owner = sys.argv[1], int(sys.argv[2]), uuid.UUID(sys.argv[3])
    # As the product does: else the collector walks through all of Litestar and SQLAlchemy again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvicorn.run(
        application(Database.open(address), owner),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        loop="uvloop",
        http="httptools",
        access_log=False,
    )


if __name__ == "__main__":
    main()
