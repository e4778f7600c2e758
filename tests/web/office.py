"""The rest of the service, small: hears visitors and answers them through the real outbox and channel."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout, CookieJar

from adapters.channels import webchat
from bot import receipts
from bot.config import PageSettings
from bot.demo.processes import free_port
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState, File, InboundMessage, Lane, Option, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import Channel, Settlement, Storage
from bot.web.context import WebContext
from bot.web.server import build_app, serve

SECRET = b"a secret of thirty-two bytes ..."
CODE = "H56.14-251103-0042"


class Clock:
    """Real time, which a test may move."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.moved


class Clerk:
    """Answers every message once."""

    def __init__(self, storage: Storage, channel: Channel, clock: Clock) -> None:
        self.storage = storage
        self.channel = channel
        self.clock = clock
        self.new_id = id_maker(clock)
        self.heard: list[InboundMessage] = []
        self.receipts: list[Receipt] = []
        self.receipt_came = asyncio.Event()
        self.is_slow = False
        """Answers wait in the outbox until `send_all`."""
        self.is_deaf = False
        """Nothing can be made durable."""
        self.answer = "Đã nhận: {text}"
        self.answers = 1
        """Messages to answer each one with."""
        self.tellings = 0
        """How often receipts came, one or many at once."""
        self.options: tuple[Option, ...] = ()
        """What can be chosen below every answer."""

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        if self.is_deaf:
            raise OSError("disk full")
        self.tellings += isinstance(events[0], Receipt)
        for event in events:
            if isinstance(event, Receipt):
                self.receipts.append(event)
                await receipts.record(self.storage, [event])
                self.receipt_came.set()
            elif await self.storage.write(lambda tx, event=event: tx.conversations.first_time(event)):  # type: ignore[misc]
                self.heard.append(event)
                await self._answer(event)
        if not self.is_slow:
            await self.send_all()

    async def _answer(self, message: InboundMessage) -> None:
        origin = f"inbound:{message.channel}:{message.message_id}"
        texts = [self.answer.format(text=message.text), *(f"{number}: {message.text}" for number in (2, 3))]
        for text in texts[: self.answers]:
            await self.enqueue(message.sender, text, origin, options=self.options)

    async def tell(
        self, address: Address, text: str, options: tuple[Option, ...] = (), files: tuple[File, ...] = ()
    ) -> OutboxItem:
        """Sends something that was not asked for."""
        item = await self.enqueue(address, text, f"test:{self.new_id()}", options=options, files=files)
        await self.send_all()
        return item

    async def enqueue(
        self,
        address: Address,
        text: str,
        origin: str,
        *,
        options: tuple[Option, ...] = (),
        files: tuple[File, ...] = (),
    ) -> OutboxItem:
        now, item_id = self.clock(), self.new_id()
        item = OutboxItem(
            id=item_id,
            dedupe_key=item_id,
            origin=origin,
            channel=self.channel.name,
            address=address,
            lane=Lane.REPLY,
            situation=Situation.REPLY,
            text=text,
            options=options,
            files=files,
            created_at=now,
            next_at=now,
            expires_at=now + timedelta(hours=1),
        )
        await self.storage.write(lambda tx: tx.outbox.enqueue([item]))
        return item

    async def send_all(self) -> None:
        items = await self._claim()
        for item in items:
            await self.channel.sender.send(item)
        await self._settle({item.id: DeliveryState.ACCEPTED for item in items})

    async def send_past_the_feed(self, item_id: str) -> None:
        """Sends one of the waiting messages, as another process would; the others go on waiting."""
        states = dict.fromkeys([item.id for item in await self._claim()], DeliveryState.QUEUED)
        await self._settle(states | {item_id: DeliveryState.ACCEPTED})

    async def _claim(self) -> list[OutboxItem]:
        now = self.clock()
        until = now + timedelta(minutes=1)
        name = self.channel.name
        claimed = await self.storage.write(
            lambda tx: tx.outbox.claim(name, owner="clerk", now=now, lease_until=until, limit=100)
        )
        return [each.item for each in claimed]

    async def _settle(self, states: Mapping[str, DeliveryState]) -> None:
        now = self.clock()
        settlements = [
            Settlement(item_id=item_id, owner="clerk", state=state, at=now, next_at=now)
            for item_id, state in states.items()
        ]
        await self.storage.write(lambda tx: tx.outbox.settle(settlements))


