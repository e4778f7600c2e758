"""The pages in a real Chromium: as a citizen on a small phone sees and uses them."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import APIResponse, Page, Route, expect

from bot.config import PageSettings
from bot.model.message import DeliveryState
from bot.ports import Storage
from bot.web.context import DemoSettings
from tests.web.control import Control, open_control
from tests.web.office import CODE, Clerk, Office, open_office

NUMBER = "+84912345678"
OTHER_NUMBER = "+84987654321"


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    async with open_control() as opened:
        yield opened


@pytest.fixture
async def demo(sqlite_storage: Storage, control: Control) -> AsyncIterator[Office]:
    settings = DemoSettings.model_validate({"smsc_control": control.url, "short_code": "8041"})
    async with open_office(sqlite_storage, demo=settings, settings=PageSettings(short_code="8041")) as office:
        yield office


async def ask(page: Page, text: str) -> None:
    field = page.get_by_label("Mã hồ sơ hoặc câu hỏi")
    await field.fill(text)
    await field.press("Enter")


async def state_of_last(clerk: Clerk) -> DeliveryState | None:
    origin = f"inbound:webchat:{clerk.heard[-1].message_id}"
    items = await clerk.storage.read(lambda tx: tx.outbox.history(clerk.heard[-1].sender, after="", limit=10))
    return next((item.state for item in items if item.origin == origin), None)


async def is_within_width(page: Page) -> bool:
    within: bool = await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return within


async def test_a_citizen_asks_by_keyboard_and_the_answer_appears_and_counts_as_delivered(
    office: Office, page: Page
) -> None:
    await page.goto(office.url)

    await ask(page, CODE)

    await expect(page.locator(".theirs p")).to_have_text(f"Đã nhận: {CODE}")
    await expect(page.locator(".mine p")).to_have_text(CODE)
    await expect(page.get_by_label("Mã hồ sơ hoặc câu hỏi")).to_have_value("")
    await office.clerk.receipt_came.wait()
    assert await state_of_last(office.clerk) is DeliveryState.DELIVERED
    assert await is_within_width(page)


async def test_the_conversation_survives_a_reload_in_its_order(office: Office, page: Page) -> None:
    await page.goto(office.url)
    for number, text in enumerate(("câu một", "câu hai"), start=1):
        await ask(page, text)
        await expect(page.locator(".theirs")).to_have_count(number)

    await page.reload()

    bubbles = page.locator(".said p")
    await expect(bubbles).to_have_text(["câu một", "Đã nhận: câu một", "câu hai", "Đã nhận: câu hai"])


async def test_markup_is_shown_as_it_was_typed(office: Office, page: Page) -> None:
    attack = '<img src=x onerror="document.title=1"><b>đậm</b>'
    await page.goto(office.url)

    await ask(page, attack)

    await expect(page.locator(".theirs p")).to_have_text(f"Đã nhận: {attack}")
    await expect(page.locator(".mine p")).to_have_text(attack)
    assert await page.locator(".said img, .said b").count() == 0
    assert await page.title() != "1"


async def test_a_lost_answer_of_the_server_does_not_double_the_message(office: Office, page: Page) -> None:
    lost: list[APIResponse] = []

    async def lose_first(route: Route) -> None:
        if not lost:
            lost.append(await route.fetch())
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/chat/messages", lose_first)
    await page.goto(office.url)

    await ask(page, CODE)

    await expect(page.locator(".theirs")).to_have_count(1)
    await expect(page.locator(".mine small")).not_to_have_text("Đang gửi…")
    assert len(lost) == 1
    assert len(office.clerk.heard) == 1


async def test_a_message_that_cannot_be_sent_can_be_sent_again(office: Office, page: Page) -> None:
    await page.goto(office.url)
    await page.route("**/chat/messages", lambda route: route.abort())
    await ask(page, CODE)
    again = page.get_by_role("button", name="Gửi lại")
    await expect(again).to_be_visible()

    await page.unroute("**/chat/messages")
    await again.click()

    await expect(page.locator(".theirs p")).to_have_text(f"Đã nhận: {CODE}")
    assert len(office.clerk.heard) == 1


async def test_a_text_that_is_too_long_comes_back_into_the_field(office: Office, page: Page) -> None:
    await page.goto(office.url)

    await ask(page, "ồ" * 1001)

    await expect(page.get_by_role("alert")).to_contain_text("nhiều nhất 1.000 ký tự")
    await expect(page.get_by_label("Mã hồ sơ hoặc câu hỏi")).to_have_value("ồ" * 1001)
    await expect(page.locator(".said")).to_have_count(0)


async def test_what_was_sent_while_the_page_was_away_is_there_when_it_returns(office: Office, page: Page) -> None:
    await page.goto(office.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs")).to_have_count(1)
    await page.goto("about:blank")

    await office.clerk.tell(office.clerk.heard[0].sender, "Hồ sơ đã có kết quả.")
    await page.goto(office.url)

    await expect(page.locator(".theirs p").last).to_have_text("Hồ sơ đã có kết quả.")


async def test_finishing_erases_the_conversation_from_this_machine(office: Office, page: Page) -> None:
    await page.goto(office.url)
    await ask(page, CODE)
    await expect(page.locator(".theirs")).to_have_count(1)

    await page.get_by_role("button", name="Kết thúc và xóa khỏi máy này").click()

    await expect(page.locator(".said")).to_have_count(0)
    assert await page.evaluate("sessionStorage.length") == 0


async def test_everything_on_the_page_has_a_name_for_a_screen_reader(demo: Office, page: Page) -> None:
    for path in ("/", "/demo"):
        await page.goto(demo.url + path)

        nameless = await page.evaluate(
            """() => [...document.querySelectorAll("input:not([type=hidden]), select, button, a")]
                .filter((each) => !(each.labels?.length || each.textContent.trim() || each.ariaLabel))
                .filter((each) => !each.hidden).map((each) => each.outerHTML)"""
        )
        doubled = await page.evaluate(
            """() => [...document.querySelectorAll("[id]")].map((each) => each.id)
                .filter((id, place, all) => all.indexOf(id) !== place)"""
        )
        assert nameless == []
        assert doubled == []
        assert await page.locator("h1").count() == 1


async def test_a_text_arrives_on_the_phone_and_one_tap_prepares_the_question(
    demo: Office, control: Control, page: Page
) -> None:
    await page.goto(f"{demo.url}/demo")
    await expect(page.get_by_text("Chưa có tin nhắn nào.")).to_be_visible()

    await control.text(NUMBER, f"Kinh gui Ong/Ba: ho so {CODE} da co ket qua.")
    await expect(page.locator("#inbox .theirs p")).to_contain_text("da co ket qua")
    await control.text(NUMBER, "Tin thu hai")
    await expect(page.locator("#inbox .theirs")).to_have_count(2)
    await page.get_by_role("button", name=f"HS {CODE}").click()
    await page.get_by_label("Nhắn tới 8041").press("Enter")

    await expect(page.locator("#inbox .mine p")).to_have_text(f"HS {CODE}")
    await expect(page.locator("#inbox .theirs p").last).to_have_text(f"Tra loi: HS {CODE}")
    assert control.written[0]["from"] == NUMBER
    assert await is_within_width(page)


async def test_another_phone_can_be_looked_at(demo: Office, control: Control, page: Page) -> None:
    await control.text(OTHER_NUMBER, "Tin cua may kia")
    await control.text(NUMBER, "Tin cua may nay")
    await page.goto(f"{demo.url}/demo")
    await expect(page.locator("#inbox .theirs p")).to_have_text("Tin cua may nay")

    await page.get_by_label("Máy đang xem").select_option(OTHER_NUMBER)

    await expect(page.locator("#inbox .theirs p")).to_have_text("Tin cua may kia")
    await expect(page.locator("#owner")).to_have_text("+8498•••321")


async def test_a_simulator_that_is_away_is_said_on_the_phone_and_found_again(
    demo: Office, control: Control, page: Page
) -> None:
    await page.route("**/demo/phone/numbers", lambda route: route.fulfill(status=503, json={"error": "simulator"}))
    await page.goto(f"{demo.url}/demo")
    await expect(page.locator("#phone-status")).to_contain_text("Trung tâm SMS mô phỏng chưa trả lời")

    await page.unroute("**/demo/phone/numbers")
    await control.text(NUMBER, "Tin moi")

    await expect(page.locator("#inbox .theirs p")).to_have_text("Tin moi")
    await expect(page.locator("#phone-status")).to_be_empty()


async def test_what_happens_is_told_beside_the_phone(demo: Office, page: Page) -> None:
    await page.goto(f"{demo.url}/demo")
    await expect(page.locator("#moves")).to_contain_text("Đang đợi")

    await ask(page, CODE)

    await expect(page.locator("#moves li").first).to_have_text(
        re.compile(r"^\d\d:\d\d:\d\d1 tin trả lời câu hỏi qua trang web: đã giao tới máy$")
    )
    await expect(page.locator("#states tr")).to_have_text(["Đã giao tới máy1"])


async def test_the_pages_fit_every_width(demo: Office, control: Control, page: Page) -> None:
    await control.text(NUMBER, f"Ho so {CODE} " + "x" * 300)

    for path in ("/", "/demo", "/nowhere"):
        for width in (320, 360, 768, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(demo.url + path)
            assert await is_within_width(page), (path, width)
