"""Reads the events that Zalo tells us. Pure; never raises, and answers nothing but a status."""

import json
import logging
import re

from adapters.channels.zalo.events import Event, event_in, understand
from adapters.channels.zalo.signature import Seal
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.message import InboundMessage, Receipt
from bot.ports import WebhookRequest, WebhookResult

log = logging.getLogger(__name__)

_TOLD = {
    "change_template_status": "trạng thái mẫu tin đã đổi / the state of a template has changed",
    "change_template_quality": "chất lượng mẫu tin đã đổi / the quality of a template has changed",
    "change_oa_daily_quota": "hạn mức tin mỗi ngày đã đổi / the daily quota has changed",
    "change_oa_template_tags": "loại mẫu tin được gửi đã đổi / the permitted kinds of templates have changed",
}
"""Events that an operator should look into, at Zalo's console."""
_NAME = re.compile(r"[a-z0-9_]{1,60}")


class ZaloWebhook:
    """`/webhooks/{name}`. Signed events that we do not understand are acknowledged: else Zalo repeats them."""

    def __init__(self, name: str, seal: Seal, *, oa_id: str, clock: Clock) -> None:
        self._name = name
        self._path = f"/webhooks/{name}"
        self._seal = seal
        self._oa_id = oa_id
        self._clock = clock

    def parse(self, request: WebhookRequest) -> WebhookResult:
        if request.path != self._path:
            return WebhookResult(status=404)
        if request.method != "POST":
            return WebhookResult(status=405)
        raw = _value_of(request.body)
        if not self._seal.is_on(request, _timestamp(raw)):
            return WebhookResult(status=401)
        try:
            return WebhookResult(events=self._heard(raw))
        except Exception as error:  # what is signed and cannot be read would come again and again
            log.error("%s: an event could not be read: %s", self._name, trail(error))
            return WebhookResult()

    def _heard(self, raw: object) -> tuple[Receipt | InboundMessage, ...]:
        event = event_in(raw)
        if event is None:
            log.warning("%s: an event of unknown form was left alone", self._name)
            return ()
        self._tell(event)
        return tuple(understand(event, channel=self._name, oa_id=self._oa_id, now=self._clock()))

    def _tell(self, event: Event) -> None:
        if words := _TOLD.get(event.event_name):
            log.warning("%s: %s", self._name, words)
        elif not _NAME.fullmatch(event.event_name):
            log.warning("%s: an event without a name was left alone", self._name)


def _value_of(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _timestamp(raw: object) -> str:
    value = raw.get("timestamp") if isinstance(raw, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
