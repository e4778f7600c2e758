"""Gateways that are described wholly in the configuration; the examples are run against stand-ins of the real ones."""

import json
import re
import tomllib
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr, ValidationError

from adapters.channels.sms_http.generic_settings import GenericSettings
from adapters.channels.sms_http.provider import Outgoing, Reading, Verdict
from adapters.channels.sms_http.providers.generic import Generic
from adapters.fates import Fate
from adapters.http import Answer
from adapters.simulators.sms_http.accounts import ACCOUNTS
from bot.model.message import Accepted, ChannelDown, DeliveryState, InboundMessage, Receipt, Rejected, Retry, Uncertain
from bot.ports import WebhookRequest, WebhookResult
from tests.adapters.sms_http.support import HASTE, NAME, http_bench, item

EXAMPLES = sorted(
    path
    for path in Path("docs/examples/channels").glob("*.toml")
    if any(table.get("provider") == "generic" for table in tomllib.loads(path.read_text("utf-8"))["channels"].values())
)
ACCENTED = 'Hồ sơ H32.15-261122-0001 đã có kết quả. Mời Ông/Bà mang giấy hẹn & CCCD đến quầy số 3 ["+10%"] để nhận.'
NASTY = 'Ký "tự" <lạ> & \\ {digits} %41 +1;\nhai dòng'
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
ID = "01M8184DN4VNWMH31N5H2X82GY"


def raw(name: str) -> dict[str, Any]:
    (table,) = tomllib.loads(Path(f"docs/examples/channels/{name}.toml").read_text("utf-8"))["channels"].values()
    return dict(table)


def example(name: str, **changes: Any) -> dict[str, Any]:
    """The shipped table as `http_bench` takes it: only places and secrets are the test's own."""
    table = {key: value for key, value in raw(name).items() if key not in ("kind", "provider", "callback_secret")}
    path = urlsplit(table["dlr_url"])
    ours = f"{{callback}}/dlr{'?' if path.query else ''}{path.query}"
    here = {
        "password": SecretStr(ACCOUNTS[name]["password"]),
        "callback_networks": ["127.0.0.0/8"],
        "dlr_url": ours,
    }
    return table | here | changes


def described(**changes: Any) -> Generic:
    table = {"provider": "generic", "url": "https://sms.example/send", "answers": [{"verdict": "accepted"}], **changes}
    return Generic(NAME, GenericSettings.model_validate(table))


def outgoing(text: str = NASTY, **changes: Any) -> Outgoing:
    ordinary = {
        "id": ID, "phone": "+84912345678", "text": text, "accented": True, "parts": 2, "sender": "SO TNMT",
        "template": "5689", "values": {1: "H32", 2: "quầy 3"}, "situation": "result", "lane": 1,
    }  # fmt: skip
    return Outgoing(**{**ordinary, **changes})


