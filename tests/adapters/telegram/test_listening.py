"""Polling: what is heard, and that nothing is confirmed to Telegram before it is stored."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.model.message import Heard, InboundMessage, Receipt
from bot.model.person import Address
from tests.adapters.telegram.support import (
    ALICE,
    NOON,
    TOKEN,
    Desk,
    Said,
    Telegram,
    canned,
    free_port,
    http_answer,
    listening,
    running,
)


async def test_a_citizens_text_is_delivered_with_its_sender_and_time(telegram: Telegram) -> None:
    desk = Desk()
    async with listening(telegram.port, desk):
        number = await telegram.say(ALICE, "H56.14-240823-0001 đến đâu rồi?")
        message = await desk.next()

    assert (message.channel, message.message_id) == ("tele", str(number))
    assert message.sender == Address("telegram", str(ALICE))
    assert (message.kind, message.text) == (Heard.TEXT, "H56.14-240823-0001 đến đâu rồi?")
    assert abs(datetime.now(UTC) - message.at) < timedelta(seconds=10)


async def test_nothing_is_confirmed_before_it_is_stored(telegram: Telegram) -> None:
    waiting_while_stored: list[int] = []

    class SlowDesk(Desk):
        async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
            waiting_while_stored.append((await telegram.stats())["updates_waiting"])
            await super().deliver(events)

    desk = SlowDesk()
    async with listening(telegram.port, desk):
        for text in ("một", "hai"):
            await telegram.say(ALICE, text)
            await desk.next()

    # The first is gone when the second is offered, and each is still Telegram's while it is being stored.
    assert waiting_while_stored == [1, 1]


async def test_what_could_not_be_stored_is_offered_again(telegram: Telegram, said: Said) -> None:
    desk = Desk(failures=2)
    async with listening(telegram.port, desk):
        await telegram.say(ALICE, "tra cứu")
        message = await desk.next()
        told = await said.until("not stored")

    assert desk.offered == [[message]] * 3
    assert "OSError" in told
    assert "Nguyễn" not in told


async def test_a_new_listener_gets_what_the_old_one_could_not_store_and_nothing_else(telegram: Telegram) -> None:
    first, second = Desk(), Desk()
    async with listening(telegram.port, first):
        await telegram.say(ALICE, "đã lưu")
        await first.next()
        await telegram.say(ALICE, "lưu và xác nhận")
        await first.next()
        first.failures = 1_000_000
        await telegram.say(ALICE, "chưa lưu")
        await first.until_offered("chưa lưu")

    async with listening(telegram.port, second):
        message = await second.next()

    assert message.text == "chưa lưu"
    assert second.offered == [[message]]


async def test_a_listener_that_dies_between_storing_and_confirming_gives_a_repeat_with_the_same_id(
    telegram: Telegram,
) -> None:
    stored: asyncio.Future[InboundMessage] = asyncio.get_running_loop().create_future()

    class DyingDesk(Desk):
        async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
            [message] = events
            assert isinstance(message, InboundMessage)
            stored.set_result(message)
            await asyncio.Event().wait()

    async with listening(telegram.port, DyingDesk()):
        await telegram.say(ALICE, "đã lưu")
        message = await stored
    desk = Desk()
    async with listening(telegram.port, desk):
        assert await desk.next() == message


async def test_a_closed_door_is_knocked_on_until_it_opens(said: Said) -> None:
    port, desk = free_port(), Desk()
    # The server goes last: what connects while it goes would be let in by nobody, and closed by nobody.
    async with AsyncExitStack() as servers, listening(port, desk):
        told = await said.until("cannot be asked for news")
        telegram = await servers.enter_async_context(running(port))
        await telegram.say(ALICE, "có ai không")
        message = await desk.next()
        await said.until("listening again")

    assert message.text == "có ai không"
    assert told.startswith("WARNING tele: ")


async def test_a_server_that_never_answers_is_asked_again(said: Said) -> None:
    async with canned(None) as silent, listening(silent.port, Desk(), poll_seconds=1, read_timeout=0.1):
        await said.until("no answer in time")
        await said.until("no answer in time")

    assert silent.requests.qsize() >= 2


async def test_an_answer_that_is_not_telegrams_is_survived(said: Said) -> None:
    async with canned(http_answer("200 OK", '{"ok":true,"result":{"a":1}}')) as odd, listening(odd.port, Desk()):
        await said.until("cannot be read")
    async with canned(http_answer("200 OK", '{"ok":true,"result":[{"a":1}]}')) as odd, listening(odd.port, Desk()):
        await said.until("cannot be read")
    async with canned(http_answer("403 Forbidden", "<html>chặn</html>")) as block, listening(block.port, Desk()):
        await said.until("not Telegram")


async def test_a_429_to_a_poll_is_waited_out(said: Said) -> None:
    body = '{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":1}}'
    async with canned(http_answer("429 Too Many Requests", body)) as busy, listening(busy.port, Desk()):
        polls = 0
        async with asyncio.timeout(20):
            while polls < 2:
                polls += b"getUpdates" in await busy.requests.get()

    assert said.texts.empty()


async def test_a_second_listener_is_named_clearly_and_the_other_goes_on(telegram: Telegram, said: Said) -> None:
    one, two = Desk(), Desk()
    two.attempts = one.attempts
    async with listening(telegram.port, one), listening(telegram.port, two):
        told = await said.until("another program")
        await telegram.say(ALICE, "ai nghe thấy?")
        await one.until_offered("ai nghe thấy?")

    assert told.startswith("ERROR tele: chương trình khác đang nhận tin bằng token này")
    assert "listens with this bot's token, stop it or give it a bot of its own: Conflict: terminated" in told


async def test_a_webhook_in_the_way_is_named_and_left_alone(telegram: Telegram, said: Said) -> None:
    await telegram.call("setWebhook", url="https://example.vn/hook/secret-part")
    async with listening(telegram.port, Desk()):
        told = await said.until("take_over = true to delete it")

    assert told.startswith("ERROR tele: bot đang đặt webhook tại example.vn")
    assert "secret-part" not in told
    assert (await telegram.stats())["webhook"]


async def test_a_webhook_in_the_way_is_deleted_where_the_configuration_says_so(telegram: Telegram, said: Said) -> None:
    desk = Desk()
    await telegram.call("setWebhook", url="http://127.0.0.1:9/hook")
    await telegram.say(ALICE, "đã gửi trước đó")
    async with listening(telegram.port, desk, take_over=True):
        message = await desk.next()
        await said.until("a webhook was deleted, as take_over says")

    assert message.text == "đã gửi trước đó", "what waited for the webhook is not lost"
    assert (await telegram.stats())["webhook"] == ""


async def test_a_refused_token_is_named_without_showing_it_and_tried_again(telegram: Telegram, said: Said) -> None:
    async with listening(telegram.port, Desk(), token=SecretStr("110201543:wrong")):
        told = await said.until("refuses")
        await said.until("refuses")

    assert told.startswith("ERROR")
    assert "wrong" not in told


MESSAGE: dict[str, Any] = {"message_id": 7, "date": 1_795_500_000, "chat": {"id": ALICE, "type": "private"}}
GROUP = {**MESSAGE, "chat": {"id": -100, "type": "supergroup"}, "text": "trong nhóm"}
FAREWELL = {
    "chat": MESSAGE["chat"],
    "from": {"id": ALICE},
    "date": MESSAGE["date"],
    "new_chat_member": {"status": "kicked"},
}

SKIPPED: list[dict[str, Any]] = [
    {},
    {"message": None},
    {"message": 5},
    {"message": []},
    {"message": {}},
    {"message": {**MESSAGE, "text": 5}},
    {"message": {**MESSAGE, "text": " \n"}},
    {"message": {**MESSAGE, "text": "x", "date": -1}},
    {"message": {**MESSAGE, "text": "x", "date": 10**20}},
    {"message": {**MESSAGE, "text": "x", "chat": {"id": "5", "type": "private"}}},
    {"message": {**MESSAGE, "text": "x", "chat": None}},
    {"message": {**MESSAGE, "sticker": {"file_id": "x"}}},
    {"message": {**MESSAGE, "contact": {"first_name": "A"}}},
    {"message": {**MESSAGE, "contact": "0912345678"}},
    {"message": {**GROUP, "contact": {"phone_number": "0912345678", "user_id": 5}}},
    {"message": GROUP},
    {"edited_message": GROUP},
    {"channel_post": {**MESSAGE, "text": "x"}},
    {"my_chat_member": {"chat": MESSAGE["chat"], "new_chat_member": {"status": "kicked"}}},
    {"my_chat_member": {**FAREWELL, "new_chat_member": {"status": "member"}}},
    {"my_chat_member": {**FAREWELL, "chat": GROUP["chat"]}},
    {"callback_query": {"id": "9", "from": {"id": ALICE}}},
    {"callback_query": {"id": 9, "from": {"id": ALICE}, "data": "x"}},
    {"callback_query": {"id": "9", "from": {"id": ALICE}, "data": "x", "message": GROUP}},
    {"some_future_kind": {"a": [1, {"b": None}]}},
]


@pytest.mark.parametrize("update", SKIPPED, ids=lambda update: str(update)[:60])
async def test_what_is_not_a_citizens_word_is_skipped(telegram: Telegram, update: dict[str, Any]) -> None:
    desk = Desk()
    await telegram.inject(update)
    await telegram.inject(update, numbered=False)
    await telegram.say(ALICE, "sau đó")
    async with listening(telegram.port, desk):
        message = await desk.next()

    assert message.text == "sau đó"
    assert desk.offered == [[message]]


async def test_captions_and_edits_count_as_text(telegram: Telegram) -> None:
    desk = Desk()
    edited = {**MESSAGE, "text": "H56.14-240823-0001", "edit_date": MESSAGE["date"] + 60}
    await telegram.inject({"message": {**MESSAGE, "caption": "giấy hẹn", "photo": [{"file_id": "x"}]}})
    await telegram.inject({"edited_message": edited})
    async with listening(telegram.port, desk):
        caption, edit = await desk.next(), await desk.next()

    assert (caption.text, edit.text) == ("giấy hẹn", "H56.14-240823-0001")
    assert caption.message_id != edit.message_id
    assert edit.at - caption.at == timedelta(minutes=1)


async def test_a_button_press_is_delivered_and_answered(telegram: Telegram) -> None:
    desk = Desk()
    async with listening(telegram.port, desk):
        pressed = await telegram.press(ALICE, "theo dõi")
        message = await desk.next()
        answered = await telegram.answered_presses()

    assert (message.text, message.sender, message.at) == ("theo dõi", Address("telegram", str(ALICE)), NOON)
    assert answered == [pressed]


async def test_a_hundred_and_fifty_messages_come_in_order(telegram: Telegram) -> None:
    desk = Desk()
    for number in range(150):
        await telegram.say(ALICE, str(number))
    async with listening(telegram.port, desk):
        texts = [(await desk.next()).text for _ in range(150)]

    assert texts == [str(number) for number in range(150)]
    assert TOKEN not in repr(desk.offered)


async def test_the_menu_of_commands_is_told_once_in_both_languages(telegram: Telegram) -> None:
    async with listening(telegram.port, Desk()):
        stats = await telegram.until("setMyCommands", 2)

    menus = stats["commands"]
    assert set(menus) == {"all_private_chats/", "all_private_chats/en"}
    assert menus["all_private_chats/"][0] == {"command": "huongdan", "description": "Xem hướng dẫn"}
    assert menus["all_private_chats/en"][0] == {"command": "help", "description": "How to use this bot"}


async def test_a_bot_without_a_menu_listens_all_the_same(said: Said) -> None:
    body = '{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":1}}'
    async with canned(http_answer("429 Too Many Requests", body)) as busy, listening(busy.port, Desk()):
        async with asyncio.timeout(20):
            calls = {(await busy.requests.get()).split(b" ")[1].rpartition(b"/")[2] for _ in range(2)}

    assert calls == {b"getUpdates", b"setMyCommands"}
