"""VietGuys: recorded payloads in and out, its whole table, its receipts, and the simulated provider end to end."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.channels.sms_http.provider import Reading, Verdict
from adapters.channels.sms_http.providers.vietguys import CODES, Settings, VietGuys
from adapters.fates import Fate
from adapters.simulators.sms_http.accounts import ACCOUNTS
from bot.model.message import Accepted, ChannelDown, DeliveryState, Receipt, Rejected, Retry, Uncertain
from bot.ports import WebhookResult
from tests.adapters.sms_http.recorded import ACCENTED, NOW, STRANGE, answer, called, example, outgoing, recorded
from tests.adapters.sms_http.support import HASTE, NAME, http_bench, item, phone

ACCOUNT = ACCOUNTS["vietguys"]
KEYS: dict[str, Any] = {"username": ACCOUNT["u"], "password": SecretStr(ACCOUNT["pwd"])}


def vietguys(**changes: Any) -> VietGuys:
    return VietGuys(NAME, Settings(**KEYS | changes))


# Requests


def test_a_message_becomes_the_recorded_request() -> None:
    request = vietguys().request(outgoing(text=ACCENTED, accented=True), "")

    assert (request.method, request.url) == ("POST", "https://cloudsms.vietguys.biz:4438/api/index.php")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.body == recorded("vietguys/request.txt")


def test_a_text_without_accents_is_of_the_ordinary_type() -> None:
    form = parse_qs(vietguys().request(outgoing(text="a&b=c+d"), "").body.decode())

    assert (form["type"], form["sms"], form["json"]) == (["0"], ["a&b=c+d"], ["1"])


def test_the_password_is_named_as_a_secret() -> None:
    assert vietguys().secrets() == (ACCOUNT["pwd"],)


def test_the_same_text_is_not_offered_again_within_their_minute() -> None:
    assert vietguys().repeat_after == 60


def test_the_example_in_the_documentation_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(example("vietguys", monkeypatch))

    assert settings.username == "motcua"


# Answers


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("answer-0.json", Reading(Verdict.ACCEPTED, "0", ("161104153012884765",), "viettel")),
        ("answer-7.json", Reading(Verdict.CONFIG, "-7")),
        ("answer-id.txt", Reading(Verdict.ACCEPTED, "", ("161104153012884765",))),
        ("answer-10.txt", Reading(Verdict.PERMANENT, "-10")),
    ],
)
def test_recorded_answers_are_understood(name: str, reading: Reading) -> None:
    assert vietguys().read(answer(recorded(f"vietguys/{name}")), outgoing()) == reading


MEANINGS = {
    Verdict.ACCEPTED: "0",
    Verdict.DUPLICATE: "-16",
    Verdict.CONFIG: "-3 -4 -5 -6 -7 -8 -13 -23",
    Verdict.BALANCE: "-9 -12 -17",
    Verdict.PERMANENT: "-1 -10 -14 -18 -22",
    Verdict.BLOCKED: "-11",
    Verdict.TEMPLATE: "-20 -21",
    Verdict.TEMPORARY: "-2 -19",
}
CLASSES = {code: verdict for verdict, codes in MEANINGS.items() for code in codes.split()}


def test_every_code_has_its_class_in_json_and_in_plain_text() -> None:
    refused = {code: verdict for code, verdict in CLASSES.items() if code != "0"}

    in_json = {code: vietguys().read(answer({"error": 1, "error_code": code}), outgoing()) for code in refused}
    as_numbers = {code: vietguys().read(answer({"error": 1, "error_code": int(code)}), outgoing()) for code in refused}
    plain = {code: vietguys().read(answer(f" {code}\r\n"), outgoing()) for code in CLASSES}

    expected = {code: Reading(verdict, code) for code, verdict in CLASSES.items()}
    assert in_json == as_numbers == {code: expected[code] for code in refused}
    assert plain == expected
    assert set(CODES) == set(CLASSES)


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        ('{"error": "0", "msgid": 161104153012884765}', Reading(Verdict.ACCEPTED, "0", ("161104153012884765",))),
        ('{"error": 0, "carrier": "Nowhere"}', Reading(Verdict.ACCEPTED, "0")),
        ('{"error": 0, "carrier": ["VIETTEL"], "msgid": ["1"]}', Reading(Verdict.ACCEPTED, "0")),
        ('{"error": 1, "error_code": "", "msgid": "1611041"}', Reading(Verdict.PERMANENT, "1")),
        ('{"error": -9}', Reading(Verdict.BALANCE, "-9")),
        ('{"error": 1, "error_code": "-99"}', Reading(Verdict.PERMANENT, "-99")),
        ("-99", Reading(Verdict.PERMANENT, "-99")),
        ("OK", Reading(Verdict.PERMANENT, "OK")),
        ("Forbidden", Reading(Verdict.UNKNOWN, "HTTP 200")),
        ("16110415 3012884765", Reading(Verdict.UNKNOWN, "HTTP 200")),
        ("1" * 5_000, Reading(Verdict.UNKNOWN, "HTTP 200")),
    ],
)
def test_answers_beside_the_book(body: str, reading: Reading) -> None:
    assert vietguys().read(answer(body), outgoing()) == reading


def test_plain_text_counts_only_with_a_good_status() -> None:
    assert vietguys().read(answer("161104153012884765", 500), outgoing()) == Reading(Verdict.UNKNOWN, "HTTP 500")


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_their_answer_leaves_it_open_whether_it_was_sent(name: str) -> None:
    assert vietguys().read(answer(STRANGE[name]), outgoing()).verdict is Verdict.UNKNOWN


# Receipts


def test_a_recorded_report_is_understood() -> None:
    result = vietguys().hear(called(body=recorded("vietguys/report-delivered.json")), "dlr", at=NOW)

    receipt = Receipt(channel=NAME, reference="161104153012884765", state=DeliveryState.DELIVERED, at=NOW)
    assert result == WebhookResult((receipt,))


@pytest.mark.parametrize(
    ("word", "state", "reason"),
    [
        ("delivered", DeliveryState.DELIVERED, ""),
        ("Fail", DeliveryState.FAILED, "status:fail"),
        ("sent", DeliveryState.ACCEPTED, "status:sent"),
    ],
)
def test_their_words_have_their_states(word: str, state: DeliveryState, reason: str) -> None:
    body = json.dumps({"data": {"message_id": "1611", "status": word}}).encode()

    (receipt,) = vietguys().hear(called(body=body), "", at=NOW).events

    assert receipt == Receipt(channel=NAME, reference="1611", state=state, reason=reason, at=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"data": []}',
        b'{"data": {"status": "delivered"}}',
        b'{"data": {"message_id": "1611"}}',
        b'{"data": {"message_id": "1611", "status": "thrown away"}}',
        b'{"data": {"message_id": ["1611"], "status": ["fail"]}}',
    ],
)
def test_what_is_no_report_is_refused(body: bytes) -> None:
    assert vietguys().hear(called(body=body, method="POST"), "dlr", at=NOW) == WebhookResult(status=400)


def test_they_bring_no_messages_and_make_no_get() -> None:
    report = recorded("vietguys/report-delivered.json")

    assert vietguys().hear(called(body=report), "mo", at=NOW).status == 400
    assert vietguys().hear(called({"message_id": "1611"}), "dlr", at=NOW).status == 405


@given(st.binary(max_size=80))
def test_no_call_is_too_strange(body: bytes) -> None:
    assert vietguys().hear(called(body=body, method="POST"), "dlr", at=NOW).status == 400


# End to end


async def test_a_message_arrives_its_answer_names_the_carrier_and_a_report_follows() -> None:
    async with http_bench("vietguys", **KEYS) as bench:
        sent = item(ACCENTED)

        outcome = await bench.send(sent)
        receipt = await bench.heard.receipt()

        assert outcome == Accepted((receipt.reference,), "vinaphone")
        assert receipt.state is DeliveryState.DELIVERED
        (shown,) = await bench.provider.texts(sent.address.value)
        assert shown["text"] == ACCENTED


async def test_numbers_meet_their_fates() -> None:
    async with http_bench("vietguys", **KEYS, response_timeout=HASTE) as bench:
        refused = await bench.send(item(to=Fate.REFUSED))
        throttled = await bench.send(item(to=Fate.THROTTLED))
        swallowed = await bench.send(item(to=Fate.SWALLOWED))
        await bench.send(item(to=Fate.EXPIRES))
        receipt = await bench.heard.receipt()

    assert refused == Rejected("-10")
    assert throttled == Retry("-2")
    assert isinstance(swallowed, Uncertain)
    assert (receipt.state, receipt.reason) == (DeliveryState.FAILED, "status:fail")


async def test_the_same_text_within_a_minute_counts_as_sent() -> None:
    async with http_bench("vietguys", **KEYS) as bench:
        first = item()
        second = item(to=first.address.value)

        taken = await bench.send(first)
        again = await bench.send(second)

        assert isinstance(taken, Accepted)
        assert again == Accepted(reason="-16: taken before")
        assert [line["decision"] for line in await bench.provider.log("submit")] == ["taken"]


async def test_a_wrong_password_and_an_empty_account_stop_the_channel() -> None:
    async with http_bench("vietguys", **{**KEYS, "password": SecretStr("wrong")}) as bench:
        assert await bench.send(item()) == ChannelDown("-5")
    async with http_bench("vietguys", **KEYS) as bench:
        await bench.provider.fault("balance")
        assert await bench.send(item()) == ChannelDown("-9")


async def test_the_stand_in_answers_in_plain_text_where_json_is_not_asked_for() -> None:
    async with http_bench("vietguys", **KEYS) as bench, ClientSession() as http:
        form = {**ACCOUNT, "from": "MOTCUA", "phone": phone().removeprefix("+"), "sms": "Ho so da co ket qua."}
        numbers = [form["phone"], "12"]

        said = []
        for number in numbers:
            async with http.post(f"{bench.api}/api/index.php", data={**form, "phone": number}) as response:
                said.append(vietguys().read(answer(await response.read()), outgoing()))

    assert [reading.verdict for reading in said] == [Verdict.ACCEPTED, Verdict.PERMANENT]
    assert said[1].code == "-10"
