"""A desk in an office whose one-stop software exports into a folder."""

from pathlib import Path

import pytest

from tests.support.desk import Desk, open_desk
from tests.support.exports import Office

CONFIG = """
[storage]
url = "sqlite:motcua.db"
[channels.trial]
kind = "log"
path = "messages.jsonl"
[sources.office]
kind = "folder"
path = "exports"
settle = 0
go_live = 2024-01-01T00:00:00+07:00
"""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    (tmp_path / "exports").mkdir()
    return Office(tmp_path / "exports")


@pytest.fixture
def desk(tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """With a configuration, and no database yet."""
    desk = open_desk(tmp_path, capsys, monkeypatch)
    desk.configure(CONFIG)
    return desk


@pytest.fixture
def service(desk: Desk) -> Desk:
    """The same with a database."""
    desk.said("migrate")
    return desk
