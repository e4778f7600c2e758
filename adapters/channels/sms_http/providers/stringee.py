"""Stringee: a POST of JSON with a signed token that we make ourselves.

Source: developer.stringee.com, "Stringee SMS REST API reference" (request, token, form of the answer), and Stringee's
PHP sample (a registered template in place of the text). Of the codes only 0 is documented.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import Field

from adapters.channels.sms_http.answers import code_of, count_of, verdict_of, wordless
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.settings import Secret

CODES: Mapping[str, Verdict] = {"0": Verdict.ACCEPTED}
"""`r` of a result."""

_LIFE = 300
"""Seconds that a token is good for; each request has its own."""
_HEADER = {"typ": "JWT", "alg": "HS256", "cty": "stringee-api;v=1"}


class Settings(HttpSettings):
    """The table of a Stringee project."""

    provider: Literal["stringee"] = "stringee"
    url: str = Field(
        default="https://api.stringee.com/v1/sms", pattern=r"^https?://[^\s]+$", description="where the API is"
    )
    api_key_sid: str = Field(min_length=1, description="API key SID, SK.…")
    api_key_secret: Secret = Field(description="API key secret")


class Stringee(Provider[Settings]):
    """Stringee. It names no id for a message and takes none; no receipts are documented."""

    settings_class = Settings

    def __init__(self, channel: str, settings: Settings, now: Callable[[], float] = time.time) -> None:
        super().__init__(channel, settings)
        self._now = now

    def request(self, message: Outgoing, token: str) -> Request:
        sms = {"from": message.sender, "to": message.digits, "text": _text(message)}
        headers = {"X-STRINGEE-AUTH": self._token(), "Accept": "application/json"}
        return Request.of_json(self.settings.url, {"sms": [sms]}, headers)

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        body = answer.json()
        results = body.get("result")
        first = results[0] if isinstance(results, list) and results else None
        if isinstance(first, dict) and (code := code_of(first.get("r"))):
            if code == "0" and count_of(body.get("smsSent")) == 0:
                return Reading(Verdict.UNKNOWN, "0 smsSent:0")
            return Reading(verdict_of(code, CODES), code)
        code = code_of(body.get("r"))
        # A refusal of the request as a whole says nothing about its message: the key is at fault, or its form.
        return Reading(Verdict.CONFIG, code) if code not in ("", "0") else wordless(answer)

    def secrets(self) -> tuple[str, ...]:
        return (self.settings.api_key_secret.get_secret_value(),)

    def _token(self) -> str:
        sid, now = self.settings.api_key_sid, int(self._now())
        payload = {"jti": f"{sid}-{now}", "iss": sid, "exp": now + _LIFE, "rest_api": True}
        signed = f"{_encoded(_HEADER)}.{_encoded(payload)}"
        key = self.settings.api_key_secret.get_secret_value().encode()
        return f"{signed}.{_base64url(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def _text(message: Outgoing) -> str | dict[str, Any]:
    """The text, or the registered template with its values in the order of their numbers."""
    if not message.template:
        return message.text
    template = int(message.template) if message.template.isdecimal() else message.template
    return {"template": template, "params": [value for _, value in sorted(message.values.items())]}


def _encoded(value: Mapping[str, object]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(octets: bytes) -> str:
    """Without padding, RFC 7515 section 2."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
