"""The pictures of the manuals, docs/hinh/NAME.png, taken of a demo that is started for them:
`python -m tests.support.pictures` takes them anew, `--only NAME` one of them. Needs Chromium; about two minutes.

Whoever is seen there is made up by the demo. Look at each picture before it is kept.
"""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from playwright.async_api import expect

from bot.model.code import read_codes
from tests.support.picturing import (
    LOOK_AGAIN,
    Photographer,
    ask,
    conversation,
    part,
    photographer,
    press,
    text_back,
    told,
    until,
)

FOLDER = Path(__file__).parents[2] / "docs" / "hinh"
LARGEST = 120 * 1024
"""Bytes of one picture: the manuals are read on phones, too."""

log = logging.getLogger("pictures")


class TooLargeError(Exception):
    """A picture that must show less."""


class UnseenError(Exception):
    """The province does not show what a picture is of."""


# Citizens


async def look_up(at: Photographer) -> bytes:
    page = await at.citizen()
    await page.goto(at.address("/"))
    return await part(page, most=900)


async def level(at: Photographer) -> bytes:
    page = await at.citizen()
    known = await told(page, at)
    await page.goto(at.address("/"))
    await ask(page, known.code)
    return await conversation(page)


async def proven(at: Photographer) -> bytes:
    page = await at.citizen()
    known = await told(page, at)
    await page.goto(at.address("/"))
    await ask(page, known.code, known.number[-4:])
    return await conversation(page)


async def texts(at: Photographer) -> bytes:
    page = await at.citizen()
    await told(page, at)
    await text_back(page)
    return await page.locator(".phone").screenshot()


# Staff


async def door(at: Photographer) -> bytes:
    return await part(await at.stranger(), most=620)


async def today(at: Photographer) -> bytes:
    page = await at.staff("lan")
    await until(page, at.address("/can-bo/"), page.locator("table.cards tbody tr"))
    return await part(page, most=760)


async def timeline(at: Photographer) -> bytes:
    phone, page = await at.citizen(), await at.staff("lan")
    await told(phone, at)
    numbers: list[str] = await phone.locator("#number option").evaluate_all("all => all.map(each => each.value)")
    for number in reversed(numbers):
        await phone.locator("#number").select_option(number)
        await asyncio.sleep(LOOK_AGAIN / 3)
        heard = await phone.locator("#inbox .theirs p").all_inner_texts()
        codes = read_codes(heard[-1]) if heard else []
        if codes:
            await page.goto(at.address("/can-bo/ho-so"))
            await page.get_by_label("Mã hồ sơ").fill(codes[0].code)
            await press(page, "button", "Tìm hồ sơ")
            await expect(page.get_by_role("heading", name="Diễn biến")).to_be_visible()
            # The demo's citizens ask by chats, too, whose names say nothing to a reader.
            if not await page.get_by_text("Telegram").count():
                await text_back(phone)
                await page.reload()
                return await part(page, page.locator("dl.facts"), most=930)
    raise UnseenError("every dossier was asked about by chat")


async def apologies(at: Photographer) -> bytes:
    page = await at.staff("hung")
    await until(page, at.address("/can-bo/xin-loi"), page.locator("table tbody tr"))
    return await part(page, page.get_by_label("Chọn tất cả"), most=760)


async def approval(at: Photographer) -> bytes:
    page = await at.staff("lan")
    await page.goto(at.address("/can-bo/phat-tin"))
    await press(page, "link", "Soạn đợt phát tin mới")
    await page.get_by_label("Tên đợt phát tin").fill("Báo đổi giờ làm việc của quầy Một cửa")
    await press(page, "button", "Tiếp tục")
    draft = re.sub(r"(PT-[0-9-]+).*", r"\1", page.url)
    await page.goto(f"{draft}/nguoi-nhan")
    await page.get_by_label("Theo hồ sơ trong hệ thống").check()
    await press(page, "button", "Tiếp tục")
    await page.goto(f"{draft}/noi-dung")
    await page.get_by_label("Tin qua Zalo, Telegram, trang web").fill(
        "Kính gửi Ông/Bà: từ ngày 01/12/2026 quầy Một cửa mở cửa từ 7:00. Hồ sơ {{ code }} vẫn được trả đúng hẹn."
    )
    await press(page, "button", "Lưu nội dung và xem thử")
    await page.goto(f"{draft}/gio")
    await page.get_by_label("Ngay khi được duyệt").check()
    await press(page, "button", "Tiếp tục")
    await page.goto(f"{draft}/kiem-tra")
    await press(page, "link", "Tiếp tục: gửi thử cho mình")
    await page.get_by_label("Số điện thoại của Ông/Bà").fill("0912345678")
    await press(page, "button", "Gửi thử 1 tin nhắn")
    await page.goto(draft)
    await press(page, "button", "Trình duyệt")
    head = await at.staff("hung")
    await head.goto(draft)
    return await part(head, head.locator("ul.tiles"), most=1000)


async def inbox(at: Photographer) -> bytes:
    known = await told(await at.citizen(), at)
    for words in (("gặp cán bộ", "Tôi cần mang giấy tờ gì khi nhận kết quả?"), _FEEDBACK):
        page = await at.citizen()
        await page.goto(at.address("/"))
        await page.locator("#field").fill(known.code)
        for each in words:
            await page.locator("#field").fill(each)
            await page.get_by_role("button", name="Tra cứu").click()
            await asyncio.sleep(LOOK_AGAIN)
    clerk = await at.staff("lan")
    await clerk.goto(at.address("/can-bo/hop-thu"))
    return await part(clerk, most=760)


_FEEDBACK = (
    "PA bảng giấy tờ cần nộp ở quầy số 2 bị mờ, khó đọc",
    "Nguyễn Văn Mẫu, 12 đường Mẫu",
    "0912345678",
    "đồng ý",
)


async def figures(at: Photographer) -> bytes:
    page = await at.staff("lan")
    await until(page, at.address("/can-bo/bao-cao"), page.locator("main:not(:has(.warning)) .tiles"))
    return await part(page, most=760)


PICTURES: Mapping[str, Callable[[Photographer], Awaitable[bytes]]] = {
    "ban-xin-loi": apologies,
    "hom-nay": today,
    "tra-cuu": look_up,
    "muc-do": level,
    "xac-minh": proven,
    "tin-nhan-sms": texts,
    "dang-nhap": door,
    "dien-bien": timeline,
    "hop-thu": inbox,
    "duyet-phat-tin": approval,
    "bao-cao": figures,
}
"""In the order in which they are taken: first what the office's first hours show."""


async def take(names: list[str]) -> None:
    """Raises `TooLargeError`, `UnseenError`, `ProvinceError`, and Playwright's errors where a page is not as it was."""
    FOLDER.mkdir(exist_ok=True)
    async with photographer() as at:
        for name in names:
            picture = await PICTURES[name](at)
            log.info("%s: %d KB", name, len(picture) // 1024)
            if len(picture) > LARGEST:
                raise TooLargeError(f"{name}: {len(picture)} bytes, at most {LARGEST}")
            (FOLDER / f"{name}.png").write_bytes(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(PICTURES), help="take this one alone")
    only = parser.parse_args().only
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    asyncio.run(take([only] if only else list(PICTURES)))


if __name__ == "__main__":
    main()
