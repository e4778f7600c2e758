"""eSMS: recorded payloads in and out, its whole table, its callbacks, and the simulated provider end to end."""

import asyncio
import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from adapters.channels.sms_http.provider import Reading, Status, Verdict
from adapters.channels.sms_http.providers.esms import CARRIERS, CODES, Esms, Settings
from adapters.fates import Fate
from adapters.simulators.sms_http.accounts import ACCOUNTS
from bot.model.carrier import CARRIERS as KNOWN_CARRIERS
from bot.model.message import (
    Accepted,
    ChannelDown,
    DeliveryState,
    InboundMessage,
    Lane,
    Receipt,
    Rejected,
    Retry,
    Uncertain,
)
from bot.ports import WebhookResult
from tests.adapters.sms_http.recorded import ACCENTED, NOW, OUR_ID, STRANGE, answer, called, example, outgoing, recorded
from tests.adapters.sms_http.support import CALLBACK_SECRET, HASTE, NAME, http_bench, item, phone

ACCOUNT = ACCOUNTS["esms"]
RECORDED_KEY = "17417a0d20114d36a902e49cad0e97f3"
"""The private key of the provider's own example."""

KEYS: dict[str, Any] = {
    "api_key": SecretStr(ACCOUNT["ApiKey"]),
    "secret_key": SecretStr(ACCOUNT["SecretKey"]),
    "private_key": SecretStr(ACCOUNT["PrivateKey"]),
}


def esms(**changes: Any) -> Esms:
    ordinary = {**KEYS, "private_key": SecretStr(RECORDED_KEY), "callback_secret": SecretStr(CALLBACK_SECRET)}
    return Esms(NAME, Settings(**ordinary | changes))


# Requests


def test_a_message_becomes_the_recorded_request() -> None:
    request = esms(callback_base="https://motcua.example.vn/").request(outgoing(), "")

    assert (request.method, request.url) == ("POST", "SendMultipleMessage_V4_post_json/")
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.body == recorded("esms/request.json")


def test_a_text_with_accents_says_so() -> None:
    body = answer(esms().request(outgoing(text=ACCENTED, accented=True), "").body).json()

    assert (body["Content"], body["IsUnicode"], body["Sandbox"]) == (ACCENTED, 1, 0)


def test_their_own_number_has_no_brandname_and_without_our_address_no_callback_is_named() -> None:
    body = answer(esms(sms_type=8).request(outgoing(), "").body).json()

    assert body["SmsType"] == "8"
    assert not {"Brandname", "CallbackUrl"} & set(body)


def test_an_address_for_callbacks_without_their_secret_is_refused() -> None:
    with pytest.raises(ValidationError, match="callback_secret"):
        esms(callback_base="https://motcua.example.vn", callback_secret=None)


def test_all_keys_are_named_as_secrets() -> None:
    assert set(esms().secrets()) == {ACCOUNT["ApiKey"], ACCOUNT["SecretKey"], RECORDED_KEY}


def test_the_example_in_the_documentation_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(example("esms", monkeypatch))

    assert (settings.sms_type, settings.reply_in_answer) == (2, True)


# Answers


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("answer-100", Reading(Verdict.ACCEPTED, "100", ("d533459ee42b2b9525ba9eabf6a8156",))),
        ("answer-101", Reading(Verdict.CONFIG, "101")),
        ("answer-104", Reading(Verdict.CONFIG, "104")),
        ("answer-124", Reading(Verdict.DUPLICATE, "124")),
        ("answer-146", Reading(Verdict.TEMPLATE, "146", ("3f5ec8c71c4a4ccea311f731dfeaa133156",))),
        ("answer-unreadable", Reading(Verdict.PERMANENT, "error")),
    ],
)
def test_recorded_answers_are_understood(name: str, reading: Reading) -> None:
    assert esms().read(answer(recorded(f"esms/{name}.json")), outgoing()) == reading


