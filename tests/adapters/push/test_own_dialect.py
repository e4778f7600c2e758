"""Our own dialect: a record or many, each with its result."""

import json
from datetime import UTC, datetime

import pytest

from bot.model.dossier import Status, Step
from bot.model.errors import StorageError
from bot.ports import Applied
from tests.adapters.push.support import code, record, software


async def test_one_record_becomes_one_dossier_and_is_answered_when_it_is_kept() -> None:
    caller = software()

    call = await caller.send("dossiers", record(PhienBan=7))

    assert call.status == 200
    assert call.json == {
        "accepted": 1,
        "results": [{"row": 1, "code": code(1), "result": "accepted"}],
        "errors": [],
        "warnings": [],
    }
    [dossier] = caller.office.dossiers
    assert (dossier.source, dossier.code, dossier.status, dossier.sequence) == ("office", code(1), Status.PROCESSING, 7)
    assert (dossier.applicant, dossier.phone) == ("Nguyễn Thị Ánh", "+84912345678")
    [batch] = caller.office.batches
    assert (batch.once, batch.as_of, batch.quarantined) == (True, caller.time.now, ())


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_list_is_taken_in_its_order(*, wrapped: bool) -> None:
    caller = software()
    records = [record(3), record(1), record(2)]

    call = await caller.send("dossiers", {"dossiers": records} if wrapped else records)

    assert call.json["accepted"] == 3
    assert [dossier.code for dossier in caller.office.dossiers] == [code(3), code(1), code(2)]
    assert len(caller.office.batches) == 1


async def test_a_thousand_records_are_one_batch_and_one_more_is_too_many() -> None:
    caller = software()

    thousand = await caller.send("dossiers", [record(n) for n in range(1, 1_001)])
    more = await caller.send("dossiers", [record(n) for n in range(1, 1_002)])

    assert (thousand.status, thousand.json["accepted"]) == (200, 1_000)
    assert more.verdict == (413, "too_many_records")
    assert len(caller.office.batches) == 1
    assert len(caller.office.dossiers) == 1_000


async def test_what_cannot_be_read_is_named_and_the_good_ones_are_kept() -> None:
    caller = software()
    bad = [record(2, TrangThaiHoSo=""), record(3, NgayHenTra="mai"), record(4, MaHoSo="1.005129"), {}, 7, None]

    call = await caller.send("dossiers", [record(1), *bad, record(8, TenTTHC={"$oid": 1})])

    assert call.status == 422
    assert call.json["accepted"] == 1
    assert [each["result"] for each in call.json["results"]] == ["accepted", *["refused"] * 7]
    assert [(error["row"], error["column"]) for error in call.json["errors"]] == [
        (2, "TrangThaiHoSo"), (3, "NgayHenTra"), (4, "MaHoSo"), (5, ""), (6, ""), (7, ""), (8, "TenTTHC"),
    ]  # fmt: skip
    assert call.json["errors"][0] == {
        "row": 2, "code": code(2), "column": "TrangThaiHoSo", "reason": "Thiếu trạng thái hồ sơ."
    }  # fmt: skip
    assert [dossier.code for dossier in caller.office.dossiers] == [code(1)]
    assert [(row.place, row.row, row.source) for row in caller.office.quarantined] == [
        ("POST dossiers", row, "office") for row in range(2, 9)
    ]


async def test_where_nothing_could_be_read_the_quarantine_has_it_and_the_data_is_no_fresher() -> None:
    caller = software()

    call = await caller.send("dossiers", record(TrangThaiHoSo=""))

    assert (call.status, call.json["accepted"]) == (422, 0)
    [batch] = caller.office.batches
    assert (batch.dossiers, batch.as_of, len(batch.quarantined)) == ((), None, 1)


async def test_a_record_without_one_unreadable_detail_is_taken_with_a_warning() -> None:
    caller = software()

    call = await caller.send("dossiers", record(NgayTra="hôm qua"))

    assert call.status == 200
    assert [(each["row"], each["column"]) for each in call.json["warnings"]] == [(1, "NgayTra")]
    assert call.json["errors"] == []


async def test_late_and_repeated_records_are_said_to_be_so() -> None:
    caller = software()
    caller.office.applied = Applied(late=(code(1),), repeated=(code(2),))

    call = await caller.send("dossiers", [record(1), record(2), record(3)])

    assert call.status == 200
    assert [each["result"] for each in call.json["results"]] == ["late", "repeated", "accepted"]


async def test_a_dossier_that_comes_twice_in_a_call_keeps_the_order_of_its_states() -> None:
    caller = software()

    call = await caller.send(
        "dossiers", [record(1, TrangThaiHoSo="4"), record(2), record(1, TrangThaiHoSo="9"), {"MaHoSo": "?"}]
    )

    first, second = caller.office.batches
    assert [(each.code, each.status) for each in first.dossiers] == [
        (code(1), Status.PROCESSING),
        (code(2), Status.PROCESSING),
    ]
    assert [(each.code, each.status) for each in second.dossiers] == [(code(1), Status.DONE)]
    assert (first.as_of, second.as_of) == (None, caller.time.now)
    assert len(caller.office.quarantined) == 1
    assert [each["code"] for each in call.json["results"]] == [code(1), code(2), code(1), ""]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"7", b'"x"', b'{"dossiers":[]}', b'{"dossiers":"x"}', b"[" * 100_000, b"\xff\xfe[]",
     b'{"a":NaN}', b'{"a":' + b"9" * 5_000 + b"}"],
)  # fmt: skip
async def test_garbage_is_refused_with_a_reason(body: bytes) -> None:
    caller = software()

    call = await caller.send("dossiers", body)

    assert call.verdict == (400, "unreadable")
    assert " / " in call.json["message"]
    assert caller.office.batches == []


