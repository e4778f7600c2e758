"""Change times of every type that these databases have, and values for which Python has none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.model.errors import SourceError
from tests.adapters.sql_view.support import Office, batches, code, codes, dossiers, quarantined, row
from tests.support.making import Time

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


async def through_a_kill(office: Office, **settings: Any) -> tuple[list[str], list[str]]:
    """The codes of a round that was killed after a page and went on, and of the round after it."""
    before = await batches(office.source(batch_rows=10, **settings), most=1)
    rest = await batches(office.source(batch_rows=10, **settings), before[-1].cursor)
    following = await batches(office.source(batch_rows=10, **settings), rest[-1].cursor)
    return codes(before) + codes(rest), codes(following)


@pytest.mark.parametrize("type_", ["TIMESTAMPTZ", "DATE", "TIMESTAMP(0)", "VARCHAR(40)"])
async def test_postgresql_types(postgresql_office: Office, type_: str) -> None:
    postgresql_office.do("ALTER TABLE ho_so DROP COLUMN NgayCapNhat")
    postgresql_office.do(f"ALTER TABLE ho_so ADD COLUMN NgayCapNhat {type_}")
    postgresql_office.put(*(row(n, NgayCapNhat=f"2026-11-{n % 3 + 18} 08:00:00") for n in range(1, 31)))

    first, second = await through_a_kill(postgresql_office, overlap=3600)

    assert sorted(first) == [code(n) for n in range(1, 31)]
    newest = [code(n) for n in range(1, 31) if n % 3 == 2]
    assert sorted(second)[: len(newest)] == newest if type_ != "DATE" else set(newest) < set(second)


@pytest.mark.parametrize("type_", ["BIGINT", "NUMERIC(20,4)", "DOUBLE PRECISION"])
async def test_a_rising_number_tells_changes_as_well_as_a_time(postgresql_office: Office, type_: str) -> None:
    postgresql_office.do("ALTER TABLE ho_so DROP COLUMN NgayCapNhat")
    postgresql_office.do(f"ALTER TABLE ho_so ADD COLUMN NgayCapNhat {type_}")
    postgresql_office.put(*(row(n, NgayCapNhat=10_000_000_000 + n // 7) for n in range(1, 31)))

    first, second = await through_a_kill(postgresql_office, overlap_number=1)

    assert first == [code(n) for n in range(1, 31)]
    assert second == [code(n) for n in range(21, 31)]


async def test_a_rowversion_of_eight_bytes_tells_changes_and_counts_versions(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(n, NgayCapNhat=(500 + n).to_bytes(8)) for n in range(1, 31)))
    query = "SELECT ID, MaHoSo, TrangThaiHoSo, NgayCapNhat AS rv FROM ho_so"
    settings: dict[str, Any] = {
        "query": query,
        "changed_column": "RV",
        "fields": {"sequence": "rv"},
        "overlap_number": 4,
    }

    first, second = await through_a_kill(sqlite_office, **settings)
    found = await batches(sqlite_office.source(**settings))

    assert first == [code(n) for n in range(1, 31)]
    assert second == [code(n) for n in range(26, 31)]
    assert [each.sequence for each in dossiers(found)] == [*range(501, 531)]
    assert not quarantined(found)


async def test_national_digits_sort_as_times(sqlite_office: Office) -> None:
    sqlite_office.put(*(row(n, NgayCapNhat=f"202611200815{n:02}") for n in range(1, 31)))

    first, second = await through_a_kill(sqlite_office, overlap=4)

    assert first == [code(n) for n in range(1, 31)]
    assert second == [code(n) for n in range(26, 31)]


async def test_a_text_that_does_not_sort_by_time_is_refused_with_the_way_out(sqlite_office: Office) -> None:
    sqlite_office.put(row(1, NgayCapNhat="20/11/2026 08:15"))
    first = await batches(sqlite_office.source())

    with pytest.raises(SourceError, match="CAST"):
        await batches(sqlite_office.source(), first[-1].cursor)


async def test_a_moment_without_end_spoils_its_own_row_alone(postgresql_office: Office) -> None:
    postgresql_office.put(row(1), row(2, NgayHenTra="infinity"), row(3, NgayCapNhat="infinity"))

    found = await batches(postgresql_office.source())
    again = await batches(postgresql_office.source(), found[-1].cursor)

    assert codes(found) == [code(1), code(3)]
    assert [(noted.code, noted.column) for noted in quarantined(found)] == [
        (code(2), "ngayhentra"),
        (code(3), "ngaycapnhat"),
    ]
    assert codes(again) == [code(3)]


async def test_the_zero_date_of_mysql_is_no_date(mariadb_office: Office) -> None:
    mariadb_office.put(row(1))
    mariadb_office.do("UPDATE IGNORE ho_so SET NgayHenTra = '0000-00-00 00:00:00'")

    [dossier] = dossiers(await batches(mariadb_office.source()))

    assert dossier.appointment_at is None


async def test_a_timestamp_of_mysql_is_shown_in_the_zone_of_the_settings(mariadb_office: Office) -> None:
    mariadb_office.do("ALTER TABLE ho_so MODIFY NgayHenTra TIMESTAMP NULL")
    mariadb_office.put(row(1))
    mariadb_office.do("UPDATE ho_so SET NgayHenTra = FROM_UNIXTIME(1764064800)")

    for utc_offset in (7.0, 0.0, -9.5):
        [dossier] = dossiers(await batches(mariadb_office.source(utc_offset=utc_offset, day_ends_at="00:00:00")))

        assert dossier.appointment_at == datetime.fromtimestamp(1764064800, UTC)


async def test_texts_that_are_no_utf_8_do_not_stop_the_page(sqlite_office: Office) -> None:
    sqlite_office.put(row(1), row(2, TenTTHC=b"\xff\xfe\x00Khai sinh"))
    sqlite_office.do("UPDATE ho_so SET ChuHoSo = CAST(x'4eff' AS TEXT) WHERE ID = 1")

    found = await batches(sqlite_office.source())

    assert [each.applicant for each in dossiers(found)] == ["N�"]
    assert [noted.code for noted in quarantined(found)] == [code(2)]


async def test_the_future_is_measured_in_the_zone_of_the_column(postgresql_office: Office) -> None:
    postgresql_office.do("ALTER TABLE ho_so ALTER NgayCapNhat TYPE TIMESTAMPTZ")
    postgresql_office.put(row(1, NgayCapNhat="2099-01-01 00:00:00+07"), row(2, NgayCapNhat="2026-11-22 07:58:00+07"))
    clock = Time(NOW)
    first = await batches(postgresql_office.source(clock=clock, overlap=60))
    postgresql_office.put(row(3, NgayCapNhat="2026-11-22 07:59:30+07"))

    second = await batches(postgresql_office.source(clock=clock, overlap=60), first[-1].cursor)

    assert codes(second) == [code(3), code(1)]


async def test_a_row_that_comes_after_itself_is_refused_and_never_read_in_a_circle(sqlite_office: Office) -> None:
    # As with a column that is finer than what the driver carries: what comes back is not what was there.
    sqlite_office.put(row(1), row(2))
    sqlite_office.do("UPDATE ho_so SET NgayCapNhat = CAST(x'ff' AS TEXT)")

    with pytest.raises(SourceError, match="CAST"):
        await batches(sqlite_office.source(batch_rows=1))