MEANINGS = {
    Verdict.ACCEPTED: "100",
    Verdict.DUPLICATE: "124 199",
    Verdict.CONFIG: "101 102 104 107 118 140 143 204 300 301 791 799",
    Verdict.BALANCE: "103",
    Verdict.PERMANENT: "108 110 120 163 177 201 210 687",
    Verdict.BLOCKED: "99",
    Verdict.TEMPLATE: "146 789 790",
    Verdict.THROTTLED: "160",
}


def test_every_code_has_its_class() -> None:
    expected = {code: verdict for verdict, codes in MEANINGS.items() for code in codes.split()}

    read = {code: esms().read(answer({"CodeResult": code}), outgoing()) for code in CODES}

    assert {code: reading.verdict for code, reading in read.items()} == expected
    assert all(reading.code == code for code, reading in read.items())


def test_a_code_that_came_as_a_number_is_the_same_code() -> None:
    assert esms().read(answer({"CodeResult": 103}), outgoing()).verdict is Verdict.BALANCE


def test_accepted_without_an_id_is_accepted() -> None:
    assert esms().read(answer({"CodeResult": "100"}), outgoing()) == Reading(Verdict.ACCEPTED, "100")


def test_a_code_that_no_table_has_is_a_refusal_and_is_named() -> None:
    assert esms().read(answer({"CodeResult": "555"}), outgoing()) == Reading(Verdict.PERMANENT, "555")


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_their_answer_leaves_it_open_whether_it_was_sent(name: str) -> None:
    assert esms().read(answer(STRANGE[name]), outgoing()).verdict is Verdict.UNKNOWN


BY_STATUS = {
    302: Verdict.CONFIG,
    400: Verdict.PERMANENT,
    401: Verdict.CONFIG,
    404: Verdict.CONFIG,
    429: Verdict.THROTTLED,
    500: Verdict.UNKNOWN,
    502: Verdict.UNKNOWN,
    503: Verdict.TEMPORARY,
}


@pytest.mark.parametrize("status", BY_STATUS)
def test_a_page_is_judged_by_its_status(status: int) -> None:
    assert esms().read(answer("<h1>Sorry</h1>", status), outgoing()) == Reading(BY_STATUS[status], f"HTTP {status}")


# Receipts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("receipt-delivered", {"item_id": OUR_ID, "state": DeliveryState.DELIVERED}),
        ("receipt-failed", {"state": DeliveryState.FAILED, "reason": "SendStatus:5 SendFailed:2"}),
    ],
)
def test_recorded_receipts_are_understood(name: str, expected: dict[str, Any]) -> None:
    result = esms().hear(called(recorded(f"esms/{name}.txt").decode()), "dlr", at=NOW)

    reference = "dc712784-9c5f-4c69-b9a8-ea69d56adc9a87"
    assert result == WebhookResult((Receipt(channel=NAME, reference=reference, carrier="viettel", at=NOW, **expected),))


def test_finished_without_counts_is_not_delivered() -> None:
    result = esms().hear(called(recorded("esms/receipt-without-counts.txt").decode()), "", at=NOW)

    (receipt,) = result.events
    assert isinstance(receipt, Receipt)
    assert (receipt.state, receipt.item_id, receipt.carrier) == (DeliveryState.ACCEPTED, "", "")


@pytest.mark.parametrize(
    ("status", "sent", "failed", "state"),
    [
        ("1", "0", "0", DeliveryState.ACCEPTED),
        ("2", "0", "0", DeliveryState.ACCEPTED),
        ("7", "1", "0", DeliveryState.ACCEPTED),
        ("4", "0", "0", DeliveryState.FAILED),
        ("5", "1", "0", DeliveryState.DELIVERED),
        ("5", "0", "1", DeliveryState.FAILED),
        ("5", "1", "1", DeliveryState.FAILED),
        ("5", "0", "0", DeliveryState.ACCEPTED),
        ("5", "one", "none", DeliveryState.ACCEPTED),
        ("5", "9" * 5_000, "0", DeliveryState.ACCEPTED),
        ("9", "1", "0", DeliveryState.ACCEPTED),
    ],
)
def test_counts_tell_what_finished_means(status: str, sent: str, failed: str, state: DeliveryState) -> None:
    facts = {"SMSID": "abc", "SendStatus": status, "SendSuccess": sent, "SendFailed": failed}

    (receipt,) = esms().hear(called(facts), "dlr", at=NOW).events

    assert isinstance(receipt, Receipt)
    assert receipt.state is state


