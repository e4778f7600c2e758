"""A stand-in for VietGuys: a form, answered in JSON where it says so and else in plain text; reports by POST."""

import json
import re
from collections.abc import Mapping

from aiohttp import web

from adapters.simulators.sms_http.counter import Call, Counter, ReceiptDue, Refused, Stand, Submission
from adapters.simulators.sms_http.repetition import Repetition
from bot.model.carrier import hinted

_NUMBER = re.compile(r"84[35789][0-9]{8}")
_LONGEST = 459
_GUARD = 60.0
_FIELDS = ("u", "pwd", "from", "phone", "sms")
_WORDS = {
    "-1": "Chua truyen day du tham so",
    "-2": "May chu dang ban",
    "-3": "Khong tim thay tai khoan nguoi dung",
    "-5": "Thong tin xac thuc chua chinh xac",
    "-8": "Sender chua chinh xac",
    "-9": "Tai khoan het credits",
    "-10": "So dien thoai chua chinh xac",
    "-14": "Tin nhan dai",
    "-16": "Trung noi dung trong 1 phut",
    "-20": "Template chua duoc dang ky",
}
_REFUSALS = {"number": "-10", "throttled": "-2", "duplicate": "-16", "balance": "-9", "config": "-8", "template": "-20"}
_STATES = {"delivered": "delivered", "undeliverable": "fail", "expired": "fail"}

Account = Mapping[str, str]


def _routes(counter: Counter, account: Account) -> list[web.RouteDef]:
    guard = Repetition(_GUARD)

    async def send(request: web.Request) -> web.Response:
        given = {name: str(value) for name, value in (await request.post()).items()}
        as_json = given.get("json") == "1"
        if code := _fault(given, account):
            return _refusal(code, as_json=as_json)
        message = Submission(provider="vietguys", phone=given["phone"], text=given["sms"], sender=given["from"])
        if guard.has(message):
            return _refusal("-16", as_json=as_json)
        decision = await counter.take(message)
        if isinstance(decision, Refused):
            return _refusal(_REFUSALS.get(decision.why, "-2"), as_json=as_json)
        guard.note(message)
        return _taken(decision.message_id, message.phone, as_json=as_json)

    return [web.post("/api/index.php", send)]


def _fault(given: Mapping[str, str], account: Account) -> str:
    """The code of what is wrong with a request; empty where nothing is."""
    checks = {
        "-1": not all(given.get(name) for name in _FIELDS),
        "-3": given.get("u") != account["u"],
        "-5": given.get("pwd") != account["pwd"],
        "-10": not _NUMBER.fullmatch(given.get("phone", "")),
        "-14": len(given.get("sms", "")) > _LONGEST,
        # What stands for "this text cannot go so": letters with accents need type 8.
        "-20": given.get("type") != "8" and not given.get("sms", "").isascii(),
    }
    return next((code for code, holds in checks.items() if holds), "")


def _taken(message_id: str, phone: str, *, as_json: bool) -> web.Response:
    if not as_json:
        return web.Response(text=message_id)
    carrier = hinted(f"+{phone}").upper()
    return _json({"error": 0, "error_code": "", "msgid": message_id, "log": "Gui thanh cong", "carrier": carrier})


def _refusal(code: str, *, as_json: bool) -> web.Response:
    if not as_json:
        return web.Response(text=code)
    return _json({"error": 1, "error_code": code, "msgid": "", "log": _WORDS[code], "carrier": ""})


def _json(body: Mapping[str, object]) -> web.Response:
    # PHP's own content type: the body is JSON all the same.
    return web.Response(text=json.dumps(body), content_type="text/html")


def _receipt(due: ReceiptDue, url: str, account: Account) -> Call:
    body = {"data": {"message_id": due.message_id, "status": _STATES[due.state]}}
    return Call("POST", url, {"Content-Type": "application/json"}, json.dumps(body).encode())


VIETGUYS = Stand(name="vietguys", routes=_routes, receipt=_receipt)
