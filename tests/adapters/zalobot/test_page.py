"""The page on which one is the Zalo user, in a real browser at 360 px: for the Official Account and for the bot."""

from playwright.async_api import Page

from tests.adapters.zalo.test_simulator import ALICE as FOLLOWER
from tests.adapters.zalo.test_simulator import VALUES
from tests.adapters.zalo.test_simulator import running as official_account
from tests.adapters.zalobot.support import ALICE, Platform
from tests.web.conftest import chromium, page

__all__ = ["chromium", "page"]

FORM = {
    "type": "template",
    "payload": {
        "template_type": "request_user_info",
        "elements": [{"title": "Số điện thoại", "subtitle": "Để nhận tin", "image_url": "https://example.vn/a.png"}],
    },
}


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_one_can_be_the_user_of_an_official_account(page: Page) -> None:
    async with official_account() as zalo:
        await page.goto(f"{zalo.base}/#0912345678")
        await page.get_by_label("Tin nhắn").fill("tra cứu H32.15-261122-0001")
        await page.get_by_role("button", name="Gửi").click()
        _, said = await zalo.heard.next()
        await zalo.consult(text="Kính chào Ông/Bà\n" + "x" * 300)
        await zalo.by_phone()
        await page.locator(".card dd", has_text=VALUES["trang_thai"]).wait_for()
        is_narrow = await fits(page)
        receipts = [(await zalo.heard.next())[1]["event_name"] for _ in range(2)]
        await page.get_by_role("button", name="Quan tâm", exact=True).click()
        _, followed = await zalo.heard.next()
        await zalo.api("/v3.0/oa/message/cs", {"recipient": {"user_id": FOLLOWER}, "message": {"attachment": FORM}})
        await page.get_by_role("button", name="Chia sẻ thông tin").click()
        told = [(await zalo.heard.next())[1] for _ in range(2)]

    [shared] = [event for event in told if event["event_name"] == "user_submit_info"]
    assert (said["sender"]["id"], said["message"]["text"]) == (FOLLOWER, "tra cứu H32.15-261122-0001")
    assert receipts == ["user_received_message"] * 2
    assert followed["event_name"] == "follow"
    assert shared["info"]["phone"] == "84912345678"
    assert is_narrow


async def test_one_can_be_the_user_of_a_bot_and_change_who_one_is(page: Page, platform: Platform) -> None:
    await platform.say(ALICE, "tin cũ", name="Lan")
    await page.goto(platform.base)
    await page.get_by_label("Tin nhắn").fill("chào")
    await page.get_by_role("button", name="Gửi").click()
    await page.locator(".citizen", has_text="chào").wait_for()
    has_follow = await page.get_by_role("button", name="Quan tâm", exact=True).is_visible()
    await page.get_by_text("Chọn người dùng").click()
    await page.get_by_label("Người đã nhắn").select_option(ALICE)
    await page.locator(".citizen", has_text="tin cũ").wait_for()
    await platform.api("sendMessage", chat_id=ALICE, text="<b>Kính chào</b>")
    await page.locator(".office", has_text="<b>Kính chào</b>").wait_for()
    first, second = [(await platform.api("getUpdates", timeout="1"))["result"]["message"] for _ in range(2)]

    assert not has_follow
    assert (first["text"], second["text"]) == ("tin cũ", "chào")
    assert first["chat"]["id"] != second["chat"]["id"]
    assert await fits(page)
