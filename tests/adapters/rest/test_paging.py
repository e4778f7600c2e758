"""Lists are read from the first page to the last, however they are cut, and no software holds us for ever."""

from itertools import count
from typing import Any

import pytest
from aiohttp import web

from bot.model.errors import SourceError
from tests.adapters.rest.support import Api, codes, opened, pages, read, read_once, record

ALL = [record(number) for number in range(1, 6)]


async def by_offset(request: web.Request) -> web.StreamResponse:
    start = int(request.query["tu"])
    return web.json_response({"rows": ALL[start : start + 2], "tong": len(ALL)})


async def test_pages_are_asked_for_until_one_is_empty(software: Api) -> None:
    pages(software, ALL[:2], ALL[2:4], ALL[4:])

    batches = await read_once(software)

    assert codes(batches) == [1, 2, 3, 4, 5]
    assert [each.query["page"] for each in software.asked] == ["1", "2", "3", "4"]
    assert [batch.as_of is not None for batch in batches] == [False, False, False, True]


async def test_software_that_gives_fewer_than_asked_for_loses_nothing(software: Api) -> None:
    pages(software, ALL[:1], ALL[1:2], ALL[2:])

    assert codes(await read_once(software, paging={"by": "page", "size": 100})) == [1, 2, 3, 4, 5]


async def test_a_short_page_can_be_made_the_end(software: Api) -> None:
    pages(software, ALL[:2], ALL[2:3])

    batches = await read_once(software, paging={"by": "page", "size": 2, "end": "short"})

    assert codes(batches) == [1, 2, 3]
    assert len(software.asked) == 2


async def test_the_first_page_may_have_the_number_nought(software: Api) -> None:
    software.on("/hoso", ALL[:1], [])

    await read_once(software, paging={"by": "page", "first": 0})

    assert [each.query["page"] for each in software.asked] == ["0", "1"]


async def test_offsets_count_what_came_until_the_total(software: Api) -> None:
    software.on("/hoso", by_offset)

    batches = await read_once(
        software,
        records="rows",
        listing={"url": "/hoso", "query": {"tu": "{offset}", "so": "{size}"}},
        paging={"by": "offset", "size": 2, "total": "tong"},
    )

    assert codes(batches) == [1, 2, 3, 4, 5]
    assert [each.query["tu"] for each in software.asked] == ["0", "2", "4"]


async def test_a_total_that_stops_counting_does_not_end_the_list(software: Api) -> None:
    software.on("/hoso", *({"rows": ALL[at : at + 2], "tong": 2} for at in range(0, 6, 2)))

    assert codes(await read_once(software, records="rows", paging={"by": "page", "size": 2, "total": "tong"})) == [
        *range(1, 6)
    ]


@pytest.mark.parametrize("total", [None, "nhiều", [1]])
async def test_a_total_that_is_none_is_not_used(software: Api, total: Any) -> None:
    software.on("/hoso", {"rows": ALL[:1], "tong": total}, {"rows": [], "tong": total})

    assert codes(await read_once(software, records="rows", paging={"by": "page", "total": "tong"})) == [1]


async def test_a_cursor_is_carried_from_page_to_page(software: Api) -> None:
    software.on("/hoso", {"rows": ALL[:2], "meta": {"next": "abc="}}, {"rows": ALL[2:], "meta": {"next": ""}})

    batches = await read_once(
        software,
        records="rows",
        listing={"method": "POST", "url": "/hoso", "body": {"after": "{next}", "limit": "{size}"}},
        paging={"by": "next", "next": "meta.next", "size": 7},
    )

    assert codes(batches) == [1, 2, 3, 4, 5]
    assert [each.json for each in software.asked] == [{"limit": 7}, {"after": "abc=", "limit": 7}]


