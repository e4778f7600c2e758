"""Hands one message to the SMSC, part by part, and says what became of it."""

import asyncio
import logging
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.codec import Place, ShortMessage, encode_short_message
from adapters.channels.sms_smpp.concatenation import Part, header
from adapters.channels.sms_smpp.link import Link
from adapters.channels.sms_smpp.outcomes import UNKNOWN, Verdict, refusal, verdicts
from adapters.channels.sms_smpp.pace import Pace
from adapters.channels.sms_smpp.settings import Settings
from adapters.channels.sms_smpp.window import Answer, Result, Unanswered, Unsent
from bot.model.clock import Clock
from bot.model.message import Accepted, ChannelDown, OutboxItem, Outcome, Rejected, Retry, Uncertain
from bot.model.sms import Segmented, encode_part, segment

log = logging.getLogger(__name__)

_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_MOST_PARTS = 255
_CODINGS = {"GSM-7": spec.DEFAULT_ALPHABET, "UCS-2": spec.UCS_2}
_PATIENCE = 12.0
"""Seconds in which a later part of a long message is offered again while the SMSC says "not now"."""
_TURN = 5.0
"""Most seconds a message waits here for its turn when we have been slowed down; then it waits in the outbox."""
_LONGEST_VALIDITY = 30 * 86_400


class SmppSender:
    """The parts of one message go one after the other, so that a refused part leaves nothing dangling behind it;
    the window is filled by many messages at once."""

    def __init__(self, settings: Settings, link: Link, pace: Pace, clock: Clock, *, first_reference: int) -> None:
        self._settings = settings
        self._link = link
        self._pace = pace
        self._clock = clock
        self._verdicts = verdicts(settings.statuses)
        self._source = Place(settings.source_ton, settings.source_npi, settings.source_addr)
        self._references = cycle((*range(first_reference % 256, 256), *range(first_reference % 256)))

    async def send(self, item: OutboxItem) -> Outcome:
        if not _NUMBER.fullmatch(item.address.value):
            return Rejected("the address is not an international number")
        if await self._link.started() is None:
            return ChannelDown(f"not bound: {self._link.trouble}")
        segmented = segment(item.text)
        if len(segmented.parts) > _MOST_PARTS:
            return Rejected(f"the text needs {len(segmented.parts)} parts, more than {_MOST_PARTS}")
        bodies = self._bodies(item, segmented)
        if wait := await self._pace.turn(len(bodies), longest=_TURN):
            return Retry("the SMSC slowed us down", wait, counts=False)
        taken: list[str] = []
        for number, body in enumerate(bodies, 1):
            # Only the last part's late answer would make the whole message accepted.
            token = item.id if number == len(bodies) else ""
            answer = await self._offer(body, token, patient=bool(taken))
            if not isinstance(answer, Answer) or answer.status != spec.OK:
                return self._failed(answer, number, tuple(taken))
            taken.append(answer.message_id)
        return Accepted(tuple(reference for reference in taken if reference))

    async def _offer(self, body: bytes, token: str, *, patient: bool) -> Result:
        """Submits a part. Where earlier parts are gone already (`patient`), "not now" is asked again here:
        a refused part was not sent, and the citizen has the beginning of the text."""
        waited, pause = 0.0, 1.0
        while True:
            answer = await self._submit(body, token)
            verdict = self._verdict(answer)
            if not patient or verdict not in (Verdict.THROTTLED, Verdict.RETRY) or waited >= _PATIENCE:
                return answer
            if verdict is Verdict.THROTTLED:
                self._pace.throttled()
            await asyncio.sleep(pause)
            waited, pause = waited + pause, pause * 2

    async def _submit(self, body: bytes, token: str) -> Result:
        session = self._link.session
        if session is None:
            return Unsent(f"not bound: {self._link.trouble}")
        return await session.submit(body, token)

    def _failed(self, answer: Result, number: int, taken: tuple[str, ...]) -> Outcome:
        match answer:
            case Unanswered(reason):
                return Uncertain(_at_part(number, reason), taken)
            case Unsent(reason) if taken:
                return Uncertain(_at_part(number, reason), taken)
            case Unsent(reason):
                return ChannelDown(reason)
            case Answer(status, _) if taken:
                return Uncertain(_at_part(number, spec.status_name(status)), taken)
            case Answer(status, _):
                verdict = self._verdicts.get(status, UNKNOWN)
                after = self._pace.throttled() if verdict is Verdict.THROTTLED else 0.0
                return refusal(status, verdict, after=after)

    def _verdict(self, answer: Result) -> Verdict | None:
        if isinstance(answer, Answer) and answer.status != spec.OK:
            return self._verdicts.get(answer.status, UNKNOWN)
        return None

    def _bodies(self, item: OutboxItem, segmented: Segmented) -> list[bytes]:
        """The submit_sm bodies, one a part."""
        octets = [encode_part(part, segmented.encoding) for part in segmented.parts]
        if len(octets) > 1:
            reference, total = next(self._references), len(octets)
            octets = list(_with_headers(octets, reference, total))
        destination = Place(self._settings.dest_ton, self._settings.dest_npi, item.address.value[1:])
        expiry = validity(item.expires_at, self._clock(), self._settings.validity)
        tlvs = self._tlvs(item.id)
        return [
            encode_short_message(
                ShortMessage(
                    self._source,
                    destination,
                    part,
                    esm_class=spec.UDH_INDICATOR if len(octets) > 1 else 0,
                    data_coding=_CODINGS[segmented.encoding],
                    registered_delivery=self._settings.registered_delivery,
                    validity=expiry,
                    tlvs=tlvs,
                )
            )
            for part in octets
        ]

    def _tlvs(self, item_id: str) -> dict[int, bytes]:
        tlvs = {spec.TAG_USER_MESSAGE_REFERENCE: user_message_reference(item_id).to_bytes(2)}
        if self._settings.reference_tlv is not None:
            tlvs[self._settings.reference_tlv] = item_id.encode("ascii")
        return tlvs


def user_message_reference(item_id: str) -> int:
    """16 bits of our id, the same for each part of a message."""
    return zlib.crc32(item_id.encode()) & 0xFFFF


def validity(expires_at: datetime, now: datetime, form: str) -> str:
    """A validity_period (SMPP 3.4, 7.1.1); at least a minute, at most thirty days, empty for "none"."""
    if form == "none":
        return ""
    if form == "absolute":
        return expires_at.astimezone(UTC).strftime("%y%m%d%H%M%S000+")
    seconds = min(max(int((expires_at - now).total_seconds()), 60), _LONGEST_VALIDITY)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"0000{day:02d}{hour:02d}{minute:02d}{second:02d}000R"


def _with_headers(octets: list[bytes], reference: int, total: int) -> Iterator[bytes]:
    for number, part in enumerate(octets, 1):
        yield header(Part(reference, total, number)) + part


def _at_part(number: int, reason: str) -> str:
    return f"part {number}: {reason}"
