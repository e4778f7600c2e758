"""Rolling upgrades: which programs may work on beside a newer one, and how soon the others stop."""

from types import SimpleNamespace

import pytest

from bot.model.errors import StorageError
from bot.ports import Storage
from storage import open_storage
from storage.engine import RECHECK
from storage.migrate import Migration, migrations
from tests.contract.storage_values import an_item, enqueue
from tests.contract.test_storage_migrations import execute

FILES = pytest.mark.parametrize("storage_url", ["sqlite", "postgres"], indirect=True)
LATEST = migrations()[-1].name
EXPANDING = Migration("9001_wider", f"-- Why.\n-- beside: {LATEST}\n\nCREATE TABLE wider (a TEXT);\n")
BREAKING = Migration("9002_other", "-- Why.\n\nALTER TABLE wider RENAME TO other;\n")


async def upgraded(url: str, monkeypatch: pytest.MonkeyPatch, *more: Migration) -> list[str]:
    """By a program that has these migrations too."""
    all_of_them = (*migrations(), *more)
    with monkeypatch.context() as newer:
        newer.setattr("storage.migrate.migrations", lambda: all_of_them)
        async with open_storage(url) as storage:
            return await storage.migrate()


async def assert_works(storage: Storage, number: int) -> None:
    assert await storage.pending_migrations() == []
    assert await storage.migrate() == []
    assert await enqueue(storage, an_item(number)) == 1


async def assert_refused(storage: Storage) -> None:
    for act in (storage.migrate, storage.pending_migrations, lambda: enqueue(storage, an_item(9))):
        with pytest.raises(StorageError, match="newer program"):
            await act()
    with pytest.raises(StorageError, match="newer program"):
        await storage.read(lambda tx: tx.outbox.planned())


@FILES
async def test_an_older_program_works_beside_what_only_adds(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await upgraded(storage_url, monkeypatch)
    await upgraded(storage_url, monkeypatch, EXPANDING)

    async with open_storage(storage_url) as storage:
        await assert_works(storage, 1)


@FILES
async def test_one_migration_of_several_that_breaks_it_is_enough(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgraded(storage_url, monkeypatch, EXPANDING, BREAKING)

    async with open_storage(storage_url) as storage:
        await assert_refused(storage)


@FILES
async def test_a_program_that_is_too_old_for_it_is_refused(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = Migration("9002_later", f"-- beside: {EXPANDING.name}\nCREATE TABLE later (a TEXT);\n")
    await upgraded(storage_url, monkeypatch, EXPANDING, later)

    async with open_storage(storage_url) as storage:
        await assert_refused(storage)


@FILES
async def test_a_program_does_not_migrate_what_a_newer_one_has_passed(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgraded(storage_url, monkeypatch, EXPANDING)
    await execute(storage_url, f"DELETE FROM migrations WHERE name = '{LATEST}'")  # noqa: S608

    async with open_storage(storage_url) as storage:
        await assert_refused(storage)


@FILES
async def test_a_ledger_of_before_is_read_and_then_widened(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await upgraded(storage_url, monkeypatch)
    await execute(storage_url, "ALTER TABLE migrations DROP COLUMN beside")

    async with open_storage(storage_url) as storage:
        pending = await storage.pending_migrations()
        assert await enqueue(storage, an_item(1)) == 1
        applied = await upgraded(storage_url, monkeypatch, EXPANDING)
        await assert_works(storage, 2)

    assert (pending, applied) == ([], [EXPANDING.name])


@FILES
async def test_a_running_program_notices_in_time_and_stops(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("storage.engine.time", SimpleNamespace(monotonic=lambda: now))
    await upgraded(storage_url, monkeypatch)
    async with open_storage(storage_url) as storage:
        assert await enqueue(storage, an_item(1)) == 1
        await execute(storage_url, "INSERT INTO migrations (name, checksum, applied_at) VALUES ('9002_other', 'x', 0)")

        before = await enqueue(storage, an_item(2))
        now += RECHECK
        await assert_refused(storage)

        await execute(storage_url, "DELETE FROM migrations WHERE name = '9002_other'")
        await assert_works(storage, 3)

    assert before == 1, "looked at each time, which costs too much"


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_on_a_server_it_hears_of_a_migration_at_once(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.time", SimpleNamespace(monotonic=lambda: 1000.0))
    await upgraded(storage_url, monkeypatch)
    async with open_storage(storage_url) as storage:
        heard = storage._changes_heard  # type: ignore[attr-defined]
        assert await enqueue(storage, an_item(1)) == 1
        await upgraded(storage_url, monkeypatch, EXPANDING, BREAKING)

        waiting = storage.woken("x")
        while storage._changes_heard == heard:  # type: ignore[attr-defined]
            # Whatever is announced after the migration arrives after it.
            waiting.clear()
            await execute(storage_url, "SELECT pg_notify('motcua_wake', 'x')")
            await waiting.wait()
        await assert_refused(storage)


def test_it_is_said_at_the_head_of_the_file() -> None:
    assert Migration("2", "-- Why.\n-- beside: 0001_first\n\nSELECT 1;").beside == "0001_first"
    assert Migration("2", "-- Why.\n\nSELECT 1;\n-- beside: 0001_first\n").beside is None
    assert Migration("2", "SELECT 1;").beside is None


def test_each_file_names_one_that_came_before_it() -> None:
    names = [migration.name for migration in migrations()]

    named = [(each.name, each.beside) for each in migrations() if each.beside]

    assert all(beside in names[: names.index(name)] for name, beside in named), named
