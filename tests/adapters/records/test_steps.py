"""What a record tells of its course: who holds it since when, and what the citizen was asked for."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapters.records.dates import moments
from adapters.records.settings import ObjectSettings
from adapters.records.steps import MOST, StepReader
from bot.model.dossier import Status, Step, Wait
from tests.adapters.records.support import JSON, reader, record


def at(day: int, hour: int = 1) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def steps(**settings: object) -> StepReader:
    return StepReader(ObjectSettings.model_validate(settings), moments(7))


def test_steps_come_in_the_order_of_their_beginning() -> None:
    later = {"DonViXuLy": "Sở Tư pháp", "NguoiXuLy": "Trần Văn B", "TrangThai": 4, "NgayBatDau": "20261124080000"}
    first = {
        "DonViXuLy": "UBND phường", "NoiDungXuLy": "Tiếp nhận", "ThoiDiemXuLy": "20261122080000",
        "NgayKetThucTheoQuyDinh": "20261123080000", "NgayKetThuc": {"$date": "2026-11-23T01:00:00Z"},
    }  # fmt: skip

    course = steps().read({"QuaTrinhXuLy": [later, first]})

    assert course.faults == ()
    assert course.steps == (
        Step(agency="UBND phường", task="Tiếp nhận", started_at=at(22), due_at=at(23), ended_at=at(23)),
        Step(agency="Sở Tư pháp", holder="Trần Văn B", status=Status.PROCESSING, started_at=at(24)),
    )


def test_steps_stand_where_the_settings_say() -> None:
    read = steps(steps="tienTrinh.buoc", step_fields={"agency": "donVi.ten", "started_at": "tu"})

    course = read.read({"tienTrinh": {"buoc": [{"donVi": {"ten": "Sở Y tế"}, "tu": "22/11/2026 08:00"}]}})

    assert course.steps == (Step(agency="Sở Y tế", started_at=at(22)),)


def test_supplements_are_waits_and_what_is_still_asked_for_is_told() -> None:
    answered = {
        "NgayBoSung": "20261122080000", "NgayTiepNhanBoSung": "20261123080000", "NoiDungBoSung": "Giấy khai sinh",
        "NgayHenTraMoi": "20261127170000",
    }  # fmt: skip
    open_one = {"NgayYeuCauBoSung": "20261124080000", "NoiDungBoSung": "Bản sao sổ đỏ"}

    dossier = reader().read(1, record(DanhSachHoSoBoSung=[answered, open_one]))

    assert dossier is not None
    assert dossier.waits == (Wait(at(22), at(23)), Wait(at(24)))
    assert dossier.supplement == "Bản sao sổ đỏ"
    assert dossier.appointment_at == at(27, 10)


def test_a_step_that_cannot_be_read_is_noted_and_the_others_stay() -> None:
    read = reader()
    good = {"DonViXuLy": "UBND phường", "NgayBatDau": "20261122080000"}

    dossier = read.read(3, record(QuaTrinhXuLy=[good, {**good, "NgayBatDau": "hôm qua"}, {**good, "NguoiXuLy": {}}, 7]))

    assert dossier is not None
    assert dossier.steps == (Step(agency="UBND phường", started_at=at(22)),)
    assert [(bad.row, bad.column, bad.code) for bad in read.quarantined] == [(3, "QuaTrinhXuLy", dossier.code)] * 3


def test_a_supplement_that_cannot_be_read_is_noted_and_the_others_stay() -> None:
    read = reader()

    dossier = read.read(3, record(DanhSachHoSoBoSung=[{"NgayBoSung": "x"}, {"NgayBoSung": "20261122080000"}]))

    assert dossier is not None
    assert dossier.waits == (Wait(at(22)),)
    assert [bad.column for bad in read.quarantined] == ["DanhSachHoSoBoSung"]


def test_of_very_many_steps_the_newest_stay() -> None:
    many = [{"DonViXuLy": str(number), "NgayBatDau": {"$date": number * 86_400_000 + 10**12}} for number in range(300)]

    course = steps().read({"DanhSachTienTrinh": many})

    assert [step.agency for step in course.steps] == [str(number) for number in range(300 - MOST, 300)]


@given(st.dictionaries(st.sampled_from(["QuaTrinhXuLy", "DanhSachHoSoBoSung"]), JSON))
def test_whatever_stands_there_is_read_or_noted(told: dict[str, Any]) -> None:
    course = steps().read(told)

    lists = [value for value in told.values() if value]
    assert course.faults or not lists or all(isinstance(value, list) for value in lists)
    assert all(reason for _, reason in course.faults)
