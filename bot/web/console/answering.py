"""An answer that a clerk types: judged, shown as it will leave, and never lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from bot.desk import MOST_CHARACTERS, MOST_PARTS, Draft
from bot.model.person import Address
from bot.model.sms import nfc
from bot.web.console.visit import Visit

_MOST_TYPED = 50_000
"""Characters. What is too long for a message still comes back into the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The field's state."""

    text: str = field(default="", repr=False)
    parts: tuple[str, ...] = field(default=(), repr=False)
    """As the citizen would read it; empty where that has not been asked for."""
    seen: str = ""
    """Which text the clerk has seen as it will leave."""
    error: str = ""
    is_ready: bool = False
    """To be sent now."""


def typed(visit: Visit) -> str:
    """What stands in the field."""
    return nfc(visit.said("text", most=_MOST_TYPED))


def judged(visit: Visit, text: str, draft: Draft | None, address: Address) -> Answer:
    """An SMS costs money and loses its accents: it is sent once it has been seen just so. `draft` None: nobody is
    told, and it is a note."""
    words: Mapping[str, Any] = visit.words["inbox"]
    if not text:
        return Answer(error=words["answer_empty"])
    if draft is None:
        return Answer(text=text, is_ready=True)
    is_sms = address.scheme == "sms"
    if draft.is_too_long:
        word, most = ("too_many_parts", MOST_PARTS) if is_sms else ("too_many_characters", MOST_CHARACTERS)
        now = len(draft.parts) if is_sms else len(text)
        return Answer(text=text, error=words[word].format(now=now, most=most))
    mark = sha256("\n".join(draft.parts).encode()).hexdigest()[:16]
    wants_look = visit.said("lam") == "xem"
    is_ready = not wants_look and (not is_sms or visit.said("seen") == mark)
    return Answer(text=text, parts=draft.parts, seen=mark, is_ready=is_ready)
