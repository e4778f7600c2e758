"""Every page of a filled console in a real Chromium, wide and narrow, in both languages: whole, headed, readable."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from playwright.async_api import Page

from bot.model.staff import Role
from bot.ports import Storage
from tests.web.axe import grave_violations
from tests.web.console.filled import Filled, open_filled
from tests.web.console.rig import Clerk, Rig

WIDE, NARROW = 1280, 390

_OVER = "document.documentElement.scrollWidth - window.innerWidth"
_SEEN = """() => ({
    heads: [...document.querySelectorAll("h1")].map((each) => each.textContent.trim()),
    title: document.title.split(" · ")[0].trim(),
    text: [...document.querySelectorAll("main")].map((each) => {
        const copy = each.cloneNode(true);
        copy.querySelectorAll("pre, code, textarea, .bubble, .difference").forEach((one) => one.remove());
        return copy.textContent;
    }).join(" "),
    unlabelled: [...document.querySelectorAll("table.cards tbody tr")].map((row) => row.querySelectorAll("td, th"))
        .filter((cells) => [...cells].slice(1).some((cell) => !cell.dataset.label && cell.textContent.trim()
            && !cell.querySelector("button"))).length,
})"""
_LEFT_OVER = re.compile(
    r"<built-in|\bNone\b|\bUndefined\b|\{\w*\}|\{\{|%\(|\b(?:True|False)\b|\bw\.[a-z]+\.|&(?:amp|lt|#\d+);"
)


@pytest.fixture
async def filled(sqlite_storage: Storage, tmp_path: Path) -> AsyncIterator[Filled]:
    async with open_filled(sqlite_storage, tmp_path) as office:
        yield office


@pytest.mark.timeout(300)
async def test_every_page_is_whole_headed_and_readable_in_both_languages(filled: Filled, page: Page, axe: str) -> None:
    faults: dict[str, list[str]] = {}

    # Names, roles and colours are the same in both languages: axe looks at one width in each.
    for language, widths in (("vi", (WIDE, NARROW)), ("en", (NARROW, WIDE))):
        await enter(page, filled.rig, filled.chief, language)
        for name, path in {**{path: path for path in filled.plain}, **filled.paths}.items():
            answer = await page.goto(filled.rig.url + "/can-bo" + path)
            assert answer
            found = await looked_at(page, widths) + await grave_violations(page, axe)
            if (answer.status >= 400) != name.startswith("void"):
                found.append(f"status {answer.status}")
            faults[f"{name}, {language}"] = found

        for field, path in (("ten", "/ho-so"), ("so", "/ho-so"), ("so", "/tin-nhan")):
            await page.goto(filled.rig.url + "/can-bo" + path)
            await search(page, field)
            faults[f"{path} by {field}, {language}"] = await looked_at(page, widths)

    assert len(faults) > 120
    assert {name: found for name, found in faults.items() if found} == {}


async def test_on_a_phone_the_places_are_folded_and_open_without_a_script(rig: Rig, page: Page) -> None:
    clerk = await rig.staff(Role.CLERK)
    await page.route("**/console.js*", lambda route: route.abort())
    await enter(page, rig, clerk, "vi")
    await page.set_viewport_size({"width": NARROW, "height": 800})
    await page.goto(f"{rig.url}/can-bo/")
    head = await page.locator("h1").bounding_box()
    places = page.get_by_role("navigation", name="Các trang")

    before = await places.count()
    await page.locator("summary", has_text="Các trang").click()
    await places.get_by_role("link", name="Hộp thư").click()

    assert before == 0
    assert head
    assert head["y"] < 250
    assert await page.locator("h1").inner_text() == "Hộp thư"


async def search(page: Page, field: str) -> None:
    """By what never stands in an address: a form that is posted, folded until somebody opens it."""
    box = page.locator(f"[name={field}]")
    await page.locator("details", has=box).locator("summary").click()
    await box.fill("Lê Thị Ngọc Hân" if field == "ten" else "0912345678")
    await box.press("Enter")
    await page.wait_for_load_state()


async def enter(page: Page, rig: Rig, clerk: Clerk, language: str) -> None:
    jar = [{"name": each.key, "value": each.value, "url": rig.url} for each in clerk.http.cookie_jar]
    await page.context.add_cookies(jar)  # type: ignore[arg-type]
    await page.goto(f"{rig.url}/can-bo/ngon-ngu?sang={language}")


async def looked_at(page: Page, widths: Sequence[int]) -> list[str]:
    """What is wrong with the page that is open, at both widths."""
    faults = []
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 800})
        if (over := await page.evaluate(_OVER)) > 0:
            faults.append(f"{over} px too wide at {width}")
    seen = await page.evaluate(_SEEN)
    if len(seen["heads"]) != 1 or not seen["heads"][0]:
        faults.append(f"headings: {seen['heads']}")
    if not seen["title"]:
        faults.append("no title")
    if seen["unlabelled"]:
        faults.append("a cell without its label")
    faults += [f"left over: {found}" for found in sorted(set(_LEFT_OVER.findall(seen["text"])))]
    return faults