# The examples


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_loads(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = path.stem
    for word in ("PASSWORD", "CALLBACK", "TOKEN"):
        for channel in ("KANNEL", "JASMIN", "NHAMANG"):
            monkeypatch.setenv(f"MOTCUA_{channel}_{word}", "a-secret-0f-the-0ffice")
    table = raw(name)
    assert table.pop("kind") == "sms_http"

    Generic(name, GenericSettings.model_validate(table))


@pytest.mark.parametrize("name", ["kannel", "jasmin"])
async def test_each_misfortune_of_a_number_is_its_own_outcome(name: str) -> None:
    async with http_bench("generic", **example(name), response_timeout=HASTE) as bench:
        outcomes = {fate: await bench.send(item(to=fate)) for fate in Fate}

    kinds = {fate: type(outcome) for fate, outcome in outcomes.items()}
    accepted = (Fate.ARRIVES, Fate.UNDELIVERABLE, Fate.SILENT, Fate.SLOW, Fate.HASTY, Fate.EXPIRES)
    assert kinds == dict.fromkeys(accepted, Accepted) | {
        Fate.REFUSED: Rejected, Fate.THROTTLED: Retry, Fate.DROPPED: Uncertain, Fate.SWALLOWED: Uncertain,
    }  # fmt: skip
    throttled = outcomes[Fate.THROTTLED]
    assert (throttled.counts, throttled.after) == (False, 1.0)
    assert all(len(outcomes[fate].references) == (name == "jasmin") for fate in accepted)


@pytest.mark.parametrize("name", ["kannel", "jasmin"])
async def test_receipts_name_our_message_and_what_became_of_it(name: str) -> None:
    fates = {
        Fate.ARRIVES: DeliveryState.DELIVERED, Fate.HASTY: DeliveryState.DELIVERED,
        Fate.UNDELIVERABLE: DeliveryState.FAILED, Fate.EXPIRES: DeliveryState.EXPIRED,
        Fate.DROPPED: DeliveryState.DELIVERED,
    }  # fmt: skip
    items = {fate: item(to=fate) for fate in fates}
    async with http_bench("generic", **example(name), response_timeout=HASTE) as bench:
        outcomes = {fate: await bench.send(each) for fate, each in items.items()}
        await bench.heard.until(lambda heard: len(heard.receipts) == len(fates))
        taken = await bench.provider.until("receipt_taken", len(fates))

    states = {receipt.item_id: receipt.state for receipt in bench.heard.receipts}
    assert states == {items[fate].id: state for fate, state in fates.items()}, "the dropped one is known again, too"
    references = {receipt.item_id: (receipt.reference,) for receipt in bench.heard.receipts if receipt.reference}
    assert name == "kannel" or references[items[Fate.ARRIVES].id] == outcomes[Fate.ARRIVES].references
    assert {line["answer"] for line in taken} == {"ACK/Jasmin" if name == "jasmin" else ""}


@pytest.mark.parametrize("name", ["kannel", "jasmin"])
@pytest.mark.parametrize("text", [ACCENTED, NASTY, "Ho so da co ket qua @ quay {3} [A] ^_^ 100$"])
async def test_the_phone_shows_what_was_sent_to_the_letter(name: str, text: str) -> None:
    message = item(text)
    async with http_bench("generic", **example(name)) as bench:
        await bench.send(message)
        (shown,) = await bench.provider.texts(message.address.value)

    assert (shown["text"], shown["from"]) == (text, raw(name)["sender"])


@pytest.mark.parametrize("name", ["kannel", "jasmin"])
@pytest.mark.parametrize("text", ["Tra cứu H32.15-261122-0001 nhé ạ", "TC H32.15-261122-0001 + 1 & 2"])
async def test_what_a_citizen_writes_arrives_to_the_letter_and_is_acknowledged(name: str, text: str) -> None:
    async with http_bench("generic", **example(name)) as bench:
        answer = await bench.provider.write(name, "+84912345678", text, id="mo-7")
        message = await bench.heard.inbound()

    assert answer["acknowledged"]
    assert (message.message_id, message.sender.value, message.text) == ("mo-7", "+84912345678", text)
    assert (message.to, message.channel) == ("8041", NAME)


@pytest.mark.parametrize("name", ["kannel", "jasmin"])
async def test_a_wrong_password_is_the_channels_trouble(name: str) -> None:
    async with http_bench("generic", **example(name, password=SecretStr("wrong"))) as bench:
        outcome = await bench.send(item())

    assert isinstance(outcome, ChannelDown)


@pytest.mark.parametrize(
    ("fault", "kannel", "jasmin"),
    [("throttle", Retry, Retry), ("config", ChannelDown, ChannelDown), ("balance", ChannelDown, ChannelDown),
     ("error", Uncertain, Uncertain), ("cut", Uncertain, Uncertain), ("hang", Uncertain, Uncertain),
     ("down", ChannelDown, ChannelDown)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["kannel", "jasmin"])
async def test_each_fault_of_the_gateway_is_its_own_outcome_and_ends(
    fault: str, kannel: type, jasmin: type, name: str
) -> None:
    patience = {"response_timeout": HASTE} if fault == "hang" else {}
    async with http_bench("generic", **example(name), **patience) as bench:
        await bench.provider.fault(fault)
        during = await bench.send(item())
        await bench.provider.no_fault()
        after = await bench.send(item())

    assert isinstance(during, {"kannel": kannel, "jasmin": jasmin}[name])
    assert isinstance(after, Accepted)


# What the words of a description do


def test_every_place_is_escaped_as_its_surroundings_need_it() -> None:
    message = outgoing()
    query = described(method="GET", query={"to": "{phone}", "t": "{text}"}).request(message, "")
    form = described(body={"to": "{national}", "t": "{text}", "p": "{parts}"}).request(message, "")
    xml = described(content="xml", body="<m to='{digits}'>{text}</m>").request(message, "")
    plain = described(content="text", body="{sender}: {text}").request(message, "")
    tree = described(content="json", body={"t": "{text}", "n": 7, "list": ["{value_2}", True]}).request(message, "")
    text = described(content="json", body='{"t": "{text}", "parts": {parts}}').request(message, "")
    path = described(url="https://sms.example/{sender}/send").request(message, "")

    assert parse_qs(urlsplit(query.url).query) == {"to": ["+84912345678"], "t": [NASTY]}
    assert parse_qs(form.body.decode()) == {"to": ["0912345678"], "t": [NASTY], "p": ["2"]}
    assert xml.body.decode() == (
        "<m to='84912345678'>Ký &quot;tự&quot; &lt;lạ&gt; &amp; \\ {digits} %41 +1;\nhai dòng</m>"
    )
    assert plain.body.decode() == f"SO TNMT: {NASTY}"
    assert json.loads(tree.body) == {"t": NASTY, "n": 7, "list": ["quầy 3", True]}
    assert json.loads(text.body) == {"t": NASTY, "parts": 2}
    assert path.url == "https://sms.example/SO%20TNMT/send"
    assert (query.body, query.headers) == (b"", {})
    assert form.headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_filters_and_other_places() -> None:
    body = {
        "b": "{text|base64}", "h": "{text|hex}", "u": "{text|hex-ucs2}", "e": "{text|url}", "i": "{id}",
        "t": "{template}", "s": "{situation} {lane}", "c": "{coding}", "one": "{value_1}", "none": "{value_9}",
    }  # fmt: skip
    provider = described(content="json", body=body, coding={"plain": "0", "accented": "2"})
    accented = json.loads(provider.request(outgoing("Có"), "").body)
    plain = json.loads(provider.request(outgoing("A@[", accented=False), "").body)

    assert accented == {
        "b": b64encode("Có".encode()).decode(), "h": "004300f3", "u": "004300f3", "e": "C%C3%B3", "i": ID,
        "t": "5689", "s": "result 1", "c": "2", "one": "H32", "none": "",
    }  # fmt: skip
    assert (plain["h"], plain["c"]) == ("41001b3c", "0")


def test_logging_in_and_headers() -> None:
    secret = {"password": SecretStr("mật:khẩu"), "token": SecretStr("t0ken")}
    basic = described(auth="basic", user="motcua", **secret)
    bearer = described(auth="bearer", headers={"X-Text": "{text}", "content-type": "text/x"}, **secret)
    login = b64encode("motcua:mật:khẩu".encode()).decode()

    assert basic.request(outgoing(), "").headers["Authorization"] == f"Basic {login}"
    headers = bearer.request(outgoing(), "").headers
    assert headers["Authorization"] == "Bearer t0ken"
    assert "\n" not in headers["X-Text"], "a line end would begin another header"
    assert set(basic.secrets()) == {"mật:khẩu", "t0ken", login}


def test_our_address_for_receipts_carries_our_id_and_is_escaped_where_it_stands() -> None:
    provider = described(
        method="GET",
        query={"dlr-url": "{dlr_url}"},
        callback_secret=SecretStr("0123456789abcdef"),
        dlr_url="https://a.vn/webhooks/k/{callback_secret}/dlr?id={id}&type=%d&to={sender}",
    )
    (address,) = parse_qs(urlsplit(provider.request(outgoing(), "").url).query)["dlr-url"]

    assert address == f"https://a.vn/webhooks/k/0123456789abcdef/dlr?id={ID}&type=%d&to=SO%20TNMT"


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        ((200, {}, b'{"error":0,"data":{"id":77},"net":"VNPT"}'), Reading(Verdict.ACCEPTED, "0", ("77",), "vinaphone")),
        ((200, {}, b'{"error":"0"}'), Reading(Verdict.ACCEPTED, "0")),
        ((200, {}, b'{"error":17}'), Reading(Verdict.DUPLICATE, "17")),
        ((200, {}, b'{"error":true}'), Reading(Verdict.UNKNOWN, "HTTP 200 that no rule of answers fits")),
        ((418, {}, b'{"error":99}'), Reading(Verdict.PERMANENT, "99")),
        ((418, {}, b"no JSON"), Reading(Verdict.UNKNOWN, "HTTP 418 that no rule of answers fits")),
        ((503, {}, b"come back later"), Reading(Verdict.TEMPORARY, "busy")),
        ((200, {}, b"[" * 5000), Reading(Verdict.UNKNOWN, "HTTP 200 that no rule of answers fits")),
        ((200, {}, b"\xff\xfe"), Reading(Verdict.UNKNOWN, "HTTP 200 that no rule of answers fits")),
    ],
)
def test_the_first_rule_that_fits_says_what_an_answer_means(
    answer: tuple[int, dict[str, str], bytes], reading: Reading
) -> None:
    provider = described(
        reference={"path": "data.id"},
        carrier={"path": "net"},
        answers=[
            {"path": "error", "equals": "0", "verdict": "accepted"},
            {"path": "error", "equals": "17", "verdict": "duplicate"},
            {"status": "4xx", "path": "error", "verdict": "permanent"},
            {"status": 503, "match": "(?i)LATER", "verdict": "temporary", "code": "busy"},
        ],
    )

    assert provider.read(Answer(*answer), outgoing()) == reading


