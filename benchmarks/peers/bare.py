"""The limit: a pipeline without any of our rules, fed by itself in batches, or by one HTTP request a message.

`python -m benchmarks.peers.bare URL CENTRE COUNT [WEB]` says `ready`; without WEB (a port) it waits for a line on its
standard input and plans COUNT messages, with it it takes them by POST, each answered after its commit. Every step is
durable, and receipts are answered after theirs. It prints when it began, had planned all, and had recorded all.
"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import (
    Bind,
    Place,
    ShortMessage,
    decode_short_message,
    encode_bind,
    encode_short_message,
    first_text,
)  # fmt: skip
from adapters.channels.sms_smpp.framing import Frame, Splitter, pdu
from benchmarks.peers.bare_stores import BATCH, Claimed, Fresh, Store, opened
from benchmarks.peers.stage import TEXT, phone


class Client(asyncio.Protocol):
    """Submits, and collects answers and receipts."""

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._sequence = 0
        self._answers: dict[int, str] = {}
        """By sequence: the id of the message that waits for its answer."""
        self._references: list[tuple[str, str]] = []
        self._answered = asyncio.Event()
        self.receipts: list[tuple[int, str]] = []
        self.received = asyncio.Event()
        self.bound: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport
        transport.write(pdu(spec.BIND_TRANSCEIVER, 0, encode_bind(Bind("bare", "bare"))))

    def data_received(self, data: bytes) -> None:
        for frame in self._splitter.feed(data):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        if frame.command == spec.SUBMIT_SM_RESP:
            self._references.append((first_text(frame.body), self._answers.pop(frame.sequence)))
            if not self._answers:
                self._answered.set()
        elif frame.command == spec.DELIVER_SM:
            words = decode_short_message(frame.body).octets
            self.receipts.append((frame.sequence, words[3 : words.index(b" ")].decode()))
            self.received.set()
        elif not self.bound.done():
            self.bound.set_result(None)

    async def send(self, claimed: Sequence[Claimed]) -> list[tuple[str, str]]:
        """All of them in one write; their references and ids."""
        written = []
        for identity, address, text in claimed:
            self._sequence += 1
            self._answers[self._sequence] = identity
            body = ShortMessage(Place(5, 0, "8041"), Place(1, 1, address), text.encode(), registered_delivery=1)
            written.append(pdu(spec.SUBMIT_SM, self._sequence, encode_short_message(body)))
        self._answered.clear()
        self._transport.write(b"".join(written))
        await self._answered.wait()
        references, self._references = self._references, []
        return references

    def acknowledge(self, receipts: Sequence[tuple[int, str]]) -> None:
        self._transport.write(b"".join(pdu(spec.DELIVER_SM_RESP, sequence, b"\0") for sequence, _ in receipts))


class Pipeline:
    """Insert, claim, send, settle, receipt: three tasks, as many transactions as there are batches."""

    def __init__(self, store: Store, client: Client, count: int) -> None:
        self._store, self._client, self._count = store, client, count
        self._news = asyncio.Event()
        self._waiting: list[tuple[Fresh, asyncio.Future[None]]] = []
        self._asked = asyncio.Event()
        self.planned_at = 0.0

    async def plan(self, numbers: range) -> None:
        for start in range(numbers.start, numbers.stop, BATCH):
            await self._store.insert([fresh(n, phone(n)) for n in range(start, min(start + BATCH, numbers.stop))])
            self._news.set()
        self.planned_at = time.monotonic()

    async def take(self, number: int, to: str) -> None:
        """Durable when it returns: with all that came in the same moment."""
        promise: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((fresh(number, to), promise))
        self._asked.set()
        await promise

    async def commit_groups(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            group, self._waiting = self._waiting, []
            await self._store.insert([row for row, _ in group])
            for _, promise in group:
                promise.set_result(None)
            self._news.set()
            self.planned_at = time.monotonic()

    async def send(self) -> None:
        sent = 0
        while sent < self._count:
            await self._news.wait()
            self._news.clear()
            while claimed := await self._store.claim():
                await self._store.settle(await self._client.send(claimed))
                sent += len(claimed)

    async def receive(self) -> None:
        recorded, client = 0, self._client
        while recorded < self._count:
            await client.received.wait()
            client.received.clear()
            receipts, client.receipts = client.receipts, []
            await self._store.receive([reference for _, reference in receipts])
            client.acknowledge(receipts)
            recorded += len(receipts)


def fresh(number: int, to: str) -> Fresh:
    return (f"01BARE{number:020d}", f"k{number}", "sms", f"84{to[1:]}", TEXT, 0, "queued")


async def run(url: str, centre: int, count: int, port: int) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    async with opened(url) as store:
        _, client = await loop.create_connection(Client, "127.0.0.1", centre)
        await client.bound
        pipeline = Pipeline(store, client, count)
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(pipeline.send()), tasks.create_task(pipeline.receive())]
            if port:
                await _taking(pipeline, port, tasks, work)
            else:
                await _planning(pipeline, count, tasks, work)
        return {"planned": pipeline.planned_at, "delivered": await store.delivered()}


async def _planning(pipeline: Pipeline, count: int, tasks: asyncio.TaskGroup, work: list[asyncio.Task[None]]) -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"began": time.monotonic()}), flush=True)
    work.append(tasks.create_task(pipeline.plan(range(count))))
    await asyncio.wait(work)


async def _taking(pipeline: Pipeline, port: int, tasks: asyncio.TaskGroup, work: list[asyncio.Task[None]]) -> None:
    grouping = tasks.create_task(pipeline.commit_groups())
    runner = await _serve(pipeline, port)
    print("ready", flush=True)
    await asyncio.wait(work)
    await runner.cleanup()
    grouping.cancel()


async def _serve(pipeline: Pipeline, port: int) -> web.AppRunner:
    taken = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal taken
        asked = json.loads(await request.read())
        taken += 1
        await pipeline.take(taken, asked["to"]["phone"])
        return web.Response(body=b'{"ok": true}', status=202, content_type="application/json")

    app = web.Application()
    app.router.add_post("/api/v1/notifications", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


if __name__ == "__main__":
    url, *numbers = sys.argv[1:]
    print(json.dumps(asyncio.run(run(url, int(numbers[0]), int(numbers[1]), int([*numbers, "0"][2])))), flush=True)
