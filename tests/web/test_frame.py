"""The look-up in the frame of a province's portal, where browsers give us no cookie."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import FrameLocator, Page, expect

from bot.config import LinkSettings, PageSettings
from bot.model.message import Option
from bot.ports import Storage
from bot.web.server import serve
from bot.web.sessions import KEPT_IN_FORM
from tests.web.office import CODE, Office, Visitor, free_port, open_office

NEXT = Option("Bước tiếp theo?", "TIEP")


@asynccontextmanager
async def portal(framed: str, port: int) -> AsyncIterator[str]:
    """A page on another site: `localhost`, where ours is on `127.0.0.1`. Shows `framed` in a frame."""
    page = f'<!doctype html><html lang="vi"><title>Cổng</title><iframe title="Tra cứu" src="{framed}"></iframe>'

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    async with serve(app, "127.0.0.1", port):
        yield f"http://localhost:{port}/"


@asynccontextmanager
async def framed_office(
    storage: Storage, path: str = "/nhung", *, allowed: bool = True
) -> AsyncIterator[tuple[Office, str]]:
    """The office, and the address of a portal that shows a page of it."""
    async with AsyncExitStack() as stack:
        port = free_port()
        origin = f"http://localhost:{port if allowed else port + 1}"
        settings = PageSettings(frame_ancestors=(origin,), heartbeat=0.3)
        office = await stack.enter_async_context(open_office(storage, settings=settings))
        yield office, await stack.enter_async_context(portal(office.url + path, port))


async def framed_visitor(storage: Storage, stack: AsyncExitStack) -> tuple[Office, Visitor]:
    """Somebody whose browser keeps no cookie, with the framed page before him."""
    office, _ = await stack.enter_async_context(framed_office(storage))
    visitor = await office.stranger()
    await visitor.come("/nhung")
    return office, visitor


@asynccontextmanager
async def another_page(page: Page, **settings: Any) -> AsyncIterator[Page]:
    """In a context of its own, in which the browser may complain."""
    assert page.context.browser is not None
    context = await page.context.browser.new_context(**settings)
    yield await context.new_page()
    await context.close()


async def ask(page: Page | FrameLocator, text: str) -> None:
    field = page.get_by_label("Mã hồ sơ hoặc câu hỏi")
    await field.fill(text)
    await field.press("Enter")


@pytest.mark.parametrize("path", ["/nhung", "/"])
async def test_a_citizen_asks_in_the_frame_of_a_portal_of_another_site(
    sqlite_storage: Storage, page: Page, path: str
) -> None:
    async with framed_office(sqlite_storage, path) as (office, portal_page):
        office.clerk.options = (NEXT,)
        await page.goto(portal_page)
        frame = page.frame_locator("iframe")

        await ask(frame, CODE)
        await expect(frame.locator(".theirs p")).to_have_text([f"Đã nhận: {CODE}"])
        await frame.get_by_role("button", name=NEXT.label).click()

        await expect(frame.locator(".said p")).to_have_text([f"Đã nhận: {CODE}", NEXT.label, f"Đã nhận: {NEXT.says}"])
        assert len({message.sender for message in office.clerk.heard}) == 1
        assert await page.context.cookies() == []


async def test_it_is_so_too_in_a_browser_without_javascript(sqlite_storage: Storage, page: Page) -> None:
    async with (
        framed_office(sqlite_storage) as (_, portal_page),
        another_page(page, java_script_enabled=False) as plain,
    ):
        await plain.goto(portal_page)
        frame = plain.frame_locator("iframe")

        await ask(frame, CODE)

        await expect(frame.locator(".theirs p")).to_have_text([f"Đã nhận: {CODE}"])


async def test_a_portal_that_is_not_in_the_setting_shows_nothing_of_us(sqlite_storage: Storage, page: Page) -> None:
    async with framed_office(sqlite_storage, allowed=False) as (_, portal_page), another_page(page) as other:
        await other.goto(portal_page)

        framed = await (await other.wait_for_selector("iframe")).content_frame()
        assert framed is not None
        assert "Hồ sơ" not in await framed.content()
        assert framed.url.startswith("chrome-error:")


async def test_without_a_portal_in_the_setting_there_is_no_such_page(office: Office) -> None:
    visitor = await office.stranger()

    for answer in (await visitor.http.get(f"{office.url}/nhung"), await visitor.submit(CODE, to="/nhung")):
        assert answer.status == 404


async def test_the_form_alone_carries_the_session(sqlite_storage: Storage) -> None:
    async with AsyncExitStack() as stack:
        office, visitor = await framed_visitor(sqlite_storage, stack)

        first = await visitor.submit("một", to="/nhung")
        visitor.token = visitor.page.split('name="token" value="')[1].split('"')[0]
        await visitor.submit("hai", to="/nhung")

        assert "Set-Cookie" not in first.headers
        assert visitor.bubbles == ["Đã nhận: một", "hai", "Đã nhận: hai"]
        assert len({message.sender for message in office.clerk.heard}) == 1


async def test_every_new_frame_is_a_new_session(sqlite_storage: Storage) -> None:
    async with AsyncExitStack() as stack:
        office, visitor = await framed_visitor(sqlite_storage, stack)
        await visitor.submit(CODE, to="/nhung")

        page = await visitor.come("/nhung")

        assert CODE not in page
        await visitor.submit(CODE, to="/nhung")
        assert office.clerk.heard[0].sender != office.clerk.heard[1].sender


async def test_an_old_or_forged_form_is_refused_and_works_at_the_second_press(sqlite_storage: Storage) -> None:
    async with AsyncExitStack() as stack:
        office, visitor = await framed_visitor(sqlite_storage, stack)
        forged = await visitor.submit(CODE, to="/nhung", token=visitor.token[:-1] + "x")
        await visitor.come("/nhung")
        office.clock.moved += KEPT_IN_FORM + timedelta(seconds=1)

        old = await visitor.submit(CODE, to="/nhung")
        visitor.token = visitor.page.split('name="token" value="')[1].split('"')[0]
        again = await visitor.submit(CODE, to="/nhung")

        assert (forged.status, old.status, again.status) == (403, 403, 200)
        assert len(office.clerk.heard) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_that_another_site_sends_is_refused_even_with_a_session(
    sqlite_storage: Storage, headers: dict[str, str]
) -> None:
    async with AsyncExitStack() as stack:
        office, visitor = await framed_visitor(sqlite_storage, stack)
        fields = {"text": CODE, "token": visitor.token, "id": "client-made-id"}

        answer = await visitor.http.post(f"{office.url}/nhung", data=fields, headers=headers)

        assert answer.status == 403
        assert office.clerk.heard == []


@pytest.mark.parametrize("origin", ["own", "https://hoso.tinh.gov.vn"])
async def test_a_browser_too_old_to_say_where_a_form_comes_from_is_known_by_its_origin(
    sqlite_storage: Storage, origin: str
) -> None:
    settings = PageSettings(frame_ancestors=("https://a.vn",))
    links = LinkSettings(web="https://hoso.tinh.gov.vn/")
    async with open_office(sqlite_storage, settings=settings, links=links) as office:
        visitor = await office.stranger()
        await visitor.come("/nhung")
        fields = {"text": CODE, "token": visitor.token, "id": "client-made-id"}
        headers = {"Origin": office.url if origin == "own" else origin}

        answer = await visitor.http.post(f"{office.url}/nhung", data=fields, headers=headers)

        assert answer.status == 200


async def test_a_session_of_a_form_opens_nothing_else_and_a_cookie_opens_no_form(sqlite_storage: Storage) -> None:
    async with AsyncExitStack() as stack:
        office, visitor = await framed_visitor(sqlite_storage, stack)
        sealed = visitor.token

        as_cookie = await visitor.http.get(f"{office.url}/chat/events", headers={"Cookie": f"motcua={sealed}"})
        other = await office.visitor()
        cookie = next(each.value for each in other.http.cookie_jar)
        as_form = await other.submit(CODE, to="/nhung", token=cookie)

        assert (as_cookie.status, as_form.status) == (403, 403)


async def test_the_page_for_frames_has_no_script_and_leaves_by_new_windows_only(sqlite_storage: Storage) -> None:
    settings = PageSettings(frame_ancestors=("https://a.vn",))
    async with open_office(sqlite_storage, settings=settings, links=LinkSettings(zalo="123")) as office:
        visitor = await office.stranger()
        page = await visitor.come(f"/nhung?ma={CODE}&lang=en")

    assert "<script" not in page
    assert f'value="{CODE}"' in page
    assert '<html lang="en">' in page
    for link in page.split("<a ")[1:]:
        link = link.split(">")[0]
        assert 'target="_blank"' in link or "hreflang" in link or 'href="#content"' in link, link