@pytest.mark.parametrize(
    "place", [{"path": "items[0].id"}, {"header": "X-Id"}, {"match": '"id": *"([^"]+)"'}, {"match": "m-[0-9]+"}]
)
def test_the_reference_stands_wherever_it_is_said_to(place: dict[str, str]) -> None:
    answer = Answer(200, {"x-id": "m-1"}, b'{"items": [{"id": "m-1"}]}')

    assert described(reference=place).read(answer, outgoing()).references == ("m-1",)


def hears(request: tuple[str, dict[str, str], bytes], tail: str = "dlr", **changes: Any) -> WebhookResult:
    content_type, query, body = request
    call = WebhookRequest("POST", "/webhooks/x", query, {"content-type": content_type}, body)
    return described(**changes).hear(call, tail, at=NOW)


FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON_RECEIPT = b'{"id": "' + ID.encode() + b'", "ref": 5, "st": "DELIVRD", "net": "Viettel"}'


@pytest.mark.parametrize(
    ("request_", "places"),
    [
        (("", {"id": ID, "ref": "5", "st": "DELIVRD", "net": "Viettel"}, b""), "query"),
        ((FORM, {}, f"id={ID}&ref=5&st=DELIVRD&net=Viettel".encode()), "query"),
        (("application/json", {}, JSON_RECEIPT), "path"),
    ],
    ids=["GET", "form", "JSON"],
)
def test_receipts_are_read_from_address_form_or_json(request_: tuple[str, dict[str, str], bytes], places: str) -> None:
    table: dict[str, Any] = {name: {places: key} for name, key in
                             {"id": "id", "reference": "ref", "status": "st", "carrier": "net"}.items()}  # fmt: skip
    result = hears(request_, receipts=table | {"delivered": ["DELIV*"], "answer": "<ok/>", "answer_type": "text/xml"})

    receipt = Receipt(
        channel=NAME, reference="5", item_id=ID, state=DeliveryState.DELIVERED, reason="DELIVRD", at=NOW,
        carrier="viettel",
    )  # fmt: skip
    assert result == WebhookResult((receipt,), 200, b"<ok/>", "text/xml")


