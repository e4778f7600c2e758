"""Secrets that nobody tells the log beforehand are blotted out by what they look like."""

import logging
import sys

import pytest

from bot.api_keys import fresh_callback_secret, fresh_key
from bot.logs import Blotting
from bot.model.api import ApiRight, KeyKind
from bot.model.clock import utc_now


def line(message: str, *values: object, is_raised: bool = False) -> str:
    record = logging.makeLogRecord({"msg": message, "args": values, "name": "x"})
    if is_raised:
        record.exc_info = sys.exc_info()
    return Blotting().format(record)


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_key_of_the_api_never_reaches_a_log_line(kind: KeyKind) -> None:
    shown = fresh_key(kind, "ho-tich", agency="", rights=frozenset(ApiRight), by="lan", at=utc_now()).shown

    seen = line("refused: %s", {"Authorization": f"Bearer {shown}", "Cookie": f"key={shown}"})

    assert shown.rpartition("_")[2] not in seen
    assert "'Bearer •••'" in seen
    assert "key=•••" in seen


def test_a_secret_that_signs_callbacks_does_not_either_not_even_in_a_traceback() -> None:
    secret = fresh_callback_secret()
    try:
        raise ValueError(f"wrong secret {secret}")
    except ValueError:
        seen = line("failed", is_raised=True)

    assert secret not in seen
    assert "wrong secret •••" in seen


def test_what_only_begins_like_one_stays() -> None:
    assert "mc_live and mcs_short stay" in line("mc_live and mcs_short stay")
