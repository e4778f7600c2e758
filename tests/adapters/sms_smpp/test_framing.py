"""Finding PDUs in a stream that was cut up anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.framing import MAX_PDU, Frame, Splitter, pdu

ENQUIRE = pdu(spec.ENQUIRE_LINK, 7)
SUBMIT = pdu(spec.SUBMIT_SM, 8, b"body of it")


def test_many_pdus_in_one_read_come_out_in_order() -> None:
    splitter = Splitter()

    frames = splitter.feed(ENQUIRE + SUBMIT + ENQUIRE)

    assert [frame.sequence for frame in frames] == [7, 8, 7]
    assert frames[1] == Frame(spec.SUBMIT_SM, spec.OK, 8, b"body of it")


def test_a_pdu_that_comes_octet_by_octet_comes_out_once() -> None:
    splitter = Splitter()

    frames = [frame for octet in SUBMIT + ENQUIRE for frame in splitter.feed(bytes([octet]))]

    assert [frame.command for frame in frames] == [spec.SUBMIT_SM, spec.ENQUIRE_LINK]


@pytest.mark.parametrize("length", [0, 1, 15, MAX_PDU + 1, 0xFFFFFFFF])
def test_an_impossible_length_ends_the_stream_with_a_clear_error(length: int) -> None:
    splitter = Splitter()

    frames = splitter.feed(ENQUIRE + length.to_bytes(4) + bytes(12))

    assert [frame.command for frame in frames] == [spec.ENQUIRE_LINK], "what came before is still good"
    assert splitter.broken is not None
    assert str(length) in str(splitter.broken)
    assert splitter.feed(ENQUIRE) == [], "nothing is read out of step"


def test_the_largest_pdu_is_taken() -> None:
    splitter = Splitter()
    largest = pdu(spec.DATA_SM, 1, bytes(MAX_PDU - 16))

    frames = splitter.feed(largest[:1000]) + splitter.feed(largest[1000:])

    assert len(frames[0].body) == MAX_PDU - 16


@given(
    bodies=st.lists(st.binary(max_size=300), max_size=12),
    cuts=st.lists(st.integers(1, 120), min_size=1, max_size=60),
)
def test_any_cutting_up_gives_the_same_pdus(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pdu(spec.SUBMIT_SM, number, body) for number, body in enumerate(bodies, 1))
    splitter, frames = Splitter(), []

    for cut in cuts:
        frames += splitter.feed(stream[:cut])
        stream = stream[cut:]
    frames += splitter.feed(stream)

    assert [frame.body for frame in frames] == bodies


@given(st.lists(st.binary(max_size=100), max_size=20))
def test_no_octets_break_the_splitter(reads: list[bytes]) -> None:
    splitter = Splitter()

    frames = [frame for octets in reads for frame in splitter.feed(octets)]

    assert sum(16 + len(frame.body) for frame in frames) <= sum(map(len, reads))
