"""Forms that others send, ways that lead away, requests that are not what they seem."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.model.staff import Role
from bot.web.console.server import routes_of
from tests.attack.house import WARD, House, open_house
from tests.web.console.rig import PASSWORD, _pairs
from tests.web.console.test_routes import address_of
from tests.web.console.test_staff_pages import roles


async def test_no_form_of_the_console_is_taken_with_anothers_token_or_from_another_site(house: House) -> None:
    clerk, other = await house.staff(*Role), await house.staff(*Role)
    await clerk.get("/toi")
    await other.get("/toi")
    mine, theirs = (re.findall(r'name="token" value="([^"]+)"', each.page)[0] for each in (clerk, other))
    taken: list[tuple[object, ...]] = []
    posts = [address_of(route) for route in routes_of(house.console) if route.method == "POST" and not route.is_open]
    for path in posts:
        for data, headers in (
            ({}, {}),
            ({"token": theirs}, {}),
            ({"token": ""}, {}),
            ({"token": mine}, {"Sec-Fetch-Site": "cross-site"}),
            ({"token": mine}, {"Sec-Fetch-Site": "same-site"}),
        ):
            async with clerk.http.post(
                f"{house.url}{path}", data=data, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status != 403:
                    taken.append((path, data, headers, answer.status))
        async with clerk.http.post(
            f"{house.url}{path}?token={mine}", json={"token": mine}, allow_redirects=False
        ) as answer:
            if answer.status not in (400, 403, 413):
                taken.append((path, "as JSON", answer.status))

    assert taken == []
    assert len(posts) > 50


@pytest.fixture
async def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    async with open_house(tmp_path, monkeypatch, links={"web": "https://motcua.example.vn"}) as house:
        yield house


async def test_the_host_that_a_request_names_is_written_nowhere(named: House) -> None:
    for name in ("Host", "X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"):
        value = "host=evil.example" if name == "Forwarded" else "evil.example"
        host = "" if name == "Host" else "Host: motcua.example.vn\r\n"
        for path in (
            "/",
            "/can-bo/",
            "/can-bo/dang-nhap",
            "/can-bo",
            "/cong-khai",
            "/api/v1/docs",
            "/api/v1/openapi.json",
            "/khong-co",
        ):
            request = f"GET {path} HTTP/1.1\r\n{host}{name}: {value}\r\nConnection: close\r\n\r\n".encode()
            reply = await named.raw(request, all_of_it=True)
            assert reply.status in (200, 303, 404), (name, path, reply.raw[:80])
            assert b"evil.example" not in reply.raw, (name, path)
    clerk = await named.staff(Role.ADMINISTRATOR)
    letter = await _letter(named, clerk)
    assert "evil.example" not in letter
    assert "https://motcua.example.vn/can-bo/loi-moi/" in letter


async def _letter(house: House, clerk: Any) -> str:
    await clerk.get("/nhan-su/moi")
    token = re.findall(r'name="token" value="([^"]+)"', clerk.page)[0]
    form = {**roles(("clerk", WARD)), "token": token, "login": "moi.lam", "name": "Người Mới"}
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    async with clerk.http.post(f"{house.url}/can-bo/nhan-su/moi", data=_pairs(form), headers=headers) as answer:
        return str(await answer.text())


async def test_no_way_back_leads_to_another_site(house: House) -> None:
    ways = ("//evil.vn", "/\\evil.vn", "https://evil.vn", "/%2f%2fevil.vn", "javascript:alert(1)", "/..//evil.vn",
        "\t//evil.vn", "///evil.vn", "/can-bo//evil.vn",
            "/can-bo/..%2f..%2f/evil.vn", "/can-bo@evil.vn", "https:evil.vn", "/can-bo/\\evil.vn")  # fmt: skip
    clerk = await house.rig.login(Role.CLERK, login="lan")
    for way in ways:
        for path in ("/can-bo/ngon-ngu", "/can-bo/dang-nhap", "/can-bo/dang-nhap/ma"):
            async with clerk.http.get(
                f"{house.url}{path}", params={"ve": way, "tiep": way, "sang": "vi", "next": way}, allow_redirects=False
            ) as answer:
                where = answer.headers.get("Location", "")
                assert re.match(r"/can-bo(?![^/?])", where) or not where, (way, path, where)
        if way not in ways[:4]:
            # A log-in costs what guessing passwords is to cost.
            continue
        stranger = await house.rig.stranger()
        await stranger.get("/dang-nhap")
        token = re.findall(r'name="token" value="([^"]+)"', stranger.page)[0]
        form = {"token": token, "login": "lan", "password": PASSWORD, "tiep": way}
        async with stranger.http.post(f"{house.url}/can-bo/dang-nhap", data=form, allow_redirects=False) as answer:
            where = answer.headers.get("Location", "")
            assert answer.status == 303, (way, answer.status)
            assert where == "/can-bo/dang-nhap/ma", (way, where)


async def test_another_method_by_name_or_by_header_does_nothing_else(house: House) -> None:
    for method in ("TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND", "get", "GETT"):
        for path in ("/", "/tra-cuu", "/can-bo/dang-nhap", "/api/v1/notifications", "/static/mark.svg", "/healthz"):
            target = "x:443" if method == "CONNECT" else path
            request = f"{method} {target} HTTP/1.1\r\nHost: x\r\nCookie: secret=1\r\nConnection: close\r\n\r\n".encode()
            reply = await house.raw(request, all_of_it=True)
            assert 400 <= reply.status < 500, (method, path, reply.raw[:80])
            assert b"secret=1" not in reply.raw, "it was echoed"
    for header in ("X-HTTP-Method-Override", "X-Method-Override", "_method"):
        assert await house.status("POST", "/healthz", headers={header: "GET"}) in (404, 405)
        assert await house.status("GET", "/can-bo/dang-xuat", headers={header: "POST"}) in (303, 404)


async def test_one_request_is_not_two(house: House) -> None:
    """What a proxy before us might read otherwise than we do: refused, or one answer and no second."""
    inner = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /tra-cuu HTTP/1.1\r\nHost: x\r\n"
    requests = [
        head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
        head + b"Content-Length: 4\r\nContent-Length: 40\r\n\r\na=b&" + inner,
        head + b"Content-Length: 4, 40\r\n\r\na=b&" + inner,
        head + b"Content-Length: +4\r\n\r\na=b&" + inner,
        head + b"Content-Length: 0x4\r\n\r\na=b&" + inner,
        head + b"Content-Length : 4\r\n\r\na=b&" + inner,
        head + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
        head + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner,
        head + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + inner,
        head + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + inner,
        head + b"X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\na=b&" + inner,
        head + b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\na=b&" + inner,
        head + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + inner,
        head + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + inner,
        b"POST /tra-cuu HTTP/1.1\nHost: x\nContent-Length: 4\n\na=b&" + inner,
        b"POST /tra-cuu HTTP/1.1\r\nContent-Length: 0\r\n\x00: x\r\n\r\n" + inner,
    ]  # fmt: skip
    for request in requests:
        reply = await house.raw(request, patience=0.4, all_of_it=True)
        assert reply.statuses == [] or reply.statuses[0] == 400, (request[:90], reply.statuses)
        assert len(reply.statuses) <= 1, (request[:90], reply.statuses)
