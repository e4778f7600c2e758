"""A door before PostgreSQL that cuts connections just before or just after a commit is carried out."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from typing import Literal
from urllib.parse import parse_qs, urlsplit, urlunsplit

Cut = Literal["before", "after"]
"""`before`: the commit does not reach the server. `after`: its answer does not reach us."""

_ASKED = b"COMMIT;\0"
_ANSWERED = b"COMMIT\0"


@dataclass
class Door:
    """What comes through it is cut as `cuts` says, commit by commit."""

    url: str
    """The database, by this door."""
    cuts: Iterator[Cut | None] = field(default_factory=lambda: repeat(None))
    cut: int = 0
    """How many were."""

    async def pass_on(self, server: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            theirs, ours = await _connected(server)
            try:
                await self._between(reader, writer, theirs, ours)
            finally:
                ours.transport.abort()
        finally:
            # Also of one that came as the door was closing: what is left open outlives its loop.
            writer.transport.abort()

    async def _between(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        theirs: asyncio.StreamReader,
        ours: asyncio.StreamWriter,
    ) -> None:
        pending: list[Cut | None] = []

        async def ask() -> None:
            while chunk := await reader.read(65536):
                if chunk.endswith(_ASKED):
                    pending.append(next(self.cuts, None))
                    if pending[-1] == "before":
                        break
                ours.write(chunk)
                await ours.drain()

        async def answer() -> None:
            while chunk := await theirs.read(65536):
                if _ANSWERED in chunk and pending.pop() == "after":
                    pending.append("after")
                    break
                writer.write(chunk)
                await writer.drain()

        tasks = [asyncio.ensure_future(ask()), asyncio.ensure_future(answer())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self.cut += bool(pending and pending[-1])
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def door_to(url: str) -> AsyncIterator[Door]:
    """A door to the database `url`, at first without cuts."""
    parts = urlsplit(url)
    passing: set[asyncio.Task[None]] = set()
    closed = False

    def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if closed:
            writer.transport.abort()
            return
        task = asyncio.ensure_future(door.pass_on(url, reader, writer))
        passing.add(task)
        task.add_done_callback(passing.discard)

    listening = await asyncio.start_server(enter, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    user = parts.netloc.rpartition("@")[0] or "postgres"
    door = Door(urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}", query="")))
    try:
        yield door
    finally:
        closed = True
        listening.close()
        for task in list(passing):
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        await listening.wait_closed()


async def _connected(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    folder = parse_qs(parts.query).get("host", [""])[0]
    if folder:
        return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{parts.port or 5432}")
    return await asyncio.open_connection(parts.hostname, parts.port or 5432)
