"""Every answer tells the browser what it may do with it: walked over all that is served, as a stranger and as staff."""

import ast
import re
from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, DummyCookieJar

from bot.web.prefix import PREFIX
from tests.defence.estate import CODE, Estate, open_estate

_REPLACED = {
    "{situation}": "result",
    "{way}": "nha",
    "{code}.svg": f"{CODE}.svg",
    "{kind}": "csv",
    "{rest}": "khong-co",
}
_POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
    "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'",
}  # fmt: skip
PORTAL = "https://dichvucong.example.vn"


def addresses(estate: Estate) -> Iterator[str]:
    """One of each route that can be looked at; what never ends is not among them."""
    for method, path in estate.routes:
        if method in ("GET", "*") and path not in ("/chat/events", "/demo/phone/messages"):
            for name, value in _REPLACED.items():
                path = path.replace(name, value)
            yield re.sub(r"\{(\w+)\}", r"\1", path)
    yield from ("/static/page.css", "/khong-co", f"{PREFIX}/static/console.css")


def objections(path: str, answer: ClientResponse, *, is_framed: bool) -> list[str]:
    """What is missing, or wrong."""
    headers, wrong = answer.headers, []
    given = dict(each.split(" ", 1) for each in headers.get("Content-Security-Policy", "").split("; ") if " " in each)
    is_console = path.startswith(PREFIX)
    ancestors = PORTAL if is_framed and not is_console else "'none'"
    if given != {**_POLICY, "frame-ancestors": ancestors}:
        wrong.append(f"policy {given}")
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if path.startswith("/qr/") else "same-origin",
        "Cache-Control": "no-store",
        "X-Frame-Options": "" if is_framed and not is_console else "DENY",
        "Server": "motcua",
    }
    wrong += [f"{name}: {headers.get(name)}" for name, value in expected.items() if headers.get(name, "") != value]
    denied = headers.get("Permissions-Policy", "")
    wrong += [f"allows {name}" for name in ("camera", "microphone", "geolocation", "usb") if f"{name}=()" not in denied]
    wrong += [
        name
        for name in ("Access-Control-Allow-Origin", "X-Powered-By", "ETag")
        if name in headers and "static" not in path
    ]
    return wrong


async def walked(
    estate: Estate, headers: dict[str, str]
) -> tuple[dict[str, list[str]], dict[str, Morsel[str]], list[int]]:
    """Objections by path, cookies by name, and the statuses met."""
    wrong, cookies, statuses = {}, SimpleCookie(), []
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        for path in addresses(estate):
            async with http.get(estate.url + path, headers=headers, allow_redirects=False) as answer:
                await answer.read()
            statuses.append(answer.status)
            if found := objections(path, answer, is_framed=True):
                wrong[f"{path} {answer.status}"] = found
            cookies.update(answer.cookies)
    return wrong, dict(cookies), statuses


async def test_every_answer_carries_the_headers(estate: Estate) -> None:
    clerk = await estate.administrator()
    staff = {"Cookie": f"{estate.console.cookie('staff')}={clerk.cookie}"}

    strangers, _, _ = await walked(estate, {})
    known, _, statuses = await walked(estate, {**staff, **await estate.key()})

    assert strangers == {}
    assert known == {}
    assert statuses.count(200) > 40
    assert 500 not in statuses


async def test_where_no_portal_is_named_nothing_is_framed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"frame_ancestors": []}) as estate:
        for path in ("/", "/cong-khai", "/demo", "/khong-co", f"{PREFIX}/dang-nhap", "/api/v1/docs"):
            async with estate.http.get(estate.url + path) as answer:
                assert objections(path, answer, is_framed=False) == [], path


@pytest.mark.parametrize("behind_tls", [True, False], ids=["tls", "plain"])
async def test_no_cookie_is_for_scripts_for_other_sites_or_for_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind_tls: bool
) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"behind_tls": behind_tls}) as estate:
        _, cookies, _ = await walked(estate, {})
        async with estate.http.get(f"{estate.url}{PREFIX}/ngon-ngu?sang=en", allow_redirects=False) as answer:
            cookies |= answer.cookies

    mark = "__Host-" if behind_tls else ""
    assert {f"{mark}motcua", f"{mark}motcua-door", "motcua-language"} <= set(cookies)
    for name, cookie in cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert bool(cookie["secure"]) is behind_tls, name
        assert not cookie["domain"], name
        assert name == "motcua-language" or cookie["path"] == "/", name


async def test_behind_tls_browsers_stay_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"behind_tls": True}) as estate:
        for path in ("/", f"{PREFIX}/dang-nhap", "/api/v1/docs", "/khong-co", "/healthz"):
            async with estate.http.get(estate.url + path) as answer:
                assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000"), path


async def test_files_are_kept_only_under_the_name_of_their_content(estate: Estate) -> None:
    async with estate.http.get(estate.url) as answer:
        page = await answer.text()
    versioned = re.findall(r'(?:href|src)="(/static/[^"]+\?v=[0-9a-f]+)"', page)

    kept = [(await estate.http.get(estate.url + each)).headers["Cache-Control"] for each in versioned]

    assert len(versioned) >= 2
    assert set(kept) == {"public, max-age=31536000, immutable"}


def test_every_cookie_that_the_code_sets_says_who_may_have_it() -> None:
    """The session's too, which the walk above does not get."""
    calls = [
        call
        for path in Path("bot/web").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "set_cookie"
    ]

    assert len(calls) >= 3
    for call in calls:
        given = {each.arg: ast.unparse(each.value) for each in call.keywords}
        assert given["httponly"] == "True"
        assert given["samesite"] == "'Lax'"
        assert "secure" in given
        assert "domain" not in given