@pytest.mark.parametrize(
    ("status", "state"),
    [("1", "delivered"), ("8", "accepted"), ("ESME_ROK", "accepted"), ("ESME_RINVDSTADR", "failed"), ("2", "failed"),
     ("34", "expired"), ("something new", "accepted")],
)  # fmt: skip
def test_a_status_that_is_not_listed_is_not_final(status: str, state: str) -> None:
    words = {"delivered": ["1"], "accepted": ["8", "ESME_ROK"], "expired": ["34"], "failed": ["2", "ESME_*"]}
    table = {"reference": {"query": "ref"}, "status": {"query": "st"}, **words}
    (receipt,) = hears(("", {"ref": "5", "st": status}, b""), receipts=table).events

    assert isinstance(receipt, Receipt)
    assert receipt.state == DeliveryState(state)


@pytest.mark.parametrize(
    "query", [{}, {"ref": "5"}, {"st": "1"}, {"id": "not ours", "st": "1"}, {"ref": "x" * 201, "st": "1"}]
)
def test_a_receipt_without_message_or_status_is_refused(query: dict[str, str]) -> None:
    table = {"id": {"query": "id"}, "reference": {"query": "ref"}, "status": {"query": "st"}, "delivered": ["1"]}

    assert hears(("", query, b""), receipts=table).status == 400


