"""A one-stop software that keeps its own book: it is asked over HTTP, or pushes until it is answered.

A dossier takes its next step only when the service has seen the one before, so that each step is an event of which
exactly one message must be planned. The book is the judge's word on what happened.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web

from bot.model.clock import VIETNAM

ASKED, PUSHED = "asked", "pushed"
"""The names of the two sources, and by which way the dossier comes."""

COURSE = (2, 5, 4, 9)
"""Received, asked for a paper, the paper has come, the result is there: national codes."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_PAGE = 200
_AGAIN = 0.1
_CALL_SECONDS = 5.0


@dataclass
class Record:
    """A dossier in the book. `steps` are those that have happened, in order."""

    code: str
    source: str
    phone: str
    due: datetime
    received: datetime
    course: tuple[int, ...] = COURSE
    steps: list[int] = field(default_factory=list)
    changed: datetime = _LONG_AGO

    @property
    def is_over(self) -> bool:
        return len(self.steps) == len(self.course)

    def written(self) -> dict[str, str]:
        status = self.steps[-1]
        return {
            "MaHoSo": self.code,
            "TenTTHC": "Đăng ký khai sinh",
            "ChuHoSo": "Trần Thị Ẩn",
            "SoDienThoai": self.phone,
            "NgayTiepNhan": _digits(self.received),
            "NgayHenTra": _digits(self.due),
            "TrangThaiHoSo": str(status),
            "MaDonVi": "H32.15.01",
            "DonViXuLy": "UBND phường Vĩnh Hải",
            "NoiDungBoSung": "Giấy chứng sinh" if status == 5 else "",
            "LyDo": "Bản nộp bị mờ" if status == 5 else "",
            "NgayCapNhat": _digits(self.changed),
            "PhienBan": str(len(self.steps)),
            "ThoiDiemGhi": f"{self.changed.astimezone(VIETNAM):%Y-%m-%dT%H:%M:%S}",
        }


def _digits(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%Y%m%d%H%M%S}"


class Office:
    """The book, the API that lists it, and the calls that tell of it."""

    def __init__(self, push_urls: list[str], key: str) -> None:
        """`push_urls`: doors of the service, tried by turns; `key` opens them."""
        self.book: dict[str, Record] = {}
        self.pushes = 0
        """Calls that were made, the repeated ones too."""
        self._urls = push_urls
        self._key = key
        self._last = _LONG_AGO

    def receive(self, number: int, source: str, *, due_in: timedelta, course: tuple[int, ...] = COURSE) -> Record:
        now = datetime.now(UTC)
        code = f"H32.15-{now:%y%m%d}-{number:04}" if number < 10_000 else f"H32.16-{now:%y%m%d}-{number - 10_000:04}"
        record = Record(code, source, f"09{10 + number // 100_000:02}{number % 100_000:05}5", now + due_in, now, course)
        self.advance(record)
        self.book[code] = record
        return record

    def advance(self, record: Record) -> None:
        """The dossier's next step, now; each update of the office has a second of its own or is after the others."""
        record.steps.append(record.course[len(record.steps)])
        record.changed = max(datetime.now(UTC), self._last)
        self._last = record.changed

    async def listing(self, request: web.Request) -> web.Response:
        since, start = request.query.get("since", ""), int(request.query["start"])
        rows = [each for each in self.book.values() if each.source == ASKED]
        shown = [row for row in (each.written() for each in rows) if row["ThoiDiemGhi"] >= since]
        shown.sort(key=lambda row: (row["ThoiDiemGhi"], row["MaHoSo"]))
        return web.json_response({"total": len(shown), "rows": shown[start : start + _PAGE]})

    async def push(self, http: aiohttp.ClientSession, record: Record) -> None:
        """Returns when the service has said that it has the dossier's present step."""
        number = hash(record.code)
        while True:
            number += 1
            self.pushes += 1
            url = f"{self._urls[number % len(self._urls)]}/onestop/v1/dossiers"
            try:
                async with http.post(url, json=record.written(), headers={"X-Api-Key": self._key}) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(_AGAIN)

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[None]:
        application = web.Application()
        application.router.add_get("/dossiers", self.listing)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()


def session() -> aiohttp.ClientSession:
    """A connection of its own for each call: what was cut is not used again."""
    connector = aiohttp.TCPConnector(force_close=True, limit=50)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS))
