"""What Zalo's events mean, as far as they are a citizen's word to us or tell of a message of ours."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.model.clock import from_millis
from bot.model.message import DeliveryState, Heard, InboundMessage, Receipt
from bot.model.person import Address
from bot.model.phone import parse_phone
from bot.model.sms import nfc

_TEXTS = frozenset(
    f"user_send_{kind}" for kind in ("text", "image", "link", "audio", "video", "file", "location", "business_card")
)
"""What a citizen sends and may wait for an answer to. A sticker or a moving picture says nothing to a machine."""
_FOLLOWS = {"follow": Heard.FOLLOWED, "unfollow": Heard.LEFT}
_RECEIPTS = {"user_received_message": "", "user_seen_message": "seen"}
"""What is told of a message of ours, and the words that are kept of it."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""All but tab and line end; and halves of characters, which no database takes."""
_ID = re.compile(r"[\x21-\x7e]{1,100}")
_USER = re.compile(r"[0-9]{1,32}")
_OUR_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_LATEST = 253_402_300_799_000
"""Milliseconds; the end of the year 9999."""


def _text(value: Any) -> Any:
    """Ids and times are texts; what a gateway made a number or left out is read all the same."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else "" if value is None else value


Text = Annotated[str, BeforeValidator(_text)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Party(_Part):
    id: Text = ""


class _Attachment(_Part):
    type: Text = ""
    payload: Any = None


class _Message(_Part):
    text: Text = ""
    msg_id: Text = ""
    msg_ids: tuple[Text, ...] = ()
    tracking_id: Text = ""
    delivery_time: Text = ""
    attachments: tuple[_Attachment, ...] = ()


class _Filled(_Part):
    phone: Text = ""


class Event(_Part):
    """One event. A citizen has three ids; `sender.id` and `follower.id` are hers with this account."""

    event_name: Text
    timestamp: Text = ""
    oa_id: Text = ""
    sender: _Party = Field(default_factory=_Party)
    recipient: _Party = Field(default_factory=_Party)
    follower: _Party = Field(default_factory=_Party)
    message: _Message = Field(default_factory=_Message)
    filled: _Filled = Field(default_factory=_Filled, alias="info")


def event_in(raw: object) -> Event | None:
    """None for what has not the form of an event."""
    try:
        return Event.model_validate(raw)
    except ValidationError:
        return None


def understand(event: Event, *, channel: str, oa_id: str, now: datetime) -> Sequence[Receipt | InboundMessage]:
    """Messages and receipts; nothing for what does not concern us. `oa_id` empty: whoever it is for."""
    if event.event_name in _RECEIPTS:
        return _receipts(event, channel, now)
    message = _heard(event, channel, now)
    is_ours = not oa_id or (event.oa_id or event.recipient.id) in ("", oa_id)
    return [message] if message and is_ours else []


def _heard(event: Event, channel: str, now: datetime) -> InboundMessage | None:
    name = event.event_name
    if name in _FOLLOWS:
        return _inbound(event, channel, now, user=event.follower.id, kind=_FOLLOWS[name])
    if name == "user_submit_info":
        return _claimed(event, channel, now, event.filled.phone)
    if name == "user_send_business_card" and (phone := _on_card(event.message.attachments)):
        return _claimed(event, channel, now, phone)
    return _inbound(event, channel, now, user=event.sender.id) if name in _TEXTS else None


def _claimed(event: Event, channel: str, now: datetime, number: str) -> InboundMessage | None:
    """A phone that somebody typed into a form or sent a card of: nobody has checked whose it is."""
    phone = parse_phone(number)
    if phone is None or phone.kind == "foreign":
        return None
    return _inbound(event, channel, now, user=event.sender.id, kind=Heard.CLAIMED, phone=phone.e164)


def _inbound(
    event: Event, channel: str, now: datetime, *, user: str, kind: Heard = Heard.TEXT, phone: str = ""
) -> InboundMessage | None:
    if not _USER.fullmatch(user):
        return None
    text = nfc(_UNPRINTABLE.sub("", event.message.text)) if kind is Heard.TEXT else ""
    return InboundMessage(
        channel=channel,
        message_id=_message_id(event, user),
        sender=Address("zalo", user),
        text=text,
        at=_moment(event.timestamp, now),
        kind=kind,
        phone=phone,
    )


def _message_id(event: Event, user: str) -> str:
    """The same for each repetition of an event; says nothing about the person, whose id it is made from."""
    msg_id = event.message.msg_id
    if _ID.fullmatch(msg_id):
        return f"{event.event_name}:{msg_id}"
    made = hashlib.sha256(f"{event.event_name}|{user}|{event.timestamp}".encode("utf-8", "replace"))
    return f"{event.event_name}:{made.hexdigest()[:24]}"


def _receipts(event: Event, channel: str, now: datetime) -> list[Receipt]:
    message = event.message
    ours = message.tracking_id if _OUR_ID.fullmatch(message.tracking_id) else ""
    named = [reference for reference in (message.msg_id, *message.msg_ids) if _ID.fullmatch(reference)]
    return [
        Receipt(
            channel=channel,
            reference=reference,
            item_id=ours,
            state=DeliveryState.DELIVERED,
            reason=_RECEIPTS[event.event_name],
            at=_moment(message.delivery_time or event.timestamp, now),
            whole=bool(ours),
            seen=event.event_name == "user_seen_message",
        )
        for reference in named or ([""] if ours else [])
    ]


def _on_card(attachments: Sequence[_Attachment]) -> str:
    """The phone on a contact card: in the payload, or in the JSON of its description."""
    for attachment in attachments:
        payload = attachment.payload if isinstance(attachment.payload, dict) else {}
        for place in (payload, _object(payload.get("description"))):
            if isinstance(phone := place.get("phone"), str):
                return phone
    return ""


def _object(value: object) -> Mapping[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(millis: str, now: datetime) -> datetime:
    """Milliseconds since 1970 as a text; now, where it is nothing of the kind or still to come."""
    if not (millis.isascii() and millis.isdecimal() and len(millis) < 16 and int(millis) <= _LATEST):
        return now
    return min(from_millis(int(millis)), now)
