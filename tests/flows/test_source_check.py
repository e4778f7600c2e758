"""`motcua source check`: how the first records are understood, before anything is mirrored."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.sources import push
from bot import source_check
from bot.model.dossier import Dossier, Status
from bot.model.errors import SourceError
from bot.ports import Applied, Batch, Quarantined, WebhookRequest
from bot.show_check import LABELS, PUSH_ENDPOINTS
from bot.source_check import Doubt, findings, read_first_page
from tests.support.desk import Desk
from tests.support.exports import Office, code_of, row
from tests.support.making import START, batch, dossier


def test_a_first_look_shows_each_field_and_hides_who_it_is(desk: Desk, office: Office) -> None:
    office.exports(row(1), row(2), row(3), row(4))

    seen = desk.said("source", "check", "office", "--records", "2")
    in_full = desk.said("source", "check", "office", "--show-personal")

    assert "đơn vị / agency H56.14, ngày / day 23/08/2024, số / number 0001" in seen
    assert "mã quốc gia / national code 2" in seen
    assert "16:30 30/08/2024" in seen
    assert "thứ Sáu" in seen
    assert "+8491•••678" in seen
    assert "di động, nhận được SMS" in seen
    assert "N. T. Á." in seen
    assert "Ánh" not in seen
    assert "345678" not in seen
    assert ("Bản ghi 2" in seen, "Bản ghi 3" in seen) == (True, False)
    assert "Trang đầu: 4 hồ sơ, 0 báo tiến độ, 0 chỗ không đọc được." in seen
    assert "Không có gì phải xem lại." in seen
    assert "Nguyễn Thị Ánh" in in_full
    assert "+84912345678" in in_full
    assert not (desk.place / "motcua.db").exists()


def test_what_is_doubtful_is_named_with_what_to_do(desk: Desk, office: Office) -> None:
    office.exports(
        row(1, status="Chờ ký số"), row(2, phone="02838222222", agency="H56.15;"), row(3, code="không phải mã")
    )

    seen = desk.said("source", "check", "office")

    assert "chưa được ánh xạ, không nhắn tin / status word not mapped, nobody is told: Chờ ký số" in seen
    assert '[sources.office.statuses]\n    "Chờ ký số" = 4' in seen
    assert f"1 × số không nhận được SMS / a number that cannot get an SMS: {code_of(2)}" in seen
    assert "cố định, KHÔNG nhận SMS" in seen
    assert "1 × không có tên cơ quan, xem [sources.….agencies] / no name of the agency: H56.15" in seen
    assert "✗ office: day.csv, dòng 4, cột MaHoSo: Mã hồ sơ không đúng dạng quy định." in seen


CLEAN = {"updated_at": START, "received_at": START, "agency": "H56.14"}


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({}, []),
        ({"status": Status.UNKNOWN, "status_text": "Chờ ký số"}, [Doubt.UNMAPPED]),
        ({"phone": ""}, [Doubt.NO_PHONE]),
        ({"phone": "+842838222222"}, [Doubt.UNREACHABLE]),
        ({"phone": "+12025550123"}, [Doubt.UNREACHABLE]),
        ({"phone": "hỏi chú Ba"}, [Doubt.UNREACHABLE]),
        ({"received_at": None}, [Doubt.NO_RECEIPT]),
        ({"appointment_at": None}, [Doubt.NO_APPOINTMENT]),
        ({"updated_at": None}, [Doubt.NO_ORDER]),
        ({"updated_at": None, "sequence": 7}, []),
        ({"appointment_at": START - timedelta(days=1)}, [Doubt.BACKWARDS]),
        ({"updated_at": START + timedelta(hours=7)}, [Doubt.FUTURE]),
        ({"updated_at": START + timedelta(minutes=5)}, []),
        ({"agency_name": ""}, [Doubt.NAMELESS]),
    ],
    ids=str,
)
def test_each_doubt_has_its_reason(changes: dict[str, Any], doubts: list[Doubt]) -> None:
    found = findings([dossier(**{**CLEAN, **changes})], now=START)

    assert [each.doubt for each in found] == doubts


def test_two_records_about_one_dossier_are_a_doubt() -> None:
    (found,) = findings([dossier(1, **CLEAN), dossier(1, **CLEAN), dossier(2, **CLEAN)], now=START)

    assert (found.doubt, found.count, found.examples) == (Doubt.REPEATED, 2, ("H32.15-261122-0001",))


def test_every_field_that_a_source_can_fill_has_a_label() -> None:
    from_mirror = {"source", "pauses", "progressed_at", "first_seen_at", "due_at", "promised_at"}

    assert set(LABELS) == {each.name for each in fields(Dossier)} - from_mirror


def test_a_page_of_which_nothing_is_understood_is_a_failure(desk: Desk, office: Office) -> None:
    office.exports(row(1, code="không phải mã"))

    done = desk.types("source", "check", "office")

    assert done.code == 1
    assert "dòng 2, cột MaHoSo" in done.out
    assert "Không hiểu được bản ghi nào." in done.err


def test_a_source_that_cannot_be_read_says_why(desk: Desk) -> None:
    (desk.place / "exports").rmdir()

    assert "exports" in desk.refused("source", "check", "office")
    desk.said("migrate")
    assert "exports" in desk.refused("source", "sync", "office")
    assert "exports" in desk.refused("source", "reconcile", "office")


class Pages:
    """A source of these pages; where they end, it never answers."""

    def __init__(self, *pages: Batch) -> None:
        self._pages = pages
        self.closed = False

    async def batches(self, cursor: str | None) -> AsyncIterator[Batch]:
        try:
            for page in self._pages:
                yield page
            await asyncio.Event().wait()
        finally:
            self.closed = True


BAD = Quarantined(source="office", place="p", row=1, column="", reason="hỏng")


async def test_pages_without_a_record_are_turned_but_not_for_ever() -> None:
    unreadable = Batch((), "c", (BAD,))
    late, hopeless = Pages(unreadable, unreadable, batch(dossier())), Pages(*[unreadable] * 9)

    found, nothing = await read_first_page(late), await read_first_page(hopeless)

    assert (found.understood, len(found.dossiers), len(found.quarantined)) == (True, 1, 2)
    assert (nothing.understood, len(nothing.quarantined)) == (False, 5)
    assert late.closed
    assert hopeless.closed


async def test_a_source_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_check, "PATIENCE", 0.05)
    silent = Pages()

    with pytest.raises(SourceError, match="không trả lời trong"):
        await read_first_page(silent)

    assert silent.closed


SECRET = "a key that nobody may see"
PUSH = """
[sources.ward]
kind = "push"
keys = ["env:MOTCUA_TEST_KEY"]
users = {so-noi-vu = "env:MOTCUA_TEST_KEY"}
"""
OFF = """
[web]
enabled = false
"""


def test_where_no_page_is_served_it_says_that_nobody_can_call(desk: Desk) -> None:
    desk.monkeypatch.setenv("MOTCUA_TEST_KEY", SECRET)
    desk.configure(PUSH + OFF)
    desk.said("migrate")

    unheard = desk.refused("source", "check", "ward")

    assert "cần [web] enabled = true" in unheard


def test_a_source_that_calls_us_says_where_and_with_what(desk: Desk) -> None:
    desk.monkeypatch.setenv("MOTCUA_TEST_KEY", SECRET)
    desk.configure(PUSH)
    desk.said("migrate")

    seen = desk.said("source", "check", "ward")
    retried = desk.refused("quarantine", "retry", "ward")

    assert "POST http://127.0.0.1:8080/onestop/v1/dossiers" in seen
    assert "X-Source: ward" in seen
    assert "keys (1): Keys that callers send as `X-Api-Key`" in seen
    assert "users (so-noi-vu)" in seen
    assert SECRET not in seen
    assert "xin nhà cung cấp gửi lại" in retried


async def test_every_address_that_is_shown_to_a_caller_exists() -> None:
    async def accept(batch: Batch) -> Applied:
        return Applied()

    async with push.open("ward", push.Settings(keys=(SecretStr(SECRET),))) as source:
        assert source.push is not None
        for endpoint in PUSH_ENDPOINTS:
            call = WebhookRequest(method="POST", path=endpoint, query={}, headers={"x-api-key": SECRET}, body=b"[]")
            assert (await source.push.receive(call, accept)).status != 404, endpoint
