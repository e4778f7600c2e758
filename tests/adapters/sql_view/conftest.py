"""Vendors' databases: a PostgreSQL and a MariaDB of our own where they can be started, and SQLite files."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from bot.demo.processes import free_port
from tests.adapters.sql_view.support import SECRET, Office, sqlite_office

_STATE = "TrangThaiHoSo INT, ChuHoSo VARCHAR(200), SoDienThoai VARCHAR(40), TenTTHC VARCHAR(200)"
_TABLE = f"CREATE TABLE ho_so (ID INT, MaHoSo VARCHAR(60), {_STATE}, {{moments}})"


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """How the settings name the password `SECRET`."""
    monkeypatch.setenv("VENDOR_PASSWORD", SECRET)
    return "env:VENDOR_PASSWORD"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def office(request: pytest.FixtureRequest) -> Office:
    """The same table on each database that can run here."""
    found: Office = request.getfixturevalue(f"{request.param}_office")
    return found


@pytest.fixture(name="sqlite_office")
async def _sqlite_office(tmp_path: Path) -> AsyncIterator[Office]:
    office = sqlite_office(tmp_path / "vendor.db")
    yield office
    await office.close()


@pytest.fixture
async def postgresql_office(vendor_postgresql: str) -> AsyncIterator[Office]:
    """PostgreSQL keeps these names in small letters."""

    def write(statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with psycopg.connect(vendor_postgresql) as connection, connection.cursor() as cursor:
            cursor.executemany(statement, rows) if rows else cursor.execute(statement)

    office = Office(vendor_postgresql, write, "%s")
    office.do("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    office.do(_TABLE.format(moments="NgayTiepNhan TIMESTAMP, NgayHenTra TIMESTAMP, NgayCapNhat TIMESTAMP"))
    yield office
    await office.close()


@pytest.fixture
async def mariadb_office(vendor_mariadb: str) -> AsyncIterator[Office]:
    parts = urlsplit(vendor_mariadb)

    def write(statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with (
            pymysql.connect(host=parts.hostname, port=parts.port, user=parts.username, database="vendor") as connection,
            connection.cursor() as cursor,
        ):
            cursor.executemany(statement, rows) if rows else cursor.execute(statement)
            connection.commit()

    office = Office(vendor_mariadb, write, "%s")
    office.do("DROP TABLE IF EXISTS ho_so")
    office.do(_TABLE.format(moments="NgayTiepNhan DATETIME, NgayHenTra DATETIME, NgayCapNhat DATETIME(6)"))
    yield office
    await office.close()


@pytest.fixture(scope="session")
def vendor_postgresql(postgres_url: str) -> Iterator[str]:
    name = f"motcua_vendor_{os.getpid()}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def vendor_mariadb() -> Iterator[str]:
    if not all(map(shutil.which, ("mariadbd", "mariadb-install-db", "my_print_defaults"))):
        packages = "mariadb-server-core mariadb-client-core"
        reason = f"mariadbd is not installed (Debian: {packages}), so nothing was tested on MariaDB"
        required = os.environ.get("CI") and os.environ.get("MOTCUA_TEST_MARIADB") != "skip"
        pytest.fail(reason) if required else pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="motcua-mariadb-"))
    server = _start(folder, port := free_port())
    try:
        _wait(port, server)
        yield f"mariadb://root@127.0.0.1:{port}/vendor"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    where = ["--no-defaults", f"--datadir={folder}/data", *(["--user=root"] if os.geteuid() == 0 else [])]
    install = ["mariadb-install-db", *where, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    return subprocess.Popen(
        [
            "mariadbd", *where, f"--socket={folder}/socket", f"--pid-file={folder}/pid", "--bind-address=127.0.0.1",
            f"--port={port}", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4",
            "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _wait(port: int, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert server.poll() is None, "mariadbd ended as it was started"
        try:
            connection = pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=2)
        except pymysql.OperationalError:
            time.sleep(0.1)
            continue
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE vendor CHARACTER SET utf8mb4")
            return
    raise AssertionError("mariadbd did not answer within 30 s")
