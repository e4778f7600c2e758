"""A stand-in for FPT: tokens, sending with a token and its session, the guard of five minutes. It calls nobody."""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.simulators.sms_http.counter import Counter, Refused, Stand, Submission
from adapters.simulators.sms_http.repetition import Repetition
from bot.model.carrier import hinted

_NUMBER = re.compile(r"(?:0|84)[35789][0-9]{8}")
_GUARD = 300.0
_LIFE = "3600"
_WORDS = {
    "1008": "Invalid client",
    "1011": "Invalid access token",
    "1013": "Access token expired",
    "2501": "Duplicate message in 5 minutes",
    "2513": "Brandname is not declared",
    "2518": "Message does not match template",
    "2599": "Invalid phone",
}
_REFUSALS = {"number": "2599", "duplicate": "2501", "balance": "2513", "config": "2513", "template": "2518"}
"""No public list has codes for a bad number or an empty account: 2599 is made up, and an empty account is shown as
another fault that stops the channel."""

Account = Mapping[str, str]


class _Desk:
    """The tokens that were given out, and what was taken."""

    def __init__(self, counter: Counter, account: Account) -> None:
        self._counter = counter
        self._account = account
        self._tokens: dict[str, tuple[str, float]] = {}
        self._guard = Repetition(_GUARD)

    async def token(self, request: web.Request) -> web.Response:
        given, account = await _object(request), self._account
        wanted = {"grant_type": "client_credentials"}
        wanted |= {key: account[key] for key in ("client_id", "client_secret")}
        session = given.get("session_id")
        if any(given.get(key) != value for key, value in wanted.items()) or not isinstance(session, str) or not session:
            return _refusal("1008", status=401)
        token, life = secrets.token_hex(20), int(account.get("expires_in", _LIFE))
        self._tokens[token] = session, time.monotonic() + life
        body = {"access_token": token, "expires_in": life, "token_type": "Bearer", "scope": str(given.get("scope", ""))}
        return web.json_response(body)

    async def push(self, request: web.Request) -> web.Response:
        given = await _object(request)
        if code := self._fault(given):
            return _refusal(code)
        text = base64.b64decode(given["Message"]).decode()
        phone = "84" + given["Phone"].removeprefix("0").removeprefix("84")
        message = Submission(provider="fpt", phone=phone, text=text, sender=given["BrandName"])
        if self._guard.has(message):
            return _refusal("2501")
        decision = await self._counter.take(message)
        if isinstance(decision, Refused):
            return _refused(decision.why)
        self._guard.note(message)
        echo = {key: given[key] for key in ("BrandName", "Message")}
        facts = {"MessageId": int(decision.message_id), "Phone": phone, "PartnerId": "1", "Telco": hinted(f"+{phone}")}
        return web.json_response({**facts, **echo})

    def _fault(self, given: Mapping[str, Any]) -> str:
        """The code of what is wrong with a request; empty where nothing is."""
        session, until = self._tokens.get(str(given.get("access_token")), ("", 0.0))
        checks = {
            "1011": not session or given.get("session_id") != session,
            "1013": time.monotonic() >= until,
            "2513": not isinstance(given.get("BrandName"), str) or not given["BrandName"],
            "2599": not _NUMBER.fullmatch(str(given.get("Phone", ""))),
            "2518": not _is_text(given.get("Message")),
        }
        return next((code for code, holds in checks.items() if holds), "")


def _routes(counter: Counter, account: Account) -> list[web.RouteDef]:
    desk = _Desk(counter, account)
    return [web.post("/oauth2/token", desk.token), web.post("/api/push-brandname-otp", desk.push)]


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.read())
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _is_text(message: object) -> bool:
    try:
        return isinstance(message, str) and bool(base64.b64decode(message, validate=True).decode())
    except (binascii.Error, ValueError):
        return False


def _refused(why: str) -> web.Response:
    if why in _REFUSALS:
        return _refusal(_REFUSALS[why])
    if why == "throttled":
        return web.Response(status=429, text="Too Many Requests", headers={"Retry-After": "1"})
    return web.Response(status=503, text="Service Unavailable")


def _refusal(code: str, *, status: int = 400) -> web.Response:
    return web.json_response({"error": int(code), "error_description": _WORDS[code]}, status=status)


FPT = Stand(name="fpt", routes=_routes)
