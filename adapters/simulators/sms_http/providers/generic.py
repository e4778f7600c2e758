"""Stand-ins for Kannel's `sendsms` and Jasmin's `/send`, the gateways that our `generic` provider is tried against.

Sources: Kannel user guide, chapter 6 (sendsms, delivery reports, sms-service) and its `gw/smsbox.c`; Jasmin's guide to
its HTTP API and `jasmin/protocols/http/endpoints/send.py`.
"""

import hmac
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote, urlencode
from uuid import UUID

from aiohttp import web

from adapters.simulators.sms_http.counter import Call, Counter, ReceiptDue, Refused, Stand, Submission, Written
from bot.model.sms import decode_part, encoding_of

_KANNEL_NUMBER = re.compile(r"[0-9 +-]+")
_KANNEL_NO: Mapping[str, tuple[int, str]] = {
    "number": (403, "Not routable. Do not try again."),
    "config": (403, "Authorization failed for sendsms"),
    "balance": (403, "Authorization failed for sendsms"),
    "throttled": (503, "Temporal failure, try again later."),
    "temporary": (503, "Temporal failure, try again later."),
}
_KANNEL_TYPES = {"delivered": "1", "undeliverable": "2", "expired": "34"}
"""`%d`: 1 delivered to the phone, 2 not, 34 expired (32 with 2)."""
_SMPP_WORDS = {"delivered": "DELIVRD", "undeliverable": "UNDELIV", "expired": "EXPIRED"}
_ESCAPE = re.compile(r"%([dApPITi%])")

_JASMIN_NO: Mapping[str, tuple[int, str]] = {
    "number": (412, "No route found"),
    "config": (403, "Authentication failure for username:motcua"),
    "balance": (403, "Cannot charge submit_sm, check RouterPB log file for details"),
    "throttled": (403, "User throughput exceeded"),
    "temporary": (500, "Cannot send submit_sm, check SMPPClientManagerPB log file for details"),
    "template": (400, "Interception specific error code 400"),
}
_JASMIN_ARGUMENTS = {
    "to": r"\+?[0-9]+", "from": r".*", "coding": r"[0-9]|10|13|14", "username": r".{1,16}", "password": r".{1,16}",
    "priority": r"[0-3]", "sdt": r"[0-9]{15}[+\-R]", "validity-period": r"[0-9]+", "dlr": r"yes|no",
    "dlr-url": r"https?://.*", "dlr-level": r"[1-3]", "dlr-method": r"(?i:get|post)", "tags": r"[-a-zA-Z0-9,]*",
    "content": r"(?s:.*)", "hex-content": r"[0-9a-fA-F]*",
}  # fmt: skip
_ACKNOWLEDGEMENT = b"ACK/Jasmin"


def _kannel_routes(counter: Counter, account: Mapping[str, str]) -> list[web.RouteDef]:
    return [web.get("/cgi-bin/sendsms", partial(_sendsms, counter, account))]


async def _sendsms(counter: Counter, account: Mapping[str, str], request: web.Request) -> web.Response:
    given = request.query
    if not _knows(account, given):
        return web.Response(status=403, text="Authorization failed for sendsms")
    if "to" not in given:
        return web.Response(status=400, text="Missing receiver number, rejected")
    if not _KANNEL_NUMBER.fullmatch(given["to"]):
        return web.Response(status=400, text="Number(s) has/have been denied by white- and/or black-lists.")
    text = given.get("text", "")
    submission = Submission(
        provider="kannel",
        phone=_digits(given["to"]),
        text=text if given.get("coding") == "2" else _in_gsm(text),
        sender=given.get("from", ""),
        callback=given.get("dlr-url", "") if int(given.get("dlr-mask", "0")) & 3 else "",
    )
    decision = await counter.take(submission)
    if isinstance(decision, Refused):
        status, words = _KANNEL_NO[decision.why]
        return web.Response(status=status, text=words)
    return web.Response(status=202, text="0: Accepted for delivery")


def _kannel_receipt(due: ReceiptDue, url: str, account: Mapping[str, str]) -> Call:
    words = f"id:{due.message_id} sub:001 dlvrd:001 stat:{_SMPP_WORDS[due.state]} err:000"
    return Call("GET", _expanded(url, {
        "d": _KANNEL_TYPES[due.state], "A": words, "I": due.message_id, "T": str(int(time.time())),
        "p": due.submission.sender, "P": due.submission.phone, "i": "smsc", "%": "%",
    }))  # fmt: skip


def _kannel_written(written: Written, url: str, account: Mapping[str, str]) -> Call:
    """As `post-url = "…/mo?id=%I&from=%p&to=%P"` makes it: the text is the body, accented as UTF-16BE."""
    address = f"{url}?{urlencode({'id': written.message_id, 'from': f'+{written.phone}', 'to': written.to})}"
    charset, codec = ("UTF-8", "utf-8") if encoding_of(written.text) == "GSM-7" else ("UTF-16BE", "utf-16-be")
    headers = {"Content-Type": f'text/plain; charset="{charset}"', "X-Kannel-SMSC": "smsc"}
    return Call("POST", address, headers, written.text.encode(codec))


