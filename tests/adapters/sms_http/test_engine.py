"""What became of a message, whatever the wire does: nothing left us, or an answer came, or nobody knows."""

import asyncio
import logging
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels import sms_http
from adapters.channels.sms_http.generic_settings import GenericSettings
from adapters.channels.sms_http.pace import Pace
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.providers import PROVIDERS
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.verdicts import outcome_of
from adapters.http import LONGEST_ANSWER, Answer, Request
from bot.model.errors import ChannelError, ConfigError
from bot.model.message import Accepted, ChannelDown, Outcome, Rejected, Retry, Situation, Uncertain
from bot.model.person import Address
from bot.ports import Channel
from tests.adapters.sms_http.support import TEXT, Canned, canned, free_port, http_answer, item

PASSWORD = "k3y-0f-the-0ffice"
OK = http_answer("200 OK", '{"code":0,"id":"m-1"}')
RULES = [
    {"path": "code", "equals": "0", "verdict": "accepted"},
    {"path": "code", "equals": "7", "verdict": "temporary"},
    {"path": "code", "equals": "8", "verdict": "permanent"},
    {"path": "code", "equals": "9", "verdict": "throttled"},
]


def table(url: str, **changes: Any) -> GenericSettings:
    ordinary = {
        "provider": "generic",
        "url": f"{url}/send",
        "query": {"key": "{password}", "to": "{digits}", "text": "{text}"},
        "password": SecretStr(PASSWORD),
        "sender": "MOTCUA",
        "connect_timeout": 1,
        "response_timeout": 0.2,
        "reference": {"path": "id"},
        "answers": RULES,
    }
    return GenericSettings.model_validate({**ordinary, **changes})


@asynccontextmanager
async def gateway(url: str, **changes: Any) -> AsyncIterator[Channel]:
    async with sms_http.open("gateway", table(url, **changes)) as channel:
        yield channel


@dataclass
class Tried:
    outcome: Outcome
    server: Canned


async def tried(*answers: bytes | None, **changes: Any) -> Tried:
    """What becomes of one message whose provider answers so."""
    async with canned(*answers) as server, gateway(server.url, **changes) as channel:
        return Tried(await channel.sender.send(item()), server)


# Nothing left us


async def test_a_closed_door_is_the_channels_trouble() -> None:
    async with gateway(f"http://127.0.0.1:{free_port()}") as channel:
        outcome = await channel.sender.send(item())

    assert outcome == ChannelDown("no connection (ECONNREFUSED)")


async def test_a_host_without_an_address_is_the_channels_trouble() -> None:
    async with gateway("http://localhost.invalid:80") as channel:
        outcome = await channel.sender.send(item())

    assert isinstance(outcome, ChannelDown)


async def test_a_server_that_does_not_speak_tls_gets_nothing() -> None:
    async with canned(OK) as server, gateway(server.url.replace("http:", "https:"), connect_timeout=0.1) as channel:
        outcome = await channel.sender.send(item())

    assert isinstance(outcome, ChannelDown)
    assert server.requests == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A home-made certificate for localhost, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate of this test, is not installed")
    made, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", made, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


