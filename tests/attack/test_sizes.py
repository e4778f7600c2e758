"""Calls that are too big, too deep, too many or too slow: refused early and cheaply; others are served meanwhile."""

import asyncio
import resource
import zlib
from pathlib import Path

import pytest

from bot.model.staff import Role
from tests.attack.house import GATEWAY_SECRET, PUSH_KEY, House, open_house

_MIB = 1 << 20
_ENTRIES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("/tra-cuu", "application/x-www-form-urlencoded", {}),
    ("/chat/messages", "application/json", {}),
    ("/webhooks/zalo", "application/json", {}),
    (f"/webhooks/gateway/{GATEWAY_SECRET}/mo", "application/json", {}),
    ("/onestop/v1/dossiers?source=ward", "application/json", {"X-Api-Key": PUSH_KEY}),
    ("/can-bo/dang-nhap", "application/x-www-form-urlencoded", {}),
    ("/can-bo/phat-tin/moi", "application/x-www-form-urlencoded", {}),
    ("/can-bo/phat-tin/PT-261123-0001/danh-sach", "multipart/form-data; boundary=x", {}),
    ("/api/v1/notifications", "application/json", {}),
)
"""Wherever a body is taken."""


def _bomb(bits: int) -> bytes:
    """40 MiB of spaces, packed by zlib with these window bits: 40 KiB."""
    packer, space = zlib.compressobj(wbits=bits), b" " * _MIB
    return b"".join([*(packer.compress(space) for _ in range(40)), packer.flush()])


def _peak() -> int:
    """MiB that this process has ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def _known(house: House) -> dict[str, str]:
    """Headers of somebody who has got in everywhere: a key of the API, a session of the staff."""
    _, key = await house.key()
    clerk = await house.staff(*Role)
    return {**key, "Cookie": f"{house.console.cookie('staff')}={clerk.cookie}"}


async def test_a_hundred_megabytes_are_refused_unread_and_take_no_memory(house: House) -> None:
    who = await _known(house)
    for path, kind, headers in _ENTRIES:
        said = {**headers, **who, "Host": "x", "Content-Type": kind}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        announced = f"POST {path} HTTP/1.1\r\n{head}Content-Length: {100 * _MIB}\r\n\r\n".encode()

        reply = await house.raw(announced + b"a" * 1_000, patience=2.0)

        assert reply.status in (303, 401, 403, 404, 413), (path, reply.raw[:100])


async def test_a_body_without_a_length_is_read_to_its_limit_and_no_further(house: House) -> None:
    who, before = await _known(house), _peak()
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    for path, kind, headers in _ENTRIES:
        said = {**headers, **who, "Host": "x", "Content-Type": kind}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(f"POST {path} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        sent = 0
        try:
            async with asyncio.timeout(10):
                while sent < 48 * _MIB:
                    writer.write(chunk)
                    await writer.drain()
                    sent += len(chunk)
                    if reader._buffer:  # type: ignore[attr-defined] # it has been answered
                        break
        except (ConnectionError, TimeoutError):
            pass
        finally:
            writer.close()
        assert sent < 48 * _MIB, f"{path} reads without end"

    assert _peak() - before < 150


async def test_a_bomb_counts_unpacked(house: House) -> None:
    bombs = {"gzip": _bomb(31), "deflate": _bomb(15)}
    who, before = await _known(house), _peak()
    for name, bomb in bombs.items():
        for path, kind, headers in _ENTRIES if name == "gzip" else _ENTRIES[:3]:
            said = {**headers, **who, "Content-Type": kind, "Content-Encoding": name}
            status = await house.status("POST", path, data=bomb, headers=said)
            assert status in (303, 400, 401, 403, 404, 413, 415), (path, name, status)

    assert _peak() - before < 150


async def test_heads_that_never_end_are_cut_off(house: House) -> None:
    many = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(10_000)) + b"\r\n"
    long_line = b"GET /?" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    long_value = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"
    cookies = b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a=b; " * 1_500 + b"\r\nConnection: close\r\n\r\n"

    for head in (many, long_line, long_value):
        reply = await house.raw(head, patience=2.0)
        assert reply.status in (400, 414, 431), reply.raw[:200]
        assert b"Traceback" not in reply.raw
    assert (await house.raw(cookies, patience=2.0)).status == 200


async def test_who_sends_a_letter_at_a_time_stops_nobody_and_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred heads that come slowly, while somebody else is served at once."""
    async with open_house(tmp_path, monkeypatch, web={"head_seconds": 0.5}) as house:
        slow = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(100)]
        for _, writer in slow:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")

        async with asyncio.timeout(20):
            assert await house.status("GET", "/healthz") == 200
        async with asyncio.timeout(20):
            said = await asyncio.gather(*(reader.read() for reader, _ in slow), return_exceptions=True)

        assert all(isinstance(each, ConnectionError) or each == b"" for each in said), said
        for _, writer in slow:
            writer.close()


async def test_depth_is_refused_as_what_cannot_be_read(house: House) -> None:
    _, key = await house.key()
    visitor = await house.visitor()
    for deep in (b"[" * 200_000, b'{"a":' * 50_000, b'{"situation":' + b"[" * 60_000 + b"]" * 60_000 + b"}"):
        push = {"X-Api-Key": PUSH_KEY, "Content-Type": "application/json"}
        api = {**key, "Content-Type": "application/json"}

        assert await house.status("POST", "/onestop/v1/dossiers?source=ward", data=deep, headers=push) == 400
        assert await house.status("POST", "/api/v1/notifications", data=deep, headers=api) in (400, 413)
        async with visitor.http.post(
            f"{house.url}/chat/messages", data=deep[:3_000], headers=api | {"X-Form-Token": visitor.token}
        ) as answer:
            assert answer.status in (400, 413)


async def test_queries_and_fields_without_end_are_refused(house: House) -> None:
    _, key = await house.key()
    fields = "&".join(f"a{number}={number}" for number in range(800))

    assert await house.status("GET", f"/api/v1/notifications?{fields}", headers=key) == 422
    assert await house.status("GET", f"/?{fields}") == 200
    assert await house.status("POST", "/tra-cuu", data=fields) in (400, 403)
    assert await house.status("POST", "/can-bo/dang-nhap", data={f"f{number}": "x" for number in range(3_000)}) in (
        400,
        403,
        413,
    )


async def test_streams_of_one_address_have_an_end(house: House) -> None:
    """One visitor, and one network with many visitors."""
    visitor = await house.visitor()
    answers = [await visitor.http.get(f"{house.url}/chat/events") for _ in range(30)]
    statuses = [answer.status for answer in answers]
    for answer in answers:
        answer.close()

    assert statuses.count(200) == 4
    assert set(statuses) <= {200, 429}
