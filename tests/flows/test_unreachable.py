"""`motcua unreachable` and `motcua health`: whom no message reaches, what is wrong, and who may read it."""

import csv
import io
import sqlite3
import stat
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from bot.alarms import AlarmName
from bot.ledger import prove
from bot.mirror import Mirror
from bot.model.clock import utc_now
from bot.model.ids import id_maker
from bot.model.message import DeliveryState
from bot.model.person import Address
from bot.ports import Mirrored, Storage
from bot.ports.watching import Alarm, Heartbeat
from bot.unreachable import unreachable
from tests.support.desk import Desk
from tests.support.making import OWNER_PHONE, START, batch, code, dossier, message, planner

FORMULA = '=HYPERLINK("http://x","y")'


async def unlucky(storage: Storage, number: int, *, at: datetime, name: str = "Nguyễn Thị Ánh") -> None:
    """A dossier whose owner's message has failed."""
    made = dossier(number, applicant=name, agency="H32.15")
    await storage.write(lambda tx: tx.dossiers.add([Mirrored.of(made, 1)], at=at))
    item = message(
        id=id_maker(lambda: at)(),
        source="office",
        code=code(number),
        address=Address("sms", OWNER_PHONE),
        created_at=at,
        state=DeliveryState.FAILED,
        reason="number is off",
        settled_at=at,
    )
    await storage.write(lambda tx: tx.outbox.enqueue([item]))


async def three(storage: Storage) -> None:
    now = utc_now()
    await unlucky(storage, 1, at=now - timedelta(days=40))
    await unlucky(storage, 2, at=now - timedelta(days=20), name=FORMULA)
    await unlucky(storage, 3, at=now - timedelta(days=1))


def test_the_screen_shows_no_name_and_no_whole_number(service: Desk) -> None:
    service.in_database(three)

    said = service.said("unreachable")

    assert said.index(code(3)) < said.index(code(2))
    assert code(1) not in said
    assert "number is off" in said
    assert OWNER_PHONE not in said
    assert "Ánh" not in said
    assert code(1) in service.said("unreachable", "--days", "50")


def test_json_is_as_masked_as_the_screen(service: Desk) -> None:
    service.in_database(three)

    found = service.json("unreachable")

    assert [each["code"] for each in found] == [code(3), code(2)]
    assert OWNER_PHONE not in str(found)
    assert "name" not in found[0]


def test_nobody_unreachable_is_said(service: Desk) -> None:
    assert "Everybody could be reached" in service.said("unreachable")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_has_name_and_phone_is_the_owners_alone_and_holds_no_formula(service: Desk, kind: str) -> None:
    service.in_database(three)
    path = Path(f"list.{kind}")
    path.write_text("an older list that all could read")

    done = service.types("unreachable", "--file", str(path))

    rows = rows_of(path)
    assert [row[0] for row in rows] == ["mã hồ sơ", code(3), code(2)]
    assert rows[1][4:6] == ["Nguyễn Thị Ánh", OWNER_PHONE if kind == "xlsx" else f"'{OWNER_PHONE}"]
    assert rows[2][4] == (FORMULA if kind == "xlsx" else f"'{FORMULA}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "wrote 2 of the last 30 days" in done.err
    assert OWNER_PHONE not in done.err + done.out
    assert sorted(each.name for each in Path().glob("*list*")) == [path.name]


def rows_of(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")), delimiter=";"))
    return [[str(value) for value in row] for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()]


def test_a_file_of_another_kind_or_place_is_refused(service: Desk) -> None:
    assert ".xlsx" in service.refused("unreachable", "--file", "list.pdf")
    assert "không ghi được" in service.refused("unreachable", "--file", "nowhere/list.csv")


async def test_more_than_a_page_is_read_and_each_dossier_once(
    sqlite_storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.unreachable._PAGE", 3)
    now = utc_now()
    for number in range(1, 11):
        await unlucky(sqlite_storage, number, at=now)
        again = message(
            id=id_maker(lambda: now)(), source="office", code=code(number), created_at=now, state=DeliveryState.EXPIRED
        )
        await sqlite_storage.write(lambda tx, item=again: tx.outbox.enqueue([item]))  # type: ignore[misc]

    found = [each.code async for each in unreachable(sqlite_storage, since=now - timedelta(days=1))]

    assert sorted(found) == [code(number) for number in range(1, 11)]


# Health


async def running(storage: Storage) -> None:
    now = utc_now()
    await prove(storage, utc_now)
    beats = [Heartbeat("one", name, now, 60.0) for name in ("watch", "sender:trial", "source:office")]
    await storage.write(lambda tx: tx.watch.beat(beats))


def test_a_service_that_runs_and_misses_nothing_is_healthy(service: Desk) -> None:
    service.in_database(running)

    said = service.said("health")

    assert "Không có báo động nào" in said
    assert service.json("health")["healthy"] is True


def test_that_no_service_runs_is_wrong(service: Desk) -> None:
    done = service.types("health")

    assert done.code == 1
    assert "không có tiến trình" in done.err


def test_an_open_alarm_is_told_in_both_languages_and_ends_in_code_one(service: Desk) -> None:
    alarm = Alarm(AlarmName.RECEIPTS.value, "trial", utc_now(), "chín tin liền", "nine in a row")
    service.in_database(running)
    service.in_database(lambda storage: storage.write(lambda tx: tx.watch.raise_alarms([alarm])))

    done = service.types("health")

    assert done.code == 1
    assert "không còn báo cáo giao tin / delivery receipts have stopped" in done.err
    assert "chín tin liền / nine in a row" in done.err


def test_what_the_watch_would_raise_next_is_seen_at_once(service: Desk) -> None:
    service.in_database(running)
    waiting = message(
        created_at=utc_now(), next_at=utc_now() - timedelta(minutes=20), expires_at=utc_now() + timedelta(1)
    )
    service.in_database(lambda storage: storage.write(lambda tx: tx.outbox.enqueue([waiting])))

    done = service.types("health", "--json")

    assert done.code == 1
    assert '"subject": "sms/push"' in done.out


def test_the_ledger_tells_changes_by_fate_and_suppressed_by_reason(service: Desk) -> None:
    suppressed = message(state=DeliveryState.SUPPRESSED, reason="no phone number", settled_at=utc_now())
    service.in_database(lambda storage: storage.write(lambda tx: tx.outbox.enqueue([suppressed])))

    said, books = service.said("ledger"), service.json("ledger")

    assert "no phone number" in said
    assert books["suppressed_by_reason"] == {"no phone number": 1}
    assert (books["fateless"], books["unanswered"], books["changes"]) == (0, 0, {})


def test_a_change_without_a_fate_is_named_by_the_ledger(service: Desk) -> None:
    async def news(storage: Storage) -> None:
        await Mirror("office", storage, planner(), lambda: START).apply(batch(dossier()))

    service.in_database(news)
    with closing(sqlite3.connect("motcua.db")) as database, database:
        assert database.execute("UPDATE changes SET fate = ''").rowcount == 1

    assert "changes without a fate" in service.refused("ledger")
