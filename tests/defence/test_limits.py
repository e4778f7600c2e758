"""Whatever takes a body takes no more of it than it may, for no longer than it may; and so do connections and pages."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import ClientSession, CookieJar

from bot.web import bodies, connections, desk, onestop, webhooks
from bot.web.api import gate as api_gate
from bot.web.api.server import OPERATIONS
from bot.web.console import gate
from bot.web.console.route import STRANGERS_FORM
from bot.web.prefix import PREFIX
from tests.defence.estate import CODE, GATEWAY_SECRET, PUSH_KEY, Estate, open_estate

_KIB = 1 << 10
_FORM = "application/x-www-form-urlencoded"
_CHUNK = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"


@dataclass(frozen=True)
class Taker:
    """Something that takes a body, and how much of it."""

    path: str
    most: int
    headers: dict[str, str]

    def head(self, *more: str) -> bytes:
        lines = [f"{name}: {value}" for name, value in {"Host": "x", **self.headers}.items()]
        return "\r\n".join([f"POST {self.path} HTTP/1.1", *lines, *more, "", ""]).encode()


async def takers_of(estate: Estate) -> list[Taker]:
    """One for every route with a body, found in what is served: a new one without a limit here is told by its path."""
    clerk, key = await estate.administrator(), await estate.key()
    cookie = {"Cookie": f"{estate.console.cookie('staff')}={clerk.cookie}", "Content-Type": _FORM}
    staff = {PREFIX + each.path: each.most for each in estate.pages_of_staff if each.method == "POST"}
    limits = {f"/api/v1{each.path}": 8 << 20 if each.is_long else 256 * _KIB for each in OPERATIONS}
    filled = {
        "/webhooks/{name}": "/webhooks/zalo",
        "/webhooks/{name}/{tail}": f"/webhooks/gateway/{GATEWAY_SECRET}/mo",
        "/onestop/v1/{endpoint}": "/onestop/v1/dossiers",
    }
    found = []
    for method, path in estate.routes:
        if method not in ("POST", "*"):
            continue
        address = filled.get(
            path, path.replace("{situation}", "result").replace("{way}", "nha").replace("{", "").replace("}", "")
        )
        if path in staff:
            found.append(Taker(address, staff[path], cookie))
        elif path.startswith("/api/"):
            found.append(Taker(address, limits[path], {**key, "Content-Type": "application/json"}))
        elif path.startswith("/webhooks/"):
            found.append(Taker(address, 1 << 20, {}))
        elif path.startswith("/onestop/"):
            found.append(Taker(address, 8 << 20, {"X-Api-Key": PUSH_KEY}))
        else:
            kind = "application/json" if path.startswith(("/chat/", "/demo/")) else _FORM
            visitor = await _visitor(estate)
            found.append(Taker(address, 16 * _KIB, {"Content-Type": kind, **visitor}))
    assert len(found) > 70
    return found


async def _visitor(estate: Estate) -> dict[str, str]:
    """What the browser of somebody who has opened the page sends with every call of a script."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http, http.get(estate.url) as answer:
        page = await answer.text()
        cookie = answer.cookies["motcua"].value
    token = page.split('name="token" value="')[1].split('"')[0]
    return {"Cookie": f"motcua={cookie}", "X-Form-Token": token}


