"""Reads what providers call us with: who may, by which address, and what it means. Pure; never raises."""

import hmac
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

from adapters.channels.sms_http.polling import Outstanding
from adapters.channels.sms_http.provider import Provider
from adapters.channels.sms_http.replies import Replies
from adapters.channels.sms_http.settings import HttpSettings
from adapters.keywords import Keywords
from bot.model.clock import Clock
from bot.model.errors import trail
from bot.model.message import FINAL, InboundMessage, Receipt
from bot.model.sms import nfc
from bot.ports import WebhookRequest, WebhookResult

log = logging.getLogger(__name__)

_TAILS = ("", "dlr", "mo")
_METHODS = ("GET", "POST")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but tab and line end."""


class HttpWebhook:
    """`/webhooks/{name}/{secret}`, then nothing or `/dlr` for receipts, `/mo` for citizens' messages; without a secret
    only for providers who sign."""

    def __init__(
        self,
        name: str,
        provider: Provider[HttpSettings],
        *,
        clock: Clock,
        replies: Replies,
        outstanding: Outstanding | None,
    ) -> None:
        self._root = f"/webhooks/{name}"
        self._name = name
        self._provider = provider
        self._clock = clock
        self._replies = replies
        self._outstanding = outstanding
        settings = provider.settings
        self._secret = settings.callback_secret.get_secret_value().encode() if settings.callback_secret else b""
        self._networks = settings.callback_networks
        self._keywords = Keywords(settings.keywords)
        self._in_answer = provider.replies_in_answer and settings.reply_in_answer

    def parse(self, request: WebhookRequest) -> WebhookResult:
        tail = self._tail(request)
        if isinstance(tail, WebhookResult):
            return tail
        if tail not in _TAILS or request.method not in _METHODS:
            return WebhookResult(status=404)
        try:
            result = self._provider.hear(request, tail, at=self._clock())
        except Exception as error:  # bytes of strangers must not stop the web server, nor this channel
            log.error("%s: a callback could not be read: %s", self._name, trail(error))
            return WebhookResult(status=400)
        return self._prepared(result)

    def _tail(self, request: WebhookRequest) -> str | WebhookResult:
        """What follows the secret; or the refusal, the same for a wrong secret and a wrong address."""
        rest = request.path.removeprefix(self._root)
        if rest == request.path or rest[:1] not in ("", "/"):
            return WebhookResult(status=404)
        if not self._secret:
            if not self._provider.signed:
                return WebhookResult(status=404)
            return rest[1:] if self._allowed(request.remote) else WebhookResult(status=403)
        given, _, tail = rest[1:].partition("/")
        known = hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)
        return tail if self._allowed(request.remote) and known else WebhookResult(status=403)

    def _allowed(self, remote: str) -> bool:
        if not self._networks:
            return True
        try:
            # The web server tells an IPv6 address by its household's network.
            caller = ip_network(remote.partition("%")[0], strict=False)
        except ValueError:
            return False
        return any(caller.version == each.version and caller.subnet_of(each) for each in self._networks)  # type: ignore[arg-type]

    def _prepared(self, result: WebhookResult) -> WebhookResult:
        """Receipts that came need not be asked for, and a reply may go in the answer."""
        events = tuple(self._heard(each) for each in result.events)
        if not all(map(_is_named, events)):
            # An id of signs that no database takes is none: two messages without one would be taken for the same.
            return WebhookResult(status=400)
        if self._outstanding is not None:
            for event in events:
                if isinstance(event, Receipt) and event.state in FINAL:
                    self._outstanding.settled(event.reference)
        result = replace(result, events=events)
        messages = [event for event in events if isinstance(event, InboundMessage)]
        return self._answering(result, messages) if self._in_answer and len(messages) == 1 else result

    def _answering(self, result: WebhookResult, messages: Sequence[InboundMessage]) -> WebhookResult:
        (message,) = messages
        self._replies.expect(message)

        async def answer() -> bytes:
            return self._provider.answer_to(message, await self._replies.reply_to(message))

        return replace(result, answer=answer)

    def _heard(self, event: Receipt | InboundMessage) -> Receipt | InboundMessage:
        """Without what no database takes and no phone shows; a message also without its keyword."""
        if isinstance(event, Receipt):
            # Providers divide long texts themselves and have one id for all of it.
            return replace(event, reference=_line(event.reference), reason=_line(event.reason), whole=True)
        text = self._keywords.without(nfc(_CONTROLS.sub("", event.text)), _line(event.to))
        return replace(event, text=text, message_id=_line(event.message_id), to=_line(event.to))


def _is_named(event: Receipt | InboundMessage) -> bool:
    return bool(event.message_id if isinstance(event, InboundMessage) else event.reference or event.item_id)


def _line(text: str) -> str:
    return nfc(_CONTROLS.sub("", text).replace("\n", " "))
