"""The lists of what somebody must mend, and a dossier with its course, as IT people and clerks ask for them."""

import csv
import io
from datetime import timedelta

from bot.mirror import Mirror
from bot.model.course import SupplementClock
from bot.model.dossier import Status, Step, Wait
from bot.ports import Batch, Storage
from bot.settings import SourceSettings
from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row
from tests.support.making import START, dossier, planner


def test_the_quarantine_is_listed_for_the_screen_for_excel_and_for_programs(service: Desk, office: Office) -> None:
    office.exports(row(1), *(row(n, code="không phải mã") for n in range(60)), row(7, received="hôm qua"))
    service.said("source", "sync", "office")

    shown = service.said("quarantine", "list")
    few = service.said("quarantine", "list", "--source", "office", "--limit", "2")
    listed = service.json("quarantine", "list")
    service.said("quarantine", "list", "--csv", "mend.csv")
    content = (service.place / "mend.csv").read_bytes()
    printed = service.said("quarantine", "list", "--csv", "-", "--limit", "1")

    assert shown.count("day.csv, dòng") == 50
    assert "… và 11 chỗ nữa" in shown
    assert few.count("day.csv, dòng") == 2
    assert (listed["number"], len(listed["quarantined"])) == (61, 61)
    assert content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
    assert header == ["nguồn", "nơi", "dòng", "cột", "mã hồ sơ", "lý do"]
    assert len(rows) == 61
    assert [each[:5] for each in rows if each[4]] == [["office", "day.csv", "63", "NgayTiepNhan", code_of(7)]]
    assert printed.count("\n") == 2


def test_a_name_that_excel_would_run_is_only_a_name(service: Desk, office: Office) -> None:
    office.exports(row(1, code="không phải mã"), name="=cmd.csv")
    service.said("source", "sync", "office")

    assert ";'=cmd.csv;" in service.said("quarantine", "list", "--csv", "-")


def test_a_file_that_cannot_be_written_is_an_error_in_words(service: Desk) -> None:
    assert "không ghi được / cannot be written" in service.refused("quarantine", "list", "--csv", "none/mend.csv")


def test_what_was_mended_at_the_source_is_read_and_leaves_the_quarantine(service: Desk, office: Office) -> None:
    office.exports(row(1), row(2, received="hôm qua"), row(3, code="không phải mã"), row(4, code="cũng không"))
    service.said("source", "sync", "office")
    office.exports(row(1), row(2), row(3), row(4, code="vẫn không"))

    retried = service.said("quarantine", "retry", "office")
    left = service.json("quarantine", "list")

    assert "Nay đọc được 2 chỗ, còn 1 chỗ không đọc được." in retried
    assert [each["row"] for each in left["quarantined"]] == [5]
    assert code_of(3) in service.said("lookup", code_of(3))


def test_an_empty_quarantine_says_so(service: Desk) -> None:
    assert "Không có chỗ nào không đọc được." in service.said("quarantine", "list")
    assert "Nay đọc được 0 chỗ, còn 0 chỗ" in service.said("quarantine", "retry", "office")


def test_dossiers_that_nobody_updates_are_counted_by_agency_and_listed(service: Desk, office: Office) -> None:
    office.exports(
        row(1), row(2, updated="25/08/2024 09:00"), row(3, agency="H56.15;UBND xã Vĩnh Hòa"), row(4, status="10")
    )
    service.said("source", "sync", "office")

    shown = service.said("stale")
    of_one = service.said("stale", "--agency", "H56.14")
    found = service.json("stale", "--agency", "H56.15")
    text = service.said("stale", "--csv", "-").removeprefix("\ufeff")
    none = service.said("stale", "--days", "100000")

    assert "quá 15 ngày" in shown
    assert code_of(1) not in shown
    assert of_one.index(code_of(1)) < of_one.index(code_of(2))
    assert code_of(3) not in of_one
    assert found["agencies"] == [{"agency": "H56.15", "name": "UBND xã Vĩnh Hòa", "dossiers": 1}]
    assert [each["code"] for each in found["dossiers"]] == [code_of(3)]
    header, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert (header[0], sorted(each[0] for each in rows)) == ("mã hồ sơ", [code_of(n) for n in (1, 2, 3)])
    assert "Không có hồ sơ nào quá 100000 ngày" in none


def test_a_dossier_is_shown_with_who_held_it_and_its_own_deadline(service: Desk) -> None:
    asked, answered = START + timedelta(days=1), START + timedelta(days=3)
    steps = (
        Step(agency="Bộ phận Một cửa", holder="Lê Văn Tám", started_at=START, ended_at=asked),
        Step(agency="Phòng Tư pháp", task="Thẩm tra", status=Status.PROCESSING, started_at=answered, due_at=answered),
    )
    extending = SourceSettings(go_live=START, supplement_clock=SupplementClock.EXTEND)
    waiting = dossier(2, status=Status.SUPPLEMENT, supplement="bản sao", waits=(Wait(asked),), updated_at=START)

    async def fill(storage: Storage) -> None:
        mirror = Mirror("office", storage, planner(), lambda: START, extending)
        held = dossier(1, status=Status.PROCESSING, steps=steps, waits=(Wait(asked, answered),), updated_at=START)
        await mirror.apply(Batch((held, waiting), "c", as_of=START))

    service.in_database(fill)
    shown = " ".join(service.said("lookup", "H32.15-261122-0001").split())
    standing = service.said("lookup", "H32.15-261122-0002")

    assert "Số liệu lúc / data as of │ 08:00 22/11/2026" in shown
    assert "Hẹn trả / appointment │ 08:00 27/11/2026" in shown
    assert "Hạn tính lại / due │ 08:00 30/11/2026" in shown
    assert "│ Bộ phận Một cửa │ Lê Văn Tám" in shown
    assert "Thẩm tra" in shown
    assert "Chờ bổ sung / waited for a supplement: 08:00 23/11/2026 → 08:00 25/11/2026" in shown
    assert "đang dừng, chờ bổ sung" in standing
    assert "08:00 23/11/2026 → chưa nộp" in standing
