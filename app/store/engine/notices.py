"""Notices between the processes that share one PostgreSQL database: LISTEN and NOTIFY, on connections of their own.

A notice is short and kept nowhere; who does not listen at that moment never hears it. So it only says that something
happened: what happened is read from the database.

The driver is imported where a connection is opened: it takes 7 MB, which a server on SQLite saves.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine

from app.store.errors import StoreUnavailable

if TYPE_CHECKING:
    import psycopg

MOST_BYTES = 7_900
"""PostgreSQL carries less than 8,000 bytes (https://www.postgresql.org/docs/15/sql-notify.html)."""

_ASK_EVERY_SECONDS = 15.0
_ANSWER_WITHIN_SECONDS = 10.0
"""A connection whose other end is gone without a word says nothing, as one on which nothing happens does."""


class Notices:
    """Opens its connections when they are first needed, and again after they were lost."""

    def __init__(self, engine: Engine) -> None:
        _, self._parameters = engine.dialect.create_connect_args(engine.url)
        self._sending: psycopg.AsyncConnection[Any] | None = None

    async def send(self, payload: str) -> None:
        """To everybody who listens, this process included. Raises StoreUnavailable."""
        try:
            with _translated():
                if self._sending is None:
                    self._sending = await self._connect()
                async with asyncio.timeout(_ANSWER_WITHIN_SECONDS):
                    await self._sending.execute("SELECT pg_notify('draftloom', %s)", (payload,))
        except StoreUnavailable:
            await self.close()
            raise

    async def listen(self) -> AsyncGenerator[str | None, None]:
        """None once it listens, then each notice. Ends with StoreUnavailable when the connection is lost."""
        with _translated():
            async with await self._connect() as connection:
                await connection.execute("LISTEN draftloom")
                yield None
                while True:
                    async for notice in connection.notifies(timeout=_ASK_EVERY_SECONDS):
                        yield notice.payload
                    async with asyncio.timeout(_ANSWER_WITHIN_SECONDS):
                        await connection.execute("SELECT 1")

    async def close(self) -> None:
        """Ends the connection that sends; the one that listens ends with its iterator."""
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending.close()

    async def _connect(self) -> "psycopg.AsyncConnection[Any]":
        import psycopg

        return await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True, connect_timeout=10)


@contextmanager
def _translated() -> Iterator[None]:
    import psycopg

    try:
        yield
    except (psycopg.Error, OSError) as error:  # a timeout is an OSError
        raise StoreUnavailable(str(error).strip().partition("\n")[0]) from error
