"""Stand-in for Viettel's bulk SMS over SOAP: `wsCpMt` at `/bulkapi`, answering as JAX-WS does."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from adapters.channels.sms_http.providers.viettel import SERVICE, SOAP
from adapters.simulators.sms_http.counter import Counter, Refused, Stand, Submission
from bot.model.sms import encoding_of

_PATH = "/bulkapi"
_FIELDS = (
    "User", "Password", "CPCode", "RequestID", "UserID", "ReceiverID", "ServiceID", "CommandCode", "Content",
    "ContentType",
)  # fmt: skip
_LONGEST = 480
_NUMBER = re.compile(r"84[0-9]{9}")
_WORDS = {
    "number": "Unable to check telco from input receiver",
    "duplicate": "Check ServiceID: DUPLICATE MESSAGE",
    "config": "Authenticate: WRONG_INFORMATION_AUTHENTICATE",
    "balance": "Check information error",
    "template": "Check template: CONTENT_NOT_MATCH_TEMPLATE",
    "temporary": "Check information error",
}


def routes(counter: Counter, account: Mapping[str, str]) -> list[web.RouteDef]:
    async def answer(request: web.Request) -> web.Response:
        if request.content_type != "text/xml":
            return web.Response(status=415)
        order = _order(await request.read())
        if isinstance(order, str):
            return _fault(order)
        if wrong := _wrong(order, account):
            return _said("0", wrong)
        submission = Submission(
            provider="viettel", phone=order["ReceiverID"], text=order["Content"], sender=order["ServiceID"]
        )
        decision = await counter.take(submission)
        if not isinstance(decision, Refused):
            return _said("1", "Insert MT_QUEUE: OK")
        if decision.why == "throttled":
            # No word of the service itself for this is known: so says a gateway that stands before it.
            return web.Response(status=429, headers={"Retry-After": "1"})
        return _said("0", _WORDS[decision.why])

    return [web.post(_PATH, answer)]


def _order(body: bytes) -> dict[str, str] | str:
    """The values by their names, or what is wrong with the envelope."""
    try:
        envelope = ElementTree.fromstring(body)  # noqa: S314 this listens on localhost, for tests
    except ElementTree.ParseError as error:
        return f"Couldn't create SOAP message due to exception: {error}"
    operation = envelope.find(f"{{{SOAP}}}Body/*")
    if envelope.tag != f"{{{SOAP}}}Envelope" or operation is None or operation.tag != f"{{{SERVICE}}}wsCpMt":
        return "Cannot find dispatch method"
    if tuple(child.tag for child in operation) != _FIELDS:
        return "unexpected element"
    return {child.tag: child.text or "" for child in operation}


def _wrong(order: Mapping[str, str], account: Mapping[str, str]) -> str:
    """In the order in which the real service looks, as far as its words tell."""
    checks = {
        "Authenticate: CP_CODE_NOT_FOUND": order["CPCode"] != account["CPCode"],
        "Authenticate: WRONG_INFORMATION_AUTHENTICATE": any(
            order[name] != account[name] for name in ("User", "Password")
        ),
        "Check RequestID: REQUEST_ID_NOT_NUMBER": not order["RequestID"].isdecimal(),
        "Check ReceiverID: FORMAT_ERROR": not _NUMBER.fullmatch(order["ReceiverID"]),
        "UserID_NOT_EQUAL_ReceiverID": order["UserID"] != order["ReceiverID"],
        "Check ServiceID: ALIAS_INVALID:TELCO=VT": order["ServiceID"] not in account["brandnames"].split(","),
        "Check CommandCode: COMMAND_CODE_ERROR": order["CommandCode"] != "bulksms",
        "Check Content: NULL_OR_BLANK": not order["Content"].strip(),
        f"Check Content: MAXLENGTH_LIMIT_{_LONGEST}_BYTE (YOUR_CONTENT: {len(order['Content'])} BYTE)": (
            len(order["Content"]) > _LONGEST
        ),
        "Check information error": order["ContentType"] in ("0", "F") and encoding_of(order["Content"]) != "GSM-7",
    }
    return next((words for words, is_so in checks.items() if is_so), "")


def _said(result: str, message: str) -> web.Response:
    inner = f"<return><message>{escape(message)}</message><result>{result}</result></return>"
    return _enveloped(f'<ns2:wsCpMtResponse xmlns:ns2="{SERVICE}">{inner}</ns2:wsCpMtResponse>', status=200)


def _fault(words: str) -> web.Response:
    inner = f"<faultcode>S:Client</faultcode><faultstring>{escape(words)}</faultstring>"
    return _enveloped(f"<S:Fault>{inner}</S:Fault>", status=500)


def _enveloped(inner: str, *, status: int) -> web.Response:
    text = f'<?xml version="1.0" ?><S:Envelope xmlns:S="{SOAP}"><S:Body>{inner}</S:Body></S:Envelope>'
    return web.Response(status=status, text=text, content_type="text/xml")


VIETTEL = Stand(name="viettel", routes=routes)
