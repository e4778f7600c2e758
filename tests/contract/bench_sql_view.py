"""The source `sql_view` for the contract suite: a vendor's database in a SQLite file, whose rows count their changes.

Real PostgreSQL and MariaDB servers are asked in tests/adapters/sql_view.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

from adapters.records.columns import FIELDS
from adapters.sources import sql_view
from tests.contract.sources import SOURCE, Asked, Opened, Record

_BATCH = 100
_NAMES = tuple({name.lower(): name for names in FIELDS.values() for name in names}.values())
"""SQLite does not tell capitals apart."""


class Bench:
    """`tests.contract.sources.SourceBench` and `FailingBench`."""

    kind = "sql_view"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._file = folder / "vendor.db"
        self._changes = 0
        columns = ", ".join(f"{name} TEXT" for name in _NAMES)
        with closing(sqlite3.connect(self._file)) as vendor:
            vendor.execute(f"CREATE TABLE hoso (id INTEGER PRIMARY KEY, thay_doi INTEGER, {columns})")
            vendor.execute("CREATE VIEW v_ho_so AS SELECT * FROM hoso")

    async def put(self, records: Sequence[Record]) -> None:
        with closing(sqlite3.connect(self._file)) as vendor, vendor:
            for record in records:
                self._put(vendor, record)

    def _put(self, vendor: sqlite3.Connection, record: Record) -> None:
        cells = {name: value.encode("utf-8", "replace").decode() for name, value in record.items() if name in _NAMES}
        self._changes += 1
        if "MaHoSo" in cells:
            vendor.execute("DELETE FROM hoso WHERE MaHoSo = ?", (cells["MaHoSo"],))
        names, marks = ", ".join(["thay_doi", *cells]), ", ".join("?" * (1 + len(cells)))
        vendor.execute(f"INSERT INTO hoso ({names}) VALUES ({marks})", (self._changes, *cells.values()))  # noqa: S608 - our own names

    def open(self, name: str = SOURCE) -> AbstractAsyncContextManager[Opened]:
        return self._open(name)

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[Asked]:
        settings = sql_view.Settings(
            url=f"sqlite:///{self._file}",
            view="v_ho_so",
            changed_column="ThayDoi",
            code_column="ID",
            overlap_number=10,
            batch_rows=_BATCH,
        )
        async with sql_view.open(name, settings) as source:
            assert source.source is not None
            yield Asked(source.source)

    def failing(self) -> AbstractAsyncContextManager[None]:
        return self._failing()

    @asynccontextmanager
    async def _failing(self) -> AsyncIterator[None]:
        away = self._file.rename(self._file.with_name("away.db"))
        try:
            yield
        finally:
            away.rename(self._file)


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    yield Bench(tmp_path)
