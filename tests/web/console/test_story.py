"""A working day in a real Chromium, from the log-in with a second factor to the record that proves who did what."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.auditing import verify
from bot.model.broadcast import BroadcastState
from bot.model.message import DeliveryState
from bot.model.staff import Role
from bot.ports import Storage
from tests.support.making import code
from tests.unit.lists import BINH, HEADER, LAN, csv_of, xlsx_of
from tests.web.axe import grave_violations
from tests.web.console.broadcasting import TEXT, Sending, open_sending
from tests.web.console.desk import mirrored, next_date, soon
from tests.web.console.rig import PASSWORD, Clerk

BAD = csv_of(HEADER, LAN, ("", "0987654321", "A"), BINH, ("Hoa", "12345", "A"), ("Minh", "02583822222", "A"))
PEOPLE = [(f"Người {number}", f"0903 111 {number:03}", "Phường Nha Trang") for number in range(298)]
RULES = {"approve_people": 10, "canary": 2, "approve_cost": 1_000_000_000}


@pytest.fixture
async def sending(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Sending]:
    async with open_sending(sqlite_storage, tmp_path, rate=20, broadcasts=RULES) as office:
        yield office


class Desk:
    """A browser at a desk: who sits there, and what axe says of every page that is looked at."""

    def __init__(self, page: Page, axe: str, clerk: Clerk, sending: Sending) -> None:
        self.page, self.axe, self.clerk, self.sending = page, axe, clerk, sending
        self.grave: dict[str, list[str]] = {}

    async def enter(self) -> None:
        """By password and the next code of her phone, as at the start of a day."""
        await self.page.context.clear_cookies()
        await self.page.goto(f"{self.clerk.url}/can-bo/")
        await self.page.get_by_label("Tên đăng nhập").fill(self.clerk.member.login)
        await self.page.get_by_label("Mật khẩu").fill(PASSWORD)
        await self.page.get_by_role("button", name="Đăng nhập").click()
        self.sending.rig.clock.moved += timedelta(seconds=30)
        assert self.clerk.phone is not None
        await self.page.get_by_label("Mã xác thực").fill(self.clerk.phone.code())
        await self.page.get_by_role("button", name="Xác nhận").click()
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text("Hôm nay")

    async def open(self, name: str) -> None:
        """A page of the navigation, which is folded on a phone."""
        fold = self.page.locator(".nav-fold summary")
        if await fold.is_visible():
            await fold.click()
        await self.page.get_by_role("navigation", name="Các trang").get_by_role("link", name=name).click()
        await self.judge(name)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name).first.click()

    async def judge(self, place: str) -> None:
        self.grave[place] = await grave_violations(self.page, self.axe)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("width", [1280, 390])
async def test_a_day_at_the_office(sending: Sending, page: Page, axe: str, tmp_path: Path, width: int) -> None:
    rig = sending.rig
    await mirrored(rig, 1, due=soon(rig))
    await mirrored(rig, 2, due=rig.clock() - timedelta(days=1))
    lan = Desk(page, axe, await rig.login(Role.CLERK, login="lan", name="Nguyễn Thị Lan"), sending)
    other = await page.context.browser.new_page(locale="vi-VN") if page.context.browser else page
    people = await rig.login(Role.APPROVER, Role.ADMINISTRATOR, Role.AUDITOR, login="hung", name="Trần Văn Hùng")
    hung = Desk(other, axe, people, sending)
    for each in (page, other):
        await each.set_viewport_size({"width": width, "height": 900})

    async with sending.running():
        await lan.enter()
        await lan.judge("today")
        await sees_it_run_late_and_drafts(lan)
        await hung.enter()
        await approves_the_apology(hung)
        await broadcasts_from_a_file(lan, tmp_path)
        await approves_pauses_resumes_and_cancels(hung)
        await hung.open("Báo cáo")
        await expect(other.get_by_role("heading", level=1)).to_contain_text("Báo cáo")
        for place in ("Hồ sơ", "Tin nhắn", "Hộp thư", "Mẫu tin", "Kênh", "Nguồn", "Cán bộ", "Khóa API"):
            await hung.open(place)
        await checks_the_record(hung)
    await other.close()

    assert (await verify(rig.storage)).broken is None
    (apology,) = await rig.storage.read(lambda tx: tx.apologies.of_dossier("office", code(1)))
    told = await rig.storage.read(lambda tx: tx.outbox.of_origins([apology.origin]))
    assert [each.state for each in told] == [DeliveryState.DELIVERED]
    assert {place: faults for place, faults in (lan.grave | hung.grave).items() if faults} == {}


async def sees_it_run_late_and_drafts(lan: Desk) -> None:
    page = lan.page
    await page.get_by_role("link", name="trễ").first.click()
    await expect(page.locator("main")).to_contain_text(code(2))
    await lan.judge("late")
    await lan.open("Hồ sơ")
    await page.get_by_label("Mã hồ sơ").fill(code(1))
    await lan.press("Tìm hồ sơ")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(code(1))
    await lan.judge("dossier")
    await page.get_by_role("link", name="Soạn thư xin lỗi, hẹn lại").click()
    await page.get_by_label("Lý do").select_option("fieldwork")
    await page.get_by_label("Ngày hẹn mới").fill(next_date(lan.sending.rig))
    await lan.press("Lưu dự thảo, chờ người khác duyệt")
    await expect(page.get_by_role("status")).to_contain_text("chờ một người khác duyệt")


async def approves_the_apology(hung: Desk) -> None:
    page = hung.page
    await hung.open("Bàn xin lỗi")
    await page.get_by_label("Chọn tất cả").check()
    await hung.press("Xem lại và duyệt các thư đã chọn")
    await hung.press("Duyệt 1 thư xin lỗi")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đã duyệt 1 trên 1 thư")


async def broadcasts_from_a_file(lan: Desk, folder: Path) -> None:
    page = lan.page
    bad, good = folder / "ds.csv", folder / "ds.xlsx"
    bad.write_bytes(BAD)
    good.write_bytes(xlsx_of(HEADER, LAN, BINH, *PEOPLE))
    await lan.open("Phát tin")
    await page.get_by_role("link", name="Soạn đợt phát tin mới").click()
    await page.get_by_label("Tên đợt phát tin").fill("Mời nhận kết quả")
    await lan.press("Tiếp tục")
    await lan.press("Tiếp tục")
    await page.get_by_label("Tin qua Zalo, Telegram, trang web").fill(TEXT)
    await lan.press("Lưu nội dung và xem thử")
    await page.get_by_role("link", name="Tiếp tục").click()
    await page.get_by_label("Tệp danh sách").set_input_files(bad)
    await lan.press("Tải tệp lên")
    await expect(page.get_by_role("heading", name="Cần sửa: 3 dòng")).to_be_visible()
    await lan.judge("wrong rows")
    await page.get_by_label("Tệp danh sách").set_input_files(good)
    await lan.press("Tải lại tệp")
    await lan.press("Tiếp tục")
    await page.get_by_role("link", name="Tiếp tục: gửi thử cho mình").click()
    await page.get_by_label("Số điện thoại của Ông/Bà").fill("0912 000 111")
    await lan.press("Gửi thử 1 tin nhắn")
    await lan.press("Trình duyệt 300 tin nhắn")
    await expect(page.locator("main")).to_contain_text("phải do một người khác duyệt")


async def approves_pauses_resumes_and_cancels(hung: Desk) -> None:
    page, sending = hung.page, hung.sending
    await hung.open("Phát tin")
    await page.get_by_role("link", name="Mời nhận kết quả").click()
    await hung.judge("approval")
    await hung.press("Duyệt gửi 300 tin nhắn")
    broadcast_id = page.url.rpartition("/")[2]
    await sending.comes_to(broadcast_id, BroadcastState.TRIED)
    await expect(page.get_by_role("button", name="Gửi tiếp 298 người còn lại")).to_be_visible()
    await hung.press("Gửi tiếp 298 người còn lại")
    await hung.press("Tạm dừng")
    await sending.comes_to(broadcast_id, BroadcastState.PAUSED)
    await expect(page.locator("main")).to_contain_text("tạm dừng")
    await hung.judge("paused")
    await hung.press("Gửi tiếp")
    await expect(page.get_by_role("button", name="Tạm dừng")).to_be_visible()
    await page.get_by_role("link", name="Hủy phần chưa gửi").click()
    await page.get_by_label("Lý do hủy").fill("Đổi ngày trả kết quả")
    await hung.press("Hủy, không gửi nữa")
    await expect(page.locator("main")).to_contain_text("Đã hủy")
    await hung.judge("cancelled")
    progress = await sending.rig.app.broadcasts.progress(broadcast_id)
    assert progress is not None
    assert progress.by_state.get(DeliveryState.CANCELLED, 0) + progress.people - progress.handed_out > 0
    assert 2 <= len(sending.lines.read_text().splitlines()) < 300


async def checks_the_record(hung: Desk) -> None:
    page = hung.page
    await hung.open("Nhật ký")
    await expect(page.locator("main")).to_contain_text("duyệt")
    await hung.press("Kiểm chứng")
    await expect(page.get_by_role("status")).to_contain_text("Nhật ký nguyên vẹn")
    await hung.judge("verified")
