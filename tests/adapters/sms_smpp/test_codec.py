"""The bodies of PDUs."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.channels.sms_smpp import codec, spec
from adapters.channels.sms_smpp.addresses import e164
from adapters.channels.sms_smpp.alphabet import decoded
from adapters.channels.sms_smpp.codec import Bind, Place, ShortMessage
from adapters.channels.sms_smpp.concatenation import Part, header, opened
from adapters.channels.sms_smpp.framing import ProtocolError
from bot.model.sms import encode_part

LATIN = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40)
BYTE = st.integers(0, 255)
PLACES = st.builds(Place, BYTE, BYTE, LATIN)
MESSAGE = ShortMessage(Place(5, 0, "SOTNMT"), Place(1, 1, "84912345678"), b"Ho so", registered_delivery=1)


def test_a_submit_is_laid_out_as_the_specification_says() -> None:
    message = MESSAGE._replace(esm_class=0x40, data_coding=8, validity="000001000000000R", tlvs={0x0204: b"\x12\x34"})

    body = codec.encode_short_message(message)

    assert body == (
        b"\0" b"\x05\x00SOTNMT\0" b"\x01\x0184912345678\0" b"\x40\0\0" b"\0" b"000001000000000R\0"
        b"\x01\0\x08\0" b"\x05Ho so" b"\x02\x04\x00\x02\x12\x34"
    )  # fmt: skip


@given(
    source=PLACES,
    destination=PLACES,
    octets=st.binary(min_size=1, max_size=254),
    numbers=st.tuples(BYTE, BYTE, BYTE),
    texts=st.tuples(LATIN, LATIN),
    tlvs=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=70), max_size=5),
)
def test_a_short_message_comes_back_as_it_went(
    source: Place,
    destination: Place,
    octets: bytes,
    numbers: tuple[int, int, int],
    texts: tuple[str, str],
    tlvs: dict[int, bytes],
) -> None:
    message = ShortMessage(source, destination, octets, *numbers, *texts, tlvs)

    assert codec.decode_short_message(codec.encode_short_message(message)) == message


@given(st.builds(Bind, LATIN, LATIN, LATIN, BYTE, BYTE, BYTE, LATIN))
def test_a_bind_comes_back_as_it_went(bind: Bind) -> None:
    assert codec.decode_bind(codec.encode_bind(bind)) == bind


def test_vendor_parameters_are_kept() -> None:
    message = MESSAGE._replace(tlvs={0x1400: b"theirs", 0x3FFF: b"", 0x1501: b"ours"})

    read = codec.decode_short_message(codec.encode_short_message(message))

    assert read.tlvs == message.tlvs


def test_a_text_in_message_payload_is_the_text() -> None:
    message = MESSAGE._replace(octets=b"", tlvs={spec.TAG_MESSAGE_PAYLOAD: b"long"})

    assert codec.decode_short_message(codec.encode_short_message(message)).octets == b"long"


def test_a_data_sm_is_read_like_a_message() -> None:
    body = b"\0\x01\x0184912345678\0\x03\x008041\0\x00\x01\x08" + codec.encode_tlvs({spec.TAG_MESSAGE_PAYLOAD: b"\0a"})

    message = codec.decode_data_sm(body)

    assert (message.source.digits, message.data_coding, message.octets) == ("84912345678", 8, b"\0a")


@pytest.mark.parametrize("length", range(len(codec.encode_short_message(MESSAGE))))
def test_a_message_that_was_cut_off_is_an_error_and_nothing_worse(length: int) -> None:
    with pytest.raises(ProtocolError):
        codec.decode_short_message(codec.encode_short_message(MESSAGE)[:length])


@given(st.binary(max_size=400))
@settings(max_examples=500)
def test_no_octets_raise_anything_undeclared(octets: bytes) -> None:
    for decode in (codec.decode_short_message, codec.decode_data_sm, codec.decode_bind):
        with suppress(ProtocolError):
            read = decode(octets)
            if isinstance(read, ShortMessage):
                opened(read)
    assert isinstance(codec.first_text(octets), str)


def test_a_header_with_a_long_reference_and_other_elements_is_understood() -> None:
    octets = bytes([10, 0x05, 0x00, 0x08, 0x04, 0x12, 0x34, 3, 2, 0x24, 0x00]) + b"text"

    part, rest = opened(MESSAGE._replace(esm_class=spec.UDH_INDICATOR, octets=octets))

    assert part == Part(0x1234, 3, 2)
    assert rest == b"text"


def test_parts_may_be_told_by_optional_parameters() -> None:
    tlvs = {spec.TAG_SAR_REFERENCE: b"\x00\x07", spec.TAG_SAR_TOTAL: b"\x02", spec.TAG_SAR_NUMBER: b"\x01"}

    assert opened(MESSAGE._replace(tlvs=tlvs)) == (Part(7, 2, 1), b"Ho so")


def test_a_part_that_counts_wrongly_is_a_message_of_its_own() -> None:
    octets = header(Part(1, 2, 3)) + b"text"

    assert opened(MESSAGE._replace(esm_class=spec.UDH_INDICATOR, octets=octets)) == (None, b"text")


def test_a_header_longer_than_the_text_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        opened(MESSAGE._replace(esm_class=spec.UDH_INDICATOR, octets=b"\xffabc"))


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0x00, encode_part("tra 100€ @", "GSM-7"), "tra 100€ @"),
        (0x00, b"HS H56.14", "HS H56.14"),
        (0x01, b"ascii", "ascii"),
        (0x03, b"caf\xe9", "café"),
        (0x08, "hồ sơ".encode("utf-16-be"), "hồ sơ"),
        (0x18, "hồ sơ".encode("utf-16-be"), "hồ sơ"),
        (0xF0, b"class 0", "class 0"),
        (0x08, b"\x00h\x00", "h"),
    ],
)
def test_octets_are_read_by_their_coding(coding: int, octets: bytes, text: str) -> None:
    assert decoded(coding, octets) == text


@pytest.mark.parametrize(
    ("ton", "digits", "address"),
    [
        (1, "84912345678", "+84912345678"),
        (0, "84912345678", "+84912345678"),
        (2, "0912345678", "+84912345678"),
        (1, "0912345678", "+84912345678"),
        (2, "912345678", "+84912345678"),
        (0, "+84912345678", "+84912345678"),
        (0, "0084912345678", "+84912345678"),
        (1, "0084912345678", "+84912345678"),
        (1, "4915112345678", "+4915112345678"),
        (5, "VIETTEL", "VIETTEL"),
        (3, "191", "191"),
        (0, "", ""),
        (1, "²²²²²²²²²²", "²²²²²²²²²²"),
    ],
)
def test_senders_are_written_internationally(ton: int, digits: str, address: str) -> None:
    assert e164(Place(ton, 0, digits)) == address
