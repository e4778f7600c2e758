"""FPT: recorded payloads in and out, tokens, its whole table, and the simulated provider end to end."""

import asyncio
import base64
import json
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels.sms_http.provider import Reading, Token, Verdict
from adapters.channels.sms_http.providers.fpt import CODES, Fpt, Settings
from adapters.fates import Fate
from adapters.simulators.sms_http.accounts import ACCOUNTS
from bot.model.message import Accepted, ChannelDown, Rejected, Retry, Uncertain
from bot.ports import WebhookResult
from tests.adapters.sms_http.recorded import ACCENTED, NOW, STRANGE, answer, called, example, outgoing, recorded
from tests.adapters.sms_http.support import HASTE, NAME, http_bench, item

ACCOUNT = ACCOUNTS["fpt"]
KEYS: dict[str, Any] = {"client_id": ACCOUNT["client_id"], "client_secret": SecretStr(ACCOUNT["client_secret"])}
TOKEN = "c8a1b2d3e4f5a6b7c8d9"


def fpt() -> Fpt:
    return Fpt(NAME, Settings(**KEYS))


def session_of(body: bytes) -> str:
    return str(json.loads(body)["session_id"])


# Requests


def test_the_token_is_asked_for_as_recorded() -> None:
    request = fpt().token_request()

    session = session_of(request.body)
    assert (request.method, request.url) == ("POST", "oauth2/token")
    assert request.body.replace(session.encode(), b"SESSION") == recorded("fpt/token-request.json")
    assert len(session) == 32


def test_a_message_becomes_the_recorded_request_with_the_tokens_own_session() -> None:
    provider = fpt()
    session = session_of(provider.token_request().body)

    request = provider.request(outgoing(text=ACCENTED, accented=True), TOKEN)

    assert (request.method, request.url) == ("POST", "api/push-brandname-otp")
    assert request.body.replace(session.encode(), b"SESSION") == recorded("fpt/request.json")
    assert base64.b64decode(json.loads(request.body)["Message"]).decode() == ACCENTED


def test_each_channel_has_a_session_of_its_own_that_is_no_ones_business() -> None:
    one, other = fpt(), fpt()

    sessions = {session_of(each.token_request().body) for each in (one, other)}

    assert len(sessions) == 2
    assert set(one.secrets()) & sessions
    assert ACCOUNT["client_secret"] in one.secrets()


def test_the_same_text_is_not_offered_again_within_their_five_minutes() -> None:
    assert fpt().repeat_after == 300


def test_the_example_in_the_documentation_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.model_validate(example("fpt", monkeypatch))

    assert settings.templates_required


# Tokens


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (recorded("fpt/token.json"), Token(TOKEN, 86_400.0)),
        ({"access_token": TOKEN, "expires_in": "600"}, Token(TOKEN, 600.0)),
        ({"access_token": TOKEN}, Token(TOKEN, 3_600.0)),
        ({"access_token": TOKEN, "expires_in": -1}, Token(TOKEN, 3_600.0)),
        ({"access_token": TOKEN, "expires_in": 999_999_999}, Token(TOKEN, 2_592_000.0)),
        ({"access_token": TOKEN, "expires_in": ["soon"]}, Token(TOKEN, 3_600.0)),
    ],
)
def test_a_token_is_read_with_its_life(body: Any, token: Token) -> None:
    assert fpt().read_token(answer(body)) == token


@pytest.mark.parametrize(
    ("body", "status", "reading"),
    [
        (recorded("fpt/token-1008.json"), 401, Reading(Verdict.CONFIG, "1008")),
        (recorded("fpt/token-1008.json"), 200, Reading(Verdict.CONFIG, "1008")),
        ({"error": "invalid_client"}, 400, Reading(Verdict.CONFIG, "HTTP 400")),
        ({"access_token": ""}, 200, Reading(Verdict.CONFIG, "HTTP 200")),
        ({"access_token": "a\r\nX-Header: b"}, 200, Reading(Verdict.CONFIG, "HTTP 200")),
        ("<h1>Bad gateway</h1>", 502, Reading(Verdict.CONFIG, "HTTP 502")),
        ("", 429, Reading(Verdict.THROTTLED, "HTTP 429")),
    ],
)
def test_no_token_says_why(body: Any, status: int, reading: Reading) -> None:
    assert fpt().read_token(answer(body, status)) == reading


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_answer_is_no_token(name: str) -> None:
    read = fpt().read_token(answer(STRANGE[name]))

    assert isinstance(read, Reading)
    assert read.verdict is Verdict.CONFIG


# Answers


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("answer", Reading(Verdict.ACCEPTED, "", ("123",), "viettel")),
        ("answer-1013", Reading(Verdict.TOKEN, "1013")),
    ],
)
def test_recorded_answers_are_understood(name: str, reading: Reading) -> None:
    assert fpt().read(answer(recorded(f"fpt/{name}.json")), outgoing()) == reading


