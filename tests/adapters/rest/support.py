"""A one-stop software on localhost that answers what a test tells it, and the source that asks it."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.sources.rest import Settings
from adapters.sources.rest import open as open_source
from adapters.sources.rest.pauses import Pauses
from bot.ports import Batch, Source
from tests.support.making import Time

PAYLOADS = Path(__file__).parent / "payloads"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = Any
"""A response's JSON, a status, bytes that are the whole body, or a handler."""


@dataclass
class Asked:
    """A request as the software saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Api:
    """Answers each path with its answers in turn, and with the last one from then on."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))

    def on(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def asked_for(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(
            Asked(request.method, request.path, dict(request.query), request.headers.copy(), await request.read())
        )
        waiting = self.answers.get(request.path, [404])
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(answer):
            handler: Handler = answer
            return await handler(request)
        if isinstance(answer, int) and not isinstance(answer, bool):
            return web.Response(status=answer, text="<html>lỗi</html>", content_type="text/html")
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/json")
        return web.json_response(answer)


@asynccontextmanager
async def api() -> AsyncIterator[Api]:
    software = Api()
    application = web.Application(client_max_size=1 << 22)
    application.router.add_route("*", "/{path:.*}", software.handle)
    async with TestServer(application) as server:
        software.url = str(server.make_url("")).rstrip("/")
        yield software


@dataclass
class Naps:
    """Sleeps no moment and remembers for how long it was asked."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def settings(software: Api, **changes: Any) -> Settings:
    """Pages of two at /hoso, told apart by ?page."""
    given: dict[str, Any] = {
        "base_url": software.url,
        "listing": {"url": "/hoso", "query": {"page": "{page}"}},
        "paging": {"by": "page", "size": 2},
        "timeout": 5.0,
    }
    return Settings.model_validate(given | changes)


@asynccontextmanager
async def opened(
    software: Api, *, clock: Time | None = None, naps: Naps | None = None, **changes: Any
) -> AsyncIterator[Source]:
    """The source, which never really sleeps."""
    chosen = settings(software, **changes)
    pauses = Pauses(chosen.retry_pause, chosen.longest_pause, chance=lambda: 0.5)
    async with open_source("office", chosen, clock=clock or Time(), sleep=naps or Naps(), pauses=pauses) as source:
        yield source


async def read(source: Source, cursor: str | None = None, *, most: int | None = None) -> list[Batch]:
    """The batches of one round, or the first `most` of it, as if the process had ended there."""
    assert source.source
    batches: list[Batch] = []
    async with aclosing(source.source.batches(cursor)) as coming:  # type: ignore[type-var]  # an async generator
        async for batch in coming:
            batches.append(batch)
            if len(batches) == most:
                break
    return batches


async def read_once(software: Api, **changes: Any) -> list[Batch]:
    async with opened(software, **changes) as source:
        return await read(source)


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "MaHoSo": f"H32.15-261122-{number:04}",
        "TrangThaiHoSo": "4",
        "TenTTHC": "Đăng ký khai sinh",
        "ChuHoSo": "Nguyễn Mẫu",
        "SoDienThoai": "0912345678",
        "NgayTiepNhan": "20261120080000",
        "NgayHenTra": "20261127170000",
        "NgayCapNhat": f"20261121{8 + number // 3600:02}{number // 60 % 60:02}{number % 60:02}",
    } | changes


def codes(batches: list[Batch]) -> list[int]:
    """The serial numbers of the dossiers, in the order in which they came."""
    return [int(dossier.code.rpartition("-")[2]) for batch in batches for dossier in batch.dossiers]


def pages(software: Api, *content: list[dict[str, Any]]) -> None:
    """/hoso?page=1 and so on; empty pages behind."""

    async def page(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("page", "1"))
        return web.json_response(content[number - 1] if number <= len(content) else [])

    software.on("/hoso", page)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / name).read_text(encoding="utf-8"))


def saying(status: int, **headers: str) -> Handler:
    """An answer without a body."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})

    return answer


ONE_PAGE: dict[str, Any] = {"paging": {"by": "none"}, "listing": {"url": "/hoso"}}
"""Changes to `settings`: a list without pages."""
