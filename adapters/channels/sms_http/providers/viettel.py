"""Viettel bulk SMS: the SOAP operation `wsCpMt`.

Sources: the service's WSDL as OpenCPS's client stubs have it (names, order, namespace; elements inside the operation
are unqualified); a partner's page of Viettel's document (ContentType 0 and 1, at most 480 characters); two public
integrations (2022, 2023) that list the refusals word for word. Viettel hands its document out with the contract.
Not used: `getFailSub`, a list of the failed telephone numbers of a day, which names no message.
"""

from collections.abc import Mapping
from typing import Literal
from xml.etree import ElementTree

from pydantic import Field

from adapters.channels.sms_http.answers import code_of, wordless, xml_text
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.http import Answer, Request
from bot.settings import Secret

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "http://impl.bulkSms.ws/"

CODES: Mapping[str, Verdict] = {
    "CP_CODE_NOT_FOUND": Verdict.CONFIG,
    "WRONG_INFORMATION_AUTHENTICATE": Verdict.CONFIG,
    "IP_INVALID": Verdict.CONFIG,
    "Cp_code: NULL_OR_BLANK": Verdict.CONFIG,
    "UserName: NULL_OR_BLANK": Verdict.CONFIG,
    "Password: NULL_OR_BLANK": Verdict.CONFIG,
    "RequestID: NULL_OR_BLANK": Verdict.CONFIG,
    "REQUEST_ID_NOT_NUMBER": Verdict.CONFIG,
    "CommandCode: NULL_OR_BLANK": Verdict.CONFIG,
    "COMMAND_CODE_ERROR": Verdict.CONFIG,
    "UserID: NULL_OR_BLANK": Verdict.PERMANENT,
    "ReceiverID: NULL_OR_BLANK": Verdict.PERMANENT,
    "ReceiverID: FORMAT_ERROR": Verdict.PERMANENT,
    "UserID_NOT_EQUAL_ReceiverID": Verdict.PERMANENT,
    "Length of ReceiverID": Verdict.PERMANENT,
    "Unable to check telco": Verdict.PERMANENT,
    "DUPLICATE MESSAGE": Verdict.DUPLICATE,
    "ALIAS_INVALID": Verdict.PERMANENT,  # brandname unknown to this citizen's carrier: other citizens are reached
    "Content: NULL_OR_BLANK": Verdict.PERMANENT,
    "MAXLENGTH_LIMIT": Verdict.PERMANENT,
    "MSG_ERROR_CONTAIN_BLACKLIST": Verdict.PERMANENT,
    "CONTENT_NOT_MATCH_TEMPLATE": Verdict.TEMPLATE,
    "Check information error": Verdict.TEMPORARY,  # "general error of the system"
}
"""By words in `message`: `result` says only yes (1) or no. Only these words go into reasons, joined to one
(`ReceiverID:FORMAT_ERROR`), since the rest may name our address, a number or the text."""
FAULTS: Mapping[str, Verdict] = {
    "Client": Verdict.CONFIG,
    "VersionMismatch": Verdict.CONFIG,
    "MustUnderstand": Verdict.CONFIG,
    "Server": Verdict.UNKNOWN,
}
"""SOAP 1.1, section 4.4.1. All but the last blame the message's form, which is the same for every message; a server
that stumbles may have taken it before."""

_ACCEPTED = "1"
_LONGEST = 65_536
"""Octets; an answer has a few hundred."""


class Settings(HttpSettings):
    """The table of a Viettel account. Viettel names the `url` with the contract; it ends in `/bulkapi`."""

    provider: Literal["viettel"] = "viettel"
    user: str = Field(min_length=1, description="User")
    password: Secret = Field(description="Password")
    cp_code: str = Field(min_length=1, description="CPCode")
    command_code: str = Field(default="bulksms", description="CommandCode")
    request_id: str = Field(default="1", pattern="^[0-9]{1,9}$", description="RequestID, a constant number")
    content_type: str = Field(default="0", description="ContentType of a text without accents; F with older accounts")
    content_type_accented: str = Field(default="1", description="ContentType of a text with accents")


class Viettel(Provider[Settings]):
    """Viettel. RequestID tells messages apart for nobody, and no receipt comes. The same text for the same number is
    refused as a duplicate for a time that is not published; five minutes are what others ask for."""

    settings_class = Settings
    repeat_after = 300.0

    def request(self, message: Outgoing, token: str) -> Request:
        of = self.settings
        said = {
            "User": of.user,
            "Password": of.password.get_secret_value(),
            "CPCode": of.cp_code,
            "RequestID": of.request_id,
            "UserID": message.digits,
            "ReceiverID": message.digits,
            "ServiceID": message.sender,
            "CommandCode": of.command_code,
            "Content": message.text,
            "ContentType": of.content_type_accented if message.accented else of.content_type,
        }
        inner = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in said.items())
        envelope = (
            f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:impl="{SERVICE}">'
            f"<soapenv:Header/><soapenv:Body><impl:wsCpMt>{inner}</impl:wsCpMt></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        return Request("POST", of.url, headers, envelope.encode())

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        body = _soap_body(answer.body)
        if body is None:
            return wordless(answer)
        fault = body.find(f"{{{SOAP}}}Fault")
        if fault is not None:
            return _of_fault(fault)
        said = body.find(f"{{{SERVICE}}}wsCpMtResponse/return")
        result = code_of(said.findtext("result")) if said is not None else ""
        if said is None or not result:
            return wordless(answer)
        if result == _ACCEPTED:
            return Reading(Verdict.ACCEPTED, result)
        why = said.findtext("message") or ""
        known = next((word for word in CODES if word in why), "")
        return Reading(CODES.get(known, Verdict.PERMANENT), known.replace(": ", ":").replace(" ", "_") or result)

    def secrets(self) -> tuple[str, ...]:
        return (self.settings.password.get_secret_value(),)


def _soap_body(octets: bytes) -> ElementTree.Element | None:
    """None for what is no SOAP 1.1 envelope. A document type is no part of SOAP (section 3), and with none there are
    no entities that could grow."""
    text = octets[: _LONGEST + 1].decode("utf-8", "replace")
    if len(octets) > _LONGEST or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        envelope = ElementTree.fromstring(text.lstrip("\ufeff \r\n\t"))  # noqa: S314 no document type, as seen above
    except (ElementTree.ParseError, ValueError):
        return None
    return envelope.find(f"{{{SOAP}}}Body") if envelope.tag == f"{{{SOAP}}}Envelope" else None


def _of_fault(fault: ElementTree.Element) -> Reading:
    named = (fault.findtext("faultcode") or "").rpartition(":")[2].partition(".")[0].strip()
    return Reading(FAULTS[named], f"fault {named}") if named in FAULTS else Reading(Verdict.UNKNOWN, "fault")
