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
    return stated(item, words_of(item.reason, language) or item.reason, language)


def stated(item: OutboxItem, why: str, language: str = "vi") -> str:
    """The same, with the reason in these words (empty: none)."""
    pattern: str = _words()["state"][item.state][LANGUAGES.index(language)]
    shown = "" if item.state in _WITHOUT_REASON or not why else f": {why}"
    return pattern.format(when=show_moment(item.settled_at), why=shown)


def words_of(kept: str, language: str = "vi") -> str:
    """A reason as it is kept, in words for people; empty where we have none."""
    for beginning, words in _words()["reason"].items():
        if kept.startswith(beginning):
            return str(words[LANGUAGES.index(language)])
    return ""


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("bot.texts").joinpath("states.toml").read_text(encoding="utf-8"))
