"""The page on which a person plays the Telegram user, in a real Chromium 360 px wide."""

from playwright.async_api import Page, expect

from adapters.channels.telegram import open as open_channel
from bot.model.message import Asks, Heard, Option
from tests.adapters.telegram.support import Desk, Telegram, item, listening, settings_for
from tests.web.conftest import chromium, page

__all__ = ["chromium", "page"]

USER = 1001


async def test_a_person_writes_presses_and_shares_the_phone(telegram: Telegram, page: Page) -> None:
    desk = Desk()
    settings = settings_for(telegram.port)
    async with listening(telegram.port, desk, settings=settings) as channel:
        await telegram.until("setMyCommands", 2)
        await page.goto(f"http://127.0.0.1:{telegram.port}/")
        await page.get_by_label("Tin nhắn").fill("/start")
        await page.get_by_role("button", name="Gửi", exact=True).click()
        started = await desk.next()
        options = (Option("Hồ sơ của tôi", "ho so cua toi"), Option("Hướng dẫn", "tro giup"))
        await channel.sender.send(item(USER, "Hồ sơ H56.14-240823-0001 <đã> có kết quả.", options=options))
        await expect(page.locator("code")).to_have_text("H56.14-240823-0001")
        await page.get_by_role("button", name="Hồ sơ của tôi", exact=True).click()
        pressed = await desk.next()
        asking = (Option("Gửi số điện thoại của tôi", "lien ket", Asks.PHONE),)
        await channel.sender.send(item(USER, "Xin gửi số điện thoại ghi trong hồ sơ.", options=asking))
        await page.get_by_role("button", name="Gửi số điện thoại của tôi").click()
        shared = await desk.next()
        await page.get_by_text("Lệnh và việc khác").click()
        await page.get_by_role("button", name="/gopy").click()
        command = await desk.next()

    assert [each.kind for each in (started, pressed, shared)] == [Heard.START, Heard.TEXT, Heard.CONTACT]
    assert (pressed.text, shared.phone, command.text) == ("ho so cua toi", "+84912345678", "gop y")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_nothing_that_is_sent_becomes_a_part_of_the_page(telegram: Telegram, page: Page) -> None:
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        await page.goto(f"http://127.0.0.1:{telegram.port}/")
        await channel.sender.send(item(USER, '<img src=x onerror="document.title=1"> ' + "dài" * 60))
        await expect(page.locator(".bubble")).to_contain_text("<img src=x")

    assert await page.title() == "Telegram mô phỏng"
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