@pytest.mark.parametrize("following", ["{url}/hoso?trang=2&x=a%2Fb", "/hoso?trang=2&x=a%2Fb", "?trang=2&x=a%2Fb"])
async def test_the_address_of_the_next_page_is_followed(software: Api, following: str) -> None:
    software.on("/hoso", {"rows": ALL[:2], "next": following.format(url=software.url)}, {"rows": ALL[2:], "next": None})

    batches = await read_once(
        software,
        records="rows",
        listing={"url": "/hoso", "query": {"size": "{size}"}},
        paging={"by": "next", "next": "next"},
    )

    assert codes(batches) == [1, 2, 3, 4, 5]
    assert software.asked[1].query == {"trang": "2", "x": "a/b"}


async def test_the_next_page_is_never_asked_of_another_server(software: Api) -> None:
    software.on("/hoso", {"rows": ALL[:2], "next": "http://127.0.0.1:9/hoso?page=2"})

    with pytest.raises(SourceError, match=r"GET /hoso\?page=2: địa chỉ trang kế tiếp"):
        await read_once(software, records="rows", paging={"by": "next", "next": "next"})


async def test_software_that_repeats_a_page_is_found_out(software: Api) -> None:
    software.on("/hoso", ALL[:2])

    with pytest.raises(SourceError, match=r"GET /hoso\?page=2: máy chủ trả lại đúng trang đã đọc"):
        await read_once(software)
    assert len(software.asked) == 2


async def test_a_cursor_that_leads_back_is_found_out(software: Api) -> None:
    answers = [{"rows": ALL[:1], "next": "b"}, {"rows": ALL[1:2], "next": "a"}, {"rows": ALL[:1], "next": "b"}]
    software.on("/hoso", *answers)

    with pytest.raises(SourceError, match="trang đã đọc"):
        await read_once(software, records="rows", paging={"by": "next", "next": "next"}, listing=NEXT)


async def test_software_that_shows_its_last_page_for_any_number_has_an_end(software: Api) -> None:
    software.on("/hoso", ALL[:2], ALL[2:3])

    batches = await read_once(software)

    assert set(codes(batches)) == {1, 2, 3}
    assert batches[-1].as_of is not None


async def test_a_list_without_end_is_given_up(software: Api) -> None:
    numbers = count(1)

    async def always_more(_: web.Request) -> web.StreamResponse:
        return web.json_response([record(next(numbers)), record(next(numbers))])

    software.on("/hoso", always_more)

    with pytest.raises(SourceError, match="quá 7 trang"):
        await read_once(software, paging={"by": "page", "size": 2, "most": 7})
    assert len(software.asked) == 8


async def test_an_unpaged_list_of_any_length_comes_in_small_batches(software: Api) -> None:
    software.on("/hoso", [record(number) for number in range(1, 2_502)])

    batches = await read_once(software, paging={"by": "none"}, listing={"url": "/hoso"})

    assert [len(batch.dossiers) for batch in batches] == [1_000, 1_000, 501]
    assert [batch.as_of is not None for batch in batches] == [False, False, True]
    assert codes(batches) == [*range(1, 2_502)]


async def test_an_empty_list_is_an_empty_batch_that_says_as_of_when(software: Api) -> None:
    software.on("/hoso", [])

    (batch,) = await read_once(software)

    assert batch.dossiers == ()
    assert batch.as_of is not None


async def test_the_first_batch_comes_after_one_page(software: Api) -> None:
    pages(software, ALL[:2], ALL[2:])

    async with opened(software) as source:
        (batch,) = await read(source, most=1)

    assert codes([batch]) == [1, 2]
    assert len(software.asked) == 1


@pytest.mark.parametrize("answer", [{"HoSo": None}, {"hoso": []}, {"HoSo": {"MaHoSo": "x"}}, [], "xong"])
async def test_an_answer_without_the_list_is_named_as_such(software: Api, answer: Any) -> None:
    software.on("/hoso", answer)

    with pytest.raises(SourceError, match="không thấy danh sách hồ sơ ở HoSo"):
        await read_once(software, records="HoSo")


async def test_a_list_that_may_be_null_can_be_said_so(software: Api) -> None:
    software.on("/hoso", {"HoSo": None})

    (batch,) = await read_once(software, records="HoSo || `[]`")

    assert batch.as_of is not None


NEXT = {"url": "/hoso", "query": {"tu": "{next}"}}
