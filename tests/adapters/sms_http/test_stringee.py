"""Stringee: a signed request out, the result's `r` in; against recorded answers and the stand-in."""

import base64
import hashlib
import hmac
import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels.sms_http.provider import Outgoing, Verdict
from adapters.channels.sms_http.providers.stringee import Settings, Stringee
from adapters.fates import Fate
from adapters.http import Answer
from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Situation, Uncertain
from tests.adapters.sms_http.support import http_bench, item, phone

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "channels" / "stringee.toml"
RECORDED = Path(__file__).parent / "fixtures" / "stringee"
ACCOUNT: dict[str, Any] = {"api_key_sid": "SK.0.motcua", "api_key_secret": SecretStr("stringee-t3st-key")}
TEMPLATES = {"result": {"id": "5689", "pattern": "Ho so {1} da co ket qua, moi nhan tai {2}."}}
RESULT = "Ho so H32.15-261122-0001 da co ket qua, moi nhan tai UBND phuong A, quay 3."
NOW = 1_795_500_000.7
MESSAGE = Outgoing(
    id="01KAPZ3NDEKTSV4RRFFQ69G5FA",
    phone="+84912345678",
    text="Hồ sơ đã xong.",
    accented=True,
    parts=1,
    sender="MOTCUA",
    template="",
    values={},
    situation="progress",
    lane=1,
)
TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiIsImN0eSI6InN0cmluZ2VlLWFwaTt2PTEifQ."
    "eyJqdGkiOiJTSy4wLm1vdGN1YS0xNzk1NTAwMDAwIiwiaXNzIjoiU0suMC5tb3RjdWEiLCJleHAiOjE3OTU1MDAzMDAsInJlc3RfYXBpIjp0cnVlfQ"
)


def stringee(**changes: Any) -> Stringee:
    return Stringee("stringee", Settings.model_validate(ACCOUNT | changes), now=lambda: NOW)


def said(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def test_a_message_is_one_element_of_a_list() -> None:
    request = stringee().request(MESSAGE, "")

    assert (request.method, request.url) == ("POST", "https://api.stringee.com/v1/sms")
    assert request.body == '{"sms": [{"from": "MOTCUA", "to": "84912345678", "text": "Hồ sơ đã xong."}]}'.encode()
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"


def test_the_token_is_signed_over_the_prescribed_words() -> None:
    token = stringee().request(MESSAGE, "").headers["X-STRINGEE-AUTH"]

    signed, _, signature = token.rpartition(".")
    expected = hmac.digest(b"stringee-t3st-key", signed.encode(), hashlib.sha256)
    assert signed == TOKEN
    assert base64.urlsafe_b64decode(signature + "=") == expected


def test_a_registered_template_takes_the_place_of_the_text() -> None:
    values = {number: str(number) for number in (10, 2, 1)}
    by_number = json.loads(stringee().request(replace(MESSAGE, template="5689", values=values), "").body)
    by_name = json.loads(stringee().request(replace(MESSAGE, template="T-1", values={}), "").body)

    assert by_number["sms"][0]["text"] == {"template": 5689, "params": ["1", "2", "10"]}
    assert by_name["sms"][0]["text"] == {"template": "T-1", "params": []}


def test_the_recorded_answer_is_a_yes() -> None:
    reading = stringee().read(Answer(200, {}, (RECORDED / "accepted.json").read_bytes()), MESSAGE)

    assert (reading.verdict, reading.code, reading.references) == (Verdict.ACCEPTED, "0", ())


@pytest.mark.parametrize(
    ("body", "verdict", "code"),
    [
        ({"smsSent": 0, "result": [{"r": 5, "msg": "to 84912345678"}]}, Verdict.PERMANENT, "5"),
        ({"smsSent": 0, "result": [{"r": "-3"}]}, Verdict.PERMANENT, "-3"),
        ({"result": [{"r": "0"}]}, Verdict.ACCEPTED, "0"),
        ({"smsSent": 0, "result": [{"r": 0}]}, Verdict.UNKNOWN, "0 smsSent:0"),
        ({"r": 1, "message": "wrong key"}, Verdict.CONFIG, "1"),
        ({"r": 6, "result": []}, Verdict.CONFIG, "6"),
    ],
)
def test_the_result_tells_and_a_refusal_as_a_whole_is_the_channels_trouble(
    body: Any, verdict: Verdict, code: str
) -> None:
    reading = stringee().read(said(body), MESSAGE)

    assert (reading.verdict, reading.code) == (verdict, code)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"0", b"[]", b"{}", b'{"r":0}', b'{"result":{"r":0}}', b'{"result":[0]}', b'{"result":[[]]}',
        b'{"result":[{}]}', b'{"result":[{"r":null}]}', b'{"result":[{"r":true}]}', b'{"result":[{"r":0.0}]}',
        b'{"result":[{"r":"0912345678"}]}', b'{"result":"0"}', b"<html>r: 0</html>", b"\xff",
        b'{"result":' + b"[" * 60_000, b'{"result":[{"r":' + b"9" * 5_000 + b"}]}",
    ],
    ids=range(19),
)  # fmt: skip
def test_what_is_not_their_answer_leaves_the_message_uncertain(body: bytes) -> None:
    for status in (200, 500):
        reading = stringee().read(Answer(status, {}, body), MESSAGE)

        assert reading.verdict is Verdict.UNKNOWN
        assert "912345678" not in reading.code


