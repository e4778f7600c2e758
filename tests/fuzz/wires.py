"""What an SMSC sends: PDUs and streams of them, receipts as texts, texts in every coding."""

from datetime import UTC, datetime
from typing import get_args

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Place, ShortMessage
from adapters.channels.sms_smpp.concatenation import opened
from adapters.channels.sms_smpp.framing import MAX_PDU, ProtocolError, Splitter
from adapters.channels.sms_smpp.receipt import ReceiptReader, is_receipt
from adapters.channels.sms_smpp.receipt_ids import IdForm
from adapters.channels.sms_smpp.recollection import Recollection
from adapters.channels.sms_smpp.settings import ReceiptIds
from bot.model.sms import encode_part, encoding_of
from tests.fuzz.parser import Parser, judged

_NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
_TLVS = (
    b"\x04\x27\x00\x01\x02",
    b"\x00\x1e\x00\x05ab1c\0",
    b"\x04\x24\x00\x00",
    b"\x02\x0c\x00\x02\x00\x01",
    b"\x02\x0e\x00\x01\x02",
)
_UDH = (b"\x05\x00\x03\x09\x02\x01", b"\x06\x08\x04\x00\x09\x02\x02", b"\x05\x00\x03\x09\x00\xff", b"\xff", b"\x00")


def _pdus(raw: bytes) -> None:
    """The stream whole and octet by octet gives the same PDUs."""
    whole, bit = Splitter(), Splitter()
    frames = whole.feed(raw)
    one_by_one = [frame for at in range(len(raw)) for frame in bit.feed(raw[at : at + 1])]
    assert frames == one_by_one
    assert (whole.broken is None) == (bit.broken is None)
    assert len(whole._rest) <= MAX_PDU
    for frame in frames:
        _body(frame.body)


def _body(body: bytes) -> None:
    for read in (codec.decode_short_message, codec.decode_data_sm):
        try:
            message = read(body)
            part, content = opened(message)
        except ProtocolError:
            continue
        assert part is None or 1 <= part.number <= part.total
        assert len(content) <= len(body)
        decoded(message.data_coding, content)
        if is_receipt(message):
            _judge(message)
    for other in (codec.decode_bind, codec.decode_query, codec.decode_queried, codec.first_text):
        try:
            other(body)
        except ProtocolError:
            continue


def _judge(message: ShortMessage) -> None:
    for form in get_args(ReceiptIds):
        reader = ReceiptReader(
            "sms", ids=IdForm(form), recollection=Recollection(), reference_tlv=0x1501, carrier_tlv=0x1403
        )
        receipt = reader.read(message, _NOW)
        assert len(receipt.reference) <= 65
        assert len(receipt.reason) <= 60
        if receipt.reference or receipt.item_id:
            judged([receipt])


def _receipt(raw: bytes) -> None:
    """The first octet is the coding, the rest the text."""
    coding, text = raw[0] if raw else 0, raw[1:]
    _judge(ShortMessage(Place(1, 1, "84912345678"), Place(5, 0, "8041"), text, esm_class=4, data_coding=coding))


def _text(raw: bytes) -> None:
    """What can be read can be written again and says the same."""
    coding, octets = raw[0] if raw else 0, raw[1:]
    text = decoded(coding, octets)
    assert len(text) <= len(octets)
    encoding = encoding_of(text)
    again = decoded(spec.UCS_2 if encoding == "UCS-2" else 0, encode_part(text, encoding))
    assert again == text


PARSERS = (
    Parser(name="smpp", read=_pdus, words=(*_TLVS, *_UDH, b"\0\0\0\x10", b"\0\x01\0\x01", b"\x40", b"\x04",
        b"84912345678\0"),
           most=4_096, pumps=((b"", b"\0\0\0\x10\0\0\0\x15\0\0\0\0\0\0\0\x01", b""),)),
    Parser(name="smpp_receipt", read=_receipt, words=(b"id:", b"stat:DELIVRD ", b"err:011 ", b" text:", b"done date:",
        b"\0", b"id: "),
           pumps=((b"\0", b"id: ", b""), (b"\0", b"a:", b" "), (b"\0", b"id", b":"), (b"\0text", b" ", b""), (b"\x08",
               b"\0:", b""))),
    Parser(name="sms_text", read=_text, words=(b"\x00", b"\x08", b"\x1b", b"\x1b\x65", b"\xd8\x3d", b"\xdc\x00",
        b"\xff"),
           pumps=((b"\0", b"\x1b", b""), (b"\x08", b"\xd8\x3d", b""))),
)  # fmt: skip
