"""Documents on the web chat: a link for the visitor who got the message, and no sign of them to anybody else."""

import json
from dataclasses import replace

from playwright.async_api import Page, expect

from bot.model.message import File, OutboxItem
from bot.model.person import Address
from tests.web.office import CODE, Office, Visitor

PDF = File("01DOC", "xin-loi-H56.14-251103-0042.pdf", "application/pdf", b"%PDF-1.7" + bytes(range(256)))


async def told(office: Office, address: Address, *, kept: bool = True) -> OutboxItem:
    """A message with a document, sent to this visitor."""
    if kept:
        await office.clerk.storage.write(lambda tx: tx.documents.put([PDF], at=office.clock()))
    return await office.clerk.tell(address, "Xin lỗi", files=(PDF,))


async def known(office: Office) -> tuple[Visitor, Address]:
    """Somebody who has asked something, and the address of that."""
    visitor = await office.visitor()
    await visitor.post("/chat/messages", {"text": CODE, "id": "client-made-id-1"})
    return visitor, office.clerk.heard[-1].sender


async def fetched(visitor: Visitor, item: OutboxItem, file_id: str = PDF.id) -> tuple[int, bytes, str]:
    async with visitor.http.get(f"{visitor.url}/tai-lieu/{item.id}/{file_id}") as answer:
        return answer.status, await answer.read(), answer.headers.get("Content-Disposition", "")


async def test_the_reader_of_the_message_fetches_its_document(office: Office) -> None:
    visitor, address = await known(office)
    item = await told(office, address)

    page = await visitor.come()
    status, content, disposition = await fetched(visitor, item)

    assert f'href="/tai-lieu/{item.id}/{PDF.id}" download="{PDF.name}"' in page
    assert (status, content) == (200, PDF.content)
    assert disposition == f"attachment; filename*=UTF-8''{PDF.name}"


async def test_the_open_chat_is_told_where_the_document_is(office: Office) -> None:
    visitor, address = await known(office)

    async with visitor.stream() as stream:
        await stream.next_message()
        item = await told(office, address)
        event = json.loads((await stream.next_message())["data"])

    assert event["text"] == "Xin lỗi"
    assert event["files"] == [{"name": PDF.name, "address": f"/tai-lieu/{item.id}/{PDF.id}"}]


async def test_nobody_else_learns_that_it_exists(office: Office) -> None:
    _, address = await known(office)
    item = await told(office, address)
    other, stranger = await office.visitor(), await office.stranger()

    answers = [
        await fetched(other, item),
        await fetched(stranger, item),
        await fetched(other, replace(item, id="01NOSUCHMESSAGE")),
        await fetched(other, item, "01NOSUCHFILE"),
    ]

    assert {status for status, _, _ in answers} == {404}
    assert len({content for _, content, _ in answers}) == 1


async def test_a_file_of_another_message_is_not_had_by_naming_ones_own(office: Office) -> None:
    _, address = await known(office)
    await told(office, address)
    other, other_address = await known(office)
    own = await office.clerk.tell(other_address, "của tôi")

    assert (await fetched(other, own))[0] == 404


async def test_a_document_that_was_forgotten_is_gone_and_the_message_stays(office: Office) -> None:
    visitor, address = await known(office)
    item = await told(office, address, kept=False)

    assert (await fetched(visitor, item))[0] == 404
    assert "Xin lỗi" in await visitor.come()


async def test_a_person_sees_the_link_and_fetches_the_document(office: Office, page: Page) -> None:
    await page.goto(office.url)
    await page.locator("#field").fill(CODE)
    await page.keyboard.press("Enter")
    await expect(page.locator(".theirs")).to_have_count(1)
    await told(office, office.clerk.heard[-1].sender)
    async with page.expect_download() as fetching:
        await page.get_by_role("link", name="Tải văn bản: xin-loi").click()
    download = await fetching.value

    assert download.suggested_filename == PDF.name
    assert (await download.path()).read_bytes() == PDF.content
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
