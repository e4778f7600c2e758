"""Telegram calls us: who may, what a call means, and that Telegram is told where to call."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from adapters.channels.telegram import Settings
from adapters.channels.telegram.keyboards import Keyboards
from adapters.channels.telegram.updates import Ear
from adapters.channels.telegram.webhook import TelegramWebhook
from bot.model.message import InboundMessage
from bot.ports import Channel, WebhookRequest
from tests.adapters.telegram.support import (
    ALICE,
    NOON,
    Desk,
    Telegram,
    canned,
    free_port,
    http_answer,
    item,
    listening,
    running,
    settings_for,
)
from tests.adapters.telegram.test_hearing import payload

SECRET = "a-secret-of-16-letters"
HEADER = "x-telegram-bot-api-secret-token"


def request(body: bytes, **changes: Any) -> WebhookRequest:
    ordinary = {"method": "POST", "path": "/webhooks/tele", "query": {}, "headers": {HEADER: SECRET}}
    return WebhookRequest(**{**ordinary, "body": body, **changes})


def signed() -> TelegramWebhook:
    return TelegramWebhook(Ear("tele", Keyboards(), lambda: NOON), SECRET)


def body(name: str) -> bytes:
    return json.dumps(payload(name)).encode()


def test_a_call_with_the_secret_is_heard() -> None:
    result = signed().parse(request(body("text")))

    [message] = result.events
    assert isinstance(message, InboundMessage)
    assert (message.message_id, message.text) == ("870000101", "h56.14-240823-0001 đến đâu rồi ạ?")
    assert result.status == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {HEADER: ""}, {HEADER: SECRET[:-1]}, {HEADER: SECRET + "x"}, {HEADER: SECRET.upper()}, {HEADER: "đ\ud83d"}],
)
def test_a_call_without_the_secret_is_refused_and_nothing_is_heard(headers: dict[str, str]) -> None:
    result = signed().parse(request(body("text"), headers=headers))

    assert (result.status, result.events, result.body) == (401, (), b"")


def test_the_secret_is_looked_at_before_anything_else() -> None:
    asked = [request(b"{", headers={}), request(b"", headers={}, path="/webhooks/tele/x"), request(b"", headers={})]

    assert {signed().parse(each).status for each in asked} == {401}


@pytest.mark.parametrize("changes", [{"method": "GET"}, {"path": "/webhooks/tele/more"}, {"path": "/webhooks/telex"}])
def test_another_address_or_method_is_not_there(changes: dict[str, str]) -> None:
    assert signed().parse(request(body("text"), **changes)).status == 404


@pytest.mark.parametrize("garbage", [b"", b"{", b"\xff", b"[" * 100_000])
def test_garbage_is_refused(garbage: bytes) -> None:
    assert signed().parse(request(garbage)).status == 400


@pytest.mark.parametrize("strange", [b"[]", b"5", b"null", b'{"update_id":1,"message":{}}', b'{"message":5}'])
def test_a_strange_update_of_telegrams_is_taken_and_skipped_so_that_it_does_not_come_for_ever(strange: bytes) -> None:
    result = signed().parse(request(strange))

    assert (result.status, result.events) == (200, ())


def test_a_press_is_answered_in_the_answer() -> None:
    result = signed().parse(request(body("pressed")))

    assert json.loads(result.body) == {
        "method": "answerCallbackQuery",
        "callback_query_id": "21474836910000001",
    }
    assert result.content_type == "application/json"


@dataclass
class Door:
    """Our web server's part: gives bodies to the webhook and delivers before it answers."""

    port: int
    desk: Desk
    status: int = 0
    """What it answers instead; 0: what the webhook says."""
    calls: int = 0
    channel: list[Channel] = field(default_factory=list)

    async def hear(self, asked: web.Request) -> web.Response:
        self.calls += 1
        if self.status:
            return web.Response(status=self.status)
        headers = {key.lower(): value for key, value in asked.headers.items()}
        webhook = self.channel[0].webhook
        assert webhook
        result = webhook.parse(WebhookRequest(asked.method, asked.path, {}, headers, await asked.read()))
        if result.events:
            await self.desk.deliver(result.events)
        return web.Response(status=result.status, body=result.body, headers={"Content-Type": result.content_type})


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    opened = Door(free_port(), Desk())
    application = web.Application()
    application.router.add_post("/webhooks/tele", opened.hear)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", opened.port).start()
    try:
        yield opened
    finally:
        await runner.cleanup()


def webhook_settings(port: int, our_port: int, **changes: Any) -> Settings:
    ours = {
        "mode": "webhook",
        "webhook_url": f"http://127.0.0.1:{our_port}/webhooks/tele",
        "webhook_secret": SecretStr(SECRET),
        **changes,
    }
    return settings_for(port, **ours)