async def test_a_certificate_that_nobody_vouches_for_gets_nothing_until_it_is_named(
    certificate: tuple[Path, Path],
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    async with canned(OK, tls=context) as server:
        async with gateway(server.url) as stranger:
            refused = await stranger.sender.send(item())
        asked_by_stranger = len(server.requests)
        async with gateway(server.url, ca_file=certificate[0]) as known:
            accepted = await known.sender.send(item())
        async with gateway(server.url, verify_tls=False) as careless:
            careless_too = await careless.sender.send(item())

    assert refused == ChannelDown("the server's certificate cannot be trusted")
    assert asked_by_stranger == 0
    assert accepted == careless_too == Accepted(("m-1",))


async def test_a_ca_file_that_holds_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")

    with pytest.raises(ConfigError, match="ca_file"):
        async with gateway("https://localhost", ca_file=tmp_path / "ca.pem"):
            pass


async def test_a_proxy_that_refuses_to_connect_has_sent_nothing() -> None:
    async with (
        canned(http_answer("403 Forbidden")) as proxy,
        gateway("https://sms.example", proxy=proxy.url) as channel,
    ):
        outcome = await channel.sender.send(item())

    assert outcome == ChannelDown("the proxy answers 403")
    assert proxy.requests[0].startswith(b"CONNECT sms.example:443 ")


# It left us, and nobody knows


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_request_that_was_read_and_not_answered_is_uncertain_and_made_once(method: str) -> None:
    result = await tried(b"", method=method)

    assert result.outcome == Uncertain("no answer (the connection fell)")
    assert len(result.server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_kept_connection_that_falls_under_the_second_message_carries_it_once(method: str) -> None:
    async with canned(OK, b"", OK) as server, gateway(server.url, method=method) as channel:
        outcomes = [await channel.sender.send(item()) for _ in range(2)]

    assert outcomes == [Accepted(("m-1",)), Uncertain("no answer (the connection fell)")]
    assert len(server.requests) == 2


async def test_silence_is_uncertain() -> None:
    result = await tried(None)

    assert result.outcome == Uncertain("no answer in time")


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x01 what is this\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"code":0',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        http_answer("200 OK", "x" * (LONGEST_ANSWER + 1)),
        http_answer("200 OK", "<html>Welcome to the hotel's Wi-Fi</html>"),
        http_answer("500 Internal Server Error", "<h1>Oops</h1>"),
        http_answer("503 Service Unavailable"),
    ],
    ids=["no HTTP", "cut short", "bad chunks", "bad gzip", "too long", "another's page", "500", "503"],
)
async def test_an_answer_that_cannot_be_read_is_uncertain(answer: bytes) -> None:
    result = await tried(answer)

    assert isinstance(result.outcome, Uncertain)
    assert len(result.server.requests) == 1


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
async def test_what_a_proxy_in_between_says_hides_what_was_behind_it(status: str) -> None:
    result = await tried(http_answer(status, '{"code":8}'))

    assert result.outcome == Uncertain(f"HTTP {status[:3]}")


# An answer came


async def test_a_known_answer_with_status_500_is_what_the_provider_says() -> None:
    result = await tried(http_answer("500 Internal Server Error", '{"code":7}'))

    assert result.outcome == Retry("7")


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_provider_that_names_a_pause_gets_it_and_the_message_is_not_blamed(status: str) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True)
    seconds = await tried(http_answer(status, Retry_After="17"))
    date = await tried(http_answer(status, Retry_After=in_a_minute))

    assert seconds.outcome == Retry(f"HTTP {status[:3]}", 17.0, counts=False)
    assert isinstance(date.outcome, Retry)
    assert date.outcome.after == pytest.approx(60, abs=3)


async def test_too_fast_without_a_pause_waits_a_little() -> None:
    plain, coded = await tried(http_answer("429 Too Many Requests")), await tried(http_answer("200 OK", '{"code":9}'))

    assert plain.outcome == Retry("HTTP 429", 1.0, counts=False)
    assert coded.outcome == Retry("9", 1.0, counts=False)


def test_pauses_grow_while_it_is_too_fast_and_one_acceptance_forgives() -> None:
    now = 0.0
    pace = Pace(monotonic=lambda: now)
    pauses = []
    for _ in range(8):
        pauses.append(pace.throttled())
        assert pace.throttled() == pauses[-1], "those that left together are one"
        now += pauses[-1]
    pace.accepted()

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pace.throttled() == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with canned(OK) as elsewhere:
        result = await tried(http_answer(f"{status} Moved", Location=f"{elsewhere.url}/send"))

    assert isinstance(result.outcome, ChannelDown)
    assert elsewhere.requests == []


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy Authentication"])
async def test_a_block_page_is_the_channels_trouble_and_nothing_was_sent(status: str) -> None:
    result = await tried(http_answer(status, "<html>blocked</html>"))

    assert isinstance(result.outcome, ChannelDown)


