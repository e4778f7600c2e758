"""Puts the channel of the Zalo Bot Platform together, and tries it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.channels.zalobot.client import Answered, Client, Refused, connected
from adapters.channels.zalobot.poller import Poller, Rhythm
from adapters.channels.zalobot.registrar import Registrar, reason_of
from adapters.channels.zalobot.sender import LONGEST, ZaloBotSender
from adapters.channels.zalobot.settings import Settings
from adapters.channels.zalobot.webhook import ZaloBotWebhook
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError
from bot.ports import Channel, Limits, Listener

_ORDINARY = Rhythm()


@asynccontextmanager
async def open(  # noqa: A001 - the word that all adapters share
    name: str, settings: Settings, *, rhythm: Rhythm = _ORDINARY, clock: Clock = utc_now
) -> AsyncIterator[Channel]:
    """Opens without a call to Zalo: where it cannot be reached, this channel is down and no other."""
    secret = _secret(settings)
    async with connected(settings) as client:
        yield Channel(
            name=name,
            sender=ZaloBotSender(client),
            listener=_listener(name, settings, client, rhythm=rhythm, clock=clock),
            heard_once=True,
            webhook=ZaloBotWebhook(name, secret, clock=clock) if settings.mode == "webhook" else None,
            limits=Limits(longest=LONGEST, rate=settings.rate, window=settings.window, alone=True),
            secrets=_secrets(settings),
        )


async def check(settings: Settings) -> str:
    """Asks Zalo who we are and how it hands over messages; one line. Raises `ChannelError` with what an operator
    should do."""
    async with connected(settings) as client:
        me = await _asked(client, "getMe")
        known = await _asked(client, "getWebhookInfo")
    name = str(me.get("account_name") or me.get("name") or me.get("id") or "?")
    url = str(known.get("url") or "")
    if settings.mode == "polling" and url:
        raise ChannelError(
            f"{name}: bot đang có webhook nên không hỏi tin được; đặt mode = webhook hoặc gọi deleteWebhook / the bot "
            "has a webhook and cannot be polled: set mode = webhook, or call deleteWebhook"
        )
    if settings.mode == "webhook" and not settings.webhook_url and not url:
        raise ChannelError(
            f"{name}: Zalo chưa biết webhook; xin đặt webhook_url hoặc gọi setWebhook / Zalo knows no webhook: set "
            "webhook_url, or call setWebhook"
        )
    if settings.webhook_url and url and url != settings.webhook_url and settings.mode == "webhook":
        return f"{name} trả lời; webhook hiện ở nơi khác, sẽ đặt lại (answers; the webhook will be moved to ours)"
    return f"{name} trả lời (answers), {settings.mode}"


async def _asked(client: Client, method: str) -> dict[str, object]:
    reached = await client.call(method)
    if isinstance(reached, Answered):
        return reached.result if isinstance(reached.result, dict) else {}
    if isinstance(reached, Refused) and reached.code in (401, 404):
        raise ChannelError(
            "Zalo không nhận mã bot; xin lấy mã mới ở Zalo Bot Manager / Zalo refuses the bot's token: get a new one"
        )
    raise ChannelError(f"không hỏi được Zalo Bot Platform / the Bot Platform cannot be asked: {reason_of(reached)}")


def _listener(name: str, settings: Settings, client: Client, *, rhythm: Rhythm, clock: Clock) -> Listener | None:
    if settings.mode == "polling":
        return Poller(client, name, poll_seconds=settings.poll_seconds, rhythm=rhythm, clock=clock)
    if settings.webhook_url:
        return Registrar(client, name, url=settings.webhook_url, secret=_secret(settings), rhythm=rhythm)
    return None


def _secret(settings: Settings) -> str:
    return settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""


def _secrets(settings: Settings) -> tuple[str, ...]:
    token = settings.token.get_secret_value()
    return tuple(filter(None, (token, token.partition(":")[2], _secret(settings))))
