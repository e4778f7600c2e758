"""eSMS (ViHAT): a POST a message with our id against duplicates, receipts by GET, citizens' messages with a signature.

Source: developers.esms.vn, as of April 2026: "Tin nhắn SMS OTP/CSKH", "Callback Url", "Hàm kiểm tra tin nhắn theo
SMSID", "Kết nối đầu số ngắn", "Bảng mã lỗi".
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

from pydantic import Field, model_validator

from adapters.channels.sms_http.answers import code_of, count_of, id_of, our_id, verdict_of, wordless, xml_text
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Status, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.clock import VIETNAM
from bot.model.message import DeliveryState, InboundMessage, Receipt
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.ports import WebhookRequest, WebhookResult
from bot.settings import Secret

CODES: Mapping[str, Verdict] = {
    "99": Verdict.BLOCKED,  # the number is on eSMS's own list
    "100": Verdict.ACCEPTED,
    "101": Verdict.CONFIG,  # ApiKey or SecretKey
    "102": Verdict.CONFIG,  # no price list for the account
    "103": Verdict.BALANCE,
    "104": Verdict.CONFIG,  # the brandname does not exist or is not active
    "107": Verdict.CONFIG,  # 30 numbers at least: sms_type is one for advertising
    "108": Verdict.PERMANENT, "110": Verdict.PERMANENT,  # the number's form; other values
    "124": Verdict.DUPLICATE,  # this RequestId came within 24 hours
    "140": Verdict.CONFIG, "143": Verdict.CONFIG,  # our address is not on their list; account not active, or locked
    "146": Verdict.TEMPLATE,
    "160": Verdict.THROTTLED,  # documented for one Zalo call alone; its words are "beyond the limit of TPS"
    "120": Verdict.PERMANENT, "163": Verdict.PERMANENT,  # too many numbers in the request
    "177": Verdict.PERMANENT,  # brandname not registered with this citizen's carrier: other citizens are reached
    "199": Verdict.DUPLICATE,  # "this request exists and is being processed"
    "201": Verdict.PERMANENT,  # a forbidden word
    "118": Verdict.CONFIG, "300": Verdict.CONFIG, "301": Verdict.CONFIG,  # SmsType not supported, missing, unknown
    # Zalo's, which only a wrong sms_type or account could bring up:
    "204": Verdict.CONFIG, "791": Verdict.CONFIG, "799": Verdict.CONFIG,
    "210": Verdict.PERMANENT, "687": Verdict.PERMANENT, "789": Verdict.TEMPLATE, "790": Verdict.TEMPLATE,
}  # fmt: skip
CARRIERS: Mapping[str, str] = {
    "1": "viettel", "2": "mobifone", "3": "vinaphone", "4": "vietnamobile", "5": "gmobile", "6": "itel", "7": "wintel",
}  # fmt: skip
"""`telcoid`; 5 is Gtel, 7 Reddi."""
_REFUSED, _FINISHED = "4", "5"
"""`SendStatus`; the others wait: 1 for approval, 2 to be sent, 7 for the carrier's report."""


class Settings(HttpSettings):
    """The table of an eSMS account."""

    provider: Literal["esms"] = "esms"
    url: str = Field(
        default="https://rest.esms.vn/MainService.svc/json",
        pattern=r"^https?://[^\s]+$",
        description="where the API is",
    )
    api_key: Secret = Field(description="ApiKey from the account's page")
    secret_key: Secret = Field(description="SecretKey from the same page")
    sms_type: Literal[2, 8] = Field(default=2, description="2: customer care under a brandname; 8: eSMS's own number")
    callback_base: str = Field(
        default="", pattern=r"^(https?://[^\s?#]+)?$", description="our address, for the CallbackUrl of each message"
    )
    private_key: Secret | None = Field(default=None, description="PrivateKey of the short code, to check its messages")

    @model_validator(mode="after")
    def _callbacks_need_a_secret(self) -> Self:
        if self.callback_base and not self.callback_secret:
            raise ValueError("callback_base is of no use without callback_secret")
        return self


