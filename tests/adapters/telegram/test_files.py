"""Documents follow their text; once the text was taken, nothing that befalls them makes it go again."""

from dataclasses import replace

import pytest
from aiohttp import FormData
from playwright.async_api import Page, expect

from adapters.channels.telegram import open as open_channel
from adapters.channels.telegram.parcel import LARGEST
from bot.model.message import Accepted, File, Option, Outcome, Rejected, Retry, Uncertain
from tests.adapters.telegram.support import ALICE, Telegram, item, running, settings_for
from tests.web.conftest import chromium, page

__all__ = ["chromium", "page"]

PDF = File("1", "xin-loi-H56.14-240823-0001.pdf", "application/pdf", b"%PDF-1.7\r\n\x00" + bytes(range(256)) * 400)
DOCX = File("2", "xin-loi.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK")
GONE = File("3", "xin-loi.pdf", "application/pdf")


async def sent(telegram: Telegram, chat: int, *files: File, **changes: object) -> Outcome:
    async with open_channel("tele", settings_for(telegram.port, **changes)) as channel:
        return await channel.sender.send(replace(item(chat, "Kính gửi Ông/Bà"), files=files))


async def content(telegram: Telegram, file_id: str) -> bytes:
    async with telegram.http.get(f"http://127.0.0.1:{telegram.port}/_control/files/{file_id}") as response:
        return await response.read()


async def test_the_text_comes_first_and_its_documents_after_it_byte_for_byte(telegram: Telegram) -> None:
    outcome = await sent(telegram, ALICE, PDF, DOCX)

    text, pdf, docx = await telegram.messages(ALICE)
    assert outcome == Accepted((str(text["message_id"]),))
    assert (text["text"], pdf["text"]) == ("Kính gửi Ông/Bà", "")
    assert [(each["document"]["file_name"], each["document"]["mime_type"]) for each in (pdf, docx)] == [
        (PDF.name, PDF.media_type),
        (DOCX.name, DOCX.media_type),
    ]
    assert await content(telegram, pdf["document"]["file_id"]) == PDF.content


async def test_buttons_stay_below_the_text(telegram: Telegram) -> None:
    async with open_channel("tele", settings_for(telegram.port)) as channel:
        written = item(ALICE, options=(Option("Có", "co"),))
        await channel.sender.send(replace(written, files=(PDF,)))

    text, document = await telegram.messages(ALICE)
    assert "reply_markup" in text
    assert "reply_markup" not in document


async def test_a_chat_gets_its_rest_between_text_and_document() -> None:
    async with running(chat_rate=1) as telegram:
        outcome = await sent(telegram, ALICE, PDF, chat_rate=1.0)
        stats = await telegram.stats()

    assert isinstance(outcome, Accepted)
    assert (stats["200"], stats.get("429", 0)) == (2, 0)


async def test_a_document_that_is_refused_leaves_the_text_accepted_with_the_reason(telegram: Telegram) -> None:
    outcome = await sent(telegram, 5_000_000_909, PDF)

    [text] = await telegram.messages(5_000_000_909)
    reason = "without its document: Wrong type of the web page content"
    assert outcome == Accepted((str(text["message_id"]),), reason=reason)
    assert (await telegram.stats())["sendMessage"] == 1


async def test_a_document_without_an_answer_leaves_the_text_accepted_too(telegram: Telegram) -> None:
    outcome = await sent(telegram, 5_000_000_910, PDF, read_timeout=0.2)

    assert isinstance(outcome, Accepted)
    assert outcome.reason == "without its document: no answer in time"
    assert (await telegram.stats())["sendDocument"] == 1


async def test_a_document_that_is_told_to_wait_a_moment_goes_after_it(telegram: Telegram) -> None:
    await telegram.hold(ALICE, 1, after=1)

    outcome = await sent(telegram, ALICE, PDF)

    assert isinstance(outcome, Accepted)
    assert outcome.reason == ""
    assert len(await telegram.messages(ALICE)) == 2


async def test_a_document_that_is_told_to_wait_for_long_is_not_waited_for(telegram: Telegram) -> None:
    await telegram.hold(ALICE, 300, after=1)

    outcome = await sent(telegram, ALICE, PDF)

    assert isinstance(outcome, Accepted)
    assert outcome.reason == "without its document: Telegram asks us to slow down"


@pytest.mark.parametrize(
    ("file", "why"),
    [(GONE, "it is no longer kept"), (replace(PDF, content=bytes(LARGEST + 1)), "it is larger than 50 MB")],
)
async def test_what_cannot_be_sent_is_not_tried(file: File, why: str, telegram: Telegram) -> None:
    outcome = await sent(telegram, ALICE, file)

    assert isinstance(outcome, Accepted)
    assert outcome.reason == f"without its document: {why}"
    assert "sendDocument" not in await telegram.stats()


@pytest.mark.parametrize(("ending", "kind"), [(901, Rejected), (907, Retry), (904, Uncertain)])
async def test_a_text_that_was_not_taken_brings_no_document(ending: int, kind: type, telegram: Telegram) -> None:
    outcome = await sent(telegram, 5_000_000_000 + ending, PDF, read_timeout=0.2)

    assert isinstance(outcome, kind)
    assert "sendDocument" not in await telegram.stats()


async def test_the_simulator_refuses_what_the_bot_api_refuses(telegram: Telegram) -> None:
    nothing = await telegram.call("sendDocument", chat_id=ALICE)
    url = f"http://127.0.0.1:{telegram.port}/bot110201543:a-token-nobody-may-see/sendDocument"
    form = FormData({"chat_id": str(ALICE), "caption": "x" * 1025})
    form.add_field("document", b"PK", filename="x.docx")
    async with telegram.http.post(url, data=form) as told:
        long = await told.json()

    assert nothing["description"] == "Bad Request: there is no document in the request"
    assert long["description"] == "Bad Request: message caption is too long"


async def test_a_person_fetches_the_document_on_the_page(telegram: Telegram, page: Page) -> None:
    await page.goto(f"http://127.0.0.1:{telegram.port}/")
    await sent(telegram, 1001, PDF)
    await expect(page.locator(".bubble").first).to_contain_text("Kính gửi Ông/Bà")
    async with page.expect_download() as fetching:
        await page.get_by_role("link", name=PDF.name).click()
    fetched = await (await fetching.value).path()

    assert fetched.read_bytes() == PDF.content
