"""The page of sources: fresh or stale in words, what cannot be read, the brake released by who saw how many."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.model.message import DeliveryState, Lane, OutboxItem, Situation
from bot.model.person import Address
from bot.model.staff import Grant, Role
from bot.ports import Quarantined, Reconciliation, SourceState, Storage
from tests.web.console.rig import Rig, open_rig


@pytest.fixture
async def office(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Rig]:
    folder = {"kind": "folder", "path": str(tmp_path)}
    async with open_rig(sqlite_storage, sources={"motcua": folder}) as rig:
        yield rig


async def reads(rig: Rig, *, minutes_ago: float = 3, braked: bool = False) -> None:
    at = rig.clock() - timedelta(minutes=minutes_ago)
    state = SourceState(
        cursor="x", go_live=at - timedelta(days=90), synced_at=at, fresh_at=at, braked_at=at if braked else None,
        window_at=at, dossiers=12_345, revision=1,
    )  # fmt: skip
    await rig.storage.write(lambda tx: tx.sources.save("motcua", state))


async def holds(rig: Rig, number: int, situation: Situation = Situation.RESULT) -> None:
    now = rig.clock()
    items = [
        OutboxItem(
            id=rig.app.new_id(), dedupe_key=rig.app.new_id(), origin=f"change:{rig.app.new_id()}", channel="webchat",
            agency="H32.10", address=Address("sms", f"+849123{place:05}"), lane=Lane.PUSH, situation=situation,
            text="Kết quả đã có", source="motcua", code=f"H32.10-261122-{place:04}", created_at=now, next_at=now,
            expires_at=now + timedelta(days=1),
        )
        for place in range(number)
    ]  # fmt: skip
    held = [replace(each, state=DeliveryState.HELD, reason="too many at once", settled_at=now) for each in items]
    await rig.storage.write(lambda tx: tx.outbox.enqueue(held))


async def states(rig: Rig) -> dict[DeliveryState, int]:
    counts = await rig.storage.read(lambda tx: tx.outbox.counts())
    return {state: number for (_, state), number in counts.items()}


async def test_a_source_says_since_when_it_is_fresh_or_stale(office: Rig) -> None:
    clerk = await office.staff(Role.VIEWER)
    await clerk.get("/nguon")
    never = clerk.words
    await reads(office)
    await clerk.get("/nguon")
    fresh = clerk.words
    office.clock.moved += timedelta(days=4)
    clerk = await office.staff(Role.VIEWER)
    await office.storage.write(lambda tx: tx.sources.fail("motcua", "không mở được thư mục", at=office.clock()))

    await clerk.get("/nguon/moi")

    assert "Chưa đọc lần nào" in never
    assert "Mới, số liệu cách đây 3 phút" in fresh
    assert "12.345 hồ sơ" in fresh
    assert "Cũ: số liệu cách đây 4 ngày" in clerk.words
    assert "Không đọc được đã chưa tới 1 phút, 1 lần" in clerk.words


async def test_a_comparison_is_told_with_its_figures_and_first_codes(office: Rig) -> None:
    await reads(office)
    now = office.clock()
    report = Reconciliation(
        source="motcua", began_at=now, ended_at=now, compared=12_340, missing_here=2, missing_there=0, differing=1,
        unread=0, quarantined=0, named={"missing_here": ("H32.10-261122-0001",)},
    )  # fmt: skip
    await office.storage.write(lambda tx: tx.reconciliations.keep(report))
    clerk = await office.staff(Role.VIEWER)

    await clerk.get("/nguon/motcua")

    assert "Không khớp, đối chiếu cách đây" in clerk.words
    assert "Nguồn có, bản sao thiếu 2" in clerk.words
    assert "H32.10-261122-0001" in clerk.words


async def test_what_cannot_be_read_is_shown_with_row_column_and_reason_page_by_page(office: Rig) -> None:
    await reads(office)
    rows = [
        Quarantined(
            source="motcua", place="tuần 47 & 48.csv", row=number, column="NgayHenTra", reason="không phải ngày",
            code=f"H{number}",
        )
        for number in range(2, 62)
    ]  # fmt: skip
    await office.storage.write(lambda tx: tx.sources.quarantine(rows, at=office.clock()))
    await office.storage.write(
        lambda tx: tx.sources.note_unknown_statuses("motcua", {"Đang chờ ký": 7}, at=office.clock())
    )
    clerk = await office.staff(Role.VIEWER)

    await clerk.get("/nguon/motcua")
    first = clerk.words
    older = clerk.page.split('rel="next"')[0].rsplit('href="/can-bo', 1)[1].split('"')[0].replace("&amp;", "&")
    await clerk.get(older)

    assert (
        "tuần 47 &amp; 48.csv 51 NgayHenTra không phải ngày H51" in first
        or "51 NgayHenTra không phải ngày H51" in first
    )
    assert " H52" not in first
    assert "52 NgayHenTra không phải ngày H52" in clerk.words
    assert "H51" not in clerk.words
    assert "Đang chờ ký 7" in first


async def test_what_the_brake_holds_is_shown_by_kind_and_sent_by_who_saw_how_many(office: Rig) -> None:
    await reads(office, braked=True)
    await holds(office, 3)
    await holds(office, 2, Situation.SUPPLEMENT)
    admin = await office.staff(Role.ADMINISTRATOR, login="binh")

    await admin.get("/nguon/motcua/phanh/gui")
    asked = admin.words
    await admin.post("/nguon/motcua/phanh/gui", held="5")

    assert "Cho gửi 5 tin đang bị giữ?" in asked
    assert "Gửi 5 tin" in asked
    assert "Phanh đã nhả: 5 tin sẽ được gửi." in admin.words
    assert await states(office) == {DeliveryState.QUEUED: 5}
    state = await office.storage.read(lambda tx: tx.sources.get("motcua"))
    assert state is not None
    assert state.braked_at is None
    [entry] = await office.recorded("source.")
    assert (entry.by, entry.what, entry.subject, entry.after) == ("binh", "source.released", "motcua", {"messages": 5})


async def test_more_messages_than_were_shown_are_asked_for_again(office: Rig) -> None:
    await reads(office, braked=True)
    await holds(office, 3)
    admin = await office.staff(Role.ADMINISTRATOR)
    await admin.get("/nguon/motcua/phanh/bo")
    await holds(office, 1, Situation.SUPPLEMENT)

    await admin.post("/nguon/motcua/phanh/bo", held="3")
    said, kept = admin.words, await states(office)
    await admin.post("/nguon/motcua/phanh/bo", held="4")

    assert "Số tin đã thay đổi, chưa làm gì" in said
    assert kept == {DeliveryState.HELD: 4}
    assert await states(office) == {DeliveryState.CANCELLED: 4}
    assert [each.what for each in await office.recorded("source.")] == ["source.discarded"]


@pytest.mark.parametrize("grant", [Grant(Role.CLERK), Grant(Role.APPROVER), Grant(Role.ADMINISTRATOR, "H32.10")])
async def test_only_who_administers_the_province_touches_the_brake(office: Rig, grant: Grant) -> None:
    await reads(office, braked=True)
    await holds(office, 1)
    clerk = await office.staff(grant)
    await clerk.get("/nguon")

    await clerk.get("/nguon/motcua/phanh/gui")
    asked = clerk.status
    await clerk.get("/nguon")
    await clerk.post("/nguon/motcua/phanh/gui", held="1")

    assert asked in (403, 404)
    assert clerk.status in (403, 404)
    assert await states(office) == {DeliveryState.HELD: 1}


async def test_a_commune_sees_how_fresh_sources_are_and_no_dossier_of_others(office: Rig) -> None:
    await reads(office)
    commune = await office.staff(Grant(Role.VIEWER, "H32.10"))

    await commune.get("/nguon")
    listed = commune.page
    await commune.get("/nguon/motcua")

    assert "Mới, số liệu" in listed
    assert 'href="/can-bo/nguon/motcua"' not in listed
    assert commune.status == 404


async def test_where_nothing_is_held_there_is_nothing_to_decide(office: Rig) -> None:
    await reads(office)
    admin = await office.staff(Role.ADMINISTRATOR)

    await admin.get("/nguon/motcua/phanh/gui")
    where, said = admin.where, admin.words
    await admin.get("/nguon/motcua/phanh/dot")

    assert where == "/nguon/motcua"
    assert "Phanh không bật" in said
    assert admin.status == 404
