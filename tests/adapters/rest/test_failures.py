"""What passes is waited for, what does not is named, and nothing takes more time or memory than it may."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from adapters.sources.rest.pauses import Pauses, retry_after
from bot.model.errors import SourceError
from tests.adapters.rest.support import ONE_PAGE, Api, Naps, codes, opened, pages, read, read_once, record, saying
from tests.support.making import START

GOOD = [record(1)]


async def cut_off(request: web.Request) -> web.StreamResponse:
    """Promises more bytes than it sends."""
    answer = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'[{"MaHoSo": "H32')
    assert request.transport
    request.transport.close()
    return answer


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return web.Response()


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.01)


async def test_three_failures_are_overcome_with_growing_pauses(software: Api) -> None:
    software.on("/hoso", 500, 502, 503, GOOD)
    naps = Naps()

    async with opened(software, naps=naps, retry_pause=2.0, **ONE_PAGE) as source:
        batches = await read(source)

    assert codes(batches) == [1]
    assert naps.seconds == [2.0, 4.0, 8.0]


@pytest.mark.parametrize(
    "failure", [cut_off, hang_up, b'[{"MaHoSo": "H32', b"", b"\xff\xfe\x00", b'["\xd1"]', 408, 425]
)
async def test_what_may_pass_is_tried_again(software: Api, failure: Any) -> None:
    software.on("/hoso", failure, GOOD)

    assert codes(await read_once(software, **ONE_PAGE)) == [1]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (500, "máy chủ trả mã HTTP 500"),
        (cut_off, "câu trả lời bị đứt giữa chừng"),
        (hang_up, "không kết nối được"),
        (b'[{"MaHoSo": "H32', "không phải JSON đúng, có thể bị cắt cụt"),
        (b"[" * 200_000, "không phải JSON đúng"),
        (b"", "câu trả lời rỗng"),
        (b"\xef\xbb\xbf\r\n <!DOCTYPE html><html>", "trang HTML thay vì JSON"),
        (never, "không có câu trả lời trong thời hạn"),
        (drip, "không có câu trả lời trong thời hạn"),
    ],
)
async def test_what_does_not_pass_is_named_with_its_place(software: Api, failure: Any, words: str) -> None:
    software.on("/hoso", failure)
    naps = Naps()

    with pytest.raises(SourceError, match=rf"GET /hoso: .*{words}.*đã thử 3 lần.* / ") as raised:
        await read_once(software, naps=naps, retries=2, timeout=0.2, **ONE_PAGE)

    assert len(naps.seconds) == 2
    assert raised.value.__cause__ is raised.value.__context__ is None


async def test_a_closed_door_can_be_tried_again() -> None:
    software = Api(url=f"http://127.0.0.1:{unused_port()}")

    with pytest.raises(SourceError, match="GET /hoso: không kết nối được, hãy kiểm tra địa chỉ"):
        await read_once(software, retries=1, **ONE_PAGE)


@pytest.mark.parametrize("status", [400, 404, 405, 410, 422])
async def test_a_request_that_is_refused_is_not_repeated(software: Api, status: int) -> None:
    software.on("/hoso", status)

    with pytest.raises(SourceError, match=rf"GET /hoso\?page=1: máy chủ từ chối yêu cầu \(HTTP {status}\)"):
        await read_once(software)
    assert len(software.asked) == 1


async def test_a_byte_order_mark_and_utf_16_are_read(software: Api) -> None:
    software.on("/hoso", b"\xef\xbb\xbf" + b"[]", json.dumps(GOOD).encode("utf-16"))

    async with opened(software, **ONE_PAGE) as source:
        assert codes(await read(source)) == []
        assert codes(await read(source)) == [1]


async def test_seconds_of_retry_after_are_obeyed(software: Api) -> None:
    software.on("/hoso", saying(429, Retry_After="17"), saying(503, Retry_After=" 5 "), GOOD)
    naps = Naps()

    async with opened(software, naps=naps, **ONE_PAGE) as source:
        await read(source)

    assert naps.seconds == [17.0, 5.0]


async def test_a_date_of_retry_after_is_measured_by_the_servers_clock(software: Api) -> None:
    slow_clock = saying(429, Date="Sat, 21 Nov 2020 01:00:00 GMT", Retry_After="Sat, 21 Nov 2020 01:00:25 GMT")
    software.on("/hoso", slow_clock, GOOD)
    naps = Naps()

    async with opened(software, naps=naps, **ONE_PAGE) as source:
        await read(source)

    assert naps.seconds == [25.0]


async def test_an_endless_retry_after_is_capped(software: Api) -> None:
    software.on(
        "/hoso", saying(429, Retry_After="86400"), saying(429, Retry_After="Fri, 01 Jan 2100 00:00:00 GMT"), GOOD
    )
    naps = Naps()

    async with opened(software, naps=naps, longest_pause=30.0, **ONE_PAGE) as source:
        await read(source)

    assert naps.seconds == [30.0, 30.0]


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "Sat, 99 Nov 2020", "1e9"])
def test_a_retry_after_that_says_nothing_is_none(value: str | None) -> None:
    assert retry_after(value, their_now=None, our_now=START) is None


def test_a_retry_after_without_a_date_of_the_server_goes_by_our_clock() -> None:
    until = datetime(2026, 11, 22, 1, 0, 40, tzinfo=UTC)

    assert retry_after("Sun, 22 Nov 2026 01:00:40 GMT", their_now="?", our_now=until - timedelta(seconds=40)) == 40.0


def test_pauses_are_jittered_and_bounded() -> None:
    chances = iter([0.0, 1.0, 0.5, 0.5, 0.5])
    pauses = Pauses(1.0, 10.0, chance=lambda: next(chances))

    assert [pauses.before(attempt, None) for attempt in (2, 3, 4, 9)] == [0.5, 3.0, 4.0, 10.0]
    assert pauses.before(2, -3.0) == 0.0


@pytest.mark.parametrize("announced", [True, False])
async def test_an_answer_beyond_the_limit_is_not_read_to_its_end(software: Api, announced: bool) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse(headers={"Content-Length": str(1 << 40)} if announced else {})
        await answer.prepare(request)
        while True:
            await answer.write(b" " * (1 << 16))
            sent += 1 << 16

    software.on("/hoso", endless)

    with pytest.raises(SourceError, match="lớn hơn 1 MiB; hãy giảm"):
        await read_once(software, largest_mib=1, **ONE_PAGE)
    assert len(software.asked) == 1
    assert sent < 32 << 20


async def test_a_compressed_answer_counts_unpacked(software: Api) -> None:
    async def bomb(_: web.Request) -> web.StreamResponse:
        answer = web.Response(body=b" " * (8 << 20))
        answer.enable_compression(web.ContentCoding.gzip)
        return answer

    software.on("/hoso", bomb)

    with pytest.raises(SourceError, match="lớn hơn 1 MiB"):
        await read_once(software, largest_mib=1, **ONE_PAGE)


async def test_an_hours_failure_is_caught_up_with(software: Api) -> None:
    pages(software, [record(1), record(2)], [record(3)])
    async with opened(software) as source:
        before = await read(source, most=1)
        software.on("/hoso", 503)
        for _ in range(3):
            with pytest.raises(SourceError):
                await read(source, before[-1].cursor)
        pages(software, [record(1), record(2)], [record(3)])
        after = await read(source, before[-1].cursor)

    assert codes(after) == [3]
