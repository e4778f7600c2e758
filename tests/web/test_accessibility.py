"""The pages for readers with a keyboard, a screen reader, large type, or their own colours; in a real Chromium."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from bot.config import ConversationSettings, LinkSettings, PageSettings
from bot.model.message import Option
from bot.ports import Storage
from tests.web.axe import grave_violations
from tests.web.office import CODE, Office, open_office

FOLLOW = Option("Theo dõi hồ sơ", f"THEO DOI {CODE}")
NEXT = Option("Bước tiếp theo?", "TIEP")

_FOCUSED = """() => {
    const at = document.activeElement, style = getComputedStyle(at);
    return [at.id || at.textContent.trim(), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
}"""

_LISTEN = """() => {
    window.told = [];
    const note = (records) => records.forEach((record) =>
        told.push(...[...record.addedNodes].map((each) => each.textContent.trim())));
    for (const each of document.querySelectorAll("[role=log], [role=status], [role=alert], [aria-live]"))
        new MutationObserver(note).observe(each, { childList: true, subtree: true });
}"""

_INVISIBLE_CONTROLS = """() => [...document.querySelectorAll("input:not([type=hidden]), button, .said p")]
    .filter((each) => each.offsetParent)
    .filter((each) => parseFloat(getComputedStyle(each).borderTopWidth) === 0).map((each) => each.outerHTML)"""


@pytest.fixture
async def full(sqlite_storage: Storage) -> AsyncIterator[Office]:
    """With everything on the page that can be configured."""
    async with open_office(
        sqlite_storage,
        settings=PageSettings(short_code="8041", heartbeat=0.3, frame_ancestors=("https://a.vn",)),
        links=LinkSettings(web="https://hoso.tinh.gov.vn", telegram="motcuabot", zalo="123456"),
        conversation=ConversationSettings(hotline="0258 3838 838", official=("Zalo: Một cửa Khánh Hòa",)),
    ) as office:
        office.clerk.options = (FOLLOW, NEXT)
        yield office


async def ask(page: Page, text: str) -> None:
    await page.locator("#field").fill(text)
    await page.locator("#field").press("Enter")


@pytest.mark.parametrize("width", [360, 1280])
async def test_axe_finds_nothing_serious_on_any_page(full: Office, page: Page, axe: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 740})
    found = {}

    for path in ("/", "/?lang=en", f"/nhung?ma={CODE}", "/nowhere", "/nowhere?lang=en"):
        await page.goto(full.url + path)
        found[path] = await grave_violations(page, axe)
    await page.goto(full.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs .choice")).to_have_count(2)
    found["an answer with options"] = await grave_violations(page, axe)
    await ask(page, "")
    found["an error"] = await grave_violations(page, axe)
    await page.goto(f"{full.url}/?lang=en")
    found["an answer in the other language"] = await grave_violations(page, axe)

    assert {place: grave for place, grave in found.items() if grave} == {}


async def test_axe_finds_nothing_serious_without_javascript_on_answer_and_error(
    full: Office, page: Page, axe: str
) -> None:
    # The script of the page is kept away; that of the test is not.
    await page.route("**/static/*.js*", lambda route: route.abort())
    await page.goto(full.url)
    await ask(page, CODE)
    await page.wait_for_url("**/tra-cuu#tra-loi")

    on_answer = await grave_violations(page, axe)
    await page.locator("#factor").evaluate("(field) => field.closest('details').open = true")
    await page.locator("#factor").fill("4321")
    await ask(page, "khai sinh")
    await expect(page.locator("#error")).not_to_be_empty()
    on_error = await grave_violations(page, axe)

    assert on_answer == []
    assert on_error == []


async def test_every_control_is_reached_in_reading_order_and_seen_to_be_focused(full: Office, page: Page) -> None:
    await page.goto(full.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs .choice")).to_have_count(2)
    await page.reload()

    reached = []
    for _ in range(13):
        await page.keyboard.press("Tab")
        name, is_visible = await page.evaluate(_FOCUSED)
        assert is_visible, name
        reached.append(name)

    assert reached[:3] == ["Đến phần nội dung", "Bộ phận Một cửa", "English"]
    assert reached[3:8] == [
        "Theo dõi hồ sơ",
        "Bước tiếp theo?",
        "field",
        "Muốn xem cả ngày hẹn trả?",
        "Tra cứu",
    ]
    assert reached[8:12] == ["Hỏi qua Zalo", "Hỏi qua Telegram", "8041", "0258 3838 838"]
    assert reached[12] == "Kết thúc và xóa khỏi máy này"


async def test_the_first_tab_leads_past_the_head(full: Office, page: Page) -> None:
    await page.goto(full.url)

    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")

    assert (await page.evaluate(_FOCUSED))[0] == "field"


async def test_an_answer_is_chosen_by_keyboard_and_the_focus_stays_where_it_was(full: Office, page: Page) -> None:
    await page.goto(full.url)
    await ask(page, CODE)
    await page.get_by_role("button", name=NEXT.label).focus()

    await page.keyboard.press("Enter")

    await expect(page.locator(".theirs p").last).to_have_text(f"Đã nhận: {NEXT.says}")
    await expect(page.locator(".mine p").last).to_have_text(NEXT.label)
    assert (await page.evaluate(_FOCUSED))[0] == NEXT.label


async def test_escape_takes_nothing_away(full: Office, page: Page) -> None:
    await page.goto(full.url)
    await page.locator("#field").fill("H56.14")

    await page.keyboard.press("Escape")

    await expect(page.locator("#field")).to_have_value("H56.14")
    await expect(page.locator("#field")).to_be_focused()


async def test_a_screen_reader_is_told_each_answer_once_and_nothing_old_after_a_reload(
    full: Office, page: Page
) -> None:
    await page.goto(full.url)
    await page.evaluate(_LISTEN)
    await ask(page, CODE)
    await expect(page.locator(".theirs p")).to_have_count(1)
    await ask(page, "câu hai")
    await expect(page.locator(".theirs p")).to_have_count(2)
    told = await page.evaluate("told")
    await page.reload()
    await page.evaluate(_LISTEN)
    await full.clerk.tell(full.clerk.heard[0].sender, "Hồ sơ đã có kết quả.")
    await expect(page.locator(".theirs p")).to_have_count(3)

    assert [line for line in told if "Đã nhận" in line] == [f"Một cửa:Đã nhận: {CODE}", "Một cửa:Đã nhận: câu hai"]
    assert [line for line in await page.evaluate("told") if line] == ["Một cửa:Hồ sơ đã có kết quả."]


async def test_an_error_is_tied_to_its_field_and_gone_when_it_is_put_right(full: Office, page: Page) -> None:
    await page.goto(full.url)
    await page.locator("#factor").fill("4321")
    await ask(page, "khai sinh")

    field = page.locator("#field")
    await expect(field).to_have_accessible_description(
        "Chúng tôi không thấy mã hồ sơ trong ô này. Xin nhập mã như in trên giấy hẹn. Ví dụ: H56.14-240823-0001"
    )
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#factor")).to_have_value("4321")
    await expect(field).to_be_focused()
    await field.press("End")
    await page.keyboard.type(" x")
    await expect(field).not_to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#error")).to_be_empty()


async def test_a_second_factor_is_kept_nowhere_in_the_browser(full: Office, page: Page) -> None:
    await page.goto(f"{full.url}/?ma={CODE}")
    await page.locator("#factor").fill("Kx93")
    await page.locator("#factor").press("Enter")
    await expect(page.locator(".theirs p")).to_have_count(1)

    assert full.clerk.heard[0].text == f"HS {CODE}; Kx93"
    await expect(page.locator(".mine p")).to_have_text(f"{CODE} · ••••")
    assert page.url == f"{full.url}/"
    assert "Kx93" not in await page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    await expect(page.locator("#factor")).to_have_value("")
    await expect(page.locator("#field")).to_be_focused()


async def test_an_answer_in_the_other_language_is_marked_for_the_voice_that_reads_it(full: Office, page: Page) -> None:
    full.clerk.answer = "Hồ sơ đang được xử lý."
    await page.goto(f"{full.url}/?lang=en")

    await ask(page, CODE)

    await expect(page.locator(".theirs p")).to_have_attribute("lang", "vi")
    await expect(page.locator(".choice").first).to_have_attribute("lang", "vi")
    await expect(page.locator("#news p")).to_have_attribute("lang", "vi")
    await expect(page.locator(".office span")).to_have_attribute("lang", "vi")
    assert full.clerk.heard[0].language == "en"


async def test_text_of_twice_the_size_stays_within_the_page(full: Office, page: Page) -> None:
    await page.set_viewport_size({"width": 640, "height": 740})
    await page.goto(full.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs p")).to_have_count(1)

    for width, size in ((640, "100%"), (640, "225%"), (320, "112.5%")):
        await page.set_viewport_size({"width": width, "height": 740})
        await page.evaluate("(size) => document.documentElement.style.fontSize = size", size)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (width, size)


async def test_with_colours_of_ones_own_bubbles_and_controls_still_have_edges(full: Office, page: Page) -> None:
    await page.emulate_media(forced_colors="active")
    await page.goto(full.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs p")).to_have_count(1)

    assert await page.evaluate(_INVISIBLE_CONTROLS) == []


async def test_more_contrast_is_given_to_whom_asks_for_it(full: Office, page: Page) -> None:
    await page.goto(full.url)
    ordinary = await page.locator(".lead").evaluate("(each) => getComputedStyle(each).color")

    await page.emulate_media(contrast="more")

    assert await page.locator(".lead").evaluate("(each) => getComputedStyle(each).color") == "rgb(22, 33, 31)"
    assert ordinary == "rgb(74, 90, 88)"


async def test_nothing_moves_by_itself(full: Office, page: Page) -> None:
    await page.goto(full.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs p")).to_have_count(1)

    assert await page.evaluate("document.getAnimations().length") == 0


async def test_the_page_has_its_landmarks_and_one_heading_of_the_first_level(full: Office, page: Page) -> None:
    await page.goto(full.url)

    for role in ("banner", "main", "contentinfo"):
        await expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    for name in ("Cuộc trò chuyện", "Cách hỏi khác", "Làm sao biết đúng là chúng tôi?"):
        await expect(page.get_by_role("region", name=name)).to_have_count(1)
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
