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
        assert (channel.name, channel.limits.longest, channel.limits.window) == ("tele", 4096, 20)
        assert channel.limits.buttons
        assert channel.limits.shares_phone
        assert not channel.limits.receipts
        assert set(channel.secrets) == {TOKEN, "an:mật", "mật"}
        assert TOKEN not in repr(channel)
        assert channel.webhook is None


async def test_the_pace_is_the_channels_own_and_few_wait_for_it() -> None:
    async with open_channel("tele", settings_for(1, rate=28, window=20)) as free:
        assert (free.limits.rate, free.limits.window) == (0, 14)
    async with open_channel("tele", settings_for(1, rate=28, window=200, paid_broadcast=True)) as paid:
        assert (paid.limits.rate, paid.limits.window) == (0, 200)


async def test_check_names_the_bot(telegram: Telegram) -> None:
    await telegram.say(1, "chờ")

    assert await check(settings_for(telegram.port)) == "@motcua_simulated_bot: 1 tin đang chờ / messages wait"


async def test_check_says_what_to_do_about_a_refused_token(telegram: Telegram) -> None:
    with pytest.raises(ChannelError, match="BotFather") as refused:
        await check(settings_for(telegram.port, token=SecretStr("110201543:wrong")))

    assert "wrong" not in str(refused.value)


async def test_check_says_what_to_do_where_telegram_is_blocked() -> None:
    with pytest.raises(ChannelError, match=r"cannot be reached .* set proxy or base_url"):
        await check(settings_for(free_port()))


async def test_check_says_that_a_webhook_is_in_the_way_and_whose(telegram: Telegram) -> None:
    await telegram.call("setWebhook", url="https://example.vn/hook/secret-part")

    with pytest.raises(ChannelError, match=r"webhook is set at example\.vn,.*take_over") as refused:
        await check(settings_for(telegram.port))

    assert "secret-part" not in str(refused.value)
    assert "messages wait" in await check(settings_for(telegram.port, take_over=True))


async def test_check_of_a_webhook_says_whose_it_is_and_how_it_fares(telegram: Telegram) -> None:
    settings = settings_for(telegram.port, **WEBHOOK)

    assert "will be set at the start" in await check(settings)
    await telegram.call("setWebhook", url="https://example.vn/hook")
    with pytest.raises(ChannelError, match=r"no longer ours \(example\.vn\)"):
        await check(settings)
    await telegram.call("setWebhook", url=WEBHOOK["webhook_url"])
    await telegram.say(1, "chờ")
    await telegram.until("webhook_failures")
    with pytest.raises(ChannelError, match="cannot deliver to our webhook, 1 messages wait: Connection failed"):
        await check(settings)


WEBHOOK = {
    "mode": "webhook",
    "webhook_url": "http://127.0.0.1:9/webhooks/tele",
    "webhook_secret": SecretStr("a-secret-of-16-letters"),
}


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
        {"window": 501},
        {"rate": -1},
        {"paid_rate": 1001},
        {"mode": "both"},
        {"mode": "webhook"},
        {"mode": "webhook", "webhook_url": WEBHOOK["webhook_url"]},
        {**WEBHOOK, "webhook_secret": SecretStr("too-short")},
        {**WEBHOOK, "webhook_secret": SecretStr("not allowed: colon")},
        {**WEBHOOK, "base_url": "https://api.telegram.org/bot"},
        {**WEBHOOK, "base_url": "https://api.telegram.org/bot", "webhook_url": "https://a.vn:8080/webhooks/tele"},
        {"chat": 1},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_for(1, **wrong)
