"""The simulator as a Bot API of its own: python-telegram-bot with its own transport is the judge."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import FormData
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError

from tests.adapters.telegram.support import ALICE, TOKEN, Telegram, free_port, running


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
        assert [each.command for each in await bot.get_my_commands()] == ["tracuu"]
        assert await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="s", allowed_updates=["message"])
        assert (await bot.get_webhook_info()).url == "http://127.0.0.1:9/hook"
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
        async with asyncio.timeout(20):
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


async def test_html_becomes_entities_as_another_client_reads_them(telegram: Telegram) -> None:
    async with bot_of(telegram) as bot:
        sent = await bot.send_message(
            ALICE, "🙂 <b>Hồ <code>sơ</code></b> &lt;1&gt; &amp; &#39;2&#39;", parse_mode="HTML"
        )

    assert sent.text == "🙂 Hồ sơ <1> & '2'"
    assert [(each.type, sent.parse_entity(each)) for each in sent.entities] == [("bold", "Hồ sơ"), ("code", "sơ")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a < b", "Unclosed start tag at byte offset 2"),
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("đ <b", "Unclosed start tag at byte offset 3"),
    ],
)
async def test_broken_html_is_refused_with_the_place(telegram: Telegram, text: str, complaint: str) -> None:
    answer = await telegram.call("sendMessage", chat_id=ALICE, text=text, parse_mode="HTML")

    assert answer["error_code"] == 400
    assert answer["description"].startswith(f"Bad Request: can't parse entities: {complaint}")
    assert await telegram.messages(ALICE) == []


async def test_markup_that_telegram_would_refuse_is_refused(telegram: Telegram) -> None:
    def buttons(says: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton("Nút", callback_data=says)]])

    phone = ReplyKeyboardMarkup([[KeyboardButton("Gửi số", request_contact=True)]])
    async with bot_of(telegram) as bot:
        assert await bot.send_message(ALICE, "x", reply_markup=buttons("x" * 64))
        assert await bot.send_message(ALICE, "x", reply_markup=phone)
        with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
            await bot.send_message(ALICE, "x", reply_markup=buttons("đ" * 33))
        with pytest.raises(BadRequest, match="Phone number can be requested in private chats only"):
            await bot.send_message(-77, "x", reply_markup=phone)
    for markup in ({}, {"inline_keyboard": [{"text": "x"}]}, {"inline_keyboard": [[{"text": "x"}]]}, {"no": 1}, [1]):
        answer = await telegram.call("sendMessage", chat_id=ALICE, text="x", reply_markup=markup)
        assert answer["ok"] is (markup == {}), markup


async def test_commands_are_kept_by_scope_and_language(telegram: Telegram) -> None:
    async with bot_of(telegram) as bot:
        await bot.set_my_commands([BotCommand("help", "Help")], language_code="en")

        assert [each.command for each in await bot.get_my_commands(language_code="en")] == ["help"]
        assert await bot.get_my_commands() == ()
        assert await bot.delete_my_commands(language_code="en")
        assert await bot.get_my_commands(language_code="en") == ()
    for command in ({"command": "Tra cứu", "description": "x"}, {"command": "a", "description": ""}, {"command": "a"}):
        assert not (await telegram.call("setMyCommands", commands=[command]))["ok"]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"url": "http://example.vn/hook"}, "HTTPS URL must be provided"),
        ({"url": "https://example.vn:8080/hook"}, "only on ports 80, 88, 443 or 8443"),
        ({"url": "https://example.vn/hook", "secret_token": "không"}, "unallowed characters"),
    ],
)
async def test_a_webhook_that_telegram_would_refuse_is_refused(
    telegram: Telegram, given: dict[str, str], complaint: str
) -> None:
    assert complaint in (await telegram.call("setWebhook", **given))["description"]


async def test_a_group_that_has_moved_names_its_new_address(telegram: Telegram) -> None:
    await telegram.migrate(-77, -1_000_000_000_077)
    async with bot_of(telegram) as bot:
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(-77, "x")

    assert moved.value.new_chat_id == -1_000_000_000_077


async def test_who_blocks_the_bot_gets_nothing_until_it_is_let_in_again(telegram: Telegram) -> None:
    async with bot_of(telegram) as bot:
        await telegram.block(ALICE)
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await bot.send_message(ALICE, "x")
        await telegram.block(ALICE, "unblock")
        await bot.send_message(ALICE, "x")
        changes = [update.my_chat_member for update in await bot.get_updates()]

    assert [change.new_chat_member.status for change in changes if change] == ["kicked", "member"]


async def test_paid_messages_have_a_limit_of_their_own() -> None:
    async with running(rate=1, paid_rate=2) as telegram:
        free = [await telegram.call("sendMessage", chat_id=chat, text="x") for chat in (1, 2)]
        paid = [
            await telegram.call("sendMessage", chat_id=chat, text="x", allow_paid_broadcast=True) for chat in (3, 4, 5)
        ]

    assert [answer["ok"] for answer in free] == [True, False]
    assert [answer["ok"] for answer in paid] == [True, True, False]


async def test_in_an_outage_nobody_gets_in_until_it_ends() -> None:
    control = free_port()
    async with running(control_port=control) as telegram:
        door, controls = f"http://127.0.0.1:{telegram.port}", f"http://127.0.0.1:{control}/_control"
        async with asyncio.TaskGroup() as tasks:
            poll = tasks.create_task(_broken(telegram.call("getUpdates", timeout=20)))
            await telegram.until("getUpdates")
            async with telegram.http.post(f"{controls}/outage", json={}) as answer:
                assert answer.status == 200
            assert await poll, "an open connection is closed"
        with pytest.raises(aiohttp.ClientConnectorError):
            await telegram.http.get(door)
        async with telegram.http.delete(f"{controls}/outage") as answer:
            assert answer.status == 200

        assert (await telegram.call("getMe"))["ok"]


async def test_an_outage_of_some_seconds_ends_by_itself() -> None:
    async with running() as telegram:
        url = f"http://127.0.0.1:{telegram.port}/_control/outage"
        async with telegram.http.post(url, json={}) as answer:
            assert answer.status == 400, "its end could not be ordered"
        async with telegram.http.post(url, json={"seconds": 0.1}) as answer:
            assert answer.status == 200
        assert await _broken(telegram.call("getMe"))
        async with asyncio.timeout(20):
            while await _broken(telegram.call("getMe")):
                await asyncio.sleep(0.02)


async def _broken(call: Any) -> bool:
    try:
        await call
    except aiohttp.ClientError:
        return True
    return False