@dataclass
class Visitor:
    """A browser without JavaScript and without a screen."""

    http: ClientSession
    url: str
    token: str = ""
    page: str = ""

    @property
    def bubbles(self) -> list[str]:
        """What is said on the page, as a reader sees it."""
        said = re.findall(r'<li class="said.*?<p>(.*?)</p>', self.page, re.DOTALL)
        return [unescape(re.sub(r"<[^>]*>", "", each)) for each in said]

    async def come(self, path: str = "/") -> str:
        async with self.http.get(self.url + path) as answer:
            self.page = await answer.text()
        self.token = found(r'name="token" value="([^"]+)"', self.page)
        return self.page

    async def submit(self, text: str, to: str = "/tra-cuu", **changes: str) -> ClientResponse:
        """Fills in the form of the page that was seen last."""
        fields = {"text": text, "token": self.token, "id": found(r'name="id" value="([^"]+)"', self.page)} | changes
        answer = await self.http.post(self.url + to, data=fields)
        self.page = await answer.text()
        return answer

    async def choose(self, label: str) -> ClientResponse:
        """Presses a button below an answer."""
        says = found(rf'name="text" value="([^"]*)"[^>]*>{re.escape(label)}<', self.page)
        return await self.submit(unescape(says))

    @property
    def choices(self) -> list[str]:
        """What stands on the buttons below the answers."""
        return [unescape(label) for label in re.findall(r'class="choice"[^>]*>([^<]*)<', self.page)]

    async def post(self, path: str, body: Any, **headers: str) -> ClientResponse:
        """Sends what the page's script would send."""
        answer = await self.http.post(self.url + path, json=body, headers={"X-Form-Token": self.token} | headers)
        await answer.read()
        return answer

    @asynccontextmanager
    async def stream(self, last: str = "") -> AsyncIterator["Stream"]:
        headers = {"Last-Event-ID": last} if last else {}
        async with self.http.get(f"{self.url}/chat/events", headers=headers) as answer:
            assert answer.status == 200
            yield Stream(answer)


class Stream:
    """Reads server-sent events."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> dict[str, str]:
        """The fields of the next event; a comment has the field `comment`."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while line := (await self.answer.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ") if not line.startswith(":") else ("comment", "", line)
                fields[name] = value
            return fields

    async def next_message(self) -> dict[str, str]:
        while "data" not in (event := await self.next()):
            pass
        return event


@dataclass
class Office:
    """A running web face and what is behind it."""

    url: str
    port: int
    clerk: Clerk
    channel: Channel
    clock: Clock
    context: WebContext
    rooms: webchat.Rooms
    serving: AsyncExitStack
    visitors: AsyncExitStack

    async def stop(self) -> None:
        """Stops serving; the visitors stay."""
        await self.serving.aclose()

    async def visitor(self) -> Visitor:
        """Somebody who has opened the page."""
        visitor = await self.stranger()
        await visitor.come()
        return visitor

    async def stranger(self) -> Visitor:
        http = ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(total=20))
        return Visitor(await self.visitors.enter_async_context(http), self.url)


@asynccontextmanager
async def open_office(storage: Storage, /, **changes: Any) -> AsyncIterator[Office]:
    """Serves on a free port. `changes` are fields of the `WebContext`."""
    async with AsyncExitStack() as stack:
        clock, port = Clock(), free_port()
        channel = await stack.enter_async_context(webchat.open("webchat", webchat.Settings()))
        assert channel.feed is not None
        clerk = Clerk(storage, channel, clock)
        context = replace(
            WebContext(
                storage=storage,
                deliver=clerk.deliver,
                feed=channel.feed,
                secret=SECRET,
                clock=clock,
                new_id=id_maker(clock),
                settings=PageSettings(heartbeat=0.3),
            ),
            **changes,
        )
        serving = await stack.enter_async_context(AsyncExitStack())
        await serving.enter_async_context(serve(build_app(context), "127.0.0.1", port))
        visitors = await stack.enter_async_context(AsyncExitStack())
        rooms = channel.feed
        assert isinstance(rooms, webchat.Rooms)
        yield Office(f"http://127.0.0.1:{port}", port, clerk, channel, clock, context, rooms, serving, visitors)


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    return match.group(1) if match else ""
