"""What the SMPP tests share: the simulated centre with its controls, an SMSC that follows a script, items to send."""

import asyncio
import itertools
import json
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from adapters.channels import sms_smpp
from adapters.channels.sms_smpp import Settings, spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage, encode_short_message
from adapters.channels.sms_smpp.framing import Frame, Splitter, pdu
from adapters.simulators import smsc
from bot.demo.processes import free_port
from bot.model.clock import Clock, utc_now
from bot.model.ids import id_maker
from bot.model.message import ChannelDown, InboundMessage, Lane, OutboxItem, Outcome, Receipt, Situation
from bot.model.person import Address
from bot.ports import Channel

PASSWORD = "s3cr3t!x"
TLV = 0x1501
SOON = 20.0
"""Seconds after which a test gives up on something that should have happened at once."""

new_id = id_maker(utc_now)
_subscribers = itertools.count(100)


def number(ending: str = "7777") -> str:
    """A subscriber's number, another one for each of 900 calls."""
    return f"+8491{100 + next(_subscribers) % 900}{ending}"


def item(
    text: str = "Ho so da co ket qua", *, to: str = "", expires_in: float = 86_400, sender: str = ""
) -> OutboxItem:
    now = utc_now()
    return OutboxItem(
        id=new_id(),
        dedupe_key="test",
        origin="test:1",
        channel="sms",
        address=Address("sms", to or number()),
        lane=Lane.PUSH,
        situation=Situation.RESULT,
        text=text,
        created_at=now,
        next_at=now,
        expires_at=now + timedelta(seconds=expires_in),
        sender=sender,
    )


def settings_for(port: int, **changes: Any) -> Settings:
    ordinary = {
        "host": "127.0.0.1",
        "port": port,
        "system_id": "motcua",
        "password": SecretStr(PASSWORD),
        "source_addr": "SOTNMT",
        "reconnect_min": 0.05,
        "reconnect_max": 0.2,
        "bind_timeout": 20,
        "response_timeout": 20,
    }
    return Settings.model_validate({**ordinary, **changes})


def certificate(place: Path, *, names: str = "DNS:localhost,IP:127.0.0.1") -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    if shutil.which("openssl") is None and "CI" not in os.environ:
        pytest.skip("openssl, which makes the certificate of this test, is not installed")
    made, key = place / "cert.pem", place / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=motcua", "-addext", f"subjectAltName={names}", "-out", made, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@dataclass
class Events:
    """What was delivered. `failing` makes the next so many deliveries fail."""

    all: list[Receipt | InboundMessage] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    failing: int = 0
    gate: asyncio.Event | None = None
    """Deliveries wait for it where there is one."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        if self.gate:
            await self.gate.wait()
        async with self._news:
            self._news.notify_all()
            if self.failing:
                self.failing -= 1
                raise OSError("the database is away")
            self.all += events
            self.batches.append(len(events))

    @property
    def receipts(self) -> list[Receipt]:
        return [event for event in self.all if isinstance(event, Receipt)]

    @property
    def messages(self) -> list[InboundMessage]:
        return [event for event in self.all if isinstance(event, InboundMessage)]

    async def until(self, true: Callable[[Self], bool], within: float = SOON) -> None:
        async with asyncio.timeout(within), self._news:
            await self._news.wait_for(lambda: true(self))


@dataclass
class Opened:
    """A channel whose listener runs."""

    channel: Channel
    events: Events

    async def send(self, item: OutboxItem) -> Outcome:
        return await self.channel.sender.send(item)

    async def send_once_bound(self, item: OutboxItem) -> Outcome:
        """For the time after a link was lost."""
        async with asyncio.timeout(SOON):
            while True:
                outcome = await self.send(item)
                if not isinstance(outcome, ChannelDown):
                    return outcome
                await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(settings: Settings, *, events: Events | None = None, clock: Clock = utc_now) -> AsyncIterator[Opened]:
    events = events or Events()
    async with sms_smpp.open("sms", settings, clock=clock) as channel:
        assert channel.listener
        listening = asyncio.create_task(channel.listener.listen(events.deliver))
        await asyncio.sleep(0)
        try:
            yield Opened(channel, events)
        finally:
            listening.cancel()
            await asyncio.wait([listening])


@dataclass
class Centre:
    """A running simulator."""

    settings: smsc.Settings
    http: ClientSession

    @property
    def port(self) -> int:
        return self.settings.port

    async def texts(self, to: str, *, after: int = 0, wait: float = SOON) -> list[dict[str, Any]]:
        return list(await self.get("messages", number=to, after=str(after), wait=str(wait)))

    async def write(self, sender: str, text: str, *, wait: bool = False) -> tuple[int, dict[str, Any]]:
        return await self.post("mo", {"from": sender, "to": "8041", "text": text, "wait": wait})

    async def stats(self) -> dict[str, int]:
        return dict(await self.get("stats"))

    async def drop(self) -> None:
        await self.post("drop", {})

    async def get(self, path: str, **query: str) -> Any:
        async with self.http.get(self._url(path), params=query) as answer:
            return await answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(self._url(path), json=body) as answer:
            return answer.status, await answer.json()

    async def journal(self, *events: str) -> list[dict[str, Any]]:
        await asyncio.sleep(0.05)
        assert self.settings.log
        lines = [json.loads(line) for line in self.settings.log.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["event"] in events]

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.settings.control_port}/{path}"


@asynccontextmanager
async def centre(log: Path | None = None, **changes: Any) -> AsyncIterator[Centre]:
    ordinary = {"port": free_port(), "control_port": free_port(), "delay": 0.02, "repeat_after": 0.05, "log": log}
    settings = smsc.Settings.model_validate({**ordinary, **changes})
    ready = asyncio.Event()
    async with ClientSession() as http:
        serving = asyncio.create_task(smsc.run(settings, ready.set))
        try:
            async with asyncio.timeout(SOON):
                await ready.wait()
            yield Centre(settings, http)
        finally:
            serving.cancel()
            await asyncio.wait([serving])


class Scripted:
    """The SMSC's end of one connection, in the hands of the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._splitter = Splitter()
        self._frames: list[Frame] = []
        self.writer = writer

    async def read(self) -> Frame:
        async with asyncio.timeout(SOON):
            while not self._frames:
                octets = await self._reader.read(65536)
                if not octets:
                    raise EOFError
                self._frames += self._splitter.feed(octets)
        return self._frames.pop(0)

    async def expect(self, command: int) -> Frame:
        frame = await self.read()
        assert frame.command == command, frame
        return frame

    async def bind(self, status: int = spec.OK, *, command: int = spec.BIND_TRANSCEIVER) -> Frame:
        frame = await self.expect(command)
        self.send(frame.command | spec.RESPONSE, frame.sequence, b"script\0" if not status else b"", status=status)
        return frame

    def send(self, command: int, sequence: int, body: bytes = b"", *, status: int = spec.OK) -> None:
        self.writer.write(pdu(command, sequence, body, status=status))

    def accept(self, submit: Frame, message_id: str) -> None:
        self.send(spec.SUBMIT_SM_RESP, submit.sequence, message_id.encode() + b"\0")

    async def submit(self) -> Frame:
        """The next submit_sm; questions whether we live are answered on the way."""
        while (frame := await self.read()).command == spec.ENQUIRE_LINK:
            self.send(spec.ENQUIRE_LINK_RESP, frame.sequence)
        assert frame.command == spec.SUBMIT_SM, frame
        return frame

    async def is_silent(self, seconds: float = 0.1) -> bool:
        """Whether nothing comes for a while."""
        try:
            async with asyncio.timeout(seconds):
                await self.read()
        except TimeoutError:
            return True
        return False

    async def closed(self) -> None:
        async with asyncio.timeout(SOON):
            while await self._reader.read(65536):
                pass


