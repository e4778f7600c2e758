"""Octets that no SMSC should send, into everything of ours that reads octets: `fuzz(count)` says what came of them.

Valid PDUs of every kind are changed at random places, cut, glued, given wrong lengths; and there is pure noise.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.channels.sms_smpp import Settings, codec, spec
from adapters.channels.sms_smpp.concatenation import Part, header, opened, sar
from adapters.channels.sms_smpp.framing import ProtocolError, pdu
from adapters.channels.sms_smpp.inbox import Inbox
from adapters.channels.sms_smpp.reception import Reception
from adapters.channels.sms_smpp.session import Session
from adapters.channels.sms_smpp.window import Answer
from bot.model.clock import utc_now
from bot.model.message import DeliveryState, InboundMessage, Receipt
from tests.adapters.sms_smpp.support import TLV, delivery, settings_for

_SUBMITS = 20
"""Submits that wait for an answer in each session."""
_STATES = {DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.EXPIRED}
_RECEIPT = "id:0A1B sub:001 dlvrd:001 submit date:2611240500 done date:2611240501 stat:DELIVRD err:000 telco:vina text:"
_PARAMETERS = {
    spec.TAG_RECEIPTED_MESSAGE_ID: b"0A1B\0",
    spec.TAG_MESSAGE_STATE: b"\x02",
    spec.TAG_NETWORK_ERROR_CODE: b"\x03\x00\x0b",
    spec.TAG_USER_MESSAGE_REFERENCE: b"\x12\x34",
    TLV: b"01ARZ3NDEKTSV4RRFFQ69G5FAV",
}
_DATA_SM = b"\0\x01\x0184912345678\0\x03\x008041\0\x00\x01\x08"


@dataclass
class Tally:
    """What came of the inputs."""

    inputs: int = 0
    octets: int = 0
    sessions: int = 0
    """Connections used up; noise ends them, as it should."""
    answers: int = 0
    """Submits that were answered."""
    receipts: int = 0
    messages: int = 0
    refused: int = 0
    """Bodies that were refused as malformed."""


def sound() -> list[bytes]:
    """A valid PDU of every kind that an SMSC may send."""
    long = [delivery(header(Part(9, 2, n)) + b"xin chao", esm_class=spec.UDH_INDICATOR) for n in (1, 2)]
    wide = [delivery(header(Part(900, 2, n), bits=16) + b"\0x", esm_class=0x40, coding=8) for n in (1, 2)]
    tied = [delivery("phan", tlvs=sar(Part(700, 3, n))) for n in (1, 2, 3)]
    bodies = [
        delivery("HS H56.14-240823-0001"),
        delivery("hồ sơ", coding=8),
        delivery(b"\xe8\x32\x9b\xfd", coding=0x10),
        delivery(""),
        delivery(_RECEIPT, esm_class=4),
        delivery(_RECEIPT, esm_class=0x20, coding=8),
        delivery("", tlvs=_PARAMETERS, esm_class=4),
        delivery("", tlvs={spec.TAG_MESSAGE_PAYLOAD: b"x" * 300}),
        *long,
        *wide,
        *tied,
    ]
    payload = codec.encode_tlvs({spec.TAG_MESSAGE_PAYLOAD: "Hồ sơ".encode("utf-16-be"), **_PARAMETERS})
    queried = codec.encode_queried(codec.Queried("0A1B", "2611240501000", spec.DELIVERED, 0))
    answers = [pdu(spec.SUBMIT_SM_RESP, number, b"0A1B\0") for number in range(1, _SUBMITS + 1)]
    return [
        *(pdu(spec.DELIVER_SM, number, body) for number, body in enumerate(bodies)),
        pdu(spec.DATA_SM, 70, _DATA_SM + payload),
        *answers,
        pdu(spec.SUBMIT_SM_RESP, 3, status=spec.THROTTLED),
        pdu(spec.QUERY_SM_RESP, 5, queried),
        pdu(spec.GENERIC_NACK, 4, status=spec.SYSTEM_ERROR),
        pdu(spec.ENQUIRE_LINK, 71),
        pdu(spec.ENQUIRE_LINK_RESP, 72),
        pdu(spec.BIND_TRANSCEIVER | spec.RESPONSE, 1, b"smsc\0\x02\x10\x00\x01\x34"),
        pdu(spec.ALERT_NOTIFICATION, 73, b"\x01\x0184912345678\0\x00\x00\0"),
        pdu(spec.OUTBIND, 74, b"smsc\0pw\0"),
        pdu(spec.CANCEL_SM, 75),
    ]


def inputs(rng: random.Random) -> Iterator[bytes]:
    """Without end."""
    pdus = sound()
    framed = (_as_it_is, _body_flipped, _body_flipped, _body_flipped, _shortened, _glued)
    misframed = (_flipped, _cut, _lengthened, _noise)
    while True:
        octets = rng.choice(pdus)
        for _ in range(rng.choice((1, 1, 2))):
            octets = rng.choice(misframed if rng.random() < 0.2 else framed)(rng, octets)
        yield octets


async def fuzz(count: int, *, seed: int = 1, **changes: Any) -> Tally:
    """Feeds `count` inputs to the reader of bodies and to whole sessions on real connections.

    Raises whatever they raise but should not, and AssertionError where something comes out that is not fit to be
    stored. `changes` are settings of the account.
    """
    rng, tally = random.Random(seed), Tally()
    settings = settings_for(2775, reference_tlv=TLV, keywords=["hs"], carrier_tlv=0x1403, query=60, **changes)
    stream = inputs(rng)
    async with _silent_smsc() as port:
        bench = _Bench(settings, port, tally, rng=rng)
        for _ in range(count):
            octets = next(stream)
            tally.inputs += 1
            tally.octets += len(octets)
            _read_bodies(octets[16:], tally)
            await bench.feed(octets)
        await bench.close()
    return tally


class _Bench:
    """A session with submits under way, and a new one whenever that has ended."""

    def __init__(self, settings: Settings, port: int, tally: Tally, *, rng: random.Random) -> None:
        self._settings, self._port, self._tally, self._rng = settings, port, tally, rng
        self._inbox = Inbox()
        self._reception = Reception("sms", settings, self._inbox, utc_now)
        self._session: Session | None = None

    async def feed(self, octets: bytes) -> None:
        session = self._session
        if session and session._splitter._rest and self._rng.random() < 0.8:
            # Half a PDU would swallow what follows; now and then it shall.
            session.hang_up("half a PDU")
        if session is None or session.ended:
            session = self._session = await self._connected()
        session.data_received(octets)
        if self._tally.inputs % 50 == 0:
            self._reception.tidy()
            # Lets the connections write what they have to say.
            await asyncio.sleep(0)
        self._take()

    async def close(self) -> None:
        if self._session:
            self._session.hang_up("done")
            await asyncio.wait((self._session.closed,), timeout=5)

    async def _connected(self) -> Session:
        """A session as after its bind, whose watch over silence does not run: the inputs are no real time apart."""
        loop = asyncio.get_running_loop()
        late = self._reception.late
        _, session = await loop.create_connection(
            lambda: Session(self._settings, heard=self._reception.heard, late=late), "127.0.0.1", self._port
        )
        for number in range(_SUBMITS):
            session.submit(b"", f"{number}").add_done_callback(self._ended)
        self._tally.sessions += 1
        return session

    def _ended(self, future: asyncio.Future[Any]) -> None:
        result = future.result()
        if isinstance(result, Answer):
            assert len(result.message_id) <= 65
            self._tally.answers += 1

    def _take(self) -> None:
        waiting, self._inbox._waiting[:] = self._inbox._waiting[:], []
        for heard in waiting:
            heard.answer(spec.OK)
            match heard.event:
                case Receipt() as receipt:
                    _check_receipt(receipt)
                    self._tally.receipts += 1
                case InboundMessage() as message:
                    _check_message(message)
                    self._tally.messages += 1


def _check_receipt(receipt: Receipt) -> None:
    assert receipt.reference or receipt.item_id
    assert receipt.state in _STATES
    assert len(receipt.reference) <= 65
    assert len(receipt.reason) <= 60
    assert "\0" not in receipt.reference + receipt.reason + receipt.item_id


def _check_message(message: InboundMessage) -> None:
    assert message.message_id
    whole = message.text + message.to + message.sender.value
    assert "\0" not in whole
    whole.encode("utf-8")


def _read_bodies(body: bytes, tally: Tally) -> None:
    """Every reader of a body, whatever it was meant for."""
    try:
        opened(codec.decode_short_message(body))
    except ProtocolError:
        tally.refused += 1
    for read in (codec.decode_data_sm, codec.decode_bind, codec.decode_query, codec.decode_queried, codec.first_text):
        try:
            read(body)
        except ProtocolError:
            tally.refused += 1


@asynccontextmanager
async def _silent_smsc() -> AsyncIterator[int]:
    """Takes connections and whatever comes, and says nothing."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def _as_it_is(_: random.Random, octets: bytes) -> bytes:
    return octets


def _flipped(rng: random.Random, octets: bytes) -> bytes:
    """A few octets changed anywhere, the header too."""
    changed = bytearray(octets)
    for _ in range(rng.randrange(1, 5)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _body_flipped(rng: random.Random, octets: bytes) -> bytes:
    """A few octets of the body changed."""
    return octets[:16] + _flipped(rng, octets[16:])


def _shortened(rng: random.Random, octets: bytes) -> bytes:
    """A shorter body with the length that it has."""
    body = octets[16 : 16 + rng.randrange(len(octets[16:]) + 1)]
    return (16 + len(body)).to_bytes(4) + octets[4:16] + body


def _cut(rng: random.Random, octets: bytes) -> bytes:
    """The end is missing, so that the next PDU seems to be part of this one."""
    return octets[: rng.randrange(len(octets) + 1)]


def _lengthened(rng: random.Random, octets: bytes) -> bytes:
    return octets + rng.randbytes(rng.randrange(1, 40))


def _glued(rng: random.Random, octets: bytes) -> bytes:
    return octets * rng.randrange(2, 4)


def _noise(rng: random.Random, _: bytes) -> bytes:
    return rng.randbytes(rng.randrange(200))
