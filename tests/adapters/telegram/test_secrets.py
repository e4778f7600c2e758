"""The token, texts and chat ids reach no log, whatever happens and however much is logged."""

import asyncio
import logging

import pytest
from pydantic import SecretStr

from adapters.channels.telegram import check
from adapters.channels.telegram import open as open_channel
from bot.model.errors import ChannelError
from tests.adapters.telegram.support import (
    QUICK,
    TOKEN,
    Said,
    Telegram,
    canned,
    free_port,
    http_answer,
    item,
    settings_for,
)

WRONG = "110201543:a-token-that-is-wrong"
TEXT = "Bà Nguyễn Thị Bí Mật có kết quả"
SAID = "tôi là Trần Văn Kín"
CHAT = 5_123_456_100

LOGGERS = ("", "telegram", "telegram.Bot", "telegram.request", "aiohttp.client", "aiohttp.internal", "asyncio")


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for logger in LOGGERS:
        caplog.set_level(logging.DEBUG, logger)
    return caplog


async def use(port: int, said: Said, chats: tuple[int, ...], *, token: str = TOKEN) -> list[str]:
    """Sends, listens and checks once over; what came out of it, as text."""
    asyncio.get_running_loop().set_debug(True)
    settings = settings_for(port, token=SecretStr(token), poll_seconds=1, read_timeout=0.5, connect_timeout=0.5)
    seen: list[str] = []

    async def refuse(events: object) -> None:
        raise RuntimeError(repr(events) + SAID)

    async with open_channel("tele", settings, rhythm=QUICK) as channel, asyncio.TaskGroup() as tasks:
        assert channel.listener
        listener = tasks.create_task(channel.listener.listen(refuse))
        seen += [repr(await channel.sender.send(item(chat, TEXT))) for chat in chats]
        async with asyncio.timeout(20):
            await said.texts.get()
        listener.cancel()
    try:
        seen.append(await check(settings))
    except ChannelError as error:
        seen.append(f"{error} {error.__cause__!r} {error.__context__!r}")
    return seen


def assert_silent(logged: pytest.LogCaptureFixture, seen: list[str]) -> None:
    told = logged.text + "".join(seen) + "".join(repr(vars(record)) for record in logged.records)
    for secret in (TOKEN, WRONG, TEXT, "Bí Mật", SAID, "Kín", str(CHAT)):
        assert secret not in told


async def test_nothing_is_told_when_all_goes_well_or_telegram_complains(
    telegram: Telegram, everything_logged: pytest.LogCaptureFixture, said: Said
) -> None:
    await telegram.say(CHAT, SAID)
    await telegram.inject({"message": {"text": SAID, "chat": {"id": str(CHAT)}}})
    everything_logged.clear()

    seen = await use(telegram.port, said, (CHAT, *range(5_000_000_901, 5_000_000_909)))

    assert seen[0].startswith("Accepted")
    assert "not stored" in everything_logged.text
    assert "unknown form" in everything_logged.text
    assert_silent(everything_logged, seen)


async def test_nothing_is_told_about_a_wrong_token(
    telegram: Telegram, everything_logged: pytest.LogCaptureFixture, said: Said
) -> None:
    seen = await use(telegram.port, said, (CHAT,), token=WRONG)

    assert "refuses the bot's token" in everything_logged.text
    assert_silent(everything_logged, seen)


async def test_nothing_is_told_behind_a_closed_door(everything_logged: pytest.LogCaptureFixture, said: Said) -> None:
    seen = await use(free_port(), said, (CHAT,))

    assert "cannot be asked for news" in everything_logged.text
    assert_silent(everything_logged, seen)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 garbage\r\n\r\n",
        http_answer("200 OK", f"<p>{TEXT} /bot{TOKEN}/sendMessage</p>"),
        http_answer("502 Bad Gateway", f"<p>{TEXT} /bot{TOKEN}/sendMessage</p>"),
        http_answer(f"302 Found\r\nLocation: http://127.0.0.1:9/bot{TOKEN}/x", ""),
    ],
)
async def test_nothing_is_told_about_broken_answers_even_if_they_quote_us(
    answer: bytes | None, everything_logged: pytest.LogCaptureFixture, said: Said
) -> None:
    async with canned(answer) as server:
        seen = await use(server.port, said, (CHAT,))

    assert "cannot be asked for news" in everything_logged.text
    assert_silent(everything_logged, seen)
