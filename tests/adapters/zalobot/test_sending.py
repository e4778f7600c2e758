"""A message leaves for a chat, and every answer of the platform has one meaning."""

import logging
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels import zalobot
from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Uncertain
from tests.adapters.sms_http.support import canned, free_port, http_answer
from tests.adapters.zalobot.support import ALICE, BOB, SECRET, TOKEN, Platform, chat, item, settings_for


async def outcome(platform: Platform, to: str, text: str = "x", times: int = 1, **changes: Any) -> Outcome:
    """Of the last of so many tries."""
    async with zalobot.open("zalobot", settings_for(platform.base, **changes)) as channel:
        outcomes = [await channel.sender.send(item(to, text)) for _ in range(times)]
    return outcomes[-1]


async def answered(answer: bytes) -> Outcome:
    async with canned(answer) as server, zalobot.open("zalobot", settings_for(server.url)) as channel:
        return await channel.sender.send(item())


async def test_a_text_arrives_as_it_is(platform: Platform) -> None:
    text = "Hồ sơ <b>H32.15-261122-0001</b> *đã xong* & chờ Ông/Bà"
    accepted = await outcome(platform, ALICE, text)

    assert await platform.shown(ALICE) == [text]
    assert isinstance(accepted, Accepted)
    assert len(accepted.references) == 1


async def test_a_long_text_arrives_in_pieces_and_in_order(platform: Platform) -> None:
    text = "\n".join(f"Dòng {number}: giấy tờ cần bổ sung 🙂" for number in range(150))
    accepted = await outcome(platform, ALICE, text)
    shown = await platform.shown(ALICE)

    assert isinstance(accepted, Accepted)
    assert len(shown) == len(accepted.references) > 1
    assert all(len(piece.encode("utf-16-le")) <= 4000 for piece in shown)
    assert "\n".join(shown) == text


async def test_a_text_that_nowhere_can_be_cut_is_cut_anywhere_but_not_inside_a_letter(platform: Platform) -> None:
    text = "🙂" * 2500
    await outcome(platform, ALICE, text)

    assert "".join(await platform.shown(ALICE)) == text


async def test_a_text_that_breaks_off_in_the_middle_is_uncertain_and_says_what_arrived() -> None:
    first = http_answer("200 OK", '{"ok":true,"result":{"message_id":"m1","date":1}}')
    second = http_answer("200 OK", '{"ok":false,"error_code":429,"description":"Too Many Requests"}')
    async with canned(first, second) as server, zalobot.open("zalobot", settings_for(server.url)) as channel:
        broken = await channel.sender.send(item(text="từ " * 1500))

    assert isinstance(broken, Uncertain)
    assert broken.references == ("m1",)
    assert broken.reason.startswith("piece 2 of 3")


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("0001", Rejected), ("0002", Rejected), ("0500", Retry), ("0502", Uncertain), ("0999", Uncertain),
     ("0007", Uncertain), ("0008", Uncertain)],
)  # fmt: skip
async def test_each_misfortune_has_its_outcome(platform: Platform, ending: str, kind: type[Outcome]) -> None:
    patience = {"read_timeout": 0.5} if ending == "0008" else {}
    assert isinstance(await outcome(platform, chat(ending), **patience), kind)


async def test_who_shut_the_bot_out_is_blocked(platform: Platform) -> None:
    refused = await outcome(platform, chat("0001"))

    assert isinstance(refused, Rejected)
    assert refused.blocked


