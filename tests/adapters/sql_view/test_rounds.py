"""What a round brings and where the next one begins, on every database that can run here."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.errors import SourceError
from tests.adapters.sql_view.support import MORNING, Office, batches, code, codes, dossiers, quarantined, row
from tests.support.making import Time

LATER = "2026-11-20 08:20:00.000001"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


async def test_rows_become_dossiers_whatever_types_their_columns_have(office: Office) -> None:
    office.put(row(1, TrangThaiHoSo=9))

    [dossier] = dossiers(await batches(office.source()))

    assert (dossier.code, dossier.status.name, dossier.applicant) == (code(1), "DONE", "Nguyễn Thị Ánh")
    assert dossier.phone == "+84912345678"
    assert dossier.appointment_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert dossier.updated_at == datetime(2026, 11, 20, 1, 15, 0, 123456, tzinfo=UTC)


async def test_an_empty_view_is_up_to_date(sqlite_office: Office) -> None:
    clock = Time(NOW)

    found = await batches(sqlite_office.source(clock=clock))

    assert [(batch.dossiers, batch.as_of) for batch in found] == [((), NOW)]
    assert await batches(sqlite_office.source(clock=clock), found[-1].cursor) == found


async def test_many_rows_with_one_change_time_all_come_and_each_once(office: Office) -> None:
    office.put(*(row(number) for number in range(1, 2_351)), row(9_000, NgayCapNhat=LATER))

    found = await batches(office.source())

    assert codes(found) == [code(number) for number in range(1, 2_351)] + [code(9_000)]
    assert max(len(batch.dossiers) for batch in found) == 100


async def test_only_the_last_batch_says_as_of_when_namely_when_the_round_began(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(number) for number in range(1, 202)))
    clock = Time(NOW)
    source = sqlite_office.source(clock=clock)

    found = []
    async for batch in source.batches(None):
        found.append(batch.as_of)
        clock.pass_(minutes=5)

    assert found == [None, None, NOW]


@pytest.mark.parametrize("taken", [1, 3])
async def test_after_a_kill_reading_goes_on_with_the_next_row(office: Office, taken: int) -> None:
    office.put(*(row(number, NgayCapNhat=None) for number in range(1, 151)))
    office.put(*(row(number) for number in range(151, 401)))

    before = await batches(office.source(), most=taken)
    after = await batches(office.source(), before[-1].cursor)

    assert codes(before) + codes(after) == [code(number) for number in range(1, 401)]


async def test_a_round_that_goes_on_after_a_kill_keeps_the_time_at_which_it_began(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(number) for number in range(1, 151)))

    before = await batches(sqlite_office.source(clock=Time(NOW)), most=1)
    after = await batches(sqlite_office.source(clock=Time(NOW + timedelta(days=1))), before[-1].cursor)

    assert after[-1].as_of == NOW


async def test_the_next_round_brings_what_has_changed_and_nothing_from_before_the_look_back(office: Office) -> None:
    office.put(*(row(number) for number in range(1, 11)))
    first = await batches(office.source())
    office.put(row(3, TrangThaiHoSo=9, NgayCapNhat="2026-11-20 10:00:00.5"))
    second = await batches(office.source(), first[-1].cursor)

    third = await batches(office.source(), second[-1].cursor)

    assert codes(second) == [*(code(number) for number in range(1, 11) if number != 3), code(3)]
    assert codes(third) == [code(3)]


async def test_a_row_committed_late_is_found_within_the_look_back(office: Office) -> None:
    office.put(row(1, NgayCapNhat="2026-11-20 08:20:00"))
    first = await batches(office.source(overlap=300))
    office.put(row(2, NgayCapNhat="2026-11-20 08:15:30"), row(3, NgayCapNhat="2026-11-20 08:14:30"))

    second = await batches(office.source(overlap=300), first[-1].cursor)

    assert codes(second) == [code(2), code(1)]


async def test_the_look_back_counts_from_what_was_newest_when_the_round_began(sqlite_office: Office) -> None:
    sqlite_office.put(
        *(row(each, NgayCapNhat=f"2026-11-20 {8 + each // 60:02}:{each % 60:02}:00") for each in range(150))
    )
    source = sqlite_office.source(overlap=60)

    first = []
    async for batch in source.batches(None):
        sqlite_office.put(row(500, NgayCapNhat="2026-11-20 12:00:00"))
        first.append(batch)
    # Begun before the first round and committed after it, with a time that the round had long passed.
    sqlite_office.put(row(501, NgayCapNhat="2026-11-20 10:28:30"))
    second = await batches(source, first[-1].cursor)

    assert codes(first)[-1] == code(500)
    assert codes(second) == [code(148), code(501), code(149), code(500)]


async def test_a_row_from_the_future_hides_nothing_that_follows(office: Office) -> None:
    clock = Time(NOW)
    office.put(row(1, NgayCapNhat="2099-01-01 00:00:00"), row(2))
    first = await batches(office.source(clock=clock))
    office.put(row(3, NgayCapNhat="2026-11-22 08:00:10"))

    second = await batches(office.source(clock=clock), first[-1].cursor)

    assert codes(second) == [code(3), code(1)]


async def test_rows_without_a_change_time_are_read_in_every_round(office: Office) -> None:
    office.put(*(row(number, NgayCapNhat=None) for number in range(1, 251)), row(400))
    first = await batches(office.source())
    office.put(row(7, NgayCapNhat=None, TrangThaiHoSo=10))

    second = await batches(office.source(), first[-1].cursor)

    assert codes(first) == codes(second) == [code(number) for number in [*range(1, 251), 400]]
    assert [each.code for each in dossiers(second) if each.status.name == "RETURNED"] == [code(7)]


async def test_where_no_row_lacks_a_time_the_search_for_them_can_be_left_out(sqlite_office: Office) -> None:
    sqlite_office.put(row(1, NgayCapNhat=None), row(2, MaHoSo=None), row(3))

    found = await batches(sqlite_office.source(undated=False))

    assert codes(found) == [code(3)]
    assert not quarantined(found)


async def test_a_row_without_a_code_is_quarantined_where_its_change_time_finds_it(office: Office) -> None:
    office.put(row(1, MaHoSo=None), row(2))

    found = await batches(office.source())

    [noted] = quarantined(found)
    assert codes(found) == [code(2)]
    assert noted.reason == "Thiếu mã hồ sơ."
    assert MORNING in noted.place.replace("T", " ")
    assert noted.column.lower() == "mahoso"


async def test_a_row_that_cannot_be_read_is_quarantined_by_its_code_and_stops_nothing(sqlite_office: Office) -> None:
    sqlite_office.put(row(1), row(2, TrangThaiHoSo=None), row(3))

    found = await batches(sqlite_office.source())

    [noted] = quarantined(found)
    assert codes(found) == [code(1), code(3)]
    assert (noted.code, noted.row, noted.place.partition(" = ")[2]) == (code(2), 0, f'"{code(2)}"')


async def test_a_code_that_cannot_be_read_is_not_shown_for_it_may_be_a_name(sqlite_office: Office) -> None:
    sqlite_office.put(row(1, MaHoSo="Nguyễn Thị Ánh"))

    [noted] = quarantined(await batches(sqlite_office.source()))

    assert "Nguyễn" not in repr(noted)
    assert MORNING in noted.place.replace("T", " ")


async def test_with_an_id_of_its_own_a_row_is_found_by_it(sqlite_office: Office) -> None:
    sqlite_office.put(row(17, MaHoSo="Nguyễn Thị Ánh"))

    [noted] = quarantined(await batches(sqlite_office.source(code_column="id")))

    assert noted.place.lower() == "ho_so: id = 17"


async def test_a_dossier_in_two_rows_is_noted_even_across_pages(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(number) for number in range(1, 101)))
    sqlite_office.put(row(200, MaHoSo=code(100)), row(201, MaHoSo=code(50)))

    found = await batches(sqlite_office.source())

    assert {noted.code for noted in quarantined(found)} == {code(50), code(100)}
    assert all("hai dòng" in noted.reason for noted in quarantined(found))
    assert set(codes(found)) == {code(number) for number in range(1, 101)}


async def test_mended_rows_can_be_read_again_by_their_places(office: Office) -> None:
    office.put(*(row(number) for number in range(1, 150)), row(900, TrangThaiHoSo=None), row(901, MaHoSo="sai mã"))
    places = [noted.place for noted in quarantined(await batches(office.source()))]
    office.put(row(900))
    source = office.source()

    found = [batch async for batch in source.reread([*places, "another_view: MaHoSo = 1", f"{places[0]}x"])]

    assert codes(found)[0] == code(900)
    assert set(codes(found)) == {code(number) for number in [*range(1, 150), 900]}
    assert [noted.place for noted in quarantined(found)] == [places[1]]


async def test_without_a_change_time_every_row_is_read_in_each_round(office: Office) -> None:
    office.put(*(row(number, NgayCapNhat=None if number % 2 else MORNING) for number in range(1, 251)))

    found = await batches(office.source(mode="all"), most=2)
    rest = await batches(office.source(mode="all"), found[-1].cursor)
    again = await batches(office.source(mode="all"), rest[-1].cursor)

    assert codes(found) + codes(rest) == codes(again) == [code(number) for number in range(1, 251)]


async def test_a_query_is_read_like_a_view(office: Office) -> None:
    office.put(*(row(number) for number in range(1, 151)), row(151, TenTTHC="10:30 :gio 100%"))
    query = "SELECT ho_so.*, '50% :x 10:30' AS LyDo FROM ho_so WHERE TenTTHC LIKE '%i%' OR TenTTHC = '10:30 :gio 100%'"

    found = await batches(office.source(query=query))

    assert codes(found) == [code(number) for number in range(1, 152)]
    assert {each.reason for each in dossiers(found)} == {"50% :x 10:30"}


async def test_another_view_or_column_is_a_new_beginning(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(number) for number in range(1, 151)))
    [first, *_] = await batches(sqlite_office.source(), most=1)

    found = await batches(sqlite_office.source(code_column="ID"), first.cursor)

    assert codes(found) == [code(number) for number in range(1, 151)]


async def test_cursors_stay_small_and_every_batch_moves_on(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(number) for number in range(1, 301)))
    source = sqlite_office.source()

    cursors = [batch.cursor async for batch in source.batches(None)]

    assert all(len(cursor) < 400 for cursor in cursors)
    assert all(earlier != later for earlier, later in itertools.pairwise(cursors))


@pytest.mark.parametrize(
    "cursor",
    ['{"floor":1,"done":[],"current":null}', "20261122", "x", "[]", '"a"', '{"sql_view":1}', "null", "NaN",
     '{"sql_view":"a","since":{"datetime":"x"}}', '{"sql_view":"a","since":true}',
     '{"sql_view":"a","since":null,"round":{"started":"2026-11-22","ceiling":null,"stage":"dated","after":[]}}',
     '{"sql_view":"a","since":null,"round":{"started":"2026-11-22T00:00:00Z","ceiling":null,"stage":"x","after":[]}}',
     '{"sql_view":"a","since":null,"round":{"started":"2026-11-22T00:00:00Z","ceiling":null,"stage":"dated",'
     '"after":[1]}}'],
)  # fmt: skip
async def test_a_cursor_of_another_kind_of_source_is_refused(sqlite_office: Office, cursor: str) -> None:
    with pytest.raises(SourceError, match="sql_view"):
        await batches(sqlite_office.source(), cursor)
