"""Viettel's SOAP: the envelope byte for byte, every refusal, faults, hostile XML; against recorded answers and the
stand-in."""

import random
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from pydantic import SecretStr

from adapters.channels.sms_http.provider import Outgoing, Verdict
from adapters.channels.sms_http.providers.viettel import CODES, SERVICE, SOAP, Settings, Viettel
from adapters.fates import Fate
from adapters.http import Answer
from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Uncertain
from tests.adapters.sms_http.support import http_bench, item, phone

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "channels" / "viettel.toml"
RECORDED = Path(__file__).parent / "fixtures" / "viettel"
ACCOUNT: dict[str, Any] = {
    "url": "http://viettel.example.vn:8998/bulkapi",
    "user": "smsbrand_motcua",
    "password": SecretStr("viettel-t3st-pw"),
    "cp_code": "MOTCUA",
}
MESSAGE = Outgoing(
    id="01KAPZ3NDEKTSV4RRFFQ69G5FA",
    phone="+84981234567",
    text="Ho so A & B <1> da xong.",
    accented=False,
    parts=1,
    sender="SO TNMT",
    template="",
    values={},
    situation="result",
    lane=1,
)
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:impl="http://impl.bulkSms.ws/">'
    "<soapenv:Header/><soapenv:Body><impl:wsCpMt>"
    "<User>smsbrand_motcua</User><Password>viettel-t3st-pw</Password><CPCode>MOTCUA</CPCode><RequestID>1</RequestID>"
    "<UserID>84981234567</UserID><ReceiverID>84981234567</ReceiverID><ServiceID>SO TNMT</ServiceID>"
    "<CommandCode>bulksms</CommandCode><Content>Ho so A &amp; B &lt;1&gt; da xong.</Content>"
    "<ContentType>0</ContentType></impl:wsCpMt></soapenv:Body></soapenv:Envelope>"
)
WORDS = {
    "Authenticate: CP_CODE_NOT_FOUND": ("CP_CODE_NOT_FOUND", Verdict.CONFIG),
    "Authenticate: IP_INVALID (YOUR IP: 203.0.113.7)": ("IP_INVALID", Verdict.CONFIG),
    "WRONG_INFORMATION_AUTHENTICATE": ("WRONG_INFORMATION_AUTHENTICATE", Verdict.CONFIG),
    "Check ReceiverID: FORMAT_ERROR": ("ReceiverID:FORMAT_ERROR", Verdict.PERMANENT),
    "Unable to check telco from input receiver 84981234567": ("Unable_to_check_telco", Verdict.PERMANENT),
    "Check ServiceID: DUPLICATE MESSAGE": ("DUPLICATE_MESSAGE", Verdict.DUPLICATE),
    "Check ServiceID: ALIAS_INVALID:TELCO=MB": ("ALIAS_INVALID", Verdict.PERMANENT),
    "Check Content: MAXLENGTH_LIMIT_480_BYTE (YOUR_CONTENT: 512 BYTE)": ("MAXLENGTH_LIMIT", Verdict.PERMANENT),
    "Check template: CONTENT_NOT_MATCH_TEMPLATE": ("CONTENT_NOT_MATCH_TEMPLATE", Verdict.TEMPLATE),
    "Check information error": ("Check_information_error", Verdict.TEMPORARY),
    "Something new about 84981234567": ("0", Verdict.PERMANENT),
    "": ("0", Verdict.PERMANENT),
}
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (step + 1, b"&l%d;" % step * 10) for step in range(9))
BOMB = b'<!DOCTYPE l [<!ENTITY l0 "ha">' + LAUGHS + b"]><l>&l9;</l>"


def viettel(**changes: Any) -> Viettel:
    return Viettel("viettel", Settings.model_validate(ACCOUNT | changes))


def said(result: str, message: str = "") -> bytes:
    inner = f"<return><message>{escape(message)}</message><result>{result}</result></return>"
    body = f'<r:wsCpMtResponse xmlns:r="{SERVICE}">{inner}</r:wsCpMtResponse>'
    return f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{body}</e:Body></e:Envelope>'.encode()