async def test_too_fast_is_not_the_messages_fault_and_holds_only_that_chat(platform: Platform) -> None:
    async with zalobot.open("zalobot", settings_for(platform.base)) as channel:
        first = await channel.sender.send(item(chat("0006")))
        second = await channel.sender.send(item(chat("0006")))
        other = await channel.sender.send(item(BOB))

    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert (first.counts, second.counts) == (False, False)
    assert first.after
    assert isinstance(other, Accepted)
    assert (await platform.stats())["sendMessage"] == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("200 OK", '{"ok":false,"error_code":401,"description":"Unauthorized"}', ChannelDown),
        ("401 Unauthorized", '{"ok":false,"error_code":401}', ChannelDown),
        ("200 OK", '{"ok":false,"error_code":404,"description":"Not Found"}', ChannelDown),
        ("200 OK", '{"ok":false,"error_code":400,"description":"Bad Request"}', Rejected),
        ("200 OK", '{"ok":false,"error_code":408,"description":"Request timeout"}', Uncertain),
        ("200 OK", '{"ok":false,"error_code":-7}', Retry),
        ("200 OK", '{"ok":false}', Retry),
        ("503 Service Unavailable", '{"ok":false,"error_code":503}', Retry),
        ("200 OK", '{"ok":true}', Uncertain),
        ("200 OK", '{"ok":true,"result":{}}', Uncertain),
        ("200 OK", "", Uncertain),
        ("200 OK", "[]", Uncertain),
        ("500 Oops", "<html>", Uncertain),
        ("502 Bad Gateway", '{"ok":false,"error_code":502}', Uncertain),
        ("504 Gateway Timeout", "", Uncertain),
        ("429 Too Many Requests", "<html>", Retry),
        ("403 Forbidden", "<html>blocked page</html>", ChannelDown),
        ("404 Not Found", "<html>", ChannelDown),
        ("302 Found", "", ChannelDown),
    ],
)
async def test_every_answer_has_a_meaning(status: str, body: str, kind: type[Outcome]) -> None:
    assert isinstance(await answered(http_answer(status, body)), kind)


async def test_the_wait_that_zalo_asks_for_is_kept() -> None:
    body = '{"ok":false,"error_code":429,"description":"slow","parameters":{"retry_after":7}}'
    refused = await answered(http_answer("429 Too Many Requests", body))

    assert refused == Retry("429 slow", 7.0, counts=False)


async def test_a_closed_door_stops_the_channel_and_not_the_message() -> None:
    async with zalobot.open("zalobot", settings_for(f"http://127.0.0.1:{free_port()}")) as channel:
        assert await channel.sender.send(item()) == ChannelDown("no connection (ECONNREFUSED)")


async def test_a_redirect_is_not_followed() -> None:
    async with canned(http_answer("200 OK", '{"ok":true,"result":{"message_id":"m"}}')) as elsewhere:
        moved = await answered(http_answer("307 Temporary Redirect", "", Location=elsewhere.url))

    assert isinstance(moved, ChannelDown)
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("to", "scheme", "text"),
    [(ALICE, "zalo", "x"), (ALICE, "telegram", "x"), ("", "zalobot", "x"), ("../x", "zalobot", "x"),
     ("a" * 65, "zalobot", "x"), (ALICE, "zalobot", " \n ")],
)  # fmt: skip
async def test_what_cannot_be_sent_is_rejected_without_a_call(
    platform: Platform, to: str, scheme: str, text: str
) -> None:
    async with zalobot.open("zalobot", settings_for(platform.base)) as channel:
        refused = await channel.sender.send(item(to, text, scheme=scheme))

    assert isinstance(refused, Rejected)
    assert "sendMessage" not in await platform.stats()


async def test_no_secret_text_or_person_reaches_a_log_or_a_reason(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = "Nội dung riêng của công dân"
    settings = settings_for(platform.base, mode="webhook", webhook_secret=SecretStr(SECRET), read_timeout=0.5)
    echo = http_answer("200 OK", f'{{"ok":false,"error_code":400,"description":"no chat {ALICE} 0912345678"}}')
    async with zalobot.open("zalobot", settings) as channel:
        secrets = channel.secrets
        for ending in ("0001", "0006", "0007", "0008", "0502", "0999"):
            reason = getattr(await channel.sender.send(item(chat(ending), text)), "reason", "")
            assert TOKEN not in reason
    echoed = await answered(echo)

    assert set(secrets) == {TOKEN, TOKEN.partition(":")[2], SECRET}
    assert isinstance(echoed, Rejected)
    assert not [word for word in (ALICE, "0912345678") if word in echoed.reason]
    assert not [word for word in (*secrets, text, chat("0001")) if word in caplog.text]
