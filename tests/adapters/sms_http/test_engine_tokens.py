"""Access tokens: asked for once, renewed once, and not hammered for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from adapters.channels import sms_http
from adapters.channels.sms_http.client import connected
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Token, Verdict
from adapters.channels.sms_http.providers import PROVIDERS
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.tokens import Tokens
from adapters.http import Answer, Request
from bot.model.errors import ChannelError
from bot.model.message import Accepted, ChannelDown, Outcome, Retry
from bot.ports import Channel
from tests.adapters.sms_http.support import free_port, item
from tests.support.making import Time


class Tokened(Provider[HttpSettings]):
    """The least that a provider with tokens is."""

    settings_class = HttpSettings

    def request(self, message: Outgoing, token: str) -> Request:
        return Request.of_json("/send", {"token": token, "id": message.id})

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        return Reading(Verdict(answer.json().get("verdict", "unknown")))

    def token_request(self) -> Request:
        return Request.of_json("/token", {})

    def read_token(self, answer: Answer) -> Token | Reading:
        body = answer.json()
        if "token" in body:
            return Token(str(body["token"]), float(body["seconds"]))
        return Reading(Verdict(body["verdict"]), str(body["code"]))


@dataclass
class House:
    """A provider that gives tokens and takes the good ones."""

    url: str = ""
    good: set[str] = field(default_factory=set)
    given: int = 0
    seconds: float = 3600
    asked: int = 0
    sent: list[str] = field(default_factory=list)
    refusal: dict[str, str] | None = None
    """What the token door says instead of a token."""
    useless: bool = False
    """Tokens are given and not taken."""

    async def token(self, _: web.Request) -> web.Response:
        self.asked += 1
        await asyncio.sleep(0.02)
        if self.refusal:
            return web.json_response(self.refusal)
        self.given += 1
        if not self.useless:
            self.good.add(f"t{self.given}")
        return web.json_response({"token": f"t{self.given}", "seconds": self.seconds})

    async def send(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["token"] not in self.good:
            return web.json_response({"verdict": "token"})
        self.sent.append(body["id"])
        return web.json_response({"verdict": "accepted"})


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house, port = House(), free_port()
    app = web.Application()
    app.add_routes([web.post("/token", house.token), web.post("/send", house.send)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    house.url = f"http://127.0.0.1:{port}"
    yield house
    await runner.cleanup()


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROVIDERS, "tokened", Tokened)


def table(url: str) -> HttpSettings:
    return HttpSettings(provider="tokened", url=url, sender="MOTCUA", connect_timeout=1, response_timeout=1)


@asynccontextmanager
async def channel_of(house: House) -> AsyncIterator[Channel]:
    async with sms_http.open("gateway", table(house.url)) as channel:
        yield channel


@asynccontextmanager
async def tokens_of(house: House, clock: Time) -> AsyncIterator[Tokens]:
    settings = table(house.url)
    async with connected(settings) as client:
        yield Tokens(Tokened("gateway", settings), client, monotonic=lambda: clock().timestamp())


async def sent(channel: Channel, count: int = 1) -> list[Outcome]:
    return list(await asyncio.gather(*(channel.sender.send(item()) for _ in range(count))))


async def test_many_messages_at_once_ask_for_one_token(house: House) -> None:
    async with channel_of(house) as channel:
        outcomes = await sent(channel, 20)

    assert outcomes == [Accepted()] * 20
    assert house.asked == 1


async def test_a_token_that_is_taken_back_is_renewed_once_and_each_message_arrives_once(house: House) -> None:
    async with channel_of(house) as channel:
        await sent(channel)
        house.good.clear()
        outcomes = await sent(channel, 20)

    assert outcomes == [Accepted()] * 20
    assert house.asked == 2
    assert len(house.sent) == len(set(house.sent)) == 21


async def test_a_token_is_renewed_a_minute_before_its_end(house: House) -> None:
    clock = Time()
    async with tokens_of(house, clock) as tokens:
        first = await tokens.current()
        clock.pass_(seconds=3539)
        still = await tokens.current()
        clock.pass_(seconds=1)
        then = await tokens.current()

    assert (first, still, then) == ("t1", "t1", "t2")


async def test_a_token_of_a_few_seconds_is_of_use_all_the_same(house: House) -> None:
    clock, house.seconds = Time(), 10
    async with tokens_of(house, clock) as tokens:
        values = [await tokens.current(), await tokens.current()]
        clock.pass_(seconds=5)
        values.append(await tokens.current())

    assert values == ["t1", "t1", "t2"]


async def test_a_refused_account_is_the_channels_trouble_and_is_not_hammered(house: House) -> None:
    clock, house.refusal = Time(), {"verdict": "config", "code": "1008"}
    asked = []
    async with tokens_of(house, clock) as tokens:
        outcomes: list[Any] = [await tokens.current()]
        for _ in range(400):
            clock.pass_(seconds=1)
            outcomes.append(await tokens.current())
            asked.append(house.asked)
        house.refusal = None
        clock.pass_(seconds=60)
        recovered = await tokens.current()

    assert set(outcomes) == {ChannelDown("token: 1008")}
    assert asked[-1] == 12, "after 1, 2, 4, 8, 16, 32 seconds, then once a minute"
    assert recovered == "t1"


async def test_a_token_door_that_is_busy_blames_no_message(house: House) -> None:
    house.refusal = {"verdict": "temporary", "code": "5"}
    async with channel_of(house) as channel:
        (outcome,) = await sent(channel)

    assert outcome == Retry("token: 5", 1.0, counts=False)


async def test_new_tokens_that_are_not_taken_are_not_asked_for_again_and_again(house: House) -> None:
    house.useless = True
    async with channel_of(house) as channel:
        outcomes = [(await sent(channel))[0] for _ in range(5)]

    assert outcomes == [ChannelDown("token: not taken")] * 5
    assert house.asked == 2
    assert house.sent == []


async def test_a_closed_token_door_has_sent_nothing() -> None:
    async with channel_of(House(url=f"http://127.0.0.1:{free_port()}")) as channel:
        (outcome,) = await sent(channel)

    assert outcome == ChannelDown("token: no connection (ECONNREFUSED)")


async def test_a_token_answer_that_our_own_code_stumbles_over_is_the_channels_trouble(house: House) -> None:
    house.refusal = {"verdict": "no such word", "code": ""}
    async with channel_of(house) as channel:
        (outcome,) = await sent(channel)

    assert outcome == ChannelDown("token: the answer could not be read")


async def test_the_trial_gets_a_token_and_sends_nothing(house: House) -> None:
    line = await sms_http.check(table(house.url))
    house.refusal = {"verdict": "config", "code": "1008"}
    with pytest.raises(ChannelError, match="1008"):
        await sms_http.check(table(house.url))

    assert "đăng nhập được" in line
    assert house.sent == []
