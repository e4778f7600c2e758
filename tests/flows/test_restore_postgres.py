"""PostgreSQL: a dump in a backup, what is refused, and a return by the server's own means to a moment of the past."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest

from bot.app import copies_of
from bot.backup_format import BackupError, Key
from bot.backup_settings import BackupSettings
from bot.backups import Backups, Made
from bot.config import Config, StorageSettings
from bot.demo.processes import free_port
from bot.ledger import balance
from bot.model.clock import utc_now
from bot.model.errors import StorageError
from bot.model.message import DeliveryState
from bot.ports import Storage
from bot.restore_files import Order, restore
from bot.restoring import Return, mark, require_silence
from storage import open_storage
from storage.backups_postgres import copy_database
from tests.support.making import message
from tests.support.postgres import PROGRAMS, Server, _give, server
from tests.support.storages import _database

KEY = Key(bytes(range(32)))


@pytest.fixture
def short_path() -> Iterator[Path]:
    """An empty folder that other users can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="motcua-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def empty(postgres_url: str) -> AsyncIterator[str]:
    async with _database(postgres_url) as url:
        yield url


async def planned(storage: Storage, number: int) -> None:
    items = [message() for _ in range(number)]
    await storage.write(lambda tx: tx.outbox.enqueue(items))


async def a_backup(url: str, place: Path, programs: Path = PROGRAMS) -> Made:
    config = Config(storage=StorageSettings(url=url), backup=BackupSettings(programs=programs))
    return await Backups(copies_of(config), KEY, utc_now).make(place)


def order(file: Path, url: str) -> Order:
    return Order(file=file, key=KEY, url=url, at=utc_now(), by="lan", programs=PROGRAMS)


async def tables_in(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'"))
    finally:
        await connection.close()


async def test_a_dump_comes_back_into_an_empty_database(postgres_storage_url: str, empty: str, tmp_path: Path) -> None:
    async with open_storage(postgres_storage_url) as storage:
        await planned(storage, 12)
        made = await a_backup(postgres_storage_url, tmp_path)
        await planned(storage, 3)

    done = await restore(order(made.path, empty), None)

    assert (made.manifest.facts.engine, done.planned, done.balanced) == ("postgres", 12, True)
    async with open_storage(empty) as back:
        books = await balance(back)
        await planned(back, 1)
    assert books.states[DeliveryState.UNCERTAIN] == 12
    with pytest.raises(StorageError, match="is not empty"):
        await restore(order(made.path, empty), None)


async def test_a_bad_dump_leaves_the_database_empty(postgres_storage_url: str, empty: str, tmp_path: Path) -> None:
    async with open_storage(postgres_storage_url) as storage:
        await planned(storage, 2)
    made = await a_backup(postgres_storage_url, tmp_path)
    bad = tmp_path / "bad.saoluu"
    bad.write_bytes(made.path.read_bytes()[:-40])

    with pytest.raises(BackupError, match="is cut off"):
        await restore(order(bad, empty), None)
    with pytest.raises(BackupError, match="is a backup of postgres and does not fit sqlite"):
        await restore(order(made.path, f"sqlite:{tmp_path / 'm.db'}"), None)

    assert await tables_in(empty) == 0
    assert not (tmp_path / "m.db").exists()


async def test_a_server_that_ends_idle_transactions_or_long_ones_lets_a_long_dump_finish(
    postgres_storage_url: str,
) -> None:
    async with open_storage(postgres_storage_url) as storage:
        await planned(storage, 2)
    connection = await asyncpg.connect(postgres_storage_url)
    name = await connection.fetchval("SELECT current_database()")
    limits = ("idle_in_transaction_session_timeout", "transaction_timeout", "statement_timeout")
    for limit in limits:
        await connection.execute(f"ALTER DATABASE \"{name}\" SET {limit} = '500ms'")
    try:
        async with copy_database(postgres_storage_url, PROGRAMS) as dump:
            await connection.execute("SELECT pg_sleep(0.8)")
            while await asyncio.to_thread(dump.read, 1 << 20):
                pass
    finally:
        for limit in limits:
            await connection.execute(f'ALTER DATABASE "{name}" RESET {limit}')
        await connection.close()

    assert dump.facts.messages == 2


async def test_without_the_programs_it_is_said_what_to_install(postgres_storage_url: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="pg_dump was not found: install postgresql-client"):
        await a_backup(postgres_storage_url, tmp_path, programs=tmp_path)

    assert list(tmp_path.iterdir()) == []


async def test_a_server_that_is_gone_leaves_no_backup(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be reached"):
        await a_backup(f"postgresql://postgres@127.0.0.1:{free_port()}/x", tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(120)
async def test_a_server_that_went_back_to_a_moment_is_marked(short_path: Path) -> None:
    """pg_basebackup, an archive of the log, recovery to a moment; then `motcua restored mark --since`."""
    archive = short_path / "wal"
    _give(archive)
    settings = {"archive_mode": "on", "archive_command": f"cp %p {archive}/%f"}
    async with server(short_path / "main", settings=settings) as main, open_storage(main.url) as storage:
        await storage.migrate()
        await planned(storage, 4)
        copy = Server(short_path / "copy", free_port())
        _give(copy.folder)
        source = f"host={main.host} port={main.port} user=postgres"
        await main._tool("pg_basebackup", "-D", copy.folder, "-d", source, "-X", "none", "-c", "fast", "--no-sync")
        await planned(storage, 5)
        moment = await main.value("SELECT clock_timestamp()")
        assert isinstance(moment, datetime)
        await planned(storage, 6)
        last = await main.value("SELECT pg_walfile_name(pg_switch_wal())")
        while not (archive / str(last)).exists():
            await asyncio.sleep(0.05)
        main.kill()
        copy.configure(
            {
                "port": str(copy.port),
                "archive_mode": "off",
                "restore_command": f"cp {archive}/%f %p",
                "recovery_target_time": f"{moment:%Y-%m-%d %H:%M:%S.%f%z}",
                "recovery_target_action": "promote",
            }
        )
        (copy.folder / "recovery.signal").touch()
        try:
            await copy.start()
            while await copy.value("SELECT pg_is_in_recovery()"):
                await asyncio.sleep(0.05)
            async with open_storage(copy.url) as back:
                await require_silence(back, now=utc_now())
                marked = await mark(back, Return(taken_at=moment, at=utc_now(), by="lan"))
                books = await balance(back)
        finally:
            copy.kill()

    assert (marked.uncertain, books.planned, books.balanced) == ({DeliveryState.QUEUED: 9}, 9, True)
