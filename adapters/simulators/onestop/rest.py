"""The API that is asked: the look-up of a city with a token, and the national exchange with a session.

Paging is over what moves: a dossier that changes while pages are read goes to the end, and the next page begins one
record later than it should. So it is with such software; who reads must look back.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from adapters.simulators.asking import object_in
from adapters.simulators.onestop.logins import Logins
from adapters.simulators.onestop.misbehaviour import Faults
from adapters.simulators.onestop.province import Record
from adapters.simulators.onestop.register import Register
from adapters.simulators.onestop.serving import misbehaving
from adapters.simulators.onestop.shapes import Json, national, public
from bot.model.clock import VIETNAM

REGISTER = web.AppKey("register", Register)
LOGINS = web.AppKey("logins", Logins)
FAULTS = web.AppKey("faults", Faults)

LARGEST_PAGE = 1_000
_NO_SESSION = {"error_code": "-1", "message": "Phiên làm việc không hợp lệ hoặc đã hết hạn"}

routes = web.RouteTableDef()


def application(register: Register, logins: Logins, faults: Faults, answers: Counter[str]) -> web.Application:
    app = web.Application(middlewares=[misbehaving(faults, answers)])
    app[REGISTER], app[LOGINS], app[FAULTS] = register, logins, faults
    app.add_routes(routes)
    return app


@routes.post("/getToken")
async def get_token(request: web.Request) -> web.Response:
    """`{"username", "password"}` → `{"token", "expires_in"}` in seconds."""
    token = await _log_in(request)
    if token is None:
        return web.json_response({"message": "Sai tên đăng nhập hoặc mật khẩu"}, status=401)
    return web.json_response({"token": token, "expires_in": request.app[LOGINS].seconds})


@routes.get("/ho-so")
async def dossiers(request: web.Request) -> web.Response:
    """`?since=&page=1&size=100`: what was updated then or later, in the order of its update; a time is ISO 8601 or
    yyyyMMddHHmmss."""
    _check_token(request)
    try:
        page, size = int(request.query.get("page", 1)), int(request.query.get("size", 100))
        since = _moment(request.query.get("since", ""))
    except ValueError:
        raise web.HTTPBadRequest(text="page and size are numbers, since is a time") from None
    found = request.app[REGISTER].since(since)
    records = _page(request, found, page, size)
    return web.json_response({"TongSo": len(found), "HoSo": [public(record) for record in records]})


@routes.get("/tra-cuu")
async def look_up(request: web.Request) -> web.Response:
    """`?ma_ho_so=…`: one dossier or none."""
    _check_token(request)
    record = request.app[REGISTER].get(request.query.get("ma_ho_so", ""))
    found = [public(record)] if record else []
    return web.json_response({"TongSo": len(found), "HoSo": found})


@routes.post("/auth")
async def auth(request: web.Request) -> web.Response:
    """`{"username", "password"}` → `{"session", "error_code": 0}`."""
    session = await _log_in(request)
    if session is None:
        return web.json_response({"session": "", "error_code": "-1", "message": "Sai tên đăng nhập hoặc mật khẩu"})
    return web.json_response({"session": session, "error_code": 0})


@routes.post("/integration")
async def integration(request: web.Request) -> web.Response:
    """`{"session", "service": "LayDanhSachHoSo", "TuNgay", "Trang", "SoLuong"}` or `"TraCuuHoSo"` with `mahoso`."""
    asked = await object_in(request)
    if not request.app[LOGINS].good(asked.get("session")):
        return web.json_response(_NO_SESSION)
    match asked.get("service"):
        case "LayDanhSachHoSo":
            return web.json_response(_listing(request, asked))
        case "TraCuuHoSo":
            record = request.app[REGISTER].get(str(asked.get("mahoso", "")))
            return web.json_response({"error_code": 0, "data": [national(record)] if record else []})
        case _:
            return web.json_response({"error_code": "-2", "message": "Dịch vụ không tồn tại"})


def _listing(request: web.Request, asked: Json) -> Json:
    try:
        page, size = int(str(asked.get("Trang", 1))), int(str(asked.get("SoLuong", 100)))
        since = _moment(str(asked.get("TuNgay", "")))
    except ValueError:
        return {"error_code": "-3", "message": "Tham số không hợp lệ"}
    found = request.app[REGISTER].since(since)
    records = _page(request, found, page, size)
    return {"error_code": 0, "TongSo": str(len(found)), "data": [national(record) for record in records]}


def _page(request: web.Request, found: Sequence[Record], page: int, size: int) -> list[Record]:
    """The records of a page counted from 1; some twice, where that is asked for."""
    size = min(max(size, 1), LARGEST_PAGE)
    first = (max(page, 1) - 1) * size
    return request.app[FAULTS].doubled(found[first : first + size], "api")


async def _log_in(request: web.Request) -> str | None:
    asked = await object_in(request)
    return request.app[LOGINS].issue(asked.get("username"), asked.get("password"))


def _check_token(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not request.app[LOGINS].good(token.strip()):
        raise web.HTTPUnauthorized(text='{"message": "Token không hợp lệ"}', content_type="application/json")


def _moment(text: str) -> datetime | None:
    """None for no time at all. What names no zone is Vietnamese time. Raises `ValueError`."""
    if not text:
        return None
    if text.isdecimal():
        text = f"{text[:8]}T{text[8:] or '00'}"
    elif "T" in text:
        # The "+" of a zone arrives as a space unless it was escaped.
        text = text.replace(" ", "+")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