def test_a_message_from_no_number_is_taken_and_not_heard() -> None:
    mo = {"id": {"query": "id"}, "from": {"query": "from"}, "text": {"query": "text"}, "answer": "ACK"}
    result = hears(("", {"id": "1", "from": "VIETTEL", "text": "Quảng cáo"}, b""), "mo", mo=mo)

    assert result == WebhookResult(body=b"ACK")


@pytest.mark.parametrize(
    ("kind", "body"),
    [("text/xml; charset=utf-8", "<r>a &lt;b&gt; &amp; &quot;c&quot;</r>"),
     ("application/json", '<r>a <b> & \\"c\\"</r>'), ("text/plain", '<r>a <b> & "c"</r>')],
)  # fmt: skip
def test_a_reply_in_the_answer_is_escaped_as_its_type_needs_it(kind: str, body: str) -> None:
    mo = {"id": {"query": "id"}, "from": {"query": "f"}, "text": {"query": "t"}, "answer": "<r>{reply}</r>",
          "answer_type": kind}  # fmt: skip
    provider = described(mo=mo)
    (message,) = hears(("", {"id": "1", "f": "84912345678", "t": "?"}, b""), "mo", mo=mo).events

    assert isinstance(message, InboundMessage)
    assert provider.replies_in_answer
    assert provider.answer_to(message, 'a <b> & "c"').decode() == body


def test_what_is_not_described_is_not_found() -> None:
    assert hears(("", {}, b""), "dlr").status == hears(("", {}, b""), "mo").status == 404


# Mistakes are named


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answers": []}, "answers"),
        ({"answers": [{"verdict": "acepted"}]}, "answers.0.verdict"),
        ({"answers": [{"verdict": "accepted", "statuss": 200}]}, "answers.0.statuss"),
        ({"answers": [{"verdict": "accepted", "match": "("}]}, "answers.0.match"),
        ({"answers": [{"verdict": "accepted", "path": "a..b"}]}, "answers.0.path"),
        ({"answers": [{"verdict": "accepted", "equals": "0"}]}, "equals: needs a path"),
        ({"answers": [{"verdict": "accepted", "status": "2x"}]}, "answers.0.status"),
        ({"answers": [{"verdict": "token"}]}, "no token"),
        ({"query": {"to": "{fone}"}}, r"query.to.*there is no \{fone\}"),
        ({"query": {"to": "{phone|rot13}"}}, "query.to.*no filter rot13"),
        ({"url": "https://sms.example/{fone}"}, r"url.*\{fone\}"),
        ({"url": "sms.example"}, "url"),
        ({"headers": {"X Id": "{id}"}}, "headers"),
        ({"body": {"to": "{fone}"}}, r"body: there is no \{fone\}"),
        ({"content": "xml", "body": {"to": "1"}}, "body: a text is expected"),
        ({"content": "form", "body": "to=1"}, "body: a table"),
        ({"content": "form", "body": {"to": 1}}, "fields of a form"),
        ({"content": "json", "body": '{"to": "{phone}"'}, "body: this is not JSON"),
        ({"content": "xml", "body": "<a>{text}</b>"}, "body: this is not XML"),
        ({"method": "GET", "body": {"to": "1"}}, "body: a GET has none"),
        ({"auth": "basic"}, "basic needs user and password"),
        ({"auth": "bearer"}, "bearer needs token"),
        ({"password": "in the open"}, "password"),
        ({"dlr_url": "https://a/{callback_secret}"}, "callback_secret is not set"),
        ({"reference": {"path": "a", "header": "b"}}, "reference.*exactly one"),
        ({"reference": {}}, "reference.*exactly one"),
        ({"reference": {"query": "a"}}, "reference"),
        ({"receipts": {"status": {"query": "s"}, "delivered": ["1"]}}, "id or reference"),
        ({"receipts": {"id": [], "status": {"query": "s"}, "delivered": ["1"]}}, "receipts.id"),
        ({"receipts": {"id": {"query": "i"}, "status": {"query": "s"}}}, "receipts.delivered"),
        ({"mo": {"from": {"query": "f"}, "text": {"query": "t"}}}, "mo.id"),
        ({"mo": {key: {"query": "i"} for key in ("id", "from", "text")} | {"answer": "{replay}"}}, "mo.answer"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_description_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as failed:
        described(**changes)

    assert re.search(said, str(failed.value), re.DOTALL), str(failed.value)
