"""`motcua check` of a Telegram channel."""

from collections.abc import Mapping
from typing import Any

from telegram.error import InvalidToken, NetworkError, TelegramError

from adapters.channels.telegram.client import connected
from adapters.channels.telegram.explaining import REFUSED, webhook_elsewhere, webhook_in_the_way, webhook_in_trouble
from adapters.channels.telegram.settings import Settings
from bot.model.errors import ChannelError


async def check(settings: Settings) -> str:
    """Asks Telegram who we are; one line. Raises `ChannelError` with what an operator should do.

    Does not ask for news: that would interrupt a service that listens, which is told 409 then.
    """
    async with connected(settings) as bot:
        try:
            me = await bot.get_me()
            webhook = await bot.raw_webhook()
        except InvalidToken:
            raise ChannelError(REFUSED) from None
        except NetworkError as error:
            raise ChannelError(
                f"không tới được Telegram, nơi bị chặn thì đặt proxy hoặc base_url / Telegram cannot be reached "
                f"({error.message}); where it is blocked, set proxy or base_url"
            ) from None
        except (TelegramError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ChannelError(
                f"không hiểu câu trả lời của Telegram / Telegram's answer is of no use ({type(error).__name__})"
            ) from None
    return _condition(settings, me.username, webhook)


def _condition(settings: Settings, name: str | None, webhook: Mapping[str, Any]) -> str:
    url, waiting = webhook.get("url"), webhook.get("pending_update_count", 0)
    said = f"@{name}: {waiting} tin đang chờ / messages wait"
    if settings.mode == "polling":
        if url and not settings.take_over:
            raise ChannelError(webhook_in_the_way(url))
        return said
    if url and url != settings.webhook_url:
        raise ChannelError(webhook_elsewhere(url))
    if webhook.get("last_error_message") and waiting:
        raise ChannelError(webhook_in_trouble(webhook))
    return said if url else f"{said}; webhook sẽ được đặt khi chạy / will be set at the start"
