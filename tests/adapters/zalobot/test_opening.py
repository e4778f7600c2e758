"""What an operator may write, what `motcua check` says, and what the channel can do."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adapters.channels import zalobot
from adapters.channels.zalobot import Settings
from bot.model.errors import ChannelError
from tests.adapters.sms_http.support import canned, free_port, http_answer
from tests.adapters.zalobot.support import SECRET, TOKEN, Platform, settings_for

URL = "http://127.0.0.1:9/webhooks/zalobot"
WEBHOOK: dict[str, Any] = {"mode": "webhook", "webhook_secret": SecretStr(SECRET)}


async def test_a_channel_says_what_it_can_do() -> None:
    async with zalobot.open("zalobot", settings_for("http://127.0.0.1:9", rate=3, window=4)) as polled:
        limits = polled.limits
    async with zalobot.open("zalobot", settings_for("http://127.0.0.1:9", **WEBHOOK)) as called:
        pass

    assert (limits.longest, limits.rate, limits.window) == (2000, 3, 4)
    assert not any((limits.buttons, limits.shares_phone, limits.receipts, limits.honours_reference))
    assert (polled.webhook is None, polled.listener is None) == (True, False)
    assert (called.webhook is None, called.listener is None) == (False, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": SecretStr("no-colon")},
        {"token": SecretStr("1:a/b")},
        {"token": SecretStr("1:a\n")},
        {"proxy": "10.0.0.1:3128"},
        {"webhook_url": "https://user:pw@motcua.example.vn/webhooks/zalobot"},
        {"mode": "webhook"},
        {"mode": "webhook", "webhook_secret": SecretStr("short")},
        {"mode": "webhook", "webhook_secret": SecretStr("x" * 257)},
        {"mode": "webhook", "webhook_secret": SecretStr("có dấu và cách")},
        {"mode": "both"},
        {"poll_seconds": 51},
    ],
)
def test_what_cannot_work_is_refused_without_showing_a_secret(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        settings_for("http://127.0.0.1:9", **wrong)

    assert TOKEN not in str(refused.value)


def test_secrets_are_named_and_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZALOBOT_TOKEN", TOKEN)
    monkeypatch.setenv("ZALOBOT_SECRET", SECRET)

    settings = Settings.model_validate({"token": "env:ZALOBOT_TOKEN", "webhook_secret": "env:ZALOBOT_SECRET"})

    assert settings.base_url == "https://bot-api.zaloplatforms.com"
    assert settings.mode == "webhook"
    assert TOKEN not in repr(settings)
    assert SECRET not in repr(settings)


async def test_check_says_who_answers(platform: Platform) -> None:
    polled = await zalobot.check(settings_for(platform.base))
    to_be_set = await zalobot.check(settings_for(platform.base, **WEBHOOK, webhook_url=URL))
    await platform.api("setWebhook", url="http://127.0.0.1:9/elsewhere", secret_token=SECRET)
    moved = await zalobot.check(settings_for(platform.base, **WEBHOOK, webhook_url=URL))

    assert polled == "bot.2845046105240424 trả lời (answers), polling"
    assert to_be_set.endswith("webhook")
    assert "will be moved to ours" in moved


async def test_check_explains_the_other_mode(platform: Platform) -> None:
    with pytest.raises(ChannelError, match="Zalo knows no webhook"):
        await zalobot.check(settings_for(platform.base, **WEBHOOK))
    await platform.api("setWebhook", url=URL, secret_token=SECRET)
    with pytest.raises(ChannelError, match="has a webhook and cannot be polled"):
        await zalobot.check(settings_for(platform.base))


async def test_check_explains_a_bad_token_and_a_closed_door(platform: Platform) -> None:
    with pytest.raises(ChannelError, match="refuses the bot's token"):
        await zalobot.check(settings_for(platform.base, token=SecretStr("1:wrong")))
    with pytest.raises(ChannelError, match="ECONNREFUSED"):
        await zalobot.check(settings_for(f"http://127.0.0.1:{free_port()}"))
    async with canned(http_answer("200 OK", "<html>")) as server:
        with pytest.raises(ChannelError, match="not an answer of the Bot API"):
            await zalobot.check(settings_for(server.url))
