"""Leases: one holder at a time, who loses the right by not renewing it."""

import asyncio
from datetime import datetime

import pytest

from bot.model.errors import FencedError
from bot.ports import Storage
from tests.contract.storage_values import NOW, later

IN_A_MINUTE = later(minutes=1)


async def take(storage: Storage, owner: str, *, now: datetime = NOW, until: datetime = IN_A_MINUTE) -> int:
    return await storage.write(lambda tx: tx.leases.take("poll:onestop", owner=owner, now=now, until=until))


async def test_a_free_lease_is_taken_and_others_wait(storage: Storage) -> None:
    assert await take(storage, "a")
    assert not await take(storage, "b")
    assert await storage.write(lambda tx: tx.leases.take("other", owner="b", now=NOW, until=later(minutes=1)))


async def test_the_holder_renews(storage: Storage) -> None:
    await take(storage, "a")

    assert await take(storage, "a", now=later(seconds=50), until=later(minutes=2))
    assert not await take(storage, "b", now=later(seconds=90), until=later(minutes=3))


async def test_an_ended_lease_is_taken_over(storage: Storage) -> None:
    await take(storage, "a")

    assert not await take(storage, "b", now=later(seconds=59), until=later(minutes=3))
    assert await take(storage, "b", now=later(minutes=1), until=later(minutes=3))
    assert not await take(storage, "a", now=later(minutes=2), until=later(minutes=4))


async def test_only_the_holder_can_give_a_lease_back(storage: Storage) -> None:
    await take(storage, "a")

    await storage.write(lambda tx: tx.leases.give_back("poll:onestop", owner="b"))
    taken_from_a = await take(storage, "b")
    await storage.write(lambda tx: tx.leases.give_back("poll:onestop", owner="a"))

    assert not taken_from_a
    assert await take(storage, "b")


async def test_of_many_at_once_one_gets_it(storage: Storage) -> None:
    taken = await asyncio.gather(*(take(storage, f"machine-{number}") for number in range(8)))

    assert sum(taken) == 1


async def test_a_new_holder_has_a_higher_fence_and_a_renewal_keeps_it(storage: Storage) -> None:
    first = await take(storage, "a")
    assert await take(storage, "a", now=later(seconds=30), until=later(minutes=2)) == first
    second = await take(storage, "b", now=later(minutes=2), until=later(minutes=3))
    assert second > first

    await storage.write(lambda tx: tx.leases.give_back("poll:onestop", owner="b"))

    assert await take(storage, "a", now=later(minutes=2), until=later(minutes=3)) > second


async def test_what_a_former_holder_still_writes_is_refused(storage: Storage) -> None:
    old = await take(storage, "a")
    await storage.write(lambda tx: tx.leases.require("poll:onestop", fence=old))
    await take(storage, "b", now=later(minutes=1), until=later(minutes=2))

    with pytest.raises(FencedError):
        await storage.write(lambda tx: tx.leases.require("poll:onestop", fence=old))
