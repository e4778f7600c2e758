"""The door and the pages about people in a real Chromium: a log-in from end to end, no serious fault on any page."""

import re

import pytest
from playwright.async_api import Page, expect

from bot.model.staff import Grant, Role
from tests.web.axe import grave_violations
from tests.web.console.rig import PASSWORD, Phone, Rig

_WITHIN = "document.documentElement.scrollWidth <= window.innerWidth"


async def enter(page: Page, rig: Rig, login: str, phone: Phone) -> None:
    await page.goto(f"{rig.url}/can-bo/nhan-su")
    await page.get_by_label("Tên đăng nhập").fill(login)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_label("Mã xác thực").fill(phone.code(1))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cán bộ")


async def a_chief(rig: Rig) -> Phone:
    chief = await rig.login(Role.ADMINISTRATOR, Role.APPROVER, login="quan.tri", name="Lê Quang Trí")
    assert chief.phone
    return chief.phone


async def test_somebody_invited_comes_in_through_the_real_pages(rig: Rig, page: Page) -> None:
    invited = await rig.staffing.invite("lan", "Nguyễn Thị Lan", {Grant(Role.CLERK, "H32.10")})
    await page.goto(f"{rig.url}/can-bo/loi-moi/{invited.secret}")  # type: ignore[union-attr]
    await page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    await page.get_by_label("Nhập lại mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đặt mật khẩu").click()

    secret = "".join((await page.locator(".key").inner_text()).split())
    square = await page.locator(".square svg").bounding_box()
    await page.get_by_label("Mã sáu chữ số").fill(Phone(secret, rig.clock).code())
    await page.get_by_role("button", name="Xác nhận và bật").click()

    await expect(page.locator(".codes li")).to_have_count(10)
    assert square
    assert square["width"] > 200


@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    rig: Rig, page: Page, axe: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    phone = await a_chief(rig)
    lan = await rig.staff(Grant(Role.CLERK, "H32.10"), Grant(Role.AUDITOR), login="lan.nguyen")
    await rig.staffing.invite("minh", "Trần Văn Minh", {Grant(Role.APPROVER, "H32.10.5")})
    letter = await rig.staffing.invite("thu", "Phạm Thị Thu", {Grant(Role.VIEWER)})
    found, wide = {}, []

    async def look(path: str) -> None:
        await page.goto(f"{rig.url}/can-bo{path}")
        name = re.sub(r"\W+", "-", path)[:24]
        found[name] = await grave_violations(page, axe)
        if not await page.evaluate(_WITHIN):
            wide.append(name)

    for path in ("/dang-nhap", f"/loi-moi/{letter.secret}", "/loi-moi/khong-co"):  # type: ignore[union-attr]
        await look(path)
    await enter(page, rig, "quan.tri", phone)
    for path in ("/nhan-su", "/nhan-su/moi", f"/nhan-su/{lan.member.id}", "/toi", "/toi/hai-lop"):
        await look(path)

    assert len(found) == 8
    assert not any(found.values()), found
    assert wide == []
