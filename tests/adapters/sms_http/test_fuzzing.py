"""Thousands of spoilt callbacks: no error, no hang, nothing accepted that should not be. More: `benchmarks.fuzz`."""

import random
from itertools import islice

from bot.model.message import InboundMessage, Receipt
from tests.adapters.sms_http.fuzzing import judged, spoilt, targets


def test_every_recorded_call_is_taken() -> None:
    kinds = {type(event) for target in targets() for event in target.hook.parse(target.call).events}

    assert all(target.hook.parse(target.call).events for target in targets())
    assert kinds == {Receipt, InboundMessage}


def test_spoilt_calls_are_answered_and_none_is_accepted_unsigned() -> None:
    seen = list(islice(spoilt(random.Random(20261122)), 4_000))

    assert [(verdict, target.call) for target in seen if (verdict := judged(target))] == []
    taken = sum(bool(target.hook.parse(target.call).events) for target in seen)
    assert 400 < taken < 3_600, "some are spoilt where it matters, some where it does not"
