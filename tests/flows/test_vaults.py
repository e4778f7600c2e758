"""What a vault promises, on every database: what was kept is read again, and one at a time renews it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from bot.model.clock import utc_now
from bot.model.errors import FencedError
from bot.ports import Storage, Vault
from bot.vaults import vault_for
from tests.support.making import Time


async def test_a_new_vault_is_empty(storage: Storage) -> None:
    vault = vault_for(storage, "zalo", clock=Time())

    assert await vault.read() == ""


async def test_what_was_kept_last_is_read_by_every_process(storage: Storage) -> None:
    here, there = (vault_for(storage, "zalo", clock=Time()) for _ in range(2))

    await here.keep("the first pair")
    await here.keep("the second pair")

    assert await there.read() == "the second pair"


async def test_channels_do_not_see_each_others_credentials(storage: Storage) -> None:
    await vault_for(storage, "zalo", clock=Time()).keep("ours")

    assert await vault_for(storage, "zalo_ward", clock=Time()).read() == ""


async def test_one_process_at_a_time_has_the_turn_and_the_others_are_told_at_once(storage: Storage) -> None:
    here, there = (vault_for(storage, "zalo", clock=Time()) for _ in range(2))

    async with here.turn() as first, there.turn() as second:
        assert first is not None
        assert second is None
    async with there.turn() as third:
        assert third is not None


async def test_two_tasks_of_one_process_exclude_each_other_too(storage: Storage) -> None:
    vault = vault_for(storage, "zalo", clock=Time())

    async with vault.turn() as first, vault.turn() as second:
        assert first is not None
        assert second is None


async def test_who_had_no_turn_takes_none_away(storage: Storage) -> None:
    here, there = (vault_for(storage, "zalo", clock=Time()) for _ in range(2))

    async with here.turn():
        async with there.turn() as second:
            assert second is None
        async with there.turn() as third:
            assert third is None


async def test_the_turn_of_a_channel_is_its_own(storage: Storage) -> None:
    async with (
        vault_for(storage, "zalo", clock=Time()).turn() as one,
        vault_for(storage, "zalo_ward", clock=Time()).turn() as other,
    ):
        assert one
        assert other


async def test_a_turn_that_died_with_its_process_ends_after_seven_seconds(storage: Storage) -> None:
    time = Time()
    async with died(storage, time):
        time.pass_(seconds=6.9)
        async with vault_for(storage, "zalo", clock=time).turn() as before:
            assert before is None
        time.pass_(seconds=0.2)
        async with vault_for(storage, "zalo", clock=time).turn() as after:
            assert after is not None


async def test_a_turn_lasts_as_long_as_its_work_and_is_prolonged_meanwhile(storage: Storage) -> None:
    here, there = (vault_for(storage, "zalo", clock=utc_now, lease=0.4, renew=0.05) for _ in range(2))

    async with here.turn() as ours:
        assert ours
        end = utc_now() + timedelta(seconds=1)
        while utc_now() < end:
            async with there.turn() as theirs:
                assert theirs is None
            await asyncio.sleep(0.05)
        await ours.keep("a pair")

    assert await there.read() == "a pair"


async def test_who_stood_still_and_lost_its_turn_keeps_nothing(storage: Storage) -> None:
    time = Time()
    async with died(storage, time) as late:
        time.pass_(seconds=8)
        async with vault_for(storage, "zalo", clock=time).turn() as ours:
            assert ours
            await ours.keep("the pair of who has the turn")
            with pytest.raises(FencedError):
                await late.keep("a pair of before")
        with pytest.raises(FencedError):
            await late.keep("a pair of before")

    assert await vault_for(storage, "zalo", clock=time).read() == "the pair of who has the turn"


async def test_who_lost_its_turn_ends_nobody_elses(storage: Storage) -> None:
    time = Time()
    async with AsyncExitStack() as stack:
        async with died(storage, time):
            time.pass_(seconds=8)
            ours = await stack.enter_async_context(vault_for(storage, "zalo", clock=time).turn())
        async with vault_for(storage, "zalo", clock=time).turn() as third:
            assert ours
            assert third is None
            await ours.keep("kept")


@asynccontextmanager
async def died(storage: Storage, time: Time) -> AsyncIterator[Vault]:
    """The turn of a process that no longer prolongs it, and is not yet quite dead."""
    async with vault_for(storage, "zalo", clock=time, renew=3600).turn() as turn:
        assert turn
        yield turn


async def test_a_turn_is_given_back_when_its_holder_fails_or_is_stopped(storage: Storage) -> None:
    vault = vault_for(storage, "zalo", clock=Time())
    began = asyncio.Event()

    async def renew() -> None:
        async with vault.turn():
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(renew())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with vault.turn() as turn:
        assert turn is not None
