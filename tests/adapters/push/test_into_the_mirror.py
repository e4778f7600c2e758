"""What a one-stop software sends, in the mirror itself."""

import pytest

from bot.intake import Intake
from bot.mirror import Mirror
from bot.model.dossier import Dossier, Status
from bot.ports import Storage
from tests.adapters.push.support import Software, code, record, software
from tests.support.making import planner
from tests.support.storages import sqlite_storage

__all__ = ["sqlite_storage"]


@pytest.fixture
def caller(sqlite_storage: Storage) -> Software:
    caller = software()
    mirror = Mirror("office", sqlite_storage, planner(), caller.time)
    caller.office = Intake(mirror)
    return caller


async def kept(storage: Storage, number: int = 1) -> Dossier:
    [dossier] = await storage.read(lambda tx: tx.dossiers.find(code(number)))
    return dossier


async def changes(storage: Storage, number: int = 1) -> list[str]:
    found = await storage.read(lambda tx: tx.dossiers.changes_of("office", code(number)))
    return [change.kind.value for change in found]


async def test_the_same_call_twice_changes_nothing(caller: Software, sqlite_storage: Storage) -> None:
    first = await caller.send("dossiers", [record(1), record(2)])
    again = await caller.send("dossiers", [record(1), record(2)])

    assert (first.status, again.status) == (200, 200)
    assert await sqlite_storage.read(lambda tx: tx.dossiers.count()) == (2, 2)


async def test_a_sequence_is_taken_once_whatever_it_says(caller: Software, sqlite_storage: Storage) -> None:
    await caller.send("dossiers", record(sequence=2, TrangThaiHoSo="4"))

    again = await caller.send("dossiers", record(sequence=2, TrangThaiHoSo="9"))
    older = await caller.send("dossiers", record(sequence=1, TrangThaiHoSo="2"))
    newer = await caller.send("dossiers", record(sequence=3, TrangThaiHoSo="5"))

    assert [call.json["results"][0]["result"] for call in (again, older, newer)] == ["repeated", "late", "accepted"]
    assert (await kept(sqlite_storage)).status is Status.SUPPLEMENT
    assert await changes(sqlite_storage) == ["appeared", "status"]


async def test_two_states_in_one_call_both_happen_in_their_order(caller: Software, sqlite_storage: Storage) -> None:
    call = await caller.send("dossiers", [record(TrangThaiHoSo="2"), record(TrangThaiHoSo="4")])

    assert [each["result"] for each in call.json["results"]] == ["accepted", "accepted"]
    assert (await kept(sqlite_storage)).status is Status.PROCESSING
    assert await changes(sqlite_storage) == ["appeared", "status"]


async def test_progress_moves_a_dossier_that_we_have_and_no_other(caller: Software, sqlite_storage: Storage) -> None:
    step = {"TrangThai": "9", "NoiDungXuLy": "Ký kết quả", "ThoiDiemXuLy": "20261122080000"}
    early = await caller.send("CapNhatTienDoHoSoMC", {"MaHoSo": code(1)} | step)
    await caller.send("DongBoHoSoMC", record(1))

    progress = await caller.send("CapNhatTienDoHoSoMC", {"MaHoSo": code(1)} | step)

    assert early.verdict == (200, "-3")
    assert "Chưa có hồ sơ này" in early.json["message"]
    assert progress.verdict == (200, "00")
    dossier = await kept(sqlite_storage)
    assert (dossier.status, [each.task for each in dossier.steps]) == (Status.DONE, ["Ký kết quả"])


async def test_what_was_wrong_waits_in_quarantine_until_it_comes_right(
    caller: Software, sqlite_storage: Storage
) -> None:
    await caller.send("dossiers", record(NgayHenTra="mai"))
    [wrong] = await sqlite_storage.read(lambda tx: tx.sources.quarantined(limit=10))

    await caller.send("dossiers", record())

    assert (wrong.place, wrong.row, wrong.column, wrong.code) == ("POST dossiers", 1, "NgayHenTra", code(1))
    assert await sqlite_storage.read(lambda tx: tx.sources.quarantined(limit=10)) == []
