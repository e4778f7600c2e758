"""Reads what the Bot Platform calls us with: signed by a shared secret, one update a call. Pure; never raises."""

import hmac
import json
import logging

from adapters.channels.zalobot.updates import understand
from bot.model.clock import Clock
from bot.ports import WebhookRequest, WebhookResult

log = logging.getLogger(__name__)

_HEADER = "x-bot-api-secret-token"


class ZaloBotWebhook:
    """`POST /webhooks/{name}`."""

    def __init__(self, name: str, secret: str, *, clock: Clock) -> None:
        self._name = name
        self._path = f"/webhooks/{name}"
        self._secret = secret.encode()
        self._clock = clock

    def parse(self, request: WebhookRequest) -> WebhookResult:
        if request.path.rstrip("/") != self._path or request.method != "POST":
            return WebhookResult(status=404)
        given = request.headers.get(_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._secret):
            return WebhookResult(status=403)
        try:
            understood = understand(json.loads(request.body), channel=self._name, now=self._clock())
        except (ValueError, RecursionError):
            understood = None
        if understood is None:
            # Said 200 nevertheless: told again, it could not be read any better.
            log.warning("%s: một lời gọi webhook không đọc được / a webhook call cannot be read; skipped", self._name)
            return WebhookResult()
        return WebhookResult(events=(understood.message,) if understood.message else ())
