"""Noise, and PDUs that have gone wrong: nothing of ours raises, hangs, or hands on what cannot be stored."""

import random

import pytest

from adapters.channels.sms_smpp import spec
from adapters.channels.sms_smpp.framing import Splitter
from tests.adapters.sms_smpp.fuzzing import fuzz, sound


@pytest.mark.parametrize(
    ("alphabet", "ids"), [("gsm7", "same"), ("gsm7-packed", "hex-to-decimal"), ("latin-1", "decimal-to-hex")]
)
async def test_whatever_octets_come_nothing_breaks(alphabet: str, ids: str) -> None:
    tally = await fuzz(700, seed=len(alphabet), alphabet=alphabet, receipt_ids=ids)

    assert tally.inputs == 700
    assert tally.refused
    assert 1 < tally.sessions < 350, "much of it is read, and not just hung up on"
    assert min(tally.answers, tally.receipts, tally.messages) > 10


def test_the_fuzzing_begins_with_pdus_that_are_in_order() -> None:
    splitter = Splitter()

    frames = splitter.feed(b"".join(sound()))

    assert splitter.broken is None
    assert len(frames) == len(sound())
    assert {spec.DELIVER_SM, spec.DATA_SM, spec.SUBMIT_SM_RESP, spec.QUERY_SM_RESP} <= {each.command for each in frames}


def test_a_stream_chopped_anyhow_gives_the_same_pdus() -> None:
    rng, stream = random.Random(3), b"".join(sound())
    whole = Splitter().feed(stream)

    for _ in range(20):
        splitter, at, frames = Splitter(), 0, []
        while at < len(stream):
            size = rng.choice((1, 3, 15, 16, 17, 200, 4000))
            frames += splitter.feed(stream[at : at + size])
            at += size
        assert frames == whole
