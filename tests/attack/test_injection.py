"""Words that are markup, templates, SQL, headers or lines of a log somewhere else: they stay words."""

import io
import logging
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.logs import start_logging
from bot.model.message import InboundMessage
from bot.model.person import Address
from bot.model.service import Talk
from bot.model.staff import Role
from bot.web.console.server import routes_of
from tests.attack.house import CODE, GATEWAY_SECRET, PUSH_KEY, WARD, House, dossier, put

_MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>',
    "</textarea><script>1</script>",
    "javascript:alert(1)", "' onmouseover='alert(1)", "<!--", "]]>", "&lt;b&gt;", "\u202eevil", "{{7*7}}{% raw %}",
    "${7*7}#{7*7}<%= 7*7 %>",
)  # fmt: skip
_SQL = (
    "'", "''", "\\", "' OR '1'='1", "1; DROP TABLE dossiers; --", "') UNION SELECT password FROM staff --", "%", "_",
    "*", "\x00",
    "1 OR 1=1", "a' ESCAPE 'x", ":name", "?1", "$1", "9" * 40, "-1", "1e9", "NaN", "[", "{", "' || (SELECT 1) || '",
    "\ud7ff", "é" * 300,
)  # fmt: skip
_LINES = "x\r\n2026-11-23 05:00:00,000 ERROR bot: \x1b[31mforged\x1b[0m\x1b]0;title\x07\u2028\u0085end"


async def test_markup_and_templates_in_names_are_words_on_every_page(house: House) -> None:
    """A dossier, a talk and a name of staff made of nothing else, seen on the pages that show them."""
    clerk = await house.staff(*Role)
    for number, text in enumerate(_MARKUP):
        code = f"{WARD}-240823-{number:04}"
        await put(house, dossier(code, applicant=text, procedure_name=text, reason=text, place=text, supplement=text,
            agency_name=text,
                                 status_text=text, fee=text))  # fmt: skip
    said = "\n".join(_MARKUP)
    address, now = Address("webchat", "v" * 22), house.app.clock()
    heard = InboundMessage(channel="webchat", message_id="m1", sender=address, text=said, at=now)
    await house.app.storage.write(lambda tx: tx.conversations.first_time(heard))
    await house.app.storage.write(
        lambda tx: tx.service.begin_talk(
            Talk(address=address, channel="webchat", agency=WARD, begun_at=now, heard_at=now)
        )
    )

    pages = [await clerk.get(f"/ho-so/ward/{WARD}-240823-{number:04}") for number in range(len(_MARKUP))]
    pages += [await clerk.get(path) for path in ("/", "/ho-so", "/hop-thu", "/hom-nay/den-han", "/nhat-ky", "/bao-cao")]
    talk = re.search(r'href="/can-bo(/hop-thu/[^"]+)"', await clerk.get("/hop-thu"))
    assert talk is not None
    pages.append(await clerk.get(talk[1]))

    assert len(pages) == len(_MARKUP) + 7
    for page in pages:
        assert_only_words(page)
    assert sum("alert(1)" in unescape(page) for page in pages) >= 6, "the words themselves are to be read"