async def test_codes_that_the_configuration_knows_mean_what_it_says() -> None:
    duplicate = await tried(http_answer("200 OK", '{"code":8}'), statuses={"8": "duplicate"})

    assert duplicate.outcome == Accepted(reason="8: taken before")


async def test_a_word_that_is_no_verdict_is_named_at_the_start() -> None:
    with pytest.raises(ConfigError, match='"147"'):
        async with gateway("http://localhost", statuses={"147": "pernament"}):
            pass


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.ACCEPTED, Accepted(("r",), "viettel")),
        (Verdict.DUPLICATE, Accepted(("r",), "viettel", "124: taken before")),
        (Verdict.CONFIG, ChannelDown("124")),
        (Verdict.BALANCE, ChannelDown("124")),
        (Verdict.TOKEN, ChannelDown("124")),
        (Verdict.PERMANENT, Rejected("124")),
        (Verdict.BLOCKED, Rejected("124", blocked=True)),
        (Verdict.TEMPLATE, Rejected("template: 124")),
        (Verdict.THROTTLED, Retry("124", 3.0, counts=False)),
        (Verdict.TEMPORARY, Retry("124", 3.0)),
        (Verdict.UNKNOWN, Uncertain("124", ("r",))),
    ],
)
def test_each_class_of_answers_is_one_outcome(verdict: Verdict, outcome: Outcome) -> None:
    assert outcome_of(Reading(verdict, "124", ("r",), "viettel", 3.0)) == outcome


class Misread(Provider[HttpSettings]):
    """Its author did not think of this answer."""

    settings_class = HttpSettings

    def request(self, message: Outgoing, token: str) -> Request:
        return Request.of_json("/send", {})

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        return Reading(Verdict(answer.json()["verdict"]))


async def test_an_answer_that_our_own_code_stumbles_over_is_uncertain_and_not_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(PROVIDERS, "misread", Misread)
    async with canned(OK) as server:
        settings = HttpSettings(provider="misread", url=server.url, sender="MOTCUA")
        async with sms_http.open("gateway", settings) as channel:
            outcome = await channel.sender.send(item())

    assert outcome == Uncertain("the answer could not be read")
    assert "KeyError at test_engine.py" in caplog.text


# Before it leaves


@pytest.mark.parametrize("number", ["", "0912345678", "+84", "+84912345678\n", "+8491234567८", "8041", "+" + "9" * 400])
async def test_an_address_that_is_no_number_never_leaves(number: str) -> None:
    async with canned(OK) as server, gateway(server.url) as channel:
        outcome = await channel.sender.send(item(address=Address("sms", number)))

    assert outcome == Rejected("the address is not an international number")
    assert server.requests == []


async def test_a_text_that_is_not_the_registered_one_never_leaves() -> None:
    templates = {"result": {"id": "5689", "pattern": "Ho so {1} da co ket qua."}}
    query = {"template": "{template}", "code": "{value_1}", "missing": "{value_2}"}
    async with canned(OK) as server, gateway(server.url, templates=templates, query=query) as channel:
        other = await channel.sender.send(item("Ho so cua ban xong roi", situation=Situation.RESULT))
        fits = await channel.sender.send(item(TEXT, situation=Situation.RESULT))

    assert other == Rejected("the text does not fit the registered template for result")
    assert isinstance(fits, Accepted)
    assert [each.split(b" ")[1] for each in server.requests] == [
        b"/send?template=5689&code=H32.15-261122-0001&missing="
    ]


async def test_a_kind_without_a_template_never_leaves_where_all_must_have_one_but_replies_do() -> None:
    async with canned(OK) as server, gateway(server.url, templates_required=True) as channel:
        push = await channel.sender.send(item(situation=Situation.PROGRESS))
        reply = await channel.sender.send(item(situation=Situation.REPLY))

    assert push == Rejected("no registered template for progress")
    assert isinstance(reply, Accepted)


