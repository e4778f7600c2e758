"""Asking the platform for news: one update at a time, stored before the next, and every refusal explained."""

import asyncio
import logging
from contextlib import AsyncExitStack

import pytest

from tests.adapters.sms_http.support import canned, free_port, http_answer
from tests.adapters.zalobot.support import ALICE, BOB, SECRET, Platform, polled, running

NOTHING = http_answer("200 OK", '{"ok":false,"error_code":408,"description":"Request timeout"}')
WORD = http_answer(
    "200 OK",
    '{"ok":true,"result":{"event_name":"message.text.received",'
    '"message":{"message_id":"m","chat":{"id":"abcd"},"text":"chào"}}}',
)


async def test_words_are_heard_one_by_one_and_in_order(platform: Platform) -> None:
    for number in range(3):
        await platform.say(ALICE, f"tin {number}")
    async with polled(platform.base) as (heard, _):
        await heard.texts(3)
        await platform.say(BOB, "tin sau")
        texts = await heard.texts(4)

    assert texts == ["tin 0", "tin 1", "tin 2", "tin sau"]
    assert [message.sender.value for message in heard.messages] == [ALICE] * 3 + [BOB]
    assert len({message.message_id for message in heard.messages}) == 4


async def test_an_update_that_is_not_stored_is_kept_and_delivered_again(platform: Platform) -> None:
    async with polled(platform.base, failures=3) as (heard, log):
        await platform.say(ALICE, "một")
        await platform.say(ALICE, "hai")
        said = await log.until("not stored")
        texts = await heard.texts(2)
        await log.until("listening again after 3 failures")

    assert texts == ["một", "hai"]
    assert said.startswith("WARNING")
    assert "Lan" not in said


async def test_what_cannot_be_read_or_asks_for_nothing_does_not_stop_it(platform: Platform) -> None:
    await platform.control("updates", {"strange": 1})
    await platform.say(ALICE, event="sticker")
    await platform.say(ALICE, "chào")
    async with polled(platform.base) as (heard, log):
        await log.until("unknown form")
        texts = await heard.texts(1)

    assert texts == ["chào"]


async def test_a_poll_without_news_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async with canned(NOTHING, NOTHING, WORD, None) as server, polled(server.url) as (heard, _):
        texts = await heard.texts(1)

    assert texts == ["chào"]
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_an_empty_result_is_asked_for_again_after_a_rest() -> None:
    empty = http_answer("200 OK", '{"ok":true}')
    async with canned(empty, empty, None) as server, polled(server.url) as (heard, _), asyncio.timeout(20):
        while len(server.requests) < 3:
            await asyncio.sleep(0.01)

    assert heard.messages == []


async def test_a_webhook_that_stands_in_the_way_is_explained(platform: Platform) -> None:
    await platform.api("setWebhook", url="http://127.0.0.1:9/elsewhere", secret_token=SECRET)
    async with polled(platform.base) as (heard, log):
        said = await log.until("has a webhook and cannot be polled")
        await platform.api("deleteWebhook")
        await platform.say(ALICE, "chào")
        texts = await heard.texts(1)

    assert said.startswith("ERROR")
    assert "deleteWebhook" in said
    assert texts == ["chào"]


async def test_a_refused_token_is_explained_without_being_told() -> None:
    async with running(token="1:another") as platform, polled(platform.base) as (_, log):
        said = await log.until("refuses the bot's token")

    assert said.startswith("ERROR")
    assert "nobody-may-see" not in said


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("502 Bad Gateway", "<html>"),
        http_answer("200 OK", "garbage"),
        http_answer("200 OK", '{"ok":false,"error_code":429}'),
        b"",
    ],
)
async def test_trouble_is_waited_out(answer: bytes) -> None:
    # An empty answer closes the connection; the rest leave it open for the next request.
    async with canned(answer, answer, WORD, None) as server, polled(server.url) as (heard, _):
        texts = await heard.texts(1)

    assert texts == ["chào"]


async def test_it_hears_as_soon_as_the_platform_can_be_reached() -> None:
    port = free_port()
    async with AsyncExitStack() as servers, polled(f"http://127.0.0.1:{port}") as (heard, log):
        await log.until("ECONNREFUSED")
        platform = await servers.enter_async_context(running(port))
        await platform.say(ALICE, "chào")
        texts = await heard.texts(1)

    assert texts == ["chào"]
