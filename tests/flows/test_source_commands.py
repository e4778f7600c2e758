"""The commands for the office's IT people, as they type them: read, compare, see how it is, take the brake off."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot import cli
from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row
from tests.support.making import START


def test_what_is_new_is_read_once_and_everything_when_asked(service: Desk, office: Office) -> None:
    office.exports(row(1), row(2), row(3, code="không phải mã"))

    first = service.said("source", "sync", "office")
    second = service.json("source", "sync", "office")
    office.exports(row(1), row(2, status="4", updated="24/08/2024 10:00"), name="next.csv")
    third = service.json("source", "sync", "office")
    again = service.json("source", "sync", "office", "--from-start")

    assert "Đã đọc 2 dòng, 2 hồ sơ mới hoặc thay đổi, 2 tin đã lập, 1 chỗ không đọc được." in first
    assert "motcua quarantine list --source office" in first
    assert second["rows"] == 0
    assert (third["rows"], third["changed"], third["planned"]) == (2, 1, 1)
    assert (again["rows"], again["changed"], again["planned"]) == (4, 0, 0)


def test_a_record_that_comes_late_is_counted_and_shown_with_its_dossier(service: Desk, office: Office) -> None:
    office.exports(row(1, status="4", updated="25/08/2024 10:00"))
    service.said("source", "sync", "office")
    office.exports(row(1, status="9", updated="24/08/2024 10:00"), name="late.csv")

    synced = service.said("source", "sync", "office")
    shown = service.said("lookup", code_of(1))

    assert "1 bản ghi đến muộn, không áp dụng" in synced
    assert "đang được xử lý" in shown
    assert "đến muộn, không áp dụng / came late, not applied (10:00 24/08/2024): đã có kết quả" in shown


def test_a_comparison_tells_what_is_missing_and_a_repair_reads_it(service: Desk, office: Office) -> None:
    office.exports(row(1), row(2), row(3, code="H56.14-240823-3"))
    service.said("source", "sync", "office")
    agreed = service.said("source", "reconcile", "office")
    forget(service, code_of(2))

    broken = service.types("source", "reconcile", "office")
    repaired = service.json("source", "reconcile", "office", "--repair")

    assert "Bản sao khớp với nguồn." in agreed
    assert broken.code == 1
    assert f"Thiếu ở đây / missing here: {code_of(2)}" in broken.out
    assert "nguồn có mà bản sao chưa có" in broken.out
    assert "Bản sao không khớp với nguồn." in broken.err
    assert (repaired["agrees"], repaired["missing_here"], repaired["repair"]["changed"]) == (True, 0, 1)


def test_what_the_source_no_longer_has_cannot_be_repaired(service: Desk, office: Office) -> None:
    office.exports(row(1), row(2))
    service.said("source", "sync", "office")
    office.exports(row(1))

    done = service.types("source", "reconcile", "office", "--repair")

    assert done.code == 1
    assert done.out.count(f"Thiếu ở nguồn / missing there: {code_of(2)}") == 2
    assert "hỏi nguồn đã xóa, đổi mã hay chỉ xuất một phần" in done.out
    assert "KHÔNG KHỚP" in service.said("source", "status")


def forget(desk: Desk, code: str) -> None:
    with closing(sqlite3.connect(desk.place / "motcua.db")) as connection, connection:
        connection.execute("DELETE FROM dossiers WHERE code = ?", (code,))
        connection.execute("DELETE FROM changes WHERE code = ?", (code,))


def test_the_status_tells_how_fresh_a_source_is_without_opening_it(service: Desk, office: Office) -> None:
    never = service.said("source", "status")
    office.exports(row(1))
    service.said("source", "sync", "office")
    (fresh,) = service.json("source", "status")["sources"]
    (service.place / "exports" / "day.csv").unlink()
    (service.place / "exports").rmdir()
    service.in_database(
        lambda storage: storage.write(lambda tx: tx.sources.fail("office", "không mở được thư mục", at=START))
    )

    failing = service.said("source", "status")

    assert "chưa đọc lần nào / never read" in never
    assert (fresh["kind"], fresh["dossiers"], fresh["stale"], fresh["failure"]) == ("folder", 1, False, None)
    assert fresh["lag_seconds"] < 60
    assert "từ / since 08:00 22/11/2026, 1 lần / times" in failing
    assert "không mở được thư mục" in failing


def test_data_that_is_too_old_is_called_so_and_a_reading_forgets_a_failure(service: Desk, office: Office) -> None:
    service.in_database(lambda storage: storage.write(lambda tx: tx.sources.fail("office", "lỗi", at=START)))
    office.exports(row(1), age=3 * 86_400 + 2 * 3_600 + 60)
    service.said("source", "sync", "office")

    (found,) = service.json("source", "status")["sources"]
    shown = service.said("source", "status")

    assert (found["stale"], found["failure"]) == (True, None)
    assert "cách đây 3 ngày 2 giờ / 3 d 2 h ago: CŨ" in shown


def test_a_source_that_was_taken_out_of_the_configuration_is_still_told_of(service: Desk, office: Office) -> None:
    office.exports(row(1))
    service.said("source", "sync", "office")
    path = service.place / "config.toml"
    text = path.read_text(encoding="utf-8").replace("sources.office", "sources.other")
    path.write_text(text, encoding="utf-8")

    shown = service.said("source", "status")

    assert "other (folder)" in shown
    assert "office (không còn trong cấu hình / no longer configured)" in shown


@pytest.fixture
def braked(service: Desk, office: Office) -> Desk:
    """A desk whose source has more to tell than it may."""
    service.configure("brake_messages = 1")
    office.exports(row(1), row(2), row(3, status="9"))
    service.said("source", "sync", "office")
    return service


def ledger(desk: Desk, state: str) -> int:
    return int(desk.json("ledger").get(state, 0))


def test_what_the_brake_holds_is_shown_and_sent_when_a_person_says_so(braked: Desk) -> None:
    shown = braked.said("source", "status")
    done = braked.types("source", "release", "office", "--send", answer="y\n")

    assert "BẬT từ / ON since" in shown
    assert "2 đã tiếp nhận / received, 1 mời nhận kết quả / result" in shown
    assert done.code == 0
    assert "office: 2 đã tiếp nhận / received, 1 mời nhận kết quả / result" in done.out
    assert "3 tin sẽ được gửi" in done.out
    assert (ledger(braked, "queued"), ledger(braked, "held")) == (3, 0)
    assert "Phanh không bật" in braked.said("source", "release", "office", "--send")


def test_the_check_of_everything_tells_what_the_brake_holds(braked: Desk) -> None:
    shown = braked.said("check")

    assert "✓ nguồn / source office (folder): đọc được 3 hồ sơ, 0 chỗ lỗi ở trang đầu" in shown
    assert "motcua source release office --send" in shown


def test_what_is_discarded_is_cancelled_in_somebodys_name(braked: Desk) -> None:
    done = braked.said("source", "release", "office", "--discard", "--by", "chị Hoa", "--yes")
    shown = braked.said("lookup", code_of(1))

    assert "3 tin đã bỏ" in done
    assert ledger(braked, "cancelled") == 3
    assert "Đã hủy: cán bộ đã bỏ" in shown


def test_without_a_yes_or_a_choice_what_is_held_stays_held(braked: Desk) -> None:
    aborted = braked.types("source", "release", "office", "--send", answer="n\n")
    silent = braked.types("source", "release", "office", "--send")
    neither = braked.refused("source", "release", "office", "--yes")
    both = braked.refused("source", "release", "office", "--yes", "--send", "--discard")

    assert (aborted.code, silent.code) == (1, 1)
    assert "đúng một: --send hoặc --discard" in neither
    assert "đúng một: --send hoặc --discard" in both
    assert ledger(braked, "held") == 3


@pytest.mark.parametrize(
    "words",
    [
        ["source", "check", "offic"],
        ["source", "sync", "offic"],
        ["source", "reconcile", "offic"],
        ["source", "release", "offic", "--send"],
        ["quarantine", "list", "--source", "offic"],
        ["quarantine", "retry", "offic"],
        ["import", "day.csv", "--source", "offic"],
    ],
    ids=" ".join,
)
def test_a_name_that_does_not_exist_is_answered_with_the_nearest(service: Desk, words: list[str]) -> None:
    refused = service.refused(*words)

    assert "[sources.offic] không có nguồn này" in refused
    assert "có phải / did you mean: office?" in refused


def test_every_command_explains_itself_in_both_languages() -> None:
    def told(group: Any) -> Iterator[str]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from told(command)
            yield f"{name}: {command.help}"

    lines = list(told(typer.main.get_command(cli.cli)))

    assert len(lines) > 20
    assert [line for line in lines if " / " not in line] == []


def test_a_process_ends_with_a_line_and_not_with_a_traceback(service: Desk) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}

    done = subprocess.run(
        [sys.executable, "-m", "bot", "source", "check", "office"],
        cwd=service.place, env=environment, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "Chưa có gì để đọc." in done.stderr
    assert "Traceback" not in done.stderr