async def test_the_messages_own_sender_goes_before_the_channels_and_some_sender_there_must_be() -> None:
    query = {"from": "{sender}"}
    async with canned(OK) as server, gateway(server.url, query=query) as channel:
        await channel.sender.send(item(sender="SOTNMT"))
        await channel.sender.send(item())
    async with canned(OK) as none, gateway(none.url, sender="") as nameless:
        outcome = await nameless.sender.send(item())

    assert [each.split(b" ")[1] for each in server.requests] == [b"/send?from=SOTNMT", b"/send?from=MOTCUA"]
    assert isinstance(outcome, ChannelDown)
    assert none.requests == []


async def test_what_is_longer_than_255_parts_or_empty_is_refused_here() -> None:
    async with canned(OK) as server, gateway(server.url) as channel:
        long, empty = await channel.sender.send(item("Hồ sơ " * 3000)), await channel.sender.send(item(""))

    assert isinstance(long, Rejected)
    assert empty == Rejected("the text is empty")
    assert server.requests == []


async def test_many_messages_are_under_way_at_once() -> None:
    async with canned(None) as server, gateway(server.url, window=30, response_timeout=5) as channel:
        sending = [asyncio.create_task(channel.sender.send(item())) for _ in range(30)]
        async with asyncio.timeout(20):
            while len(server.requests) < 30:
                await asyncio.sleep(0.01)
        for task in sending:
            task.cancel()
        await asyncio.wait(sending)


# Privacy, limits, the trial


async def test_no_secret_number_or_text_reaches_a_log_or_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = "Noi dung rieng cua cong dan"
    answers = [OK, b"", None, b"\x00 nonsense\r\n\r\n", http_answer("302 Found", Location="/?key=" + PASSWORD)]
    answers += [http_answer("200 OK", '{"code":"sent to +84912345678"}'), http_answer("400 Bad", "0912 345 678")]
    reasons = []
    for answer in answers:
        async with canned(answer) as server, gateway(server.url, answers=[{"path": "code", "verdict": "config"}]) as us:
            outcome = await us.sender.send(item(text, to="+84912345678"))
            reasons.append(outcome.reason)
    async with gateway(f"http://127.0.0.1:{free_port()}") as closed:
        reasons.append((await closed.sender.send(item(text, to="+84912345678"))).reason)
        secrets = closed.secrets

    said = caplog.text + " ".join(reasons)
    hidden = (PASSWORD, "912345678", "912 345 678", "rieng", "/send")
    assert [word for word in hidden if word in said] == []
    assert PASSWORD in secrets


async def test_the_limits_are_those_of_the_table() -> None:
    receipts = {"id": {"query": "id"}, "status": {"query": "s"}, "delivered": ["1"]}
    called = {"receipts": receipts, "callback_secret": SecretStr("0123456789abcdef")}
    more = {"rate": 12.5, "window": 7, "reserved": 0.3, "honours_reference": True, "repeat_after": 300}
    async with gateway("http://localhost", **called, **more) as channel, gateway("http://localhost") as plain:
        limits, none = channel.limits, plain.limits

    assert (limits.rate, limits.window, limits.reserved, limits.repeat_after) == (12.5, 7, 0.3, 300)
    assert (limits.receipts, limits.honours_reference, limits.plain, limits.longest) == (True, True, True, 0)
    assert (none.receipts, none.honours_reference, none.repeat_after) == (False, False, 0)


async def test_the_trial_connects_and_sends_nothing() -> None:
    async with canned(OK) as server:
        line = await sms_http.check(table(server.url))

    assert "kết nối được" in line
    assert server.requests == []


async def test_the_trial_says_which_door_is_closed() -> None:
    port = free_port()

    with pytest.raises(ChannelError, match=rf"không kết nối được tới 127\.0\.0\.1:{port} / cannot connect"):
        await sms_http.check(table(f"http://127.0.0.1:{port}"))


async def test_a_secret_that_can_be_guessed_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="callback_secret"):
        async with gateway("http://localhost", callback_secret=SecretStr("short")):
            pass
