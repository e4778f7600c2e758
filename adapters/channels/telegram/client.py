"""python-telegram-bot's `Bot`, kept quiet, on our own transport."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import encode_basic_auth
from telegram import Bot

from adapters.channels.telegram.failures import UnansweredError
from adapters.channels.telegram.request import AiohttpRequest
from adapters.channels.telegram.settings import Settings

NO_PREVIEW = {"is_disabled": True}
HEARD = ("message", "edited_message", "callback_query", "my_chat_member")
"""The kinds of updates that mean something to us."""

# PTB writes the token (in the URL), chat ids and texts at DEBUG. A logger outside the tree stays silent
# whatever an operator configures; `Bot._LOGGER` is the place that PTB's own ExtBot overrides, too.
_SILENCE = logging.Logger("telegram.silenced", level=logging.CRITICAL + 1)


class QuietBot(Bot):
    """A `Bot` that logs nothing and leaves unparsed what need not be parsed.

    Never call `initialize`: it asks Telegram who we are, which must not be needed to start, and its error holds
    the token. `connected` opens the transport instead.
    """

    _LOGGER = _SILENCE

    async def send(self, message: Mapping[str, Any], method: str = "sendMessage") -> int:
        """`sendMessage` or its like with parameters as they are; the message's number. `send_message` spends as long
        on building its `Message` as on the call itself. Raises UnansweredError where the answer names no message."""
        sent = await self._post(method, dict(message))
        number = sent.get("message_id") if isinstance(sent, dict) else None
        if not isinstance(number, int):
            raise UnansweredError("the answer names no message")
        return number

    async def raw_updates(self, *, offset: int | None, seconds: int, read_timeout: float) -> object:
        """`getUpdates` without the parsing: there one strange update fails the batch, for ever."""
        return await self._post(
            "getUpdates",
            {"offset": offset, "timeout": seconds, "allowed_updates": list(HEARD)},
            read_timeout=seconds + read_timeout,
        )

    async def raw_webhook(self) -> Mapping[str, Any]:
        """`getWebhookInfo` as it is; empty where the answer is of another form."""
        told = await self._post("getWebhookInfo")
        return told if isinstance(told, dict) else {}


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[QuietBot]:
    """A bot whose connections are opened when they are needed: works without a network."""
    # Polling has a pool of its own, so that messages never wait for it nor it for them.
    async with _transport(settings, settings.window) as sending, _transport(settings, 1) as polling:
        yield QuietBot(
            settings.token.get_secret_value(), settings.base_url, request=sending, get_updates_request=polling
        )


def _transport(settings: Settings, connections: int) -> AiohttpRequest:
    return AiohttpRequest(
        connections=connections,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        proxy=settings.proxy,
        proxy_headers=_proxy_headers(settings),
    )


def _proxy_headers(settings: Settings) -> dict[str, str] | None:
    if settings.proxy_login is None:
        return None
    user, _, password = settings.proxy_login.get_secret_value().partition(":")
    return {"Proxy-Authorization": encode_basic_auth(user, password)}
