"""`motcua report`: counted anew and printed, as a sentence, a file and JSON; mistakes are told, not traced."""

from datetime import timedelta

from python_calamine import CalamineWorkbook

from bot.model.clock import utc_now
from bot.model.report import day_of
from bot.ports import Mirrored, Storage
from tests.support.desk import Desk
from tests.support.making import dossier


async def _fill(storage: Storage) -> None:
    now = utc_now()
    await storage.write(
        lambda tx: tx.dossiers.save(
            [Mirrored.of(dossier(n, agency="H32.21.01", received_at=now), 1) for n in range(1, 4)], at=now
        )
    )


def test_figures_are_counted_anew_and_told(service: Desk) -> None:
    service.in_database(_fill)
    today = day_of(utc_now())
    month = f"{today:%Y-%m}"

    rebuilt = service.said("report", "rebuild", "--from", str(today - timedelta(days=1)), "--to", str(today))
    text = service.said("report", "--span", month, "--text")
    table = service.said("report", "--span", month)
    found = service.json("report", "--span", month)
    done = service.types("report", "--span", month, "--xlsx", "report.xlsx")

    assert "Đã tính lại 2 ngày" in rebuilt
    assert "tiếp nhận 3 hồ sơ" in " ".join(text.split())
    assert "Cấp xã" in table
    assert (found["total"]["received"], found["agencies"][0]["code"]) == (3, "H32.21.01")
    assert done.code == 0
    assert "Theo cấp" in CalamineWorkbook.from_path(str(service.place / "report.xlsx")).sheet_names


def test_what_cannot_be_meant_is_told_in_words(service: Desk) -> None:
    for words in (("--quarter", "2026-Q7"), ("rebuild", "--from", "gestern", "--to", "2026-01-01")):
        done = service.types("report", *words)
        assert done.code == 1
        assert "xin viết" in done.err


def test_a_figure_before_anything_was_counted_claims_nothing(service: Desk) -> None:
    text = service.said("report", "--quarter", "2020-Q1", "--text")
    table = service.said("report", "--quarter", "2020-Q4")
    service.types("report", "--quarter", "2020-Q1", "--xlsx", "report.xlsx")

    assert "Chưa có ngày nào trong quý I năm 2020 được tính số liệu" in " ".join(text.split())
    assert "Chưa có ngày nào trong quý IV năm 2020" in " ".join(table.split())
    sheets = CalamineWorkbook.from_path(str(service.place / "report.xlsx"))
    assert sheets.sheet_names == ["Tóm tắt", "Hồ sơ trễ hạn"]
    assert ["số liệu tính đến", "chưa tính"] in sheets.get_sheet_by_name("Tóm tắt").to_python()
