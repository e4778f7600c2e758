"""The commands, as an operator types them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.demo.processes import free_ports, simulator
from tests.support.desk import open_desk

CONFIG = """
[storage]
url = "sqlite:motcua.db"
[web]
port = {web}
[channels.sms]
kind = "sms_smpp"
host = "127.0.0.1"
port = {smsc}
system_id = "motcua"
password = "env:MOTCUA_TEST_PASSWORD"
source_addr = "8041"
[channels.webchat]
kind = "webchat"
[sources.office]
kind = "folder"
path = "exports"
go_live = 2024-01-01T00:00:00+07:00
"""
ROWS = """MaHoSo;TrangThaiHoSo;NgayTiepNhan;NgayHenTra;SoDienThoai
H56.14-240823-0001;2;23/08/2024 08:00;30/08/2024 16:30;0912345678
không phải mã;2;;;
H56.14-240823-0003;Chờ ký số;23/08/2024;;0283822222
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOTCUA_TEST_PASSWORD", "x")
    monkeypatch.setenv("COLUMNS", "200")
    web, smsc = free_ports(2)
    (tmp_path / "config.toml").write_text(CONFIG.format(web=web, smsc=smsc), encoding="utf-8")
    (tmp_path / "exports").mkdir()
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def motcua(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def said(place: Path, *words: str) -> str:
    done = motcua(place, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(place: Path, *words: str) -> str:
    """What is said on standard error by a command that ends with 1, without a traceback."""
    done = motcua(place, *words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_database_is_made_filled_looked_into_and_proved(office: Path) -> None:
    assert "xin chạy `motcua migrate`" in refused(office, "ledger")
    assert "0001_first" in said(office, "migrate")

    imported = json.loads(said(office, "import", "rows.csv", "--source", "office", "--json"))
    again = json.loads(said(office, "import", "rows.csv", "--source", "office", "--json"))
    looked_up = said(office, "lookup", "h56.14–240823–0001")
    books = json.loads(said(office, "ledger", "--json"))

    assert imported == {
        "rows": 2, "changed": 2, "planned": 1, "quarantined": 1, "held": 0, "late": 0, "repeated": 0, "missing": 0,
    }  # fmt: skip
    assert (again["changed"], again["planned"]) == (0, 0)
    assert "đã được tiếp nhận" in looked_up
    assert "sms sms:+8491•••678: Chờ gửi" in looked_up
    assert (books["balanced"], books["planned"], books["queued"]) == (True, 1, 1)
    assert "Không có hồ sơ H56.14-240823-0009" in refused(office, "lookup", "H56.14-240823-0009")


def test_a_ledger_that_does_not_add_up_names_what_is_missing(office: Path) -> None:
    said(office, "migrate")
    said(office, "import", "rows.csv", "--source", "office")
    python = "import sqlite3; c = sqlite3.connect('motcua.db'); c.execute('DELETE FROM outbox'); c.commit()"
    subprocess.run([sys.executable, "-c", python], cwd=office, check=True)

    errors = refused(office, "ledger")
    books = json.loads(motcua(office, "ledger", "--json").stdout)

    assert "change:office:H56.14-240823-0001:1" in errors
    assert books["imbalances"] == [{"origin": "change:office:H56.14-240823-0001:1", "planned": 1, "found": 0}]


def test_what_is_uncertain_is_listed_for_a_person(office: Path) -> None:
    said(office, "migrate")
    said(office, "import", "rows.csv", "--source", "office")
    python = (
        "import sqlite3; c = sqlite3.connect('motcua.db');"
        "c.execute(\"UPDATE outbox SET state = 'uncertain', reason = 'part 1: the link was lost'\"); c.commit()"
    )
    subprocess.run([sys.executable, "-c", python], cwd=office, check=True)

    listed = said(office, "ledger")
    (message,) = json.loads(said(office, "ledger", "--json"))["uncertain_messages"]

    assert "H56.14-240823-0001 sms sms:+8491•••678: Chưa rõ đã tới hay chưa, không tự gửi lại" in listed
    assert (message["code"], message["address"]) == ("H56.14-240823-0001", "sms:+8491•••678")


def test_check_names_the_channel_that_is_away_and_what_was_not_understood(office: Path) -> None:
    said(office, "migrate")
    said(office, "import", "rows.csv", "--source", "office")

    done = motcua(office, "check")

    assert done.returncode == 1
    assert "✗ kênh / channel sms (sms_smpp): không kết nối được" in done.stdout
    assert "✓ cơ sở dữ liệu / database: 2 hồ sơ" in done.stdout
    assert "rows.csv, dòng 3, cột MaHoSo" in done.stdout
    assert "“Chờ ký số” × 1" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["import", "none.csv", "--source", "office"], "none.csv"),
        (["import", "rows.csv", "--source", "offic"], "[sources.offic] không có nguồn này"),
        (["check", "-c", "none.toml"], "none.toml: không có tệp này"),
        (["simulate", "smcs"], "smcs: chỉ có"),
        (["simulate", "smsc", "--prot", "1"], "có phải / did you mean: port?"),
        (["send-test", "smss", "0912345678"], "có phải / did you mean: sms?"),
        (["send-test", "sms", "0283822222"], "không phải số di động"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else "",
)
def test_a_wrong_word_is_answered_with_what_is_wrong(
    office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], expected: str
) -> None:
    desk = open_desk(office, capsys, monkeypatch)
    desk.said("migrate")

    assert expected in desk.refused(*words)


def test_a_text_is_shown_as_it_would_be_sent(office: Path) -> None:
    shown = json.loads(said(office, "sms", "Hồ sơ đã xong " * 20, "--json"))

    assert shown["accented"]["encoding"] == "UCS-2"
    assert shown["accented"]["parts"] == 5
    assert (shown["unaccented"]["encoding"], shown["unaccented"]["parts"]) == ("GSM-7", 2)
    assert shown["unaccented"]["text"].startswith("Ho so da xong")


def test_codes_are_read_as_the_bot_reads_them(office: Path) -> None:
    assert json.loads(said(office, "code", "cho hỏi h56.14-24O823-0001, 1.005129", "--json")) == [
        {"code": "H56.14-240823-0001", "kind": "dossier", "repaired": True},
        {"code": "1.005129", "kind": "procedure", "repaired": False},
    ]


@pytest.mark.slow
async def test_run_serves_sends_a_test_message_and_stops_on_a_signal(office: Path) -> None:
    text = (office / "config.toml").read_text(encoding="utf-8")
    port = int(text.split("[channels.sms]")[1].split("port = ")[1].split()[0])
    (control,) = free_ports(1)
    async with simulator("smsc", {"port": port, "control_port": control, "delay": 0.05}, office / "smsc.log"):
        service = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--migrate",
            cwd=office, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert service.stderr is not None
        while b"bound" not in await service.stderr.readline():
            pass

        sent = await asyncio.to_thread(said, office, "send-test", "sms", "0912345678", "Tin thử")
        checked = await asyncio.to_thread(said, office, "check")
        service.send_signal(signal.SIGTERM)
        await service.stderr.read()

        assert "đã tới máy / delivered" in sent
        assert "0912345678" not in sent
        assert "✓ kênh / channel sms" in checked
        assert await service.wait() == 0
