"""From round to round: what changed since, and on from the middle after a restart."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.model.errors import SourceError
from tests.adapters.rest.support import Api, codes, opened, pages, read, record
from tests.support.making import START, Time

SINCE: dict[str, Any] = {
    "listing": {"url": "/hoso", "query": {"page": "{page}", "tu": "{since}", "den": "{until}"}},
    "changes": {"mode": "since", "overlap": 60, "format": "%Y%m%d%H%M%S"},
}
FIRST_THREE = [record(1), record(2), record(3)]


def asked_since(software: Api) -> list[str | None]:
    return [each.query.get("tu") for each in software.asked]


async def test_the_first_round_asks_for_everything_the_next_for_what_changed_since(software: Api) -> None:
    pages(software, FIRST_THREE[:2], FIRST_THREE[2:])

    async with opened(software, **SINCE) as source:
        first = await read(source)
        second = await read(source, first[-1].cursor)

    assert codes(first) == [1, 2, 3]
    # The newest is of 08:00:03; a minute before, in the software's own time.
    assert asked_since(software) == [None] * 3 + ["20261121075903"] * 3
    assert second[-1].cursor == first[-1].cursor


async def test_a_first_day_can_be_set(software: Api) -> None:
    software.on("/hoso", [])
    changes = SINCE["changes"] | {"start": "2026-01-01T00:00:00+07:00"}

    async with opened(software, **SINCE | {"changes": changes}) as source:
        await read(source)

    assert asked_since(software) == ["20260101000000"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("%d/%m/%Y", "21/11/2026"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-11-21T07:59:03+0700"),
        ("epoch", "1795222743"),
        ("epoch_ms", "1795222743000"),
    ],
)
async def test_moments_are_written_as_the_software_reads_them(software: Api, form: str, expected: str) -> None:
    pages(software, FIRST_THREE)

    async with opened(software, **SINCE | {"changes": SINCE["changes"] | {"format": form}}) as source:
        await read(source, (await read(source))[-1].cursor)

    assert asked_since(software)[-1] == expected


@pytest.mark.parametrize("ours", [START - timedelta(days=400), START + timedelta(days=400)])
async def test_a_wrong_clock_of_ours_does_not_move_the_cursor_past_a_change(software: Api, ours: datetime) -> None:
    pages(software, FIRST_THREE)

    async with opened(software, clock=Time(ours), **SINCE) as source:
        await read(source, (await read(source))[-1].cursor)

    # A clock that is more than a day behind lets everything be read again: slow, but nothing is lost.
    assert asked_since(software)[-1] == (None if ours < START else "20261121075903")


async def test_one_typing_error_in_a_year_does_not_hide_all_later_changes(software: Api) -> None:
    pages(software, [record(1), record(2, NgayCapNhat="20981121080000")])

    async with opened(software, **SINCE) as source:
        first = await read(source)
        await read(source, first[-1].cursor)

    assert codes(first) == [1, 2]
    assert asked_since(software)[-1] == "20261121075901"


async def test_the_cursor_never_goes_back(software: Api) -> None:
    pages(software, FIRST_THREE)
    async with opened(software, **SINCE) as source:
        first = await read(source)
        pages(software, [record(1)])
        second = await read(source, first[-1].cursor)

    assert second[-1].cursor == first[-1].cursor


async def test_the_moment_that_the_software_compares_may_be_another_field(software: Api) -> None:
    changes = SINCE["changes"] | {"field": "meta.sua_luc"}
    pages(software, [record(1, meta={"sua_luc": "2026-11-21T01:00:00Z"}), record(0, MaHoSo="", meta={"sua_luc": 7})])

    async with opened(software, **SINCE | {"changes": changes}) as source:
        await read(source, (await read(source))[-1].cursor)

    assert asked_since(software)[-1] == "20261121075900"


async def test_records_without_a_time_of_change_are_all_read_every_time_and_that_is_said(
    software: Api, caplog: pytest.LogCaptureFixture
) -> None:
    pages(software, [record(1, NgayCapNhat="")])

    async with opened(software, **SINCE) as source:
        again = await read(source, (await read(source))[-1].cursor)

    assert codes(again) == [1]
    assert caplog.text.count("no record says when it changed") == 1


async def test_a_software_without_records_is_no_reason_for_a_warning(
    software: Api, caplog: pytest.LogCaptureFixture
) -> None:
    software.on("/hoso", [])

    async with opened(software, **SINCE) as source:
        await read(source)

    assert caplog.text == ""


async def test_a_window_always_asks_for_the_last_days(software: Api) -> None:
    software.on("/hoso", [])
    clock = Time()
    changes = {"mode": "window", "days": 10, "format": "%Y-%m-%d"}

    async with opened(software, clock=clock, **SINCE | {"changes": changes}) as source:
        first = await read(source)
        clock.pass_(days=3)
        await read(source, first[-1].cursor)

    assert asked_since(software) == ["2026-11-12", "2026-11-15"]
    assert [each.query["den"] for each in software.asked] == ["2026-11-23", "2026-11-26"]


async def test_a_round_is_as_of_its_first_request(software: Api) -> None:
    clock = Time()

    async def slow(request: web.Request) -> web.StreamResponse:
        clock.pass_(minutes=10)
        return web.json_response([record(int(request.query["page"]))] if request.query["page"] < "3" else [])

    software.on("/hoso", slow)
    async with opened(software, clock=clock) as source:
        batches = await read(source)

    assert [batch.as_of for batch in batches] == [None, None, START]


async def test_a_restart_in_the_middle_goes_on_at_the_next_page(software: Api) -> None:
    everything = [record(number) for number in range(1, 7)]
    pages(software, everything[:2], everything[2:4], everything[4:])
    clock = Time()
    async with opened(software, clock=clock, **SINCE) as source:
        before = await read(source, most=2)
    clock.pass_(hours=5)

    async with opened(software, clock=clock, **SINCE) as source:
        after = await read(source, before[-1].cursor)
        following = await read(source, after[-1].cursor)

    assert (codes(before), codes(after)) == ([1, 2, 3, 4], [5, 6])
    assert after[-1].as_of == START
    assert following[-1].as_of == START + timedelta(hours=5)
    assert asked_since(software)[-1] == "20261121075906"


async def test_a_restart_within_a_round_of_changes_asks_for_the_same_changes(software: Api) -> None:
    pages(software, FIRST_THREE)
    async with opened(software, **SINCE) as source:
        first = await read(source)
        pages(software, [record(4), record(5)], [record(6)])
        begun = await read(source, first[-1].cursor, most=1)
    async with opened(software, **SINCE) as source:
        await read(source, begun[-1].cursor)

    assert asked_since(software)[2:] == ["20261121075903"] * 3
    assert [each.query["page"] for each in software.asked][2:] == ["1", "2", "3"]


async def test_a_restart_within_a_long_page_reads_that_page_again(software: Api) -> None:
    software.on("/hoso", [record(number) for number in range(1, 1_502)])
    unpaged: dict[str, Any] = {"paging": {"by": "none"}, "listing": {"url": "/hoso"}}
    async with opened(software, **unpaged) as source:
        before = await read(source, most=1)

    async with opened(software, **unpaged) as source:
        after = await read(source, before[-1].cursor)

    assert codes(before) == [*range(1, 1_001)]
    assert codes(after) == [*range(1, 1_502)]


async def test_a_failure_in_the_middle_goes_on_where_it_was(software: Api) -> None:
    software.on("/hoso", [record(1), record(2)], *[500] * 4, [record(3)], [])
    async with opened(software) as source:
        begun = await read(source, most=1)
        with pytest.raises(SourceError):
            await read(source, begun[-1].cursor)
        rest = await read(source, begun[-1].cursor)

    assert (codes(begun), codes(rest)) == ([1, 2], [3])


@pytest.mark.parametrize("gone", [[400], [500] * 4, [{"loi": "cursor het han"}], [{"error_code": 9}]])
async def test_a_page_that_is_gone_after_a_restart_begins_the_round_anew(software: Api, gone: list[Any]) -> None:
    cursors: dict[str, Any] = {
        "records": "rows",
        "listing": {"url": "/hoso", "query": {"tu": "{next}"}},
        "paging": {"by": "next", "next": "next"},
    }
    first_page = {"rows": [record(1)], "next": "het-han"}
    software.on("/hoso", first_page, *gone, first_page, {"rows": [record(2)], "next": None})
    async with opened(software, **cursors) as source:
        before = await read(source, most=1)

    async with opened(software, **cursors) as source:
        after = await read(source, before[-1].cursor)

    assert codes(after) == [1, 2]
    assert [each.query.get("tu") for each in software.asked] == [None, *["het-han"] * len(gone), None, "het-han"]


async def test_another_way_of_asking_begins_the_round_anew(software: Api) -> None:
    pages(software, FIRST_THREE[:2], FIRST_THREE[2:])
    async with opened(software) as source:
        before = await read(source, most=1)

    async with opened(software, paging={"by": "page", "size": 50}) as source:
        after = await read(source, before[-1].cursor)

    assert codes(after) == [1, 2, 3]


@pytest.mark.parametrize(
    "cursor", ["17", "[]", "null", "{", '{"newest":"x"}', '{"newest":1e40}', '{"newest":1,"round":[1]}']
)
async def test_a_strange_cursor_is_named_as_such(software: Api, cursor: str) -> None:
    async with opened(software) as source:
        with pytest.raises(SourceError, match="Con trỏ đã lưu"):
            await read(source, cursor)


async def test_an_empty_cursor_is_the_beginning(software: Api) -> None:
    pages(software, FIRST_THREE)

    async with opened(software) as source:
        assert codes(await read(source, "")) == [1, 2, 3]


def test_the_epoch_in_these_tests_is_the_moment_it_stands_for() -> None:
    assert datetime.fromtimestamp(1795222743, UTC).isoformat() == "2026-11-21T00:59:03+00:00"
