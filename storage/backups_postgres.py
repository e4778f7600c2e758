"""The same for PostgreSQL, by its own pg_dump and pg_restore, which must be as new as the server."""

import os
import shutil
import subprocess
import tempfile
from asyncio import to_thread
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from bot.model.errors import StorageError
from bot.ports.backups import POSTGRES, Facts
from storage import postgres_driver
from storage.backups import COUNTS
from storage.migrate import APPLIED, as_applied, missing
from storage.postgres_hosts import FAILURES

_FILLED = """
SELECT EXISTS (
    SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm')
)
"""
_END_SECONDS = 30.0
_SAID = 400
"""Characters of what a program said that are shown."""


class Dump:
    """`bot.ports.backups.Copying`: what pg_dump writes."""

    def __init__(self, process: subprocess.Popen[bytes], said: IO[bytes], facts: Facts) -> None:
        self.facts = facts
        self._process = process
        self._said = said

    def read(self, size: int) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 it was asked for
        content = self._process.stdout.read(size)
        if not content and self._process.wait():
            raise _failed("pg_dump", self._said)
        return content


@asynccontextmanager
async def copy_database(url: str, programs: Path | None) -> AsyncIterator[Dump]:
    """The database `url` at one moment. Raises `StorageError`."""
    program = _program("pg_dump", programs)
    shown = _shown(url)
    try:
        connection = await asyncpg.connect(url, timeout=10, server_settings={"application_name": "motcua backup"})
    except FAILURES as error:
        raise postgres_driver.readable(error, shown) from error
    try:
        # What is counted and what is dumped is the same moment.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # It is held for as long as the dump takes.
            await postgres_driver.lift_limits(connection)
            moment = await connection.fetchval("SELECT pg_export_snapshot()")
            facts = await _facts(connection, shown)
            arguments = [program, "-Fc", "-Z0", "--no-owner", "--no-privileges", f"--snapshot={moment}"]
            with tempfile.TemporaryFile() as said:
                process = subprocess.Popen(  # noqa: ASYNC220, S603 our own words; read in a thread
                    [*arguments, "-d", _without_password(url)],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=_environment(url),
                )  # fmt: skip
                try:
                    yield Dump(process, said, facts)
                finally:
                    await to_thread(_end, process)
    except FAILURES as error:
        raise postgres_driver.readable(error, shown) from error
    finally:
        with suppress(*FAILURES):
            await connection.close(timeout=5)


async def facts_of(url: str) -> Facts:
    """What the database holds. Raises `StorageError`."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await _facts(connection, _shown(url))
        finally:
            await connection.close(timeout=5)
    except FAILURES as error:
        raise postgres_driver.readable(error, _shown(url)) from error


async def require_empty(url: str) -> None:
    """Raises `StorageError` where the database holds any table."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            is_filled = await connection.fetchval(_FILLED)
        finally:
            await connection.close(timeout=5)
    except FAILURES as error:
        raise postgres_driver.readable(error, _shown(url)) from error
    if is_filled:
        raise StorageError(
            f"{_shown(url)}: không trống; hãy tạo một cơ sở dữ liệu mới rồi phục hồi vào đó (--to) / "
            "is not empty: make a new database and restore into that (--to)"
        )


async def _facts(connection: asyncpg.Connection, shown: str) -> Facts:
    try:
        applied = as_applied(await connection.fetch(APPLIED))
        planned, messages, dossiers = await connection.fetchrow(COUNTS)
    except asyncpg.UndefinedTableError:
        raise StorageError(f"{shown}: không phải cơ sở dữ liệu của motcua / is no database of motcua") from None
    missing(applied, shown)
    return Facts(POSTGRES, tuple(sorted(applied)), planned, messages, dossiers)


class DumpReceiver:
    """For an empty database: all in one transaction of pg_restore, which ends well or leaves nothing."""

    def __init__(self, url: str, programs: Path | None) -> None:
        self._url = url
        self._program = _program("pg_restore", programs)
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 closed at the exit
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "DumpReceiver":
        words = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
        self._process = subprocess.Popen(  # noqa: S603 our own words
            [self._program, *words, "-d", _without_password(self._url)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._said, env=_environment(self._url),
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            _end(self._process)
        self._said.close()

    def write(self, content: bytes) -> None:
        assert self._process is not None  # noqa: S101 it was started above
        assert self._process.stdin is not None  # noqa: S101 it was asked for
        try:
            self._process.stdin.write(content)
        except OSError:
            self._process.wait()
            raise _failed("pg_restore", self._said) from None

    def finish(self) -> None:
        """Waits until everything is there."""
        assert self._process is not None  # noqa: S101 it was started above
        assert self._process.stdin is not None  # noqa: S101 it was asked for
        with suppress(OSError):
            self._process.stdin.close()
        if self._process.wait():
            raise _failed("pg_restore", self._said)


def _program(name: str, programs: Path | None) -> str:
    found = shutil.which(name, path=str(programs)) if programs else shutil.which(name)
    if not found:
        raise StorageError(
            f"không thấy {name}: xin cài gói postgresql-client, hoặc chỉ thư mục ở [backup] programs; hay dùng PITR "
            f"(docs/sao-luu.md) / {name} was not found: install postgresql-client or set [backup] programs"
        )
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """It is over, or is given up: then what it did is undone by the server."""
    if process.poll() is None:
        process.kill()
    process.wait(_END_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()


def _failed(name: str, said: IO[bytes]) -> StorageError:
    said.seek(0)
    words = " ".join(said.read(_SAID).decode(errors="replace").split())
    return StorageError(f"{name}: {words}")


def _environment(url: str) -> Mapping[str, str]:
    """A password stands in no list of processes."""
    password = urlsplit(url).password
    return {**os.environ, "PGPASSWORD": unquote(password)} if password else os.environ


def _without_password(url: str) -> str:
    split = urlsplit(url)
    user, at, hosts = split.netloc.rpartition("@")
    return urlunsplit(split._replace(netloc=f"{user.partition(':')[0]}{at}{hosts}"))


def _shown(url: str) -> str:
    return urlsplit(_without_password(url)).path.lstrip("/") or "PostgreSQL"
