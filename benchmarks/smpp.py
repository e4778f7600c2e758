"""Messages a second and CPU a message of the SMPP client, receipts included, against bare echoes of equal size.

`python -m benchmarks.smpp [MESSAGES]` prints one JSON object. The SMS centre and the echo server run in processes
of their own, on this machine.
"""

import asyncio
import json
import multiprocessing
import resource
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from adapters.channels import sms_smpp
from adapters.channels.sms_smpp.codec import Place, ShortMessage, encode_short_message
from adapters.channels.sms_smpp.link import connect
from adapters.channels.sms_smpp.spec import DELIVER_SM, OK
from adapters.channels.sms_smpp.window import Answer, Result
from adapters.simulators import smsc
from bot.demo.processes import free_port
from bot.model.ids import id_maker
from bot.model.message import Accepted, InboundMessage, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address

WINDOW = 500
TEXT = "Ho so 000.17.22.H56-210531-0001 da duoc tiep nhan. Ngay hen tra: 16:30 31/12/2026. Tra cuu: soan HS gui 8041"
NUMBER = "84912345678"
_IDLE = 60.0


class Measure:
    """Wall clock and this process's CPU since its making."""

    def __init__(self) -> None:
        self._began, self._cpu = time.perf_counter(), time.process_time()

    def per(self, count: int) -> dict[str, float]:
        seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        return {"per_second": round(count / seconds), "cpu_us": round(cpu / count * 1e6, 1)}


async def session(settings: sms_smpp.Settings, count: int) -> dict[str, float]:
    """The protocol alone: submits in a full window, receipts answered as they come."""
    receipts, done = 0, asyncio.Event()

    def heard(link: object, frame: object) -> None:
        nonlocal receipts
        receipts += 1
        bound.answer(DELIVER_SM, frame.sequence, OK)  # type: ignore[attr-defined]
        if receipts == count:
            done.set()

    bound = await connect(settings, heard=heard, late=lambda token, answer: None)
    body = encode_short_message(
        ShortMessage(Place(5, 0, "SOTNMT"), Place(1, 1, NUMBER), TEXT.encode(), registered_delivery=1)
    )
    statuses: list[int] = []
    left = count

    def answered(future: asyncio.Future[Result]) -> None:
        nonlocal left
        result = future.result()
        statuses.append(result.status if isinstance(result, Answer) else -1)
        if left:
            submit()

    def submit() -> None:
        nonlocal left
        left -= 1
        bound.submit(body, "").add_done_callback(answered)

    measure = Measure()
    for _ in range(min(WINDOW, count)):
        submit()
    await asyncio.wait_for(done.wait(), _IDLE)
    figures = measure.per(count)
    assert statuses == [OK] * count
    await bound.close("measured")
    return figures


async def channel(settings: sms_smpp.Settings, count: int) -> dict[str, float]:
    """The whole channel as the outbox uses it: segmenting, one task a message, receipts parsed and delivered."""
    items = list(_items(count))
    receipts, done = 0, asyncio.Event()

    async def deliver(events: Sequence[Receipt | InboundMessage]) -> None:
        nonlocal receipts
        receipts += len(events)
        if receipts >= count:
            done.set()

    async with sms_smpp.open("sms", settings) as opened, asyncio.TaskGroup() as tasks:
        assert opened.listener
        listening = tasks.create_task(opened.listener.listen(deliver))
        await asyncio.sleep(0.5)
        measure = Measure()
        under_way = asyncio.Semaphore(WINDOW)

        async def send(item: OutboxItem) -> None:
            assert isinstance(await opened.sender.send(item), Accepted)
            under_way.release()

        async with asyncio.TaskGroup() as sending:
            for item in items:
                await under_way.acquire()
                sending.create_task(send(item))
        await asyncio.wait_for(done.wait(), _IDLE)
        figures = measure.per(count)
        listening.cancel()
    return figures


class Echoes(asyncio.Protocol):
    """Counts octets that come back."""

    def __init__(self, expected: int) -> None:
        self._left = expected
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.window: asyncio.Future[None] | None = None
        self._until = 0

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self.window and self._left <= self._until:
            self.window.set_result(None)
            self.window = None

    def back_to(self, left: int) -> asyncio.Future[None]:
        self._until = left
        self.window = asyncio.get_running_loop().create_future()
        return self.window


async def echo(port: int, count: int, size: int) -> dict[str, float]:
    """The same number of requests of the same size over one link, answered with themselves; nothing is understood.

    One write a request, as many under way as the window.
    """
    loop = asyncio.get_running_loop()
    transport, echoes = await loop.create_connection(lambda: Echoes(count * size), "127.0.0.1", port)
    request = bytes(size)
    measure = Measure()
    for start in range(0, count, WINDOW):
        burst = min(WINDOW, count - start)
        back = echoes.back_to((count - start - burst) * size)
        for _ in range(burst):
            transport.write(request)
        await back
    figures = measure.per(count)
    transport.close()
    return figures


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def _serve_echo(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port)
    await server.serve_forever()


def _echo_process(port: int) -> None:
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_echo(port))


def _smsc_process(port: int, control_port: int) -> None:
    settings = smsc.Settings(port=port, control_port=control_port, delay=0.05)
    with suppress(KeyboardInterrupt):
        asyncio.run(smsc.run(settings, lambda: None))


def _items(count: int) -> list[OutboxItem]:
    now = datetime.now(UTC)
    new_id = id_maker(lambda: now)
    return [
        OutboxItem(
            id=new_id(),
            dedupe_key=str(number),
            origin="test:benchmark",
            channel="sms",
            address=Address("sms", f"+{NUMBER}"),
            lane=Lane.PUSH,
            situation=Situation.PROGRESS,
            text=TEXT,
            created_at=now,
            next_at=now,
            expires_at=now + timedelta(days=1),
        )
        for number in range(count)
    ]


def _when_listening(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def main(count: int) -> None:
    ports = free_port(), free_port(), free_port()
    spawn = multiprocessing.get_context("spawn")
    servers: list[tuple[Callable[..., None], tuple[int, ...]]] = [
        (_smsc_process, ports[:2]),
        (_echo_process, ports[2:]),
    ]
    processes = [spawn.Process(target=target, args=args, daemon=True) for target, args in servers]
    for process in processes:
        process.start()
    _when_listening(ports[0])
    _when_listening(ports[2])
    settings = sms_smpp.Settings(
        host="127.0.0.1", port=ports[0], system_id="bench", password=SecretStr("x"), source_addr="SOTNMT", window=WINDOW
    )
    size = 16 + len(TEXT) + len(NUMBER) + 36
    figures = {
        "session": asyncio.run(session(settings, count)),
        "channel": asyncio.run(channel(settings, count)),
        "echo": asyncio.run(echo(ports[2], count, size)),
    }
    for process in processes:
        process.terminate()
        process.join()
    report = {
        "messages": count,
        "window": WINDOW,
        **figures,
        "session_to_echo": round(figures["session"]["per_second"] / figures["echo"]["per_second"], 3),
        "channel_to_echo": round(figures["channel"]["per_second"] / figures["echo"]["per_second"], 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
