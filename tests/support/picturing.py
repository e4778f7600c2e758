"""What pictures of the manuals are taken with: a browser before a province that runs, and the ways to what is seen."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, FloatRect, Locator, Page, async_playwright, expect

from bot.model.code import read_codes
from tests.support.province import Province, open_province

PHONE = {"width": 390, "height": 844}
_DESK = {"width": 1200, "height": 760}
_PATIENCE = 120.0
"""Seconds until a page shows something: the office has just opened."""
LOOK_AGAIN = 3.0
_ANSWERED = 20_000
"""Milliseconds until an answer is there."""
_TALL = 2400
_MARGIN = 18
_MASK = r"""() => {
    const phone = /\b0\d{3} \d{3} (?=\d{3}\b)/g;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace(phone, "0••• ••• ");
}"""
"""A number that the demo has made up may be somebody's."""


@dataclass
class Photographer:
    """A browser before a province that runs."""

    browser: Browser
    province: Province
    desks: dict[str, Page] = field(default_factory=dict)
    """Those who are logged in, by login."""

    async def citizen(self) -> Page:
        """A phone that has never been here."""
        return await self._page(PHONE)

    async def staff(self, login: str) -> Page:
        """A clerk's screen, logged in."""
        if login not in self.desks:
            page = await self.stranger()
            await page.get_by_label("Tên đăng nhập").fill(login)
            await page.get_by_label("Mật khẩu").fill(self.province.passwords[login])
            await page.get_by_role("button", name="Đăng nhập").click()
            await expect(page.get_by_role("heading", name="Hôm nay")).to_be_visible()
            self.desks[login] = page
        return self.desks[login]

    async def stranger(self) -> Page:
        """A clerk's screen before the door."""
        page = await self._page(_DESK)
        await page.goto(self.address("/can-bo/"))
        return page

    def address(self, path: str) -> str:
        return self.province.url + path

    async def _page(self, size: Mapping[str, int]) -> Page:
        context = await self.browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            device_scale_factor=1,
        )
        context.set_default_timeout(_PATIENCE * 250)
        return await context.new_page()


@dataclass(frozen=True, slots=True)
class Told:
    """A phone that got a message, and the dossier that the message names."""

    number: str
    code: str


async def told(page: Page, at: Photographer) -> Told:
    """The one whose phone the demo page shows; leaves it shown."""
    await page.goto(at.address("/demo"))
    bubble = page.locator("#inbox .theirs p").first
    while True:
        await expect(bubble).to_be_visible(timeout=_PATIENCE * 1000)
        number = await page.locator("#number").input_value()
        codes = read_codes(await bubble.inner_text())
        # The last digits of some numbers are a misfortune in the SMS-centre simulator.
        if codes and not number[-4:].startswith("000"):
            return Told(number, codes[0].code)
        await page.get_by_role("button", name="Máy vừa nhận tin").click()
        await asyncio.sleep(LOOK_AGAIN)


async def ask(page: Page, text: str, factor: str = "") -> None:
    """On the public page; ends when the answer is there."""
    answers = await page.locator(".theirs").count()
    if factor:
        await page.locator("#factor").fill(factor)
    await page.locator("#field").fill(text)
    await page.get_by_role("button", name="Tra cứu").click()
    await expect(page.locator(".theirs").nth(answers)).to_be_visible(timeout=_ANSWERED)
    await page.mouse.move(0, 0)


async def press(page: Page, role: Literal["button", "link"], name: str) -> None:
    """Ends when the next page is there."""
    async with page.expect_navigation():
        await page.get_by_role(role, name=name).click()


async def until(page: Page, address: str, shown: Locator) -> None:
    """Opens a page of the console again and again until it shows this."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            await page.goto(address)
            if await shown.count():
                return
            await asyncio.sleep(LOOK_AGAIN)


async def part(page: Page, begin: Locator | None = None, *, most: int) -> bytes:
    """From the top, or from where this begins, to the page's end; at most so many pixels."""
    size = page.viewport_size
    assert size is not None
    # What sticks to the window's edge would lie upon what is to be seen.
    await page.set_viewport_size({"width": size["width"], "height": _TALL})
    height: int = await page.evaluate("document.documentElement.scrollHeight")
    box = await begin.bounding_box() if begin else None
    top = max(box["y"] - _MARGIN, 0) if box else 0
    clip: FloatRect = {"x": 0, "y": top, "width": size["width"], "height": min(height - top, most)}
    await page.evaluate(_MASK)
    picture = await page.screenshot(clip=clip)
    await page.set_viewport_size(size)
    return picture


async def conversation(page: Page) -> bytes:
    """What was said on the public page."""
    box = await page.locator("#talk").bounding_box()
    assert box is not None
    top = box["y"] - _MARGIN
    clip: FloatRect = {"x": 0, "y": top, "width": PHONE["width"], "height": box["height"] + _MARGIN}
    return await page.screenshot(full_page=True, clip=clip)


async def text_back(page: Page) -> None:
    """The phone asks about the dossier of its latest message; ends when the answer is there."""
    heard = await page.locator("#inbox .theirs").count()
    await page.locator("#suggestion").click()
    await page.get_by_role("button", name="Gửi", exact=True).click()
    await expect(page.locator("#inbox .theirs").nth(heard)).to_be_visible(timeout=_ANSWERED)
    await page.mouse.move(0, 0)


@asynccontextmanager
async def photographer() -> AsyncIterator[Photographer]:
    """One before a province of its own. Raises `ProvinceError`."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder:
        async with open_province(Path(folder)) as province, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            try:
                yield Photographer(browser, province)
            finally:
                await browser.close()
