"""Turns what the SMSC delivers into receipts and citizens' messages."""

import logging
from datetime import datetime, timedelta
from functools import partial

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Place, ShortMessage, decode_data_sm, decode_short_message
from adapters.channels.sms_smpp.concatenation import opened
from adapters.channels.sms_smpp.framing import Frame, ProtocolError
from adapters.channels.sms_smpp.identity import Identity
from adapters.channels.sms_smpp.inbox import Asked, Heard, Inbox
from adapters.channels.sms_smpp.joining import Joiner, Key, Long, Piece
from adapters.channels.sms_smpp.receipt import is_receipt, receipt_of
from adapters.channels.sms_smpp.session import Session
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.window import Answer
from bot.model.clock import Clock
from bot.model.message import DeliveryState, InboundMessage, Receipt
from bot.model.person import Address

log = logging.getLogger(__name__)

_INTERNATIONAL = 1
_SHORTEST_NUMBER = 9
"""Digits; shorter senders are services, not subscribers."""


class Reception:
    """Fills the inbox. Nothing here waits, and nothing raises for what an SMSC may send."""

    def __init__(self, channel: str, settings: Settings, inbox: Inbox, clock: Clock) -> None:
        self._channel = channel
        self._reference_tlv = settings.reference_tlv
        self._inbox = inbox
        self._clock = clock
        self._joiner = Joiner(
            hold=timedelta(seconds=settings.hold_parts), patience=timedelta(seconds=settings.join_timeout)
        )
        self.identity = Identity()

    def heard(self, session: Session, frame: Frame) -> None:
        """Takes a deliver_sm or data_sm."""
        asked = partial(session.answer, frame.command, frame.sequence)
        if self._inbox.full:
            asked(spec.RX_TEMPORARY)
            return
        try:
            decode = decode_short_message if frame.command == spec.DELIVER_SM else decode_data_sm
            self._sort(decode(frame.body), asked)
        except ProtocolError as error:
            log.warning("a delivery of the SMSC cannot be understood: %s", error)
            asked(error.status)

    def late(self, item_id: str, answer: Answer) -> None:
        """An answer to a submit that was given up: what was uncertain is known to be accepted."""
        if item_id and answer.status == spec.OK:
            receipt = Receipt(
                channel=self._channel,
                reference=answer.message_id,
                item_id=item_id,
                state=DeliveryState.ACCEPTED,
                reason="answered late",
                at=self._clock(),
            )
            self._inbox.put(Heard(receipt))

    def tidy(self) -> None:
        """Once a second or so: parts of long messages that have waited enough."""
        refused, ended = self._joiner.overdue(self._clock())
        for asked in refused:
            asked(spec.RX_TEMPORARY)
        for long in ended:
            self._hand_on(long)

    def _sort(self, message: ShortMessage, asked: Asked) -> None:
        now = self._clock()
        if is_receipt(message):
            self._take_receipt(message, asked, now)
            return
        part, octets = opened(message)
        if part is None:
            content = b"%d:%b" % (message.data_coding, octets)
            text = decoded(message.data_coding, octets)
            self._put(message.source, message.destination.digits, content, text, (asked,), now)
            return
        key = Key(message.source, message.destination.digits, part.reference, part.total)
        for long in self._joiner.add(key, part, Piece(message.data_coding, octets), asked, now):
            self._hand_on(long)

    def _take_receipt(self, message: ShortMessage, asked: Asked, now: datetime) -> None:
        receipt = receipt_of(message, channel=self._channel, reference_tlv=self._reference_tlv, at=now)
        if not receipt.reference and not receipt.item_id:
            # To have it again would not make it clearer.
            log.warning("a receipt names no message: %s", receipt.reason)
            asked(spec.OK)
            return
        self._inbox.put(Heard(receipt, (asked,)))

    def _hand_on(self, long: Long) -> None:
        key = long.key
        content = b"%d/%d:%b" % (key.reference, key.total, long.content)
        self._put(key.source, key.destination, content, long.text, long.release(), self._clock())

    def _put(
        self,
        source: Place,
        destination: str,
        content: bytes,
        text: str,
        asked: tuple[Asked, ...],
        now: datetime,
    ) -> None:
        whole = f"{source.digits}>{destination}:".encode() + content
        message = InboundMessage(
            channel=self._channel,
            message_id=self.identity.of(whole, now),
            sender=Address("sms", e164(source)),
            text=text,
            at=now,
        )
        self._inbox.put(Heard(message, asked))


def e164(source: Place) -> str:
    """A subscriber's number with "+": 84… and 0… are Vietnamese, type 1 is whole already. Short codes and names
    stay as they are."""
    digits = source.digits.lstrip("+")
    if not digits.isdecimal() or not digits.isascii() or len(digits) < _SHORTEST_NUMBER:
        return source.digits
    if source.digits.startswith("+") or source.ton == _INTERNATIONAL:
        # Some SMSCs say "international" of every number, also of 0912….
        return f"+84{digits[1:]}" if digits[0] == "0" and digits[1] != "0" else f"+{digits.removeprefix('00')}"
    if digits.startswith("0"):
        return f"+{digits[2:]}" if digits.startswith("00") else f"+84{digits[1:]}"
    return f"+{digits}" if digits.startswith("84") else f"+84{digits}"
