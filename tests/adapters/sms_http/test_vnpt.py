"""VNPT brandname: a template and its values out, ERROR in; against recorded answers and the stand-in."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adapters.channels.sms_http.provider import Outgoing, Verdict
from adapters.channels.sms_http.providers.vnpt import CODES, Settings, Vnpt
from adapters.fates import Fate
from adapters.http import Answer
from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Situation, Uncertain
from tests.adapters.sms_http.support import http_bench, item, phone

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "channels" / "vnpt.toml"
RECORDED = Path(__file__).parent / "fixtures" / "vnpt"
ACCOUNT: dict[str, Any] = {
    "url": "http://vnpt.example.vn:8888/smsbn/api",
    "agent_id": "349",
    "api_user": "motcua",
    "api_pass": SecretStr("vnpt-t3st-pw"),
    "username": "MOTCUA_CS",
    "contract_id": "10320",
    "label_id": "132043",
}
TEMPLATES = {
    "result": {"id": "560861", "pattern": "Ho so {1} da co ket qua, moi nhan tai {2}."},
    "progress": {"id": "560862", "pattern": "{1}"},
}
RESULT = "Ho so H32.15-261122-0001 da co ket qua, moi nhan tai UBND phuong A, tang 1, quay 3."
MESSAGE = Outgoing(
    id="01KAPZ3NDEKTSV4RRFFQ69G5FA",
    phone="+84912345678",
    text=RESULT,
    accented=False,
    parts=1,
    sender="MOTCUA",
    template="560861",
    values={2: "UBND phuong A, tang 1, quay 3", 1: "H32.15-261122-0001"},
    situation="result",
    lane=1,
)
ORDER = (
    '{"RQST": {"name": "send_sms_list", "REQID": "01KAPZ3NDEKTSV4RRFFQ69G5FA", "LABELID": "132043", '
    '"CONTRACTTYPEID": "1", "CONTRACTID": "10320", "TEMPLATEID": "560861", "PARAMS": [{"NUM": "1", "CONTENT": '
    '"H32.15-261122-0001"}, {"NUM": "2", "CONTENT": "UBND phuong A, tang 1, quay 3"}], "SCHEDULETIME": "", '
    '"MOBILELIST": "84912345678", "ISTELCOSUB": "0", "AGENTID": "349", "APIUSER": "motcua", '
    '"APIPASS": "vnpt-t3st-pw", "USERNAME": "MOTCUA_CS", "DATACODING": "0"}}'
)


def vnpt(**changes: Any) -> Vnpt:
    return Vnpt("vnpt", Settings.model_validate(ACCOUNT | changes))


def said(error: object, *, status: int = 200, description: object = "x") -> Answer:
    reply = {"name": "send_sms_list", "ERROR": error, "ERROR_DESC": description}
    return Answer(status, {}, json.dumps({"RPLY": reply}).encode())


def test_a_message_is_its_template_with_values_in_the_order_of_their_numbers() -> None:
    request = vnpt().request(MESSAGE, "")

    assert (request.method, request.url) == ("POST", ACCOUNT["url"])
    assert request.headers == {"Content-Type": "application/json; charset=utf-8"}
    assert request.body == ORDER.encode()


def test_accents_another_brandname_and_ten_values_change_what_they_must() -> None:
    values = {number: f"giá trị {number}" for number in range(10, 0, -1)}
    message = replace(MESSAGE, accented=True, sender="UBNDABC", values=values)

    order = json.loads(vnpt(labels={"UBNDABC": "77"}, contract_type="2").request(message, "").body)["RQST"]

    assert (order["DATACODING"], order["LABELID"], order["CONTRACTTYPEID"]) == ("8", "77", "2")
    assert [each["NUM"] for each in order["PARAMS"]] == [str(number) for number in range(1, 11)]
    assert order["PARAMS"][9]["CONTENT"] == "giá trị 10"


@pytest.mark.parametrize(
    ("recorded", "verdict", "code"),
    [("accepted.json", Verdict.ACCEPTED, "0"), ("refused-with-success.json", Verdict.CONFIG, "31")],
)
def test_recorded_answers_are_read_by_their_error_and_never_by_its_description(
    recorded: str, verdict: Verdict, code: str
) -> None:
    reading = vnpt().read(Answer(200, {}, (RECORDED / recorded).read_bytes()), MESSAGE)

    assert (reading.verdict, reading.code, reading.references) == (verdict, code, ())


@pytest.mark.parametrize(("code", "verdict"), CODES.items())
def test_every_code_of_the_table_is_read_as_word_or_number(code: str, verdict: Verdict) -> None:
    for error in (code, int(code), f" {code} "):
        reading = vnpt().read(said(error, description="success"), MESSAGE)

        assert (reading.verdict, reading.code) == (verdict, code)


def test_a_code_that_no_table_has_is_a_refusal() -> None:
    reading = vnpt().read(said("777"), MESSAGE)

    assert (reading.verdict, reading.code) == (Verdict.PERMANENT, "777")


@pytest.mark.parametrize("spoiler", "&<>\"'")
def test_an_error_that_the_values_explain_is_not_tried_again(spoiler: str) -> None:
    message = replace(MESSAGE, values={1: f"Cty A {spoiler} B"})

    assert vnpt().read(said("-1"), message).verdict is Verdict.PERMANENT
    assert vnpt().read(said("-1"), MESSAGE).verdict is Verdict.TEMPORARY


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"0"', b"{}", b'{"RPLY":null}', b'{"RPLY":"0"}', b'{"RPLY":{"ERROR_DESC":"success"}}',
        b'{"RPLY":{"ERROR":null}}', b'{"RPLY":{"ERROR":true}}', b'{"RPLY":{"ERROR":[0]}}', b'{"RPLY":{"ERROR":{}}}',
        b'{"RPLY":{"ERROR":0.0}}', b'{"RPLY":{"ERROR":""}}', b'{"RPLY":{"ERROR":"0912345678 success"}}',
        b'{"RPLY":{"ERROR":1e999}}', b"<html>success 0</html>", b"\xff\xfe{", b'{"ERROR":"0"}', b"[" * 60_000,
        b'{"RPLY":' * 60_000,
    ],
    ids=range(21),
)  # fmt: skip
def test_what_is_not_their_answer_leaves_the_message_uncertain(body: bytes) -> None:
    for status in (200, 500):
        reading = vnpt().read(Answer(status, {}, body), MESSAGE)

        assert reading.verdict is Verdict.UNKNOWN
        assert "0912345678" not in reading.code


def test_a_refusal_by_http_alone_is_clear() -> None:
    assert vnpt().read(Answer(403, {}, b"<html>"), MESSAGE).verdict is Verdict.CONFIG


def test_the_password_is_named_as_a_secret_and_shown_nowhere() -> None:
    provider = vnpt()

    assert provider.secrets() == ("vnpt-t3st-pw",)
    assert "vnpt-t3st-pw" not in repr(provider.settings) + repr(provider.request(MESSAGE, ""))


def test_templates_are_required_unless_the_configuration_says_otherwise() -> None:
    assert vnpt().settings.templates_required
    with pytest.raises(ValidationError, match="url"):
        Settings.model_validate({key: value for key, value in ACCOUNT.items() if key != "url"})


def test_the_example_is_a_table_that_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_VNPT_PASS", "x")
    table = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["channels"]["vnpt"]

    settings = Settings.model_validate({key: value for key, value in table.items() if key != "kind"})

    assert table["kind"] == "sms_http"
    assert set(settings.templates) == {Situation.RESULT, Situation.WITHDRAWN}


async def test_the_citizen_reads_the_filled_template() -> None:
    async with http_bench("vnpt", **ACCOUNT, templates=TEMPLATES) as bench:
        number = phone()
        outcome = await bench.send(item(RESULT, to=number, situation=Situation.RESULT))

        assert outcome == Accepted()
        [shown] = await bench.provider.texts(number)
        assert (shown["from"], shown["text"]) == ("MOTCUA", RESULT)


async def test_accented_values_arrive_as_they_are() -> None:
    async with http_bench("vnpt", **ACCOUNT, templates=TEMPLATES) as bench:
        number = phone()
        await bench.send(item("Hồ sơ đã được tiếp nhận.", to=number))

        [shown] = await bench.provider.texts(number)
        assert shown["text"] == "Hồ sơ đã được tiếp nhận."


@pytest.mark.parametrize(
    ("situation", "text"),
    [(Situation.APOLOGY, RESULT), (Situation.RESULT, "Ho so da xong, moi den nhan."), (Situation.TEST, "Tin thu")],
    ids=["no template for this kind", "another text", "a trial without a template"],
)
async def test_without_its_template_a_message_reaches_nobody(situation: Situation, text: str) -> None:
    async with http_bench("vnpt", **ACCOUNT, templates=TEMPLATES) as bench:
        number = phone()
        outcome = await bench.send(item(text, to=number, situation=situation))

        assert isinstance(outcome, Rejected)
        assert "template" in outcome.reason
        assert await bench.provider.texts(number, wait=0) == []


@pytest.mark.parametrize(
    ("fate", "kind", "reason"),
    [
        (Fate.REFUSED, Rejected, "23"),
        (Fate.THROTTLED, Retry, "16"),
        (Fate.DROPPED, Uncertain, ""),
        (Fate.SWALLOWED, Uncertain, ""),
    ],
)
async def test_each_misfortune_has_its_outcome(
    fate: Fate, kind: type[Rejected | Retry | Uncertain], reason: str
) -> None:
    async with http_bench("vnpt", **ACCOUNT, templates=TEMPLATES, response_timeout=0.1) as bench:
        outcome = await bench.send(item(to=fate))

        assert isinstance(outcome, kind)
        assert reason in outcome.reason


async def test_what_was_uncertain_and_is_sent_again_is_known_to_them() -> None:
    async with http_bench("vnpt", **ACCOUNT, templates=TEMPLATES) as bench:
        message = item(to=Fate.DROPPED)

        first, second = await bench.send(message), await bench.send(message)

        assert isinstance(first, Uncertain)
        assert second == Accepted(reason="33: taken before")
        assert len(await bench.provider.texts(message.address.value)) == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"api_pass": SecretStr("another")}, "1"),
        ({"username": "another"}, "10"),
        ({"contract_id": "1"}, "13"),
        ({"label_id": "1"}, "14"),
        ({"agent_id": "1"}, "15"),
    ],
)
async def test_a_wrong_account_is_the_channels_trouble(wrong: dict[str, Any], code: str) -> None:
    async with http_bench("vnpt", **(ACCOUNT | wrong), templates=TEMPLATES) as bench:
        assert await bench.send(item()) == ChannelDown(code)


@pytest.mark.parametrize(("kind", "code"), [("balance", "20"), ("config", "1")])
async def test_an_ordered_fault_is_the_channels_trouble(kind: str, code: str) -> None:
    async with http_bench("vnpt", **ACCOUNT, templates=TEMPLATES) as bench:
        await bench.provider.fault(kind)

        assert await bench.send(item()) == ChannelDown(code)
