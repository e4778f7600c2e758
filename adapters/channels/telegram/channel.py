"""Puts the Telegram channel together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil

from adapters.channels.telegram.client import connected
from adapters.channels.telegram.holds import Holds
from adapters.channels.telegram.keyboards import Keyboards
from adapters.channels.telegram.moves import Moves, MovesTeller
from adapters.channels.telegram.pieces import LONGEST
from adapters.channels.telegram.poller import Poller
from adapters.channels.telegram.post import Post
from adapters.channels.telegram.rhythm import Rhythm
from adapters.channels.telegram.sender import TelegramSender
from adapters.channels.telegram.settings import Settings
from adapters.channels.telegram.turns import Turns
from adapters.channels.telegram.turnstile import Turnstile
from adapters.channels.telegram.updates import Ear
from adapters.channels.telegram.webhook import TelegramWebhook, WebhookKeeper
from bot.model.clock import Clock, utc_now
from bot.ports import Channel, Limits

_ORDINARY = Rhythm()
_RESERVED = 0.1
_UNDER_WAY = 0.5
"""Seconds' worth of messages that may be under way: as long as a slow answer takes. More would only wait here, and
replies would come into our hands the later."""


@asynccontextmanager
async def open(  # noqa: A001 - the word that all adapters share
    name: str, settings: Settings, *, rhythm: Rhythm = _ORDINARY, clock: Clock = utc_now
) -> AsyncIterator[Channel]:
    """Opens without a call to Telegram: where it cannot be reached, this channel is down and no other."""
    limits, moves, keyboards = limits_of(settings), Moves(), Keyboards()
    async with connected(settings) as bot:
        post = Post(bot, free=turnstile(settings.rate), paid=turnstile(settings.paid_rate), holds=Holds(), moves=moves)
        turns = Turns(1 / settings.chat_rate if settings.chat_rate else 0.0, room=limits.window // 4)
        ear = Ear(name, keyboards, clock)
        kind = Poller if settings.mode == "polling" else WebhookKeeper
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
        yield Channel(
            name=name,
            sender=TelegramSender(post, turns=turns, keyboards=keyboards, moves=moves, is_paid=settings.paid_broadcast),
            listener=kind(bot, ear, settings=settings, rhythm=rhythm),
            heard_once=True,
            aside=MovesTeller(moves, ear, rhythm),
            webhook=TelegramWebhook(ear, secret) if settings.mode == "webhook" else None,
            limits=limits,
            secrets=_secrets(settings),
        )


def limits_of(settings: Settings) -> Limits:
    """The pace is our own business, so `rate` is 0 and nobody sends beside us: Telegram counts by the second and by the
    chat, and a message that may not go yet must not use up the turn of one that may."""
    fastest = settings.paid_rate if settings.paid_broadcast else settings.rate
    window = min(settings.window, max(2, ceil(_UNDER_WAY * fastest))) if fastest else settings.window
    return Limits(
        longest=LONGEST, rate=0, window=window, reserved=_RESERVED, buttons=True, shares_phone=True, files=True,
        alone=True,
    )  # fmt: skip


def turnstile(rate: float) -> Turnstile:
    """At most `rate` messages in any second; slower ones one each so many seconds."""
    return Turnstile(int(rate)) if rate >= 1 or not rate else Turnstile(1, 1 / rate)


def _secrets(settings: Settings) -> tuple[str, ...]:
    login = settings.proxy_login.get_secret_value() if settings.proxy_login else ""
    webhook = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    return tuple(filter(None, (settings.token.get_secret_value(), login, login.partition(":")[2], webhook)))
