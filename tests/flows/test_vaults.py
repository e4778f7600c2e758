"""What a vault promises, on every database: what was kept is read again, and one at a time renews it."""

import asyncio

import pytest

from bot.ports import Storage
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
        assert (first, second) == (True, False)
    async with there.turn() as third:
        assert third is True


async def test_two_tasks_of_one_process_exclude_each_other_too(storage: Storage) -> None:
    vault = vault_for(storage, "zalo", clock=Time())

    async with vault.turn() as first, vault.turn() as second:
        assert (first, second) == (True, False)


async def test_who_had_no_turn_takes_none_away(storage: Storage) -> None:
    here, there = (vault_for(storage, "zalo", clock=Time()) for _ in range(2))

    async with here.turn():
        async with there.turn() as second:
            assert second is False
        async with there.turn() as third:
            assert third is False


async def test_the_turn_of_a_channel_is_its_own(storage: Storage) -> None:
    async with (
        vault_for(storage, "zalo", clock=Time()).turn() as one,
        vault_for(storage, "zalo_ward", clock=Time()).turn() as other,
    ):
        assert one
        assert other


async def test_a_turn_that_died_with_its_process_ends_after_a_minute(storage: Storage) -> None:
    time = Time()
    died = vault_for(storage, "zalo", clock=time).turn()
    assert await died.__aenter__() is True

    time.pass_(seconds=59)
    async with vault_for(storage, "zalo", clock=time).turn() as before:
        assert before is False
    time.pass_(seconds=2)
    async with vault_for(storage, "zalo", clock=time).turn() as after:
        assert after is True


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
        assert turn is True