def _jasmin_routes(counter: Counter, account: Mapping[str, str]) -> list[web.RouteDef]:
    send = partial(_send, counter, account)
    return [web.get("/send", send), web.post("/send", send)]


async def _send(counter: Counter, account: Mapping[str, str], request: web.Request) -> web.Response:
    given: Mapping[str, str] = {**request.query, **{name: str(each) for name, each in (await request.post()).items()}}
    if wrong := _invalid(given):
        return _error(400, wrong)
    if not _knows(account, given):
        return _error(403, f"Authentication failure for username:{given['username']}")
    wants = given.get("dlr") == "yes" and given.get("dlr-level") in ("2", "3")
    submission = Submission(
        provider="jasmin",
        phone=_digits(given["to"]),
        text=_jasmin_text(given),
        sender=given.get("from", ""),
        callback=f"{given.get('dlr-method', 'POST').upper()} {given['dlr-url']}" if wants else "",
    )
    decision = await counter.take(submission)
    if isinstance(decision, Refused):
        return _error(*_JASMIN_NO[decision.why])
    return web.Response(text=f'Success "{_uuid(decision.message_id)}"')


def _jasmin_receipt(due: ReceiptDue, url: str, account: Mapping[str, str]) -> Call:
    method, _, address = url.rpartition(" ")
    now = datetime.now(UTC).strftime("%y%m%d%H%M")
    delivered = "1" if due.state == "delivered" else "0"
    return _jasmin_call(method or "POST", address, {
        "id": _uuid(due.message_id), "level": "2", "message_status": _SMPP_WORDS[due.state], "id_smsc": due.message_id,
        "sub": "001", "dlvrd": f"00{delivered}", "subdate": now, "donedate": now, "err": "000",
        "text": due.submission.text[:20],
    })  # fmt: skip


def _jasmin_written(written: Written, url: str, account: Mapping[str, str]) -> Call:
    plain = encoding_of(written.text) == "GSM-7"
    octets = written.text.encode("ascii", "replace") if plain else written.text.encode("utf-16-be")
    return _jasmin_call("POST", url, {
        "id": written.message_id, "from": written.phone, "to": written.to, "origin-connector": "smsc",
        "coding": "0" if plain else "8", "content": written.text if plain else "", "binary": octets.hex(),
    })  # fmt: skip


def _jasmin_understood(answer: bytes) -> str:
    if answer.strip() != _ACKNOWLEDGEMENT:
        raise ValueError("the customer did not acknowledge: the body must be ACK/Jasmin")
    return ""


def _jasmin_call(method: str, url: str, arguments: Mapping[str, str]) -> Call:
    encoded = urlencode(arguments)
    if method == "GET":
        return Call("GET", f"{url}{'&' if '?' in url else '?'}{encoded}")
    return Call("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, encoded.encode())


def _invalid(given: Mapping[str, str]) -> str:
    for name, value in given.items():
        if name not in _JASMIN_ARGUMENTS:
            return f"Argument [{name}] is unknown."
        if not re.fullmatch(_JASMIN_ARGUMENTS[name], value):
            return f"Argument [{name}] has an invalid value: [{value}]."
    missing = next((name for name in ("to", "username", "password") if name not in given), "")
    if missing:
        return f"Mandatory argument [{missing}] is not found."
    return "" if ("content" in given) != ("hex-content" in given) else "content or hex-content not present."


def _jasmin_text(given: Mapping[str, str]) -> str:
    """Without hex-content an accented text arrives as it was put: Jasmin recodes for coding 0 alone."""
    if "hex-content" not in given:
        return _in_gsm(given["content"]) if given.get("coding", "0") == "0" else given["content"]
    return decode_part(bytes.fromhex(given["hex-content"]), "UCS-2" if given.get("coding") == "8" else "GSM-7")


def _error(status: int, words: str) -> web.Response:
    return web.Response(status=status, text=f'Error "{words}"')


def _knows(account: Mapping[str, str], given: Mapping[str, str]) -> bool:
    login = f"{given.get('username')}:{given.get('password')}"
    return hmac.compare_digest(login.encode(), f"{account.get('username')}:{account.get('password')}".encode())


def _expanded(url: str, values: Mapping[str, str]) -> str:
    return _ESCAPE.sub(lambda escape: quote(values[escape[1]], safe=""), url)


def _in_gsm(text: str) -> str:
    """A handset shows ? for what the alphabet does not have."""
    return "".join(letter if encoding_of(letter) == "GSM-7" else "?" for letter in text)


def _uuid(message_id: str) -> str:
    return str(UUID(int=int(message_id), version=4))


def _digits(number: str) -> str:
    return re.sub(r"[^0-9]", "", number).removeprefix("00")


KANNEL = Stand(
    name="kannel",
    routes=_kannel_routes,
    receipt=_kannel_receipt,
    written=_kannel_written,
    understood=lambda answer: answer.decode(),
)
JASMIN = Stand(
    name="jasmin",
    routes=_jasmin_routes,
    receipt=_jasmin_receipt,
    written=_jasmin_written,
    understood=_jasmin_understood,
)
