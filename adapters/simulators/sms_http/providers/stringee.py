"""Stand-in for Stringee's SMS API. Of the codes only 0 is documented; the others here are made up, one a cause."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.simulators.sms_http.counter import Counter, Refused, Stand, Submission

_NUMBER = re.compile(r"84[0-9]{9}")
_FORM = 2
_CODES = {"number": 3, "template": 4, "balance": 5, "duplicate": 6, "temporary": 7, "config": 8}
_PRICE = 830
_HOLE = re.compile(r"\{([0-9]+)\}")
_TEMPLATE = "template "
"""Before a template's number in the account; its text has `{1}`, `{2}` … where values stand."""


def routes(counter: Counter, account: Mapping[str, str]) -> list[web.RouteDef]:
    async def answer(request: web.Request) -> web.Response:
        if not _is_signed(request.headers.get("X-STRINGEE-AUTH", ""), account):
            return web.json_response({"r": 1, "message": "authentication failed"}, status=401)
        sms = _only(await request.read())
        if sms is None:
            return web.json_response({"r": _FORM, "message": "the request is not understood"}, status=400)
        text = _text(sms["text"], account)
        if text is None or sms["from"] not in account["brandnames"].split(",") or not _NUMBER.fullmatch(sms["to"]):
            return _result(_CODES["number" if text is not None else "template"])
        submission = Submission(provider="stringee", phone=sms["to"], text=text, sender=sms["from"])
        decision = await counter.take(submission)
        if not isinstance(decision, Refused):
            return _result(0)
        if decision.why == "throttled":
            return web.Response(status=429, headers={"Retry-After": "1"})
        if decision.why == "config":
            return web.json_response({"r": _CODES["config"], "message": "the key is not active"})
        return _result(_CODES[decision.why])

    return [web.post("/v1/sms", answer)]


def _is_signed(token: str, account: Mapping[str, str]) -> bool:
    """RFC 7519, with what Stringee asks for beside."""
    try:
        signed, _, signature = token.rpartition(".")
        header, payload = (json.loads(_octets(part)) for part in signed.split("."))
        given = _octets(signature)
    except ValueError:
        return False
    secret = account["api_key_secret"].encode()
    return (
        hmac.compare_digest(given, hmac.digest(secret, signed.encode(), hashlib.sha256))
        and header == {"typ": "JWT", "alg": "HS256", "cty": "stringee-api;v=1"}
        and payload["iss"] == account["api_key_sid"]
        and payload["jti"].startswith(f"{payload['iss']}-")
        and payload["exp"] > time.time()
        and payload["rest_api"] is True
    )


def _octets(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _only(body: bytes) -> dict[str, Any] | None:
    """The one message of the request, where it has the form of one."""
    try:
        asked = json.loads(body)
        [sms] = asked["sms"]
        well_formed = set(sms) == {"from", "to", "text"} and isinstance(sms["to"], str) and isinstance(sms["from"], str)
    except (ValueError, TypeError, KeyError):
        return None
    return sms if well_formed and isinstance(sms["text"], str | dict) else None


def _text(given: str | Mapping[str, Any], account: Mapping[str, str]) -> str | None:
    """The text to show; None where the template is not known or the values are not its own."""
    if isinstance(given, str):
        return given or None
    template = account.get(f"{_TEMPLATE}{given.get('template')}")
    params = given.get("params")
    if template is None or not isinstance(params, list) or len(params) != len(_HOLE.findall(template)):
        return None
    return _HOLE.sub(lambda hole: str(params[int(hole[1]) - 1]), template)


def _result(code: int) -> web.Response:
    result: dict[str, Any] = {"r": code, "msg": "success" if code == 0 else f"error {code}"}
    if code == 0:
        result |= {"price": str(_PRICE), "smsType": 1}
    return web.json_response({"smsSent": int(code == 0), "result": [result]})


STRINGEE = Stand(name="stringee", routes=routes)