class Esms(Provider[Settings]):
    settings_class = Settings
    receipts = True
    honours_reference = True  # RequestId, for 24 hours
    polls = True
    replies_in_answer = True

    def request(self, message: Outgoing, token: str) -> Request:
        of = self.settings
        body: dict[str, Any] = {
            "ApiKey": of.api_key.get_secret_value(),
            "SecretKey": of.secret_key.get_secret_value(),
            "Phone": message.national,
            "Content": message.text,
            **({"Brandname": message.sender} if of.sms_type == 2 else {}),
            "SmsType": str(of.sms_type),
            "IsUnicode": int(message.accented),
            "Sandbox": 0,
            "RequestId": message.id,
        }
        if of.callback_base and of.callback_secret:
            secret = quote(of.callback_secret.get_secret_value(), safe="")
            body["CallbackUrl"] = f"{of.callback_base.rstrip('/')}/webhooks/{self.channel}/{secret}/dlr"
        return Request.of_json("SendMultipleMessage_V4_post_json/", body)

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        body = answer.json()
        if code := code_of(body.get("CodeResult")):
            sent = id_of(body.get("SMSID"))
            return Reading(verdict_of(code, CODES), code, (sent,) if sent else ())
        # Documented beside 99 as `{"error": "Invalid request"}`: what was posted could not be read.
        return Reading(Verdict.PERMANENT, "error") if set(body) == {"error"} else wordless(answer)

    def status_request(self, references: Sequence[str]) -> Request | None:
        # Not GetSmsReceiverStatus_get: its SentResult is false both before the report and after a failure.
        of = self.settings
        keys = {"ApiKey": of.api_key.get_secret_value(), "SecretKey": of.secret_key.get_secret_value()}
        return Request("GET", f"GetSendStatus?{urlencode({'RefId': references[0], **keys})}") if references else None

    def read_status(self, answer: Answer, references: Sequence[str]) -> list[Status]:
        body = answer.json()
        about = id_of(body.get("SMSID"))
        if code_of(body.get("CodeResponse")) != "100" or about not in references:
            return []
        state, reason = _state(body)
        return [Status(about, state, reason)]

    def hear(self, request: WebhookRequest, tail: str, *, at: datetime) -> WebhookResult:
        if request.method != "GET":
            return WebhookResult(status=405)
        if tail == "mo":
            return self._message(request.query, at=at)
        return self._receipt(request.query, at=at) if tail in ("", "dlr") else WebhookResult(status=404)

    def answer_to(self, message: InboundMessage, reply: str) -> bytes:
        said = {"Message": reply, "Smsid": message.message_id, "Receiver": message.sender.value.removeprefix("+")}
        inner = "".join(f"<{name}>{xml_text(text)}</{name}>" for name, text in said.items())
        return f"<ClientResponse>{inner}</ClientResponse>".encode()

    def secrets(self) -> tuple[str, ...]:
        of = self.settings
        return tuple(key.get_secret_value() for key in (of.api_key, of.secret_key, of.private_key) if key)

    def _receipt(self, given: Mapping[str, str], *, at: datetime) -> WebhookResult:
        reference, ours = id_of(given.get("SMSID")), our_id(given.get("RequestId"))
        if not (reference or ours) or not code_of(given.get("SendStatus")):
            return WebhookResult(status=400)
        state, reason = _state(given)
        carrier = CARRIERS.get(given.get("telcoid", ""), "")
        receipt = Receipt(
            channel=self.channel, reference=reference, item_id=ours, state=state, reason=reason, at=at, carrier=carrier
        )
        return WebhookResult((receipt,))

    def _message(self, given: Mapping[str, str], *, at: datetime) -> WebhookResult:
        if not self._is_signed(given):
            return WebhookResult(status=403)
        sender, message_id = parse_phone(given.get("sender", "")), id_of(given.get("smsid"))
        if sender is None or not message_id:
            return WebhookResult(status=400)
        message = InboundMessage(
            channel=self.channel,
            message_id=message_id,
            sender=Address("sms", sender.e164),
            text=given.get("content", ""),
            at=_time(given.get("receiverTime", ""), now=at),
            to=id_of(given.get("serviceNumber")),
        )
        return WebhookResult((message,), body=self.answer_to(message, ""), content_type="text/xml")

    def _is_signed(self, given: Mapping[str, str]) -> bool:
        """By MD5 over the values and the key. The page's words mean the hexadecimal digits, its sample code base64."""
        if self.settings.private_key is None:
            return False
        signed = "".join(given.get(name, "") for name in ("cpid", "smsid", "content", "receiverTime"))
        text = (signed + self.settings.private_key.get_secret_value()).encode("utf-8", "replace")
        digest = hashlib.md5(text, usedforsecurity=False)
        # A "+" that was not escaped in the address arrives as a space.
        sign = given.get("sign", "").replace(" ", "+").encode("utf-8", "replace")
        as_base64 = hmac.compare_digest(sign, base64.b64encode(digest.digest()))
        return hmac.compare_digest(sign.lower(), digest.hexdigest().encode()) or as_base64


def _state(given: Mapping[str, object]) -> tuple[DeliveryState, str]:
    """Finished is not delivered: the counts tell, and a text of which a part failed did not arrive."""
    status = code_of(given.get("SendStatus"))
    sent, failed = count_of(given.get("SendSuccess")), count_of(given.get("SendFailed"))
    if status == _REFUSED or (status == _FINISHED and failed):
        return DeliveryState.FAILED, f"SendStatus:{status} SendFailed:{failed or 0}"
    if status == _FINISHED and sent:
        return DeliveryState.DELIVERED, ""
    return DeliveryState.ACCEPTED, f"SendStatus:{status}"


def _time(text: str, *, now: datetime) -> datetime:
    """`receiverTime`, which is Vietnamese time; `now` where it is not within a day of it."""
    try:
        received = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM)
    except ValueError:
        return now
    return received if abs(received - now) < timedelta(days=1) else now
