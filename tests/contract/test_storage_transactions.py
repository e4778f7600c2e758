"""The unit of work: all or nothing for each caller, one view for each reader, whoever else is at work."""

import asyncio
import random
from dataclasses import replace

import asyncpg
import pytest

from bot.model.errors import StorageError
from bot.ports import SourceState, Storage, Transaction
from storage import open_storage
from tests.contract.storage_values import NOW, a_dossier, an_item, enqueue, kept


class RefusedError(Exception):
    """What a work of these tests raises."""


async def planned(storage: Storage) -> int:
    assert await storage.read(lambda tx: tx.outbox.imbalances(limit=10)) == []
    return await storage.read(lambda tx: tx.outbox.planned())


async def test_what_was_written_is_there_for_the_next_reader(storage: Storage) -> None:
    answer = await storage.write(lambda tx: tx.outbox.enqueue([an_item(1)]))

    assert answer == 1
    assert await planned(storage) == 1


async def test_a_work_that_fails_is_undone_and_its_neighbours_are_not(storage: Storage) -> None:
    refusal = RefusedError("no")

    async def enqueue_then_refuse(tx: Transaction) -> int:
        await tx.outbox.enqueue([an_item(2)])
        raise refusal

    async def break_a_rule(tx: Transaction) -> int:
        await tx.outbox.enqueue([an_item(3)])
        return await tx.outbox.enqueue([an_item(4, lane=9)])

    good_1, bad_1, bad_2, good_2 = await asyncio.gather(
        enqueue(storage, an_item(1)),
        storage.write(enqueue_then_refuse),
        storage.write(break_a_rule),
        enqueue(storage, an_item(5)),
        return_exceptions=True,
    )

    assert (good_1, good_2) == (1, 1)
    assert bad_1 is refusal
    assert isinstance(bad_2, Exception)
    assert await planned(storage) == 2
    assert await storage.read(lambda tx: tx.outbox.get(an_item(5).id)) == an_item(5)


async def test_a_lone_work_that_fails_is_undone(storage: Storage) -> None:
    async def enqueue_then_refuse(tx: Transaction) -> None:
        await tx.outbox.enqueue([an_item(1)])
        raise RefusedError

    with pytest.raises(RefusedError):
        await storage.write(enqueue_then_refuse)

    assert await planned(storage) == 0
    assert await enqueue(storage, an_item(1)) == 1


async def test_more_writers_than_one_commit_holds_all_come_through(storage: Storage) -> None:
    added = await asyncio.gather(*(enqueue(storage, an_item(number)) for number in range(450)))

    assert sum(added) == await planned(storage) == 450


async def test_a_reader_sees_one_moment_while_others_write(storage: Storage) -> None:
    await enqueue(storage, an_item(1))

    async def count_twice(tx: Transaction) -> tuple[int, int]:
        before = await tx.outbox.planned()
        writing = asyncio.create_task(enqueue(storage, an_item(2)))
        # In memory readers and writers take turns, so the writer may have to wait for us instead.
        await asyncio.wait([writing], timeout=0.2)
        tasks.append(writing)
        return before, await tx.outbox.planned()

    tasks: list[asyncio.Task[int]] = []
    seen = await storage.read(count_twice)
    await asyncio.gather(*tasks)

    assert seen == (1, 1)
    assert await planned(storage) == 2


async def test_a_reader_cannot_write(storage: Storage) -> None:
    with pytest.raises(StorageError):
        await storage.read(lambda tx: tx.outbox.enqueue([an_item(1)]))

    assert await planned(storage) == 0
    assert await enqueue(storage, an_item(1)) == 1


async def test_a_reader_may_ask_what_a_writer_would_lock(storage: Storage) -> None:
    await storage.write(lambda tx: tx.dossiers.save(kept(a_dossier(1)), at=NOW))

    assert len(await storage.read(lambda tx: tx.dossiers.known("onestop", [a_dossier(1).code]))) == 1
    assert await storage.read(lambda tx: tx.outbox.match([])) == []


async def test_a_reader_that_fails_says_why(storage: Storage) -> None:
    async def refuse(_: Transaction) -> None:
        raise RefusedError

    with pytest.raises(RefusedError):
        await storage.read(refuse)

    assert await planned(storage) == 0


async def test_callers_that_give_up_leave_all_or_nothing(storage: Storage) -> None:
    async def enqueue_in_two_steps(tx: Transaction, number: int) -> None:
        await tx.outbox.enqueue([an_item(2 * number, origin=f"o{number}")])
        await tx.outbox.enqueue([an_item(2 * number + 1, origin=f"o{number}")])

    async def hurried(number: int) -> None:
        async with asyncio.timeout(random.uniform(0, 0.03)):
            await storage.write(lambda tx: enqueue_in_two_steps(tx, number))

    await asyncio.gather(*(hurried(number) for number in range(60)), return_exceptions=True)

    async def count(tx: Transaction) -> list[int]:
        items = [await tx.outbox.get(an_item(number).id) for number in range(120)]
        return [(items[2 * pair] is None) + (items[2 * pair + 1] is None) for pair in range(60)]

    assert set(await storage.read(count)) <= {0, 2}
    await planned(storage)
    assert await enqueue(storage, an_item(999)) == 1


async def test_readers_that_give_up_leave_the_others_their_connections(storage: Storage) -> None:
    async def hurried() -> None:
        async with asyncio.timeout(random.uniform(0, 0.005)):
            await storage.read(lambda tx: tx.outbox.counts())

    await asyncio.gather(*(hurried() for _ in range(60)), return_exceptions=True)

    assert await asyncio.gather(*(planned(storage) for _ in range(20))) == [0] * 20