MEANINGS = {
    Verdict.TOKEN: "1011 1013",
    Verdict.DUPLICATE: "2501",
    Verdict.CONFIG: "1008 2513 2 -8",
    Verdict.TEMPLATE: "2518 5 -20",
    Verdict.PERMANENT: "2519 6 -18",
    Verdict.UNKNOWN: "1",
}


@pytest.mark.parametrize("name", ["error", "Error"])
@pytest.mark.parametrize("status", [200, 400, 401])
def test_every_code_has_its_class_whatever_the_status(name: str, status: int) -> None:
    expected = {code: verdict for verdict, codes in MEANINGS.items() for code in codes.split()}

    as_numbers = {code: fpt().read(answer({name: int(code)}, status), outgoing()) for code in CODES}
    as_text = {code: fpt().read(answer({name: code}, status), outgoing()) for code in CODES}

    assert as_numbers == as_text == {code: Reading(verdict, code) for code, verdict in expected.items()}


@pytest.mark.parametrize(
    ("body", "status", "reading"),
    [
        ({"error": 2600}, 400, Reading(Verdict.PERMANENT, "2600")),
        ({"error": 0, "MessageId": "77", "Telco": "GPC"}, 200, Reading(Verdict.ACCEPTED, "", ("77",), "vinaphone")),
        ({"MessageId": 77, "Telco": ["viettel"]}, 200, Reading(Verdict.ACCEPTED, "", ("77",))),
        ({"MessageId": 77, "error": 2519}, 200, Reading(Verdict.PERMANENT, "2519")),
        ({"message": "Unauthorized"}, 401, Reading(Verdict.TOKEN, "HTTP 401")),
        ({"Phone": "84901888484"}, 200, Reading(Verdict.UNKNOWN, "HTTP 200")),
        ("<h1>Sorry</h1>", 500, Reading(Verdict.UNKNOWN, "HTTP 500")),
    ],
)
def test_answers_beside_the_book(body: Any, status: int, reading: Reading) -> None:
    assert fpt().read(answer(body, status), outgoing()) == reading


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_their_answer_leaves_it_open_whether_it_was_sent(name: str) -> None:
    assert fpt().read(answer(STRANGE[name]), outgoing()).verdict is Verdict.UNKNOWN


def test_they_call_nobody() -> None:
    assert fpt().hear(called({"MessageId": "77"}), "dlr", at=NOW) == WebhookResult(status=404)
    assert not fpt().receipts


# End to end


async def test_messages_arrive_with_one_token_for_all() -> None:
    async with http_bench("fpt", **KEYS) as bench:
        sent = [item(ACCENTED) for _ in range(5)]

        outcomes = await asyncio.gather(*(bench.send(each) for each in sent))

        assert all(isinstance(outcome, Accepted) and outcome.carrier == "vinaphone" for outcome in outcomes)
        for each in sent:
            (shown,) = await bench.provider.texts(each.address.value)
            assert shown["text"] == ACCENTED


async def test_a_token_that_they_forgot_is_renewed_and_the_message_sent_once() -> None:
    async with http_bench("fpt", **KEYS) as bench:
        await bench.send(item())
        # Closing the doors forgets the tokens.
        await bench.provider.fault("down")
        await bench.provider.no_fault()
        sent = item()

        outcome = await bench.send(sent)

        assert isinstance(outcome, Accepted)
        assert len(await bench.provider.texts(sent.address.value)) == 1


async def test_a_token_that_ends_at_once_is_renewed_once_and_then_stops_the_channel() -> None:
    brief = {"accounts": {"fpt": {**ACCOUNT, "expires_in": "0"}}}
    async with http_bench("fpt", simulated=brief, **KEYS) as bench:
        assert await bench.send(item()) == ChannelDown("token: 1013")


async def test_numbers_meet_their_fates() -> None:
    async with http_bench("fpt", **KEYS, response_timeout=HASTE) as bench:
        refused = await bench.send(item(to=Fate.REFUSED))
        throttled = await bench.send(item(to=Fate.THROTTLED))
        swallowed = await bench.send(item(to=Fate.SWALLOWED))

    assert refused == Rejected("2599")
    assert throttled == Retry("HTTP 429", after=1.0, counts=False)
    assert isinstance(swallowed, Uncertain)


async def test_the_same_text_within_five_minutes_counts_as_sent() -> None:
    async with http_bench("fpt", **KEYS) as bench:
        first = item()

        taken = await bench.send(first)
        again = await bench.send(item(to=first.address.value))
        other = await bench.send(item("Ho so da duoc tiep nhan.", to=first.address.value))

        assert isinstance(taken, Accepted)
        assert again == Accepted(reason="2501: taken before")
        assert isinstance(other, Accepted)
        assert [line["decision"] for line in await bench.provider.log("submit")] == ["taken", "taken"]
        assert bench.channel.limits.repeat_after == 300


async def test_a_wrong_secret_stops_the_channel_before_anything_is_sent() -> None:
    async with http_bench("fpt", **{**KEYS, "client_secret": SecretStr("wrong")}) as bench:
        assert await bench.send(item()) == ChannelDown("token: 1008")
        assert not await bench.provider.log("submit")
