"""Migrations: nothing works before them, they run once, and a database that is not ours is left alone."""

import asyncio
import re
import sqlite3

import asyncpg
import pytest

from bot.model.clock import from_millis
from bot.model.dossier import Status
from bot.model.errors import StorageError
from bot.model.message import DeliveryState
from bot.ports import Known
from storage import open_storage
from storage.migrate import Migration, migrations
from tests.contract.storage_values import NOW, a_receipt, a_settlement, an_item, enqueue, settle

_MESSAGES_OF_THE_SECOND_VERSION = """
INSERT INTO outbox (
    id, dedupe_key, origin, channel, address, lane, situation, text, source, code, parts, created_at, next_at,
    expires_at, reason, state, attempts, sent_at, owner
)
SELECT
    id, id, 'o', 'sms', 'sms:+84912345678', 1, 'progress', 'x', 's', 'c', 2, 10, 20, 90, '', state, attempts,
    sent_at, 'a'
FROM (
    SELECT '1' AS id, 'queued' AS state, 0 AS attempts, CAST(NULL AS BIGINT) AS sent_at
    UNION ALL SELECT '2', 'queued', 1, NULL
    UNION ALL SELECT '3', 'sending', 1, NULL
    UNION ALL SELECT '4', 'accepted', 0, 30
) AS messages
"""
FILES = pytest.mark.parametrize("storage_url", ["sqlite", "postgres"], indirect=True)


async def execute(url: str, statement: str) -> None:
    """As somebody with access to the database would."""
    if url.startswith("sqlite:"):
        connection = sqlite3.connect(url.removeprefix("sqlite:"))
        connection.execute(statement)
        connection.commit()
        connection.close()
        return
    server = await asyncpg.connect(url)
    await server.execute(statement)
    await server.close()


