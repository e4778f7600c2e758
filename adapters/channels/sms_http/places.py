"""Where a value stands in an answer or in a callback, as the configuration says it."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field, model_validator

from bot.settings import Settings

_MOST_FIELDS = 200
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_-]+)""")
_CODECS = {"utf-16be": "utf-16-be", "utf-16le": "utf-16-le", "iso-8859-1": "latin-1", "windows-1258": "cp1258"}


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"this is not a regular expression: {error}") from None
    return value


def _path(value: str) -> str:
    try:
        jmespath.compile(value)
    except JMESPathError:
        raise ValueError("this is not a path such as data.id or items[0].id") from None
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
Path = Annotated[str, AfterValidator(_path)]


@dataclass(frozen=True)
class Message:
    """An HTTP message: an answer, or a call that came in."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    query: Mapping[str, str]

    @cached_property
    def text(self) -> str:
        """By the charset of its content type (Kannel: UTF-16BE for an accented text), else UTF-8."""
        named = _CHARSET.search(self.headers.get("content-type", ""))
        return self.body.decode(_CODECS.get(named[1].lower() if named else "", "utf-8"), "replace")

    @cached_property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def form(self) -> Mapping[str, str]:
        if "urlencoded" not in self.headers.get("content-type", ""):
            return {}
        try:
            return dict(parse_qsl(self.text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            return {}


class AnswerPlace(Settings):
    """In an answer: one of a path in its JSON, a header, or the first group of a regular expression on its body."""

    path: Path | None = Field(default=None, description="JMESPath into JSON: data.id")
    header: str | None = Field(default=None, description="name of a header")
    match: Pattern | None = Field(default=None, description="regular expression on the body; its first group counts")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in self._ways() if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one is expected of {', '.join(self._ways())}")
        return self

    def _ways(self) -> tuple[str, ...]:
        return ("path", "header", "match")

    def found(self, message: Message) -> str:
        """The value as text; empty where there is none."""
        if self.path is not None:
            return at_path(self.path, message)
        if self.header is not None:
            return message.headers.get(self.header.lower(), "").strip()
        return _first_group(self.match or "", message.text)


class CallPlace(AnswerPlace):
    """In a call that comes in: as in an answer, or a parameter of the address or of the form in the body."""

    query: str | None = Field(default=None, description="name of a parameter or of a form's field")
    decode: Literal["", "base64", "hex", "hex-ucs2"] = Field(default="", description="how the value is wrapped")
    when: dict[str, str] = Field(
        default_factory=dict, description='only where these parameters have these values: {coding = "8"}'
    )

    def _ways(self) -> tuple[str, ...]:
        return ("query", "path", "header", "match")

    def applies(self, message: Message) -> bool:
        return all(_parameter(name, message) == value for name, value in self.when.items())

    def found(self, message: Message) -> str:
        """As in an answer; empty also where it cannot be unwrapped."""
        raw = _parameter(self.query, message) if self.query is not None else super().found(message)
        return _unwrapped(raw, self.decode) if self.decode else raw


Places = Annotated[tuple[CallPlace, ...], Field(min_length=1)]


def first_found(places: Iterable[CallPlace], message: Message) -> str:
    """Of several places the first that applies and holds something."""
    return next((value for place in places if place.applies(message) and (value := place.found(message))), "")


def at_path(path: str, message: Message) -> str:
    """The value there as text: numbers as digits, true and false as words; empty where there is none."""
    try:
        value = jmespath.search(path, message.json)
    except (JMESPathError, RecursionError, ArithmeticError):
        return ""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _parameter(name: str, message: Message) -> str:
    return message.query.get(name) or message.form.get(name, "")


def _first_group(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        return ""
    return (found.group(1) or "") if found.re.groups else found.group()


def _unwrapped(value: str, way: str) -> str:
    try:
        if way == "base64":
            return base64.b64decode(value, validate=True).decode("utf-8", "replace")
        octets = bytes.fromhex(value)
    except (ValueError, binascii.Error):
        return ""
    return octets.decode("utf-16-be" if way == "hex-ucs2" else "utf-8", "replace")
