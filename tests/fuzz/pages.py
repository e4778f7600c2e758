"""What comes to our own web server: bodies and queries of the API, cookies, forwarded addresses, ways back, headers."""

import json
import re
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict, CIMultiDictProxy
from pydantic import BaseModel, ValidationError

from bot.web.api.gate import _BEARER, _TOKEN
from bot.web.api.problems import answer, invalid
from bot.web.api.server import OPERATIONS
from bot.web.console.browsers import shown_agent
from bot.web.console.entry import below
from bot.web.context import WebContext
from bot.web.desk import open_desk
from bot.web.prefix import PREFIX
from bot.web.rates import address_of, network_of
from bot.web.sessions import Sessions
from tests.fuzz.parser import Parser, fit_to_be_kept, text_of

_TRUSTED = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"), ip_network("::1/128"))
SECRET = b"a secret of thirty-two bytes ..."


def request_with(**headers: str) -> web.Request:
    """As it comes through our own proxy. Header values have what aiohttp lets through: no line ends, no NUL."""
    cleaned = {name.replace("_", "-"): re.sub("[\r\n\0]", "", value) for name, value in headers.items()}
    transport = Mock(get_extra_info=lambda name, default=None: ("127.0.0.1", 40_000) if name == "peername" else default)
    request = make_mocked_request("GET", "/", transport=transport)
    # Past the mock's own encoding: aiohttp hands on broken octets as halves of surrogate pairs.
    request._headers = CIMultiDictProxy(CIMultiDict(cleaned))
    return request


@cache
def context() -> WebContext:
    return WebContext(storage=Mock(), deliver=Mock(), feed=Mock(), secret=SECRET)


def _forwarded(raw: bytes) -> None:
    asked = request_with(X_Forwarded_For=text_of(raw))
    here = address_of(asked, _TRUSTED)
    ip_address(here)
    assert "%" not in here
    network = network_of(asked, _TRUSTED)
    assert network.isprintable()
    assert len(network) < 60


def _cookie(raw: bytes) -> None:
    """Nobody is somebody by a cookie, a seal or a token that we have not made."""
    said = text_of(raw)
    sessions = Sessions(context())
    asked = request_with(Cookie=f"{sessions.cookie}={said}; staff={said}")
    assert sessions.of(asked) is None
    assert sessions.unsealed(said) is None
    assert not sessions.trusts(sessions.start(), said)
    dict(request_with(Cookie=said).cookies)


def _origin(raw: bytes) -> None:
    """Where a form says that it comes from: never ours by a name that only begins or ends like ours."""
    desk = open_desk(context())
    asked = request_with(Host="motcua.example.vn", Origin=text_of(raw))
    if desk._is_from_ourselves(asked):
        assert re.search(
            r"(//|@)?motcua\.example\.vn$|^$", text_of(raw).strip().lower().rstrip("/").split("?")[0].split("#")[0]
        ) or (urlsplit(text_of(raw)).netloc in ("motcua.example.vn", ""))


def _way_back(raw: bytes) -> None:
    """A page of ours and nothing else, however often it is unquoted on the way."""
    where = below(text_of(raw))
    for said in (where, unquote(where)):
        assert said.isprintable()
        target = urlsplit(urljoin(f"https://motcua.example.vn{PREFIX}/dang-nhap", f"{PREFIX}{said}"))
        assert target.netloc == "motcua.example.vn"
        assert target.scheme == "https"
        assert target.path.startswith(PREFIX)


def _agent(raw: bytes) -> None:
    shown = shown_agent(text_of(raw))
    assert len(shown) < 60
    assert shown.isprintable()


def _authorization(raw: bytes) -> None:
    said = text_of(raw)
    if found := _BEARER.fullmatch(said[:200]):
        assert found[1].isascii()
        assert found[1].isidentifier()
    if _TOKEN.fullmatch(said):
        assert said.isascii()
        assert " " not in said
        assert said.isprintable()


