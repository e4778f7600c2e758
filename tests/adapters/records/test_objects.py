"""Records that are objects: each becomes a dossier, or an entry in the quarantine that says why."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.records.columns import FIELDS
from adapters.records.objects import read_all
from adapters.records.settings import ObjectSettings, RecordSettings
from adapters.sources.folder.settings import Settings as FolderSettings
from bot.model.dossier import Status
from tests.adapters.records.support import JSON, reader, record

CODE = "H32.21.02-261122-0001"
_KEYS = [*{name for names in FIELDS.values() for name in names}, "QuaTrinhXuLy", "DanhSachHoSoBoSung", "khác"]


def test_a_record_in_national_names_is_a_dossier() -> None:
    read = reader()

    dossier = read.read(1, record(NgayCapNhat={"$date": 1795310100000}, PhienBan=7, TrangThaiHoSo=4))

    assert dossier is not None
    assert (dossier.code, dossier.status, dossier.sequence) == (CODE, Status.PROCESSING, 7)
    assert dossier.updated_at == datetime(2026, 11, 22, 1, 15, tzinfo=UTC)
    assert read.quarantined == []


def test_fields_are_paths_where_records_are_objects_and_names_where_they_are_rows() -> None:
    nested = {"hoSo": {"ma": CODE}, "hoSo.ma": "H32.21.02-261122-0002", "TrangThai": "4"}
    rows = RowSettings(fields={"code": "hoSo.ma"})

    by_path = reader(fields={"code": "hoSo.ma"}).read(1, nested)
    by_name = reader(rows).read(1, nested)

    assert by_path is not None
    assert by_name is not None
    assert (by_path.code, by_name.code) == (CODE, "H32.21.02-261122-0002")


class RowSettings(RecordSettings):
    """Of a source whose records have no depth."""


@pytest.mark.parametrize(
    ("wrong", "column", "code"),
    [
        ({"MaHoSo": {"ma": CODE}}, "MaHoSo", ""),
        ({"ChuHoSo": {"ten": "Ánh"}}, "ChuHoSo", CODE),
        ({"MaHoSo": "Nguyễn Thị Ánh", "ChuHoSo": {"ten": "Ánh"}}, "ChuHoSo", ""),
        ({"NgayHenTra": "ngày mai"}, "NgayHenTra", CODE),
        ({"TrangThaiHoSo": None}, "TrangThaiHoSo", CODE),
        ({"MaHoSo": None}, "MaHoSo", ""),
    ],
)
def test_a_record_that_cannot_be_trusted_is_quarantined_by_its_field(
    wrong: dict[str, Any], column: str, code: str
) -> None:
    read = reader()

    assert read.read(5, record(**wrong)) is None

    [bad] = read.quarantined
    assert (bad.source, bad.place, bad.row, bad.column, bad.code) == ("office", "GET /hoso", 5, column, code)
    assert bad.reason
    assert "Ánh" not in repr(bad)


@pytest.mark.parametrize("thing", [{}, {"ma_ho_so": CODE}, {"MaHoSo": "", "ChuHoSo": " "}, None, 7, "x", [record()]])
def test_what_tells_nothing_that_we_know_is_quarantined_too(thing: object) -> None:
    read = reader()

    assert read.read(1, thing) is None
    assert [(bad.row, bad.column, bool(bad.reason)) for bad in read.quarantined] == [(1, "", True)]


@given(st.dictionaries(st.sampled_from(_KEYS), JSON, max_size=6), st.booleans())
def test_every_record_becomes_a_dossier_or_is_quarantined(changes: dict[str, Any], good: bool) -> None:
    read = reader()

    dossier = read.read(1, {**record(), **changes} if good else changes)

    assert dossier is not None or read.quarantined
    assert all(bad.reason and bad.row == 1 for bad in read.quarantined)
    assert dossier is None or dossier.fingerprint


def test_a_code_that_comes_twice_stays_twice_in_order() -> None:
    read = reader()

    dossiers = read_all(read, [record(), {}, record(TrangThaiHoSo="9")], first=11)

    assert [dossier.status for dossier in dossiers] == [Status.PROCESSING, Status.DONE]
    assert [bad.row for bad in read.quarantined] == [12]


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": {"code": "a."}},
        {"fields": {"ma": "MaHoSo"}},
        {"step_fields": {"agency": "["}},
        {"step_fields": {"who": "a"}},
        {"steps": "["},
        {"code_pattern": "("},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        ObjectSettings.model_validate(wrong)


def test_a_path_is_no_fault_of_a_source_that_has_columns() -> None:
    assert FolderSettings.model_validate({"path": ".", "fields": {"code": "Số [hồ sơ"}}).fields
