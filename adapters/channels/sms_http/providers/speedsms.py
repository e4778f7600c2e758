"""SpeedSMS: JSON with an access token; the answer's own words decide, for HTTP 200 does not mean that it was taken.

Sources: speedsms.vn/sms-api (sending, error codes, rate limit). The calls to our webhook are known from customers'
programs alone, which agree about them: `{"type": "report", "tranId", "phone", "status"}` and `{"type": "sms", "phone",
"content"}`; they carry no signature.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from adapters.channels.sms_http.answers import code_of, count_of, id_of, verdict_of, wordless
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.message import DeliveryState, InboundMessage, Receipt
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import WebhookRequest, WebhookResult
from bot.settings import Secret

CODES: Mapping[str, Verdict] = {
    "00": Verdict.ACCEPTED,
    "007": Verdict.CONFIG,  # our address is locked out
    "008": Verdict.CONFIG,  # account blocked
    "009": Verdict.CONFIG,  # account may not use the API
    "101": Verdict.PERMANENT,  # invalid or missing parameters
    "105": Verdict.PERMANENT,  # the number
    "110": Verdict.PERMANENT,  # encoding of the text not supported
    "113": Verdict.PERMANENT,  # text too long
    "300": Verdict.BALANCE,
    "500": Verdict.TEMPORARY,  # "Internal error, please try again"
}
_FAILED_FROM = 64
"""`status` of a report: 0 arrived, below 64 not yet, from 64 on failed for good."""


class Settings(HttpSettings):
    """The table of a SpeedSMS account."""

    provider: Literal["speedsms"] = "speedsms"
    url: str = Field(
        default="https://api.speedsms.vn/index.php", pattern=r"^https?://[^\s]+$", description="where the API is"
    )
    rate: float = Field(default=1, ge=0, description="parts a second; SpeedSMS allows 60 requests in 60 seconds")
    access_token: Secret = Field(description="API access token from the account's page")
    sms_type: Literal[2, 3, 4, 5, 6, 7, 8] = Field(
        default=3,
        description="2: a number of theirs; 3: brandname; 4: their brandname Notify or Verify; 5: Android phone; "
        "6: fixed number; 7: own number; 8: two-way number",
    )


class SpeedSms(Provider[Settings]):
    settings_class = Settings
    receipts = True

    def request(self, message: Outgoing, token: str) -> Request:
        of = self.settings
        # Their own library sends \uXXXX and no letters beyond ASCII, and so do we.
        sender = "" if of.sms_type == 2 else message.sender
        body = {"to": [message.digits], "content": message.text, "sms_type": of.sms_type, "sender": sender}
        login = base64.b64encode(f"{of.access_token.get_secret_value()}:x".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
        return Request("POST", "sms/send", headers, json.dumps(body).encode())

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        body = answer.json()
        status, code = body.get("status"), _code(body.get("code"))
        if status == "success" and not code.strip("0"):
            return _taken(body)
        if status == "error":
            return Reading(verdict_of(code, CODES), code or "error")
        waited = count_of(answer.headers.get("x-rate-limit-reset"))
        if answer.status == 429 and waited is not None:
            return Reading(Verdict.THROTTLED, "HTTP 429", after=float(waited))
        return wordless(answer)

    def hear(self, request: WebhookRequest, tail: str, *, at: datetime) -> WebhookResult:
        if request.method != "POST":
            return WebhookResult(status=405)
        given = Answer(200, request.headers, request.body).json()
        event: Receipt | InboundMessage | None = None
        # One address serves for both kinds, whatever its tail.
        if given.get("type") == "report":
            event = self._receipt(given, at=at)
        elif given.get("type") == "sms":
            event = self._message(given, at=at)
        return WebhookResult((event,)) if event else WebhookResult(status=400)

    def secrets(self) -> tuple[str, ...]:
        return (self.settings.access_token.get_secret_value(),)

    def _receipt(self, given: Mapping[str, Any], *, at: datetime) -> Receipt | None:
        reference, status = id_of(given.get("tranId")), count_of(given.get("status"))
        if not reference or status is None:
            return None
        missed = DeliveryState.FAILED if status >= _FAILED_FROM else DeliveryState.ACCEPTED
        state, reason = (missed, f"status:{status}") if status else (DeliveryState.DELIVERED, "")
        return Receipt(channel=self.channel, reference=reference, state=state, reason=reason, at=at)

    def _message(self, given: Mapping[str, Any], *, at: datetime) -> InboundMessage | None:
        phone, text = given.get("phone"), given.get("content")
        sender = parse_phone(phone) if isinstance(phone, str) else None
        if sender is None or not isinstance(text, str):
            return None
        # There is no id: the same words from the same number within one minute are one message.
        said = "\n".join((sender.e164, f"{at:%Y%m%d%H%M}", text)).encode("utf-8", "replace")
        key = self.settings.access_token.get_secret_value().encode()[:64]
        message_id = hashlib.blake2b(said, digest_size=16, key=key).hexdigest()
        address = Address("sms", sender.e164)
        return InboundMessage(channel=self.channel, message_id=message_id, sender=address, text=text, at=at)


def _taken(body: Mapping[str, Any]) -> Reading:
    """We send one number a request: one that is not valid is ours."""
    sent = body.get("data")
    inside = sent if isinstance(sent, dict) else {}
    if inside.get("invalidPhone") or body.get("invalidPhone"):
        return Reading(Verdict.PERMANENT, "invalidPhone")
    reference = id_of(inside.get("tranId"))
    return Reading(Verdict.ACCEPTED, "00", (reference,) if reference else ())


def _code(value: object) -> str:
    """The code in the digits of the table, also where JSON took its leading zeros: 7 is 007."""
    return f"{value:03d}" if isinstance(value, int) and not isinstance(value, bool) and value < 1000 else code_of(value)
