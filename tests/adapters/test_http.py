"""A call to a provider: made at most once, ended in time, and never a word about where it went."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from adapters.http import Answer, Caller, DoorClosed, NotSent, Reached, Request, Unanswered, calling, outcome_of_failure
from bot.model.message import ChannelDown, Uncertain
from tests.adapters.sms_http.support import canned, free_port, http_answer

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
KEY = "k3y-in-the-address"


@asynccontextmanager
async def caller(**changes: Any) -> AsyncIterator[Caller]:
    async with calling(**{"window": 2, "connect_timeout": 10, "response_timeout": 10, **changes}) as one:
        yield one


async def asked(url: str, method: str = "POST", **changes: Any) -> Reached:
    async with caller(**changes) as one:
        return await one.ask(Request(method, f"{url}/bot{KEY}/send"))


async def test_an_answer_comes_back_as_it_is_with_its_headers_names_in_lower_case() -> None:
    async with canned(http_answer("418 Teapot", '{"ok": "vâng"}', X_Quota="7")) as server:
        answer = await asked(server.url)

    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-quota"], answer.json()) == (418, "7", {"ok": "vâng"})


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b"[" * 100_000, b"\xff\xfe", b'{"a": 1'],
    ids=["nothing", "a list", "a page", "a well", "no UTF-8", "cut short"],
)
def test_a_body_that_is_no_json_object_is_an_empty_one(body: bytes) -> None:
    assert Answer(200, {}, body).json() == {}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
async def test_a_call_whose_connection_falls_is_not_made_again(method: str, kept: bool) -> None:
    answers = (http_answer("200 OK"), b"", http_answer("200 OK")) if kept else (b"", http_answer("200 OK"))
    async with canned(*answers) as server, caller() as one:
        ends = [await one.ask(Request(method, server.url)) for _ in range(2 if kept else 1)]
        made = len(server.requests)

    assert ends[-1] == Unanswered("no answer (the connection fell)")
    assert made == len(ends)


async def test_what_took_too_long_to_answer_may_have_been_read_and_patience_waits_longer() -> None:
    async def slow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(http_answer("200 OK"))
        writer.close()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    async with server, caller(response_timeout=0.1) as one:
        request = Request("GET", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        impatient, patient = await one.ask(request), await one.ask(request, patience=2)

    assert impatient == Unanswered("no answer in time")
    assert isinstance(patient, Answer)


async def test_an_answer_of_the_longest_length_is_read_and_a_longer_one_tells_only_its_status() -> None:
    async with canned(http_answer("200 OK", "x" * 10), http_answer("403 Forbidden", "x" * 11)) as server:
        whole = await asked(server.url, longest=10)
        long = await asked(server.url, longest=10)

    assert isinstance(whole, Answer)
    assert len(whole.body) == 10
    assert long == Unanswered("the answer is too long", 403)


async def test_no_connection_in_time_leaves_the_door_open_to_another_try() -> None:
    async with canned(None) as server:  # it reads, and never shakes hands
        end = await asked(server.url.replace("http:", "https:"), connect_timeout=0.3)

    assert end == NotSent("no connection in time")
    assert outcome_of_failure(end) == ChannelDown("no connection in time")


@pytest.mark.parametrize(
    ("url", "proxy", "end"),
    [
        ("http://127.0.0.1:{closed}", "", DoorClosed("no connection (ECONNREFUSED)")),
        ("http://localhost.invalid", "", DoorClosed("the host's name is not known")),
        ("https://sms.example", "{proxy}", DoorClosed("the proxy answers 403")),
        ("https://sms.example", "http://127.0.0.1:{closed}", DoorClosed("no connection (ECONNREFUSED)")),
        ("http://[::1", "", DoorClosed("the address is not a URL")),
        ("ftp://sms.example", "", DoorClosed("the address is not a URL")),
    ],
)
async def test_a_closed_door_is_told_from_a_slow_one(url: str, proxy: str, end: NotSent) -> None:
    async with canned(http_answer("403 Forbidden")) as refusing:
        places = {"closed": free_port(), "proxy": refusing.url}
        found = await asked(url.format_map(places), proxy=proxy.format_map(places))

    assert found == end
    assert outcome_of_failure(end) == ChannelDown(end.reason)


async def test_neither_a_redirect_nor_a_cookie_is_followed() -> None:
    async with canned(http_answer("200 OK")) as elsewhere:
        moved = http_answer("307 Temporary Redirect", Location=elsewhere.url, Set_Cookie="session=1; Path=/")
        async with canned(moved) as server, caller() as one:
            ends = [await one.ask(Request("POST", server.url)) for _ in range(2)]

    assert [isinstance(end, Answer) and end.status for end in ends] == [307, 307]
    assert elsewhere.requests == []
    assert b"session" not in server.requests[-1]


async def test_no_end_and_no_log_tells_the_address_or_the_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = Request.of_json(f"/{KEY}", {"text": "Nội dung riêng"}, {"access_token": KEY})
    async with canned(b"", None, b"\x00\x01\r\n\r\n") as server:
        ends = [await asked(server.url, response_timeout=1) for _ in range(3)]
        ends += [await asked(f"http://127.0.0.1:{free_port()}"), await asked(f"nothing://{KEY}")]

    told = f"{ends} {request} {caplog.text}"
    assert not [word for word in (KEY, "riêng", "127.0.0.1") if word in told]
    assert [type(end) for end in ends] == [Unanswered, Unanswered, Unanswered, DoorClosed, DoorClosed]
    assert outcome_of_failure(Unanswered("no answer in time")) == Uncertain("no answer in time")


def test_what_is_sent_is_utf_8_and_says_what_it_is() -> None:
    as_json, as_form = Request.of_json("/a", {"t": "đã"}, {"key": "1"}), Request.of_form("/a", {"t": "đã & xong"})

    assert (as_json.method, as_json.body) == ("POST", '{"t": "đã"}'.encode())
    assert as_json.headers == {"Content-Type": "application/json; charset=utf-8", "key": "1"}
    assert (as_form.method, as_form.body) == ("POST", b"t=%C4%91%C3%A3+%26+xong")
    assert as_form.headers == {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("999999", 3600.0),
        (format_datetime(NOON + timedelta(minutes=1), usegmt=True), 60.0),
        (format_datetime(NOON - timedelta(days=1), usegmt=True), 0.0),
        (format_datetime(NOON + timedelta(days=1), usegmt=True), 3600.0),
        ("", None),
        ("soon", None),
        ("9" * 400, None),
        ("-5", None),
    ],
)
def test_a_pause_that_is_asked_for_is_seconds_or_a_date_and_an_hour_at_most(value: str, seconds: float | None) -> None:
    assert Answer(429, {"retry-after": value}, b"").retry_after(NOON) == seconds