@cache
def _shapes() -> tuple[list[type[BaseModel]], list[type[BaseModel]]]:
    return [each.takes for each in OPERATIONS if each.takes], [each.asks for each in OPERATIONS if each.asks]


def _api(raw: bytes) -> None:
    """Bodies of every operation: taken, or a problem with a pointer and nothing of what was sent."""
    for shape in _shapes()[0]:
        try:
            taken = shape.model_validate_json(raw)
        except ValidationError as error:
            response = answer(invalid(error))
            assert response.status in (400, 422)
            problem = json.loads(response.body or b"")  # type: ignore[arg-type]
            assert len(problem["errors"]) <= 100
        else:
            _fit(taken.model_dump())


def _api_query(raw: bytes) -> None:
    given = {
        name: values[0] for name, values in parse_qs(text_of(raw), keep_blank_values=True, errors="replace").items()
    }
    for shape in _shapes()[1]:
        try:
            _fit(shape.model_validate(given).model_dump())
        except ValidationError as error:
            assert answer(invalid(error, place="query")).status == 422  # noqa: PT017


def _fit(value: Any) -> None:
    if isinstance(value, str):
        fit_to_be_kept(value)
    elif isinstance(value, dict):
        for name, each in value.items():
            _fit(name)
            _fit(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _fit(each)


_JSON = (
    b"null",
    b"[]",
    b"{}",
    b'"a":',
    b",",
    b"}",
    b"]",
    b'"\\u0000"',
    b'"\\ud800"',
    b"1e999",
    b"9" * 30,
    b"NaN",
    b'"__proto__":',
    b"[[[[",
)
PARSERS = (
    Parser(name="forwarded", read=_forwarded, words=(b",", b" ", b"127.0.0.1", b"10.0.0.1", b"::1", b"fe80::1%eth0",
        b"203.0.113.7", b"[::1]:80", b"unknown"),
           pumps=((b"", b"127.0.0.1,", b""), (b"", b"10.0.0.1, ", b"x"))),
    Parser(name="cookie", read=_cookie, words=(b".", b"..", b";", b"=", b'"', b"\\", b"A" * 22, b"1700000000000",
        b"\\012"),
           pumps=((b"", b"a=b;", b""), (b'a="', b"\\1", b""), (b"", b"\\", b'"'))),
    Parser(name="origin", read=_origin, words=(b"https://", b"motcua.example.vn", b"[", b"]", b"@", b":", b"/",
        b"null", b"\\", b"http://[::1", b"\xe2\x84\x80"),
           most=4_096),
    Parser(name="way_back", read=_way_back, words=(b"/", b"//", b"\\", b"%2f", b"%5c", b"%252f", b"..", b"?",
        b"%0d%0a", b"@", b"https:", b"%09", b"/ho-so?ma=H56"),
           most=4_096, pumps=((b"", b"/", b"!"), (b"", b"/a", b"!"), (b"/?", b"a", b" "))),
    Parser(name="agent", read=_agent, words=(b"Mozilla/5.0 (", b"Windows NT", b"Firefox/", b"\x1b[31m", b"Chrome/",
        b"\n"), most=8_190),
    Parser(name="authorization", read=_authorization, words=(b"Bearer ", b"bearer  ", b"mc_live_",
        b"mc_test_0123456789abcdef_", b"\xc3\xa9"), most=8_190),
    Parser(name="api", read=_api, words=(*_JSON, b'"situation":"result"', b'"kind":"phone"', b'"kind":"dossier"',
        b'"values":{', b'"recipients":['),
           pumps=((b"", b"[", b""), (b"", b'{"a":', b""), (b'{"', b"a", b'":1}'), (b'{"a":[', b"1,", b"1]}"),
               (b'{"recipients":[', b"{},", b"{}]}"))),
    Parser(name="api_query", read=_api_query, words=(b"&", b"=", b"%00", b"after=", b"limit=", b"state=",
        b"since=2026-11-23T00:00:00Z", b"%F0"),
           pumps=((b"", b"a=1&", b""), (b"since=", b"1", b"Z"))),
)  # fmt: skip