def test_each_carrier_has_its_number() -> None:
    facts = {"SMSID": "abc", "SendStatus": "5", "SendSuccess": "1"}

    heard = [esms().hear(called(facts | {"telcoid": number}), "dlr", at=NOW).events[0] for number in [*CARRIERS, "9"]]

    named = [event.carrier for event in heard if isinstance(event, Receipt)]
    assert named == ["viettel", "mobifone", "vinaphone", "vietnamobile", "gmobile", "itel", "wintel", ""]
    assert set(named[:-1]) == set(KNOWN_CARRIERS)


def test_a_request_id_that_is_not_ours_is_left_alone() -> None:
    facts = {"SMSID": "abc", "SendStatus": "5", "SendSuccess": "1", "RequestId": "c82cd356-bf49-4113-9466-65a7f6359c96"}

    (receipt,) = esms().hear(called(facts), "dlr", at=NOW).events

    assert isinstance(receipt, Receipt)
    assert (receipt.item_id, receipt.reference) == ("", "abc")


@pytest.mark.parametrize(
    ("facts", "tail", "method", "status"),
    [
        ({}, "dlr", "GET", 400),
        ({"SMSID": "abc"}, "dlr", "GET", 400),
        ({"SendStatus": "5", "SendSuccess": "1"}, "dlr", "GET", 400),
        ({"SMSID": "a b", "SendStatus": "5"}, "dlr", "GET", 400),
        ({"SMSID": "abc", "SendStatus": "5"}, "dlr", "POST", 405),
        ({"SMSID": "abc", "SendStatus": "5"}, "else", "GET", 404),
    ],
)
def test_what_is_no_receipt_is_refused(facts: dict[str, str], tail: str, method: str, status: int) -> None:
    assert esms().hear(called(facts, method=method), tail, at=NOW) == WebhookResult(status=status)


NAMES = ("SMSID", "SendStatus", "SendSuccess", "SendFailed", "RequestId", "telcoid", "sign", "sender", "content")


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)), st.sampled_from(["", "dlr", "mo", "x"]))
def test_no_call_is_too_strange(facts: dict[str, str], tail: str) -> None:
    result = esms().hear(called(facts), tail, at=NOW)

    assert result.status in (200, 400, 403, 404)
    assert not any(isinstance(event, InboundMessage) for event in result.events)


# Asking


def test_a_question_names_the_message_and_the_account() -> None:
    request = esms().status_request(["434a124c"])

    assert request is not None
    place, _, query = request.url.partition("?")
    assert (request.method, place, request.body) == ("GET", "GetSendStatus", b"")
    assert dict(parse_qsl(query)) == {key: ACCOUNT[key] for key in ("ApiKey", "SecretKey")} | {"RefId": "434a124c"}


def test_the_recorded_state_is_understood() -> None:
    reference = "434a124c-7818-4f45-bdf2-7f7b07fff210100"

    read = esms().read_status(answer(recorded("esms/status.json")), [reference])

    assert read == [Status(reference, DeliveryState.DELIVERED)]


def test_an_answer_about_another_message_or_none_says_nothing() -> None:
    unknown = answer({"CodeResponse": "105", "ErrorMessage": "not found"})
    strange = [esms().read_status(answer(body), ["434a124c"]) for body in STRANGE.values()]

    assert esms().read_status(answer(recorded("esms/status.json")), ["another"]) == []
    assert esms().read_status(unknown, ["434a124c"]) == []
    assert not any(strange)
    assert esms().status_request([]) is None