async def test_texts_arrive_composed_and_fit_for_a_database() -> None:
    caller = software()
    body = (
        '\ufeff[{"MaHoSo":"h56.14-261122-0001","TrangThaiHoSo":"\\u0110ang xử lý",'
        '"ChuHoSo":"Nguye\u0302\u0303n \\u0000A\\ud800","ThongTinTra":"Quầy 3 😀"}]'
    )

    call = await caller.send("dossiers", body.encode())

    assert call.status == 200
    [dossier] = caller.office.dossiers
    assert (dossier.code, dossier.status) == (code(1), Status.PROCESSING)
    assert (dossier.applicant, dossier.place) == ("Nguyễn A?", "Quầy 3 😀")


async def test_fields_may_stand_deep_in_the_vendors_own_record() -> None:
    caller = software(
        fields={"code": "hoSo.ma", "status": "hoSo.trangThai.ten", "sequence": "v"}, statuses={"Ký số": 4}
    )

    call = await caller.send("dossiers", {"hoSo": {"ma": code(5), "trangThai": {"ten": "Ký số"}}, "v": "12"})

    assert call.status == 200
    [dossier] = caller.office.dossiers
    assert (dossier.code, dossier.status, dossier.status_text, dossier.sequence) == (code(5), 4, "Ký số", 12)


async def test_progress_alone_becomes_a_report() -> None:
    caller = software()

    call = await caller.send(
        "progress",
        {
            "MaHoSo": code(1),
            "NguoiXuLy": "Trần Văn B",
            "ThoiDiemXuLy": "20261122093000",
            "NoiDungXuLy": "Trình ký",
            "TrangThai": "4",
            "sequence": 3,
        },
    )

    assert (call.status, call.json["accepted"]) == (200, 1)
    [report] = caller.office.reports
    at = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    assert (report.code, report.status, report.status_text, report.at, report.sequence) == (code(1), 4, "4", at, 3)
    assert report.step == Step(holder="Trần Văn B", task="Trình ký", status=Status.PROCESSING, started_at=at)
    assert caller.office.batches[0].once


async def test_progress_of_a_dossier_that_we_do_not_have_is_an_error_of_its_record_alone() -> None:
    caller = software()
    caller.office.applied = Applied(missing=(code(2),))

    call = await caller.send("progress", [{"MaHoSo": code(n), "TrangThai": "4"} for n in (1, 2)])

    assert (call.status, call.json["accepted"]) == (422, 1)
    assert [each["result"] for each in call.json["results"]] == ["accepted", "refused"]
    assert call.json["errors"] == [
        {
            "row": 2,
            "code": code(2),
            "column": "MaHoSo",
            "reason": "Chưa có hồ sơ này, xin gửi DongBoHoSoMC trước.",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"MaHoSo": ""}, "MaHoSo"),
        ({"MaHoSo": "1.005129"}, "MaHoSo"),
        ({"TrangThai": ""}, "TrangThai"),
        ({"ThoiDiemXuLy": "lúc sáng"}, "ThoiDiemXuLy"),
        ({"NgayKetThucTheoQuyDinh": "31/02/2026"}, "NgayKetThucTheoQuyDinh"),
        ({"PhienBan": "-1"}, "PhienBan"),
        ({"NguoiXuLy": {"ten": "B"}}, "PhongBanXuLy"),
    ],
)
async def test_a_report_that_cannot_be_read_says_which_field_is_wrong(changes: dict[str, object], column: str) -> None:
    caller = software()
    good = {"MaHoSo": code(1), "TrangThai": "4"}

    call = await caller.send("progress", [good | changes, good, "x"])

    assert (call.status, call.json["accepted"]) == (422, 1)
    assert [(error["row"], error["column"]) for error in call.json["errors"]] == [(1, column), (3, "")]
    assert [row.place for row in caller.office.quarantined] == ["POST progress", "POST progress"]


async def test_steps_of_one_dossier_stay_in_order_in_one_batch() -> None:
    caller = software()
    steps = [{"MaHoSo": code(1), "NoiDungXuLy": f"bước {n}"} for n in range(5)]

    await caller.send("progress", steps)

    [batch] = caller.office.batches
    assert [report.step.task for report in batch.reports if report.step] == [f"bước {n}" for n in range(5)]


async def test_a_quiet_office_says_that_it_is_alive() -> None:
    caller = software()

    call = await caller.send("alive", b"")
    stranger = await caller.send("alive", b"", headers={})

    assert (call.status, stranger.status) == (200, 401)
    [batch] = caller.office.batches
    assert (batch.dossiers, batch.as_of) == ((), caller.time.now)


async def test_what_could_not_be_kept_is_not_answered_and_the_retry_is_taken() -> None:
    caller = software()
    caller.office.is_broken = True
    with pytest.raises(StorageError):
        await caller.send("dossiers", record())

    caller.office.is_broken = False
    call = await caller.send("dossiers", record())

    assert call.json["accepted"] == 1


async def test_an_unknown_endpoint_is_not_there() -> None:
    caller = software()

    assert (await caller.send("nowhere", record())).verdict == (404, "unknown_endpoint")


async def test_a_refusal_quotes_nothing_that_was_sent() -> None:
    caller = software()
    secret = record(NgayHenTra="Nguyễn Thị Ánh", NgayTiepNhan="0912345678")

    call = await caller.send("dossiers", [secret])

    assert call.status == 422
    assert "Ánh" not in json.dumps(call.json, ensure_ascii=False)
    assert "0912345678" not in json.dumps(call.json)
