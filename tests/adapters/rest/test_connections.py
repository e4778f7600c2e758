"""Whom the source speaks to: where redirects may lead, which certificates count, through which proxy."""

import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.sources.rest import open as open_source
from bot.model.errors import SourceError
from tests.adapters.rest.support import ONE_PAGE, Api, codes, read_once, record, saying, settings

GOOD = [record(1)]


async def test_a_redirect_within_the_server_is_followed(software: Api) -> None:
    software.on("/hoso", saying(302, Location="/v2/hoso?page=1"))
    software.on("/v2/hoso", GOOD)

    assert codes(await read_once(software, **ONE_PAGE)) == [1]


async def test_a_post_is_repeated_where_the_server_moved_it(software: Api) -> None:
    software.on("/hoso", saying(307, Location="/v2/hoso"))
    software.on("/v2/hoso", GOOD)

    batches = await read_once(
        software, paging={"by": "none"}, listing={"method": "POST", "url": "/hoso", "body": {"a": 1}}
    )

    assert codes(batches) == [1]
    assert software.asked[1].json == {"a": 1}


@pytest.mark.parametrize(
    ("method", "status", "location"),
    [
        ("GET", 302, "http://127.0.0.1:9/hoso"),
        ("GET", 301, "http://localhost/hoso"),
        ("GET", 302, "/hoso"),
        ("GET", 308, ""),
        ("GET", 302, "http://[/"),
        ("GET", 302, "javascript:alert(1)"),
        ("POST", 302, "/v2/hoso"),
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(software: Api, method: str, status: int, location: str) -> None:
    software.on("/hoso", saying(status, Location=location))

    with pytest.raises(SourceError, match=rf"{method} /hoso: máy chủ chuyển hướng \(HTTP {status}\)"):
        await read_once(software, paging={"by": "none"}, listing={"method": method, "url": "/hoso"})
    assert {each.path for each in software.asked} == {"/hoso"}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """An office's own certificate for localhost, and its key."""
    if shutil.which("openssl") is None and "CI" not in os.environ:
        pytest.skip("openssl, which makes the certificate of these tests, is not installed")
    made, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", made, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


@asynccontextmanager
async def over_tls(certificate: tuple[Path, Path]) -> AsyncIterator[Api]:
    software = Api()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", software.handle)
    server = TestServer(application, scheme="https", host="localhost")
    await server.start_server(ssl=context)
    try:
        software.url = f"https://localhost:{server.port}"
        software.on("/hoso", GOOD)
        yield software
    finally:
        await server.close()


async def test_a_server_that_nobody_vouches_for_is_not_asked(certificate: tuple[Path, Path]) -> None:
    async with over_tls(certificate) as software:
        with pytest.raises(SourceError, match=r"không lập được kết nối TLS tin cậy; .* ca_file"):
            await read_once(software, **ONE_PAGE)

        assert software.asked == []


async def test_the_offices_own_authority_can_vouch_for_it(certificate: tuple[Path, Path]) -> None:
    async with over_tls(certificate) as software:
        assert codes(await read_once(software, ca_file=certificate[0], **ONE_PAGE)) == [1]
        assert codes(await read_once(software, verify_tls=False, **ONE_PAGE)) == [1]


@pytest.mark.parametrize("content", [None, "không phải chứng thư"])
async def test_an_unusable_ca_file_is_named(software: Api, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(SourceError, match=r"ca_file .*ca\.pem: không đọc được chứng thư"):
        async with open_source("office", settings(software, ca_file=path)):
            pass


async def test_a_proxy_is_asked_with_its_login(software: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY", "may:mat-khau")
    software.on("/hoso", GOOD)

    batches = await read_once(
        software, base_url="http://onestop.invalid", proxy=software.url, proxy_login="env:PROXY", **ONE_PAGE
    )

    assert codes(batches) == [1]
    assert software.asked[0].headers["Proxy-Authorization"] == "Basic bWF5Om1hdC1raGF1"
    assert software.asked[0].headers["Host"] == "onestop.invalid"
