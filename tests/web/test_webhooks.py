"""Providers' calls: parsed, delivered, and only then answered."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from bot.model.clock import utc_now
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.ports import Storage, WebhookRequest, WebhookResult
from tests.web.office import Office, open_office


class Echo:
    """Signed where the header says so; the body is what the citizen wrote."""

    def __init__(self) -> None:
        self.requests: list[WebhookRequest] = []

    def parse(self, request: WebhookRequest) -> WebhookResult:
        self.requests.append(request)
        if request.method == "GET":
            return WebhookResult(body=request.query["challenge"].encode())
        if request.path.endswith("/mo"):
            return WebhookResult(answer=self.answer)
        if request.headers.get("x-signature") != "good":
            return WebhookResult(status=401)
        message = InboundMessage(
            channel="echo",
            message_id="1",
            sender=Address("webchat", "somebody"),
            text=request.body.decode(),
            at=utc_now(),
        )
        return WebhookResult(events=(message,), body=b'{"ok":true}', content_type="application/json")

    async def answer(self) -> bytes:
        return b"<reply/>"


@pytest.fixture
async def hooked(sqlite_storage: Storage) -> AsyncIterator[tuple[Office, Echo]]:
    echo = Echo()
    async with open_office(sqlite_storage, webhooks={"echo": echo}) as office:
        yield office, echo


async def test_a_signed_call_is_delivered_and_answered_as_the_provider_wants(hooked: tuple[Office, Echo]) -> None:
    office, _ = hooked
    visitor = await office.stranger()

    async with visitor.http.post(
        f"{office.url}/webhooks/echo", data=b"xin ch\xc3\xa0o", headers={"X-Signature": "good"}
    ) as answer:
        body = await answer.read()

    assert (answer.status, body, answer.content_type) == (200, b'{"ok":true}', "application/json")
    assert [message.text for message in office.clerk.heard] == ["xin chào"]


async def test_an_unsigned_call_is_refused_and_nothing_is_delivered(hooked: tuple[Office, Echo]) -> None:
    office, _ = hooked
    visitor = await office.stranger()

    async with visitor.http.post(f"{office.url}/webhooks/echo", data=b"x") as answer:
        assert answer.status == 401

    assert office.clerk.heard == []


async def test_what_cannot_be_kept_is_not_acknowledged(hooked: tuple[Office, Echo]) -> None:
    office, _ = hooked
    office.clerk.is_deaf = True
    visitor = await office.stranger()

    async with visitor.http.post(f"{office.url}/webhooks/echo", data=b"x", headers={"X-Signature": "good"}) as answer:
        assert answer.status == 503


async def test_a_provider_may_ask_first(hooked: tuple[Office, Echo]) -> None:
    office, echo = hooked
    visitor = await office.stranger()

    async with visitor.http.get(f"{office.url}/webhooks/echo?challenge=42") as answer:
        assert await answer.text() == "42"

    assert echo.requests[0].path == "/webhooks/echo"


async def test_what_follows_the_name_is_the_adapters_to_read_and_it_learns_who_calls(
    hooked: tuple[Office, Echo],
) -> None:
    office, echo = hooked
    visitor = await office.stranger()

    async with visitor.http.post(f"{office.url}/webhooks/echo/s3cret/mo", data=b"x") as answer:
        assert await answer.read() == b"<reply/>", "made after the delivery"

    assert echo.requests[0].path == "/webhooks/echo/s3cret/mo"
    assert echo.requests[0].remote == "127.0.0.1"


async def test_a_body_over_the_limit_is_not_even_parsed(hooked: tuple[Office, Echo]) -> None:
    office, echo = hooked
    visitor = await office.stranger()

    async with visitor.http.post(f"{office.url}/webhooks/echo", data=BytesIO(b"x" * (1024 * 1024 + 1))) as answer:
        assert answer.status == 413

    assert echo.requests == []


async def test_an_unknown_provider_is_not_there(hooked: tuple[Office, Echo]) -> None:
    office, _ = hooked
    visitor = await office.stranger()

    async with visitor.http.post(f"{office.url}/webhooks/other", data=b"x") as answer:
        assert answer.status == 404