def test_the_key_is_named_as_a_secret_and_shown_nowhere() -> None:
    provider = stringee()
    request = provider.request(MESSAGE, "")

    assert provider.secrets() == ("stringee-t3st-key",)
    assert "stringee-t3st-key" not in repr(provider.settings) + repr(request) + str(request.headers)


def test_the_example_is_a_table_that_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_STRINGEE_SECRET", "x")
    table = tomllib.loads(Path("docs/examples/channels/stringee.toml").read_text(encoding="utf-8"))["channels"][
        "stringee"
    ]

    settings = Settings.model_validate({key: value for key, value in table.items() if key != "kind"})

    assert table["kind"] == "sms_http"
    assert settings.url == "https://api.stringee.com/v1/sms"


@pytest.mark.parametrize(
    ("text", "situation"),
    [("Hồ sơ đã xong.", Situation.PROGRESS), (RESULT, Situation.RESULT)],
    ids=["free", "template"],
)
async def test_the_citizen_reads_the_text(text: str, situation: Situation) -> None:
    async with http_bench("stringee", **ACCOUNT, templates=TEMPLATES) as bench:
        number = phone()
        outcome = await bench.send(item(text, to=number, situation=situation))

        assert outcome == Accepted()
        [shown] = await bench.provider.texts(number)
        assert (shown["from"], shown["text"]) == ("MOTCUA", text)


@pytest.mark.parametrize(
    ("fate", "kind", "reason"),
    [
        (Fate.REFUSED, Rejected, "3"),
        (Fate.THROTTLED, Retry, "HTTP 429"),
        (Fate.DROPPED, Uncertain, ""),
        (Fate.SWALLOWED, Uncertain, ""),
    ],
)
async def test_each_misfortune_has_its_outcome(
    fate: Fate, kind: type[Rejected | Retry | Uncertain], reason: str
) -> None:
    async with http_bench("stringee", **ACCOUNT, response_timeout=0.1) as bench:
        outcome = await bench.send(item(to=fate))

        assert isinstance(outcome, kind)
        assert reason in outcome.reason


@pytest.mark.parametrize("wrong", [{"api_key_secret": SecretStr("another")}, {"api_key_sid": "SK.0.another"}])
async def test_a_wrong_key_is_the_channels_trouble(wrong: dict[str, Any]) -> None:
    async with http_bench("stringee", **(ACCOUNT | wrong)) as bench:
        assert await bench.send(item()) == ChannelDown("1")


async def test_a_code_that_they_do_not_publish_can_be_given_its_meaning() -> None:
    async with http_bench("stringee", **ACCOUNT, statuses={"5": "balance"}) as bench:
        await bench.provider.fault("balance")

        assert await bench.send(item()) == ChannelDown("5")
