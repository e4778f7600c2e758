"""The national exchange's dialect, as its known callers speak it."""

from typing import Any

import pytest

from bot.model.dossier import Status
from bot.ports import Applied
from tests.adapters.push.support import Software, code, record, software

STEP = {
    "MaHoSo": code(1), "NguoiXuLy": "Trần Văn B", "ChucDanh": "", "ThoiDiemXuLy": "20261122093000",
    "PhongBanXuLy": "", "NoiDungXuLy": "Trình ký", "TrangThai": "4", "NgayBatDau": "", "NgayKetThucTheoQuyDinh": "",
}  # fmt: skip


async def envelope(caller: Software, service: str, data: object, **changes: Any) -> dict[str, Any]:
    session = await caller.session()
    return {
        "session": session,
        "madonvi": "000.00.00.H56",
        "service": service,
        "isUpdating": "False",
        "data": data,
    } | changes


async def test_a_log_in_gives_the_session_with_which_dossiers_and_progress_come() -> None:
    caller = software()
    caller.headers = {"dstcode": "VN:GOV:000.00.00.H56"}

    login = await caller.send("auth", {"username": "vnpt", "password": "mật khẩu của phần mềm một cửa"})
    session = login.json["session"]
    dossier = await caller.send("integration", await envelope(caller, "DongBoHoSoMC", [record()], session=session))
    progress = await caller.send("integration", await envelope(caller, "CapNhatTienDoHoSoMC", [STEP], session=session))

    assert (login.status, login.json["error_code"]) == (200, 0)
    assert dossier.json == {"error_code": "00", "message": "Đã nhận 1/1 bản ghi."}
    assert progress.verdict == (200, "00")
    assert [each.code for each in caller.office.dossiers] == [code(1)]
    assert [each.status for each in caller.office.reports] == [Status.PROCESSING]


@pytest.mark.parametrize(("success", "failure"), [("00", "-1"), ("0", "-1"), (0, -1)])
async def test_codes_have_the_form_that_callers_compare_with(success: object, failure: object) -> None:
    caller = software(success_code=success, login_success_code=success)

    login = await caller.send("auth", {"username": "vnpt", "password": "mật khẩu của phần mềm một cửa"}, headers={})
    sync = await caller.send("integration", await envelope(caller, "DongBoHoSoMC", [record()]))
    stranger = await caller.send("integration", {"session": "?", "service": "DongBoHoSoMC", "data": []}, headers={})

    codes = [each.json["error_code"] for each in (login, sync, stranger)]
    assert codes == [success, success, failure]
    assert [type(each) for each in codes] == [type(success), type(success), type(failure)]


@pytest.mark.parametrize("updating", ["True", "False", True, False, "true", None])
async def test_updating_or_not_the_state_is_mirrored(updating: object) -> None:
    caller = software()

    call = await caller.send("integration", await envelope(caller, "DongBoHoSoMC", [record()], isUpdating=updating))

    assert call.verdict == (200, "00")
    assert len(caller.office.dossiers) == 1


@pytest.mark.parametrize("session", [None, "", "wrong", 7, "99999999999.abc", "x" * 10_000])
async def test_without_a_good_session_nothing_is_said_but_that(session: object) -> None:
    caller = software()

    call = await caller.send("integration", await envelope(caller, "?", "?", session=session), headers={})
    garbage = await caller.send("integration", b"{", headers={})

    assert call.verdict == (200, "-1")
    assert call.answer == garbage.answer
    assert caller.office.batches == []


async def test_a_key_in_a_header_serves_as_well_as_a_session() -> None:
    caller = software()

    call = await caller.send("integration", {"service": "DongBoHoSoMC", "data": record()})

    assert call.verdict == (200, "00")


async def test_records_that_are_wrong_are_named_and_the_others_kept() -> None:
    caller = software()
    data = [record(1), record(2, TrangThaiHoSo=""), record(3, NgayHenTra="mai")]

    call = await caller.send("integration", await envelope(caller, "DongBoHoSoMC", data))

    assert call.verdict == (200, "-3")
    first, second, third, *_ = call.json["message"].split("Bản ghi ")
    assert first == "Đã nhận 1/3 bản ghi. "
    assert second == f"2 ({code(2)}): TrangThaiHoSo: Thiếu trạng thái hồ sơ. "
    assert third.startswith(f"3 ({code(3)}): NgayHenTra: Không đọc được ngày giờ;")
    assert [error["row"] for error in call.json["errors"]] == [2, 3]
    assert [row.place for row in caller.office.quarantined] == ["DongBoHoSoMC", "DongBoHoSoMC"]


async def test_a_message_names_twenty_wrong_records_and_counts_the_rest() -> None:
    caller = software()

    call = await caller.send("DongBoHoSoMC", [record(n, TrangThaiHoSo="") for n in range(1, 31)])

    assert call.json["message"].count("Bản ghi ") == 20
    assert call.json["message"].endswith("… và 10 lỗi khác.")
    assert len(call.json["errors"]) == 30


