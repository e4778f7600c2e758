"""A broadcast from a file in a real Chromium: three bad rows, corrected, approved, stopped; pages judged by axe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.model.broadcast import BroadcastState
from bot.model.staff import Role
from bot.ports import Storage
from tests.unit.lists import BINH, HEADER, LAN, csv_of, xlsx_of
from tests.web.axe import grave_violations
from tests.web.console.broadcasting import TEXT, Sending, open_sending, ready, submitted
from tests.web.console.rig import Clerk
from tests.web.console.test_broadcast_pages import APPROVAL, people

BAD = csv_of(HEADER, LAN, ("", "0987654321", "A"), BINH, ("Hoa", "12345", "A"), ("Minh", "02583822222", "A"))
GOOD = xlsx_of(HEADER, LAN, BINH, ("Hoa", "0903 111 222", "Phường Nha Trang"))


@pytest.fixture
async def sending(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Sending]:
    async with open_sending(sqlite_storage, tmp_path, broadcasts=APPROVAL) as opened:
        yield opened


async def log_in(page: Page, clerk: Clerk, sending: Sending) -> None:
    cookie = sending.rig.console.cookie("staff")
    await page.context.clear_cookies()
    await page.context.add_cookies([{"name": cookie, "value": clerk.cookie, "url": clerk.url}])


async def test_a_file_with_three_bad_rows_is_corrected_approved_and_stopped(
    sending: Sending, page: Page, tmp_path: Path
) -> None:
    bad, good = tmp_path / "ds.csv", tmp_path / "ds.xlsx"
    bad.write_bytes(BAD)
    good.write_bytes(GOOD)
    clerk, head = await sending.rig.staff(Role.CLERK), await sending.rig.staff(Role.APPROVER)
    await page.set_viewport_size({"width": 1280, "height": 900})
    await log_in(page, clerk, sending)
    await page.goto(f"{clerk.url}/can-bo/phat-tin")

    await page.get_by_role("link", name="Soạn đợt phát tin mới").click()
    await page.get_by_label("Tên đợt phát tin").fill("Mời nhận kết quả")
    await page.get_by_role("button", name="Tiếp tục").click()
    await page.get_by_role("button", name="Tiếp tục").click()
    await page.get_by_label("Tin qua Zalo, Telegram, trang web").fill(TEXT)
    await page.get_by_role("button", name="Lưu nội dung và xem thử").click()
    await page.get_by_role("link", name="Tiếp tục").click()
    await page.get_by_label("Tệp danh sách").set_input_files(bad)
    await page.get_by_role("button", name="Tải tệp lên").click()
    await expect(page.get_by_role("heading", name="Cần sửa: 3 dòng")).to_be_visible()
    await expect(page.locator("td.faulty")).to_have_count(3)
    await page.get_by_label("Tệp danh sách").set_input_files(good)
    await page.get_by_role("button", name="Tải lại tệp").click()
    await page.get_by_role("button", name="Tiếp tục").click()
    await expect(page.get_by_role("heading", name="Kiểm tra trước khi gửi")).to_be_visible()
    await page.get_by_role("link", name="Tiếp tục: gửi thử cho mình").click()
    await page.get_by_label("Số điện thoại của Ông/Bà").fill("0912 000 111")
    await page.get_by_role("button", name="Gửi thử 1 tin nhắn").click()
    await page.get_by_role("button", name="Trình duyệt 3 tin nhắn").click()
    await expect(page.locator("main")).to_contain_text("phải do một người khác duyệt")
    where = page.url

    async with sending.running():
        await log_in(page, head, sending)
        await page.goto(where)
        await page.get_by_role("button", name="Duyệt gửi 3 tin nhắn").click()
        await sending.comes_to(where.rpartition("/")[2], BroadcastState.TRIED)
        # Without a reload: the live part says it.
        await expect(page.get_by_role("button", name="Gửi tiếp 1 người còn lại")).to_be_visible()
        await page.get_by_role("button", name="Tạm dừng").click()
        await page.get_by_role("link", name="Hủy phần chưa gửi").click()
        await page.get_by_label("Lý do hủy").fill("Đổi ngày")
        await page.get_by_role("button", name="Hủy, không gửi nữa").click()
        await expect(page.locator("main")).to_contain_text("Đã hủy")

    assert len(sending.sent) == 3, "the test and the first two"


@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing_serious_and_nothing_is_cut_off(
    sending: Sending, page: Page, axe: str, width: int, tmp_path: Path
) -> None:
    clerk = await sending.rig.staff(Role.APPROVER)
    draft = await ready(clerk, people(3))
    waiting = await submitted(clerk, people(60, first=1_000))
    done = await submitted(clerk, people(2, first=2_000))
    async with sending.running():
        await sending.comes_to(done, BroadcastState.DONE)
    steps = ("", "/ten", "/nguoi-nhan", "/noi-dung", "/danh-sach", "/gio", "/kiem-tra", "/gui-thu", "/huy")
    paths = ["", "/moi", f"/{waiting}", f"/{done}", f"/{done}/ket-qua", *(f"/{draft}{step}" for step in steps)]
    await page.set_viewport_size({"width": width, "height": 844})
    await log_in(page, clerk, sending)
    found: dict[str, list[str]] = {}

    for path in paths:
        await page.goto(f"{clerk.url}/can-bo/phat-tin{path}")
        found[path] = await judged(page, axe)
    bad = tmp_path / "ds.csv"
    bad.write_bytes(BAD)
    await page.goto(f"{clerk.url}/can-bo/phat-tin/{draft}/danh-sach")
    await page.get_by_label("Tệp danh sách").set_input_files(bad)
    await page.get_by_role("button", name="Tải lại tệp").click()
    await expect(page.get_by_role("heading", name="Cần sửa: 3 dòng")).to_be_visible()
    found["wrong rows"] = await judged(page, axe)

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_long_name_without_a_space_stays_within_the_page(sending: Sending, page: Page, width: int) -> None:
    clerk = await sending.rig.staff(Role.APPROVER)
    draft = await ready(clerk, people(3), title="x" * 100)
    await page.set_viewport_size({"width": width, "height": 844})
    await log_in(page, clerk, sending)

    for path in ("", f"/{draft}", f"/{draft}/gio"):
        await page.goto(f"{clerk.url}/can-bo/phat-tin{path}")

        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


async def judged(page: Page, axe: str) -> list[str]:
    """What axe finds, and what sticks out."""
    wide = await page.evaluate(
        "document.documentElement.scrollWidth > window.innerWidth ? [...document.querySelectorAll('main *')]"
        ".filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1 && !each.closest('.scroll'))"
        ".map((each) => each.outerHTML.slice(0, 80)).concat(['too wide']) : []"
    )
    return [*await grave_violations(page, axe), *wide]
