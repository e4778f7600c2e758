"""What an operator reads when the database cannot be used: which one, why, and never a password."""

import os
import resource
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from bot.model.errors import StorageError
from bot.ports import Storage
from storage import open_storage
from tests.contract.storage_values import an_item, enqueue

NOBODY = 65534
READ = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
ENTER = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


async def reason(url: str) -> str:
    """Why the database cannot be used."""
    with pytest.raises(StorageError) as failed:
        async with open_storage(url) as storage:
            await storage.migrate()
    return str(failed.value)


@contextmanager
def as_a_plain_user() -> Iterator[None]:
    """Nothing is read-only to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("url", ["", "motcua.db", "sqlite:", "mysql://localhost/motcua", "postgresql:motcua"])
async def test_an_unknown_kind_of_database_is_refused(url: str) -> None:
    assert "sqlite:PATH" in await reason(url)


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    said = await reason(f"sqlite:{tmp_path / 'nowhere' / 'motcua.db'}")

    assert str(tmp_path / "nowhere") in said
    assert "missing" in said


async def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    assert str(tmp_path) in await reason(f"sqlite:{tmp_path}")


async def test_another_file_is_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "motcua.db"
    path.write_text("MaHoSo;TrangThai\n" * 500, encoding="utf-8")

    assert "not an SQLite database" in await reason(f"sqlite:{path}")
    assert path.read_text(encoding="utf-8").startswith("MaHoSo")


async def test_a_read_only_database_is_said_to_be_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "motcua.db"
        async with open_storage(f"sqlite:{path}") as storage:
            await storage.migrate()
        os.chmod(path, READ)
        os.chmod(folder, READ | ENTER)

        with as_a_plain_user():
            said = await reason(f"sqlite:{path}")

        os.chmod(folder, READ | ENTER | stat.S_IWUSR)
    assert str(path) in said
    assert "read-only" in said or "closed to this user" in said


async def test_a_new_database_is_for_its_owner_alone(sqlite_storage: Storage, tmp_path: Path) -> None:
    await enqueue(sqlite_storage, an_item(1))

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["motcua.db", "motcua.db-shm", "motcua.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {stat.S_IRUSR | stat.S_IWUSR}


async def test_a_full_disk_undoes_the_work_and_nothing_else(sqlite_storage: Storage, tmp_path: Path) -> None:
    await enqueue(sqlite_storage, an_item(1))
    many = [an_item(number, text="x" * 1000) for number in range(10, 2000)]

    with no_file_longer_than(500_000), pytest.raises(StorageError, match=r"disk is full") as failed:
        await enqueue(sqlite_storage, *many)

    assert str(tmp_path) in str(failed.value)
    assert await sqlite_storage.read(lambda tx: tx.outbox.planned()) == 1
    assert await enqueue(sqlite_storage, *many) == len(many)
    assert await sqlite_storage.read(lambda tx: tx.outbox.imbalances(limit=1)) == []


async def test_a_server_that_is_down_is_named_without_the_password() -> None:
    said = await reason("postgresql://motcua:ge-heim@127.0.0.1:1/motcua")

    assert "motcua on 127.0.0.1" in said
    assert "máy chủ có chạy không" in said
    assert "ge-heim" not in said


@pytest.mark.parametrize("url", ["postgresql://motcua:ge-heim@[::1/motcua", "postgresql://u:ge-heim@host:port/x"])
async def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    said = await reason(url)

    assert "postgresql://USER@HOST" in said
    assert "ge-heim" not in said


async def test_an_unknown_user_is_refused(postgres_url: str) -> None:
    parts = urlsplit(postgres_url)
    host = parts.netloc.rpartition("@")[2]
    said = await reason(urlunsplit(parts._replace(netloc=f"stranger:ge-heim@{host}")))

    assert "refused the user or the password" in said
    assert "ge-heim" not in said


async def test_a_database_that_nobody_made_is_named(postgres_url: str) -> None:
    said = await reason(urlunsplit(urlsplit(postgres_url)._replace(path="/nowhere")))

    assert "nowhere" in said
    assert "create it first" in said
