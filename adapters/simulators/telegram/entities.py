"""Reads `parse_mode` HTML as the Bot API does: the text that is shown, its entities, or what is wrong with it."""

import re
from html import unescape
from typing import Any

from adapters.simulators.telegram.answers import Refusal

_KINDS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "tg-spoiler": "spoiler", "span": "spoiler", "blockquote": "blockquote", "a": "text_link",
}  # fmt: skip
_TOKEN = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z0-9-]*)(?P<rest>[^>]*)(?P<close>>?)|&(?:#\w+|lt|gt|amp|quot);")


def units(text: str) -> int:
    """UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The shown text and its entities. Raises Refusal 400 "can't parse entities"."""
    shown, done, length = [], 0, 0
    opened: list[tuple[str, int]] = []
    found: list[dict[str, Any]] = []
    for token in _TOKEN.finditer(source):
        plain = source[done : token.start()]
        done = token.end()
        shown.append(plain)
        length += units(plain)
        at = len(source[: token.start()].encode("utf-8", "surrogatepass"))
        if token[0].startswith("&"):
            shown.append(unescape(token[0]))
            length += units(shown[-1])
        elif token["end"]:
            found.append(_closed(opened, token["name"].lower(), length, at))
        else:
            opened.append((_opening(token, at), length))
    if opened:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    shown.append(source[done:])
    entities = sorted((each for each in found if each["length"]), key=lambda each: (each["offset"], -each["length"]))
    return "".join(shown), entities


def _opening(token: re.Match[str], at: int) -> str:
    name = token["name"].lower()
    if not token["close"]:
        raise _wrong(f"Unclosed start tag at byte offset {at}")
    if name not in _KINDS:
        raise _wrong(f'Unsupported start tag "{name}" at byte offset {at}')
    return name


def _closed(opened: list[tuple[str, int]], name: str, length: int, at: int) -> dict[str, Any]:
    if not opened:
        raise _wrong(f"Unexpected end tag at byte offset {at}")
    expected, since = opened.pop()
    if name not in ("", expected):
        raise _wrong(f'Unmatched end tag at byte offset {at}, expected "</{expected}>", found "</{name}>"')
    return {"type": _KINDS[expected], "offset": since, "length": length - since}


def _wrong(what: str) -> Refusal:
    return Refusal(400, f"Bad Request: can't parse entities: {what}")
