"""The platform calls us: who may, what each recorded call means, and the whole way over real sockets."""

import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels import zalobot
from adapters.channels.zalobot.webhook import ZaloBotWebhook
from bot.model.message import Heard as Kind
from bot.model.message import InboundMessage
from bot.ports import WebhookResult
from tests.adapters.sms_http.support import free_port
from tests.adapters.zalobot.support import (
    ALICE,
    NOW,
    QUICK,
    SECRET,
    Heard,
    Platform,
    call,
    listening,
    recorded,
    running,
    saying,
    served,
    settings_for,
)

WEBHOOK = ZaloBotWebhook("zalobot", SECRET, clock=lambda: NOW)


def heard(name: str) -> InboundMessage:
    [message] = WEBHOOK.parse(call(recorded(name))).events
    assert isinstance(message, InboundMessage)
    return message


def test_a_recorded_text_is_a_message_of_its_chat() -> None:
    message = heard("text")

    assert message.sender.key == f"zalobot:{ALICE}"
    assert message.text == "tra cứu H32.15-261122-0001"
    assert message.message_id == "message.text.received:2d758cb5e222177a4e35"
    assert message.at == datetime(2026, 11, 22, 12, 3, 25, 478000, tzinfo=UTC)
    assert (message.channel, message.kind, message.phone) == ("zalobot", Kind.TEXT, "")


def test_an_update_inside_of_ok_and_result_is_read_too() -> None:
    assert heard("text_wrapped").text == "Xin chào"


def test_a_moment_may_come_in_seconds_and_never_lies_in_the_future() -> None:
    strange: list[dict[str, Any]] = [recorded("text") for _ in range(3)]
    for update, date in zip(strange, (None, 1e300, 1_900_000_000_000), strict=True):
        update["message"]["date"] = date
    moments = [event.at for update in strange for event in WEBHOOK.parse(call(update)).events]

    assert heard("text_in_seconds").at == datetime(2026, 11, 22, 12, 3, 25, tzinfo=UTC)
    assert moments == [NOW] * 3


@pytest.mark.parametrize(
    ("name", "text"),
    [("image_with_caption", "Biên nhận của tôi"), ("image", ""), ("voice", ""), ("unsupported", ""),
     ("link", "https://dichvucong.gov.vn/h?ma=H32.15-261122-0001")],
)  # fmt: skip
def test_what_somebody_waits_an_answer_for_is_heard_even_without_words(name: str, text: str) -> None:
    assert heard(name).text == text


@pytest.mark.parametrize("name", ["sticker", "group", "bot", "unknown_event"])
def test_what_asks_for_nothing_is_taken_and_skipped(name: str) -> None:
    assert WEBHOOK.parse(call(recorded(name))) == WebhookResult()


def test_the_same_message_told_twice_has_one_id() -> None:
    assert heard("text").message_id == heard("text").message_id != heard("text_wrapped").message_id


def test_letters_are_composed_and_what_no_database_takes_is_left_out() -> None:
    update = recorded("text")
    update["message"]["text"] = "tra cu\u031b\u0301u\x00"

    [event] = WEBHOOK.parse(call(update)).events

    assert isinstance(event, InboundMessage)
    assert event.text == "tra cứu"


@pytest.mark.parametrize("secret", ["", SECRET[:-1], f"{SECRET}x", SECRET.upper(), "ần"])
def test_a_wrong_secret_is_refused(secret: str) -> None:
    assert WEBHOOK.parse(call(recorded("text"), secret=secret)) == WebhookResult(status=403)


def test_a_missing_secret_another_place_and_another_method_are_refused() -> None:
    update = recorded("text")

    assert WEBHOOK.parse(call(update, headers={})).status == 403
    assert WEBHOOK.parse(call(update, path="/webhooks/zalobot2")).status == 404
    assert WEBHOOK.parse(call(update, path="/webhooks/zalobot/x")).status == 404
    assert WEBHOOK.parse(call(update, method="GET")).status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[]", b"1", b'"x"', b"[" * 100_000, b'{"event_name": 1}', b'{"ok":true,"result":[]}',
     b'{"event_name":"message.text.received","message":{}}',
     b'{"event_name":"message.text.received","message":{"message_id":"","chat":{"id":"a"}}}'],
)  # fmt: skip
def test_what_cannot_be_read_is_taken_once_and_skipped(body: bytes) -> None:
    assert WEBHOOK.parse(call(body)) == WebhookResult()


