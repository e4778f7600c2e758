"""Stand-in for VNPT SMS Brandname: it knows templates and fills them in, as the real one does, and sees no text."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from adapters.simulators.sms_http.counter import Counter, Refused, Stand, Submission
from bot.model.sms import encoding_of

_PATHS = ("/smsbn/api", "/smsmarketing/api")
_CODES = {
    "number": "23", "throttled": "16", "duplicate": "33", "balance": "20", "config": "1", "template": "7",
    "temporary": "-1",
}  # fmt: skip
_ACCOUNT = {
    "APIUSER": "1", "APIPASS": "1", "USERNAME": "10", "CONTRACTID": "13", "LABELID": "14", "AGENTID": "15",
}  # fmt: skip
"""What must be as in the account, and the code of the answer where it is not."""
_FIELDS = frozenset(
    {
        *_ACCOUNT, "name", "REQID", "CONTRACTTYPEID", "TEMPLATEID", "PARAMS", "SCHEDULETIME", "MOBILELIST",
        "ISTELCOSUB", "DATACODING",
    }
)  # fmt: skip
_PARAM = {"NUM", "CONTENT"}
_MOBILE = re.compile(r"84[35789][0-9]{8}")
_HOLE = re.compile(r"\{([0-9]+)\}")
_TEMPLATE = "template "
"""Before a template's number in the account; its text has `{1}`, `{2}` … where values stand."""


def routes(counter: Counter, account: Mapping[str, str]) -> list[web.RouteDef]:
    async def answer(request: web.Request) -> web.Response:
        return _reply(await _code(counter, account, await request.read()))

    return [web.post(path, answer) for path in _PATHS]


async def _code(counter: Counter, account: Mapping[str, str], body: bytes) -> str:
    order = _order(body)
    if order is None:
        return "-1"
    if wrong := _wrong(order, account):
        return wrong
    text = _filled(account.get(f"{_TEMPLATE}{order['TEMPLATEID']}", ""), order["PARAMS"])
    if text is None:
        return "7"
    if order["DATACODING"] == "0" and encoding_of(text) != "GSM-7":
        return "17"
    submission = Submission(
        provider="vnpt",
        phone=order["MOBILELIST"],
        text=text,
        sender=account["brandname"],
        request_id=order["REQID"],
    )
    decision = await counter.take(submission)
    return _CODES[decision.why] if isinstance(decision, Refused) else "0"


def _order(body: bytes) -> dict[str, Any] | None:
    """The order, where it has just the fields that it must have, in their types."""
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    order = asked.get("RQST") if isinstance(asked, dict) else None
    if not isinstance(order, dict) or set(order) != _FIELDS or not isinstance(order["PARAMS"], list):
        return None
    words = all(isinstance(value, str) for name, value in order.items() if name != "PARAMS")
    params = all(isinstance(each, dict) and set(each) == _PARAM for each in order["PARAMS"])
    return order if words and params and order["REQID"] else None


def _wrong(order: Mapping[str, Any], account: Mapping[str, str]) -> str:
    """The code of what is wrong; empty where all is right."""
    if order["name"] != "send_sms_list":
        return "3"
    for field, code in _ACCOUNT.items():
        if order[field] != account[field]:
            return code
    if order["CONTRACTTYPEID"] not in ("1", "2"):
        return "9"
    if order["SCHEDULETIME"] or order["ISTELCOSUB"] != "0":
        return "2"
    if order["DATACODING"] not in ("0", "8"):
        return "17"
    if not _MOBILE.fullmatch(order["MOBILELIST"]):
        return "23"
    return "-1" if any(not set("&<>\"'").isdisjoint(each["CONTENT"]) for each in order["PARAMS"]) else ""


def _filled(template: str, params: Sequence[Mapping[str, str]]) -> str | None:
    """The text, where the values are just those that the template has places for, in order; else None."""
    values = {each["NUM"]: each["CONTENT"] for each in params}
    holes = sorted(_HOLE.findall(template), key=int)
    if not template or [each["NUM"] for each in params] != holes:
        return None
    return _HOLE.sub(lambda hole: values[hole[1]], template)


def _reply(code: str) -> web.Response:
    reply = {
        "name": "send_sms_list",
        "ERROR": code,
        "ERROR_DESC": "success" if code in ("0", "31") else f"error {code}",
    }
    return web.json_response({"RPLY": reply})


VNPT = Stand(name="vnpt", routes=routes)
