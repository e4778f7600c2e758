"""The SMS channel over a provider's HTTP API: opens it, and tries the way to the provider."""

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from adapters.channels.sms_http.client import connected
from adapters.channels.sms_http.polling import Outstanding, Poller
from adapters.channels.sms_http.provider import Provider
from adapters.channels.sms_http.providers import PROVIDERS
from adapters.channels.sms_http.replies import Replies
from adapters.channels.sms_http.sender import HttpSender
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.tokens import Tokens
from adapters.channels.sms_http.webhook import HttpWebhook
from adapters.http import trust
from bot.model.clock import Clock, utc_now
from bot.model.errors import ChannelError, ConfigError
from bot.ports import Channel, Limits

log = logging.getLogger(__name__)

_SECRET = re.compile(r"[A-Za-z0-9._~\-]{16,200}")


@asynccontextmanager
async def open(  # noqa: A001 - the name every adapter offers
    name: str, settings: HttpSettings, *, clock: Clock = utc_now, rng: random.Random | None = None
) -> AsyncIterator[Channel]:
    """The channel. Nothing is connected before the first message. Raises `ConfigError` for a table that cannot be
    used."""
    provider = provider_of(name, settings)
    replies = Replies()
    if not settings.verify_tls:
        log.warning(
            "kênh %s không kiểm tra chứng thư TLS / channel %s trusts any certificate: for trials only", name, name
        )
    async with connected(settings) as client:
        outstanding = Outstanding(settings.poll, rng=rng or random.Random()) if _asks(provider) else None
        poller = (
            Poller(name, provider, client, outstanding=outstanding, clock=clock) if outstanding is not None else None
        )
        yield Channel(
            name=name,
            sender=HttpSender(provider, client, clock=clock, replies=replies, outstanding=outstanding),
            listener=poller,
            webhook=HttpWebhook(name, provider, clock=clock, replies=replies, outstanding=outstanding),
            limits=_limits(provider),
            secrets=_secrets(provider),
        )


async def check(settings: HttpSettings) -> str:
    """Asks for a token where the provider has one, else only connects: no message, no cost. Answers a line for the
    operator, or raises `ChannelError` saying what is wrong."""
    provider = provider_of("check", settings)
    host = urlsplit(settings.url).hostname or ""
    if provider.token_request() is None:
        await _knock(settings)
        return f"{settings.provider} {host}: kết nối được, chưa thử tài khoản (connected; the account was not tried)"
    async with connected(settings) as client:
        token = await Tokens(provider, client).current()
    if isinstance(token, str):
        return f"{settings.provider} {host}: đăng nhập được (got an access token)"
    raise ChannelError(f"không đăng nhập được / no access token: {getattr(token, 'reason', '')}")


def provider_of(name: str, settings: HttpSettings) -> Provider[HttpSettings]:
    """Raises `ConfigError` where there is no such provider, or the table is not its own, or the secret is too weak."""
    made = PROVIDERS.get(settings.provider)
    if made is None or not isinstance(settings, made.settings_class):
        known = ", ".join(sorted(PROVIDERS))
        raise ConfigError(f'provider: không có "{settings.provider}" / there is none such; known: {known}')
    secret = settings.callback_secret.get_secret_value() if settings.callback_secret else None
    if secret is not None and not _SECRET.fullmatch(secret):
        raise ConfigError(
            "callback_secret: cần ít nhất 16 chữ cái, chữ số hoặc -._~ / at least 16 letters, digits or -._~"
        )
    return made(name, settings)


def _asks(provider: Provider[HttpSettings]) -> bool:
    return provider.polls and provider.settings.poll > 0


def _limits(provider: Provider[HttpSettings]) -> Limits:
    settings = provider.settings
    called = settings.callback_secret is not None or provider.signed
    return Limits(
        longest=0,
        rate=settings.rate,
        window=settings.window,
        receipts=provider.receipts and (called or _asks(provider)),
        arrives_when_accepted=False,
        honours_reference=provider.honours_reference,
        plain=True,
        reserved=settings.reserved,
        repeat_after=provider.repeat_after,
    )


def _secrets(provider: Provider[HttpSettings]) -> tuple[str, ...]:
    settings = provider.settings
    ours = settings.callback_secret.get_secret_value() if settings.callback_secret else ""
    return tuple(filter(None, (*provider.secrets(), ours, urlsplit(settings.proxy).password)))


async def _knock(settings: HttpSettings) -> None:
    """One connection to the provider, or to the proxy that leads there, with TLS where the address says so."""
    url = urlsplit(settings.proxy or settings.url)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    tls = (trust(settings.ca_file, verify=settings.verify_tls) or True) if url.scheme == "https" else None
    try:
        async with asyncio.timeout(settings.connect_timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ChannelError(f"không kết nối được tới {host}:{port} / cannot connect: {why}") from None
