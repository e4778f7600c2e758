"""Passwords, tokens, sessions, keys, and what they guard, reach no log and no message."""

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import web

from adapters.sources.rest import open as open_source
from bot.model.errors import SourceError
from tests.adapters.rest.support import Api, Naps, opened, read, record, settings
from tests.support.making import START

PASSWORD, KEY, TOKEN, SESSION = "mat-khau-kin", "khoa-cong-kin", "token-kin-1", "phien-kin-2"
BASIC = "bWF5Om1hdC1raGF1LWtpbg=="
PROXY = "may:cua-proxy-kin"
OWNER, PHONE, CODE = "Nguyễn Văn Kín", "0912345678", "H32.15-261122-0001"
SINCE = "20260101"
GUARDED = (PASSWORD, KEY, TOKEN, SESSION, "cua-proxy-kin", BASIC, OWNER, "12345678", CODE, SINCE)

LISTING: dict[str, Any] = {
    "method": "POST",
    "url": "/hoso",
    "query": {"key": "{token}", "tu": "{since}"},
    "body": {"session": "{session}", "page": "{page}"},
}
ALL_KINDS: dict[str, dict[str, Any]] = {
    "token": {"login": {"kind": "token", "url": "/login", "username": "may", "password": "env:PASSWORD"}},
    "session": {"login": {"kind": "session", "url": "/login", "username": "may", "password": "env:PASSWORD"}},
    "bearer": {"login": {"kind": "bearer", "token": "env:KEY"}},
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PASSWORD": PASSWORD, "KEY": KEY, "PROXY": PROXY}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for logger in ("", "aiohttp.client", "aiohttp.internal", "asyncio", "adapters.sources.rest"):
        caplog.set_level(logging.DEBUG, logger)
    return caplog


async def echo(request: web.Request) -> web.StreamResponse:
    """An error page that repeats everything it was asked."""
    text = f"<html>{request.url} {request.headers} {await request.text()} {OWNER}"
    return web.Response(status=400, text=text, content_type="text/html")


async def lead_away(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": f"http://{TOKEN}.invalid/{PASSWORD}"})


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


def heard(logged: pytest.LogCaptureFixture) -> str:
    """What we logged; the test's own server logs every request."""
    return "\n".join(each.getMessage() for each in logged.records if each.name != "aiohttp.access")


def chain(error: BaseException | None) -> str:
    return "" if error is None else f"{error!r} {error} {chain(error.__cause__)} {chain(error.__context__)}"


@pytest.mark.parametrize("kind", list(ALL_KINDS))
@pytest.mark.parametrize(
    "answer",
    [
        [record(1, ChuHoSo=OWNER, TrangThaiHoSo=""), record(2, SoDienThoai={"so": PHONE})],
        {"error_code": f"{TOKEN} {OWNER}", "message": PASSWORD},
        {"khac": OWNER},
        f"<html>{OWNER} {TOKEN}".encode(),
        f'[{{"ChuHoSo": "{OWNER}"'.encode(),
        500,
        401,
        429,
        echo,
        lead_away,
        hang_up,
    ],
)
async def test_nothing_guarded_comes_out(
    software: Api, everything_logged: pytest.LogCaptureFixture, kind: str, answer: Any
) -> None:
    asyncio.get_running_loop().set_debug(True)
    software.on("/login", {"token": TOKEN, "session": SESSION, "error_code": 0})
    software.on("/hoso", answer, [])
    changes = {"mode": "since", "start": f"{START.year}-01-01T00:00:00+07:00", "format": "%Y%m%d"}
    seen = ""

    async with opened(
        software, listing=LISTING, changes=changes, secret_headers={"apikey": "env:KEY"}, retries=0, **ALL_KINDS[kind]
    ) as source:
        seen += repr(source)
        try:
            batches = await read(source)
            seen += "".join(batch.cursor + "".join(q.place + q.reason for q in batch.quarantined) for batch in batches)
        except SourceError as error:
            seen += chain(error)

    assert software.asked_for("/hoso")
    assert [word for word in GUARDED if word in seen + heard(everything_logged)] == []


@pytest.mark.parametrize("answer", [401, 500, echo, lead_away, {"token": {"x": TOKEN}}, {"error_code": PASSWORD}])
async def test_a_failing_login_shows_nothing_guarded(
    software: Api, everything_logged: pytest.LogCaptureFixture, answer: Any
) -> None:
    software.on("/login", answer)

    async with opened(software, **ALL_KINDS["token"]) as source:
        with pytest.raises(SourceError) as raised:
            await read(source)

    assert [word for word in GUARDED if word in chain(raised.value) + heard(everything_logged)] == []


async def test_an_address_that_holds_our_token_is_not_kept_in_the_cursor(software: Api) -> None:
    following = {"rows": [record(1)], "next": f"/hoso?access_token={TOKEN}&page=2"}
    software.on("/login", {"token": TOKEN})
    software.on("/hoso", following, {"rows": [record(2)], "next": None}, following, {"rows": [], "next": None})
    paging: dict[str, Any] = {"records": "rows", "paging": {"by": "next", "next": "next"}, "listing": {"url": "/hoso"}}

    async with opened(software, **ALL_KINDS["token"], **paging) as source:
        batches = await read(source)
        await read(source, batches[0].cursor)

    assert TOKEN not in batches[0].cursor
    assert [each.query for each in software.asked_for("/hoso")][2] == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (ALL_KINDS["token"], {PASSWORD, BASIC}),
        ({"login": {"kind": "basic", "username": "may", "password": "env:PASSWORD"}}, {PASSWORD, BASIC}),
        (ALL_KINDS["bearer"], {KEY}),
        ({"secret_headers": {"apikey": "env:KEY"}, "proxy": "http://127.0.0.1:9", "proxy_login": "env:PROXY"},
         {KEY, PROXY, "cua-proxy-kin"}),
        ({}, set()),
    ],
)  # fmt: skip
async def test_the_source_names_its_secrets(software: Api, changes: dict[str, Any], expected: set[str]) -> None:
    chosen = settings(software, **changes)

    async with open_source("office", chosen, sleep=Naps()) as source:
        assert set(source.secrets) == expected

    assert [word for word in GUARDED if word in repr(chosen)] == []
