"""What stands in the way of news, in words that say what to do about it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from telegram.error import Conflict, TelegramError

from adapters.channels.telegram.client import QuietBot

REFUSED = (
    "Telegram từ chối token, xin lấy token mới từ BotFather / refuses the bot's token; get a new one from BotFather"
)


def is_webhook(error: Conflict) -> bool:
    """409 because a webhook is set; else because somebody else polls."""
    return "webhook" in error.message.lower()


def other_program(error: Conflict) -> str:
    return (
        "chương trình khác đang nhận tin bằng token này, xin tắt nó hoặc cho nó một bot riêng / "
        f"another program listens with this bot's token, stop it or give it a bot of its own: {error.message}"
    )


def webhook_in_the_way(url: object) -> str:
    where = host_of(url)
    return (
        f"bot đang đặt webhook tại {where} nên không hỏi tin được: dùng mode = webhook, hoặc take_over = true để xóa / "
        f"a webhook is set at {where}, so it cannot be polled: use mode = webhook, or take_over = true to delete it"
    )


def webhook_elsewhere(url: object) -> str:
    where = host_of(url) if url else "không có / none"
    return (
        f"webhook của bot không còn là của hệ thống này ({where}): ai đã đổi? Khởi động lại để đặt lại / "
        f"the bot's webhook is no longer ours ({where}): who has changed it? A restart sets it again"
    )


def webhook_in_trouble(told: Mapping[str, Any]) -> str:
    message = str(told.get("last_error_message", ""))[:200]
    waiting = told.get("pending_update_count", 0)
    return (
        f"Telegram không giao được tin tới webhook, {waiting} tin đang chờ / "
        f"Telegram cannot deliver to our webhook, {waiting} messages wait: {message}"
    )


def host_of(url: object) -> str:
    """Of an address only the host: its path may hold somebody's secret."""
    try:
        return (urlsplit(str(url)).hostname or "?") if url else "?"
    except ValueError:
        return "?"


async def webhook_of(bot: QuietBot) -> object:
    """Address of the webhook that is set; empty where there is none or Telegram does not say."""
    try:
        return (await bot.raw_webhook()).get("url", "")
    except TelegramError:
        return ""
