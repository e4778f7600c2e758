"""What Telegram reports, as far as it is a citizen's word or deed to us. Everything else is skipped."""

import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import ValidationError

from adapters.channels.telegram.commands import read_start, spoken
from adapters.channels.telegram.deep_links import decode
from adapters.channels.telegram.keyboards import Keyboards
from adapters.channels.telegram.shapes import Contact, Membership, Message, Pressed, Update
from bot.model.clock import Clock
from bot.model.message import Heard, InboundMessage
from bot.model.person import Address
from bot.model.phone import parse_phone

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """One update: what a citizen said or did with it (None: nothing for us), and the button press to be answered."""

    message: InboundMessage | None = None
    pressed: str = ""


def update_id_of(raw: object) -> int | None:
    """The number of an update however strange the rest of it is; None if it has none."""
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


class Ear:
    """Hears for one channel, whichever way the updates come."""

    def __init__(self, channel: str, keyboards: Keyboards, clock: Clock) -> None:
        self.channel = channel
        self._keyboards = keyboards
        self.now = clock

    def hear(self, raw: object) -> News:
        """What an update means; what cannot be read is logged without its content, and skipped."""
        news = understand(raw, channel=self.channel, now=self.now())
        if news is None:
            _log.warning("%s: update %s has an unknown form; skipped", self.channel, update_id_of(raw))
            return News()
        if news.message is None or not news.message.sender.value.isdecimal():
            return news
        text = self._keyboards.heard(int(news.message.sender.value), news.message.text)
        return replace(news, message=replace(news.message, text=text))


def understand(raw: object, *, channel: str, now: datetime) -> News | None:
    """Texts, captions, edits, presses, contacts, starts and farewells of private chats, and moves of others; None if
    the update cannot be read at all.

    An edit counts as a new message: who mends a mistyped code waits for an answer to it.
    """
    try:
        update = Update.model_validate(raw)
    except ValidationError:
        return None
    said = _Said(channel, update.update_id)
    if update.callback_query:
        return _pressed(update.callback_query, said, now)
    if update.my_chat_member:
        return _membership(update.my_chat_member, said)
    if message := update.message or update.edited_message:
        return News(_message(message, said))
    return News()


@dataclass(frozen=True, slots=True)
class _Said:
    """What all messages of one update share."""

    channel: str
    update_id: int

    def by(self, chat: int, text: str, at: datetime, **more: str | Heard) -> InboundMessage:
        # The update's number and not chat and message: an edit and a button press have numbers of their own, it is
        # the same by polling and by webhook, and it says nothing about a person. After a week of silence Telegram
        # goes on at a random place among 2^31, where meeting an old number is too unlikely to matter.
        told = InboundMessage(
            channel=self.channel,
            message_id=str(self.update_id),
            sender=Address("telegram", str(chat)),
            text=text,
            at=at,
        )
        return replace(told, **more)  # type: ignore[arg-type]


def _message(message: Message, said: _Said) -> InboundMessage | None:
    at = datetime.fromtimestamp(message.edit_date or message.date, UTC)
    chat = message.chat.id
    if not message.chat.is_private:
        moved = message.migrate_to_chat_id
        return said.by(chat, str(moved), at, kind=Heard.MOVED) if moved else None
    language = _language(message.sender.language_code if message.sender else "")
    if message.contact:
        if phone := _own_phone(message, message.contact):
            return said.by(chat, "", at, kind=Heard.CONTACT, phone=phone, language=language)
        # Somebody else's number: a message without words, so that it is answered and the number goes nowhere.
        return said.by(chat, "", at, language=language)
    text = message.text or message.caption
    if not text.strip():
        return None
    payload = read_start(text)
    if payload is not None:
        return said.by(chat, decode(payload), at, kind=Heard.START, language=language)
    return said.by(chat, spoken(text), at, language=language)


def _own_phone(message: Message, contact: Contact) -> str:
    """E.164, if it is the sender's own number and Telegram vouches for it: a card that was forwarded, or picked from
    the address book, names another user or none."""
    sender = message.sender.id if message.sender else None
    if contact.user_id is None or contact.user_id != sender or sender != message.chat.id or message.is_at_second_hand:
        return ""
    phone = parse_phone(f"+{contact.phone_number.strip().lstrip('+')}")
    return phone.e164 if phone else ""


def _pressed(query: Pressed, said: _Said, now: datetime) -> News:
    # Without a message the button is too old for Telegram to show it; the chat is then the sender's own.
    if not query.data.strip() or (query.message and not query.message.chat.is_private):
        return News(pressed=query.id)
    language = _language(query.sender.language_code)
    return News(said.by(query.sender.id, query.data, now, language=language), pressed=query.id)


def _membership(change: Membership, said: _Said) -> News:
    """A citizen who unblocks the bot says nothing by that: its Start button speaks for itself."""
    if not change.chat.is_private or change.new_chat_member.status != "kicked":
        return News()
    at = datetime.fromtimestamp(change.date, UTC)
    return News(said.by(change.chat.id, "", at, kind=Heard.LEFT, language=_language(change.sender.language_code)))


def _language(code: str) -> str:
    """What the citizen's Telegram is set to, where we speak it: `en-US` is `en`."""
    word = code.lower().partition("-")[0]
    return word if word in ("vi", "en") else ""
