"""What providers say of a message, in one human sentence: "Không gửi được: số này không có tài khoản Zalo".

A code means another thing at each provider, so it is read in the dialect of the channel that had the message.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bot.model.message import OutboxItem
from bot.plan import Plan
from bot.texts.catalogue import LANGUAGES
from bot.texts.sentences import stated, words_of

Table = Mapping[str, Mapping[str, list[str]]]

_PROVIDER_SAYS = ("nhà cung cấp báo “{words}”", "the provider says “{words}”")
_BLOCKED = ("người nhận đã chặn", "the recipient has blocked us")
_PARTLY = ("đang gửi dở thì {words}", "while it was half sent: {words}")
_WITH_STATUS = ("{words} (mã {code})", "{words} (code {code})")

_WRAPPERS = (
    "template: ", "token: ", "late: ", "nothing but failures: ", "no other way: ", "query: ", "not bound: ",
)  # fmt: skip
"""What our own words put before a provider's: said by the state, or by what follows."""
_PIECE = re.compile(r"(?:part \d+|piece \d+ of \d+): ")
_SMPP = re.compile(r"(ESME_[A-Z_]+|status) \(0x([0-9A-F]+)\)")
_STAT = re.compile(r"stat:(\S+) err:(\S+)")
_ZALO = re.compile(r"Zalo (-?\d+): ")
_HTTP = re.compile(r"HTTP (\d{3})")
_TWO_LANGUAGES = re.compile(r"(.*[à-ỹĐđ].*) / (.+)")
_NO_ERROR = frozenset({"-", "0", "00", "000"})

_WITHIN = frozenset({"telegram", "zalobot", "email"})
"""Dialects in words, which are looked for anywhere in the answer."""


def dialects_of(plan: Plan) -> Mapping[str, str]:
    """Channel → the section of `provider_words.toml` in which its provider speaks."""
    return {each.name: str(getattr(each.settings, "provider", "") or each.kind) for each in plan.channels}


def sentence_of(item: OutboxItem, language: str = "vi", dialect: str = "") -> str:
    """The state of `item` and why, in words; of what nobody has translated the provider's own, marked as such."""
    return stated(item, explained(item.reason, language, dialect), language)


def explained(reason: str, language: str = "vi", dialect: str = "") -> str:
    """A reason as it is kept in the outbox; empty for none."""
    if not reason:
        return ""
    column = LANGUAGES.index(language)
    return _meant(reason, column, dialect) or _PROVIDER_SAYS[column].format(words=reason)


def _meant(reason: str, column: int, dialect: str) -> str:
    """Empty where we have no words for it."""
    reason = reason.removesuffix(": taken before").removesuffix(" query_sm")
    if reason.startswith("blocked: "):
        return _meant(reason.removeprefix("blocked: "), column, dialect) or _BLOCKED[column]
    if piece := _PIECE.match(reason):
        inner = _meant(reason[piece.end() :], column, dialect)
        return _PARTLY[column].format(words=inner) if inner else ""
    for wrapper in _WRAPPERS:
        if reason.startswith(wrapper):
            inner = _meant(reason.removeprefix(wrapper), column, dialect)
            return inner or words_of(reason, LANGUAGES[column]) or _any(wrapper, column)
    return (
        _of_dialect(reason, column, dialect)
        or _of_form(reason, column)
        or words_of(reason, LANGUAGES[column])
        or _any(reason, column)
        or _in_our_language(reason, column)
    )


def _of_dialect(reason: str, column: int, dialect: str) -> str:
    table = _tables().get(dialect, {}) if dialect not in ("any", "http", "smpp", "stat") else {}
    if dialect in _WITHIN:
        lowered = reason.lower()
        return next((words[column] for said, words in table.items() if said.lower() in lowered), "")
    words = table.get(reason) or table.get(reason.partition(" ")[0])
    return words[column] if words else ""


def _of_form(reason: str, column: int) -> str:
    """What a protocol says in its own way, whoever speaks it."""
    tables = _tables()
    if found := _SMPP.match(reason):
        words = tables["smpp"].get(found[1], tables["smpp"]["status"])[column]
        return words if found[1] != "status" else _WITH_STATUS[column].format(words=words, code=f"0x{found[2]}")
    if found := _STAT.match(reason):
        known = tables["stat"].get(found[1])
        words = known[column] if known else ""
        return words if not words or found[2] in _NO_ERROR else _WITH_STATUS[column].format(words=words, code=found[2])
    if found := _ZALO.match(reason):
        known = tables["zalo"].get(found[1])
        return known[column] if known else ""
    if found := _HTTP.match(reason):
        known = tables["http"].get(found[1])
        return known[column] if known else ""
    return ""


def _any(reason: str, column: int) -> str:
    return next((words[column] for said, words in _tables()["any"].items() if reason.startswith(said)), "")


def _in_our_language(reason: str, column: int) -> str:
    """Of what is told to operators in both languages, one."""
    both = _TWO_LANGUAGES.fullmatch(reason)
    return both[column + 1].strip() if both else ""


@cache
def _tables() -> Table:
    return tomllib.loads(files("bot").joinpath("provider_words.toml").read_text(encoding="utf-8"))
