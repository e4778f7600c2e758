"""The simulator as a Bot API of its own: python-telegram-bot with its own transport is the judge."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from telegram import Bot, BotCommand
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError

from tests.adapters.telegram.support import TOKEN, Telegram, running

ALICE = 5_000_000_100


def bot_of(telegram: Telegram, token: str = TOKEN) -> Bot:
    return Bot(token, f"http://127.0.0.1:{telegram.port}/bot")


async def test_another_client_can_work_with_it(telegram: Telegram) -> None:
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(ALICE, "Xin chào")
        await telegram.say(ALICE, "chào")
        [update] = await bot.get_updates(timeout=5)

        assert bot.username == "motcua_simulated_bot"
        assert (sent.chat.id, sent.text) == (ALICE, "Xin chào")
        assert update.message
        assert (update.message.text, update.message.chat.type) == ("chào", "private")
        assert await bot.set_my_commands([BotCommand("tracuu", "Tra cứu hồ sơ")])
        assert await bot.set_webhook("https://example.vn/hook")
        assert (await bot.get_webhook_info()).url == "https://example.vn/hook"
        assert await bot.delete_webhook(drop_pending_updates=True)


async def test_its_refusals_are_telegrams(telegram: Telegram) -> None:
    async with bot_of(telegram) as bot:
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_message(5_000_000_901, "x")
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(5_000_000_902, "x")
        with pytest.raises(NetworkError, match="Internal Server Error"):
            await bot.send_message(5_000_000_906, "x")
        with pytest.raises(BadRequest, match="Message is too long"):
            await bot.send_message(ALICE, "🙂" * 2049)
        with pytest.raises(BadRequest, match="Message text is empty"):
            await bot.send_message(ALICE, " ")
    with pytest.raises(InvalidToken):
        async with bot_of(telegram, "110201543:wrong"):
            pass
    refused = {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert await telegram.call("getMe", token="110201543:wrong") == refused
    assert (await telegram.call("getMe", token="nonsense"))["error_code"] == 404
    assert (await telegram.call("noSuchMethod"))["error_code"] == 404


async def test_a_429_has_the_shape_of_telegrams(telegram: Telegram) -> None:
    first = await telegram.call("sendMessage", chat_id=5_000_000_903, text="x")
    second = await telegram.call("sendMessage", chat_id=5_000_000_903, text="x")

    assert first == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
    assert second["ok"]


async def test_parameters_come_as_json_form_multipart_or_query(telegram: Telegram) -> None:
    url = f"http://127.0.0.1:{telegram.port}/bot{TOKEN}/sendMessage"
    multipart = FormData({"chat_id": str(ALICE), "text": "ba"}, default_to_multipart=True)
    calls = (
        telegram.http.post(url, json={"chat_id": ALICE, "text": "một"}),
        telegram.http.post(url, data={"chat_id": str(ALICE), "text": "hai"}),
        telegram.http.post(url, data=multipart),
        telegram.http.get(f"{url.replace('sendMessage', 'SENDMESSAGE')}?chat_id={ALICE}&text=bốn"),
    )
    for call in calls:
        async with call as response:
            assert (await response.json())["ok"]

    assert [message["text"] for message in await telegram.messages(ALICE)] == ["một", "hai", "ba", "bốn"]


async def test_updates_stay_until_a_higher_offset_confirms_them(telegram: Telegram) -> None:
    numbers = [await telegram.say(ALICE, text) for text in ("một", "hai", "ba")]

    async def poll(**given: Any) -> list[int]:
        return [update["update_id"] for update in (await telegram.call("getUpdates", **given))["result"]]

    assert await poll() == numbers
    assert await poll(limit=2) == numbers[:2]
    assert await poll(offset=numbers[1]) == numbers[1:]
    assert await poll() == numbers[1:]
    assert await poll(offset=-1) == numbers[2:]
    assert await poll(offset=numbers[2] + 1) == []


async def test_a_poll_waits_for_news_and_gives_way_to_a_newer_one(telegram: Telegram) -> None:
    async with asyncio.TaskGroup() as tasks:
        older = tasks.create_task(telegram.call("getUpdates", timeout=20))
        async with asyncio.timeout(5):
            while (await telegram.stats()).get("getUpdates") != 1:
                pass
        newer = tasks.create_task(telegram.call("getUpdates", timeout=20))
        refused = await older
        await telegram.say(ALICE, "tin mới")
        answer = await newer

    assert refused["error_code"] == 409
    assert refused["description"].startswith("Conflict: terminated by other getUpdates request")
    assert answer["result"][0]["message"]["text"] == "tin mới"


async def test_kinds_of_updates_that_were_not_asked_for_do_not_come(telegram: Telegram) -> None:
    await telegram.call("getUpdates", allowed_updates=["callback_query"])
    await telegram.say(ALICE, "không ai nghe")
    await telegram.press(ALICE, "nút")

    [update] = (await telegram.call("getUpdates"))["result"]

    assert update["callback_query"]["data"] == "nút"


async def test_a_chat_and_all_chats_together_have_limits() -> None:
    async with running(rate=3, chat_rate=1) as telegram:
        answers = [await telegram.call("sendMessage", chat_id=chat, text="x") for chat in (1, 1, 2, 3, 4)]

    assert [answer["ok"] for answer in answers] == [True, False, True, True, False]
    assert answers[1]["parameters"] == {"retry_after": 1}


async def test_who_waits_for_a_message_gets_it_as_soon_as_it_is_sent(telegram: Telegram) -> None:
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(telegram.messages(ALICE, wait=5))
        await telegram.call("sendMessage", chat_id=ALICE, text="đây")
    [message] = waiting.result()

    assert message["text"] == "đây"
    assert await telegram.messages(ALICE, after=message["message_id"]) == []
    assert await telegram.messages(ALICE, after=message["message_id"], wait=0.05) == []


async def test_its_log_holds_every_call(tmp_path: Path) -> None:
    async with running(log=tmp_path / "calls") as telegram:
        await telegram.call("sendMessage", chat_id=5_000_000_901, text="x")

    [line] = (tmp_path / "calls").read_text().splitlines()
    assert json.loads(line) | {"at": 0} == {
        "at": 0,
        "method": "sendMessage",
        "status": 403,
        "given": {"chat_id": 5_000_000_901, "text": "x"},
    }


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff"])
async def test_a_broken_body_is_refused(telegram: Telegram, body: bytes) -> None:
    url = f"http://127.0.0.1:{telegram.port}/bot{TOKEN}/sendMessage"
    async with telegram.http.post(url, data=body, headers={"Content-Type": "application/json"}) as response:
        assert (response.status, (await response.json())["ok"]) == (400, False)