@asynccontextmanager
async def called(telegram: Telegram, here: Door) -> AsyncIterator[Channel]:
    settings = webhook_settings(telegram.port, here.port)
    async with listening(telegram.port, here.desk, settings=settings) as channel:
        here.channel.append(channel)
        await telegram.until("webhook", settings.webhook_url)
        yield channel


async def test_telegram_calls_us_with_our_secret_and_nobody_polls(telegram: Telegram) -> None:
    async with door() as here, called(telegram, here):
        await telegram.say(ALICE, "xin chào")
        message = await here.desk.next()
        stats = await telegram.stats()

    assert message.text == "xin chào"
    assert "getUpdates" not in stats
    info = (await telegram.call("getWebhookInfo"))["result"]
    assert (info["max_connections"], "my_chat_member" in info["allowed_updates"]) == (40, True)


async def test_a_press_is_answered_without_another_call(telegram: Telegram) -> None:
    async with door() as here, called(telegram, here):
        pressed = await telegram.press(ALICE, "theo doi")
        await here.desk.next()
        assert await telegram.answered_presses() == [pressed]
        assert "answerCallbackQuery" not in await telegram.stats()


async def test_what_we_could_not_store_comes_again() -> None:
    async with running(webhook_retry=0.02) as telegram, door() as here, called(telegram, here):
        here.status = 500
        await telegram.say(ALICE, "xin chào")
        await telegram.until("webhook_failures")
        waiting = (await telegram.stats())["updates_waiting"]
        here.status = 0
        message = await here.desk.next()

    assert (message.text, waiting) == ("xin chào", 1)
    assert here.calls >= 2


async def test_telegrams_complaint_about_our_webhook_is_told_once(
    telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING")
    async with door() as here, called(telegram, here):
        here.status = 502
        await telegram.say(ALICE, "xin chào")
        await telegram.until("webhook_failures")
        await _until(lambda: "cannot deliver to our webhook, 1 messages wait" in caplog.text)
        await asyncio.sleep(0.2)

    assert caplog.text.count("Wrong response from the webhook: 502") == 1
    assert SECRET not in caplog.text


async def test_a_webhook_that_somebody_else_has_set_is_told_and_left_alone(
    telegram: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    async with door() as here, called(telegram, here):
        await telegram.call("setWebhook", url="https://example.vn/theirs")
        await _until(lambda: "no longer ours (example.vn)" in caplog.text)
        stats = await telegram.stats()

    assert stats["webhook"] == "https://example.vn/theirs"
    assert "theirs" not in caplog.text


async def test_telegram_is_told_where_to_call_as_soon_as_it_can_be_reached(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    async with door() as here, AsyncExitStack() as servers:
        settings = webhook_settings(port, here.port)
        async with listening(port, here.desk, settings=settings) as channel:
            here.channel.append(channel)
            await _until(lambda: "cannot be told where to call" in caplog.text)
            telegram = await servers.enter_async_context(running(port))
            await telegram.until("webhook", settings.webhook_url)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"ok":false,"error_code":400,"description":"Bad Request: bad webhook: x"}', "does not take our webhook"),
        ('{"ok":false,"error_code":401,"description":"Unauthorized"}', "refuses the bot's token"),
    ],
)
async def test_a_refusal_is_named(answer: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    status = "400 Bad Request" if "400" in answer else "401 Unauthorized"
    async with (
        canned(http_answer(status, answer)) as server,
        listening(server.port, Desk(), settings=webhook_settings(server.port, 9)),
    ):
        await _until(lambda: told in caplog.text)

    assert SECRET not in caplog.text


async def test_the_secret_of_the_webhook_is_among_those_that_reach_no_log() -> None:
    settings = webhook_settings(free_port(), 9)
    async with listening(free_port(), Desk(), settings=settings) as channel:
        assert SECRET in channel.secrets
        assert SECRET not in repr(settings)


async def test_a_move_that_was_met_while_sending_is_told_in_either_mode(telegram: Telegram) -> None:
    desk = Desk(failures=1)
    for settings in (settings_for(telegram.port, take_over=True), webhook_settings(telegram.port, 9)):
        async with listening(telegram.port, desk, settings=settings) as channel:
            await channel.sender.send(item(-5_908))
            message = await desk.next()

        assert (message.kind, message.sender.value, message.text) == ("moved", "-5908", "-1000000005908")
        assert message.message_id == "moved:-5908:-1000000005908"


async def _until(is_so: Any) -> None:
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.01)
