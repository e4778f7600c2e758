"""The database of the one-stop software: a view with the national names that follows what happens."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.adapters.onestop.support import Office, running

_ORDER = 'SELECT * FROM v_ho_so ORDER BY "NgayCapNhat", "MaHoSo"'


def _sqlite(path: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(_ORDER)]


async def _as_told(office: Office, rows: list[dict[str, Any]]) -> None:
    """The rows are what the province knows, under the same names."""
    for row in rows:
        known = (await office.told(f"/dossiers/{row['MaHoSo']}"))["dossier"]
        for name in row.keys() & known.keys():
            assert _digits(row[name]) == known[name], name


def _digits(value: object) -> str:
    """A moment as the national exchange writes it; anything else as it is."""
    text = "" if value is None else str(value)
    bare = "".join(letter for letter in text.partition(".")[0] if letter.isdecimal())
    return bare if text[4:5] == text[7:8] == "-" else text


async def test_the_view_has_every_dossier_in_national_names(tmp_path: Path) -> None:
    path = tmp_path / "mc.db"
    async with running(sql_url=f"sqlite:///{path}", backlog=150, dossiers_per_day=1) as office:
        rows = _sqlite(path)
        await _as_told(office, rows)
        known = await office.told("/dossiers")

    assert [row["MaHoSo"] for row in rows] == [each["code"] for each in known]
    assert len(rows) == 150
    assert {"TrangThaiHoSo", "TenTrangThai", "ChuHoSo", "SoDienThoai", "NgayHenTra", "PhienBan"} < rows[0].keys()


async def test_the_view_follows_changes_a_migration_and_what_vanishes(tmp_path: Path) -> None:
    path = tmp_path / "mc.db"
    settings: dict[str, Any] = {"backlog": 200, "dossiers_per_day": 1, "keep": 50, "rest_port": None}
    async with running(sql_url=f"sqlite:///{path}", **settings) as office:
        stats = await office.told("/stats")
        before = _sqlite(path)
        await office.misbehave(migration="word", skew=86_400)
        await office.until("/dossiers?limit=500", lambda known: any(each["word"] for each in known))
        async with asyncio.timeout(10):
            while not (after := [row for row in _sqlite(path) if row["TrangThaiHoSo"].startswith("TT")]):
                await asyncio.sleep(0.01)

    assert len(before) == stats["dossiers"]["open"] + 50
    assert stats["dossiers"]["vanished"] > 0
    assert len(after) == stats["dossiers"]["open"]
    versions = {row["MaHoSo"]: row["PhienBan"] for row in before}
    assert all(row["PhienBan"] == versions[row["MaHoSo"]] + 1 for row in after)
    assert min(row["NgayCapNhat"] for row in after) > max(row["NgayCapNhat"] for row in before)


async def test_a_database_that_is_locked_for_a_while_is_caught_up_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mc.db"
    url = f"sqlite:///{path}?timeout=0.05"
    async with running(sql_url=url, dossiers_per_day=20_000, speed=600, rest_port=None) as office:
        with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(10):
                while "rows are owed" not in caplog.text:
                    await asyncio.sleep(0.01)
            locked = (await office.told("/stats"))["dossiers"]["received"]
            stranger.execute("ROLLBACK")
        async with asyncio.timeout(10):
            while len(_sqlite(path)) <= locked:
                await asyncio.sleep(0.01)

    assert "INSERT" not in caplog.text, "the rows are people's"


async def test_an_office_that_opens_again_finds_its_table_and_view(tmp_path: Path) -> None:
    path = tmp_path / "mc.db"
    counts = []
    for _ in range(2):
        async with running(sql_url=f"sqlite:///{path}", backlog=10, dossiers_per_day=1, rest_port=None):
            counts.append(len(_sqlite(path)))

    assert counts == [10, 10]


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[str]:
    """The address of an empty PostgreSQL database, as asyncpg wants it."""
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute("CREATE DATABASE onestop_simulator")
        yield make_url(postgres_url).set(database="onestop_simulator").render_as_string(hide_password=False)
        await admin.execute("DROP DATABASE onestop_simulator WITH (FORCE)")
    finally:
        await admin.close()


async def test_on_postgresql_the_view_is_the_same(postgres: str) -> None:
    url = make_url(postgres).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    settings: dict[str, Any] = {"backlog": 150, "dossiers_per_day": 1, "rest_port": None}
    async with running(sql_url=url, **settings) as office:
        connection = await asyncpg.connect(postgres)
        try:
            rows = [dict(row) for row in await connection.fetch(_ORDER)]
        finally:
            await connection.close()
        await _as_told(office, rows)

    assert len(rows) == 150


def test_who_wants_no_database_needs_no_sqlalchemy() -> None:
    program = "import sys, adapters.simulators.onestop; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