# Citizens' messages


def mo(**changes: str) -> dict[str, str]:
    return dict(parse_qsl(recorded("esms/mo.txt").decode().strip())) | changes


def signed(facts: dict[str, str]) -> dict[str, str]:
    text = facts["cpid"] + facts["smsid"] + facts["content"] + facts["receiverTime"] + RECORDED_KEY
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return facts | {"sign": base64.b64encode(digest).decode()}


def test_a_recorded_message_is_understood_and_answered() -> None:
    result = esms().hear(called(mo()), "mo", at=NOW)

    (message,) = result.events
    assert isinstance(message, InboundMessage)
    assert (message.message_id, message.sender.value, message.to) == ("20130228130101-77", "+84901888484", "8041")
    assert message.text == "HS 000.17.22.H56-210531-0001 8484"
    assert (NOW - message.at).total_seconds() == 7
    assert result.status == 200
    assert b"<Message></Message><Smsid>20130228130101-77</Smsid>" in result.body


def test_both_forms_of_the_signature_are_good() -> None:
    digits = base64.b64decode(mo()["sign"]).hex()

    heard = [esms().hear(called(mo(sign=sign)), "mo", at=NOW).status for sign in (digits, digits.upper())]

    assert heard == [200, 200]


def test_a_plus_sign_that_became_a_space_is_still_the_signature() -> None:
    facts = next(facts for n in range(200) if "+" in (facts := signed(mo(smsid=str(n))))["sign"])

    heard = esms().hear(called(facts | {"sign": facts["sign"].replace("+", " ")}), "mo", at=NOW)

    assert heard.status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"sign": "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"sign": ""},
        {"sign": "chữ ký"},
        {"sign": "\udcff"},
        {"content": "HS 000.17.22.H56-210531-0002 8484"},
        {"smsid": "78"},
        {"cpid": "another"},
        {"receiverTime": "20261122094501"},
        {"content": "\udcff"},
    ],
    ids=str,
)
def test_what_is_not_signed_so_is_refused(change: dict[str, str]) -> None:
    assert esms().hear(called(mo(**change)), "mo", at=NOW) == WebhookResult(status=403)


def test_without_a_key_no_message_is_believed() -> None:
    keyless = base64.b64encode(hashlib.md5(b"motcua177x", usedforsecurity=False).digest()).decode()
    facts = {"cpid": "motcua", "smsid": "1", "content": "77x", "receiverTime": "", "sender": "84901888484"}

    assert esms(private_key=None).hear(called(facts | {"sign": keyless}), "mo", at=NOW).status == 403


@pytest.mark.parametrize("change", [{"sender": ""}, {"sender": "8041x"}, {"smsid": ""}])
def test_a_signed_message_without_sender_or_id_is_refused(change: dict[str, str]) -> None:
    assert esms().hear(called(signed(mo(**change))), "mo", at=NOW) == WebhookResult(status=400)


def test_a_repeated_message_keeps_its_id() -> None:
    first, second = (esms().hear(called(mo()), "mo", at=NOW).events for _ in range(2))

    assert first == second


@pytest.mark.parametrize("time", ["", "soon", "00010101000000", "20261399000000", "20250101000000"])
def test_a_time_that_cannot_be_is_taken_for_now(time: str) -> None:
    (message,) = esms().hear(called(signed(mo(receiverTime=time))), "mo", at=NOW).events

    assert message.at == NOW


def test_the_answer_carries_the_reply_in_their_format() -> None:
    (message,) = esms().hear(called(mo()), "mo", at=NOW).events
    assert isinstance(message, InboundMessage)

    said = esms().answer_to(message, "Ho so <0001> da\x00 co ket qua & cho\ud800 nhan.")

    assert said == recorded("esms/mo-answer.xml").strip()


# End to end