def test_a_message_is_an_envelope_with_unqualified_elements_in_their_order() -> None:
    request = viettel().request(MESSAGE, "")

    assert (request.method, request.url) == ("POST", ACCOUNT["url"])
    assert request.headers == {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    assert request.body == ENVELOPE.encode()


def test_accents_have_a_content_type_of_their_own_and_older_accounts_another_one() -> None:
    accented = replace(MESSAGE, text="Hồ sơ đã xong.", accented=True)

    assert "<Content>Hồ sơ đã xong.</Content><ContentType>1<".encode() in viettel().request(accented, "").body
    assert b"<ContentType>F<" in viettel(content_type="F").request(MESSAGE, "").body


def test_what_xml_cannot_say_is_left_out() -> None:
    spoilt = replace(MESSAGE, text="a\x00b\x08c]]>\ud800d", sender='S"<>&')

    body = viettel().request(spoilt, "").body.decode()

    assert "<Content>abc]]&gt;d</Content>" in body
    assert '<ServiceID>S"&lt;&gt;&amp;</ServiceID>' in body


@pytest.mark.parametrize(
    ("recorded", "verdict", "code"),
    [
        ("accepted.xml", Verdict.ACCEPTED, "1"),
        ("other-template.xml", Verdict.TEMPLATE, "CONTENT_NOT_MATCH_TEMPLATE"),
        ("fault-client.xml", Verdict.CONFIG, "fault Client"),
        ("fault-server.xml", Verdict.UNKNOWN, "fault Server"),
    ],
)
def test_recorded_answers_are_read(recorded: str, verdict: Verdict, code: str) -> None:
    octets = (RECORDED / recorded).read_bytes()

    for body in (octets, b"\xef\xbb\xbf" + octets, b"\r\n" + octets):
        reading = viettel().read(Answer(500 if "fault" in recorded else 200, {}, body), MESSAGE)

        assert (reading.verdict, reading.code) == (verdict, code)


@pytest.mark.parametrize(("words", "expected"), WORDS.items())
def test_a_refusal_is_known_by_its_words_and_shows_nothing_personal(words: str, expected: tuple[str, Verdict]) -> None:
    reading = viettel().read(Answer(200, {}, said("0", words)), MESSAGE)

    assert (reading.code, reading.verdict) == expected


@pytest.mark.parametrize(("word", "verdict"), CODES.items())
def test_every_word_of_the_table_is_found_in_a_sentence(word: str, verdict: Verdict) -> None:
    reading = viettel().read(Answer(200, {}, said("0", f"Check: {word} (YOUR IP: 203.0.113.7)")), MESSAGE)

    assert reading.verdict is verdict
    assert " " not in reading.code


def test_success_is_result_1_alone() -> None:
    verdicts = {result: viettel().read(Answer(200, {}, said(result, "OK")), MESSAGE).verdict for result in "12-0"}

    assert [result for result, verdict in verdicts.items() if verdict is Verdict.ACCEPTED] == ["1"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"1", b"<html><result>1</result></html>", b'{"result":1}', said("1")[:-20], said(""), said("one result"),
        b"<result>1</result>", said("1").replace(b"wsCpMtResponse", b"wsCpMt2Response"),
        said("1").replace(SERVICE.encode(), b"urn:x"), said("1").replace(SOAP.encode(), b"urn:x"),
        BOMB, said("1").replace(b"<e:Envelope", b"<!DOCTYPE x><e:Envelope", 1),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', said("1").decode().encode("utf-16"),
        BOMB.decode().encode("utf-16"), b"\x00" * 1_000, b"<a>" * 20_000, said("1") + b" " * 70_000, b"\xff\xfe\xfd",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
    ids=range(21),
)  # fmt: skip
def test_what_is_not_their_answer_leaves_the_message_uncertain(body: bytes) -> None:
    for status in (200, 500):
        assert viettel().read(Answer(status, {}, body), MESSAGE).verdict is Verdict.UNKNOWN


def test_no_spoilt_answer_raises_or_turns_into_another_yes() -> None:
    rng = random.Random(7)
    genuine = bytearray(said("0", "Check ServiceID: DUPLICATE MESSAGE"))

    for _ in range(3_000):
        spoilt = genuine.copy()
        for _ in range(rng.randint(1, 4)):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        reading = viettel().read(Answer(200, {}, bytes(spoilt)), MESSAGE)

        assert reading.verdict is not Verdict.ACCEPTED or b"<result>1</result>" in spoilt
        assert len(reading.code) < 80


def test_the_password_is_named_as_a_secret_and_shown_nowhere() -> None:
    provider = viettel()

    assert provider.secrets() == ("viettel-t3st-pw",)
    assert "viettel-t3st-pw" not in repr(provider.settings) + repr(provider.request(MESSAGE, ""))


def test_nothing_is_promised_that_viettel_does_not_keep() -> None:
    assert not Viettel.honours_reference
    assert not Viettel.receipts
    assert Viettel.repeat_after == 300


def test_the_example_is_a_table_that_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTCUA_VIETTEL_PASSWORD", "x")
    table = tomllib.loads(Path("docs/examples/channels/viettel.toml").read_text(encoding="utf-8"))["channels"][
        "viettel"
    ]

    settings = Settings.model_validate({key: value for key, value in table.items() if key != "kind"})

    assert table["kind"] == "sms_http"
    assert settings.prices["default"] == 750


@pytest.mark.parametrize("text", ["Ho so A & B <1> da xong.", "Hồ sơ “A” đã xong & trả."])
async def test_the_citizen_reads_the_text_as_it_was(text: str) -> None:
    async with http_bench("viettel", **ACCOUNT) as bench:
        number = phone()
        outcome = await bench.send(item(text, to=number))

        assert outcome == Accepted()
        [shown] = await bench.provider.texts(number)
        assert (shown["from"], shown["text"]) == ("MOTCUA", text)


@pytest.mark.parametrize(
    ("fate", "kind", "reason"),
    [
        (Fate.REFUSED, Rejected, "Unable_to_check_telco"),
        (Fate.THROTTLED, Retry, "HTTP 429"),
        (Fate.DROPPED, Uncertain, ""),
        (Fate.SWALLOWED, Uncertain, ""),
    ],
)
async def test_each_misfortune_has_its_outcome(
    fate: Fate, kind: type[Rejected | Retry | Uncertain], reason: str
) -> None:
    async with http_bench("viettel", **ACCOUNT, response_timeout=0.1) as bench:
        outcome = await bench.send(item(to=fate))

        assert isinstance(outcome, kind)
        assert reason in outcome.reason


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"password": SecretStr("another")}, "WRONG_INFORMATION_AUTHENTICATE"),
        ({"cp_code": "ANOTHER"}, "CP_CODE_NOT_FOUND"),
        ({"command_code": "sms"}, "COMMAND_CODE_ERROR"),
        ({"url": "http://viettel.example.vn/elsewhere"}, "404"),
    ],
)
async def test_a_wrong_account_is_the_channels_trouble(wrong: dict[str, Any], reason: str) -> None:
    async with http_bench("viettel", **(ACCOUNT | wrong)) as bench:
        outcome = await bench.send(item())

        assert isinstance(outcome, ChannelDown)
        assert reason in outcome.reason


async def test_a_foreign_brandname_and_a_text_beyond_their_limit_are_rejected() -> None:
    async with http_bench("viettel", **ACCOUNT) as bench:
        brandname = await bench.send(item(sender="NGANHANG"))
        length = await bench.send(item("a" * 481))

        assert (brandname, length) == (Rejected("ALIAS_INVALID"), Rejected("MAXLENGTH_LIMIT"))


async def test_a_meaning_can_be_changed_in_the_configuration() -> None:
    async with http_bench("viettel", **ACCOUNT, statuses={"ALIAS_INVALID": "config"}) as bench:
        assert await bench.send(item(sender="NGANHANG")) == ChannelDown("ALIAS_INVALID")