async def test_progress_before_its_dossier_asks_for_the_dossier_first() -> None:
    caller = software()
    caller.office.applied = Applied(missing=(code(1),))

    call = await caller.send("integration", await envelope(caller, "CapNhatTienDoHoSoMC", [STEP]))

    assert call.verdict == (200, "-3")
    assert "Chưa có hồ sơ này, xin gửi DongBoHoSoMC trước." in call.json["message"]


async def test_what_is_late_counts_as_received_and_is_said() -> None:
    caller = software()
    caller.office.applied = Applied(late=(code(1),), repeated=(code(2),))

    call = await caller.send("integration", await envelope(caller, "DongBoHoSoMC", [record(1), record(2)]))

    assert call.json == {
        "error_code": "00",
        "message": "Đã nhận 2/2 bản ghi. 1 bản ghi cũ hơn dữ liệu đang có nên chỉ được lưu lại.",
    }


async def test_a_bare_list_comes_to_an_address_that_names_the_service() -> None:
    caller = software(code_pattern=r"HS\d+")
    records = [record(1, NgayHenTra=""), record(MaHoSo="HS17"), record(MaHoSo="HS18", MaDonVi="H22.05")]

    call = await caller.send("DongBoHoSoMC", records, MaDinhDanhDV="000.00.01.H22", isUpdating="True")

    assert call.verdict == (200, "00")
    assert [(each.code, each.agency) for each in caller.office.dossiers] == [
        (code(1), "H56.14"),
        ("HS17", "000.00.01.H22"),
        ("HS18", "H22.05"),
    ]
    assert caller.office.dossiers[0].appointment_at is None


async def test_the_callers_agency_has_its_name_from_the_settings() -> None:
    caller = software(code_pattern=r"HS\d+", agencies={"000.00.00.H56": "Tỉnh Thanh Hóa"})

    await caller.send("integration", await envelope(caller, "DongBoHoSoMC", record(MaHoSo="HS17")))

    [dossier] = caller.office.dossiers
    assert (dossier.agency, dossier.agency_name) == ("000.00.00.H56", "Tỉnh Thanh Hóa")


async def test_the_ministries_flow_reports_steps_and_bare_states() -> None:
    caller = software()
    step = {
        "IDHoSo": "8f1", "MaHoSo": "G09.20-20260609-0092637", "NguoiXuLy": "B", "ThoiDiemXuLy": "2026-06-09T08:30:00",
        "PhongBanXuLy": "Phòng 2", "NoiDungXuLy": "Thẩm định", "TrangThai": 4, "NgayBatDau": "2026-06-09T08:00:00Z",
    }  # fmt: skip

    steps = await caller.send("CapNhatTienTrinh", [step])
    state = await caller.send("CapNhatTrangThai", [{"IdHoSo": "8f1", "MaHoSo": step["MaHoSo"], "TrangThai": 5}])

    assert (steps.verdict, state.verdict) == ((200, "00"), (200, "00"))
    first, second = caller.office.reports
    assert first.at is not None
    assert first.at.isoformat() == "2026-06-09T01:30:00+00:00"
    assert first.step is not None
    assert (first.step.holder, first.step.started_at.isoformat() if first.step.started_at else "") == (
        "Phòng 2",
        "2026-06-09T08:00:00+00:00",
    )
    assert (second.code, second.status, second.step, second.at) == (step["MaHoSo"], Status.SUPPLEMENT, None, None)


@pytest.mark.parametrize("service", ["TraCuuHoSo", "LayThuTuc", "", None, ["DongBoHoSoMC"]])
async def test_a_service_that_we_do_not_have_is_answered_without_a_result(service: object) -> None:
    caller = software()

    call = await caller.send("integration", await envelope(caller, "x", []) | {"service": service, "mahoso": code(1)})

    assert call.verdict == (200, "-2")
    # A caller that looks a dossier up takes an answer without `result` to say that we do not have it.
    assert "result" not in call.json


@pytest.mark.parametrize("data", [[], None, "x", 7])
async def test_an_envelope_without_records_is_refused(data: object) -> None:
    caller = software()

    call = await caller.send("integration", await envelope(caller, "DongBoHoSoMC", data))

    assert call.verdict == (200, "-2")
    assert caller.office.batches == []


async def test_errors_have_http_statuses_for_callers_that_look_at_them() -> None:
    caller = software(http_errors=True, most_records=1)

    statuses = [
        (await caller.send("auth", {}, headers={})).status,
        (await caller.send("integration", await envelope(caller, "DongBoHoSoMC", []))).status,
        (await caller.send("integration", await envelope(caller, "DongBoHoSoMC", [record(1), record(2)]))).status,
        (await caller.send("integration", await envelope(caller, "?", []))).status,
        (await caller.send("integration", await envelope(caller, "DongBoHoSoMC", {"MaHoSo": ""}))).status,
        (await caller.send("integration", await envelope(caller, "DongBoHoSoMC", record()))).status,
    ]

    assert statuses == [401, 400, 413, 404, 422, 200]
