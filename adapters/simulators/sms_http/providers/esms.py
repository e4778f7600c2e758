"""A stand-in for eSMS: sending, asking for a state, receipts by GET, citizens' messages with their signature."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from aiohttp import web

from adapters.simulators.sms_http.counter import Call, Counter, ReceiptDue, Refused, Stand, Submission, Written
from bot.model.carrier import hinted
from bot.model.clock import VIETNAM

_CARRIERS = ("viettel", "mobifone", "vinaphone", "vietnamobile", "gmobile", "itel", "wintel")
_NUMBER = re.compile(r"(?:0|84)[35789][0-9]{8}")
_LONGEST_REQUEST_ID = 50
_REFUSALS = {
    "number": ("108", "Phone not valid"),
    "throttled": ("160", "Limit TPS"),
    "duplicate": ("124", "Request exist 1"),
    "balance": ("103", "Balance not enough"),
    "config": ("104", "Brand name code is not exist"),
    "template": ("146", "Sai template Brandname CSKH"),
}

Account = Mapping[str, str]


def _routes(counter: Counter, account: Account) -> list[web.RouteDef]:
    async def send(request: web.Request) -> web.Response:
        try:
            given = json.loads(await request.read())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return web.json_response({"error": "Invalid request"}, status=400)
        if (code := _fault(given, account)) != "100":
            return _refusal(code, _words(code))
        return await _submit(counter, given)

    async def status(request: web.Request) -> web.Response:
        given, reference = request.query, request.query.get("RefId", "")
        if not _is_customer(given, account):
            return web.json_response({"CodeResponse": "101", "ErrorMessage": "Authorize Failed"})
        state = counter.state("esms", reference)
        if state == "unknown":
            return web.json_response({"CodeResponse": "105", "ErrorMessage": "SMSID not found"})
        return web.json_response({"CodeResponse": "100", "SMSID": reference, **_counts(state)})

    return [
        web.post("/MainService.svc/json/SendMultipleMessage_V4_post_json/", send),
        web.get("/MainService.svc/json/GetSendStatus", status),
    ]


def _is_customer(given: Mapping[str, Any], account: Account) -> bool:
    return all(given.get(key) == account[key] for key in ("ApiKey", "SecretKey"))


def _fault(given: Mapping[str, Any], account: Account) -> str:
    """The code of what is wrong with a request; 100 where nothing is."""
    if not _is_customer(given, account):
        return "101"
    kind = given.get("SmsType")
    checks = {
        "300": not kind,
        "118": kind not in ("2", "8"),
        "104": kind == "2" and not given.get("Brandname"),
        "108": not _NUMBER.fullmatch(str(given.get("Phone", ""))),
        "110": not _is_well_formed(given),
    }
    return next((code for code, holds in checks.items() if holds), "100")


def _is_well_formed(given: Mapping[str, Any]) -> bool:
    content, request_id = given.get("Content"), given.get("RequestId", "")
    if not isinstance(content, str) or not content or not isinstance(request_id, str):
        return False
    accented = str(given.get("IsUnicode", 0)) == "1"
    return len(request_id) <= _LONGEST_REQUEST_ID and (accented or content.isascii())


async def _submit(counter: Counter, given: Mapping[str, Any]) -> web.Response:
    decision = await counter.take(
        Submission(
            provider="esms",
            phone="84" + given["Phone"].removeprefix("0").removeprefix("84"),
            text=given["Content"],
            sender=str(given.get("Brandname", "")),
            request_id=given.get("RequestId", ""),
            callback=str(given.get("CallbackUrl", "")),
        )
    )
    if not isinstance(decision, Refused):
        return web.json_response({"CodeResult": "100", "CountRegenerate": 0, "SMSID": decision.message_id})
    if decision.why not in _REFUSALS:
        raise web.HTTPServiceUnavailable(text="<h2>Service Unavailable</h2>", content_type="text/html")
    code, words = _REFUSALS[decision.why]
    more = {"SendStatus": "5"} if code == "124" else {"SMSID": decision.message_id} if decision.message_id else {}
    return _refusal(code, words, **more)


def _words(code: str) -> str:
    known = {"101": "Authorize Failed", **dict(_REFUSALS.values())}
    return known.get(code, "Data invalid")


def _refusal(code: str, words: str, **more: str) -> web.Response:
    return web.json_response({"CodeResult": code, "CountRegenerate": 0, "ErrorMessage": words, **more})


def _counts(state: str) -> dict[str, Any]:
    finished, arrived = state != "waiting", state == "delivered"
    return {
        "SendFailed": int(finished and not arrived),
        "SendStatus": 5 if finished else 7,
        "SendSuccess": int(arrived),
        "TotalPrice": 850.0,
        "TotalReceiver": 1,
        "TotalSent": 1,
    }


def _receipt(due: ReceiptDue, url: str, account: Account) -> Call:
    carrier = hinted(f"+{due.submission.phone}")
    facts = {
        "SMSID": due.message_id,
        **_counts(due.state),
        "TotalPrice": "850.0000",
        "RequestId": due.submission.request_id,
        "TypeId": 2,
        "telcoid": _CARRIERS.index(carrier) + 1 if carrier else "",
        "phonenumber": f"0{due.submission.phone.removeprefix('84')}",
        "switchsmsid": "",
    }
    return Call("GET", f"{url}?{urlencode(facts)}")


def _written(written: Written, url: str, account: Account) -> Call:
    at = datetime.fromtimestamp(written.at, VIETNAM).strftime("%Y%m%d%H%M%S")
    signed = f"{account['cpid']}{written.message_id}{written.text}{at}{account['PrivateKey']}"
    digest = hashlib.md5(signed.encode(), usedforsecurity=False).digest()
    facts = {
        "sender": written.phone,
        "content": written.text,
        "serviceNumber": written.to,
        "keyword": written.text.partition(" ")[0],
        "sign": base64.b64encode(digest).decode(),
        "cpid": account["cpid"],
        "smsid": written.message_id,
        "receiverTime": at,
    }
    return Call("GET", f"{url}?{urlencode(facts)}")


def _understood(answer: bytes) -> str:
    try:
        root = ElementTree.fromstring(answer)  # noqa: S314 - it is our own customer's, on this machine
    except ElementTree.ParseError:
        raise ValueError("the answer is not XML") from None
    names = [element.tag for element in root]
    if root.tag != "ClientResponse" or names != ["Message", "Smsid", "Receiver"]:
        raise ValueError("a ClientResponse with Message, Smsid and Receiver is expected")
    return root.findtext("Message") or ""


ESMS = Stand(name="esms", routes=_routes, receipt=_receipt, written=_written, understood=_understood)
