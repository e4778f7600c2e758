"""Calls over HTTP, and the place where receipts are called back to: lean, so that what is measured is the other side.

`python -m benchmarks.peers.load` reads one JSON object from standard input: `port`, `requests` (each the text of an
HTTP request), `connections`, `sink` (a port to take callbacks on; 0: none) and `expected` (callbacks to wait for, 0:
none). It prints one JSON object: when it began and when the last answer and the last callback came, in seconds of the
machine's monotonic clock; how many were answered with each status.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_PATIENCE = 300.0
_STILL = 20.0
"""Seconds without any callback after which no more are waited for."""
_THANKS = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nACK/Jasmin"


class Caller(asyncio.Protocol):
    """One connection: sends the next request once the last one is answered."""

    at = 0.0
    """The last answer of all, in seconds of the monotonic clock."""

    def __init__(self, waiting: list[bytes], statuses: Counter[str]) -> None:
        self._waiting, self._statuses = waiting, statuses
        self._heard = b""
        self._open = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        end = self._heard.find(b"\r\n\r\n")
        if end < 0:
            return
        if _is_whole(self._heard, end):
            self._statuses[self._heard[9:12].decode()] += 1
            Caller.at = time.monotonic()
            self._heard = b""
            self._open = False
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._open:
            self._statuses["lost"] += 1
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        if self._waiting:
            self._open = True
            self._transport.write(self._waiting.pop())
        else:
            self._transport.close()


def _is_whole(heard: bytes, end: int) -> bool:
    """Whether all of an answer is there, whose head ends at `end`."""
    if length := _LENGTH.search(heard, 0, end):
        return len(heard) >= end + 4 + int(length[1])
    return heard.endswith(b"\r\n0\r\n\r\n")


class Sink(asyncio.Protocol):
    """Takes callbacks, and says thanks for each."""

    count = 0
    at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        self._rest += data
        ended = self._rest.count(b"\r\n\r\n")
        if ended:
            self._rest = self._rest[self._rest.rindex(b"\r\n\r\n") + 4 :]
            Sink.count += ended
            Sink.at = time.monotonic()
            self._transport.write(_THANKS * ended)


async def run(asked: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    statuses: Counter[str] = Counter()
    waiting = [each.encode() for each in asked["requests"]][::-1]
    sink = await loop.create_server(Sink, "127.0.0.1", asked["sink"]) if asked["sink"] else None
    began = time.monotonic()
    calls = [
        (await loop.create_connection(lambda: Caller(waiting, statuses), "127.0.0.1", asked["port"]))[1]
        for _ in range(asked["connections"])
    ]
    async with asyncio.timeout(_PATIENCE):
        await asyncio.gather(*(call.done for call in calls))
        # What is waited for comes by many connections.
        while Sink.count < asked["expected"] and time.monotonic() - max(Sink.at, Caller.at) < _STILL:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    if sink:
        sink.close()
    told = {"began": began, "answered_at": Caller.at, "statuses": statuses}
    return {**told, "callbacks": Sink.count, "called_back_at": Sink.at, "unsent": len(waiting)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))), flush=True)
