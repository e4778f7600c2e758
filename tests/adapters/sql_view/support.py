"""A vendor's database as a test needs it, and what the source makes of its view."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from adapters.sources.sql_view import Settings, ViewSource
from adapters.sources.sql_view.door import SPARE, Door
from bot.model.clock import Clock, utc_now
from bot.model.dossier import Dossier
from bot.ports import Batch, Quarantined

COLUMNS = (
    "ID", "MaHoSo", "TrangThaiHoSo", "ChuHoSo", "SoDienThoai", "TenTTHC", "NgayTiepNhan", "NgayHenTra", "NgayCapNhat",
)  # fmt: skip
SECRET = "M@t-khau/rat dai"
MORNING = "2026-11-20 08:15:00.123456"


def code(number: int) -> str:
    return f"H32.21.02-261122-{number:04}"


def row(number: int = 1, **cells: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ID": number,
        "MaHoSo": code(number),
        "TrangThaiHoSo": 4,
        "ChuHoSo": "Nguyễn Thị Ánh",
        "SoDienThoai": "0912345678",
        "TenTTHC": "Đăng ký khai sinh",
        "NgayTiepNhan": "2026-11-18 09:00:00",
        "NgayHenTra": "2026-11-25 17:00:00",
        "NgayCapNhat": MORNING,
    }
    return made | cells


class Office:
    """The vendor's table `ho_so`, written to the way its own software would."""

    def __init__(self, url: str, write: Callable[[str, Sequence[Sequence[Any]]], None], mark: str) -> None:
        self.url = url
        self._write = write
        self._mark = mark
        self._doors: list[Door] = []

    def do(self, statement: str) -> None:
        self._write(statement, [])

    def put(self, *rows: Mapping[str, Any]) -> None:
        """Rows whose ID is known take the place of the former."""
        names, marks = ", ".join(COLUMNS), ", ".join([self._mark] * len(COLUMNS))
        self._write(f"DELETE FROM ho_so WHERE ID = {self._mark}", [(each["ID"],) for each in rows])  # noqa: S608 - our own names
        cells = [[each[name] for name in COLUMNS] for each in rows]
        self._write(f"INSERT INTO ho_so ({names}) VALUES ({marks})", cells)  # noqa: S608 - our own names

    def source(self, *, clock: Clock = utc_now, spare: float = SPARE, **settings: Any) -> ViewSource:
        """As a fresh process opens it."""
        made = settings_of(self.url, **settings)
        self._doors.append(Door(made, spare=spare))
        return ViewSource("mc", made, self._doors[-1], clock=clock)

    async def close(self) -> None:
        for door in self._doors:
            await door.close()


def settings_of(url: str, **settings: Any) -> Settings:
    given = {"url": url, "timeout": 5, "connect_timeout": 3, "batch_rows": 100, **settings}
    if not given.get("query"):
        given.setdefault("view", "ho_so")
    return Settings.model_validate(given)


def sqlite_office(path: Path, *, type_: str = "TEXT") -> Office:
    """A file; `type_` is that of the changed column."""

    def write(statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executemany(statement, rows) if rows else connection.execute(statement)
            connection.commit()

    office = Office(f"sqlite:///{path}", write, "?")
    others = ", ".join(f"{name} TEXT" for name in COLUMNS[1:-1])
    office.do(f"CREATE TABLE ho_so (ID INTEGER, {others}, NgayCapNhat {type_})")
    return office


async def batches(of: ViewSource, cursor: str | None = None, *, most: int | None = None) -> list[Batch]:
    """One round, or its first `most` batches as if the process had been killed there."""
    found: list[Batch] = []
    async for batch in of.batches(cursor):
        found.append(batch)
        if len(found) == most:
            break
    return found


def dossiers(found: Iterable[Batch]) -> list[Dossier]:
    return [dossier for batch in found for dossier in batch.dossiers]


def codes(found: Iterable[Batch]) -> list[str]:
    return [dossier.code for dossier in dossiers(found)]


def quarantined(found: Iterable[Batch]) -> list[Quarantined]:
    return [noted for batch in found for noted in batch.quarantined]
