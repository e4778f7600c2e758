"""One Telegram message as it goes to `sendMessage`, and the simpler form it takes when Telegram dislikes the first."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from adapters.channels.telegram.client import NO_PREVIEW
from adapters.channels.telegram.keyboards import Markup
from adapters.channels.telegram.markup import html_of

_OF_TEXT = ("can't parse entities", "can't parse message text")
_OF_BUTTONS = ("button", "keyboard", "markup")


@dataclass(frozen=True, slots=True)
class Letter:
    """What one piece of an item's text becomes."""

    method: ClassVar[str] = "sendMessage"
    text: str = field(repr=False)
    markup: Markup | None = None
    is_reply: bool = False
    is_paid: bool = False
    """Goes beyond the free limit, at a price."""
    is_plain: bool = False
    """Without HTML."""

    def to(self, chat: int) -> Mapping[str, Any]:
        """The parameters of `sendMessage`."""
        given: dict[str, Any] = {"chat_id": chat, "link_preview_options": NO_PREVIEW}
        given |= {"text": self.text} if self.is_plain else {"text": html_of(self.text), "parse_mode": "HTML"}
        if self.markup:
            given["reply_markup"] = self.markup
        if self.is_paid:
            given["allow_paid_broadcast"] = True
        return given

    def simpler(self, refusal: str) -> "Letter | None":
        """The same without what a 400 complains of; None where that would change nothing. A refused message was not
        sent, so it may go out again."""
        refusal = refusal.lower()
        if not self.is_plain and any(words in refusal for words in _OF_TEXT):
            return replace(self, is_plain=True)
        if self.markup and any(word in refusal for word in _OF_BUTTONS):
            return replace(self, markup=None)
        return None
