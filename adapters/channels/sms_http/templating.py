"""Texts of the configuration with places in them, `{digits}` or `{text|base64}`, and how values are escaped there."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote
from xml.sax.saxutils import escape as xml_escape

from pydantic import AfterValidator

from bot.model.sms import encode_part, encoding_of

Escape = Callable[[str], str]

NAMES = (
    "phone", "digits", "national", "text", "sender", "id", "user", "password", "token", "parts", "coding", "template",
    "situation", "lane", "dlr_url",
)  # fmt: skip
"""What a place may be called, beside `value_1`, `value_2` … of the registered template."""

_PLACE = re.compile(r"\{([a-z][a-z_]*[0-9]*)(?:\|([a-z0-9-]+))?\}")
_VALUE = re.compile(r"value_[0-9]{1,2}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

FILTERS: Mapping[str, Escape] = {
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "hex": lambda value: encode_part(value, encoding_of(value)).hex(),
    "hex-ucs2": lambda value: encode_part(value, "UCS-2").hex(),
    "url": lambda value: quote(value, safe=""),
}
"""`base64` of UTF-8; `hex` as it goes over the air, by its coding; `hex-ucs2` of UTF-16BE."""


def as_is(value: str) -> str:
    return value


def in_url(value: str) -> str:
    return quote(value, safe="")


def in_json(value: str) -> str:
    """Inside a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def in_xml(value: str) -> str:
    """Inside an element or an attribute."""
    return xml_escape(_NOT_IN_XML.sub("\ufffd", value), {'"': "&quot;", "'": "&apos;"})


def in_header(value: str) -> str:
    """One line: a line end would begin another header."""
    return _CONTROLS.sub(" ", value)


def filled(template: str, values: Mapping[str, str], escape: Escape) -> str:
    """`template` with its values. Values for unknown template places are empty."""

    def value(place: re.Match[str]) -> str:
        name, word = place.groups()
        return escape(FILTERS[word](values.get(name, "")) if word else values.get(name, ""))

    return _PLACE.sub(value, template)


def filled_tree(tree: Any, values: Mapping[str, str]) -> Any:
    """Every text in a table or list; numbers and flags stay."""
    if isinstance(tree, dict):
        return {key: filled_tree(each, values) for key, each in tree.items()}
    if isinstance(tree, list):
        return [filled_tree(each, values) for each in tree]
    return filled(tree, values, as_is) if isinstance(tree, str) else tree


def texts_in(tree: Any) -> list[str]:
    """Every text in a table or list."""
    if isinstance(tree, dict):
        return [text for each in tree.values() for text in texts_in(each)]
    if isinstance(tree, list):
        return [text for each in tree for text in texts_in(each)]
    return [tree] if isinstance(tree, str) else []


def known(template: str, names: tuple[str, ...] = NAMES) -> str:
    """`template` itself. Raises `ValueError` for a place or a filter that there is none of."""
    for place in _PLACE.finditer(template):
        name, word = place.groups()
        if name not in names and not _VALUE.fullmatch(name):
            raise ValueError(f"there is no {{{name}}}; known: {', '.join(names)}, value_1 …")
        if word and word not in FILTERS:
            raise ValueError(f"there is no filter {word}; known: {', '.join(FILTERS)}")
    return template


Template = Annotated[str, AfterValidator(known)]
"""A text whose places are all known."""
