"""Puts the Telegram channel together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram.error import InvalidToken, NetworkError, TelegramError

from adapters.channels.telegram.client import connected
from adapters.channels.telegram.pieces import LONGEST
from adapters.channels.telegram.poller import Poller, Rhythm
from adapters.channels.telegram.sender import TelegramSender
from adapters.channels.telegram.settings import Settings
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError
from bot.ports import Channel, Limits

_ORDINARY = Rhythm()


@asynccontextmanager
async def open(  # noqa: A001 - the word that all adapters share
    name: str, settings: Settings, *, rhythm: Rhythm = _ORDINARY, clock: Clock = utc_now
) -> AsyncIterator[Channel]:
    """Opens without a call to Telegram: where it cannot be reached, this channel is down and no other."""
    async with connected(settings) as bot:
        yield Channel(
            name=name,
            sender=TelegramSender(bot),
            listener=Poller(
                bot,
                name,
                poll_seconds=settings.poll_seconds,
                read_timeout=settings.read_timeout,
                rhythm=rhythm,
                clock=clock,
            ),
            limits=Limits(longest=LONGEST, rate=settings.rate, window=settings.window, buttons=True),
            secrets=_secrets(settings),
        )


async def check(settings: Settings) -> str:
    """Asks Telegram who we are; one line. Raises `ChannelError` with what an operator should do."""
    async with connected(settings) as bot:
        try:
            me = await bot.get_me()
            webhook = await bot.get_webhook_info()
        except InvalidToken:
            raise ChannelError("Telegram refuses the bot's token; get a new one from BotFather") from None
        except NetworkError as error:
            raise ChannelError(
                f"Telegram cannot be reached ({error.message}); where it is blocked, set proxy or base_url"
            ) from None
        except (TelegramError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ChannelError(f"Telegram's answer is of no use ({type(error).__name__})") from None
    if webhook.url:
        raise ChannelError(f"@{me.username} has a webhook, so it cannot be polled: call deleteWebhook")
    return f"@{me.username} answers, {webhook.pending_update_count} messages wait"


def _secrets(settings: Settings) -> tuple[str, ...]:
    login = settings.proxy_login.get_secret_value() if settings.proxy_login else ""
    return tuple(filter(None, (settings.token.get_secret_value(), login, login.partition(":")[2])))
