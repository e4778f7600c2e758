"""Opening and checking the channel, and settings that cannot work."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from adapters.channels.telegram import Settings, check
from adapters.channels.telegram import open as open_channel
from bot.model.errors import ChannelError
from tests.adapters.telegram.support import TOKEN, Telegram, free_port, settings_for


async def test_opening_needs_no_network_and_tells_what_the_channel_can_do() -> None:
    settings = settings_for(free_port(), proxy="http://127.0.0.1:9", proxy_login=SecretStr("an:mật"))

    async with open_channel("tele", settings) as channel:
        assert (channel.name, channel.limits.longest, channel.limits.rate) == ("tele", 4096, 25)
        assert channel.limits.buttons
        assert not channel.limits.receipts
        assert set(channel.secrets) == {TOKEN, "an:mật", "mật"}
        assert TOKEN not in repr(channel)


async def test_check_names_the_bot(telegram: Telegram) -> None:
    await telegram.say(1, "chờ")

    assert await check(settings_for(telegram.port)) == "@motcua_simulated_bot answers, 1 messages wait"


async def test_check_says_what_to_do_about_a_refused_token(telegram: Telegram) -> None:
    with pytest.raises(ChannelError, match="BotFather") as refused:
        await check(settings_for(telegram.port, token=SecretStr("110201543:wrong")))

    assert "wrong" not in str(refused.value)


async def test_check_says_what_to_do_where_telegram_is_blocked() -> None:
    with pytest.raises(ChannelError, match=r"cannot be reached .* set proxy or base_url"):
        await check(settings_for(free_port()))


async def test_check_says_that_a_webhook_is_in_the_way(telegram: Telegram) -> None:
    await telegram.call("setWebhook", url="https://example.vn/hook")

    with pytest.raises(ChannelError, match="deleteWebhook"):
        await check(settings_for(telegram.port))


def test_a_malformed_token_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("bot/110201543:geheim")

    with pytest.raises(ValidationError, match="BotFather") as refused:
        Settings.model_validate({"token": f"file:{tmp_path / 'token'}"})

    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": ""},
        {"base_url": "api.telegram.org/bot"},
        {"proxy": "socks5://127.0.0.1:1080"},
        {"proxy": "http://an:geheim@127.0.0.1:3128"},
        {"poll_seconds": 0},
        {"poll_seconds": 51},
        {"read_timeout": 0},
        {"window": 0},
        {"chat": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_for(1, **wrong)
