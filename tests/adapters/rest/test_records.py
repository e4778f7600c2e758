"""Records become dossiers; what cannot be read is quarantined with its place; memory holds one page."""

import asyncio
import tracemalloc
from typing import Any

import pytest
from aiohttp import web

from bot.model.dossier import Status
from bot.model.errors import SourceError
from tests.adapters.rest.support import Api, codes, opened, pages, read, read_once, record

DETAIL = {"url": "/chi-tiet/{code}"}


def code(number: int) -> str:
    return str(record(number)["MaHoSo"])


def bare(*numbers: int) -> list[dict[str, Any]]:
    return [{"MaHoSo": code(number)} for number in numbers]


async def test_a_bad_record_is_quarantined_with_its_page_and_place_and_stops_nothing(software: Api) -> None:
    pages(software, [record(1), record(2)], [record(3), record(4, NgayHenTra="mai mốt")], [record(5)])

    batches = await read_once(software)

    assert codes(batches) == [1, 2, 3, 5]
    (bad,) = [each for batch in batches for each in batch.quarantined]
    assert (bad.source, bad.place, bad.row, bad.column) == ("office", "GET /hoso?page=2", 2, "NgayHenTra")
    assert bad.code == code(4)
    assert "mai mốt" not in bad.reason


async def test_rows_of_a_long_page_are_counted_from_its_beginning(software: Api) -> None:
    software.on("/hoso", [record(number) for number in range(1, 1_201)] + [["x"]])

    batches = await read_once(software, paging={"by": "none"}, listing={"url": "/hoso?ma=1"})

    (bad,) = [each for batch in batches for each in batch.quarantined]
    assert (bad.place, bad.row) == ("GET /hoso", 1_201)


async def test_the_place_of_an_offset_is_the_offset(software: Api) -> None:
    software.on("/hoso", [record(1), 7], [])

    batches = await read_once(
        software, paging={"by": "offset"}, listing={"method": "POST", "url": "/hoso", "body": {"tu": "{offset}"}}
    )

    assert batches[0].quarantined[0].place == "POST /hoso?offset=0"


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], [[]], True, {"MaHoSo": {"a": 1}}, {"MaHoSo": code(1), "x": "\ud83d"}]
)
async def test_nothing_that_json_can_say_breaks_the_reading(software: Api, junk: Any) -> None:
    pages(software, [junk, record(2)])

    batches = await read_once(software)

    assert codes(batches) == [2]
    assert len(batches[0].quarantined) == 1


async def test_details_are_laid_over_the_record_of_the_list(software: Api) -> None:
    pages(software, [{"MaHoSo": code(1), "ChuHoSo": "Lê Mẫu", "TrangThaiHoSo": "2"}])
    software.on(
        f"/chi-tiet/{code(1)}", {"kq": {"ChuHoSo": "", "TrangThaiHoSo": "9", "TenTTHC": "Khai sinh", "NgayTra": None}}
    )

    batches = await read_once(software, detail=DETAIL | {"record": "kq"})

    (dossier,) = batches[0].dossiers
    assert (dossier.applicant, dossier.status, dossier.procedure_name) == ("Lê Mẫu", Status.DONE, "Khai sinh")


async def test_details_are_looked_up_some_at_a_time_and_stay_in_order(software: Api) -> None:
    here, most = 0, 0
    full = asyncio.Event()

    async def detail(_: web.Request) -> web.StreamResponse:
        nonlocal here, most
        here += 1
        most = max(most, here)
        if here == 3:
            full.set()
        await full.wait()
        here -= 1
        return web.json_response({"TrangThaiHoSo": "4"})

    pages(software, bare(*range(1, 13)))
    for number in range(1, 13):
        software.on(f"/chi-tiet/{code(number)}", detail)

    batches = await read_once(software, detail=DETAIL | {"at_once": 3})

    assert codes(batches) == [*range(1, 13)]
    assert most == 3


async def test_the_code_may_stand_elsewhere_and_is_quoted_in_the_address(software: Api) -> None:
    pages(software, [{"id": {"so": "a/../b?c=1"}} | record(1)])
    software.on("/chi-tiet/a/../b?c=1", {"TenTTHC": "Kết hôn"})

    batches = await read_once(software, detail=DETAIL | {"code": "id.so"})

    assert batches[0].dossiers[0].procedure_name == "Kết hôn"


