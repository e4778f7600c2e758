"""FPT: an OAuth2 token that is kept, a session id that goes with it, and a guard of five minutes against repetition.

Sources: FPT Telecom International's "API Connection Manual of SMS Brandname Service" (June 2021: `RequestId`), and the
code tables of customers' programs. The manual has a call for receipts whose form is not public: none are asked for.
"""

import base64
import secrets
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from adapters.channels.sms_http.answers import code_of, count_of, id_of, verdict_of, wordless
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Token, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.model.carrier import carrier_named
from bot.settings import Secret

CODES: Mapping[str, Verdict] = {
    "1008": Verdict.CONFIG,  # client_id or client_secret
    "1011": Verdict.TOKEN,  # not valid
    "1013": Verdict.TOKEN,  # expired
    "2501": Verdict.DUPLICATE,  # same number and text within five minutes
    "1": Verdict.UNKNOWN,  # "repeated within five minutes, or not a valid request": perhaps sent, perhaps not
    "2513": Verdict.CONFIG,  # brandname not declared
    "2": Verdict.CONFIG,
    "-8": Verdict.CONFIG,
    "2518": Verdict.TEMPLATE,
    "5": Verdict.TEMPLATE,
    "-20": Verdict.TEMPLATE,
    "2519": Verdict.PERMANENT,  # a forbidden word
    "6": Verdict.PERMANENT,
    "-18": Verdict.PERMANENT,
}
"""The four-digit ones come from FPT, the others are what the carriers behind it say."""
_USUAL_LIFE = 3_600
"""Seconds of a token whose answer does not say."""
_LONGEST_LIFE = 30 * 86_400


class Settings(HttpSettings):
    """The table of an FPT account."""

    provider: Literal["fpt"] = "fpt"
    url: str = Field(default="https://app.sms.fpt.net", pattern=r"^https?://[^\s]+$", description="where the API is")
    client_id: str = Field(min_length=1, description="client_id of the application at FPT")
    client_secret: Secret = Field(description="client_secret of the same application")
    scope: str = Field(default="send_brandname_otp send_brandname", description="what the token is asked for")


class Fpt(Provider[Settings]):
    settings_class = Settings
    repeat_after = 300.0  # see 2501

    def __init__(self, channel: str, settings: Settings) -> None:
        super().__init__(channel, settings)
        self._session = secrets.token_hex(16)

    def token_request(self) -> Request:
        of = self.settings
        body = {
            "grant_type": "client_credentials",
            "client_id": of.client_id,
            "client_secret": of.client_secret.get_secret_value(),
            "scope": of.scope,
            "session_id": self._session,
        }
        return Request.of_json("oauth2/token", body)

    def read_token(self, answer: Answer) -> Token | Reading:
        body = answer.json()
        token = body.get("access_token")
        if isinstance(token, str) and token and token.isascii() and token.isprintable():
            life = count_of(body.get("expires_in")) or _USUAL_LIFE
            return Token(token, float(min(life, _LONGEST_LIFE)))
        if answer.status == 429:
            return Reading(Verdict.THROTTLED, "HTTP 429")
        return Reading(Verdict.CONFIG, _error(body) or f"HTTP {answer.status}")

    def request(self, message: Outgoing, token: str) -> Request:
        body = {
            "access_token": token,
            "session_id": self._session,
            "BrandName": message.sender,
            "Phone": message.digits,
            "Message": base64.b64encode(message.text.encode()).decode(),
            "RequestId": message.id,
        }
        return Request.of_json("api/push-brandname-otp", body)

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        body = answer.json()
        if code := _error(body):
            return Reading(verdict_of(code, CODES), code)
        if sent := id_of(body.get("MessageId")):
            telco = body.get("Telco")
            return Reading(Verdict.ACCEPTED, "", (sent,), carrier_named(telco) if isinstance(telco, str) else "")
        if answer.status == 401:
            return Reading(Verdict.TOKEN, "HTTP 401")
        return wordless(answer)

    def secrets(self) -> tuple[str, ...]:
        return (self.settings.client_secret.get_secret_value(), self._session)


def _error(body: Mapping[str, object]) -> str:
    """The code; answers spell it with both letters, and 0 means none."""
    code = code_of(body.get("error")) or code_of(body.get("Error"))
    return "" if code == "0" else code
