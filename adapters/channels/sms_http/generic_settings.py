"""What the table of a `generic` HTTP gateway says: the whole API, in words of the configuration."""

import json
import re
from typing import Annotated, Any, Literal, Self
from xml.parsers import expat

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from adapters.channels.sms_http.places import AnswerPlace, CallPlace, Path, Pattern, Places
from adapters.channels.sms_http.provider import Verdict
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.templating import NAMES, Template, filled, in_json, in_xml, known, texts_in
from bot.settings import Secret, Settings

Content = Literal["form", "json", "xml", "text"]
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|xx)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, 5.6.2)."""


def _several(value: Any) -> Any:
    """One place may be written without the brackets of a list."""
    return [value] if isinstance(value, dict) else value


def _status(value: Any) -> Any:
    text = str(value)
    if not _STATUS.fullmatch(text):
        raise ValueError('a status is 200, or "4xx" for all of its hundred')
    return text


def _header(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError("this cannot be the name of a header")
    return value


def _receipt_address(value: str) -> str:
    return known(value, (*NAMES, "callback_secret"))


def _reply_template(value: str) -> str:
    return known(value, ("reply", "id"))


Several = Annotated[Places, BeforeValidator(_several)]
Strings = tuple[str, ...]


class Coding(Settings):
    """What `{coding}` is."""

    plain: str = Field(default="0", description="for a text in GSM-7")
    accented: str = Field(default="8", description="for a text in UCS-2")


class AnswerRule(Settings):
    """What an answer means where all that is given here fits it."""

    status: Annotated[str, BeforeValidator(_status)] | None = Field(
        default=None, description='HTTP status: 200, or "4xx" for all from 400 to 499'
    )
    match: Pattern | None = Field(default=None, description="regular expression that is found in the body")
    path: Path | None = Field(default=None, description="JMESPath into the JSON of the body")
    equals: str | None = Field(default=None, description="what stands at path; without it, that something does")
    verdict: Verdict = Field(
        description="accepted, duplicate, config, balance, permanent, blocked, template, throttled, temporary, unknown"
    )
    code: str = Field(default="", max_length=60, description="its name in reasons; else the value at path, or HTTP …")

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if self.equals is not None and self.path is None:
            raise ValueError("equals: needs a path")
        if self.verdict is Verdict.TOKEN:
            raise ValueError("verdict: a generic gateway has no token to renew")
        return self


class Receipts(Settings):
    """How receipts are read from the provider's calls to /webhooks/CHANNEL/SECRET/dlr."""

    id: Several | None = Field(default=None, description="where our own id stands, if dlr_url carried it")
    reference: Several | None = Field(default=None, description="where the provider's id of the message stands")
    status: Several = Field(description="where it stands what became of the message")
    delivered: Strings = Field(min_length=1, description='statuses that mean delivered; * for any rest: "DELIV*"')
    failed: Strings = Field(default=(), description="statuses that mean failed")
    expired: Strings = Field(default=(), description="statuses that mean that its time ran out")
    accepted: Strings = Field(default=(), description="statuses that are not final")
    reason: Several | None = Field(default=None, description="where the provider's words stand")
    carrier: Several | None = Field(default=None, description="where the citizen's carrier stands")
    answer: str = Field(default="", description="body of our answer")
    answer_type: str = Field(default="text/plain; charset=utf-8", description="its content type")

    @model_validator(mode="after")
    def _names_the_message(self) -> Self:
        if self.id is None and self.reference is None:
            raise ValueError("id or reference: one of them must be given")
        return self


class Inbound(Settings):
    """How citizens' messages are read from the provider's calls to /webhooks/CHANNEL/SECRET/mo."""

    sender: Several = Field(alias="from", description="where the citizen's number stands")
    to: Several | None = Field(default=None, description="where the number stands that was written to")
    text: Several = Field(description="where the text stands; several places: the first that holds one")
    id: Several = Field(description="where the provider's id of the message stands")
    answer: Annotated[str, AfterValidator(_reply_template)] = Field(
        default="", description="body of our answer; {reply} where the provider takes the reply there"
    )
    answer_type: str = Field(default="text/plain; charset=utf-8", description="its content type")


