"""What is otherwise between two versions of a text, word by word, field by field."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from bot.model.wording import TextKey, Wording
from bot.texts.drafts import as_toml

_TOKENS = re.compile(r"\s+|[^\W_]+|[{}%]+|.", re.DOTALL)
"""Spaces, words, signs of a template, and each other sign by itself."""


class Kind(StrEnum):
    SAME = "same"
    ADDED = "ins"
    REMOVED = "del"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text."""

    kind: Kind
    text: str


def differences(before: Wording, after: Wording, key: TextKey) -> dict[str, list[Piece]]:
    """By field, those that differ: everything that the field says, with what was taken out and put in."""
    old, new = _fields(before, key), _fields(after, key)
    return {name: pieces(old[name], new[name]) for name in old if old[name] != new[name]}


def _fields(wording: Wording, key: TextKey) -> dict[str, str]:
    return {
        "chat": wording.chat,
        "sms": wording.sms,
        "sms_accented": wording.sms_accented,
        "required": ", ".join(wording.required),
        "flexible": ", ".join(wording.flexible),
        "forms": forms_of(wording, key),
    }


def forms_of(wording: Wording, key: TextKey) -> str:
    """The registered templates that came with a text, as TOML."""
    bare = as_toml(key, Wording(chat=wording.chat, sms=wording.sms, sms_accented=wording.sms_accented,
                                required=wording.required, flexible=wording.flexible))  # fmt: skip
    return as_toml(key, wording).removeprefix(bare).strip()


def pieces(before: str, after: str) -> list[Piece]:
    """The pieces that are not `ADDED` make up `before`, those that are not `REMOVED` make up `after`."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    return list(_joined(_compared(old, new)))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for tag, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(Kind.SAME, "".join(old[i:j]))
            continue
        if i < j:
            yield Piece(Kind.REMOVED, "".join(old[i:j]))
        if k < m:
            yield Piece(Kind.ADDED, "".join(new[k:m]))


def _joined(found: Iterator[Piece]) -> Iterator[Piece]:
    """Words that changed with nothing but a space between them are one change."""
    removed = added = ""
    for piece in found:
        if piece.kind is Kind.REMOVED:
            removed += piece.text
        elif piece.kind is Kind.ADDED:
            added += piece.text
        elif piece.text.isspace() and (removed or added) and "\n" not in piece.text:
            removed, added = removed + piece.text, added + piece.text
        else:
            yield from _change(removed, added)
            removed = added = ""
            yield piece
    yield from _change(removed, added)


def _change(removed: str, added: str) -> Iterator[Piece]:
    if removed:
        yield Piece(Kind.REMOVED, removed)
    if added:
        yield Piece(Kind.ADDED, added)
