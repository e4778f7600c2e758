"""One message as the submit_sm bodies that carry it."""

from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import NamedTuple

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.addresses import source_of
from adapters.channels.sms_smpp.codec import (
    Place,
    ShortMessage,
    encode_short,
    encode_short_message,
    encode_tlvs,
    short_head,
)
from adapters.channels.sms_smpp.concatenation import Part, header, sar
from adapters.channels.sms_smpp.dialect import Cut, Dialect
from adapters.channels.sms_smpp.recollection import user_message_reference
from adapters.channels.sms_smpp.settings import Settings
from bot.model.clock import Clock
from bot.model.message import OutboxItem

_MOST_PARTS = 255
_MOST_HEADS = 1000
_REFERENCE = Struct(">HHH")
"""user_message_reference: its tag, its length, its value."""
_LONGEST_VALIDITY = 30 * 86_400


class Composed(NamedTuple):
    """What is to be submitted, in this order."""

    bodies: tuple[bytes, ...]
    parts: int
    """What goes over the air, and on the bill: several also where one submit carries the whole text."""
    source: Place


class Composer:
    """Writes for one account. `reference` is where the counting of long messages begins."""

    def __init__(self, settings: Settings, clock: Clock, *, reference: int) -> None:
        self._settings = settings
        self._clock = clock
        self._dialect = Dialect(settings)
        self._source = Place(settings.source_ton, settings.source_npi, settings.source_addr)
        self._reference = reference
        self._heads: dict[Place, bytes] = {}

    def compose(self, item: OutboxItem) -> Composed | str:
        """The bodies, or why the message can never be sent; in words without anything of the message."""
        source = source_of(item.sender) if item.sender else self._source
        if isinstance(source, str):
            return source
        cut = self._dialect.cut(item.text)
        count = len(cut.parts)
        if count == 1:
            return Composed((self._short(item, source, cut),), 1, source)
        if count > _MOST_PARTS:
            return f"the text needs {count} parts, more than {_MOST_PARTS}"
        messages = self._long(self._frame(item, source, cut), cut)
        return Composed(tuple(map(encode_short_message, messages)), count, source)

    def _short(self, item: OutboxItem, source: Place, cut: Cut) -> bytes:
        """Nine of ten messages are short: written in one go, from what they have in common."""
        octets = self._dialect.octets(cut.parts[0], accented=cut.accented)
        return encode_short(
            self._head(source),
            item.address.value[1:],
            octets,
            until=self._validity(item),
            tail=self._tail(cut.coding),
            tlvs=self._encoded_tlvs(item.id),
        )

    def _validity(self, item: OutboxItem) -> bytes:
        settings = self._settings
        if settings.validity != "relative":
            return validity(item.expires_at, self._clock(), settings.validity).encode("ascii")
        return _relative(int((item.expires_at - self._clock()).total_seconds()))

    def _head(self, source: Place) -> bytes:
        found = self._heads.get(source)
        if found is None:
            if len(self._heads) > _MOST_HEADS:
                self._heads.clear()
            found = self._heads[source] = short_head(source, self._settings.dest_ton, self._settings.dest_npi)
        return found

    def _tail(self, coding: int) -> bytes:
        return bytes((self._settings.registered_delivery, 0, coding, 0))

    def _encoded_tlvs(self, item_id: str) -> bytes:
        reference = _REFERENCE.pack(spec.TAG_USER_MESSAGE_REFERENCE, 2, user_message_reference(item_id))
        if self._settings.reference_tlv is None:
            return reference
        return reference + encode_tlvs({self._settings.reference_tlv: item_id.encode("ascii")})

    def _frame(self, item: OutboxItem, source: Place, cut: Cut) -> ShortMessage:
        """What the parts of a long message have in common."""
        settings = self._settings
        return ShortMessage(
            source,
            Place(settings.dest_ton, settings.dest_npi, item.address.value[1:]),
            b"",
            data_coding=cut.coding,
            registered_delivery=settings.registered_delivery,
            validity=validity(item.expires_at, self._clock(), settings.validity),
            tlvs=self._tlvs(item.id),
        )

    def _long(self, frame: ShortMessage, cut: Cut) -> tuple[ShortMessage, ...]:
        if self._settings.long_messages == "payload":
            octets = self._dialect.octets("".join(cut.parts), accented=cut.accented)
            return (frame._replace(tlvs={**frame.tlvs, spec.TAG_MESSAGE_PAYLOAD: octets}),)
        self._reference = (self._reference + 1) & 0xFFFF
        places = (Part(self._reference, len(cut.parts), number) for number in range(1, len(cut.parts) + 1))
        write = self._with_parameters if self._settings.long_messages == "sar" else self._with_header
        return tuple(write(frame, cut, place) for place in places)

    def _with_header(self, frame: ShortMessage, cut: Cut, place: Part) -> ShortMessage:
        udh = header(place, bits=self._settings.udh_reference)
        octets = self._dialect.octets(cut.parts[place.number - 1], accented=cut.accented, header=len(udh))
        return frame._replace(octets=udh + octets, esm_class=spec.UDH_INDICATOR)

    def _with_parameters(self, frame: ShortMessage, cut: Cut, place: Part) -> ShortMessage:
        octets = self._dialect.octets(cut.parts[place.number - 1], accented=cut.accented)
        return frame._replace(octets=octets, tlvs={**frame.tlvs, **sar(place)})

    def _tlvs(self, item_id: str) -> dict[int, bytes]:
        tlvs = {spec.TAG_USER_MESSAGE_REFERENCE: user_message_reference(item_id).to_bytes(2)}
        if self._settings.reference_tlv is not None:
            tlvs[self._settings.reference_tlv] = item_id.encode("ascii")
        return tlvs


def validity(expires_at: datetime, now: datetime, form: str) -> str:
    """A validity_period (SMPP 3.4, 7.1.1); at least a minute, at most thirty days, empty for "none"."""
    if form == "none":
        return ""
    if form == "absolute":
        return expires_at.astimezone(UTC).strftime("%y%m%d%H%M%S000+")
    return _relative(int((expires_at - now).total_seconds())).decode("ascii")


@lru_cache(maxsize=4096)
def _relative(seconds: int) -> bytes:
    seconds = min(max(seconds, 60), _LONGEST_VALIDITY)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return b"0000%02d%02d%02d%02d000R" % (day, hour, minute, second)