class GenericSettings(HttpSettings):
    """One API, described."""

    url: Template = Field(pattern=r"^https?://[^\s]+$", description="address of the call; may hold places")
    method: Literal["GET", "POST", "PUT"] = Field(default="POST", description="method of the call")
    headers: dict[Annotated[str, AfterValidator(_header)], Template] = Field(
        default_factory=dict, description="headers of the call"
    )
    query: dict[str, Template] = Field(default_factory=dict, description="parameters of the address")
    content: Content = Field(default="form", description="form of the body")
    body: str | dict[str, Any] = Field(
        default="", description="a table for form and json, else a text; {text} and others stand for the message"
    )
    auth: Literal["none", "basic", "bearer"] = Field(default="none", description="how we log in at each call")
    user: str = Field(default="", description="{user}, and the name of auth = basic")
    password: Secret | None = Field(default=None, description="{password}, and that of auth = basic")
    token: Secret | None = Field(default=None, description="{token}, and that of auth = bearer")
    dlr_url: Annotated[str, AfterValidator(_receipt_address)] = Field(
        default="", description="{dlr_url}: our address for receipts, as in https://…/{callback_secret}/dlr?id={id}"
    )
    coding: Coding = Field(default_factory=Coding, description="what {coding} is")
    reference: AnswerPlace | None = Field(default=None, description="where the answer holds the provider's id")
    carrier: AnswerPlace | None = Field(default=None, description="where the answer names the citizen's carrier")
    answers: tuple[AnswerRule, ...] = Field(min_length=1, description="what answers mean; the first that fits")
    receipts: Receipts | None = Field(default=None, description="how receipts are read")
    mo: Inbound | None = Field(default=None, description="how citizens' messages are read")
    honours_reference: bool = Field(default=False, description="the same {id} twice reaches the citizen once")
    repeat_after: float = Field(
        default=0, ge=0, description="seconds before the same text may be offered for the same number again"
    )

    @model_validator(mode="after")
    def _body_fits_content(self) -> Self:
        if isinstance(self.body, dict) and self.content not in ("form", "json"):
            raise ValueError(f"body: a text is expected for content = {self.content}")
        if isinstance(self.body, str) and self.body and self.content == "form":
            raise ValueError("body: a table of fields is expected for content = form")
        if self.content == "form" and not all(isinstance(each, str) for each in _values(self.body)):
            raise ValueError("body: the fields of a form are texts")
        for text in texts_in(self.body):
            try:
                known(text)
            except ValueError as error:
                raise ValueError(f"body: {error}") from None
        _check_syntax(self.content, self.body)
        return self

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.auth == "basic" and (not self.user or self.password is None):
            raise ValueError("auth: basic needs user and password")
        if self.auth == "bearer" and self.token is None:
            raise ValueError("auth: bearer needs token")
        if self.method == "GET" and self.body:
            raise ValueError("body: a GET has none, use query")
        if "{callback_secret}" in self.dlr_url and self.callback_secret is None:
            raise ValueError("dlr_url: callback_secret is not set")
        return self


def _values(body: str | dict[str, Any]) -> list[Any]:
    return list(body.values()) if isinstance(body, dict) else []


def _check_syntax(content: Content, body: str | dict[str, Any]) -> None:
    """A text for JSON or XML is tried with harmless values, so that a missing bracket shows at the start."""
    if not isinstance(body, str) or not body:
        return
    harmless = dict.fromkeys((*NAMES, *(f"value_{number}" for number in range(100))), "0")
    if content == "json":
        try:
            json.loads(filled(body, harmless, in_json))
        except ValueError as error:
            raise ValueError(f"body: this is not JSON: {error}") from None
    if content == "xml":
        try:
            expat.ParserCreate().Parse(filled(body, harmless, in_xml), True)
        except expat.ExpatError as error:
            raise ValueError(f"body: this is not XML: {error}") from None


__all__ = ["AnswerPlace", "AnswerRule", "CallPlace", "Coding", "GenericSettings", "Inbound", "Receipts"]
