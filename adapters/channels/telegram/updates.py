"""What Telegram reports, as far as it is a citizen's word to us. Everything else is skipped."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from bot.model.message import InboundMessage
from bot.model.person import Address

_LAST_SECOND = 253_402_300_799  # of the year 9999: what `datetime` can hold


class _Chat(BaseModel):
    id: StrictInt
    type: StrictStr


class _Message(BaseModel):
    chat: _Chat
    date: StrictInt = Field(ge=0, le=_LAST_SECOND)
    edit_date: StrictInt | None = Field(None, ge=0, le=_LAST_SECOND)
    text: StrictStr = ""
    caption: StrictStr = ""


class _KeyboardMessage(BaseModel):
    chat: _Chat


class _Pressed(BaseModel):
    id: StrictStr
    sender: "_User" = Field(alias="from")
    message: _KeyboardMessage | None = None
    data: StrictStr = ""


class _User(BaseModel):
    id: StrictInt


class _Update(BaseModel):
    update_id: StrictInt
    message: _Message | None = None
    edited_message: _Message | None = None
    callback_query: _Pressed | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One update: what a citizen said with it (None: nothing for us), and the button press to be answered."""

    message: InboundMessage | None = None
    pressed: str = ""


def update_id_of(raw: object) -> int | None:
    """The number of an update however strange the rest of it is; None if it has none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def understand(raw: object, *, channel: str, now: datetime) -> Heard | None:
    """Text, captions, edits and button presses of private chats; None if the update cannot be read at all.

    An edit counts as a new message: who mends a mistyped code waits for an answer to it.
    """
    try:
        update = _Update.model_validate(raw)
    except ValidationError:
        return None
    if update.callback_query:
        return _pressed(update.callback_query, update.update_id, channel=channel, now=now)
    message = update.message or update.edited_message
    if message is None or message.chat.type != "private":
        return Heard()
    at = datetime.fromtimestamp(message.edit_date or message.date, UTC)
    return Heard(_inbound(message.text or message.caption, message.chat.id, update.update_id, channel=channel, at=at))


def _pressed(query: _Pressed, update_id: int, *, channel: str, now: datetime) -> Heard:
    # Without a message the button is too old for Telegram to show it; the chat is then the sender's own.
    if query.message and query.message.chat.type != "private":
        return Heard(pressed=query.id)
    return Heard(_inbound(query.data, query.sender.id, update_id, channel=channel, at=now), pressed=query.id)


def _inbound(text: str, chat: int, update_id: int, *, channel: str, at: datetime) -> InboundMessage | None:
    if not text.strip():
        return None
    # The update's number and not chat and message: an edit and a button press have numbers of their own, it is
    # the same by polling and by webhook, and it says nothing about a person. After a week of silence Telegram
    # goes on at a random place among 2^31, where meeting an old number is too unlikely to matter.
    return InboundMessage(
        channel=channel, message_id=str(update_id), sender=Address("telegram", str(chat)), text=text, at=at
    )
