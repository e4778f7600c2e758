"""What the Bot Platform reports, as far as it is a citizen's word to us; the same by webhook and by polling."""

from dataclasses import dataclass
from datetime import UTC, datetime
from unicodedata import normalize

from pydantic import BaseModel, Field, StrictStr, ValidationError

from bot.model.message import InboundMessage
from bot.model.person import Address

_TEXT = "message.text.received"
_LINK = "message.link.received"
_WORDLESS = ("message.image.received", "message.voice.received", "message.unsupported.received")
"""What we cannot read, but somebody waits for an answer to: it is heard as a message without text. `unsupported` also
stands for whole messages of protected accounts, whose words Zalo does not hand over."""
_FIRST_MILLISECOND = 100_000_000_000
"""Larger numbers count milliseconds, as the platform does; smaller ones seconds."""
_LAST_SECOND = 253_402_300_799
_NUL = "\x00"


class _Chat(BaseModel):
    id: StrictStr = Field(min_length=1, max_length=64)
    chat_type: StrictStr = "PRIVATE"


class _Sender(BaseModel):
    is_bot: bool = False


class _Message(BaseModel):
    message_id: StrictStr = Field(min_length=1, max_length=128)
    chat: _Chat
    sender: _Sender = Field(default=_Sender(), alias="from")
    date: float | None = None
    text: StrictStr = ""
    caption: StrictStr = ""


class _Update(BaseModel):
    event_name: StrictStr
    message: _Message | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """One update: what a citizen said with it; None: nothing for us."""

    message: InboundMessage | None = None


def understand(raw: object, *, channel: str, now: datetime) -> Understood | None:
    """None if the update cannot be read at all.

    Zalo's pages show an update inside of `{"ok", "result"}`, its calls also come without: both are read. Stickers and
    reactions ask for nothing, groups and other bots are not ours.
    """
    inner = raw.get("result") if isinstance(raw, dict) and "event_name" not in raw else raw
    try:
        update = _Update.model_validate(inner)
    except ValidationError:
        return None
    message, event = update.message, update.event_name
    if message is None or message.chat.chat_type != "PRIVATE" or message.sender.is_bot:
        return Understood()
    text = normalize("NFC", (message.text or message.caption).replace(_NUL, ""))
    if event not in _WORDLESS and (event not in (_TEXT, _LINK) or not text.strip()):
        return Understood()
    return Understood(
        InboundMessage(
            channel=channel,
            message_id=f"{event}:{message.message_id}",
            sender=Address("zalobot", message.chat.id),
            text=text if text.strip() else "",
            at=_moment(message.date, now),
        )
    )


def _moment(date: float | None, now: datetime) -> datetime:
    """`now` for a moment that is none, or lies in the future."""
    seconds = (date or 0) / 1000 if (date or 0) >= _FIRST_MILLISECOND else (date or 0)
    if not 0 < seconds <= _LAST_SECOND:
        return now
    return min(datetime.fromtimestamp(seconds, UTC), now)
