"""Leases: one holder at a time, who loses the right by not renewing it."""

import asyncio
from datetime import datetime

import pytest

from bot.model.errors import FencedError
from bot.ports import Storage, Transaction
from storage import open_storage
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


async def test_a_renewal_keeps_the_fence_and_comes_too_late_after_a_take_over(storage: Storage) -> None:
    fence = await take(storage, "a")

    in_time = await renew(storage, "a", fence)
    unnoticed = await renew(storage, "a", fence, until=later(minutes=2))
    await take(storage, "b", now=later(minutes=3), until=later(minutes=4))
    too_late = await renew(storage, "a", fence, until=later(minutes=9))

    assert (in_time, unnoticed, too_late) == (True, True, False)
    assert await holders(storage, now=later(minutes=3)) == {"poll:onestop": "b"}


async def test_who_holds_what_can_be_asked(storage: Storage) -> None:
    await take(storage, "a")

    held, lapsed = await holders(storage), await holders(storage, now=later(minutes=1))
    await storage.write(lambda tx: tx.leases.give_back("poll:onestop", owner="a"))

    assert (held, lapsed) == ({"poll:onestop": "a"}, {})
    assert await holders(storage) == {}


async def test_a_renewal_does_not_wait_for_the_holders_own_long_work_and_a_new_holder_does(
    postgres_storage_url: str,
) -> None:
    async with open_storage(postgres_storage_url) as storage:
        fence = await take(storage, "a")
        at_work, may_end = asyncio.Event(), asyncio.Event()

        async def long_work(tx: Transaction) -> None:
            await tx.leases.require("poll:onestop", fence=fence)
            at_work.set()
            await may_end.wait()

        working = asyncio.create_task(storage.write(long_work))
        await at_work.wait()
        async with asyncio.timeout(20):
            renewed = await renew(storage, "a", fence)
        taking = asyncio.create_task(take(storage, "b", now=later(minutes=2), until=later(minutes=3)))
        early, _ = await asyncio.wait([taking], timeout=0.3)
        may_end.set()
        await working

        assert renewed
        assert early == set()
        assert await taking > fence


async def renew(storage: Storage, owner: str, fence: int, *, until: datetime = IN_A_MINUTE) -> bool:
    return await storage.write(lambda tx: tx.leases.renew("poll:onestop", owner=owner, fence=fence, until=until))


async def holders(storage: Storage, *, now: datetime = NOW) -> dict[str, str]:
    return await storage.read(lambda tx: tx.leases.holders(["poll:onestop", "unknown"], now=now))
