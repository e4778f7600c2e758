"""The sandbox: every fate of a number, without a provider and without a socket."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from adapters import sandbox
from adapters.sandbox import sandboxed
from bot.model.clock import utc_now
from bot.model.message import (
    Accepted,
    DeliveryState,
    InboundMessage,
    OutboxItem,
    Outcome,
    Receipt,
    Rejected,
    Retry,
    Uncertain,
)
from bot.model.person import Address
from bot.ports import Channel
from bot.settings import Secret, SmsSettings
from tests.support.making import message

SOON = 20.0
DELAY = 0.02


@dataclass
class Desk:
    """An open sandbox whose listener runs, and what it delivered."""

    channel: Channel
    receipts: list[Receipt] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    failing: int = 0
    """The next so many deliveries fail."""
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def send(self, item: OutboxItem) -> Outcome:
        return await self.channel.sender.send(item)

    async def deliver(self, events: Sequence[Receipt | InboundMessage]) -> None:
        async with self._news:
            self._news.notify_all()
            self.tries.append(len(events))
            if self.failing:
                self.failing -= 1
                raise OSError("the database is away")
            self.receipts += [event for event in events if isinstance(event, Receipt)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON), self._news:
            await self._news.wait_for(true)


def to(ending: str, **changes: Any) -> OutboxItem:
    return message(address=Address("sms", f"+8491234{ending}"), **changes)


@asynccontextmanager
async def desk(*, slow_delay: float = 10 * DELAY, settings: SmsSettings | None = None) -> AsyncIterator[Desk]:
    async with sandboxed("sms", settings or SmsSettings(), delay=DELAY, slow_delay=slow_delay) as channel:
        here = Desk(channel)
        assert channel.listener
        listening = asyncio.create_task(channel.listener.listen(here.deliver))
        try:
            yield here
        finally:
            listening.cancel()
            await asyncio.wait([listening])


@pytest.mark.parametrize(
    ("ending", "state", "reason"),
    [
        ("5678", DeliveryState.DELIVERED, "sandbox: arrives"),
        ("0002", DeliveryState.FAILED, "sandbox: undeliverable"),
        ("0004", DeliveryState.DELIVERED, "sandbox: slow"),
        ("0009", DeliveryState.EXPIRED, "sandbox: expires"),
    ],
)
async def test_a_receipt_follows_with_reference_and_carrier(ending: str, state: DeliveryState, reason: str) -> None:
    async with desk() as here:
        outcome = await here.send(to(ending))
        assert here.receipts == []

        await here.until(lambda: bool(here.receipts))

    assert isinstance(outcome, Accepted)
    [receipt] = here.receipts
    assert ((receipt.reference,), receipt.item_id) == (outcome.references, "")
    assert (receipt.channel, receipt.state, receipt.reason) == ("sms", state, reason)
    assert receipt.carrier == "vinaphone"
    assert abs((receipt.at - utc_now()).total_seconds()) < SOON


async def test_a_refused_number_is_rejected_and_hears_nothing_more() -> None:
    async with desk() as here:
        outcome = await here.send(to("0001"))
        await here.send(to("5678"))
        await here.until(lambda: bool(here.receipts))

    assert outcome == Rejected("sandbox: the number is refused")
    assert len(here.receipts) == 1


@pytest.mark.parametrize("ending", ["0003", "0008"])
async def test_silent_and_swallowed_numbers_have_no_receipt(ending: str) -> None:
    async with desk() as here:
        outcome = await here.send(to(ending))
        await here.send(to("0004"))
        await here.until(lambda: bool(here.receipts))

    assert isinstance(outcome, Accepted if ending == "0003" else Uncertain)
    assert [receipt.reason for receipt in here.receipts] == ["sandbox: slow"]


async def test_a_slow_receipt_comes_after_an_ordinary_one() -> None:
    async with desk() as here:
        await here.send(to("0004"))
        await here.send(to("5678"))
        await here.until(lambda: len(here.receipts) == 2)

    assert [receipt.reason for receipt in here.receipts] == ["sandbox: arrives", "sandbox: slow"]


async def test_a_hasty_receipt_is_there_before_the_answer() -> None:
    async with desk() as here:
        outcome = await here.send(to("0005", text="Ho so " * 60))

        assert isinstance(outcome, Accepted)
        assert tuple(receipt.reference for receipt in here.receipts) == outcome.references
        assert len(outcome.references) == 3


async def test_a_hasty_answer_comes_although_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_HASTE", 0.01)
    async with sandboxed("sms", SmsSettings()) as channel, asyncio.timeout(SOON):
        assert isinstance(await channel.sender.send(to("0005")), Accepted)


async def test_a_throttled_text_is_put_off_twice_and_then_arrives() -> None:
    async with desk() as here:
        first, second, third = [await here.send(to("0006")) for _ in range(3)]
        other = await here.send(to("0006", text="Tin khac."))
        await here.until(lambda: bool(here.receipts))

    assert first == second == other == Retry("sandbox: throttled", 1.0, counts=False)
    assert isinstance(third, Accepted)
    assert [receipt.state for receipt in here.receipts] == [DeliveryState.DELIVERED]


async def test_a_dropped_message_becomes_known_by_our_id_and_a_repetition_arrives_too() -> None:
    item = to("0007")
    async with desk() as here:
        outcome = await here.send(item)
        await here.until(lambda: bool(here.receipts))
        again = await here.send(item)
        await here.until(lambda: len(here.receipts) == 2)

    assert outcome == Uncertain("sandbox: the connection fell")
    assert isinstance(again, Accepted)
    assert [receipt.item_id for receipt in here.receipts] == [item.id, ""]


async def test_a_long_text_has_a_reference_and_a_receipt_for_each_part() -> None:
    async with desk() as here:
        outcome = await here.send(to("5678", text="Hồ sơ của Ông/Bà đã có kết quả. " * 6))
        await here.until(lambda: len(here.receipts) == 3)

    assert isinstance(outcome, Accepted)
    assert [receipt.reference for receipt in here.receipts] == list(outcome.references)
    assert len(set(outcome.references)) == 3


async def test_a_receipt_that_is_refused_is_delivered_again_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    async with desk() as here:
        here.failing = 2
        outcome = await here.send(to("5678"))
        await here.until(lambda: bool(here.receipts))

    assert isinstance(outcome, Accepted)
    assert (here.tries, [receipt.reference for receipt in here.receipts]) == ([1, 1, 1], list(outcome.references))
    assert "1 sandbox receipts could not be stored (OSError)" in caplog.text


async def test_a_listener_that_was_cut_off_leaves_the_receipts_to_the_next() -> None:
    async with sandboxed("sms", SmsSettings(), delay=0) as channel:
        assert channel.listener
        stuck = asyncio.Event()

        async def hang(events: Sequence[Receipt | InboundMessage]) -> None:
            stuck.set()
            await asyncio.Event().wait()

        await channel.sender.send(to("5678"))
        first = asyncio.create_task(channel.listener.listen(hang))
        await stuck.wait()
        first.cancel()
        await asyncio.wait([first])
        here = Desk(channel)
        second = asyncio.create_task(channel.listener.listen(here.deliver))
        await here.until(lambda: bool(here.receipts))
        second.cancel()
        await asyncio.wait([second])

    assert len(here.receipts) == 1


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "ROOM", 2)
    async with desk(slow_delay=60) as here:
        outcomes = [await here.send(to("0004")) for _ in range(3)]

    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted, Retry]


async def test_of_many_unlucky_texts_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_MOST_MET", 1)
    async with desk() as here:
        outcomes = [await here.send(to("0006", text=text)) for text in "AABAAA"]

    assert [type(outcome) for outcome in outcomes] == [Retry, Retry, Retry, Retry, Retry, Accepted]


async def test_many_receipts_come_in_batches() -> None:
    async with desk() as here:
        await asyncio.gather(*(here.send(to("5678")) for _ in range(1_200)))
        await here.until(lambda: len(here.receipts) == 1_200)

    assert len({receipt.reference for receipt in here.receipts}) == 1_200
    assert max(here.tries) <= sandbox.BATCH


@pytest.mark.parametrize("value", ["", "0912345678", "8041", "+84", "+8491234567\n", "+84٩12345678", "9" * 400])
async def test_what_is_no_international_number_is_rejected(value: str) -> None:
    async with desk() as here:
        outcome = await here.send(message(address=Address("sms", value)))

    assert outcome == Rejected("the address is not an international number")


async def test_a_text_beyond_all_parts_is_rejected() -> None:
    async with desk() as here:
        outcome = await here.send(to("5678", text="a" * 153 * 256))

    assert outcome == Rejected("the text needs 256 parts, more than 255")


async def test_it_opens_no_socket_and_says_so_in_both_languages(caplog: pytest.LogCaptureFixture) -> None:
    sockets: list[str] = []
    watching = True

    def watch(event: str, _: tuple[Any, ...]) -> None:
        if watching and event.startswith("socket."):
            sockets.append(event)

    sys.addaudithook(watch)
    async with desk() as here:
        for ending in ("5678", "0001", "0002", "0005", "0006", "0007", "0008"):
            await here.send(to(ending))
        await here.until(lambda: len(here.receipts) == 4)
    watching = False

    assert sockets == []
    assert "không tin nào được gửi ra ngoài / channel sms is a sandbox: nothing leaves the house" in caplog.text


async def test_neither_number_nor_text_nor_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    class Keyed(SmsSettings):
        api_key: Secret
        rate: float = 7.0

    caplog.set_level(logging.DEBUG)
    settings = Keyed.model_construct(api_key=SecretStr("k3y-0f-th3-0ff1ce"), reserved=0.25)
    async with desk(settings=settings) as here:
        here.failing = 1
        await here.send(to("5678", text="Ho so cua ba A"))
        await here.until(lambda: bool(here.receipts))

    limits = here.channel.limits
    assert [word for word in ("k3y-0f", "91234", "Ho so cua") if word in caplog.text + repr(here.channel)] == []
    assert here.channel.secrets == ("k3y-0f-th3-0ff1ce",)
    assert (limits.rate, limits.reserved, limits.window, limits.longest) == (7.0, 0.25, 100, 0)
    assert limits.plain
    assert limits.receipts
