"""The conversation as a page shows it: its bubbles, what can be answered at a touch, and what its forms carry."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.model.message import Asks, DeliveryState, File, Option, OutboxItem, Receipt
from bot.web.asking import Asked
from bot.web.context import WebContext
from bot.web.history import recent
from bot.web.sessions import KEPT, Session

_TO_A_QUESTION = "inbound:"
"""How the origin of an answer begins, and no other message's."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_MARKS = frozenset("đ\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b")
"""What the letters of Vietnamese have and those of English have not, once they are taken apart."""
_MARKED = frozenset(
    letter
    for letter in map(chr, range(0x80, 0x2000))
    if not _MARKS.isdisjoint(unicodedata.normalize("NFD", letter.lower()))
)
"""Letters that have one, as a whole: NFC knows all of them, up to Latin Extended Additional."""


@dataclass(frozen=True, slots=True)
class Line:
    """One bubble of the conversation."""

    text: str = field(repr=False)
    at: datetime
    id: str = ""
    """The outbox item's; empty for what the visitor wrote."""
    is_seen: bool = False
    options: tuple[Option, ...] = ()
    origin: str = ""
    """The outbox item's."""
    files: tuple[File, ...] = ()

    @property
    def is_answer(self) -> bool:
        """The visitor asked; else it is news, or a question of ours."""
        return self.origin.startswith(_TO_A_QUESTION)

    @property
    def language(self) -> str:
        """`vi`, `en`, or empty where nobody can tell; of the visitor's own words nobody asks."""
        return language_of_text(self.text) if self.id else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What the conversation part of a page shows."""

    token: str = field(repr=False)
    """What our forms carry, so that they are known as ours."""
    next_id: str
    action: str = "/tra-cuu"
    """Where the forms go."""
    lines: tuple[Line, ...] = ()
    typed: str = field(default="", repr=False)
    """What stands in the field."""
    typed_factor: str = field(default="", repr=False)
    error: str = ""
    wrong_field: str = ""
    """Name of the field whose content the error is about; empty where it is about none."""
    late: Asked | None = None
    """A message whose answer has not come; sent again under `next_id`."""
    late_sentence: str = ""
    is_answer: bool = False
    """The last lines have just been given, in answer to a form."""


async def conversation(context: WebContext, session: Session) -> list[Line]:
    """What this session was sent; what it wrote is kept by the browser alone."""
    since = context.clock() - KEPT
    return [line_of(item) for item in await recent(context.storage, session.address, since=since)]


def line_of(item: OutboxItem) -> Line:
    at, is_seen = item.sent_at or item.created_at, item.state is DeliveryState.DELIVERED
    return Line(item.text, at, item.id, is_seen, options_of(item), item.origin, item.files)


def options_of(item: OutboxItem) -> tuple[Option, ...]:
    """What can be chosen on a page: no browser vouches for a phone number."""
    return tuple(option for option in item.options if option.asks is Asks.WORDS)


def with_fresh_options(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Buttons stay at the last answer, and at what we have asked by ourselves; older ones would only be in the way of
    somebody who goes through the page by keyboard."""
    last = next((line.origin for line in reversed(lines) if line.is_answer), "")
    return tuple(replace(line, options=()) if line.is_answer and line.origin != last else line for line in lines)


def label_of(says: str, lines: Sequence[Line]) -> str:
    """What stands on the button that says this, the latest of them; empty where none does."""
    options = (option for line in reversed(lines) for option in line.options)
    return next((option.label for option in options if option.says == says), "")


def language_of_text(text: str) -> str:
    """`vi` or `en`, for screen readers, which pronounce by it; empty where there is no word.

    Told from the letters: most words of Vietnamese carry a mark, those of English none but in names.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", text))
    marked = sum(not _MARKED.isdisjoint(word) for word in words)
    return "" if not words else "vi" if 2 * marked >= len(words) else "en"


def seen(context: WebContext, item: OutboxItem) -> Receipt:
    return Receipt(channel=context.channel, item_id=item.id, state=DeliveryState.DELIVERED, at=context.clock())
