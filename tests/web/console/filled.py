"""A small office after some weeks of work: something of everything that the console shows, on every page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from adapters.channels import log
from bot.model.broadcast import BroadcastState
from bot.model.message import DeliveryState, Lane, Situation
from bot.model.person import Address
from bot.model.staff import Grant, Role
from bot.model.wording import TextKey
from bot.plan import Configured
from bot.ports import Mirrored, Move, Quarantined, Reconciliation, SourceState, Storage
from bot.texts.catalogue import shipped
from bot.web.console.server import routes_of
from tests.contract.test_storage_reports import watch_over
from tests.support.books import written
from tests.support.making import OWNER_PHONE, code, dossier
from tests.unit.lists import csv_of
from tests.web.console.broadcasting import Sending, open_sending, ready, submitted
from tests.web.console.desk import drafted, failed, held_for_the_night, mirrored, next_date, planned
from tests.web.console.rig import Clerk, Rig, found
from tests.web.console.test_inbox import PHONE, WEB, feedback_of, says, talk_of

RULES = {"approve_people": 5, "canary": 2, "approve_cost": 1_000_000_000}
NAMES = ("Nguyễn Thị Lan", "Trần Văn Bình", "Lê Thị Hoa", "Phạm Quốc Minh")
EVERY_ROLE = tuple(Role)


@dataclass
class Filled:
    """The office, who looks at it, and where there is something to look at."""

    sending: Sending
    chief: Clerk
    paths: dict[str, str]
    """A name for each page of something that has an id → its path below /can-bo."""

    @property
    def rig(self) -> Rig:
        return self.sending.rig

    @property
    def plain(self) -> list[str]:
        """Every page that is opened without an id; not the downloads, pieces, and the doors that lead on."""
        return [
            route.path or "/"
            for route in routes_of(self.rig.console)
            if route.method == "GET" and "{" not in route.path and route.path not in _NO_PAGES
        ]


_NO_PAGES = {
    "/ngon-ngu", "/dang-nhap/ma", "/dang-nhap/openid", "/dang-nhap/openid/ve", "/bao-cao/tai", "/hop-thu/moi",
    "/hop-thu/phan-anh.csv", "/kenh/moi", "/nguon/moi", "/hom-nay/tinh-hinh",
}  # fmt: skip


@asynccontextmanager
async def open_filled(storage: Storage, folder: Path) -> AsyncIterator[Filled]:
    files = folder / "nguon"
    files.mkdir()
    config = {
        "sources": {"office": {"kind": "folder", "path": str(files)}, "quocgia": {"kind": "folder", "path": str(files)}},
        "budget": {"monthly": 1_000_000, "agencies": {"H32.15": 10_000}},
        "broadcasts": RULES,
    }
    async with open_sending(storage, folder, **config) as sending:
        yield await fill(sending)


async def fill(sending: Sending) -> Filled:
    rig = sending.rig
    books = await written(rig.storage, per_day=6)
    await watch_over(rig.storage, books).look()
    rig.clock.moved += books.clock() + timedelta(hours=15) - rig.clock()
    sms = Configured("trial", "log", log.Settings(), "sms")
    rig.app.plan = replace(rig.app.plan, channels=[*rig.app.plan.channels, sms])
    lan = await rig.staff(Role.CLERK, login="lan")
    chief = await rig.login(*EVERY_ROLE, login="hung", name="Trần Văn Hùng")
    paths: dict[str, str] = {}
    await _dossiers(rig, paths)
    await _apologies(rig, chief, paths)
    await _messages(rig, paths)
    await _inbox(rig, paths)
    await _texts(rig)
    await _machinery(rig, paths)
    await _people(rig, paths)
    await _keys(rig, chief, paths)
    await _broadcasts(sending, lan, chief, paths)
    return Filled(sending, chief, paths)


async def _dossiers(rig: Rig, paths: dict[str, str]) -> None:
    now = rig.clock()
    await mirrored(rig, 30, due=now - timedelta(days=2), applicant="Lê Thị Ngọc Hân")
    await mirrored(rig, 31, due=now + timedelta(hours=2), applicant="Phạm Văn Đức")
    await planned(rig, 30, state=DeliveryState.DELIVERED, settled_at=now, agency="H32.15")
    await planned(rig, 30, situation=Situation.RESULT, text="Kết quả hồ sơ đã có, mời Ông/Bà tới nhận.")
    paths["dossier"] = f"/ho-so/office/{code(30)}"


async def _apologies(rig: Rig, chief: Clerk, paths: dict[str, str]) -> None:
    first = await drafted(rig, 40, by="lan")
    second = await drafted(rig, 41, by="lan", reason="fieldwork", new_date=None) if False else await drafted(rig, 41)
    paths |= {"apology": f"/xin-loi/{first.id}", "apology of the watch": f"/xin-loi/{second.id}"}
    paths["apology to begin"] = f"/xin-loi/moi?nguon=office&ma={code(30)}"


async def _messages(rig: Rig, paths: dict[str, str]) -> None:
    now = rig.clock()
    for number, state in enumerate(DeliveryState):
        await planned(rig, 50 + number, state=state, settled_at=now, at=now - timedelta(minutes=7 * number))
    bad = await failed(rig, 30)
    waiting = await held_for_the_night(rig, 31)
    paths |= {"message that failed": f"/tin-nhan/{bad.id}", "message that is held": f"/tin-nhan/{waiting.id}"}


async def _inbox(rig: Rig, paths: dict[str, str]) -> None:
    await talk_of(rig, PHONE, clerk="hoa")
    handle, talk = await talk_of(rig)
    await says(rig, "Cho tôi hỏi hồ sơ của tôi tới đâu rồi, đã quá hẹn 2 ngày mà chưa thấy gì?")
    await rig.app.desk.reply(talk, "Xin Ông/Bà chờ, chúng tôi đang hỏi phòng chuyên môn.", by="lan")
    late = await feedback_of(rig, days_ago=20, text="Tôi chờ lâu quá, cán bộ không giải thích.")
    await feedback_of(rig, name="", phone="")
    paths |= {"talk": f"/hop-thu/trao-doi/{handle}", "feedback": f"/hop-thu/phan-anh/{late}"}
    assert WEB


async def _texts(rig: Rig) -> None:
    key, now = TextKey(Situation.RESULT, "vi"), rig.clock()
    own = shipped("vi")[Situation.RESULT]
    for add in (" Xin mang theo giấy hẹn.", " Xin mang theo giấy hẹn và căn cước."):
        wording = replace(own, chat=own.chat + add)
        number = await rig.storage.write(lambda tx, each=wording: tx.texts.draft(key, each, by="lan", at=now))  # type: ignore[misc]
        await rig.storage.write(lambda tx, each=number: tx.texts.publish(key, each, by="lan", at=now))  # type: ignore[misc]


async def _machinery(rig: Rig, paths: dict[str, str]) -> None:
    now = rig.clock()
    state = SourceState(
        cursor="x", go_live=now - timedelta(days=90), synced_at=now, fresh_at=now - timedelta(minutes=3), braked_at=now,
        window_at=now, dossiers=12_345, revision=1,
    )  # fmt: skip
    report = Reconciliation(
        source="quocgia", began_at=now, ended_at=now, compared=12_340, missing_here=2, missing_there=0, differing=1,
        unread=0, quarantined=3, named={"missing_here": ("H32.10-261122-0001",)},
    )  # fmt: skip
    rows = [
        Quarantined(
            source="quocgia", place="tuần 47.csv", row=row, column="NgayHenTra", reason="không phải ngày",
            code=f"H32.10-261122-{row:04}",
        )
        for row in range(2, 6)
    ]  # fmt: skip
    held = [
        replace(
            await _message_of(rig, number), state=DeliveryState.HELD, reason="too many at once", settled_at=now
        )
        for number in range(70, 74)
    ]
    await rig.storage.write(lambda tx: tx.sources.save("quocgia", state))
    await rig.storage.write(lambda tx: tx.reconciliations.keep(report))
    await rig.storage.write(lambda tx: tx.sources.quarantine(rows, at=now))
    await rig.storage.write(lambda tx: tx.sources.note_unknown_statuses("quocgia", {"Đang chờ ký": 7}, at=now))
    await rig.storage.write(lambda tx: tx.outbox.enqueue(held))
    await rig.storage.write(lambda tx: tx.routing.move(Move("webchat", now, 100, 0, "works again")))
    paths |= {
        "channel": "/kenh/webchat", "channel to a file": "/kenh/trial", "source": "/nguon/quocgia",
        "brake": "/nguon/quocgia/phanh/tha",
    }  # fmt: skip
