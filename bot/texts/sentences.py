"""What became of a message, as one sentence for people: "Đã tới máy lúc 10:02 22/11/2026"."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from bot.model.message import DeliveryState, OutboxItem
from bot.texts.catalogue import LANGUAGES, show_moment

_WITHOUT_REASON = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


def sentence(item: OutboxItem, language: str = "vi") -> str:
    """The state of `item` with its time and its reason; the provider's own words where we know no better ones."""
    column = LANGUAGES.index(language)
    pattern: str = _words()["state"][item.state][column]
    why = "" if item.state in _WITHOUT_REASON or not item.reason else f": {_reason(item.reason, column)}"
    return pattern.format(when=show_moment(item.settled_at), why=why)


def _reason(kept: str, column: int) -> str:
    for beginning, words in _words()["reason"].items():
        if kept.startswith(beginning):
            return f"{words[column]}"
    return kept


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("bot.texts").joinpath("states.toml").read_text(encoding="utf-8"))