@pytest.mark.parametrize("place", ["event_name", "message_id", "chat", "from", "date", "text", "chat_type"])
@pytest.mark.parametrize("value", [None, 0, "", [], {}, True, "x" * 5000, -1])
def test_no_value_in_any_place_makes_it_raise(place: str, value: object) -> None:
    update = recorded("text")
    for holder in (update, update["message"], update["message"]["chat"]):
        if place in holder:
            holder[place] = value

    assert WEBHOOK.parse(call(json.dumps(update).encode())).status == 200


@pytest.mark.parametrize("wrapped", [True, False])
async def test_a_word_comes_the_whole_way_through_the_platforms_own_call(wrapped: bool) -> None:
    port, said = free_port(), Heard()
    url = f"http://127.0.0.1:{port}/webhooks/zalobot"
    async with running(wrapped=wrapped) as platform:
        settings = settings_for(platform.base, mode="webhook", webhook_secret=SecretStr(SECRET), webhook_url=url)
        opened = zalobot.open("zalobot", settings, rhythm=QUICK)
        with saying("registrar") as log:
            async with opened as channel, served(channel, said, port), listening(channel, said):
                await log.until("Zalo knows our webhook")
                answer = await platform.say(ALICE, "chào")
                refused = await platform.api("getUpdates", timeout="0")

    assert answer["acknowledged"]
    assert await said.texts(1) == ["chào"]
    assert refused["error_code"] == 409


async def test_a_word_that_could_not_be_stored_is_told_again() -> None:
    port, said = free_port(), Heard(failures=1)
    async with running(repeat_after=0.01) as platform:
        settings = settings_for(platform.base, mode="webhook", webhook_secret=SecretStr(SECRET))
        async with zalobot.open("zalobot", settings) as channel, served(channel, said, port):
            await platform.api("setWebhook", url=f"http://127.0.0.1:{port}/webhooks/zalobot", secret_token=SECRET)
            answer = await platform.say(ALICE, "chào")
            texts = await said.texts(1)

    assert channel.listener is None
    assert not answer["acknowledged"]
    assert texts == ["chào"]


async def test_an_address_that_somebody_changed_is_set_again(platform: Platform) -> None:
    url = "http://127.0.0.1:9/webhooks/zalobot"
    settings = settings_for(platform.base, mode="webhook", webhook_secret=SecretStr(SECRET), webhook_url=url)
    with saying("registrar") as log:
        async with zalobot.open("zalobot", settings, rhythm=QUICK) as channel:
            channel.listener._look_again = 0.01  # type: ignore[union-attr]
            async with listening(channel, Heard()):
                await log.until("Zalo knows our webhook")
                await platform.api("setWebhook", url="http://127.0.0.1:9/elsewhere", secret_token="another-one")
                await log.until("the webhook was changed")
                await log.until("Zalo knows our webhook")

    assert (await platform.stats())["webhook"] == url


async def test_a_webhook_that_cannot_be_set_is_said_and_tried_again() -> None:
    port = free_port()
    settings = settings_for(
        f"http://127.0.0.1:{port}", mode="webhook", webhook_secret=SecretStr(SECRET), webhook_url="http://127.0.0.1:9/w"
    )
    with saying("registrar") as log:
        async with (
            AsyncExitStack() as servers,
            zalobot.open("zalobot", settings, rhythm=QUICK) as channel,
            listening(channel, Heard()),
        ):
            said = await log.until("cannot be set")
            await servers.enter_async_context(running(port))
            await log.until("Zalo knows our webhook")

    assert said.startswith("ERROR zalobot:")
    assert "ECONNREFUSED" in said