async def _status(estate: Estate, *pieces: bytes, patience: float = 10.0) -> int:
    """The status of the answer to what is said on a bare connection; what is not read any more is not sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", estate.port)
    try:
        async with asyncio.timeout(patience):
            for piece in pieces:
                writer.write(piece)
                await asyncio.wait({asyncio.ensure_future(writer.drain())}, timeout=1.0)
                if reader._buffer:  # type: ignore[attr-defined] # it has been answered
                    break
            line = await reader.readline()
        return int(line.split()[1])
    finally:
        writer.close()


async def test_a_body_that_announces_too_much_is_refused_unread(estate: Estate) -> None:
    for taker in await takers_of(estate):
        assert await _status(estate, taker.head(f"Content-Length: {taker.most + 1}")) == 413, taker.path

    assert estate.held.most_seen == 0


async def test_a_body_that_announces_nothing_is_read_to_its_limit(estate: Estate) -> None:
    for taker in await takers_of(estate):
        if taker.most > 1 << 20:
            continue
        chunks = [_CHUNK] * (taker.most // 0x4000 + 2)
        assert await _status(estate, taker.head("Transfer-Encoding: chunked"), *chunks) == 413, taker.path

    assert 0 < estate.held.most_seen <= 1 << 20
    assert estate.held.bytes == 0


async def test_a_body_that_never_ends_is_given_up(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    takers, real = await takers_of(estate), asyncio.timeout
    monkeypatch.setattr(desk, "_BODY_SECONDS", 0.3)
    monkeypatch.setattr(onestop, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(api_gate, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(gate, "asyncio", SimpleNamespace(timeout=lambda seconds: real(min(seconds, 0.3))))

    heads = [taker.head("Content-Length: 4000") + b"te" for taker in takers]
    statuses = await asyncio.gather(*(_status(estate, head) for head in heads))

    assert {status: taker.path for status, taker in zip(statuses, takers, strict=True) if status != 408} == {}
    assert estate.held.bytes == 0


async def test_whoever_has_given_no_password_gets_a_small_form(estate: Estate) -> None:
    for path in ("/dang-nhap", "/loi-moi/x"):
        head = Taker(PREFIX + path, 0, {"Content-Type": _FORM}).head
        assert await _status(estate, head(f"Content-Length: {STRANGERS_FORM + 1}")) == 413
        assert await _status(estate, head("Content-Length: 7", "Connection: close"), b"login=a") == 403


async def test_all_bodies_together_have_an_end(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow callers hold what they have sent; when that is too much, the next one is asked to come again."""
    monkeypatch.setattr(bodies, "MOST_HELD", 40_000)
    slow = [await asyncio.open_connection("127.0.0.1", estate.port) for _ in range(3)]
    for _, writer in slow:
        writer.write(Taker("/webhooks/zalo", 0, {}).head("Content-Length: 20000") + b"a" * 19_000)
    async with asyncio.timeout(20):
        while estate.held.bytes < 38_000:
            await asyncio.sleep(0)

    refused = (await asyncio.wait_for(slow[2][0].readline(), 5)).split()[1]
    for _, writer in slow:
        writer.close()

    assert refused == b"503"
    assert estate.held.most_seen <= 40_000


async def test_a_head_that_does_not_come_ends_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"head_seconds": 0.3}) as estate:
        begun = [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"]
        ends = await asyncio.gather(*(_read_out(estate, each) for each in begun))
        reader, writer = await asyncio.open_connection("127.0.0.1", estate.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        first = await reader.readuntil(b"ok\n")
        writer.write(b"GET /he")
        second = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert ends == [b"", b"", b""]
    assert first.startswith(b"HTTP/1.1 200")
    assert second == b""


async def test_a_letter_now_and_then_does_not_prolong_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"head_seconds": 0.5}) as estate:
        reader, writer = await asyncio.open_connection("127.0.0.1", estate.port)
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        ended = asyncio.ensure_future(reader.read())
        async with asyncio.timeout(10):
            while not ended.done():
                writer.write(b"a")
                await asyncio.wait({ended}, timeout=0.05)
        writer.close()

    assert ended.exception() is not None or ended.result() == b""