async def test_a_message_arrives_and_its_receipt_names_us_and_the_carrier() -> None:
    async with http_bench("esms", **KEYS) as bench:
        sent = item()

        outcome = await bench.send(sent)
        receipt = await bench.heard.receipt()

        assert isinstance(outcome, Accepted)
        assert (receipt.item_id, receipt.state) == (sent.id, DeliveryState.DELIVERED)
        assert (receipt.reference,) == outcome.references
        assert receipt.carrier == "vinaphone"
        (shown,) = await bench.provider.texts(sent.address.value)
        assert shown["text"] == sent.text


async def test_the_message_itself_says_where_its_receipt_goes() -> None:
    async with http_bench("esms", simulated={"callback": ""}, callback_base="{callback}", **KEYS) as bench:
        await bench.send(item())

        (line,) = await bench.provider.until("receipt_given_up")

        # Below the callback's own path there is nothing: what counts is that it was called at our word.
        assert line["provider"] == "esms"


async def test_numbers_meet_their_fates() -> None:
    async with http_bench("esms", **KEYS, response_timeout=HASTE) as bench:
        refused = await bench.send(item(to=Fate.REFUSED))
        throttled = await bench.send(item(to=Fate.THROTTLED))
        swallowed = await bench.send(item(to=Fate.SWALLOWED))
        await bench.send(item(to=Fate.UNDELIVERABLE))
        receipt = await bench.heard.receipt()

    assert refused == Rejected("108")
    assert isinstance(throttled, Retry)
    assert (throttled.reason, throttled.counts) == ("160", False)
    assert isinstance(swallowed, Uncertain)
    assert (receipt.state, receipt.reason) == (DeliveryState.FAILED, "SendStatus:5 SendFailed:1")


async def test_a_message_whose_answer_was_lost_can_be_offered_again_and_arrives_once() -> None:
    async with http_bench("esms", **KEYS) as bench:
        sent = item(to=Fate.DROPPED)

        lost = await bench.send(sent)
        again = await bench.send(sent)

        assert isinstance(lost, Uncertain)
        assert again == Accepted(reason="124: taken before")
        await bench.heard.receipt()
        assert len(await bench.provider.texts(sent.address.value)) == 1


async def test_a_wrong_key_and_an_empty_account_stop_the_channel() -> None:
    async with http_bench("esms", **{**KEYS, "secret_key": SecretStr("wrong")}) as bench:
        assert await bench.send(item()) == ChannelDown("101")
    async with http_bench("esms", **KEYS) as bench:
        await bench.provider.fault("balance")
        assert await bench.send(item()) == ChannelDown("103")


async def test_receipts_can_be_asked_for() -> None:
    async with http_bench("esms", simulated={"callback": ""}, poll=0.05, **KEYS) as bench:
        outcome = await bench.send(item(to=Fate.UNDELIVERABLE))
        receipt = await bench.heard.receipt()

    assert isinstance(outcome, Accepted)
    assert (receipt.reference, receipt.state) == (outcome.references[0], DeliveryState.FAILED)


async def test_a_citizen_who_writes_gets_the_reply_in_the_answer() -> None:
    async with http_bench("esms", reply_in_answer=True, **KEYS) as bench:
        sender = phone()
        writing = asyncio.create_task(bench.provider.write("esms", sender, "HS H32.15-261122-0001"))
        message = await bench.heard.inbound()

        reply = item(
            "Ho so <da> co ket qua.", to=sender, lane=Lane.REPLY, origin=f"inbound:{NAME}:{message.message_id}"
        )
        outcome = await bench.send(reply)

        assert (message.sender.value, message.text, message.to) == (sender, "HS H32.15-261122-0001", "8041")
        assert outcome == Accepted(reason="in the answer to the provider's call", final=True)
        assert (await writing)["reply"] == "Ho so <da> co ket qua."


async def test_a_citizens_message_with_another_key_does_not_come_in() -> None:
    async with http_bench("esms", **{**KEYS, "private_key": SecretStr("another")}) as bench:
        answered = await bench.provider.write("esms", phone(), "HS 1")

    assert not answered["acknowledged"]
    assert not bench.heard.all
