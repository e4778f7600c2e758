"""Entries of the record as sentences, in the words of `words/*/record.toml`."""

from collections.abc import Mapping
from typing import Any

from bot.model.audit import Entry
from bot.web.console.colleagues import called


def sentence_of(words: Mapping[str, Any], entry: Entry, names: Mapping[str, str]) -> str:
    """`Nguyễn Thị Lan đã duyệt thư xin lỗi XL-7.` What has no words of its own is told plainly. `names` by login."""
    told: Mapping[str, str] = words["what"]
    act = told.get(entry.what, words["unknown"])
    subject = entry.subject or words["nothing_named"]
    named = act.replace("{subject}", subject).replace("{what}", entry.what)
    return f"{_who(words, entry, names)} {named}{words['way'].get(entry.way, '')}."


def _who(words: Mapping[str, Any], entry: Entry, names: Mapping[str, str]) -> str:
    return called(names, entry.by, words["key"]) or str(words["nobody"])


def things_of(words: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the record can be filtered by: beginnings of words, and what they are about."""
    return list(words["thing"].items())
