"""The web chat channel: what is sent reaches every open page of its address, and nobody else."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from adapters.channels import webchat
from bot.model.message import Accepted, Lane, OutboxItem, Situation
from bot.model.person import Address

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MINE = Address("webchat", "mine")
YOURS = Address("webchat", "yours")


@pytest.fixture
async def rooms() -> AsyncIterator[webchat.Rooms]:
    async with webchat.open("web", webchat.Settings(backlog=3)) as channel:
        assert isinstance(channel.feed, webchat.Rooms)
        yield channel.feed


def item(number: int, address: Address = MINE) -> OutboxItem:
    return OutboxItem(
        id=f"{number:026}",
        dedupe_key=str(number),
        origin=f"test:{number}",
        channel="web",
        address=address,
        lane=Lane.REPLY,
        situation=Situation.REPLY,
        text=f"tin {number}",
        created_at=NOW,
        next_at=NOW,
        expires_at=NOW,
    )


async def test_the_channel_says_what_it_can_do() -> None:
    async with webchat.open("web", webchat.Settings()) as channel:
        assert channel.name == "web"
        assert channel.limits.longest == 4000
        assert channel.limits.receipts
        assert channel.limits.buttons
        assert isinstance(channel.sender, webchat.Rooms)
        assert isinstance(channel.feed, webchat.Rooms)


async def test_every_page_of_an_address_gets_the_message_and_no_other(rooms: webchat.Rooms) -> None:
    first, second, other = rooms.watch(MINE), rooms.watch(MINE), rooms.watch(YOURS)

    outcome = await rooms.send(item(1))
    await rooms.send(item(2, YOURS))

    assert outcome == Accepted()
    assert (await anext(first)).id == (await anext(second)).id == item(1).id
    assert (await anext(other)).id == item(2).id


async def test_a_message_sent_before_the_first_question_for_it_is_not_lost(rooms: webchat.Rooms) -> None:
    watcher = rooms.watch(MINE)

    await rooms.send(item(1))

    assert (await anext(watcher)).text == "tin 1"


async def test_nothing_is_kept_for_an_address_that_nobody_watches(rooms: webchat.Rooms) -> None:
    for number in range(1000):
        assert await rooms.send(item(number, Address("webchat", str(number)))) == Accepted()

    assert rooms.watched == 0


async def test_a_slow_reader_is_cut_off_after_what_fits_and_the_others_read_on(rooms: webchat.Rooms) -> None:
    slow, quick = rooms.watch(MINE), rooms.watch(MINE)

    read_quickly = []
    for number in range(5):
        await rooms.send(item(number))
        read_quickly.append((await anext(quick)).text)

    assert read_quickly == [f"tin {number}" for number in range(5)]
    assert [each.text async for each in slow] == ["tin 0", "tin 1", "tin 2"]
    with pytest.raises(StopAsyncIteration):
        await anext(slow)


async def test_a_cancelled_reader_is_forgotten(rooms: webchat.Rooms) -> None:
    watcher = rooms.watch(MINE)
    reading = asyncio.ensure_future(anext(watcher))
    await asyncio.sleep(0)

    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading

    assert rooms.watched == 0


async def test_a_reader_that_is_dropped_without_a_word_is_forgotten(rooms: webchat.Rooms) -> None:
    watchers = [rooms.watch(MINE), rooms.watch(MINE)]
    assert rooms.watched == 1

    watchers.clear()
    gc.collect()

    assert rooms.watched == 0
    assert await rooms.send(item(1)) == Accepted()
