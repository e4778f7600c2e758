"""Telegram calls us: what a call means, and keeping it calling."""

import asyncio
import hmac
import json
import logging

from telegram.error import BadRequest, InvalidToken, TelegramError

from adapters.channels.telegram.client import HEARD, QuietBot
from adapters.channels.telegram.explaining import REFUSED, webhook_elsewhere, webhook_in_trouble
from adapters.channels.telegram.menu import announce
from adapters.channels.telegram.rhythm import Patience, Rhythm
from adapters.channels.telegram.settings import Settings
from adapters.channels.telegram.updates import Ear
from bot.ports import Deliver, WebhookRequest, WebhookResult

_log = logging.getLogger(__name__)

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header


class TelegramWebhook:
    """`/webhooks/{name}`, with the secret that `setWebhook` agreed on in its header."""

    def __init__(self, ear: Ear, secret: str) -> None:
        self._ear = ear
        self._path = f"/webhooks/{ear.channel}"
        self._secret = secret.encode()

    def parse(self, request: WebhookRequest) -> WebhookResult:
        """The secret is compared first, in constant time. What cannot be read but is Telegram's own is answered 200:
        Telegram would bring it again and again."""
        shown = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(shown, self._secret):
            return WebhookResult(status=401)
        if request.path.rstrip("/") != self._path or request.method != "POST":
            return WebhookResult(status=404)
        try:
            raw = json.loads(request.body)
        except (ValueError, RecursionError):
            return WebhookResult(status=400)
        news = self._ear.hear(raw)
        events = (news.message,) if news.message else ()
        if not news.pressed:
            return WebhookResult(events=events)
        # The answer may hold a call of the Bot API: one that ends the waiting sign on the button.
        answer = {"method": "answerCallbackQuery", "callback_query_id": news.pressed}
        return WebhookResult(events=events, body=json.dumps(answer).encode(), content_type="application/json")


class WebhookKeeper:
    """A `Listener` that hears nothing itself: it tells Telegram where to call, and looks how the calls fare."""

    def __init__(self, bot: QuietBot, ear: Ear, *, settings: Settings, rhythm: Rhythm) -> None:
        self._bot = bot
        self._channel = ear.channel
        self._settings = settings
        self._rhythm = rhythm
        self._patience = Patience(ear.channel, rhythm, _log)
        self._last_error = 0

    async def listen(self, deliver: Deliver) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(announce(self._bot, self._channel, self._rhythm))
            while not await self._is_set():
                pass
            while True:
                await self._patience.rest(self._rhythm.watch)
                await self._look()

    async def _is_set(self) -> bool:
        secret = self._settings.webhook_secret
        try:
            await self._bot.set_webhook(
                self._settings.webhook_url,
                allowed_updates=list(HEARD),
                max_connections=self._settings.webhook_connections,
                secret_token=secret.get_secret_value() if secret else None,
            )
        except TelegramError as error:
            await self._patience.rest(self._pause(error))
            return False
        self._patience.recovered()
        return True

    def _pause(self, error: TelegramError) -> float:
        if isinstance(error, InvalidToken):
            _log.error("%s: %s", self._channel, REFUSED)
            return self._rhythm.refused
        if isinstance(error, BadRequest):
            _log.error("%s: Telegram does not take our webhook: %s", self._channel, error.message[:200])
            return self._rhythm.refused
        return self._patience.growing(f"Telegram cannot be told where to call: {error.message[:200]}")

    async def _look(self) -> None:
        """Says what Telegram complains of; a webhook that somebody else has set is left to people to sort out."""
        try:
            told = await self._bot.raw_webhook()
        except TelegramError as error:
            self._patience.growing(f"Telegram cannot be asked about our webhook: {error.message[:200]}")
            return
        self._patience.recovered()
        at = told.get("last_error_date")
        if told.get("url") != self._settings.webhook_url:
            _log.error("%s: %s", self._channel, webhook_elsewhere(told.get("url")))
        elif isinstance(at, int) and at > self._last_error:
            self._last_error = at
            _log.warning("%s: %s", self._channel, webhook_in_trouble(told))
