"""Turns what the SMSC delivers into receipts and citizens' messages."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.addresses import e164
from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Place, ShortMessage, decode_data_sm, decode_short_message
from adapters.channels.sms_smpp.concatenation import opened
from adapters.channels.sms_smpp.dialect import Dialect
from adapters.channels.sms_smpp.framing import Frame, ProtocolError
from adapters.channels.sms_smpp.identity import Identity
from adapters.channels.sms_smpp.inbox import Asked, Heard, Inbox
from adapters.channels.sms_smpp.joining import Joiner, Key, Long, Piece
from adapters.channels.sms_smpp.outcomes import Rulings, Verdict
from adapters.channels.sms_smpp.receipt import ReceiptReader, is_receipt
from adapters.channels.sms_smpp.receipt_ids import IdForm
from adapters.channels.sms_smpp.recollection import Recollection
from adapters.channels.sms_smpp.session import Session
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.window import Answer
from adapters.keywords import Keywords
from bot.model.clock import Clock
from bot.model.message import FINAL, DeliveryState, InboundMessage, Receipt
from bot.model.person import Address

log = logging.getLogger(__name__)

_BETWEEN_LINES = timedelta(minutes=1)
"""From one line about dropped messages to the next."""


class Reception:
    """Fills the inbox. Nothing here waits, and nothing raises for what an SMSC may send.

    `settled` is told the reference of every final receipt.
    """

    def __init__(
        self,
        channel: str,
        settings: Settings,
        inbox: Inbox,
        clock: Clock,
        *,
        recollection: Recollection | None = None,
        rulings: Rulings | None = None,
        settled: Callable[[str], None] = lambda reference: None,
    ) -> None:
        self._channel = channel
        self._inbox = inbox
        self._clock = clock
        self._settled = settled
        self._rulings = rulings or Rulings(settings.statuses)
        self._ids = IdForm(settings.receipt_ids)
        self._receipts = ReceiptReader(
            channel,
            ids=self._ids,
            recollection=recollection or Recollection(),
            reference_tlv=settings.reference_tlv,
            carrier_tlv=settings.carrier_tlv,
        )
        self._dialect = Dialect(settings)
        self._keywords = Keywords(settings.keywords)
        self._ours = frozenset(number.lstrip("+") for number in settings.short_codes)
        self._strays = self._strays_told = 0
        self._told_at = clock() - _BETWEEN_LINES
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
        """An answer to a submit that was given up: what was uncertain is known to be accepted, or refused."""
        state = self._state_of(answer.status)
        if item_id and state:
            receipt = Receipt(
                channel=self._channel,
                reference=self._ids.of_response(answer.message_id),
                item_id=item_id,
                state=state,
                reason="answered late" if answer.status == spec.OK else f"late: {spec.status_name(answer.status)}",
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
        self._tell_strays(self._clock())

    def _tell_strays(self, now: datetime) -> None:
        if self._strays > self._strays_told and now - self._told_at >= _BETWEEN_LINES:
            log.warning("%d messages to numbers that are not ours were dropped since the start", self._strays)
            self._strays_told, self._told_at = self._strays, now

    def _state_of(self, status: int) -> DeliveryState | None:
        """None where a late answer leaves the matter open: "not now" is no word about what was meant to be sent."""
        if status == spec.OK:
            return DeliveryState.ACCEPTED
        match self._rulings.of(status).verdict:
            case Verdict.DUPLICATE:
                return DeliveryState.ACCEPTED
            case Verdict.REJECTED | Verdict.BLOCKED:
                return DeliveryState.FAILED
            case Verdict.THROTTLED | Verdict.RETRY | Verdict.DOWN:
                return None

    def _sort(self, message: ShortMessage, asked: Asked) -> None:
        now = self._clock()
        if is_receipt(message):
            self._take_receipt(message, asked, now)
            return
        if self._ours and message.destination.digits.lstrip("+") not in self._ours:
            self._strays += 1
            asked(spec.OK)
            return
        part, octets = opened(message)
        header = len(message.octets) - len(octets)
        piece = Piece(*self._dialect.canonical(message.data_coding, octets, header=header))
        if part is None:
            content = b"%d:%b" % piece
            self._put(message.source, message.destination.digits, content, decoded(*piece), (asked,), now)
            return
        key = Key(message.source, message.destination.digits, part.reference, part.total)
        for long in self._joiner.add(key, part, piece, asked, now):
            self._hand_on(long)

    def _take_receipt(self, message: ShortMessage, asked: Asked, now: datetime) -> None:
        receipt = self._receipts.read(message, now)
        if not receipt.reference and not receipt.item_id:
            # To have it again would not make it clearer.
            log.warning("a receipt names no message: %s", receipt.reason)
            asked(spec.OK)
            return
        if receipt.state in FINAL:
            self._settled(receipt.reference)
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
            # No database takes the character NUL, and no citizen means it.
            text=self._keywords.without(text.replace("\0", ""), destination),
            at=now,
            to=destination,
        )
        self._inbox.put(Heard(message, asked))
