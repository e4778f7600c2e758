"""The ways to be let in, and to be let in again."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from aiohttp import web

from bot.model.errors import SourceError
from tests.adapters.rest.support import Api, codes, opened, read, read_once, record
from tests.support.making import Time

PASSWORD = "mật khẩu: 1"
TOKEN_LOGIN: dict[str, Any] = {
    "kind": "token", "url": "/getToken", "username": "may", "password": "env:PASSWORD", "keep": 600,
}  # fmt: skip
SESSION: dict[str, Any] = {
    "login": {"kind": "session", "url": "/auth", "username": "may", "password": "env:PASSWORD", "keep": 600},
    "headers": {"dstcode": "VN:G22"},
    "listing": {
        "method": "POST",
        "url": "/hoso",
        "body": {"session": "{session}", "madonvi": "H56.14", "service": "DanhSach", "trang": "{page!s}"},
    },
    "records": "data",
    "paging": {"by": "page", "size": 2, "end": "short"},
}
LIST = {"data": [record(1)], "error_code": 0}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", PASSWORD)
    monkeypatch.setenv("KEY", "khoa-1")


def basic(password: str) -> str:
    return "Basic " + b64encode(f"may:{password}".encode()).decode()


async def test_without_a_login_nothing_is_shown(software: Api) -> None:
    software.on("/hoso", [])

    await read_once(software)

    assert "Authorization" not in software.asked[0].headers


async def test_basic_shows_name_and_password_with_every_request(software: Api) -> None:
    software.on("/hoso", [])

    await read_once(software, login={"kind": "basic", "username": "may", "password": "env:PASSWORD"})

    assert software.asked[0].headers["Authorization"] == basic(PASSWORD)


async def test_a_fixed_token_is_a_bearer_unless_said_otherwise(software: Api) -> None:
    software.on("/hoso", [])
    login = {"kind": "bearer", "token": "env:KEY"}

    await read_once(software, login=login)
    await read_once(software, login=login | {"header": "SecretKey", "value": "{token}"})
    await read_once(
        software, login=login | {"header": ""}, listing={"url": "/hoso", "query": {"page": "{page}", "key": "{token}"}}
    )

    assert software.asked[0].headers["Authorization"] == "Bearer khoa-1"
    assert software.asked[1].headers["SecretKey"] == "khoa-1"
    assert software.asked[2].query["key"] == "khoa-1"
    assert "Authorization" not in software.asked[2].headers


async def test_a_gateways_key_goes_with_every_request(software: Api) -> None:
    software.on("/getToken", {"token": "t1"})
    software.on("/hoso", [])

    await read_once(software, login=TOKEN_LOGIN, secret_headers={"apikey": "env:KEY"}, headers={"X-Unit": "H56"})

    assert [(each.headers["apikey"], each.headers["X-Unit"]) for each in software.asked] == [("khoa-1", "H56")] * 2


async def test_a_token_is_asked_for_once_and_kept_for_its_time(software: Api) -> None:
    software.on("/getToken", {"token": "t1"}, {"token": "t2"})
    software.on("/hoso", [])
    clock = Time()

    async with opened(software, login=TOKEN_LOGIN, clock=clock) as source:
        for seconds in (0, 599, 1):
            clock.pass_(seconds=seconds)
            await read(source)

    assert [each.path for each in software.asked] == ["/getToken", "/hoso", "/hoso", "/getToken", "/hoso"]
    assert software.asked[0].json == {"username": "may", "password": PASSWORD}
    shown = [each.headers["Authorization"] for each in software.asked_for("/hoso")]
    assert shown == ["Bearer t1", "Bearer t1", "Bearer t2"]


async def test_a_token_can_be_asked_for_as_gateways_want_it(software: Api) -> None:
    software.on("/oauth", {"kq": {"access_token": "t1"}})
    software.on("/hoso", [])
    login = TOKEN_LOGIN | {
        "url": "/oauth",
        "basic": True,
        "encoding": "form",
        "body": {"grant_type": "client_credentials"},
        "token": "kq.access_token",
    }

    await read_once(software, login=login)

    asked = software.asked[0]
    assert asked.body == b"grant_type=client_credentials"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Authorization"] == basic(PASSWORD)
    assert software.asked[1].headers["Authorization"] == "Bearer t1"


async def test_a_token_can_be_asked_for_by_get(software: Api) -> None:
    software.on("/getToken", {"token": "t1"})
    software.on("/hoso", [])

    await read_once(software, login=TOKEN_LOGIN | {"method": "GET", "query": {"u": "{username}", "p": "{password}"}})

    assert (software.asked[0].query, software.asked[0].body) == ({"u": "may", "p": PASSWORD}, b"")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_is_refused_is_renewed_once(software: Api, status: int) -> None:
    software.on("/getToken", {"token": "t1"}, {"token": "t2"})
    software.on("/hoso", status, [record(1)], [])

    batches = await read_once(software, login=TOKEN_LOGIN)

    assert codes(batches) == [1]
    shown = [each.headers["Authorization"] for each in software.asked_for("/hoso")]
    assert shown == ["Bearer t1", "Bearer t2", "Bearer t2"]


async def test_a_new_token_that_is_refused_too_is_an_error(software: Api) -> None:
    software.on("/getToken", {"token": "t1"})
    software.on("/hoso", 403)

    with pytest.raises(SourceError, match=r"GET /hoso\?page=1: máy chủ không chấp nhận tài khoản .*HTTP 403"):
        await read_once(software, login=TOKEN_LOGIN)
    assert len(software.asked_for("/getToken")) == 2


async def test_a_fixed_key_that_is_refused_is_an_error_at_once(software: Api) -> None:
    software.on("/hoso", 401)

    with pytest.raises(SourceError, match="HTTP 401"):
        await read_once(software, login={"kind": "bearer", "token": "env:KEY"})
    assert len(software.asked) == 1


async def test_many_refused_at_once_log_in_once(software: Api) -> None:
    valid = "t1"
    all_are_here = asyncio.Event()
    waiting = 0

    async def detail(request: web.Request) -> web.StreamResponse:
        nonlocal waiting, valid
        if request.headers["Authorization"] == "Bearer t1":
            waiting += 1
            if waiting == 4:
                valid = "t2"
                all_are_here.set()
            await all_are_here.wait()
            return web.Response(status=401)
        return web.json_response({"TenTTHC": "Khai sinh"})

    async def token(_: web.Request) -> web.StreamResponse:
        return web.json_response({"token": valid})

    software.on("/getToken", token)
    software.on("/hoso", [record(number) for number in range(1, 5)], [])
    for number in range(1, 5):
        software.on(f"/hoso/{record(number)['MaHoSo']}", detail)

    batches = await read_once(software, login=TOKEN_LOGIN, detail={"url": "/hoso/{code}", "at_once": 4})

    assert codes(batches) == [1, 2, 3, 4]
    assert len(software.asked_for("/getToken")) == 2


async def test_a_session_travels_in_the_body(software: Api) -> None:
    software.on("/auth", {"session": "s-1", "error_code": 0})
    software.on("/hoso", LIST)

    batches = await read_once(software, **SESSION)

    assert codes(batches) == [1]
    assert software.asked[0].json == {"username": "may", "password": PASSWORD}
    assert software.asked[1].json == {"session": "s-1", "madonvi": "H56.14", "service": "DanhSach", "trang": "1"}
    assert [each.headers["dstcode"] for each in software.asked] == ["VN:G22", "VN:G22"]


@pytest.mark.parametrize("code", [0, "0", "00", None])
async def test_every_way_of_saying_success_is_success(software: Api, code: Any) -> None:
    software.on("/auth", {"session": "s-1", "error_code": code})
    software.on("/hoso", LIST | {"error_code": code})

    assert codes(await read_once(software, **SESSION)) == [1]


async def test_a_session_that_has_run_out_is_renewed_once(software: Api) -> None:
    software.on("/auth", {"session": "s-1", "error_code": 0}, {"session": "s-2", "error_code": 0})
    software.on("/hoso", {"error_code": "13", "message": "het phien"}, LIST)

    batches = await read_once(software, **SESSION)

    assert codes(batches) == [1]
    assert [each.json["session"] for each in software.asked_for("/hoso")] == ["s-1", "s-2"]


async def test_an_error_code_that_stays_is_an_error(software: Api) -> None:
    software.on("/auth", {"session": "s-1", "error_code": 0})
    software.on("/hoso", {"error_code": "13", "message": "Nguyễn Văn A không có quyền"})

    with pytest.raises(SourceError, match=r"POST /hoso\?page=1: máy chủ báo lỗi \(error_code 13\)") as raised:
        await read_once(software, **SESSION)

    assert "Nguyễn" not in str(raised.value)
    assert len(software.asked_for("/auth")) == 2


async def test_a_code_that_may_be_anything_is_not_quoted(software: Api) -> None:
    software.on("/hoso", {"error_code": "Nguyễn Văn A, 0912345678"})

    with pytest.raises(SourceError, match=r"error_code \?\)"):
        await read_once(software)


@pytest.mark.parametrize("answer", [401, 403, 400, {"error_code": 1, "session": ""}])
async def test_a_wrong_password_is_named_as_such(software: Api, answer: Any) -> None:
    software.on("/auth", answer)

    with pytest.raises(SourceError, match=r"POST /auth: đăng nhập không thành công .*mật khẩu") as raised:
        await read_once(software, **SESSION)

    assert PASSWORD not in str(raised.value)
    assert len(software.asked) == 1


@pytest.mark.parametrize("token", [None, "", " ", 17, "a\r\nb", ["x"]])
async def test_a_login_that_gives_no_token_is_named_as_such(software: Api, token: Any) -> None:
    software.on("/getToken", {"token": token})

    with pytest.raises(SourceError, match="không thấy mã phiên ở token"):
        await read_once(software, login=TOKEN_LOGIN)


async def test_a_login_under_a_wrong_address_is_not_called_a_wrong_password(software: Api) -> None:
    with pytest.raises(SourceError, match=r"POST /getToken: máy chủ từ chối yêu cầu \(HTTP 404\)"):
        await read_once(software, login=TOKEN_LOGIN)


async def test_a_login_that_fails_for_a_moment_is_tried_again(software: Api) -> None:
    software.on("/getToken", 503, {"token": "t1"})
    software.on("/hoso", [])

    await read_once(software, login=TOKEN_LOGIN)

    assert len(software.asked_for("/getToken")) == 2


async def test_a_cookie_of_a_load_balancer_is_kept(software: Api) -> None:
    async def token(_: web.Request) -> web.StreamResponse:
        answer = web.json_response({"token": "t1"})
        answer.set_cookie("node", "b")
        return answer

    software.on("/getToken", token)
    software.on("/hoso", [])

    await read_once(software, login=TOKEN_LOGIN)

    assert software.asked[1].headers["Cookie"] == "node=b"
