"""A door before a TCP server that lets everything through, and for a while late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65_536


class Proxy:
    """Each direction keeps its order; what is sent while it is slow arrives `delay` seconds later."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()
        self.delay = 0.0
        """Seconds, one way."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, inner_writer), (inner_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def deliver() -> None:
            with suppress(OSError):
                while (entry := await waiting.get())[1]:
                    await asyncio.sleep(entry[0] - loop.time())
                    sink.write(entry[1])
                    await sink.drain()
            sink.close()

        delivering = asyncio.create_task(deliver())
        try:
            with suppress(OSError):
                while chunk := await source.read(_CHUNK):
                    waiting.put_nowait((loop.time() + self.delay, chunk))
            waiting.put_nowait((0.0, b""))
            await delivering
        finally:
            delivering.cancel()
            sink.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


@asynccontextmanager
async def proxy(port: int, *, to: int, host: str = "127.0.0.1") -> AsyncIterator[Proxy]:
    """Listens on `port` of this machine, before `to`."""
    made = Proxy(host, to)
    listening = await asyncio.start_server(made.serve, host, port)
    try:
        yield made
    finally:
        listening.close()
        await made.close()
        await listening.wait_closed()