@dataclass
class Script:
    """Accepts connections and hands them out one by one."""

    port: int
    connections: asyncio.Queue[Scripted]
    writers: list[asyncio.StreamWriter]

    async def next(self) -> Scripted:
        async with asyncio.timeout(SOON):
            return await self.connections.get()

    async def bound(self, command: int = spec.BIND_TRANSCEIVER) -> Scripted:
        connection = await self.next()
        await connection.bind(command=command)
        return connection

    def hang_up(self) -> None:
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def scripted(tls: ssl.SSLContext | None = None, *, receive_buffer: int = 0) -> AsyncIterator[Script]:
    """`receive_buffer`: octets that the system takes for a connection whose script does not read; 0: as it likes."""
    connections: asyncio.Queue[Scripted] = asyncio.Queue()
    writers: list[asyncio.StreamWriter] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        connections.put_nowait(Scripted(reader, writer))

    listening = socket.create_server(("127.0.0.1", 0))
    if receive_buffer:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    server = await asyncio.start_server(accept, sock=listening, ssl=tls)
    script = Script(server.sockets[0].getsockname()[1], connections, writers)
    try:
        yield script
    finally:
        server.close()
        script.hang_up()
        await server.wait_closed()


@asynccontextmanager
async def linked(
    *, events: Events | None = None, receive_buffer: int = 0, **changes: Any
) -> AsyncIterator[tuple[Script, Opened]]:
    """An SMSC to script, and a channel that binds to it."""
    async with (
        scripted(receive_buffer=receive_buffer) as smsc,
        opened(settings_for(smsc.port, **changes), events=events) as ours,
    ):
        try:
            yield smsc, ours
        finally:
            smsc.hang_up()


def delivery(
    text: str | bytes = "",
    *,
    esm_class: int = 0,
    coding: int = 0,
    tlvs: dict[int, bytes] | None = None,
    sender: str = "84912345678",
    to: str = "8041",
) -> bytes:
    """The body of a deliver_sm."""
    octets = text if isinstance(text, bytes) else text.encode("utf-16-be" if coding == spec.UCS_2 else "ascii")
    return encode_short_message(
        ShortMessage(Place(1, 1, sender), Place(3, 0, to), octets, esm_class, coding, tlvs=tlvs or {})
    )


async def wait_all(*awaitables: Awaitable[Outcome]) -> list[Outcome]:
    async with asyncio.timeout(SOON):
        return list(await asyncio.gather(*awaitables))


NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