async def test_a_new_database_says_what_it_lacks(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        pending = await storage.pending_migrations()
        with pytest.raises(StorageError, match="motcua migrate"):
            await storage.read(lambda tx: tx.dossiers.count())
        with pytest.raises(StorageError, match="motcua migrate"):
            await enqueue(storage, an_item(1))

    assert pending == [migration.name for migration in migrations()]


async def test_migrating_twice_applies_once(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        first, second = await storage.migrate(), await storage.migrate()

        assert first == [migration.name for migration in migrations()]
        assert (second, await storage.pending_migrations()) == ([], [])
        assert await enqueue(storage, an_item(1)) == 1


@FILES
async def test_two_runners_at_once_apply_once(storage_url: str) -> None:
    async with open_storage(storage_url) as one, open_storage(storage_url) as other:
        applied = await asyncio.gather(one.migrate(), other.migrate())

    assert sorted(applied) == [[], [migration.name for migration in migrations()]]


@FILES
async def test_a_migrated_database_is_known_by_the_next_program(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
        await enqueue(storage, an_item(1))

    async with open_storage(storage_url) as storage:
        assert await storage.pending_migrations() == []
        assert await storage.read(lambda tx: tx.outbox.planned()) == 1


@FILES
async def test_a_database_of_a_newer_program_is_not_touched(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    await execute(storage_url, "INSERT INTO migrations (name, checksum, applied_at) VALUES ('9999_future', 'x', 0)")

    async with open_storage(storage_url) as storage:
        for act in (storage.migrate, storage.pending_migrations, lambda: enqueue(storage, an_item(1))):
            with pytest.raises(StorageError, match="newer program"):
                await act()


@FILES
async def test_a_migration_that_was_changed_afterwards_is_noticed(storage_url: str) -> None:
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    await execute(storage_url, "UPDATE migrations SET checksum = 'x'")

    async with open_storage(storage_url) as storage:
        with pytest.raises(StorageError, match="another text"):
            await storage.migrate()


@pytest.mark.parametrize("storage_url", ["postgres"], indirect=True)
async def test_a_server_that_ends_long_transactions_lets_a_long_migration_finish(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Migration("0001_slow", "SELECT pg_sleep(0.8);\n")
    monkeypatch.setattr("storage.migrate.migrations", lambda: (slow,))
    server = await asyncpg.connect(storage_url)
    name = await server.fetchval("SELECT current_database()")
    await server.execute(f"ALTER DATABASE \"{name}\" SET transaction_timeout = '500ms'")

    try:
        async with open_storage(storage_url) as storage:
            applied = await storage.migrate()
    finally:
        await server.execute(f'ALTER DATABASE "{name}" RESET transaction_timeout')
        await server.close()

    assert applied == ["0001_slow"]


@FILES
async def test_a_migration_that_fails_leaves_nothing(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migration("0001_broken", "CREATE TABLE first (a TEXT);\nCREATE TABLE first (a TEXT);\n")
    monkeypatch.setattr("storage.migrate.migrations", lambda: (broken,))

    async with open_storage(storage_url) as storage:
        with pytest.raises(Exception, match="exists"):
            await storage.migrate()
        pending = await storage.pending_migrations()

    monkeypatch.undo()
    async with open_storage(storage_url) as storage:
        await storage.migrate()
        await enqueue(storage, an_item(1))
    assert pending == ["0001_broken"]
    await execute(storage_url, "CREATE TABLE first (a TEXT)")


@FILES
async def test_a_mirror_of_the_first_version_is_taken_along(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    all_of_them = migrations()
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them[:1])
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    await execute(storage_url, "INSERT INTO sources VALUES ('onestop', 'file 7', 1000, 2000)")
    await execute(
        storage_url,
        "INSERT INTO dossiers VALUES ('onestop', 'H56.14-260302-0001', 4, 'x', 'H56', 'UBND', '1.005129', 'Khai sinh',"
        " 'Mai', '+84912345678', 10, 20, NULL, '', '', '', 30, 'print', 3, 40)",
    )
    monkeypatch.undo()

    async with open_storage(storage_url) as storage:
        applied = await storage.migrate()
        (found,) = await storage.read(lambda tx: tx.dossiers.find("H56.14-260302-0001"))
        known = await storage.read(lambda tx: tx.dossiers.known("onestop", [found.code]))
        state = await storage.read(lambda tx: tx.sources.get("onestop"))

    assert applied == [migration.name for migration in all_of_them[1:]]
    assert (found.status, found.applicant, found.due_at) == (Status.PROCESSING, "Mai", found.appointment_at)
    assert known[found.code] == Known("print", 3, None, 30)
    assert state is not None
    assert (state.cursor, state.dossiers, state.fresh_at, state.revision) == ("file 7", 1, from_millis(2000), 0)


@FILES
async def test_messages_of_the_second_version_know_their_gateway(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_of_them = migrations()
    monkeypatch.setattr("storage.migrate.migrations", lambda: all_of_them[:2])
    async with open_storage(storage_url) as storage:
        await storage.migrate()
    await execute(storage_url, _MESSAGES_OF_THE_SECOND_VERSION)
    await execute(storage_url, "INSERT INTO parts VALUES ('sms', 'ref-4', '4', 1, 'accepted', 30)")
    await execute(storage_url, "INSERT INTO parked VALUES ('sms', 'ref-3', '', 'delivered', 'DELIVRD', 35)")
    monkeypatch.undo()

    async with open_storage(storage_url) as storage:
        applied = await storage.migrate()
        items = await storage.read(lambda tx: tx.outbox.of_origins(["o"]))
        early = await settle(storage, a_settlement("3", DeliveryState.ACCEPTED, "ref-3", owner="a", cost=700))
        matched = await storage.write(lambda tx: tx.outbox.match([a_receipt("ref-4")]))
        minutes = await storage.read(lambda tx: tx.routing.minutes(since=NOW))

    assert applied == [migration.name for migration in all_of_them[2:]]
    assert [item.gateway for item in items] == ["", "sms", "sms", "sms"]
    assert {(item.agency, item.route, item.sender, item.carrier, item.cost) for item in items} == {("",) * 4 + (None,)}
    assert [(receipt.reference, receipt.carrier) for receipt in early] == [("ref-3", "")]
    assert [(each.item_id, each.gateway, each.expected) for each in matched] == [("4", "sms", 1)]
    assert [(each.gateway, each.accepted) for each in minutes] == [("sms", 1)]


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [int(re.match(r"\d{4}(?=_)", migration.name)[0]) for migration in migrations()]  # type: ignore[index]

    assert numbers == list(range(1, len(numbers) + 1))


def test_a_migration_has_its_own_words_for_each_engine() -> None:
    migration = Migration("0002_x", '-- why\nCREATE TABLE t (a TEXT /*postgres COLLATE "C" */,\n  b TEXT);\nSELECT 1;')

    assert migration.statements("sqlite") == ["CREATE TABLE t (a TEXT ,\n  b TEXT);", "SELECT 1;"]
    assert migration.statements("postgres")[0] == 'CREATE TABLE t (a TEXT COLLATE "C" ,\n  b TEXT);'
