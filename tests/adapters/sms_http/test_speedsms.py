"""SpeedSMS: recorded payloads in and out, its whole table, its webhook, and the simulated provider end to end."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.channels.sms_http.provider import Reading, Verdict
from adapters.channels.sms_http.providers.speedsms import CODES, Settings, SpeedSms
from adapters.fates import Fate
from adapters.simulators.sms_http.accounts import ACCOUNTS
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    InboundMessage,
    Receipt,
    Rejected,
    Retry,
    Uncertain,
)
from bot.ports import WebhookResult
from tests.adapters.sms_http.recorded import ACCENTED, NOW, STRANGE, answer, called, example, outgoing, recorded
from tests.adapters.sms_http.support import HASTE, NAME, http_bench, item, phone

TOKEN = ACCOUNTS["speedsms"]["access_token"]
KEYS: dict[str, Any] = {"access_token": SecretStr(TOKEN)}


def speedsms(**changes: Any) -> SpeedSms:
    return SpeedSms(NAME, Settings(**KEYS | changes))


# Requests


def test_a_message_becomes_the_recorded_request() -> None:
    request = speedsms().request(outgoing(text=ACCENTED, accented=True), "")

    assert (request.method, request.url) == ("POST", "sms/send")
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(f'{TOKEN}:x'.encode()).decode()}"
    assert request.body == recorded("speedsms/request.json")
    assert request.body.isascii()


def test_a_number_of_theirs_shows_no_sender() -> None:
    assert speedsms(sms_type=2).request(outgoing(), "").body == recorded("speedsms/request-random-number.json")


def test_the_pace_is_theirs_unless_another_is_agreed() -> None:
    assert (Settings(**KEYS).rate, Settings(**KEYS, rate=30).rate) == (1, 30)


def test_the_token_is_named_as_a_secret() -> None:
    assert speedsms().secrets() == (TOKEN,)


def test_the_example_in_the_documentation_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(example("speedsms", monkeypatch))

    assert (settings.sms_type, settings.rate) == (3, 1)


# Answers


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("answer-00", Reading(Verdict.ACCEPTED, "00", ("123456",))),
        ("answer-invalid-phone", Reading(Verdict.PERMANENT, "invalidPhone")),
        ("answer-300", Reading(Verdict.BALANCE, "300")),
        ("answer-105", Reading(Verdict.PERMANENT, "105")),
    ],
)
def test_recorded_answers_are_understood(name: str, reading: Reading) -> None:
    assert speedsms().read(answer(recorded(f"speedsms/{name}.json")), outgoing()) == reading


def test_too_fast_says_how_long_to_wait() -> None:
    told = answer(recorded("speedsms/answer-429.json"), 429, x_rate_limit_reset="37")
    silent = answer(recorded("speedsms/answer-429.json"), 429)

    assert speedsms().read(told, outgoing()) == Reading(Verdict.THROTTLED, "HTTP 429", after=37.0)
    assert speedsms().read(silent, outgoing()) == Reading(Verdict.THROTTLED, "HTTP 429")


MEANINGS = {
    Verdict.CONFIG: "007 008 009",
    Verdict.BALANCE: "300",
    Verdict.PERMANENT: "101 105 110 113",
    Verdict.TEMPORARY: "500",
}


def test_every_code_has_its_class() -> None:
    expected = {code: verdict for verdict, codes in MEANINGS.items() for code in codes.split()}

    read = {code: speedsms().read(answer({"status": "error", "code": code}), outgoing()) for code in expected}

    assert read == {code: Reading(verdict, code) for code, verdict in expected.items()}
    assert set(CODES) == {"00", *expected}


def test_a_code_that_lost_its_zeros_is_the_same_code() -> None:
    assert speedsms().read(answer({"status": "error", "code": 7}), outgoing()) == Reading(Verdict.CONFIG, "007")


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        ({"status": "error", "code": "777"}, Reading(Verdict.PERMANENT, "777")),
        ({"status": "error"}, Reading(Verdict.PERMANENT, "error")),
        ({"status": "error", "code": ["1"]}, Reading(Verdict.PERMANENT, "error")),
        ({"status": "success"}, Reading(Verdict.ACCEPTED, "00")),
        ({"status": "success", "code": "00", "data": []}, Reading(Verdict.ACCEPTED, "00")),
        ({"status": "success", "code": "00", "data": {"tranId": "a b"}}, Reading(Verdict.ACCEPTED, "00")),
        ({"status": "success", "invalidPhone": ["84901888484"]}, Reading(Verdict.PERMANENT, "invalidPhone")),
        ({"status": "success", "code": "101"}, Reading(Verdict.UNKNOWN, "HTTP 200")),
    ],
)
def test_answers_beside_the_book(body: dict[str, Any], reading: Reading) -> None:
    assert speedsms().read(answer(body), outgoing()) == reading


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_their_answer_leaves_it_open_whether_it_was_sent(name: str) -> None:
    assert speedsms().read(answer(STRANGE[name]), outgoing()).verdict is Verdict.UNKNOWN


def test_a_wrong_token_is_told_by_http_alone() -> None:
    body = {"name": "Unauthorized", "message": "Your request was made with invalid credentials.", "status": 401}

    assert speedsms().read(answer(body, 401), outgoing()) == Reading(Verdict.CONFIG, "HTTP 401")


# The webhook


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("report-delivered", DeliveryState.DELIVERED, ""),
        ("report-failed", DeliveryState.FAILED, "status:64"),
        ("report-not-yet", DeliveryState.ACCEPTED, "status:12"),
    ],
)
@pytest.mark.parametrize("tail", ["", "dlr", "mo"])
def test_recorded_reports_are_understood(name: str, state: DeliveryState, reason: str, tail: str) -> None:
    result = speedsms().hear(called(body=recorded(f"speedsms/{name}.json")), tail, at=NOW)

    receipt = Receipt(channel=NAME, reference="123456", state=state, reason=reason, at=NOW)
    assert result == WebhookResult((receipt,))


def test_a_recorded_message_of_a_citizen_is_understood() -> None:
    (message,) = speedsms().hear(called(body=recorded("speedsms/incoming.json")), "", at=NOW).events

    assert isinstance(message, InboundMessage)
    assert (message.sender.value, message.text) == ("+84901888484", "HS 000.17.22.H56-210531-0001 8484")


def test_a_repeated_call_is_the_same_message_and_the_next_minute_brings_another() -> None:
    call = called(body=recorded("speedsms/incoming.json"))
    other = called(body=recorded("speedsms/incoming.json").replace(b"8484", b"8485"))

    def message_id(request: Any, later: float = 0.0) -> str:
        (event,) = speedsms().hear(request, "", at=NOW + timedelta(seconds=later)).events
        assert isinstance(event, InboundMessage)
        return event.message_id

    assert message_id(call) == message_id(call, later=30)
    assert len({message_id(call), message_id(call, later=60), message_id(other)}) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"type=report",
        b'{"type": "report", "tranId": 1}',
        b'{"type": "report", "status": 0}',
        b'{"type": "report", "tranId": 1, "status": -1}',
        b'{"type": "report", "tranId": 1, "status": true}',
        b'{"type": "report", "tranId": [1], "status": 0}',
        b'{"type": "sms", "phone": 84901888484, "content": "HS"}',
        b'{"type": "sms", "phone": "unknown", "content": "HS"}',
        b'{"type": "sms", "phone": "84901888484"}',
        b'{"type": ["sms"], "phone": "84901888484", "content": "HS"}',
        b'{"type": "voice"}',
    ],
)
def test_what_is_no_call_of_theirs_is_refused(body: bytes) -> None:
    assert speedsms().hear(called(body=body, method="POST"), "", at=NOW) == WebhookResult(status=400)


def test_a_get_is_no_call_of_theirs() -> None:
    assert speedsms().hear(called({"type": "report"}), "", at=NOW) == WebhookResult(status=405)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=2))


@given(st.dictionaries(st.sampled_from(["type", "tranId", "phone", "status", "content"]), VALUES))
def test_no_call_is_too_strange(facts: dict[str, Any]) -> None:
    for kind in ("report", "sms"):
        result = speedsms().hear(called(body=json.dumps({**facts, "type": kind}).encode()), "", at=NOW)
        assert result.status in (200, 400)


# End to end


async def test_a_message_arrives_with_its_accents_and_its_report_follows() -> None:
    async with http_bench("speedsms", **KEYS) as bench:
        sent = item(ACCENTED)

        outcome = await bench.send(sent)
        receipt = await bench.heard.receipt()

        assert isinstance(outcome, Accepted)
        assert (outcome.references, receipt.state) == ((receipt.reference,), DeliveryState.DELIVERED)
        (shown,) = await bench.provider.texts(sent.address.value)
        assert (shown["text"], shown["from"]) == (ACCENTED, "MOTCUA")


async def test_numbers_meet_their_fates() -> None:
    async with http_bench("speedsms", **KEYS, response_timeout=HASTE) as bench:
        refused = await bench.send(item(to=Fate.REFUSED))
        throttled = await bench.send(item(to=Fate.THROTTLED))
        swallowed = await bench.send(item(to=Fate.SWALLOWED))
        await bench.send(item(to=Fate.UNDELIVERABLE))
        receipt = await bench.heard.receipt()

    assert refused == Rejected("105")
    assert throttled == Retry("HTTP 429", after=1.0, counts=False)
    assert isinstance(swallowed, Uncertain)
    assert (receipt.state, receipt.reason) == (DeliveryState.FAILED, "status:65")


async def test_a_wrong_token_and_an_empty_account_stop_the_channel() -> None:
    async with http_bench("speedsms", access_token=SecretStr("wrong")) as bench:
        assert await bench.send(item()) == ChannelDown("HTTP 401")
    async with http_bench("speedsms", **KEYS) as bench:
        await bench.provider.fault("balance")
        assert await bench.send(item()) == ChannelDown("300")


async def test_a_page_in_place_of_an_answer_is_uncertain() -> None:
    async with http_bench("speedsms", **KEYS) as bench:
        await bench.provider.fault("error")

        assert await bench.send(item()) == Uncertain("HTTP 500")


async def test_a_citizen_who_writes_is_heard() -> None:
    async with http_bench("speedsms", **KEYS) as bench:
        sender = phone()

        answered = await bench.provider.write("speedsms", sender, "HS H32.15-261122-0001")
        message = await bench.heard.inbound()

    assert answered["acknowledged"]
    assert (message.sender.value, message.text) == (sender, "HS H32.15-261122-0001")
