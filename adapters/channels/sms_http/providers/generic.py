"""A provider that is described wholly in the configuration: the call, what answers mean, the callbacks.

Kannel and Jasmin, as `docs/examples/channels` has them, are two such descriptions.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import urlencode

from adapters.channels.sms_http.generic_settings import AnswerRule, GenericSettings, Inbound, Receipts
from adapters.channels.sms_http.places import Message, at_path, first_found
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.templating import (
    Escape,
    as_is,
    filled,
    filled_tree,
    in_header,
    in_json,
    in_url,
    in_xml,
)
from adapters.http import Answer, Request
from bot.model.carrier import carrier_named
from bot.model.message import DeliveryState, InboundMessage, Receipt
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import WebhookRequest, WebhookResult

_TYPES = {
    "form": "application/x-www-form-urlencoded",
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
_ESCAPES: Mapping[str, Escape] = {"json": in_json, "xml": in_xml, "text": as_is}
_OUR_ID = re.compile(r"[0-9A-Z]{26}")
_LONGEST_REFERENCE = 200
_LONGEST_TEXT = 10_000


class Generic(Provider[GenericSettings]):
    settings_class = GenericSettings

    def __init__(self, channel: str, settings: GenericSettings) -> None:
        super().__init__(channel, settings)
        # What other providers are by their class, this one is by its table.
        vars(self).update(
            receipts=settings.receipts is not None,
            honours_reference=settings.honours_reference,
            repeat_after=settings.repeat_after,
            replies_in_answer=settings.mo is not None and "{reply}" in settings.mo.answer,
        )
        self._user = settings.user
        self._password = settings.password.get_secret_value() if settings.password else ""
        self._token = settings.token.get_secret_value() if settings.token else ""
        self._secret = settings.callback_secret.get_secret_value() if settings.callback_secret else ""

    def request(self, message: Outgoing, token: str) -> Request:
        settings, values = self.settings, self._values(message)
        url = filled(settings.url, values, in_url)
        if settings.query:
            parameters = urlencode({name: filled(each, values, as_is) for name, each in settings.query.items()})
            url += ("&" if "?" in url else "?") + parameters
        body = self._body(values)
        headers = {name: filled(each, values, in_header) for name, each in settings.headers.items()}
        if body and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = _TYPES[settings.content]
        return Request(settings.method, url, headers | self._login(), body)

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        come = Message(answer.headers, answer.body, {})
        rule = next((rule for rule in self.settings.answers if _fits(rule, answer, come)), None)
        if rule is None:
            return Reading(Verdict.UNKNOWN, f"HTTP {answer.status} that no rule of answers fits")
        code = rule.code or (at_path(rule.path, come) if rule.path else "") or f"HTTP {answer.status}"
        settings = self.settings
        reference = settings.reference.found(come)[:_LONGEST_REFERENCE] if settings.reference else ""
        carrier = carrier_named(settings.carrier.found(come)) if settings.carrier else ""
        return Reading(rule.verdict, code, (reference,) if reference else (), carrier)

    def hear(self, request: WebhookRequest, tail: str, *, at: datetime) -> WebhookResult:
        come = Message(request.headers, request.body, request.query)
        if tail == "mo":
            return self._message(self.settings.mo, come, at) if self.settings.mo else WebhookResult(status=404)
        if self.settings.receipts is None:
            return WebhookResult(status=404)
        return self._receipt(self.settings.receipts, come, at)

    def answer_to(self, message: InboundMessage, reply: str) -> bytes:
        mo = self.settings.mo
        if mo is None:
            return b""
        escape = in_xml if "xml" in mo.answer_type else in_json if "json" in mo.answer_type else as_is
        return filled(mo.answer, {"reply": reply, "id": message.message_id}, escape).encode()

    def secrets(self) -> tuple[str, ...]:
        login = b64encode(f"{self._user}:{self._password}".encode()).decode() if self._password else ""
        return tuple(filter(None, (self._password, self._token, login)))

    def _values(self, message: Outgoing) -> dict[str, str]:
        coding = self.settings.coding
        values = {
            "phone": message.phone,
            "digits": message.digits,
            "national": message.national,
            "text": message.text,
            "sender": message.sender,
            "id": message.id,
            "user": self._user,
            "password": self._password,
            "token": self._token,
            "parts": str(message.parts),
            "coding": coding.accented if message.accented else coding.plain,
            "template": message.template,
            "situation": message.situation,
            "lane": str(message.lane),
            **{f"value_{number}": value for number, value in message.values.items()},
        }
        return values | {"dlr_url": filled(self.settings.dlr_url, {**values, "callback_secret": self._secret}, in_url)}

    def _body(self, values: Mapping[str, str]) -> bytes:
        body, content = self.settings.body, self.settings.content
        if isinstance(body, str):
            return filled(body, values, _ESCAPES.get(content, as_is)).encode()
        tree = filled_tree(body, values)
        return (urlencode(tree) if content == "form" else json.dumps(tree, ensure_ascii=False)).encode()

    def _login(self) -> dict[str, str]:
        if self.settings.auth == "basic":
            return {"Authorization": f"Basic {b64encode(f'{self._user}:{self._password}'.encode()).decode()}"}
        return {"Authorization": f"Bearer {self._token}"} if self.settings.auth == "bearer" else {}

    def _receipt(self, table: Receipts, come: Message, at: datetime) -> WebhookResult:
        item_id = first_found(table.id or (), come)
        reference = first_found(table.reference or (), come)
        status = first_found(table.status, come)
        if not _OUR_ID.fullmatch(item_id):
            item_id = ""
        if not (item_id or reference) or not status or len(reference) > _LONGEST_REFERENCE:
            return WebhookResult(status=400)
        receipt = Receipt(
            channel=self.channel,
            reference=reference,
            item_id=item_id,
            state=_state(table, status),
            reason=" ".join(filter(None, (status, first_found(table.reason or (), come))))[:200],
            at=at,
            carrier=carrier_named(first_found(table.carrier or (), come)),
        )
        return WebhookResult((receipt,), body=table.answer.encode(), content_type=table.answer_type)

    def _message(self, table: Inbound, come: Message, at: datetime) -> WebhookResult:
        message_id = first_found(table.id, come)
        if not message_id or len(message_id) > _LONGEST_REFERENCE:
            return WebhookResult(status=400)
        phone = parse_phone(first_found(table.sender, come))
        message = InboundMessage(
            channel=self.channel,
            message_id=message_id,
            sender=Address("sms", phone.e164 if phone else ""),
            text=first_found(table.text, come)[:_LONGEST_TEXT],
            at=at,
            to=first_found(table.to or (), come)[:40],
        )
        # Who writes from no number (a brandname, an advertiser) cannot be answered; refused, it would come again.
        events = (message,) if phone else ()
        return WebhookResult(events, body=self.answer_to(message, ""), content_type=table.answer_type)


def _fits(rule: AnswerRule, answer: Answer, come: Message) -> bool:
    if rule.status is not None and rule.status not in (str(answer.status), f"{answer.status // 100}xx"):
        return False
    if rule.match is not None and not re.search(rule.match, come.text):
        return False
    if rule.path is None:
        return True
    value = at_path(rule.path, come)
    return value == rule.equals if rule.equals is not None else bool(value)


def _state(table: Receipts, status: str) -> DeliveryState:
    """What is not listed is not final: later, another receipt may say more."""
    states = (
        (table.delivered, DeliveryState.DELIVERED),
        (table.accepted, DeliveryState.ACCEPTED),
        (table.expired, DeliveryState.EXPIRED),
        (table.failed, DeliveryState.FAILED),
    )
    fitting = (state for words, state in states if any(fnmatchcase(status, word) for word in words))
    return next(fitting, DeliveryState.ACCEPTED)