async def test_a_work_that_was_given_up_before_it_began_never_begins(sqlite_storage: Storage) -> None:
    begun = asyncio.Event()
    go_on = asyncio.Event()

    async def hold_the_writer(_: Transaction) -> None:
        begun.set()
        await go_on.wait()

    holder = asyncio.create_task(sqlite_storage.write(hold_the_writer))
    await begun.wait()
    given_up = asyncio.create_task(enqueue(sqlite_storage, an_item(1)))
    kept = asyncio.create_task(enqueue(sqlite_storage, an_item(2)))
    await asyncio.sleep(0)
    given_up.cancel()
    go_on.set()
    await asyncio.gather(holder, given_up, kept, return_exceptions=True)

    assert await sqlite_storage.read(lambda tx: tx.outbox.get(an_item(1).id)) is None
    assert await planned(sqlite_storage) == 1


async def test_a_running_work_outlives_its_caller(sqlite_storage: Storage) -> None:
    begun = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(tx: Transaction) -> None:
        await tx.outbox.enqueue([an_item(1)])
        begun.set()
        await go_on.wait()

    caller = asyncio.create_task(sqlite_storage.write(slow))
    await begun.wait()
    caller.cancel()
    go_on.set()

    assert await enqueue(sqlite_storage, an_item(2)) == 1
    assert await planned(sqlite_storage) == 2


async def test_a_work_that_takes_too_long_is_undone(sqlite_storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never_end(tx: Transaction) -> None:
        await tx.outbox.enqueue([an_item(1)])
        await asyncio.Event().wait()

    monkeypatch.setattr("storage.group_commit.WORK_SECONDS", 0.1)
    slow, quick = await asyncio.gather(
        sqlite_storage.write(never_end), enqueue(sqlite_storage, an_item(2)), return_exceptions=True
    )

    assert isinstance(slow, StorageError)
    assert quick == await planned(sqlite_storage) == 1


async def test_a_work_that_waits_for_another_is_a_mistake(sqlite_storage: Storage) -> None:
    async def nested(_: Transaction) -> int:
        return await enqueue(sqlite_storage, an_item(1))

    with pytest.raises(RuntimeError, match="waits for another"):
        await sqlite_storage.write(nested)


async def test_after_closing_nothing_is_taken(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()

    with pytest.raises(StorageError):
        await enqueue(storage, an_item(1))


async def test_an_error_of_the_callers_block_comes_out_as_it_is(storage_url: str) -> None:
    with pytest.raises(RefusedError):
        async with open_storage(storage_url):
            raise RefusedError


@pytest.mark.parametrize("storage_url", ["sqlite", "postgres"], indirect=True)
async def test_two_programs_write_to_one_database(storage_url: str) -> None:
    async with open_storage(storage_url) as one, open_storage(storage_url) as other:
        await one.migrate()

        added = await asyncio.gather(
            *(enqueue(one, an_item(number)) for number in range(40)),
            *(enqueue(other, an_item(number + 20)) for number in range(40)),
        )

        assert sum(added) == await planned(one) == await planned(other) == 60


async def test_a_program_on_another_machine_is_woken(postgres_storage_url: str) -> None:
    async with open_storage(postgres_storage_url) as one, open_storage(postgres_storage_url) as other:
        woken = other.woken("sms")
        await enqueue(one, an_item(1))

        async with asyncio.timeout(20):
            await woken.wait()


async def test_wake_ups_come_again_after_the_connection_broke(postgres_storage_url: str) -> None:
    async with open_storage(postgres_storage_url) as one, open_storage(postgres_storage_url) as other:
        woken = other.woken("sms")
        admin = await asyncpg.connect(postgres_storage_url)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        )
        await admin.close()
        async with asyncio.timeout(10):
            # It wakes everybody when it listens again: something may have been missed.
            await woken.wait()
            woken.clear()
            await enqueue(one, an_item(1))
            await woken.wait()


async def test_broken_connections_of_the_pool_are_replaced_whenever_they_break(postgres_storage_url: str) -> None:
    written, number = 0, 0
    async with open_storage(postgres_storage_url) as storage:
        for _ in range(40):
            admin = await asyncpg.connect(postgres_storage_url)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await admin.close()
            results: list[int | BaseException] = []
            while not results or isinstance(results[-1], BaseException):
                number += 1
                results += await asyncio.gather(enqueue(storage, an_item(number)), return_exceptions=True)
            written += 1

            assert {type(result) for result in results} <= {int, StorageError}
            assert len(results) <= 4
        assert await planned(storage) == written


async def test_works_that_lock_each_other_out_are_run_again(postgres_storage_url: str) -> None:
    both_hold_one = asyncio.Barrier(2)
    runs = []
    state = SourceState(cursor="", go_live=NOW, synced_at=NOW, revision=1)

    async def lock_in_order(tx: Transaction, *numbers: int) -> None:
        runs.append(numbers)
        first, second = numbers
        await tx.sources.save(f"office {first}", replace(state, revision=len(runs) + 1))
        if len(runs) <= 2:
            await both_hold_one.wait()
        await tx.sources.save(f"office {second}", replace(state, revision=len(runs) + 1))
        await tx.outbox.enqueue([an_item(numbers[0])])

    async with open_storage(postgres_storage_url) as storage:
        for number in (1, 2):
            await storage.write(lambda tx, n=number: tx.sources.save(f"office {n}", state))  # type: ignore[misc]
        await asyncio.gather(
            storage.write(lambda tx: lock_in_order(tx, 1, 2)), storage.write(lambda tx: lock_in_order(tx, 2, 1))
        )

        # Begun again, one may meet the other once more before that one goes on.
        assert len(runs) >= 3
        assert await planned(storage) == 2