@pytest.mark.parametrize("failure", [404, 500, ["x"], {"error_code": 5}])
async def test_a_look_up_that_fails_quarantines_its_record_alone(software: Api, failure: Any) -> None:
    pages(software, bare(1, 2))
    software.on(f"/chi-tiet/{code(1)}", failure)
    software.on(f"/chi-tiet/{code(2)}", {"TrangThaiHoSo": "4"})

    batches = await read_once(software, detail=DETAIL)

    assert codes(batches) == [2]
    (bad,) = batches[0].quarantined
    assert (bad.place, bad.row, bad.code) == ("GET /hoso?page=1", 1, code(1))
    assert "hi tiết" in bad.reason


async def test_a_record_that_is_known_by_another_number_is_quarantined_under_its_code(software: Api) -> None:
    pages(software, [{"id": 71, "MaHoSo": code(1).lower()}, {"id": 72, "MaHoSo": code(2)}])
    software.on("/chi-tiet/72", {"TrangThaiHoSo": "4"})

    batches = await read_once(software, detail=DETAIL | {"code": "id"})

    assert [bad.code for bad in batches[0].quarantined] == [code(1)]


async def test_a_login_that_ends_among_the_look_ups_blames_no_record(
    software: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSWORD", "x")
    login = {"kind": "token", "url": "/getToken", "username": "may", "password": "env:PASSWORD"}
    pages(software, bare(1, 2))
    software.on("/getToken", {"token": "t1"}, 503)
    software.on(f"/chi-tiet/{code(1)}", {"TrangThaiHoSo": "4"})
    software.on(f"/chi-tiet/{code(2)}", 401)

    with pytest.raises(SourceError, match="POST /getToken: máy chủ trả mã HTTP 503"):
        await read_once(software, login=login, detail=DETAIL | {"at_once": 1})


@pytest.mark.parametrize("numbers", [range(1, 3), range(1, 60)])
async def test_look_ups_that_all_fail_are_a_failure_of_the_software(software: Api, numbers: range) -> None:
    pages(software, bare(*numbers))
    for number in numbers:
        software.on(f"/chi-tiet/{code(number)}", 500)

    with pytest.raises(SourceError, match=r"GET /chi-tiet/{code}: máy chủ trả mã HTTP 500"):
        await read_once(software, detail=DETAIL, retries=0)
    assert len(software.asked) < 40


@pytest.mark.parametrize("name", [None, "", "..", ".", 7.5, ["x"]])
async def test_a_record_without_a_code_is_not_looked_up(software: Api, name: Any) -> None:
    pages(software, [record(1), {"MaHoSo": name, "TrangThaiHoSo": "4"}])
    software.on(f"/chi-tiet/{code(1)}", {})

    batches = await read_once(software, detail=DETAIL)

    assert codes(batches) == [1]
    assert len(batches[0].quarantined) == 1
    assert [each.path for each in software.asked if "chi-tiet" in each.path] == [f"/chi-tiet/{code(1)}"]


async def peak_of(software: Api, count: int) -> int:
    """Most bytes that a round of so many pages of 500 held at a time."""

    async def page(request: web.Request) -> web.StreamResponse:
        number = int(request.query["page"])
        first = number * 500
        rows = (
            [record(each % 9_999, ChuHoSo="x" * 200, NgayCapNhat="") for each in range(first, first + 500)]
            if number <= count
            else []
        )
        return web.json_response(rows)

    software.on("/hoso", page)
    async with opened(software, paging={"by": "page", "size": 500}) as source:
        assert source.source
        tracemalloc.start()
        async for _ in source.source.batches(None):
            software.asked.clear()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


async def test_memory_holds_one_page_however_many_there_are(software: Api) -> None:
    await peak_of(software, 2)  # fills the caches

    few, many = await peak_of(software, 3), await peak_of(software, 15)

    assert many < few * 1.3


async def test_a_round_that_is_left_early_leaves_nothing_open(software: Api) -> None:
    pages(software, [record(1)], [record(2)])

    async with opened(software) as source:
        await read(source, most=1)
        assert codes(await read(source)) == [1, 2]
