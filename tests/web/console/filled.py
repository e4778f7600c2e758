"""A small office after some weeks of work: something of everything that the console shows, on every page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from adapters.channels import log
from bot.model.broadcast import BroadcastState
from bot.model.clock import VIETNAM
from bot.model.message import DeliveryState, Situation
from bot.model.staff import Grant, Role
from bot.model.wording import TextKey
from bot.plan import Configured
from bot.ports import Move, Quarantined, Reconciliation, SourceState, Storage
from bot.staffing import Invited
from bot.texts.catalogue import shipped
from bot.web.console.server import routes_of
from tests.contract.test_storage_reports import watch_over
from tests.support.books import DAYS, FIRST, written
from tests.support.making import code, message
from tests.unit.lists import csv_of
from tests.web.console.broadcasting import Sending, begun, open_sending, ready, revision, submitted
from tests.web.console.desk import drafted, failed, held_for_the_night, mirrored, next_date, planned, soon
from tests.web.console.rig import Clerk, Rig, found
from tests.web.console.test_inbox import PHONE, feedback_of, says, talk_of

RULES = {"approve_people": 5, "canary": 3, "approve_cost": 1_000_000_000}
NAMES = ("Nguyễn Thị Lan", "Trần Văn Bình", "Lê Thị Hoa", "Phạm Quốc Minh")


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
    config: dict[str, Any] = {
        "sources": {
            "office": {"kind": "folder", "path": str(files)},
            "quocgia": {"kind": "folder", "path": str(files)},
        },
        "budget": {"monthly": 1_000_000, "agencies": {"H32.15": 10_000}},
        "broadcasts": RULES,
    }
    async with open_sending(storage, folder, **config) as sending:
        yield await fill(sending)


async def fill(sending: Sending) -> Filled:
    rig, paths = sending.rig, dict[str, str]()
    rig.clock.moved += datetime.combine(FIRST + timedelta(days=DAYS), time(9), VIETNAM) - rig.clock()
    lan = await rig.staff(Role.CLERK, login="lan")
    chief = await rig.login(*Role, login="hung", name="Trần Văn Hùng")
    books = await written(rig.storage, per_day=4)
    await watch_over(rig.storage, books).look()
    await _broadcasts(sending, lan, chief, paths)
    sms = Configured("trial", "log", log.Settings(), "sms")
    rig.app.plan = replace(rig.app.plan, channels=[*rig.app.plan.channels, sms])
    await _dossiers(rig, paths)
    await _apologies(rig, lan, chief, paths)
    await _messages(rig, paths)
    await _inbox(rig, paths)
    await _texts(rig, paths)
    await _machinery(rig, paths)
    await _people(rig, paths)
    await _keys(rig, chief, paths)
    return Filled(sending, chief, paths)


async def _dossiers(rig: Rig, paths: dict[str, str]) -> None:
    now = rig.clock()
    await mirrored(rig, 30, due=now - timedelta(days=2), applicant="Lê Thị Ngọc Hân")
    await mirrored(rig, 31, due=now + timedelta(hours=2), applicant="Phạm Văn Đức")
    await planned(rig, 30, state=DeliveryState.DELIVERED, settled_at=now, agency="H32.15")
    await planned(rig, 30, situation=Situation.RESULT, text="Kết quả hồ sơ đã có, mời Ông/Bà tới nhận.")
    paths |= {"dossier": f"/ho-so/office/{code(30)}", "dossiers found": "/ho-so?ma=H32.15&tre=1"}
    paths |= {"messages found": "/tin-nhan?loai=progress", "report of a month": "/bao-cao?ky=2026-11"}


async def _apologies(rig: Rig, lan: Clerk, chief: Clerk, paths: dict[str, str]) -> None:
    seen = r'name="seen" value="(\d+)"'
    for number, fate in enumerate(("draft", "approved", "rejected"), 40):
        await mirrored(rig, number, due=soon(rig))
        await lan.get(f"/xin-loi/moi?nguon=office&ma={code(number)}")
        await lan.post("/xin-loi/moi", nguon="office", ma=code(number), reason="system", text="", day=next_date(rig))
        paths[f"apology, {fate}"] = lan.where
        page = await chief.get(lan.where)
        if fate == "approved":
            await chief.post(f"{lan.where}/duyet", seen=found(seen, page))
        if fate == "rejected":
            await chief.post(f"{lan.where}/khong-duyet", why="Hồ sơ trả kịp trong ngày mai.")
    watched = await drafted(rig, 43)
    paths["apology of the watch"] = f"/xin-loi/{watched.id}"
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


async def _texts(rig: Rig, paths: dict[str, str]) -> None:
    key, now = TextKey(Situation.RESULT, "vi"), rig.clock()
    own = shipped("vi")[Situation.RESULT]
    for add in (" Xin mang theo giấy hẹn.", " Xin mang theo giấy hẹn và căn cước."):
        wording = replace(own, chat=own.chat + add)
        number = await rig.storage.write(lambda tx, each=wording: tx.texts.draft(key, each, by="lan", at=now))  # type: ignore[misc]
        await rig.storage.write(lambda tx, each=number: tx.texts.publish(key, each, by="lan", at=now))  # type: ignore[misc]
    paths |= {
        "text": "/mau-tin/result",
        "text to write": "/mau-tin/result/sua",
        "texts compared": "/mau-tin/result/so-sanh",
    }


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
        message(
            id=rig.app.new_id(), source="quocgia", code=code(number), agency="H32.15", state=DeliveryState.HELD,
            reason="too many at once", created_at=now, next_at=now, expires_at=now + timedelta(days=1), settled_at=now,
            situation=Situation.RESULT,
        )
        for number in range(70, 74)
    ]  # fmt: skip
    await rig.storage.write(lambda tx: tx.sources.save("quocgia", state))
    await rig.storage.write(lambda tx: tx.reconciliations.keep(report))
    await rig.storage.write(lambda tx: tx.sources.quarantine(rows, at=now))
    await rig.storage.write(lambda tx: tx.sources.note_unknown_statuses("quocgia", {"Đang chờ ký": 7}, at=now))
    await rig.storage.write(lambda tx: tx.outbox.enqueue(held))
    await rig.storage.write(lambda tx: tx.routing.move(Move("webchat", now, 100, 0, "works again")))
    paths |= {
        "channel": "/kenh/webchat", "channel to a file": "/kenh/trial", "source": "/nguon/quocgia",
        "brake": "/nguon/quocgia/phanh/gui",
    }  # fmt: skip


async def _people(rig: Rig, paths: dict[str, str]) -> None:
    binh = await rig.staff(Grant(Role.APPROVER, "H32.15"), Grant(Role.VIEWER), login="binh", logged_in=False)
    await rig.staffing.invite("hoa", "Lê Thị Hoa", {Grant(Role.CLERK, "H32.10.5"), Grant(Role.AUDITOR)})
    letter = await rig.staffing.invite("minh", "Phạm Quốc Minh", {Grant(Role.VIEWER)})
    assert isinstance(letter, Invited)
    paths |= {
        "member": f"/nhan-su/{binh.member.id}",
        "letter": f"/loi-moi/{letter.secret}",
        "void letter": "/loi-moi/x",
    }


async def _keys(rig: Rig, chief: Clerk, paths: dict[str, str]) -> None:
    for kind in ("live", "team", "test"):
        fields = {
            "name": f"phan-mem-{kind}",
            "kind": kind,
            "agency": "H32.15",
            "rights": ["send", "read"],
            "days": "30",
        }
        await chief.get("/khoa-api/moi")
        await chief.post("/khoa-api/moi", fields)
    test, team, live = await rig.storage.read(lambda tx: tx.api.keys())
    await chief.get(f"/khoa-api/{test.id}/thu-hoi")
    await chief.post(f"/khoa-api/{test.id}/thu-hoi")
    paths |= {"key": f"/khoa-api/{live.id}", "key with a list": f"/khoa-api/{team.id}"}
    paths |= {"key revoked": f"/khoa-api/{test.id}", "key to revoke": f"/khoa-api/{live.id}/thu-hoi"}


def _list_of(number: int) -> bytes:
    rows = [(NAMES[each % 4], f"0903 111 {each:03}", "Phường Nha Trang") for each in range(number)]
    return csv_of(("ho_ten", "Số điện thoại", "dia_diem"), *rows)


async def _broadcasts(sending: Sending, lan: Clerk, chief: Clerk, paths: dict[str, str]) -> None:
    drafts = [await ready(lan, _list_of(7), title="Mời nhận kết quả"), await begun(lan, title="Lịch nghỉ lễ")]
    waiting, refused, few, all_sent = [
        await submitted(lan, _list_of(number), title=title)
        for number, title in (
            (6, "Cấp đổi thẻ bảo hiểm y tế"),
            (8, "Họp dân phố"),
            (9, "Thu lệ phí"),
            (3, "Mời bổ sung"),
        )
    ]
    await chief.get(f"/phat-tin/{refused}")
    await chief.post(f"/phat-tin/{refused}/duyet", act="reject", why="Sai ngày họp, xin sửa lại.")
    await chief.get(f"/phat-tin/{few}")
    await chief.post(f"/phat-tin/{few}/duyet", act="approve", revision=revision(chief))
    async with sending.running():
        await sending.comes_to(all_sent, BroadcastState.DONE)
        await sending.comes_to(few, BroadcastState.TRIED)
    for name, one in (
        ("waiting", waiting),
        ("refused", refused),
        ("tried", few),
        ("done", all_sent),
        ("draft", drafts[0]),
    ):
        paths[f"broadcast, {name}"] = f"/phat-tin/{one}"
    for part in ("ten", "nguoi-nhan", "noi-dung", "gio", "danh-sach", "kiem-tra", "gui-thu"):
        paths[f"broadcast, {part}"] = f"/phat-tin/{drafts[0]}/{part}"
    paths |= {"list to choose": f"/phat-tin/{drafts[1]}/danh-sach", "results": f"/phat-tin/{all_sent}/ket-qua"}
    paths["broadcast to cancel"] = f"/phat-tin/{few}/huy"