class _Elements(HTMLParser):
    """Reads a page as a browser does, and notes what would run."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (
            tag == "script"
            and not (given.get("src") or "").startswith(("/static/", "/can-bo/static/"))
            and given.get("type") != "application/json"
        ):
            self.running.append(f"<{tag} {attrs}>")
        self.running += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        self.running += [
            f"{name}={value}"
            for name, value in attrs
            if (value or "").strip().lower().startswith("javascript:") and name != "value"
        ]
        if tag == "img" and given.get("src") == "x":
            self.running.append("img")

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def assert_only_words(page: str) -> None:
    """No element that is not ours, and nothing was worked out."""
    reader = _Elements()
    reader.feed(page)
    reader.close()
    assert reader.running == []
    assert "{{7*7}}" in unescape(page) or not re.search(r"(?<![\w.:/-])49(?![\w.:/%-])", " ".join(reader.said))


async def test_what_a_visitor_writes_comes_back_as_words(house: House) -> None:
    for text in _MARKUP:
        page = await (await house.http.get(f"{house.url}/?ma={quote(text)}")).text()
        assert_only_words(page)
        assert text[:200] in unescape(page)
        error = await (await house.http.get(f"{house.url}/khong-co/{quote(text, safe='')}")).text()
        assert_only_words(error)


async def test_sql_in_every_field_that_searches_is_a_value(house: House) -> None:
    """In the query of every list of the console, in the API and at the public pages; nothing more is found by it."""
    await put(house, dossier(), dossier(f"{WARD}-240823-0002"))
    clerk = await house.staff(*Role)
    _, key = await house.key()
    sources = "".join(path.read_text(encoding="utf-8") for path in Path("bot/web/console").glob("*.py"))
    names = sorted({*re.findall(r'asked\("([^"]+)"', sources), "q", "limit", "cursor", "x"})
    assert len(names) > 20
    lists = [
        route.path
        for route in routes_of(house.console)
        if route.method == "GET" and "{" not in route.path and not route.is_open
    ]
    asked = [
        f"/can-bo{path}?" + "&".join(f"{name}={quote(_SQL[(turn + at) % len(_SQL)])}" for at, name in enumerate(names))
        for turn in range(0, len(_SQL), 3)
        for path in lists
    ]
    for text in map(quote, _SQL):
        asked += [f"/?ma={text}", f"/cong-khai?thang={text}", f"/onestop/v1/x?source={text}"]
        asked.append(f"/qr/{text.replace('/', '%2F')}.svg")
        asked += [
            f"/api/v1/{each}?{name}={text}" for each in ("notifications", "broadcasts") for name in ("after", "limit")
        ]
    broken = []
    for path in asked:
        async with clerk.http.get(f"{house.url}{path}", headers=key, allow_redirects=False) as answer:
            await answer.read()
            if answer.status >= 500:
                broken.append((path, answer.status))

    assert broken == []
    assert house.rows("SELECT COUNT(*) FROM dossiers") == [(2,)]


async def test_sql_in_forms_that_search_finds_nobody(house: House) -> None:
    await put(house, dossier())
    clerk = await house.staff(Role.CLERK)
    for path, fields in (("/ho-so", ("so", "ten")), ("/tin-nhan", ("so",))):
        for name in fields:
            for text in _SQL:
                await clerk.get(path)
                await clerk.post(path, {name: text})
                assert clerk.status < 500, (path, name, text)
                assert CODE not in clerk.words or name == "x", (path, name, text)


async def test_one_event_is_one_line_of_the_log_without_signs_that_steer_a_terminal(house: House) -> None:
    """Codes, names, agents, logins, paths, sources' records: whatever is logged of them."""
    stream = io.StringIO()
    before = list(logging.getLogger().handlers), logging.getLogger().level
    start_logging("DEBUG")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)
    try:
        await attack_the_log(house)
        logging.getLogger("bot.test").warning("name: %s", _LINES)
        try:
            raise ValueError(_LINES)
        except ValueError:
            logging.getLogger("bot.test").exception("it failed")
    finally:
        root = logging.getLogger()
        root.handlers[:], root.level = before
    written = stream.getvalue()

    assert "forged" in written, "nothing of it was logged at all: the test would show nothing"
    assert "\x1b" not in written
    assert "\x07" not in written
    assert "\r" not in written
    assert "\u2028" not in written
    assert "\x85" not in written
    assert not any(line.startswith("2026-11-23 05:00:00,000 ERROR bot: ") for line in written.splitlines())


async def attack_the_log(house: House) -> None:
    line = quote(_LINES)
    odd = {
        "User-Agent": _LINES.encode("ascii", "replace")
        .decode()
        .replace("\r", "")
        .replace("\n", "")
        .replace("\x07", "")
        .replace("\x1b", "")
    }
    await house.status("GET", f"/{line}", headers=odd)
    await house.status("POST", f"/webhooks/{line}")
    await house.status("POST", f"/webhooks/gateway/{line}/mo?id={line}")
    await house.status("GET", f"/webhooks/gateway/{GATEWAY_SECRET}/mo?id={line}&from=84912345678&text={line}")
    await house.status("POST", f"/onestop/v1/{line}?source={line}", headers={"X-Api-Key": PUSH_KEY})
    await house.status(
        "POST",
        "/onestop/v1/dossiers?source=ward",
        headers={"X-Api-Key": PUSH_KEY},
        json=[{"MaHoSo": _LINES, "ChuHoSo": _LINES}],
    )
    clerk = await house.staff(Role.CLERK)
    await clerk.get("/dang-nhap")
    await clerk.post("/dang-nhap", login=_LINES, password=_LINES)
    await clerk.get(f"/ho-so/{line}/{line}")


@pytest.mark.parametrize(
    "path",
    ["/can-bo/ngon-ngu?sang=en&ve=/can-bo/{}", "/can-bo/dang-nhap?tiep={}", "/?lang={}", "/?ma={}", "/frame?ma={}"],
)
async def test_nothing_that_is_asked_for_becomes_a_header(house: House, path: str) -> None:
    for text in (
        "%0d%0aSet-Cookie:%20evil=1",
        "%0aLocation:%20https://evil.vn",
        "%00",
        "%E5%98%8A%E5%98%8DSet-Cookie:evil",
        "%1b%5b31m",
    ):
        framed = "Sec-Fetch-Dest: iframe\r\nSec-Fetch-Site: cross-site\r\n"
        reply = await house.raw(f"GET {path.format(text)} HTTP/1.1\r\nHost: x\r\n{framed}\r\n".encode())
        head = reply.raw.partition(b"\r\n\r\n")[0].lower()
        assert b"evil=1" not in head
        assert b"\nlocation: https://evil" not in head
        assert 200 <= reply.status < 500, (path, text, reply.status)
