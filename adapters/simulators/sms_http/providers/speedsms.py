"""A stand-in for SpeedSMS: sending with an access token, reports and citizens' messages by POST."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.simulators.sms_http.counter import Call, Counter, ReceiptDue, Refused, Stand, Submission, Written

_NUMBER = re.compile(r"(?:0|84)[35789][0-9]{8}")
_KINDS = range(1, 9)
_STATUSES = {"delivered": 0, "undeliverable": 65, "expired": 70}
"""Only the limits 0, 64 are documented."""
_REFUSALS = {
    "number": ("105", "Phone number invalid"),
    "balance": ("300", "Your account balance not enough to send sms"),
    "config": ("009", "Account not allow to call the API"),
    "temporary": ("500", "Internal error, please try again"),
}

Account = Mapping[str, str]


def _routes(counter: Counter, account: Account) -> list[web.RouteDef]:
    login = base64.b64encode(f"{account['access_token']}:x".encode()).decode()

    async def send(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Basic {login}":
            return _http(401, "Unauthorized", "Your request was made with invalid credentials.")
        body = await request.read()
        if not body.isascii():
            return _error("110", "Not support sms content encoding")
        try:
            given = json.loads(body)
        except ValueError:
            given = None
        if not isinstance(given, dict) or not _is_complete(given):
            return _error("101", "Invalid or missing parameters")
        return await _submit(counter, given)

    return [web.post("/index.php/sms/send", send)]


def _is_complete(given: Mapping[str, Any]) -> bool:
    to, content, kind = given.get("to"), given.get("content"), given.get("sms_type")
    one = isinstance(to, list) and len(to) == 1 and isinstance(to[0], str)
    named = isinstance(given.get("sender"), str) and bool(given["sender"] or kind == 2)
    return one and isinstance(content, str) and bool(content) and kind in _KINDS and named


async def _submit(counter: Counter, given: Mapping[str, Any]) -> web.Response:
    number = given["to"][0]
    if not _NUMBER.fullmatch(number):
        return _invalid(number)
    phone = "84" + number.removeprefix("0").removeprefix("84")
    decision = await counter.take(
        Submission(provider="speedsms", phone=phone, text=given["content"], sender=given["sender"])
    )
    if not isinstance(decision, Refused):
        data = {"tranId": int(decision.message_id), "totalSMS": 1, "totalPrice": 250, "invalidPhone": []}
        return web.json_response({"status": "success", "code": "00", "data": data})
    if decision.why == "number":
        return _invalid(number)
    if decision.why == "throttled":
        return _http(429, "Too Many Requests", "Rate limit exceeded.", {"X-Rate-Limit-Reset": "1"})
    code, words = _REFUSALS.get(decision.why, _REFUSALS["temporary"])
    return _error(code, words)


def _invalid(number: str) -> web.Response:
    code, words = _REFUSALS["number"]
    return web.json_response({"status": "error", "code": code, "message": words, "invalidPhone": [number]})


def _error(code: str, words: str) -> web.Response:
    return web.json_response({"status": "error", "code": code, "message": words})


def _http(status: int, name: str, words: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"name": name, "message": words, "code": 0, "status": status}
    return web.json_response(body, status=status, headers=headers)


def _receipt(due: ReceiptDue, url: str, account: Account) -> Call:
    status, phone = _STATUSES[due.state], due.submission.phone
    return _call(url, {"type": "report", "tranId": int(due.message_id), "phone": phone, "status": status})


def _written(written: Written, url: str, account: Account) -> Call:
    return _call(url, {"type": "sms", "phone": written.phone, "content": written.text})


def _call(url: str, body: Mapping[str, Any]) -> Call:
    return Call("POST", url, {"Content-Type": "application/json"}, json.dumps(body).encode())


SPEEDSMS = Stand(name="speedsms", routes=_routes, receipt=_receipt, written=_written)