async def test_a_call_under_way_is_no_slow_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that takes longer than a head may, and a chat that stays open."""
    async with open_estate(
        tmp_path, monkeypatch, web={"head_seconds": 0.2, "heartbeat": 0.5, "answer_wait": 0.1}
    ) as estate:
        visitor = await _visitor(estate)

        async def slowly() -> AsyncIterator[bytes]:
            yield b"text=" + CODE.encode()
            await asyncio.sleep(0.5)
            yield b"&token=" + visitor["X-Form-Token"].encode() + b"&id=an-id-of-a-form"

        body = estate.http.post(f"{estate.url}/tra-cuu", data=slowly(), headers={**visitor, "Content-Type": _FORM})
        async with body as answer, estate.http.get(f"{estate.url}/chat/events", headers=visitor) as stream:
            lines = [await stream.content.readline() for _ in range(4)]

    assert answer.status == 200
    assert b": still here\n" in lines


async def _read_out(estate: Estate, begun: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", estate.port)
    writer.write(begun)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_connections_of_one_address_have_an_end_and_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "_is_ours", lambda address, trusted: False)
    async with open_estate(tmp_path, monkeypatch, web={"address_connections": 3}) as estate:
        held = [await asyncio.open_connection("127.0.0.1", estate.port) for _ in range(3)]
        refused = [await _read_out(estate, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(5)]
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(20):
            while await _read_out(estate, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == b"":
                await asyncio.sleep(0)

    assert refused == [b""] * 5
    assert caplog.text.count("connections are open") == 1
    assert "127.0.0.1" not in caplog.text


async def test_all_connections_together_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"connections": 10}) as estate:
        held = [await asyncio.open_connection("127.0.0.1", estate.port) for _ in range(10)]
        refused = await _read_out(estate, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for _, writer in held:
            writer.close()

    assert refused == b""


def test_there_are_never_more_connections_than_files(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))

    assert connections.files() == 768


async def test_chats_of_one_address_have_an_end_however_many_visitors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_estate(tmp_path, monkeypatch, web={"network_streams": 5}) as estate:
        visitors = [await _visitor(estate) for _ in range(6)]
        open_ones = [await estate.http.get(f"{estate.url}/chat/events", headers=each) for each in visitors]
        statuses = [each.status for each in open_ones]
        open_ones[0].close()
        async with asyncio.timeout(20):
            while (again := await estate.http.get(f"{estate.url}/chat/events", headers=visitors[5])).status != 200:
                again.close()
        for each in [*open_ones, again]:
            each.close()

    assert statuses == [200] * 5 + [429]


async def test_every_page_that_asks_for_no_key_has_a_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one message a minute a network has 10 calls of pages, five of them at once, and 100 of the console's."""
    async with open_estate(tmp_path, monkeypatch, web={"network_per_minute": 1}) as estate:
        first = [(await _get(estate, "/")) for _ in range(6)]
        seen = {
            path: await _get(estate, path)
            for path in ("/nhung", "/tai-lieu/a/b", "/qr/x.svg", "/cong-khai", "/demo", "/x")
        }
        door = [await _get(estate, f"{PREFIX}/dang-nhap") for _ in range(120)]
        watched = [await _get(estate, path) for path in ("/healthz", "/readyz", "/metrics")]

    assert first == [200] * 5 + [429]
    assert set(seen.values()) == {429}
    assert door[:50] == [200] * 50
    # What becomes free while they are asked, 1.7 a second, may be used.
    assert 429 in door[50:]
    assert watched == [200] * 3


async def _get(estate: Estate, path: str) -> int:
    async with estate.http.get(estate.url + path, allow_redirects=False) as answer:
        return answer.status


async def test_refused_webhook_calls_have_a_pace_and_signed_ones_none(
    estate: Estate, caplog: pytest.LogCaptureFixture
) -> None:
    burst = webhooks.REFUSED.burst
    right = f"{estate.url}/webhooks/gateway/{GATEWAY_SECRET}/mo?id={{}}&from=84912345678&text=HS"
    wrong = f"{estate.url}/webhooks/gateway/wrong/mo?id=1&from=84912345678&text=HS"

    statuses = [(await estate.http.get(wrong)).status for _ in range(burst + 20)]
    heard = [(await estate.http.get(right.format(number))).status for number in range(burst + 20)]
    strangers = [(await estate.http.post(f"{estate.url}/webhooks/nobody")).status for _ in range(burst + 20)]

    assert statuses[:burst] == [403] * burst
    assert 429 in statuses[burst:]
    assert heard == [200] * len(heard)
    assert strangers[:burst] == [404] * burst
    assert 429 in strangers[burst:]
    assert caplog.text.count("webhook gateway: refused") == sum(each == 403 for each in statuses)


async def test_bytes_that_are_no_call_are_answered_shortly(estate: Estate) -> None:
    for raw in (b"GET / HTTP/1.1\r\nbroken <script>\r\n\r\n", b"\x16\x03\x01\x02\r\n\r\n", b"GET /x HTTP/9.9\r\n\r\n"):
        said = await _read_out(estate, raw)
        assert said.startswith(b"HTTP/1.0 400 "), said
        assert said.endswith(b"\r\n\r\n400\n"), said
        assert b"aiohttp" not in said
        assert b"script" not in said


async def test_json_is_refused_for_its_depth_and_its_shape(estate: Estate) -> None:
    visitor, key = await _visitor(estate), await estate.key()
    deep = b"[" * 16_000
    own, push = ("/chat/messages", "/chat/seen", "/demo/phone/send"), ("/onestop/v1/dossiers", "/onestop/v1/progress")
    doors = [*((each, visitor) for each in own), *((each, {"X-Api-Key": PUSH_KEY}) for each in push)]
    doors += [(f"/api/v1{each.path}", key) for each in OPERATIONS if each.takes]
    for path, headers in doors:
        for body in (deep, json.dumps([1]).encode(), b'{"a": {"b": 1}}', b"\xff"):
            said = {**headers, "Content-Type": "application/json"}
            async with estate.http.post(estate.url + path, data=body, headers=said) as answer:
                assert answer.status in (400, 403, 422), (path, body[:20], answer.status)
