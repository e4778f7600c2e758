"""Callbacks: who may call, by which address, what becomes of what they say, and replies in our answer."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from adapters.channels.sms_http.channel import provider_of
from adapters.channels.sms_http.generic_settings import GenericSettings
from adapters.channels.sms_http.polling import Outstanding
from adapters.channels.sms_http.provider import Outgoing, Provider, Reading, Verdict
from adapters.channels.sms_http.replies import Replies
from adapters.channels.sms_http.settings import HttpSettings
from adapters.channels.sms_http.webhook import HttpWebhook
from adapters.http import Answer, Request
from bot.model.message import Accepted, DeliveryState, InboundMessage, Lane, OutboxItem, Receipt, Situation
from bot.model.person import Address
from bot.ports import WebhookRequest, WebhookResult
from tests.adapters.sms_http.support import NAME, HttpBench, http_bench, item
from tests.adapters.sms_http.test_generic import example

SECRET = "0123456789abcdef-XYZ"
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
CITIZEN = "+84912345678"
TABLE: dict[str, Any] = {
    "provider": "generic",
    "url": "http://127.0.0.1:9/send",
    "callback_secret": SecretStr(SECRET),
    "answers": [{"verdict": "accepted"}],
    "receipts": {"reference": {"query": "ref"}, "status": {"query": "s"}, "delivered": ["1"], "answer": "OK"},
    "mo": {"id": {"query": "id"}, "from": {"query": "from"}, "text": {"query": "text"}, "answer": "said: {reply}"},
}


def webhook(*, outstanding: Outstanding | None = None, replies: Replies | None = None, **changes: Any) -> HttpWebhook:
    settings = GenericSettings.model_validate({**TABLE, **changes})
    provider = provider_of(NAME, settings)
    return HttpWebhook(NAME, provider, clock=lambda: NOW, replies=replies or Replies(), outstanding=outstanding)


def call(
    tail: str = f"/{SECRET}/dlr", *, method: str = "GET", remote: str = "203.0.113.9", **query: str
) -> WebhookRequest:
    return WebhookRequest(method, f"/webhooks/{NAME}{tail}", query or {"ref": "m-1", "s": "1"}, {}, b"", remote)


def written(**changes: str) -> WebhookRequest:
    query = {"id": "mo-1", "from": "84912345678", "text": "TC H32"} | changes
    return WebhookRequest("GET", f"/webhooks/{NAME}/{SECRET}/mo", query, {}, b"", "203.0.113.9")


# Who may call


@pytest.mark.parametrize("tail", [f"/{SECRET}", f"/{SECRET}/", f"/{SECRET}/dlr"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_knows_the_secret_is_heard(tail: str, method: str) -> None:
    result = webhook().parse(call(tail, method=method))

    receipt = Receipt(channel=NAME, reference="m-1", state=DeliveryState.DELIVERED, reason="1", at=NOW, whole=True)
    assert result == WebhookResult((receipt,), body=b"OK")


@pytest.mark.parametrize(
    "tail", ["", "/", "/dlr", "/0123456789abcdef-XY", f"/{SECRET}X/dlr", f"//{SECRET}", "/ắ", "/\ud800"]
)
def test_a_wrong_secret_and_a_wrong_address_are_refused_alike(tail: str) -> None:
    strict = webhook(callback_networks=["198.51.100.0/24", "2001:db8::/32"])
    stranger = strict.parse(call())
    guesser = strict.parse(call(tail, remote="198.51.100.7"))

    assert stranger == guesser == WebhookResult(status=403)


@pytest.mark.parametrize(
    ("remote", "status"),
    [("198.51.100.7", 200), ("198.51.101.7", 403), ("2001:db8::1", 200), ("2001:db8:0:1::/64", 200), ("2002::1", 403),
     ("", 403), ("not an address", 403), ("127.0.0.1, 198.51.100.7", 403)],
)  # fmt: skip
def test_only_the_named_networks_are_heard(remote: str, status: int) -> None:
    strict = webhook(callback_networks=["198.51.100.0/24", "2001:db8::/32"])

    assert strict.parse(call(remote=remote)).status == status


@pytest.mark.parametrize("tail", ["", "/dlr", f"/{SECRET}/dlr", "/mo"])
def test_without_a_secret_nobody_is_heard(tail: str) -> None:
    assert webhook(callback_secret=None).parse(call(tail)) == WebhookResult(status=404)


class Signing(Provider[HttpSettings]):
    """The least that a provider who signs is."""

    settings_class = HttpSettings
    signed: ClassVar[bool] = True

    def request(self, message: Outgoing, token: str) -> Request:
        return Request("POST", "")

    def read(self, answer: Answer, message: Outgoing) -> Reading:
        return Reading(Verdict.ACCEPTED)

    def hear(self, request: WebhookRequest, tail: str, *, at: datetime) -> WebhookResult:
        return WebhookResult(body=f"tail {tail}".encode())


@pytest.mark.parametrize(("tail", "heard"), [("", "tail "), ("/dlr", "tail dlr"), ("/mo", "tail mo")])
def test_a_provider_who_signs_needs_no_secret(tail: str, heard: str) -> None:
    provider = Signing(NAME, HttpSettings(provider="signing", url="http://localhost"))
    hook = HttpWebhook(NAME, provider, clock=lambda: NOW, replies=Replies(), outstanding=None)

    assert hook.parse(call(tail)).body == heard.encode()


@pytest.mark.parametrize("tail", [f"/{SECRET}/mt", f"/{SECRET}/dlr/", f"/{SECRET}/dlr/more", f"/{SECRET}/%2e"])
def test_a_tail_that_there_is_none_of_is_not_found(tail: str) -> None:
    assert webhook().parse(call(tail)).status == 404


@pytest.mark.parametrize("path", ["", "/", "/webhooks", f"/webhooks/other/{SECRET}/dlr", f"/webhooks/{NAME}x/{SECRET}"])
def test_another_channels_address_is_not_found(path: str) -> None:
    assert webhook().parse(replace(call(), path=path)).status == 404


# What they say


def test_any_bytes_whatever_are_an_answer_and_never_an_error() -> None:
    rng, hook = random.Random(4), webhook()
    statuses = set()
    for _ in range(3_000):
        noise = rng.randbytes(rng.randrange(60))
        text = noise.decode("utf-8", "surrogateescape")
        query = {rng.choice(["ref", "s", "id", "from", "text", text]): text for _ in range(rng.randrange(4))}
        headers = {"content-type": rng.choice(["application/json", "application/x-www-form-urlencoded", text])}
        tail = rng.choice([f"/{SECRET}/dlr", f"/{SECRET}/mo", f"/{text}", text])
        request = WebhookRequest(rng.choice(["GET", "POST", text]), f"/webhooks/{NAME}{tail}", query, headers, noise)
        result = hook.parse(request)
        statuses.add(result.status)
        assert not result.events or SECRET in tail

    assert statuses == {200, 400, 403, 404}


def test_what_no_database_takes_is_taken_out() -> None:
    message = webhook().parse(written(text="Tra\x00 cu\u031b\u0301u\nH32 \ud800")).events[0]
    receipt = webhook().parse(call(ref="m\x00-1\n", s="1")).events[0]

    assert isinstance(message, InboundMessage)
    assert message.text == "Tra cứu\nH32 \ufffd"
    assert isinstance(receipt, Receipt)
    assert receipt.reference == "m-1 "


@pytest.mark.parametrize(
    ("said", "kept"),
    [("MC H32.15", "H32.15"), ("mc  H32.15", "H32.15"), ("Một Cửa H32", "H32"), ("MCH32", "MCH32"), ("mot cua", ""),
     ("", ""), ("H32 MC", "H32 MC")],
)  # fmt: skip
def test_words_that_only_steer_are_taken_off(said: str, kept: str) -> None:
    (message,) = webhook(keywords=["MC", "mot cua"]).parse(written(text=said)).events

    assert isinstance(message, InboundMessage)
    assert message.text == kept


async def test_a_receipt_that_came_by_itself_is_not_asked_for() -> None:
    outstanding = Outstanding(60, rng=random.Random())
    outstanding.add(["m-1", "m-2"])
    webhook(outstanding=outstanding).parse(call())
    webhook(outstanding=outstanding).parse(call(ref="m-2", s="8"))

    assert outstanding.waiting == 1


# Replies in our answer


def reply(to: InboundMessage, text: str = "Ho so da co ket qua.", **changes: Any) -> OutboxItem:
    return item(
        text,
        to=to.sender.value,
        lane=Lane.REPLY,
        situation=Situation.REPLY,
        origin=f"inbound:{to.channel}:{to.message_id}",
        **changes,
    )


async def answered(bench: HttpBench, *replies: str) -> tuple[dict[str, Any], Sequence[Any]]:
    """A citizen writes, and the bot sends these replies as soon as it has heard."""
    writing = asyncio.create_task(bench.provider.write("kannel", CITIZEN, "TC"))
    message = await bench.heard.inbound()
    outcomes = [await bench.send(reply(message, text)) for text in replies]
    return await writing, outcomes


async def test_the_reply_goes_in_the_answer_to_the_providers_call_and_costs_no_message() -> None:
    async with http_bench("generic", **example("kannel", reply_in_answer=True)) as bench:
        answer, outcomes = await answered(bench, "Ho so da co ket qua.")
        shown = await bench.provider.texts(CITIZEN, after=1)

    assert outcomes == [Accepted(reason="in the answer to the provider's call", final=True)]
    assert answer["reply"] == "Ho so da co ket qua."
    assert [text["text"] for text in shown] == ["Ho so da co ket qua."]


async def test_a_second_reply_goes_the_ordinary_way() -> None:
    async with http_bench("generic", **example("kannel", reply_in_answer=True)) as bench:
        answer, outcomes = await answered(bench, "Mot.", "Hai.")
        submitted = await bench.provider.until("submit")

    assert answer["reply"] == "Mot."
    assert isinstance(outcomes[1], Accepted)
    assert [line["text"] for line in submitted] == ["Hai."]


async def test_a_reply_too_late_goes_the_ordinary_way_and_the_answer_is_the_empty_one() -> None:
    replies = Replies(patience=0.01)
    hook = webhook(replies=replies, reply_in_answer=True)
    result = hook.parse(written())
    (message,) = result.events
    assert result.answer is not None
    assert isinstance(message, InboundMessage)
    body = await result.answer()

    assert body == b"said: "
    assert not await replies.offer(reply(message))


async def test_a_reply_that_is_quicker_than_the_web_server_waits_for_it() -> None:
    replies = Replies()
    result = webhook(replies=replies, reply_in_answer=True).parse(written())
    (message,) = result.events
    assert result.answer is not None
    assert isinstance(message, InboundMessage)
    offering = asyncio.create_task(replies.offer(reply(message, "Co <ket> qua.")))
    await asyncio.sleep(0)
    body = await result.answer()

    assert await offering
    assert body == b"said: Co <ket> qua."


async def test_a_reply_whose_call_never_waits_is_not_lost() -> None:
    replies = Replies(meeting=0.01)
    (message,) = webhook(replies=replies, reply_in_answer=True).parse(written()).events
    assert isinstance(message, InboundMessage)

    assert not await replies.offer(reply(message)), "the delivery failed, so nobody will write an answer"


@pytest.mark.parametrize(
    "changes", [{"lane": Lane.PUSH}, {"origin": f"inbound:{NAME}:mo-2"}, {"address": Address("sms", "+84987654321")}]
)
async def test_only_the_reply_to_this_very_message_goes_in_its_answer(changes: dict[str, Any]) -> None:
    replies = Replies(patience=0.05)
    result = webhook(replies=replies, reply_in_answer=True).parse(written())
    (message,) = result.events
    assert result.answer is not None
    assert isinstance(message, InboundMessage)
    waiting = asyncio.ensure_future(result.answer())
    await asyncio.sleep(0)
    taken = await replies.offer(replace(reply(message), **changes))

    assert not taken
    assert await waiting == b"said: "


async def test_a_call_that_the_provider_repeats_gets_the_same_reply_once_more() -> None:
    replies = Replies()
    hook = webhook(replies=replies, reply_in_answer=True)
    bodies = []
    for repetition in range(2):
        result = hook.parse(written())
        (message,) = result.events
        assert result.answer is not None
        assert isinstance(message, InboundMessage)
        waiting = asyncio.ensure_future(result.answer())
        await asyncio.sleep(0)
        if not repetition:
            await replies.offer(reply(message))
        bodies.append(await waiting)

    assert bodies == [b"said: Ho so da co ket qua."] * 2


async def test_a_message_that_could_not_be_stored_is_brought_again() -> None:
    async with http_bench("generic", **example("kannel")) as bench:
        bench.heard.failing = 2
        answer = await bench.provider.write("kannel", CITIZEN, "TC")
        stats = await bench.provider.stats()

    assert answer["acknowledged"]
    assert [message.text for message in bench.heard.messages] == ["TC"]
    assert (stats["mo_refused"], stats["mo_taken"]) == (2, 1)
