"""The source `rest` for the contract suite: a one-stop software with a log-in, pages, and a look at what changed."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from adapters.sources import rest
from adapters.sources.rest.requests import ListRequest, TokenLogin
from adapters.sources.rest.settings import Changes, Paging
from bot.model.clock import VIETNAM
from tests.contract.sources import SOURCE, Asked, Opened, Record

_PASSWORD, _TOKEN = "a password for the contract suite", "a-token-for-the-contract-suite"
_PAGE = 100
_BEGINNING = datetime(2025, 3, 3, tzinfo=VIETNAM)
_FORMAT = "%Y-%m-%dT%H:%M:%S%z"
_CHANGED = "ThoiDiemGhi"
"""The column by which the software knows what changed; its own, whatever NgayCapNhat of a record says."""


class Software:
    """Keeps the newest version of each dossier, and lists them oldest change first."""

    def __init__(self) -> None:
        self.out_of_order = False
        self._records: dict[str, dict[str, str]] = {}
        self._now = _BEGINNING

    def put(self, records: Sequence[Record]) -> None:
        self._now += timedelta(seconds=10)
        changed = self._now.strftime(_FORMAT)
        self._records |= {record["MaHoSo"]: {**record, _CHANGED: changed} for record in records}

    async def log_in(self, request: web.Request) -> web.Response:
        if self.out_of_order:
            raise web.HTTPServiceUnavailable
        known = await request.json() == {"username": "may", "password": _PASSWORD}
        return web.json_response({"token": _TOKEN} if known else {"error_code": 1})

    async def list(self, request: web.Request) -> web.Response:
        if self.out_of_order or request.headers["Authorization"] != f"Bearer {_TOKEN}":
            raise web.HTTPServiceUnavailable
        since, start = request.query.get("since", ""), int(request.query["start"])
        changed = [record for record in self._records.values() if record[_CHANGED] >= since]
        changed.sort(key=lambda record: record[_CHANGED])
        return web.json_response({"total": len(changed), "rows": changed[start : start + _PAGE]})


class Bench:
    """`tests.contract.sources.SourceBench`."""

    kind = "rest"

    def __init__(self, software: Software, address: str) -> None:
        self._software = software
        self._settings = rest.Settings(
            base_url=address,
            login=TokenLogin(kind="token", url="/login", username="may", password=SecretStr(_PASSWORD)),
            listing=ListRequest(url="/dossiers", query={"start": "{offset}", "since": "{since}"}),
            records="rows",
            paging=Paging(by="offset", size=_PAGE, total="total"),
            changes=Changes(mode="since", field=_CHANGED, overlap=5, format=_FORMAT),
            retry_pause=0.01,
        )

    async def put(self, records: Sequence[Record]) -> None:
        self._software.put(records)

    def open(self, name: str = SOURCE) -> AbstractAsyncContextManager[Opened]:
        return self._open(name)

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[Asked]:
        async with rest.open(name, self._settings) as source:
            assert source.source is not None
            yield Asked(source.source)

    def failing(self) -> AbstractAsyncContextManager[None]:
        return self._failing()

    @asynccontextmanager
    async def _failing(self) -> AsyncIterator[None]:
        self._software.out_of_order = True
        try:
            yield
        finally:
            self._software.out_of_order = False


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """`tmp_path` stays empty: what this software has is behind its address."""
    software = Software()
    application = web.Application()
    application.router.add_post("/login", software.log_in)
    application.router.add_get("/dossiers", software.list)
    async with TestServer(application) as server:
        yield Bench(software, str(server.make_url("")).rstrip("/"))
