"""Polling: what is heard, and that nothing is confirmed to Telegram before it is stored."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels.telegram import open as open_channel
from bot.model.message import InboundMessage, Receipt
from bot.model.person import Address
from tests.adapters.telegram.support import (
    NOON,
    QUICK,
    TOKEN,
    Said,
    Telegram,
    canned,
    free_port,
    http_answer,
    running,
    settings_for,
)

ALICE = 5_000_000_100


class Desk:
    """Stores what is delivered, or fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.offered: list[list[InboundMessage]] = []
        self.attempts: asyncio.Queue[str] = asyncio.Queue()
        self.stored: asyncio.Queue[InboundMessage] = asyncio.Queue()

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        messages = [event for event in events if isinstance(event, InboundMessage)]
        self.offered.append(messages)
        self.attempts.put_nowait(messages[0].text)
        if self.failures:
            self.failures -= 1
            raise OSError("database is locked: Nguyễn Văn A, 0912345678")
        for message in messages:
            self.stored.put_nowait(message)

    async def next(self) -> InboundMessage:
        async with asyncio.timeout(5):
            return await self.stored.get()

    async def until_offered(self, text: str) -> None:
        async with asyncio.timeout(5):
            while await self.attempts.get() != text:
                pass


@asynccontextmanager
async def listening(port: int, desk: Desk, **changes: Any) -> AsyncIterator[None]:
    settings = settings_for(port, **changes)
    async with (
        open_channel("tele", settings, rhythm=QUICK, clock=lambda: NOON) as channel,
        asyncio.TaskGroup() as tasks,
    ):
        assert channel.listener
        task = tasks.create_task(channel.listener.listen(desk.deliver))
        try:
            yield
        finally:
            task.cancel()


async def test_a_citizens_text_is_delivered_with_its_sender_and_time(telegram: Telegram) -> None:
    desk = Desk()
    async with listening(telegram.port, desk):
        number = await telegram.say(ALICE, "/start H56_14-240823-0001")
        message = await desk.next()

    assert (message.channel, message.message_id) == ("tele", str(number))
    assert message.sender == Address("telegram", str(ALICE))
    assert message.text == "/start H56_14-240823-0001"
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
    async with listening(port, desk):
        told = await said.until("cannot be asked for news")
        async with running(port) as telegram:
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
        async with asyncio.timeout(5):
            await busy.requests.get()
            await busy.requests.get()

    assert said.texts.empty()


async def test_a_second_listener_is_named_clearly_and_the_other_goes_on(telegram: Telegram, said: Said) -> None:
    one, two = Desk(), Desk()
    two.attempts = one.attempts
    async with listening(telegram.port, one), listening(telegram.port, two):
        told = await said.until("another program")
        await telegram.say(ALICE, "ai nghe thấy?")
        await one.until_offered("ai nghe thấy?")

    assert told.startswith("ERROR tele: another program listens with this bot's token: Conflict: terminated")


async def test_a_webhook_in_the_way_is_named(telegram: Telegram, said: Said) -> None:
    await telegram.call("setWebhook", url="https://example.vn/hook")
    async with listening(telegram.port, Desk()):
        assert "webhook is active" in await said.until("another program")


async def test_a_refused_token_is_named_without_showing_it_and_tried_again(telegram: Telegram, said: Said) -> None:
    async with listening(telegram.port, Desk(), token=SecretStr("110201543:wrong")):
        told = await said.until("refuses")
        await said.until("refuses")

    assert told.startswith("ERROR")
    assert "wrong" not in told


MESSAGE: dict[str, Any] = {"message_id": 7, "date": 1_795_500_000, "chat": {"id": ALICE, "type": "private"}}
GROUP = {**MESSAGE, "chat": {"id": -100, "type": "supergroup"}, "text": "trong nhóm"}

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
    {"message": {**MESSAGE, "contact": {"phone_number": "0912345678", "first_name": "A"}}},
    {"message": GROUP},
    {"edited_message": GROUP},
    {"channel_post": {**MESSAGE, "text": "x"}},
    {"my_chat_member": {"chat": MESSAGE["chat"], "new_chat_member": {"status": "kicked"}}},
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
