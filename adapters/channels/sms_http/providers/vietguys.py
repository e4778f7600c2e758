"""VietGuys: a form, answered in JSON or, all the same, in plain text: a long one is an id, a short one an error.

Sources: developers.vietguys.biz, section CSKH (fields, `type`); the error codes are those that five customers'
programs list alike, in the words of VietGuys' manual. Receipts are posted to an address that their support enters;
their form is known from one customer's program alone.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field

from adapters.channels.sms_http.answers import code_of, id_of, verdict_of, wordless
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.carrier import carrier_named
from bot.model.message import DeliveryState, Receipt
from bot.ports import WebhookRequest, WebhookResult
from bot.settings import Secret

CODES: Mapping[str, Verdict] = {
    "0": Verdict.ACCEPTED,
    "-1": Verdict.PERMANENT,  # parameters missing
    "-2": Verdict.TEMPORARY,  # their server is busy
    "-3": Verdict.CONFIG,  # no such user
    "-4": Verdict.CONFIG,  # account locked
    "-5": Verdict.CONFIG,  # password
    "-6": Verdict.CONFIG,  # sending by API not switched on
    "-7": Verdict.CONFIG,  # our address is not on their list
    "-8": Verdict.CONFIG,  # brandname not declared
    "-9": Verdict.BALANCE,
    "-10": Verdict.PERMANENT,  # the number
    "-11": Verdict.BLOCKED,  # the number is on the list of those who want no messages
    "-12": Verdict.BALANCE,
    "-13": Verdict.CONFIG,  # brandname not declared
    "-14": Verdict.PERMANENT,  # more than 459 characters
    "-16": Verdict.DUPLICATE,  # same number, brandname and text within one minute
    "-17": Verdict.BALANCE,  # the account's messages for today are used up: nothing goes until somebody acts
    "-18": Verdict.PERMANENT,  # a word of advertising
    "-19": Verdict.TEMPORARY,  # the number's messages for today are used up: tomorrow, if it still matters
    "-20": Verdict.TEMPLATE,
    "-21": Verdict.TEMPLATE,  # not an OTP, on a brandname for those
    "-22": Verdict.PERMANENT,  # ported number, or the brandname is not set up for its carrier
    "-23": Verdict.CONFIG,  # no price set
}
_STATES = {"delivered": DeliveryState.DELIVERED, "fail": DeliveryState.FAILED, "sent": DeliveryState.ACCEPTED}
_LONGEST_ERROR = 3
"""Characters: `-10`. What is longer is an id."""
_PLAIN_ID = re.compile(r"(?=(?:[^0-9]*[0-9]){4})[A-Za-z0-9._:-]{4,80}")
"""With some digits, so that no word of English passes for one."""


class Settings(HttpSettings):
    """The table of a VietGuys account."""

    provider: Literal["vietguys"] = "vietguys"
    url: str = Field(
        default="https://cloudsms.vietguys.biz:4438/api/index.php",
        pattern=r"^https?://[^\s]+$",
        description="where the API is",
    )
    username: str = Field(min_length=1, description="name of the account (u)")
    password: Secret = Field(description="passcode or access token of the account (pwd)")


class VietGuys(Provider[Settings]):
    settings_class = Settings
    receipts = True
    repeat_after = 60.0  # see -16

    def request(self, message: Outgoing, token: str) -> Request:
        form = {
            "u": self.settings.username,
            "pwd": self.settings.password.get_secret_value(),
            "from": message.sender,
            "phone": message.digits,
            "sms": message.text,
            "bid": message.id,
            "type": "8" if message.accented else "0",
            "json": "1",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", self.settings.url, headers, urlencode(form).encode())

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        body = answer.json()
        if error := code_of(body.get("error")):
            code = error if error == "0" else code_of(body.get("error_code")) or error
            sent, carrier = id_of(body.get("msgid")), body.get("carrier")
            named = carrier_named(carrier) if isinstance(carrier, str) else ""
            return Reading(verdict_of(code, CODES), code, (sent,) if sent and error == "0" else (), named)
        return _plain(answer) if answer.status == 200 and not body else wordless(answer)

    def hear(self, request: WebhookRequest, tail: str, *, at: datetime) -> WebhookResult:
        if request.method != "POST":
            return WebhookResult(status=405)
        given = Answer(200, request.headers, request.body).json().get("data")
        receipt = self._receipt(given, at=at) if isinstance(given, dict) and tail in ("", "dlr") else None
        return WebhookResult((receipt,)) if receipt else WebhookResult(status=400)

    def secrets(self) -> tuple[str, ...]:
        return (self.settings.password.get_secret_value(),)

    def _receipt(self, given: Mapping[str, Any], *, at: datetime) -> Receipt | None:
        reference, status = id_of(given.get("message_id")), id_of(given.get("status")).lower()
        state = _STATES.get(status)
        if not reference or state is None:
            return None
        reason = "" if state is DeliveryState.DELIVERED else f"status:{status}"
        return Receipt(channel=self.channel, reference=reference, state=state, reason=reason, at=at)


def _plain(answer: Answer) -> Reading:
    text = answer.text.strip()
    if (code := code_of(text)) and len(code) <= _LONGEST_ERROR:
        return Reading(verdict_of(code, CODES), code)
    return Reading(Verdict.ACCEPTED, references=(text,)) if _PLAIN_ID.fullmatch(text) else wordless(answer)
