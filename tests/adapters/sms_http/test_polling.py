"""Receipts that are asked for, where a provider calls nobody back."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from aiohttp import web

from adapters.channels import sms_http
from adapters.channels.sms_http import polling
from adapters.channels.sms_http.polling import Outstanding
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Status, Verdict
from adapters.channels.sms_http.providers import PROVIDERS
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.message import Accepted, DeliveryState
from bot.ports import Channel
from tests.adapters.sms_http.support import Heard, free_port, item
from tests.support.making import Time


class Asked(Provider[HttpSettings]):
    """The least that a provider who is asked for receipts is."""

    settings_class = HttpSettings
    receipts = True
    polls = True
    most_asked: ClassVar[int] = 3

    def request(self, message: Outgoing, token: str) -> Request:
        return Request.of_json("/send", {"id": message.id})

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        return Reading(Verdict.ACCEPTED, references=(message.id,))

    def status_request(self, references: Any) -> Request:
        return Request.of_json("/status", list(references))

    def read_status(self, answer: Answer, references: Any) -> list[Status]:
        return [Status(name, DeliveryState(state), "6", "viettel") for name, state in answer.json()["said"].items()]


@dataclass
class House:
    """What the provider says of each message when it is asked, one word after the other; the last one stays."""

    url: str = ""
    words: list[str] = field(default_factory=lambda: ["delivered"])
    asked: list[list[str]] = field(default_factory=list)
    broken: int = 0
    """How often it answers what nobody can read."""

    async def send(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def status(self, request: web.Request) -> web.Response:
        references = await request.json()
        self.asked.append(references)
        if self.broken:
            self.broken -= 1
            return web.Response(status=500, text="oops")
        times = sum(references[0] in batch for batch in self.asked)
        word = self.words[min(times, len(self.words)) - 1]
        return web.json_response({"said": dict.fromkeys(references, word)})


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setitem(PROVIDERS, "asked", Asked)
    house, port = House(), free_port()
    app = web.Application()
    app.add_routes([web.post("/send", house.send), web.post("/status", house.status)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    house.url = f"http://127.0.0.1:{port}"
    yield house
    await runner.cleanup()


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[Channel]:
    settings = HttpSettings(provider="asked", url=house.url, sender="MOTCUA", poll=0.01)
    async with sms_http.open("gateway", settings, rng=random.Random(1)) as channel:
        yield channel


@asynccontextmanager
async def heeding(channel: Channel, heard: Heard) -> AsyncIterator[None]:
    assert channel.listener is not None
    task = asyncio.create_task(channel.listener.listen(heard.deliver))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def listening(house: House, heard: Heard) -> AsyncIterator[Channel]:
    async with opened(house) as channel, heeding(channel, heard):
        yield channel


async def test_a_message_is_asked_about_until_its_state_is_final(house: House) -> None:
    heard, house.words = Heard(), ["accepted", "accepted", "failed"]
    async with listening(house, heard) as channel:
        outcome = await channel.sender.send(item())
        receipt = await heard.receipt()
        await asyncio.sleep(0.1)

    assert isinstance(outcome, Accepted)
    assert (receipt.reference, receipt.state) == (outcome.references[0], DeliveryState.FAILED)
    assert (receipt.channel, receipt.reason, receipt.carrier) == ("gateway", "6", "viettel")
    assert len(house.asked) == 3
    assert len(heard.receipts) == 1


async def test_a_receipt_that_could_not_be_stored_is_asked_for_again(house: House) -> None:
    heard = Heard(failing=2)
    async with listening(house, heard) as channel:
        await channel.sender.send(item())
        await heard.receipt()

    assert len(house.asked) == 3


async def test_messages_are_asked_about_together_as_many_as_the_provider_takes(house: House) -> None:
    heard = Heard()
    async with opened(house) as channel:
        await asyncio.gather(*(channel.sender.send(item()) for _ in range(7)))
        await asyncio.sleep(0.05)  # now all of them are due
        async with heeding(channel, heard):
            await heard.until(lambda heard: len(heard.receipts) == 7)

    assert [len(batch) for batch in house.asked] == [3, 3, 1]


async def test_an_answer_that_cannot_be_read_ends_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    heard, house.broken = Heard(), 2
    async with listening(house, heard) as channel:
        await channel.sender.send(item())
        await heard.receipt()

    assert len(house.asked) == 3
    assert "could not be read: KeyError at" in caplog.text


async def test_a_provider_that_is_not_asked_has_no_listener(house: House) -> None:
    settings = HttpSettings(provider="asked", url=house.url, sender="MOTCUA", poll=0)
    async with sms_http.open("gateway", settings) as channel:
        assert channel.listener is None
        assert not channel.limits.receipts


async def test_questions_come_ever_more_rarely_and_end_after_a_day() -> None:
    clock, start = Time(), Time().now
    outstanding = Outstanding(60, rng=random.Random(1), monotonic=lambda: clock().timestamp())
    outstanding.add(["m"])
    asked = []
    while outstanding.waiting:
        clock.pass_(seconds=30)
        for question in _due_now(outstanding):
            asked.append((clock.now - start).total_seconds() / 60)
            outstanding.again(question, pause=question.pause * 2)

    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[:5] == [pytest.approx(minutes, rel=0.1, abs=0.5) for minutes in (2, 4, 8, 16, 32)]
    assert all(60 <= pause <= 67 for pause in pauses[5:]), "then once an hour"
    assert asked[-1] == pytest.approx(24.5 * 60, abs=35)


def _due_now(outstanding: Outstanding) -> list[Any]:
    """What is due at this moment, without waiting."""
    waiting = outstanding.due(10)
    try:
        waiting.send(None)
    except StopIteration as done:
        return list(done.value)
    waiting.close()
    return []


async def test_what_waits_is_bounded_and_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "KEPT", 3)
    outstanding = Outstanding(0.001, rng=random.Random(1))
    outstanding.add(["a", "b", "c", "d", "e"])
    outstanding.settled("d")
    await asyncio.sleep(0.01)

    assert {question.reference for question in await outstanding.due(10)} == {"c", "e"}
